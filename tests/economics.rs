//! What `mtok cost`, `mtok own` and `mtok lease` promise: the worked examples to four digits, every
//! contradiction refused with its reason, and no number that is not one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{Grid, Run, call, folder, mtok, run, write};
use serde_json::Value;

const OWNED: &str = "own --capex-usd 30000 --overhead 0.3 --residual-usd 6000 --capital 8% --years 4 \
                     --hosting-usd-per-hour 0.15 --maintenance 3% --kw 1 --pue 1.3 --usd-per-kwh 0.08";
const WORK: &str =
    "cost --step-ms 20 --batch 64 --prefill-us-per-token 40 --isl 1000 --osl 500 --usd-per-hour 2";
const LEASE: &str = "lease --usd-per-hour 2.35 --tokens-per-s 3000 --usd-per-mtok 0.30";

fn json(words: &str) -> Value {
    call(&format!("{words} --json")).ok().json()
}

/// Equal to the four digits that are written.
#[track_caller]
fn four_digits(value: &Value, written: f64) {
    let value = value.as_f64().unwrap();
    assert!((value / written - 1.0).abs() < 5e-4, "{value} is not {written}");
}

/// Refused with exit code 2, one line and these words in it.
#[track_caller]
fn refused(words: &str, what: &str) -> Run {
    let run = call(words);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{words}: {}", run.err);
    assert!(run.err.contains(what), "{words}: {}", run.err);
    run
}

#[test]
fn a_dollar_per_hour_over_a_rate_is_the_published_form() {
    let cost = json("cost --tokens-per-s 2000 --usd-per-hour 1.69");
    four_digits(&cost["usd_per_mtok"], 0.2347);
    // The same hour as a preset, stated with its source and date.
    let preset = json("cost --tokens-per-s 2000 --preset h100-neocloud");
    assert_eq!(preset["usd_per_mtok"], cost["usd_per_mtok"]);
    assert_eq!(preset["hour"]["way"], "preset");
    assert_eq!(preset["hour"]["preset"]["date"], "2026-04-03");
    assert!(preset["hour"]["preset"]["source"].as_str().unwrap().contains("InferenceX-app"));
}

#[test]
fn input_and_output_share_the_hour_and_add_up_to_the_request() {
    let shown = json(WORK)["workload"].clone();
    let cost = &shown["cost"];
    four_digits(&cost["usd_per_mtok_in"], 0.02222);
    four_digits(&cost["usd_per_mtok_out"], 0.1736);
    four_digits(&cost["usd_per_mtok_blended"], 0.07269);
    four_digits(&cost["output_tokens_per_s"], 2548.0);
    four_digits(&cost["whole_hour_usd_per_mtok_in"], 0.1090);
    four_digits(&cost["whole_hour_usd_per_mtok_out"], 0.2181);
    four_digits(&shown["tpot_ms"], 25.12);
    assert_eq!(shown["input_output_ratio"], 2.0);
    let usd = |name: &str| shown["request"][name].as_f64().unwrap();
    four_digits(&shown["request"]["request_usd"], 0.0001090);
    assert!((usd("input_usd") + usd("output_usd") - usd("request_usd")).abs() < 1e-18);
    assert!((usd("device_time_usd") / usd("request_usd") - 1.0).abs() < 1e-12);
}

#[test]
fn rates_of_a_device_that_does_one_thing_give_the_same_costs() {
    let rates = "cost --input-tokens-per-s 25000 --output-tokens-per-s 3200 --usd-per-hour 2";
    let steps = json(WORK)["workload"]["cost"].clone();
    let same = |cost: &Value| {
        for name in ["usd_per_mtok_in", "usd_per_mtok_out", "usd_per_mtok_blended"] {
            four_digits(&cost[name], steps[name].as_f64().unwrap());
        }
    };
    same(&json(&format!("{rates} --isl 1000 --osl 500"))["workload"]["cost"]);
    let by_ratio = json(&format!("{rates} --ratio 2"))["workload"].clone();
    same(&by_ratio["cost"]);
    assert_eq!((&by_ratio["request"], &by_ratio["tpot_ms"]), (&Value::Null, &Value::Null));
    // Two devices, half the load: four times the cost.
    let quarter = json(&format!("{rates} --ratio 2 --gpus 2 --utilisation 0.5"))["workload"]["cost"].clone();
    four_digits(&quarter["usd_per_mtok_out"], 4.0 * 0.1736);
}

