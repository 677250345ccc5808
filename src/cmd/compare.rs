//! `mtok compare`: cost per million tokens beside the market price of the same weights.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;
use mtok::hardware::{self, GpuSpec};
use mtok::market::Policy;
use mtok::market::compare::{CompareInput, Compared, Rent, compare};
use mtok::measurement::merged::merged;
use mtok::measurement::wire;
use mtok::price::rental::{self, Kind, Offer, Offers, RentalQuote, offers};
use mtok::price::token::{self, Market, market};
use mtok::price::{Mix, NotFound, gate, to_f64};
use mtok::report::{Report, csv, markdown, terminal};
use mtok::roofline::Roofline;
use mtok::throughput::Estimate;

use super::files::write_out;
use super::inputs::{self, Origin};
use super::output::{self, json_text, print};
use super::page::{self, Asked};
use super::tables::{Tables, read_file};
use super::{Exit, Failure, today};
use crate::cli::{CompareArgs, FormatArgs, OfferChoice, OutputArgs, PriceArgs, WorkloadArgs};

/// What a software adapter is priced as: the smallest machine that runs one.
pub const SOFTWARE_HARDWARE: &str = "2-vCPU cloud machine";

/// Runs the verb.
pub fn run(args: &CompareArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.workload.tables.data.as_deref())?.with_imported(&args.price.imported)?;
    let gpus = tables.gpus()?;
    let origin = Origin::read(&args.device, &gpus)?;
    let rents = rents(&args.price, &tables, &gpus, &origin)?;
    if let [Err(unknown)] = rents.as_slice() {
        // Without a rent no row would have a cost: better to say what to give.
        return Err(Failure::bad_input(unknown));
    }
    let (compared, warnings) = comparisons(&args.workload, &args.price, &tables, &gpus, &origin, &rents)?;
    let (costs, cases) = page::split(compared);
    let mut report = Report {
        title: format!("{} beside the market", origin.device().name()),
        device: vec![],
        as_of: as_of(&args.price),
        costs,
        measured: vec![],
        datasheet: None,
        warnings,
        command: String::new(),
    };
    if !args.output.html() && args.output.plots.is_none() {
        return deliver(&text(&report, args)?, &args.output);
    }
    if let Some(path) = &args.device.measurements {
        report.measured = merged(&read_file(path, |input| wire::read(input))?);
        report.datasheet = Roofline::matching(&gpus, origin.device().name());
    }
    report.command = reproduce(args);
    let asked = Asked {
        workload: &args.workload,
        price: &args.price,
        tables: &tables,
        gpus: &gpus,
        origin: Some(&origin),
    };
    let page = page::gather(asked, &report, &cases)?;
    if let Some(folder) = &args.output.plots {
        page::write_plots(&page, folder)?;
    }
    if args.output.html() {
        return deliver(&page::html(&page)?, &args.output);
    }
    deliver(&text(&Report { measured: vec![], ..report }, args)?, &args.output)
}

/// The costs in a form that is no page; for people, as wide as their window where it goes there.
fn text(report: &Report, args: &CompareArgs) -> Result<String, Failure> {
    let CompareArgs { wide, output, .. } = args;
    let flags = output.flags();
    if output.out.is_none() || flags.json || flags.csv || flags.markdown {
        return shown(report, &flags, wide.wide);
    }
    Ok(terminal::terminal(report, if wide.wide { output::WIDE } else { output::WIDTH }, false))
}

fn deliver(text: &str, output: &OutputArgs) -> Result<Exit, Failure> {
    match &output.out {
        Some(path) => write_out(path, text.as_bytes())?,
        None => print(text)?,
    }
    Ok(Exit::Ok)
}

