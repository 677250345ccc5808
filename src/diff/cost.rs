//! Why did a token become dearer? Rows of two `costs.csv` beside each other, their cost split into price, load and
//! speed.
//!
//! Cost is rent × devices / (utilisation × tokens per hour), so ln(new / old) is exactly the sum of three logs: of
//! the rents, of the utilisations turned round, and of what is left, which is the rates.

use std::collections::HashMap;
use std::io::Read;

use serde::Serialize;

use super::thresholds::Threshold;
use crate::named::named;
use crate::table::{self, Fault};

/// What is said of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Costs more.
    Dearer,
    /// The two cannot be set beside each other.
    NotComparable,
    /// The rates' intervals do not tell.
    #[default]
    Unsure,
    /// Costs less.
    Cheaper,
    /// Costs the same within the margin.
    Same,
}

named!(Verdict {
    Dearer = "DEARER",
    NotComparable = "NOT COMPARABLE",
    Unsure = "UNSURE",
    Cheaper = "CHEAPER",
    Same = "SAME",
});

/// Which factor moved the cost beyond the margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The rent.
    Price,
    /// The share of paid hours that carry the load.
    Load,
    /// The rates.
    Speed,
    /// More than one of them, or none alone.
    Several,
    /// None: the cost did not move.
    None,
}

named!(Cause { Price = "price", Load = "load", Speed = "speed", Several = "several", None = "none" });

/// A row of `costs.csv`, as far as it counts here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    key: Key,
    batch: u64,
    source: String,
    usd_per_hour: Option<f64>,
    utilisation: Option<f64>,
    usd: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    mix: Option<f64>,
}

/// What a cost is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Key {
    model: String,
    weights: String,
    device: String,
    providers: String,
    kind: String,
    isl: u64,
    osl: u64,
    gpus: u64,
}

/// Two rows beside each other. Ratios are new / base; unknown is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CostRow {
    /// The open weights.
    pub model: String,
    /// How they are stored.
    pub weights: String,
    /// The device.
    pub device: String,
    /// Who rents it out.
    pub rental_providers: String,
    /// How it is rented.
    pub rental_kind: String,
    /// Prompt tokens per request.
    pub isl: u64,
    /// Generated tokens per request.
    pub osl: u64,
    /// Sequences that decode together in base.
    pub batch_base: Option<u64>,
    /// The same in new.
    pub batch_new: Option<u64>,
    /// What is said.
    pub verdict: Verdict,
    /// Why, where it is no difference in cost: `missing`, `extra`, `source`, `mix`, `no-cost`, `intervals-overlap`.
    pub reason: String,
    /// What moved.
    pub cause: Option<Cause>,
    /// Blended cost in base.
    pub usd_per_mtok_base: Option<f64>,
    /// Blended cost in new.
    pub usd_per_mtok_new: Option<f64>,
    /// new / base; the product of the three that follow.
    pub usd_ratio: Option<f64>,
    /// The part of the rent.
    pub price_ratio: Option<f64>,
    /// The part of the utilisation.
    pub load_ratio: Option<f64>,
    /// The part of the rates.
    pub speed_ratio: Option<f64>,
}

/// Reads `costs.csv`. Columns that older versions lack may be absent.
///
/// # Errors
/// The first fault with its line and column.
pub fn read(input: impl Read) -> Result<Vec<Cost>, Fault> {
    let mut costs = Vec::new();
    table::each_row(input, &["model", "weights", "device", "usd_per_mtok_blended"], |row| {
        let text = |column: &str| row.text(column).to_owned();
        costs.push(Cost {
            key: Key {
                model: row.required("model")?.to_owned(),
                weights: row.required("weights")?.to_owned(),
                device: row.required("device")?.to_owned(),
                providers: text("rental_providers"),
                kind: text("rental_kind"),
                isl: row.optional("isl")?.unwrap_or_default(),
                osl: row.optional("osl")?.unwrap_or_default(),
                gpus: row.optional("gpus")?.unwrap_or(1),
            },
            batch: row.optional("batch")?.unwrap_or_default(),
            source: text("source"),
            usd_per_hour: row.positive("usd_per_hour")?,
            utilisation: row.positive("utilisation")?,
            usd: row.positive("usd_per_mtok_blended")?,
            low: row.positive("usd_per_mtok_blended_low")?,
            high: row.positive("usd_per_mtok_blended_high")?,
            mix: row.positive_or_zero("input_output_ratio")?,
        });
        Ok(())
    })?;
    Ok(costs)
}

