//! The rent that a verb without measurements prices with: typed, or of the tables.

use jiff::civil::Date;
use mtok::market::compare::Rent;
use mtok::price::rental::Kind;

use super::compare::{best_kind, named_offers, unusual_rent};
use super::tables::Tables;
use super::{Failure, today};
use crate::cli::RentArgs;

/// A rent, and the day whose rents count where it comes from a table.
pub type Dated = (Rent, Option<Date>);

/// The rent as typed, or the median of the hardware's offers of the kind that is asked for or that other options are about;
/// `None` where neither is asked for.
pub fn asked(args: &RentArgs, tables: Tables, about: Option<Kind>) -> Result<Option<Dated>, Failure> {
    if let Some(why) = useless(args) {
        return Err(Failure::bad_input(why));
    }
    if let Some(typed) = args.usd_per_hour {
        return Ok(Some((Rent::typed(typed), None)));
    }
    let Some(named) = &args.hardware else { return Ok(None) };
    let tables = tables.with_imported(&args.imported)?;
    let as_of = args.as_of.unwrap_or_else(today);
    let offers = named_offers(named, as_of, &tables.rentals()?, &tables.gpus()?)?;
    let rent = Rent::median_of(&best_kind(&offers, args.kind.or(about)).map_err(Failure::bad_input)?);
    Ok(Some((rent, Some(as_of))))
}

/// Why an option of the rents of tables changes nothing, where it does.
pub fn useless(args: &RentArgs) -> Option<&'static str> {
    if args.hardware.is_some() {
        None
    } else if args.as_of.is_some() {
        Some("--as-of is the day of --hardware's rents: there is none here")
    } else {
        args.kind.map(|_| "--kind is the kind of --hardware's rents: there is none here")
    }
}

/// What the reader should doubt about the rent.
pub fn doubts(args: &RentArgs, rent: &Rent) -> Vec<String> {
    let old = rent.stale_days.map(|days| format!("the rent is {days} days old"));
    args.usd_per_hour.filter(|typed| *typed > 0.0).and_then(unusual_rent).into_iter().chain(old).collect()
}

/// Who asks a rent, how and when.
pub fn said(rent: &Rent) -> String {
    let kind = rent.kind.map(|kind| format!("{kind}, "));
    match rent.date {
        Some(date) => format!("{}{} ({date})", kind.unwrap_or_default(), rent.providers),
        None => "typed".into(),
    }
}
