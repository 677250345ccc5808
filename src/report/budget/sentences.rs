//! What a budget says in sentences.

use super::{Advice, BudgetRow, Budgets, Entry, Interval, Side, Source, Volume, money, significant};
use crate::market::budget::{Crossing, Crossings};
use crate::measurement::SOFTWARE_LABEL;

/// A share of the tokens below which nothing is bought.
const NOTHING: f64 = 5e-4;

/// The answer: what is needed, what is cheapest, and the mix.
pub(super) fn answer(entry: &Entry) -> Vec<String> {
    let row = &entry.budget.asked;
    let mut lines = vec![format!(
        "{} tokens/day of {} {} on {}: {}.",
        Volume(row.tokens_per_day),
        row.model,
        row.weights,
        device(entry),
        need(row)
    )];
    lines.push(advice(row));
    lines.extend(mix(row));
    lines
}

/// The device; software is never taken for a GPU.
fn device(entry: &Entry) -> String {
    let name = &entry.budget.asked.device;
    if entry.software { format!("{name}, {SOFTWARE_LABEL}, each counted as one") } else { name.clone() }
}

fn need(row: &BudgetRow) -> String {
    match (row.gpus, row.gpus_low, row.gpus_high) {
        (Some(gpus), Some(low), Some(high)) if low < high => {
            format!("{} ({low} to {high})", devices(gpus))
        }
        (Some(gpus), ..) => devices(gpus),
        _ => "the need in GPUs is unknown".into(),
    }
}

fn devices(gpus: u64) -> String {
    format!("{gpus} GPU{}", if gpus == 1 { "" } else { "s" })
}

/// The verdict with what each side costs, the cheapest first.
fn advice(row: &BudgetRow) -> String {
    let mut sides = row.sides();
    sides.sort_by(|a, b| a.1.mid.total_cmp(&b.1.mid));
    let costs: Vec<String> = sides
        .iter()
        .enumerate()
        .map(|(place, (side, cost))| {
            let unit = if place == 0 { " USD/month" } else { "" };
            format!("{} {}{unit}{}", verb(*side), money(cost.mid), ends(*cost))
        })
        .collect();
    let costs = costs.join(", ");
    match (row.verdict, sides.len()) {
        (_, 0) => "No verdict: no side has a price.".into(),
        (None, _) => format!("No verdict, one side alone has a price: {costs}."),
        (Some(Advice::TooCloseToCall), _) => {
            let sides = row.in_question.clone().unwrap_or_default().replace("; ", " or ");
            format!("TOO CLOSE to call, {sides}: {costs}.")
        }
        (Some(advice), _) => format!("{}: {costs}.", advice.name()),
    }
}

fn verb(side: Side) -> &'static str {
    match side {
        Side::Rent => "renting costs",
        Side::Own => "owning costs",
        Side::Buy => "buying costs",
    }
}

fn ends(cost: Interval<f64>) -> String {
    if cost.low < cost.high {
        format!(" ({} to {})", money(cost.low), money(cost.high))
    } else {
        String::new()
    }
}

