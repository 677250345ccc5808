//! One quote of rented hardware.

use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::named::named;
use crate::price::{Currency, Flags, Quoted};

/// How hardware is rented. A price of one kind says nothing about another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// By the hour, kept until given back.
    #[default]
    OnDemand,
    /// May be taken away.
    Spot,
    /// Paid for months ahead.
    Reserved,
    /// Hosted by strangers.
    Community,
}

named!(Kind { OnDemand = "on-demand", Spot = "spot", Reserved = "reserved", Community = "community" });

/// What a quoted number stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Basis {
    /// The provider's own list price of this hardware.
    #[default]
    List,
    /// A third party's conversion to one GPU of an eight-GPU SXM server.
    Restated8xSxm,
}

// The better one first.
named!(Basis { List = "list", Restated8xSxm = "restated-8xsxm" });

/// What kind of provider rents out: rents of one segment may move without the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// Not known.
    #[default]
    Unknown,
    /// One of the large general clouds.
    Hyperscaler,
    /// A cloud of GPUs.
    Neocloud,
    /// A market place of other people's machines.
    Marketplace,
}

named!(Segment {
    Unknown = "",
    Hyperscaler = "hyperscaler",
    Neocloud = "neocloud",
    Marketplace = "marketplace",
});

/// What one provider asks for an hour of one kind of hardware on one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RentalQuote {
    /// A GPU's name, then the price is per GPU; or the name of a whole machine. A GPU whose form factor is unknown has
    /// the name of its family, such as `H100`.
    pub hardware: Arc<str>,
    /// Who rents it out.
    pub provider: Arc<str>,
    /// What kind of provider that is.
    pub segment: Segment,
    /// How it is rented.
    pub kind: Kind,
    /// Where; empty where the source does not say.
    pub region: Arc<str>,
    /// `SXM5`, `PCIe` …; empty where the source does not say.
    pub form_factor: Arc<str>,
    /// Memory of one GPU in GB.
    pub memory_gb: Option<u16>,
    /// The provider's own name of what was quoted, such as an instance type; empty where the source does not say.
    pub instance: Arc<str>,
    /// GPUs in the instance that was quoted.
    pub count: Option<u16>,
    /// The price of the whole instance in USD per hour, where that is what was quoted.
    pub usd_per_instance_hour: Option<Decimal>,
    /// The price per GPU, or per machine that is named as a whole, in USD per hour.
    pub usd_per_hour: Quoted,
    /// The currency of the source; prices here are converted.
    pub currency: Currency,
    /// The day that the price is of.
    pub date: Date,
    /// The day on which the source was read; `None` where that is `date`.
    pub observed: Option<Date>,
    /// What the number stands for.
    pub basis: Basis,
    /// Where the number was read.
    pub source: Arc<str>,
    /// The revision of the source, where it has one.
    pub commit: Arc<str>,
    /// What is odd about it.
    pub flags: Flags,
    /// The file that it was read from here; empty where that is told otherwise.
    pub file: Arc<str>,
    /// The line of that file.
    pub line: u64,
}

impl RentalQuote {
    /// The day on which the source was read.
    pub fn observed(&self) -> Date {
        self.observed.unwrap_or(self.date)
    }
}
