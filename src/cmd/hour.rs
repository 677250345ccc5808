//! The hour that a verb prices with: rented, spot, reserved, of a preset, or of an owned device; never two of
//! them at once.

use mtok::cost::presets::{self, Kind, Preset};
use mtok::cost::rent::{Reserved, Spot};
use mtok::cost::{HOURS_PER_MONTH, Refused};
use mtok::market::compare::Rent;
use mtok::price::{rental, to_f64};
use mtok::report::hour::{Hour, Way};
use mtok::units::UsdPerHour;

use super::tables::Tables;
use super::{Failure, own, rent};
use crate::cli::{HourArgs, RentArgs};

const ASKED: &str = "give --usd-per-hour USD or --hardware NAME, --preset NAME, or the options of an owned device \
                     (see mtok own --help)";

/// An hour, and what the reader should doubt about it.
pub type Doubted = (Hour, Vec<String>);

/// The hour that the arguments ask for, of a device with this utilisation.
///
/// # Errors
/// Options of two kinds of hours, with the reason why they exclude each other; options that are missing, a
/// price among them; an unknown preset or hardware; a number out of its range.
pub fn asked(args: &HourArgs, tables: Tables, utilisation: f64) -> Result<Doubted, Failure> {
    let presets = tables.presets()?;
    let preset = args.own.preset.as_deref().map(|name| presets::find(&presets, name));
    let preset = preset.transpose().map_err(Failure::bad_input)?;
    let contradiction =
        contradictions(args, preset).into_iter().find_map(|(wrong, why)| wrong.then_some(why));
    if let Some(why) = contradiction {
        return Err(Failure::bad_input(why));
    }
    if owns(args, preset) {
        return owned(args, &presets, preset, utilisation);
    }
    let (asked, doubts) =
        rented(&args.rent, tables, preset, about(args))?.ok_or_else(|| Failure::bad_input(ASKED))?;
    let made = if !args.spot.given().is_empty() {
        spot(args, asked)?
    } else if !args.reserved.given().is_empty() || preset.is_some_and(|preset| preset.upfront_share.is_some())
    {
        reserved(args, asked, preset)?
    } else {
        asked
    };
    let unpaid = made.way == Way::Reserved && args.own.capital.is_none();
    let unpaid = unpaid.then(|| "what is paid before costs no capital here: give --capital".to_owned());
    Ok((made, doubts.into_iter().chain(unpaid).collect()))
}

/// The kind of rent that the options are about: the price of another kind would not be that of this hour.
fn about(args: &HourArgs) -> Option<rental::Kind> {
    if !args.spot.given().is_empty() {
        Some(rental::Kind::Spot)
    } else {
        (!args.reserved.given().is_empty()).then_some(rental::Kind::Reserved)
    }
}

/// What cannot be asked together, each with its reason.
fn contradictions(args: &HourArgs, preset: Option<&Preset>) -> Vec<(bool, String)> {
    let mut all = between_ways(args, preset);
    all.extend(with_preset(args, preset));
    let contract = preset.is_some_and(|preset| preset.upfront_share.is_some());
    let capital = args.own.capital.is_some() && !owns(args, preset) && args.reserved.given().is_empty();
    all.push((
        capital && !contract,
        "--capital is of an owned or a reserved device: nothing is paid before here".into(),
    ));
    let useless = rent::useless(&args.rent);
    all.push((useless.is_some(), useless.unwrap_or_default().to_owned()));
    all
}

/// Rented, spot, reserved and owned.
fn between_ways(args: &HourArgs, preset: Option<&Preset>) -> Vec<(bool, String)> {
    let (spot, reserved, owned) = (args.spot.given(), args.reserved.given(), args.own.given());
    let mut rent = Vec::new();
    rent.extend(args.rent.usd_per_hour.map(|_| "--usd-per-hour"));
    rent.extend(args.rent.hardware.as_ref().map(|_| "--hardware"));
    let owns = owns(args, preset);
    let owning = owned.first().map_or_else(|| named(preset), |option| (*option).to_owned());
    let neither = [spot.clone(), reserved.clone()].concat().join(", ");
    vec![
        (
            !spot.is_empty() && !reserved.is_empty(),
            format!(
                "{} and {} exclude each other: a spot device can be taken back at any time, a reserved one is paid for \
                 its whole term",
                spot.join(", "),
                reserved.join(", ")
            ),
        ),
        (
            args.rent.kind.is_some_and(|kind| about(args).is_some_and(|about| about != kind)),
            format!(
                "--kind {} and {neither} exclude each other: a price of one kind says nothing of another",
                args.rent.kind.map_or("", rental::Kind::name)
            ),
        ),
        (
            owns && !rent.is_empty(),
            format!("{owning} and {} exclude each other: who owns the device pays no rent", rent.join(", ")),
        ),
        (
            owns && !neither.is_empty(),
            format!(
                "{owning} and {neither} exclude each other: an owned device is neither spot nor reserved"
            ),
        ),
    ]
}