/// The command that makes the same again, without the folders of this machine.
pub fn reproduce(args: &CompareArgs) -> String {
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let device =
        args.device.measurements.iter().map(|path| format!(" --measurements {}", quoted(&name(path))));
    let gpu = args.device.gpu.iter().map(|gpu| format!(" --gpu \"{gpu}\""));
    let data = args.workload.tables.data.iter().map(|folder| format!(" --data {}", quoted(&name(folder))));
    let day = [format!(" --as-of {}", as_of(&args.price))];
    let options: String = device
        .chain(gpu)
        .chain(data)
        .chain(day)
        .chain(args.workload.words())
        .chain(args.price.words())
        .collect();
    format!("mtok compare{options}")
}

/// A word that a shell reads as one.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// The costs of a report in a form that is no page.
pub fn shown(report: &Report, format: &FormatArgs, wide: bool) -> Result<String, Failure> {
    if format.json {
        return json_text(&report.costs);
    }
    Ok(if format.csv {
        csv::costs_csv(&report.costs)
    } else if format.markdown {
        markdown::costs(report)
    } else {
        let (width, colour) = output::page(wide);
        terminal::terminal(report, width, colour)
    })
}

/// The day whose prices count.
pub fn as_of(args: &PriceArgs) -> Date {
    args.as_of.unwrap_or_else(today)
}

/// Finds what is wrong with the prices before time is spent on measuring.
#[cfg(feature = "gpu")]
pub fn check(price: &PriceArgs, tables: &Tables, gpus: &[GpuSpec]) -> Result<(), Failure> {
    tables.tokens()?;
    if price.usd_per_hour.is_some() {
        return Ok(());
    }
    let quotes = tables.rentals()?;
    let named = price.hardware.as_ref();
    named.map_or(Ok(()), |named| named_offers(named, as_of(price), &quotes, gpus).map(|_| ()))
}

/// The offers of the hardware that the user named: a GPU in any spelling of its table, or another priced machine.
pub fn named_offers(
    named: &str,
    as_of: Date,
    quotes: &[RentalQuote],
    gpus: &[GpuSpec],
) -> Result<Offers, Failure> {
    let hardware = hardware::find(gpus, named).map_or(named, |gpu| gpu.name.as_str());
    offers(quotes, hardware, as_of, rental::MAX_AGE_DAYS).map_err(|missing| unpriced(&missing, quotes))
}

/// The rows that the arguments ask for, and what the reader should doubt.
pub fn comparisons(
    workload: &WorkloadArgs,
    price: &PriceArgs,
    tables: &Tables,
    gpus: &[GpuSpec],
    origin: &Origin,
    rents: &[Result<Rent, String>],
) -> Result<(Vec<Compared>, Vec<String>), Failure> {
    let estimates = inputs::estimates(workload, tables, gpus, origin)?;
    let load = Load::of(price);
    let rows = of_estimates(&estimates, (workload, price), tables, origin, rents, load)?;
    Ok((rows, warnings(price, origin)))
}

/// How much of the paid hours carries load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The share.
    pub utilisation: f64,
    /// Whether somebody said so; else it is the best case.
    pub stated: bool,
}

impl Load {
    /// As the arguments say; full load where they do not.
    fn of(price: &PriceArgs) -> Self {
        Self { utilisation: price.utilisation.unwrap_or(1.0), stated: price.utilisation.is_some() }
    }
}

/// A row for each estimate at each rent.
pub fn of_estimates(
    estimates: &[Estimate],
    (workload, price): (&WorkloadArgs, &PriceArgs),
    tables: &Tables,
    origin: &Origin,
    rents: &[Result<Rent, String>],
    load: Load,
) -> Result<Vec<Compared>, Failure> {
    let as_of = as_of(price);
    let listings = tables.tokens()?;
    // A request always has output tokens here: the workload was checked.
    let mix = Mix::of_request(workload.isl, workload.osl).map_err(Failure::bad_input)?;
    let mut rows = Vec::new();
    let market_of = |estimate: &Estimate| market(&listings, &estimate.model, as_of, mix, token::MAX_AGE_DAYS);
    let markets: Vec<Result<Market, NotFound>> = estimates.iter().map(market_of).collect();
    check_policy(&price.market, markets.iter().flatten())?;
    for (estimate, market) in estimates.iter().zip(&markets) {
        let market = market.as_ref().map_err(ToString::to_string);
        for rent in rents {
            let input = CompareInput {
                estimate,
                software: origin.software(),
                gpus: estimate.workload.serving.tp as u32,
                utilisation: load.utilisation,
                utilisation_stated: load.stated,
                rent: rent.clone(),
                market: market.clone(),
                policy: price.market.clone(),
                drift: price.drift.drift(),
                as_of,
            };
            rows.push(compare(&input).map_err(Failure::bad_input)?);
        }
    }
    Ok(rows)
}