/// The mix, where it is one.
fn mix(row: &BudgetRow) -> Option<String> {
    let cheapest = row.sides().into_iter().map(|(_, cost)| cost.mid).min_by(f64::total_cmp)?;
    let usd = row.mix_usd_per_month?;
    let (low, high) = (row.mix_usd_per_month_low?, row.mix_usd_per_month_high?);
    if row.sides().len() < 2 {
        return None;
    }
    if usd > cheapest * (1.0 - NOTHING) {
        return Some("No mix of them is cheaper.".into());
    }
    Some(format!(
        "Cheapest mix: {}: {} USD/month{}, {} less.",
        mix_of(row),
        money(usd),
        ends(Interval { low, mid: usd, high }),
        percent(1.0 - usd / cheapest)
    ))
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// What the mix is made of.
pub(super) fn mix_of(row: &BudgetRow) -> String {
    let held = |gpus: Option<u64>, verb: &str| {
        gpus.filter(|gpus| *gpus > 0).map(|gpus| format!("{verb} {}", devices(gpus)))
    };
    let bought = row.mix_bought.filter(|share| *share > NOTHING);
    let bought = bought.map(|share| match share {
        1.0 => "buy all tokens".to_owned(),
        share => format!("buy {} of the tokens", percent(share)),
    });
    let parts = [held(row.mix_owned_gpus, "own"), held(row.mix_rented_gpus, "rent"), bought];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the answer rests on.
pub(super) fn basis(budgets: &Budgets, entry: &Entry) -> String {
    let row = &entry.budget.asked;
    let assumed = |so: bool| if so { ", assumed" } else { "" };
    let per_second = row.requests_per_day / 86_400.0;
    let mut words = format!(
        "{} input and {} output tokens per request: {} requests/day, {} per second on average, {} at the peak ({} x the \
         mean{}).",
        row.isl,
        row.osl,
        Volume(row.requests_per_day),
        significant(per_second),
        significant(per_second * budgets.peak_factor),
        budgets.peak_factor,
        assumed(budgets.peak_factor_assumed)
    );
    if budgets.cached > 0.0 {
        words += &format!(" {} of the input is cached.", percent(budgets.cached));
    }
    if let Some(step) = entry.budget.tokens_per_day_per_replica {
        words += &format!(
            " A replica is {} at batch {}, loaded up to {} of its time{}; each carries {} tokens/day.",
            devices(u64::from(row.gpus_per_replica)),
            row.batch,
            budgets.utilisation_max,
            assumed(budgets.utilisation_max_assumed),
            Volume(step.mid)
        );
        words += match entry.source {
            Source::Datasheet => " Rates are from a datasheet, not measured.",
            Source::MeasuredElsewhere => " Rates were measured elsewhere.",
            Source::Measured => "",
        };
    }
    words + &format!(" Prices as of {}.", budgets.as_of)
}

/// What else the reader must know: crossings, sides left out, notes.
pub(super) fn below(entry: &Entry) -> Vec<String> {
    let budget = &entry.budget;
    let mut lines = Vec::new();
    lines.extend(budget.rent_crossings.map(|crossings| crossing("Renting", crossings)));
    lines.extend(budget.own_crossings.map(|crossings| crossing("Owning", crossings)));
    if let (Some(rent), Some(_)) = (budget.asked.break_even_usd_per_hour, budget.asked.rent_usd_per_month) {
        lines.push(format!(
            "At this volume renting costs as much as buying at {} USD/h per GPU.",
            significant(rent)
        ));
    }
    lines.extend(turn(&budget.months));
    lines.extend(
        Some(budget.asked.verdict)
            .filter(|it| *it == Some(Advice::TooCloseToCall))
            .and_then(|_| widest(entry)),
    );
    lines.extend(budget.left_out.iter().map(|out| format!("left out: {}: {}", out.side.name(), out.reason)));
    let preset = entry.own.as_ref().and_then(|own| own.preset.as_ref());
    lines.extend(preset.map(|preset| format!("own: {}", preset.sentence())));
    let note = Some(&entry.note).filter(|note| !note.is_empty());
    lines.extend(note.map(|note| format!("note: {note}")));
    lines
}

/// What keeps a verdict open, and what would make it narrower.
fn widest(entry: &Entry) -> Option<String> {
    let step = entry.budget.tokens_per_day_per_replica;
    let rates =
        step.map(|step| (step, "the rates", "tokens/day per replica", "measure them with `mtok measure`"));
    let rent = entry.rent.as_ref().map(|rent| rent.usd_per_hour.map(|usd| usd.0));
    let rent = rent.map(|rent| (rent, "the rent", "USD/h", "give --usd-per-hour or --offers cheapest"));
    let market = entry.market.as_ref().map(|market| market.usd_per_mtok);
    let market = market.map(|price| (price, "the market price", "USD/Mtok", "name a seller with --market"));
    let asked = entry.budget.asked.in_question.as_deref().unwrap_or_default();
    let rent = rent.filter(|_| asked.contains(Side::Rent.name()));
    let market = market.filter(|_| asked.contains(Side::Buy.name()));
    let known = [market, rent, rates].into_iter().flatten();
    let (ends, what, unit, remedy) =
        known.max_by(|(a, ..), (b, ..)| (a.high / a.low).total_cmp(&(b.high / b.low)))?;
    (ends.low < ends.high).then(|| {
        let shown =
            |end: f64| if unit.starts_with("tokens") { Volume(end).to_string() } else { significant(end) };
        format!(
            "The widest interval is that of {what}, {} to {} {unit}: {remedy}.",
            shown(ends.low),
            shown(ends.high)
        )
    })
}

/// When the cheapest side of today is no longer the cheapest.
fn turn(months: &[BudgetRow]) -> Option<String> {
    let today = months.first()?.cheapest?;
    let last = months.last()?.months_from_now;
    let turned = months.iter().find(|row| row.cheapest != Some(today));
    Some(match turned.and_then(|row| Some((row.months_from_now, row.cheapest?))) {
        Some((month, side)) => {
            format!(
                "With the drift given, {} is the cheapest side until month {month}, then {}.",
                today.name(),
                side.name()
            )
        }
        None => format!("With the drift given, {} stays the cheapest side for {last} months.", today.name()),
    })
}

/// Where a side becomes cheaper than buying.
fn crossing(side: &str, Crossings { low, mid, high }: Crossings) -> String {
    let stays = |crossing: Option<Crossing>| match crossing {
        Some(crossing) => format!("{} tokens/day", Volume(crossing.stays_tokens_per_day)),
        None => "no volume".into(),
    };
    let ends = match (low, high) {
        (None, None) => "at best as at worst".to_owned(),
        _ => format!("{} at best, {} at worst", stays(low), stays(high)),
    };
    match mid {
        None => {
            format!("There is no volume from which {} is cheaper than buying ({ends}).", side.to_lowercase())
        }
        Some(Crossing { first_tokens_per_day: first, stays_tokens_per_day: stay }) if first < stay => {
            format!(
                "{side} is first cheaper than buying at {} tokens/day and stays cheaper from {} on ({ends}).",
                Volume(first),
                Volume(stay)
            )
        }
        Some(Crossing { first_tokens_per_day: first, .. }) => {
            format!("{side} is cheaper than buying from {} tokens/day on ({ends}).", Volume(first))
        }
    }
}