/// Sets every row of both files beside its partner: of one batch where a file has several, whatever the batch is
/// where each has one.
pub fn compare(base: &[Cost], new: &[Cost], threshold: Threshold) -> Vec<CostRow> {
    let (from, to) = (counts(base), counts(new));
    let several =
        |cost: &Cost| [&from, &to].iter().any(|counts| counts.get(&cost.key).is_some_and(|n| *n > 1));
    let place = |cost: &Cost| (cost.key.clone(), several(cost).then_some(cost.batch));
    let mut partners: HashMap<_, Vec<&Cost>> = HashMap::new();
    for cost in new.iter().rev() {
        partners.entry(place(cost)).or_default().push(cost);
    }
    let mut rows: Vec<CostRow> = Vec::new();
    for cost in base {
        rows.push(match partners.get_mut(&place(cost)).and_then(Vec::pop) {
            Some(partner) => beside(cost, partner, threshold),
            None => CostRow {
                batch_base: Some(cost.batch),
                usd_per_mtok_base: cost.usd,
                ..alone(cost, "missing")
            },
        });
    }
    // What is left has no partner; in file order.
    for cost in new {
        let left = partners
            .get(&place(cost))
            .is_some_and(|left| left.iter().any(|other| std::ptr::eq(*other, cost)));
        if left {
            let row =
                CostRow { batch_new: Some(cost.batch), usd_per_mtok_new: cost.usd, ..alone(cost, "extra") };
            rows.push(row);
        }
    }
    rows
}

fn counts(costs: &[Cost]) -> HashMap<&Key, usize> {
    let mut counts = HashMap::new();
    costs.iter().for_each(|cost| *counts.entry(&cost.key).or_default() += 1);
    counts
}

fn alone(cost: &Cost, reason: &str) -> CostRow {
    let Key { model, weights, device, providers, kind, isl, osl, .. } = cost.key.clone();
    CostRow {
        model,
        weights,
        device,
        rental_providers: providers,
        rental_kind: kind,
        isl,
        osl,
        verdict: Verdict::NotComparable,
        reason: reason.into(),
        ..CostRow::default()
    }
}

fn beside(base: &Cost, new: &Cost, threshold: Threshold) -> CostRow {
    let mut row = CostRow {
        batch_base: Some(base.batch),
        batch_new: Some(new.batch),
        usd_per_mtok_base: base.usd,
        usd_per_mtok_new: new.usd,
        ..alone(base, "")
    };
    let barred = match (Parts::of(base, new), base.mix.zip(new.mix)) {
        _ if base.source != new.source => "source",
        (_, Some((one, other))) if one != other => "mix",
        (None, _) => "no-cost",
        (Some(parts), _) => {
            decide(&mut row, &parts, base, new, threshold);
            return row;
        }
    };
    row.reason = barred.into();
    row
}

/// The logs that add up to that of the cost.
struct Parts {
    price: f64,
    load: f64,
    speed: f64,
}

impl Parts {
    fn of(base: &Cost, new: &Cost) -> Option<Self> {
        let price = (new.usd_per_hour? / base.usd_per_hour?).ln();
        let load = (base.utilisation? / new.utilisation?).ln();
        Some(Self { price, load, speed: (new.usd? / base.usd?).ln() - price - load })
    }

    fn whole(&self) -> f64 {
        self.price + self.load + self.speed
    }
}

fn decide(row: &mut CostRow, parts: &Parts, base: &Cost, new: &Cost, threshold: Threshold) {
    let margin = (1.0 + threshold.margin).ln();
    let whole = parts.whole();
    row.usd_ratio = Some(whole.exp());
    row.price_ratio = Some(parts.price.exp());
    row.load_ratio = Some(parts.load.exp());
    row.speed_ratio = Some(parts.speed.exp());
    row.cause = Some(cause(parts, margin));
    // Rents and utilisations are given; only the rates carry an interval.
    let told = parts.speed.abs() <= margin || rates_apart(base, new, parts);
    (row.verdict, row.reason) = match (whole > margin, whole < -margin) {
        (false, false) => (Verdict::Same, String::new()),
        _ if !told => (Verdict::Unsure, "intervals-overlap".into()),
        (true, _) => (Verdict::Dearer, String::new()),
        _ => (Verdict::Cheaper, String::new()),
    };
}

fn cause(parts: &Parts, margin: f64) -> Cause {
    let moved = [(parts.price, Cause::Price), (parts.load, Cause::Load), (parts.speed, Cause::Speed)];
    let moved: Vec<Cause> =
        moved.iter().filter(|(part, _)| part.abs() > margin).map(|(_, cause)| *cause).collect();
    match moved.as_slice() {
        [] if parts.whole().abs() <= margin => Cause::None,
        [one] => *one,
        _ => Cause::Several,
    }
}