/// A seller that sells none of the models is a misspelt one: better to say so than to give every row no verdict.
fn check_policy<'m>(policy: &Policy, markets: impl Iterator<Item = &'m Market>) -> Result<(), Failure> {
    let mut missing = None;
    for market in markets {
        match policy.price(market) {
            Ok(_) => return Ok(()),
            Err(what) => missing = missing.or(Some(what)),
        }
    }
    missing.map_or(Ok(()), |what| Err(Failure::bad_input(what)))
}

/// The rents that count: as typed, or of the device's offers those that were asked for. An unknown rent says why.
pub fn rents(
    price: &PriceArgs,
    tables: &Tables,
    gpus: &[GpuSpec],
    origin: &Origin,
) -> Result<Vec<Result<Rent, String>>, Failure> {
    if let Some(usd_per_hour) = price.usd_per_hour {
        return Ok(vec![Ok(Rent::typed(usd_per_hour))]);
    }
    let offers = known_offers(price, tables, gpus, origin)?;
    Ok(match offers.and_then(|offers| best_kind(&offers, price.kind)) {
        Err(unknown) => vec![Err(unknown)],
        Ok(offer) => of_choice(price.offers, &offer).into_iter().map(Ok).collect(),
    })
}

/// The offers of the hardware that was named, else of the device; or why there are none.
pub fn known_offers(
    price: &PriceArgs,
    tables: &Tables,
    gpus: &[GpuSpec],
    origin: &Origin,
) -> Result<Result<Offers, String>, Failure> {
    let quotes = tables.rentals()?;
    // A name that the user typed must exist; a device without a quote is a gap in the tables.
    Ok(match &price.hardware {
        Some(named) => Ok(named_offers(named, as_of(price), &quotes, gpus)?),
        None => own_offers(price, &quotes, gpus, origin),
    })
}

/// The offer that counts: of the kind asked for, else on-demand where there is any, else community, else the first of the
/// others.
pub fn best_kind(offers: &Offers, asked: Option<Kind>) -> Result<Offer, String> {
    let any = offers.kinds.get(&Kind::Community).or(offers.kinds.values().next());
    match asked {
        Some(kind) => offers.kinds.get(&kind).cloned().ok_or_else(|| {
            let known: Vec<&str> = offers.kinds.keys().map(|kind| kind.name()).collect();
            let known = known.join(", ");
            format!("no {kind} rent of {} is known (known: {known}); give --usd-per-hour", offers.hardware)
        }),
        None => {
            let offer = offers.on_demand().or(any).cloned();
            offer.ok_or_else(|| format!("no rent of {} is known", offers.hardware))
        }
    }
}

/// The hardware whose rent counts, as `rentals.csv` names it; `None` where the rent was typed or nobody knows it.
pub fn rented(price: &PriceArgs, gpus: &[GpuSpec], origin: &Origin) -> Option<String> {
    match (&price.hardware, origin.gpu(gpus)) {
        (Some(named), _) => {
            Some(hardware::find(gpus, named).map_or(named.as_str(), |gpu| gpu.name.as_str()).to_owned())
        }
        (None, Some(own)) => Some(own.name.clone()),
        (None, None) => origin.software().then(|| SOFTWARE_HARDWARE.to_owned()),
    }
}