#[test]
fn cached_input_is_paid_at_its_own_cost() {
    let input = |options: &str| {
        let cost = json(&format!("{WORK} {options}"))["workload"]["cost"]["usd_per_mtok_in"].clone();
        cost.as_f64().unwrap() / 0.022_222_222_222_222_223
    };
    assert!((input("--cached 0.75") - 0.25).abs() < 1e-12);
    assert!((input("--cached 0.75 --cached-cost 0.1") - 0.325).abs() < 1e-12);
    assert!((input("--cached 0.75 --cached-cost 1") - 1.0).abs() < 1e-12);
}

#[test]
fn a_lease_and_a_share_break_even_at_the_worked_loads() {
    let at = |share: f64| json(&format!("{LEASE} --share {share}"));
    let nine = at(0.9);
    four_digits(&nine["full_load_revenue_usd_per_hour"], 3.240);
    four_digits(&nine["lease_pays_from_load"], 0.7253);
    four_digits(&nine["break_even_load"], 0.8059);
    four_digits(&at(0.6)["break_even_load"], 1.209);
    let never = call(&format!("{LEASE} --share 0.6")).ok().out;
    assert!(never.contains("never brings the provider the lease"), "{never}");
}

#[test]
fn each_side_prefers_what_the_other_does_not() {
    let at = |load: f64| json(&format!("{LEASE} --share 0.9 --utilisation {load} --load-sigma 0.1"));
    assert_eq!(at(0.80)["tenant_prefers"], "share");
    assert_eq!(at(0.81)["tenant_prefers"], "lease");
    let shown = at(0.5);
    four_digits(&shown["at_load"]["provider_share_usd_per_hour"], 1.458);
    four_digits(&shown["at_load"]["tenant_lease_usd_per_hour"], -0.73);
    four_digits(&shown["provider_share_sigma_usd_per_hour"], 0.2916);
    assert_eq!(shown["provider_lease_sigma_usd_per_hour"], 0.0);
}

#[test]
fn drift_moves_the_break_even_over_a_horizon() {
    let over = |options: &str| {
        json(&format!("{LEASE} --share 0.9 --horizon-months 24 {options}"))["over_horizon"].clone()
    };
    four_digits(&over("")["break_even_load_today"], 0.8059);
    // Price −3 % a month: 24 / ∫ 0.97^t dt = 1.4075 times the load, which no device carries.
    assert_eq!(over("--price-drift -3%")["break_even_load_today"], Value::Null);
    // Software against it: 0.97 · 1.03 = 0.9991; 24 / ∫ = 1.0108.
    four_digits(&over("--price-drift -3% --software-drift 3%")["break_even_load_today"], 0.8147);
    let growing = over("--load-drift 5% --utilisation 0.5");
    four_digits(&growing["full_after_months"], 14.21);
    let (share, lease) = (growing["share_usd"].as_f64().unwrap(), growing["lease_usd"].as_f64().unwrap());
    // 0.9 · 3.24 · 730 · (0.5/ln 1.05 · (2 − 1) + 24 − 14.2067).
    assert!(
        (share / (0.9 * 3.24 * 730.0 * (0.5 / 1.05f64.ln() + 24.0 - 2f64.ln() / 1.05f64.ln())) - 1.0).abs()
            < 1e-9
    );
    assert!((lease / (2.35 * 730.0 * 24.0) - 1.0).abs() < 1e-12);
}

