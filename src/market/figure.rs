//! The figures of a comparison: what each is called, its unit, how it is made and of which others.

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Its name, which is its column in `costs.csv`.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its unit; empty for a pure number.
    pub unit: &'static str,
    /// How it is made, in the letters of METHODOLOGY.md, section 5; empty for what is read, measured or chosen.
    pub formula: &'static str,
    /// The figures that it is made of.
    pub of: &'static [&'static str],
}

const fn figure(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    formula: &'static str,
    of: &'static [&'static str],
) -> Figure {
    Figure { name, label, unit, formula, of }
}

/// All figures: those that people ask for first, what they rest on after them.
pub const ALL: &[Figure] = &[
    figure(
        "verdict",
        "verdict",
        "",
        "RENT where cost_over_price is below 1 at its high end, BUY where it is above 1 at its low end, else TOO CLOSE",
        &["cost_over_price"],
    ),
    figure(
        "break_even_utilisation",
        "break-even utilisation",
        "",
        "u · cost / price",
        &["utilisation", "cost_over_price"],
    ),
    figure(
        "break_even_usd_per_hour",
        "break-even rent",
        "USD/h per device",
        "g · price / cost",
        &["usd_per_hour", "cost_over_price"],
    ),
    figure(
        "break_even_mtok_per_month",
        "break-even tokens",
        "Mtok/month",
        "g · n · 730 h / price",
        &["usd_per_hour", "gpus", "market_usd_per_mtok"],
    ),
    figure(
        "cost_over_price",
        "cost over market price",
        "",
        "blended cost / market price; ends: all intervals at their best, at their worst for renting",
        &["usd_per_mtok_blended", "usd_per_hour", "market_usd_per_mtok"],
    ),
    figure(
        "usd_per_mtok_blended",
        "cost, blended",
        "USD/Mtok",
        "(r · in + out) / (r + 1)",
        &["input_output_ratio", "usd_per_mtok_in", "usd_per_mtok_out"],
    ),
    figure(
        "usd_per_mtok_in",
        "cost of input",
        "USD/Mtok",
        "g · n · 1e6 / (3600 · u) · t_in",
        &["usd_per_hour", "gpus", "utilisation", "input_s_per_token"],
    ),
    figure(
        "usd_per_mtok_out",
        "cost of output",
        "USD/Mtok",
        "g · n · 1e6 / (3600 · u) · t_out",
        &["usd_per_hour", "gpus", "utilisation", "output_s_per_token"],
    ),
    figure(
        "market_usd_per_mtok",
        "market price, blended",
        "USD/Mtok",
        "of the sellers' (r · in + out) / (r + 1): the median, the cheapest or a named one",
        &["input_output_ratio", "cached", "market_policy"],
    ),
    figure("usd_per_hour", "rent", "USD/h per device", "", &[]),
    figure("gpus", "devices that work together", "", "", &[]),
    figure("utilisation", "utilisation", "", "", &[]),
    figure("input_output_ratio", "input tokens per output token", "", "ISL / OSL", &["isl", "osl"]),
    figure("isl", "input tokens per request", "tokens", "", &[]),
    figure("osl", "output tokens per request", "tokens", "", &[]),
    figure("cached", "cached share of the input", "", "", &[]),
    figure("market_policy", "which price of the market counts", "", "", &[]),
    figure("input_s_per_token", "device time per input token", "s", "prompt / ISL · m", &[]),
    figure(
        "output_s_per_token",
        "device time per output token",
        "s",
        "decode / output tokens of a step · m",
        &[],
    ),
];

/// The figure of a name.
pub fn find(name: &str) -> Option<&'static Figure> {
    ALL.iter().find(|figure| figure.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_made_of_figures_that_come_after_it() {
        for (place, figure) in ALL.iter().enumerate() {
            assert_eq!(
                figure.formula.is_empty(),
                figure.of.is_empty() && !figure.name.ends_with("_s_per_token"),
                "{}",
                figure.name
            );
            for part in figure.of {
                let at = ALL.iter().position(|other| other.name == *part);
                assert!(at.is_some_and(|at| at > place), "{} is made of {part}", figure.name);
            }
        }
    }
}