/// The offers of the device itself, or why there are none.
fn own_offers(
    price: &PriceArgs,
    quotes: &[RentalQuote],
    gpus: &[GpuSpec],
    origin: &Origin,
) -> Result<Offers, String> {
    let hardware = match origin.gpu(gpus) {
        Some(own) => own.name.as_str(),
        None if origin.software() => SOFTWARE_HARDWARE,
        None => {
            let device = mtok::text::inert(origin.device().name());
            return Err(format!("no rent of \"{device}\" is known; give --usd-per-hour or --hardware"));
        }
    };
    let known = offers(quotes, hardware, as_of(price), rental::MAX_AGE_DAYS);
    known.map_err(|missing| format!("{missing}; give --usd-per-hour"))
}

/// An unknown name is answered with its neighbours, or where there are none with all that has a price.
fn unpriced(missing: &NotFound, quotes: &[RentalQuote]) -> Failure {
    if !missing.nearest.is_empty() || missing.first.is_some() {
        return Failure::bad_input(missing);
    }
    let names: BTreeSet<&str> = quotes.iter().map(|quote| &*quote.hardware).collect();
    let names: Vec<&str> = names.into_iter().collect();
    Failure::bad_input(format!("{missing}; priced: {}", mtok::text::inert(&names.join(", "))))
}

/// The rents of an offer that were asked for, the cheapest first.
pub fn of_choice(choice: OfferChoice, offer: &Offer) -> Vec<Rent> {
    let mut each: Vec<Rent> = offer.votes.iter().map(|vote| Rent::of_vote(offer, vote)).collect();
    each.sort_by(|a, b| a.usd_per_hour.0.total_cmp(&b.usd_per_hour.0));
    match choice {
        OfferChoice::Median => vec![Rent::median_of(offer)],
        OfferChoice::Cheapest => Rent::cheapest_of(offer).into_iter().collect(),
        OfferChoice::All => each,
    }
}

/// What the reader should doubt of the prices.
pub fn warnings(price: &PriceArgs, origin: &Origin) -> Vec<String> {
    let mut warnings = rent_doubts(price, origin);
    if price.utilisation.is_none() {
        warnings.push("costs are at full load in every paid hour; see break-even utilisation".into());
    }
    warnings
}

/// What the reader should doubt of the rent.
pub fn rent_doubts(price: &PriceArgs, origin: &Origin) -> Vec<String> {
    let mut warnings = Vec::new();
    if origin.software() && price.usd_per_hour.is_none() && price.hardware.is_none() {
        warnings.push(format!("a software adapter has no rent of its own: priced as a {SOFTWARE_HARDWARE}"));
    }
    warnings.extend(price.usd_per_hour.and_then(unusual_rent));
    warnings
}

/// A doubt about a rent outside the band of all quotes.
pub fn unusual_rent(usd_per_hour: f64) -> Option<String> {
    let believable = to_f64(gate::USD_PER_HOUR.0)..=to_f64(gate::USD_PER_HOUR.1);
    let unusual = !believable.contains(&usd_per_hour);
    unusual.then(|| format!("a rent of {usd_per_hour} USD/h is unusual: is it per device and hour?"))
}

#[cfg(feature = "gpu")]
#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Verb};

    /// What the early check says of a `--hardware`.
    fn checked(hardware: &str) -> Result<(), String> {
        let cli = Cli::parse_from(["mtok", "run", "--as-of", "2026-11-21", "--hardware", hardware]);
        let Verb::Run(args) = cli.verb else { panic!("another verb") };
        let tables = Tables::open(None).unwrap();
        let gpus = tables.gpus().unwrap();
        check(&args.price, &tables, &gpus).map_err(|failure| failure.message)
    }

    #[test]
    fn the_check_before_measuring_takes_the_names_that_pricing_takes() {
        assert_eq!(checked("h100 sxm"), Ok(()));
        assert_eq!(checked(SOFTWARE_HARDWARE), Ok(()));
        assert!(checked("H100 SX").is_err_and(|message| message.contains("nearest: H100 SXM")));
    }
}