/// A preset that is an hour already.
fn with_preset(args: &HourArgs, preset: Option<&Preset>) -> Vec<(bool, String)> {
    let hour = preset.filter(|preset| preset.kind != Kind::Own);
    let whole = hour.filter(|preset| preset.kind != Kind::RentalThreeYears);
    vec![
        (
            args.rent.hardware.is_some() && hour.is_some(),
            format!("--hardware and {} exclude each other: each names a price of the hour", named(hour)),
        ),
        (
            !args.spot.given().is_empty() && hour.is_some(),
            format!("{} is no spot price: give the spot price by --usd-per-hour", named(hour)),
        ),
        (
            !args.reserved.given().is_empty() && whole.is_some(),
            format!("{} is a whole hour already: nothing is paid before", named(whole)),
        ),
    ]
}

fn owns(args: &HourArgs, preset: Option<&Preset>) -> bool {
    !args.own.given().is_empty() || preset.is_some_and(|preset| preset.kind == Kind::Own)
}

fn named(preset: Option<&Preset>) -> String {
    preset.map_or(String::new(), |preset| format!("--preset {}", preset.name))
}

/// The price that is asked for the hour: typed, of a table or of the preset; `None` where neither is asked
/// for.
pub fn rented(
    args: &RentArgs,
    tables: Tables,
    preset: Option<&Preset>,
    about: Option<rental::Kind>,
) -> Result<Option<Doubted>, Failure> {
    if let Some((rent, as_of)) = rent::asked(args, tables, about)? {
        // A price that was typed leaves of a preset what else it says: the contract.
        let used = preset.filter(|preset| preset.upfront_share.is_some());
        let unused = preset.filter(|_| used.is_none());
        let unused = unused.map(|preset| {
            format!("preset {} gives nothing: the typed price goes before its own", preset.name)
        });
        let hour = Hour { as_of, preset: used.map(Preset::used), ..of_rent(&rent) };
        return Ok(Some((hour, rent::doubts(args, &rent).into_iter().chain(unused).collect())));
    }
    Ok(preset.and_then(|preset| {
        let usd_per_hour = to_f64(preset.usd_per_hour?);
        Some((Hour { preset: Some(preset.used()), ..Hour::plain(Way::Preset, usd_per_hour) }, Vec::new()))
    }))
}

fn of_rent(rent: &Rent) -> Hour {
    Hour {
        rental_providers: Some(rent.providers.clone()).filter(|providers| !providers.is_empty()),
        rental_kind: rent.kind,
        usd_per_hour_date: rent.date,
        ..Hour::plain(Way::Rented, rent.usd_per_hour.0)
    }
}

fn spot(args: &HourArgs, asked: Hour) -> Result<Hour, Failure> {
    let (Some(mtbf_h), Some(restart_h)) = (args.spot.mtbf_h, args.spot.restart_h) else {
        return Err(Failure::bad_input(
            "a spot hour needs --mtbf-h and --restart-h: how often it is interrupted and how long it then stands",
        ));
    };
    let usd_per_hour = UsdPerHour(asked.usd_per_hour);
    let spot = Spot { usd_per_hour, restart_h, mtbf_h, lost_work: args.spot.lost_work.unwrap_or(0.0) };
    let effective = spot.effective().map_err(Failure::bad_input)?.0;
    Ok(Hour {
        way: Way::Spot,
        usd_per_hour: effective,
        asked_usd_per_hour: Some(asked.usd_per_hour),
        interruptions_usd_per_hour: Some(effective - asked.usd_per_hour),
        ..asked
    })
}

/// A typed payment before comes on top of the rent per hour. A preset's price is that of the whole term, part
/// of which is paid before.
fn reserved(args: &HourArgs, asked: Hour, preset: Option<&Preset>) -> Result<Hour, Failure> {
    let contract = preset.filter(|preset| preset.kind == Kind::RentalThreeYears);
    let term = args.reserved.term_months.or(contract.and_then(|preset| preset.term_months));
    let of_preset = contract.and_then(|preset| preset.upfront_share).zip(term).map(|(share, term)| {
        let before = share * asked.usd_per_hour;
        (before * term * HOURS_PER_MONTH, asked.usd_per_hour - before)
    });
    let typed = args.reserved.upfront_usd.map(|upfront| (upfront, asked.usd_per_hour));
    // The price of a preset stands as published without its capital; what was typed has none to stand on.
    let capital = args.own.capital.or(contract.map(|_| 0.0));
    let (Some(term_months), Some((upfront_usd, hourly)), Some(capital)) =
        (term, typed.or(of_preset), capital)
    else {
        return Err(Failure::bad_input(
            "a reserved hour needs --upfront-usd, --term-months and --capital: what is paid before, for how long, and what it \
             could have earned (0 where nothing)",
        ));
    };
    let reserved =
        Reserved { usd_per_hour: UsdPerHour(hourly), upfront_usd, term_months, capital_per_year: capital };
    let effective = reserved.effective().map_err(Failure::bad_input)?.0;
    Ok(Hour {
        way: Way::Reserved,
        usd_per_hour: effective,
        asked_usd_per_hour: Some(hourly),
        upfront_usd_per_hour: Some(effective - hourly),
        ..asked
    })
}

fn owned(
    args: &HourArgs,
    presets: &[Preset],
    preset: Option<&Preset>,
    utilisation: f64,
) -> Result<Doubted, Failure> {
    let device = own::ownership(&args.own, presets)?;
    let hour = device.hour(utilisation).map_err(|refused: Refused| Failure::bad_input(refused))?;
    let plain = Hour::plain(Way::Owned, hour.usd_per_hour);
    Ok((Hour { owned: Some(hour), preset: preset.map(Preset::used), ..plain }, Vec::new()))
}