#[test]
fn an_owned_hour_has_the_worked_parts() {
    let shown = json(&format!("{OWNED} --utilisation 0.6 --tokens-per-s 3000"));
    four_digits(&shown["capital_usd_per_hour"], 1.192);
    four_digits(&shown["hosting_usd_per_hour"], 0.15);
    four_digits(&shown["maintenance_usd_per_hour"], 0.1027);
    four_digits(&shown["power_usd_per_hour"], 0.104);
    four_digits(&shown["usd_per_hour"], 1.549);
    four_digits(&shown["usd_per_mtok"], 0.2390);
    four_digits(&shown["power_usd_per_mtok"], 1.3 * 0.08 / (3000.0 * 3.6e-3 * 0.6));
    assert_eq!(shown["against_rent"], Value::Null);
    // The same device in `mtok cost`.
    let cost = json(&format!("{} --utilisation 0.6 --tokens-per-s 3000", OWNED.replacen("own", "cost", 1)));
    assert_eq!(cost["usd_per_mtok"], shown["usd_per_mtok"]);
    assert_eq!(cost["hour"]["owned"]["power_usd_per_hour"], shown["power_usd_per_hour"]);
}

#[test]
fn owning_is_set_beside_a_rent() {
    let shown = json(&format!("{OWNED} --utilisation 0.6 --usd-per-hour 3"));
    // An idle device draws as much as a busy one: 1.5489 / 3.
    four_digits(&shown["against_rent"]["break_even_utilisation"], 0.5163);
    four_digits(&shown["against_rent"]["break_even_hours_per_month"], 0.5163 * 730.0);
    four_digits(&shown["against_rent"]["owned_over_rent"], 0.5163);
    four_digits(&shown["against_rent"]["saved_usd_per_hour"], 1.443);
    let months = shown["against_rent"]["months_to_recover"].as_f64().unwrap();
    // 39,000 as an annuity of so many months at 1.08^(1/12) − 1 costs what is saved a month.
    let rate = 1.08f64.powf(1.0 / 12.0) - 1.0;
    let annuity = 39_000.0 * rate / (1.0 - (1.0 + rate).powf(-months));
    assert!((annuity / (1.443_260_273_972_602_6 * 730.0) - 1.0).abs() < 1e-9, "{months}");
    let lines = call(&format!("{OWNED} --utilisation 0.6 --usd-per-hour 3 --csv")).ok().out;
    // Every key of the comparison is a line as well.
    for key in shown["against_rent"].as_object().unwrap().keys() {
        assert!(lines.contains(&format!("\n{key},")), "{key} is not in {lines}");
    }
    let cheap = json(&format!("{OWNED} --utilisation 0.6 --usd-per-hour 0.4"));
    assert_eq!(cheap["against_rent"]["months_to_recover"], Value::Null);
    assert!(cheap["against_rent"]["break_even_utilisation"].as_f64().unwrap() > 1.0);
    let said = call(&format!("{OWNED} --usd-per-hour 0.4")).ok().out.replace('\n', " ");
    assert!(said.contains("costs less at any utilisation"), "{said}");
}