/// Whether the cost intervals lie apart once both are at the rent and load of base.
fn rates_apart(base: &Cost, new: &Cost, parts: &Parts) -> bool {
    let apart = || {
        let given = (parts.price + parts.load).exp();
        let (low, high) = (new.low? / given, new.high? / given);
        Some(low > base.high? || high < base.low?)
    };
    apart().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "model,weights,device,rental_providers,batch,utilisation,usd_per_hour,\
        usd_per_mtok_blended,usd_per_mtok_blended_low,usd_per_mtok_blended_high\n";

    fn costs(rows: &str) -> Vec<Cost> {
        read(format!("{HEAD}{rows}").as_bytes()).unwrap()
    }

    fn one(base: &str, new: &str) -> CostRow {
        let rows = compare(&costs(base), &costs(new), Threshold::default());
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows[0].clone()
    }

    #[test]
    fn a_price_that_moved_is_told_from_a_kernel_that_did() {
        let base = "m,f16,gpu,x,8,0.5,2,1,0.9,1.1\n";
        for (new, verdict, cause, reason) in [
            ("m,f16,gpu,x,8,0.5,2,1,0.9,1.1\n", Verdict::Same, Cause::None, ""),
            ("m,f16,gpu,x,8,0.5,4,2,1.8,2.2\n", Verdict::Dearer, Cause::Price, ""),
            ("m,f16,gpu,x,8,1,2,0.5,0.45,0.55\n", Verdict::Cheaper, Cause::Load, ""),
            ("m,f16,gpu,x,16,0.5,2,0.5,0.45,0.55\n", Verdict::Cheaper, Cause::Speed, ""),
            ("m,f16,gpu,x,8,0.5,2,1.15,1.05,1.25\n", Verdict::Unsure, Cause::Speed, "intervals-overlap"),
            ("m,f16,gpu,x,8,1,4,1,0.9,1.1\n", Verdict::Same, Cause::Several, ""),
            ("m,f16,gpu,x,8,0.5,4,1,0.9,1.1\n", Verdict::Same, Cause::Several, ""),
        ] {
            let row = one(base, new);
            let seen = (row.verdict, row.cause, row.reason.as_str());
            assert_eq!(seen, (verdict, Some(cause), reason), "{new}");
        }
    }

    #[test]
    fn what_has_no_cost_or_no_partner_says_so() {
        let row = one("m,f16,gpu,x,8,0.5,2,,,\n", "m,f16,gpu,x,8,0.5,2,1,,\n");
        assert_eq!((row.verdict, row.reason.as_str()), (Verdict::NotComparable, "no-cost"));
        let rows = compare(
            &costs("m,f16,gpu,x,8,1,2,1,,\n"),
            &costs("n,f16,gpu,x,8,1,2,1,,\n"),
            Threshold::default(),
        );
        assert_eq!(rows.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>(), ["missing", "extra"]);
    }

    #[test]
    fn rows_of_several_batches_are_matched_by_batch() {
        let rows = "m,f16,gpu,x,1,1,2,4,,\nm,f16,gpu,x,8,1,2,1,,\n";
        let found = compare(&costs(rows), &costs(rows), Threshold::default());
        let batches: Vec<_> = found.iter().map(|row| (row.batch_base, row.batch_new, row.verdict)).collect();
        assert_eq!(batches, [(Some(1), Some(1), Verdict::Same), (Some(8), Some(8), Verdict::Same)]);
    }

    #[test]
    fn faults_are_located() {
        let fault = read(format!("{HEAD}m,f16,gpu,x,8,1,-2,1,,\n").as_bytes()).unwrap_err();
        assert_eq!(fault.to_string(), "2:7: usd_per_hour \"-2\" is not a finite number > 0");
    }

    proptest! {
        #[test]
        fn the_three_parts_multiply_to_the_whole(
            base in prop::array::uniform3(0.01f64..100.0), new in prop::array::uniform3(0.01f64..100.0),
        ) {
            let text = |[rent, load, usd]: [f64; 3]| format!("m,f16,gpu,x,8,{load},{rent},{usd},,\n");
            let row = one(&text(base), &text(new));
            let product = row.price_ratio.unwrap() * row.load_ratio.unwrap() * row.speed_ratio.unwrap();
            prop_assert!((product / (new[2] / base[2]) - 1.0).abs() < 1e-9);
        }
    }
}
