//! The gate for rents.

mod outlier;
mod series;
mod spot;

use rust_decimal::Decimal;

use super::verdicts::Verdicts;
use super::{Known, gpu_rent_out_of_band, rent_out_of_band};
use crate::price::Rule;
use crate::price::import::{Import, Place};
use crate::price::rental::RentalQuote;

/// Passes the rents of an import through the gate.
pub fn check(import: &mut Import, known: &Known<'_>) {
    let mut verdicts = Verdicts::default();
    let mut quotes = std::mem::take(&mut import.rentals);
    for (index, quote) in quotes.iter().enumerate() {
        if let Some(why) = out_of_band(quote) {
            verdicts.reject(index, Rule::Band, format!("{} USD/h {why}", quote.usd_per_hour));
        }
    }
    spot::check(&quotes, &mut verdicts);
    outlier::check(&quotes, known.rentals, &mut verdicts);
    series::check(&quotes, known.rentals, &mut verdicts);
    verdicts.allow(known.allowed);
    verdicts.apply(
        &mut quotes,
        |quote, rule| quote.flags.set(rule),
        |quote, aside, rule, why| {
            import.set_aside(Place::line(quote.line), &subject(quote), aside, rule, why);
        },
    );
    import.rentals = quotes;
}

fn out_of_band(quote: &RentalQuote) -> Option<String> {
    let price = quote.usd_per_hour.value()?;
    // A whole machine without GPU may cost cents.
    if quote.memory_gb.is_none() && quote.form_factor.is_empty() {
        rent_out_of_band(price)
    } else {
        gpu_rent_out_of_band(price)
    }
}

fn subject(quote: &RentalQuote) -> String {
    let instance = if quote.instance.is_empty() { "" } else { " " };
    format!("{} {}{instance}{} {}", quote.hardware, quote.provider, quote.instance, quote.kind)
}