#[test]
fn every_input_of_an_owned_hour_says_where_it_comes_from() {
    let shown = json(
        "own --preset h100-own --capex-usd 30000 --capital 8% --hosting-usd-per-hour 0 --maintenance 0 --usd-per-kwh 0.1",
    );
    let from = |figure: &str| {
        let inputs = shown["inputs"].as_array().unwrap();
        inputs.iter().find(|line| line["figure"] == figure).unwrap()["from"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (&*from("capex_usd"), &*from("kw"), &*from("years")),
        ("typed", "preset h100-own", "preset h100-own")
    );
    assert!(from("pue").starts_with("default: ") && from("pue").contains("Uptime Institute"));
    assert_eq!(shown["preset"]["date"], "2026-04-03");
    let lines = call(
        "own --preset h100-own --kw 2 --capex-usd 30000 --capital 8% --hosting-usd-per-hour 0 --maintenance 0 \
         --usd-per-kwh 0.1 --csv",
    );
    assert!(lines.ok().out.contains("\nkw,2.0,kW,typed\n"), "an option goes before the preset");
}

#[test]
fn the_hour_says_which_it_is_and_what_made_it_dearer() {
    let hour = |options: &str| json(&format!("cost --tokens-per-s 1000 {options}"))["hour"].clone();
    let spot = hour("--usd-per-hour 1 --mtbf-h 10 --restart-h 0.5 --lost-work 0.16");
    assert_eq!((&spot["way"], &spot["asked_usd_per_hour"]), (&"spot".into(), &1.0.into()));
    four_digits(&spot["usd_per_hour"], 1.25);
    four_digits(&spot["interruptions_usd_per_hour"], 0.25);
    let reserved = hour("--usd-per-hour 1 --upfront-usd 8760 --term-months 12 --capital 0");
    assert_eq!(reserved["way"], "reserved");
    four_digits(&reserved["usd_per_hour"], 2.0);
    four_digits(&reserved["upfront_usd_per_hour"], 1.0);
    let before = hour("--usd-per-hour 0 --upfront-usd 8760 --term-months 12 --capital 0");
    four_digits(&before["usd_per_hour"], 1.0);
    assert_eq!(before["asked_usd_per_hour"], 0.0);
    // A quarter paid before costs its capital only.
    let rental = hour("--preset h200-rental-3y --capital 0");
    four_digits(&rental["usd_per_hour"], 1.60);
    four_digits(&rental["asked_usd_per_hour"], 1.20);
    assert!(hour("--preset h200-rental-3y --capital 8%")["usd_per_hour"].as_f64() > Some(1.64));
    let parts = json(
        "cost --tokens-per-s 1000 --usd-per-hour 3.6 --utilisation-parts daily=0.6,scheduling=0.9,available=0.98",
    );
    four_digits(&parts["utilisation"], 0.5292);
    four_digits(&parts["usd_per_mtok"], 1.0 / 0.5292);
    assert_eq!(parts["utilisation_parts"].as_array().unwrap().len(), 3);
}

#[test]
fn a_file_of_rates_is_priced_at_any_hour() {
    let here = folder();
    let file = write(here.path(), "r.csv", "tokens_per_s\n1000\n");
    let words =
        ["cost", "--from", &file, "--json", "--usd-per-hour", "3.6", "--mtbf-h", "10", "--restart-h", "1"];
    let shown = run(mtok(&words)).ok().json();
    four_digits(&shown["rows"][0]["usd_per_mtok"], 1.1);
    assert!(shown["warnings"].to_string().contains("spot hour of 3.96 USD per device (3.60 asked"));
    let words =
        ["cost", "--from", &file, "--usd-per-hour", "1", "--utilisation-parts", "daily=0.5,available=0.9"];
    let shown = run(mtok(&words)).ok().out;
    assert!(shown.contains("the utilisation is daily 0.5 x available 0.9"), "{shown}");
    let words = ["cost", "--from", &file, "--usd-per-hour", "1", "--isl", "1", "--osl", "1"];
    assert!(run(mtok(&words)).err.contains("--isl is of a workload"));
}

#[test]
fn contradicting_options_are_refused_with_the_reason() {
    let rate = "cost --tokens-per-s 1000";
    for (options, why) in [
        (
            "--usd-per-hour 1 --mtbf-h 9 --restart-h 1 --upfront-usd 5 --term-months 9",
            "can be taken back at any time",
        ),
        (
            "--usd-per-hour 1 --mtbf-h 9 --restart-h 1 --term-months 9",
            "a reserved one is paid for its whole term",
        ),
        ("--preset h100-own --usd-per-hour 1", "who owns the device pays no rent"),
        ("--capex-usd 30000 --hardware x", "who owns the device pays no rent"),
        ("--kw 1 --mtbf-h 9 --restart-h 1", "neither spot nor reserved"),
        ("--kw 1 --upfront-usd 9", "neither spot nor reserved"),
        ("--preset h100-neocloud --hardware x", "each names a price of the hour"),
        ("--preset h100-neocloud --mtbf-h 9 --restart-h 1", "is no spot price"),
        ("--preset h100-neocloud --upfront-usd 9 --term-months 9", "is a whole hour already"),
        (
            "--preset h100-neocloud --capex-usd 30000",
            "is the hour of a neocloud, not an owned device; h100-own is",
        ),
        ("--usd-per-hour 1 --capital 8%", "nothing is paid before here"),
        ("--preset h100-neocloud --as-of 2026-11-01", "the day of --hardware's rents"),
        ("--usd-per-hour 1 --utilisation 0.5 --utilisation-parts daily=0.5", "the product of the parts"),
        ("--usd-per-hour 1 --cached 0.5", "is of a workload"),
        ("--usd-per-hour 1 --ratio 3", "is of a workload"),
        ("--usd-per-hour 1 --step-ms 1 --batch 1 --prefill-us-per-token 1", "cannot be used with"),
    ] {
        refused(&format!("{rate} {options}"), why);
    }
    refused(&format!("{WORK} --ratio 3"), "the request has a ratio already");
    refused(&format!("{LEASE} --share 0.5 --price-drift -3%"), "over how long");
    refused(&format!("{LEASE} --share 0.5 --preset h100-neocloud --hardware x"), "cannot be used with");
    refused("lease --preset h100-own --tokens-per-s 1 --usd-per-mtok 1 --share 0.5", "nobody leases it out");
    refused(
        "lease --preset h100-neocloud --hardware x --tokens-per-s 1 --usd-per-mtok 1 --share 0.5",
        "each names",
    );
    refused(&format!("{OWNED} --preset h100-rental-3y"), "not an owned device; h100-own is");
    refused(&format!("{OWNED} --gpus 2"), "--tokens-per-s");
}

#[test]
fn what_is_missing_is_asked_for_and_never_becomes_zero() {
    let all =
        refused("own", "--capex-usd, --capital, --hosting-usd-per-hour, --maintenance, --kw, --usd-per-kwh");
    assert_eq!(all.err.lines().count(), 1, "{}", all.err);
    refused("own --preset h100-own --capital 8%", "the preset h100-own has no price of the device");
    refused("cost --tokens-per-s 1", "give --usd-per-hour USD or --hardware NAME, --preset NAME");
    refused("cost --tokens-per-s 1 --mtbf-h 9 --restart-h 1", "give --usd-per-hour USD");
    refused("cost --tokens-per-s 1 --usd-per-hour 1 --mtbf-h 9", "needs --mtbf-h and --restart-h");
    refused(
        "cost --tokens-per-s 1 --usd-per-hour 1 --term-months 9",
        "needs --upfront-usd, --term-months and --capital",
    );
    refused("cost --tokens-per-s 1 --usd-per-hour 1 --term-months 9 --upfront-usd 9", "and --capital: what");
    refused("cost --tokens-per-s 1 --usd-per-hour 0", "usd_per_hour 0 is not a finite number > 0");
    refused("cost --tokens-per-s 1 --usd-per-hour 0 --mtbf-h 9 --restart-h 1", "usd_per_hour 0 is not");
    refused("lease --tokens-per-s 1 --usd-per-mtok 1 --share 0.5 --usd-per-hour 0", "usd_per_hour 0 is not");
    refused(&format!("{OWNED} --usd-per-hour 0"), "usd_per_hour 0 is not");
    refused("cost --step-ms 1 --usd-per-hour 1", "--batch");
    refused("cost --input-tokens-per-s 1 --ratio 1 --usd-per-hour 1", "--output-tokens-per-s");
    refused(
        "cost --input-tokens-per-s 1 --output-tokens-per-s 1 --usd-per-hour 1",
        "needs --isl and --osl, or --ratio",
    );
    refused("lease --tokens-per-s 1 --usd-per-mtok 1 --share 0.5", "give the lease");
    refused("lease --usd-per-hour 1 --tokens-per-s 1 --share 0.5", "--usd-per-mtok");
    refused("own --preset h100-onw", "did you mean h100-own");
    refused("cost --tokens-per-s 1 --preset h100", "did you mean ");
}

#[test]
fn hostile_numbers_are_refused_and_give_no_number() {
    let calls = [
        (
            OWNED,
            "capex-usd overhead residual-usd capital years hosting-usd-per-hour maintenance kw pue usd-per-kwh idle",
        ),
        (WORK, "step-ms prefill-us-per-token usd-per-hour batch isl osl"),
        (LEASE, "usd-per-hour tokens-per-s usd-per-mtok"),
    ];
    for (words, options) in calls {
        for option in options.split(' ') {
            for bad in ["NaN", "inf", "-inf", "-1", "1e999", "x", ""] {
                let share = if words == LEASE { " --share 0.5" } else { "" };
                let words = words.split(&format!(" --{option} ")).collect::<Vec<_>>();
                let rest = words.get(1).and_then(|rest| rest.split_once(' ')).map_or("", |(_, rest)| rest);
                let bad = format!("--{option}={bad}");
                refused(&format!("{} {rest} {bad}{share}", words[0]), &format!("--{option}"));
            }
        }
    }
    for (words, zero) in [(OWNED, "years"), (WORK, "step-ms"), (LEASE, "usd-per-mtok")] {
        let replaced = replaced(words, zero, "0");
        refused(
            &format!("{replaced} {}", if words == LEASE { "--share 0.5" } else { "" }),
            &format!("--{zero}"),
        );
    }
}

/// The words with another value of an option.
fn replaced(words: &str, option: &str, value: &str) -> String {
    let (before, after) = words.split_once(&format!("--{option} ")).unwrap();
    let rest = after.split_once(' ').map_or("", |(_, rest)| rest);
    format!("{before}--{option} {value} {rest}")
}

#[test]
fn numbers_far_out_of_range_give_a_sentence_and_no_infinity() {
    for words in [
        replaced(OWNED, "capex-usd", "1e308"),
        replaced(OWNED, "kw", "1e308") + " --usd-per-kwh=1e308",
        replaced(OWNED, "capital", "1e308"),
        replaced(OWNED, "residual-usd", "1e308"),
        replaced(OWNED, "years", "1e-320"),
        format!("{OWNED} --usd-per-hour 1e308"),
        replaced(WORK, "usd-per-hour", "1e308") + " --gpus 4000000000",
        replaced(WORK, "step-ms", "1e308"),
        replaced(LEASE, "usd-per-mtok", "1e308") + " --share 0.5",
        replaced(LEASE, "usd-per-hour", "1e308") + " --share 0.5 --gpus 4000000000",
        format!("{LEASE} --share 1e-320"),
        format!("{LEASE} --share 0.5 --horizon-months 1e308 --load-drift 5%"),
        format!("{LEASE} --share 0.5 --horizon-months 1200 --price-drift 1e300"),
        format!("{LEASE} --share 0.5 --horizon-months 1e300 --price-drift -99%"),
    ] {
        let words = words.replace("--usd-per-kwh 0.08 --usd-per-kwh=1e308", "--usd-per-kwh 1e308");
        let run = call(&format!("{words} --json"));
        assert!(matches!(run.code, Some(0 | 2)) && !run.err.contains("panicked"), "{words}: {}", run.err);
        if run.code == Some(0) {
            run.json();
            assert!(!run.out.contains("inf") && !run.out.contains("NaN"), "{words}: {}", run.out);
        } else {
            assert_eq!(run.err.lines().count(), 1, "{words}: {}", run.err);
        }
    }
}

#[test]
fn every_form_has_the_same_figures() {
    let work = format!("{WORK} --cached 0.5");
    let lease = format!("{LEASE} --share 0.9 --utilisation 0.5 --load-sigma 0.1 --horizon-months 9");
    for words in [OWNED, &work, &lease, &format!("{OWNED} --usd-per-hour 3 --tokens-per-s 9")] {
        let grid = Grid::of(&call(&format!("{words} --csv")).ok().out);
        assert_eq!(grid.rows[0], ["figure", "value", "unit", "from"]);
        let figures: Vec<&str> = grid.rows[1..].iter().map(|row| row[0].as_str()).collect();
        let distinct: std::collections::BTreeSet<_> = figures.iter().collect();
        assert_eq!(distinct.len(), figures.len(), "{figures:?}");
        let table = call(words).ok().out;
        let markdown = call(&format!("{words} --markdown")).ok().out;
        let shown = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for figure in figures {
            let figure = figure.replace('_', " ");
            assert!(shown(&markdown).contains(&figure), "{figure} is not in {markdown}");
        }
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }
}

#[test]
fn presets_of_a_folder_take_the_place_of_the_bundled_ones_and_are_inert() {
    let here = folder();
    let folder = here.path().display().to_string();
    let words = ["cost", "--tokens-per-s", "1000", "--data", &folder, "--preset", "mine"];
    let header = "name,gpu,kind,usd_per_hour,capex_usd,kw,date,source,note\n";
    write(
        here.path(),
        "presets.csv",
        format!("{header}mine,\u{1b}[31mG,neocloud,3.6,,,2026-01-01,=s|<b>,\u{202e}n\n"),
    );
    for form in ["--json", "--csv", "--markdown", "--gpus=1"] {
        let out = run(mtok(&[&words[..], &[form]].concat())).ok().out;
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{form}: {out:?}");
        assert!(form != "--markdown" || !out.contains("<b>"), "{out}");
    }
    write(here.path(), "presets.csv", format!("{header}mine,G,neocloud,0,,,2026-01-01,s,\n"));
    let broken = run(mtok(&words));
    assert_eq!(broken.code, Some(2));
    assert!(
        broken.complaint().contains("presets.csv:2:4: usd_per_hour \"0\" is not a finite number > 0"),
        "{}",
        broken.err
    );
}

#[test]
fn an_interruption_raises_the_price_of_spot_and_of_no_other_kind_of_rent() {
    let folder = folder();
    let head = "hardware,provider,kind,region,usd_per_hour,date,basis,source\n";
    let rows = "H100 SXM,a,on-demand,,4,2026-10-01,list,p\nH100 SXM,a,spot,,2,2026-10-01,list,p\n";
    write(folder.path(), "rentals.csv", format!("{head}{rows}"));
    let data = folder.path().to_str().unwrap();
    let asked = |options: &str| {
        let mut words: Vec<&str> =
            "cost --tokens-per-s 1000 --as-of 2026-11-01 --json --hardware".split(' ').collect();
        words.push("H100 SXM");
        words.extend(options.split_whitespace());
        words.extend(["--data", data]);
        run(mtok(&words))
    };
    let spot = asked("--mtbf-h 10 --restart-h 1").ok().json();
    four_digits(&spot["hour"]["asked_usd_per_hour"], 2.0);
    four_digits(&spot["hour"]["usd_per_hour"], 2.2);
    assert_eq!(spot["hour"]["rental_kind"], "spot");
    four_digits(&asked("").ok().json()["usd_per_hour"], 4.0);
    four_digits(&asked("--kind spot").ok().json()["usd_per_hour"], 2.0);
    let reserved = asked("--upfront-usd 100 --term-months 12 --capital 8%");
    assert!(
        reserved.code == Some(2) && reserved.err.contains("no reserved rent of H100 SXM is known"),
        "{}",
        reserved.err
    );
}