/// A price for comparisons; money that is kept stays decimal.
fn approximately(price: Decimal) -> f64 {
    price.mantissa() as f64 / 10f64.powi(price.scale() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::import::{self, Aside, Source};
    use jiff::civil::date;

    const HEADER: &str =
        "hardware,provider,kind,region,usd_per_hour,date,basis,source,instance,count,memory_gb\n";

    fn imported(rows: &str, known: &Known<'_>) -> Import {
        let source = Source {
            name: "rentals.csv",
            folder: "",
            provider: None,
            observed: date(2026, 6, 30),
            commit: "",
            rates: &[],
            mapping: None,
            gpus: &[],
            models: &[],
        };
        let text = HEADER.to_owned() + rows;
        let mut import = import::read(&mut text.as_bytes(), &source, None).unwrap();
        check(&mut import, known);
        import
    }

    /// The findings of rows, as `line aside rule`.
    fn findings(rows: &str) -> Vec<String> {
        let import = imported(rows, &Known::default());
        import.findings.iter().map(|it| format!("{} {:?} {}", it.place, it.aside, it.rule)).collect()
    }

    fn row(hardware: &str, provider: &str, kind: &str, price: &str, day: &str) -> String {
        format!("{hardware},{provider},{kind},r,{price},{day},list,p,type,1,80\n")
    }

    #[test]
    fn spot_that_is_not_below_on_demand_is_no_spot_price() {
        let rows = row("G", "a", "on-demand", "2", "2026-06-01")
            + &row("G", "a", "spot", "2.00", "2026-06-01")
            + &row("G", "b", "on-demand", "2", "2026-06-01")
            + &row("G", "b", "spot", "1", "2026-06-01");
        assert_eq!(findings(&rows), ["3 Rejected spot-not-below-on-demand"]);
    }

    #[test]
    fn spot_in_a_constant_ratio_is_administered() {
        let pair = |hardware: &str, full: &str, spot: &str| {
            row(hardware, "a", "on-demand", full, "2026-06-01")
                + &row(hardware, "a", "spot", spot, "2026-06-01")
        };
        let same = pair("G", "2", "0.70") + &pair("H", "4", "1.401") + &pair("I", "6.99", "2.447");
        assert_eq!(
            findings(&same),
            ["3 Flagged administered-spot", "5 Flagged administered-spot", "7 Flagged administered-spot"]
        );
        let other = pair("G", "2", "0.70") + &pair("H", "4", "1.50") + &pair("I", "6.99", "2.447");
        assert!(findings(&other).is_empty());
    }

    #[test]
    fn a_price_far_from_the_other_providers_is_an_outlier() {
        let peers: String =
            ["2.9", "3.0", "3.1", "3.3"].iter().enumerate().fold(String::new(), |rows, (index, price)| {
                rows + &row("G", &format!("p{index}"), "on-demand", price, "2026-06-01")
            });
        let with =
            |price: &str| findings(&(peers.clone() + &row("G", "x", "on-demand", price, "2026-06-01")));
        assert_eq!(with("1.00"), ["6 Rejected outlier"]);
        assert_eq!(with("1.40"), ["6 Flagged outlier"]);
        assert!(with("1.60").is_empty() && with("8.9").is_empty());
        assert_eq!(with("12"), ["6 Flagged outlier"]);
        assert_eq!(with("24"), ["6 Rejected outlier"]);
        let forgiven = imported(
            &(peers.clone() + &row("G", "x", "on-demand", "1.00", "2026-06-01")),
            &Known { allowed: &[Rule::Outlier], ..Known::default() },
        );
        assert_eq!((forgiven.rentals.len(), forgiven.count(Aside::Flagged)), (5, 1));
        assert!(forgiven.rentals[4].flags.has(Rule::Outlier));
    }

    #[test]
    fn two_peers_are_too_few_to_call_anybody_an_outlier() {
        let rows = row("G", "a", "on-demand", "3", "2026-06-01")
            + &row("G", "b", "on-demand", "3", "2026-06-01")
            + &row("G", "x", "on-demand", "1", "2026-06-01");
        assert!(findings(&rows).is_empty());
    }

    #[test]
    fn the_same_quote_again_is_left_out_and_another_price_is_a_conflict() {
        let one = row("G", "a", "on-demand", "2", "2026-06-01");
        assert_eq!(findings(&(one.clone() + &one)), ["3 LeftOut duplicate"]);
        let other = row("G", "a", "on-demand", "2.1", "2026-06-01");
        assert_eq!(findings(&(one + &other)), ["3 Flagged conflict"]);
    }

    #[test]
    fn a_move_of_more_than_forty_percent_within_days_is_a_jump() {
        let on = |price: &str, day: &str| row("G", "a", "on-demand", price, day);
        assert_eq!(findings(&(on("2", "2026-06-01") + &on("2.9", "2026-06-02"))), ["3 Flagged day-jump"]);
        assert!(findings(&(on("2", "2026-06-01") + &on("2.7", "2026-06-02"))).is_empty());
        assert!(findings(&(on("2", "2026-05-01") + &on("2.9", "2026-06-02"))).is_empty(), "a month passed");
    }

    #[test]
    fn what_is_known_already_is_left_out_and_what_moved_since_is_told() {
        let before = imported(&row("G", "a", "on-demand", "2", "2026-06-01"), &Known::default()).rentals;
        let known = Known { rentals: &before, ..Known::default() };
        let again = imported(&row("G", "a", "on-demand", "2.00", "2026-06-01"), &known);
        assert_eq!((again.rentals.len(), again.findings[0].rule), (0, Rule::Duplicate));
        let moved = imported(&row("G", "a", "on-demand", "0.9", "2026-06-03"), &known);
        assert_eq!((moved.rentals.len(), moved.findings[0].rule), (1, Rule::DayJump));
    }

    #[test]
    fn bands_are_those_of_gpus_where_it_is_one() {
        assert_eq!(findings(&row("G", "a", "on-demand", "0.04", "2026-06-01")), ["2 Rejected band"]);
        assert_eq!(findings(&row("G", "a", "on-demand", "101", "2026-06-01")), ["2 Rejected band"]);
        assert!(findings("2-vCPU machine,a,on-demand,r,0.04,2026-06-01,list,p,,,\n").is_empty());
    }
}
