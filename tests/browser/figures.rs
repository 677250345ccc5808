//! The page computes what the core computes.

use std::sync::Arc;

use jiff::civil::date;
use mtok::market::decide::{Decision, Terms, Times, decide};
use mtok::market::tornado::tornado;
use mtok::price::Mix;
use mtok::price::token::{Market, SellerVote};
use mtok::stats::random::Random;
use mtok::text::{UNKNOWN, inert, significant};
use mtok::units::{Interval, Seconds, UsdPerHour, UsdPerMtok};
use serde_json::{Value, json};

use crate::driver::{Browser, browser};
use crate::page::{Page, example, gaps};

/// Sums in another order may differ by this share.
const TOLERANCE: f64 = 1e-9;

/// What the controls are set to.
#[derive(Clone, Debug)]
struct Setting {
    case: usize,
    rent: f64,
    utilisation: f64,
    ratio: f64,
    cached: f64,
    policy: String,
}

/// A case as the page's data have it.
struct Case<'d> {
    data: &'d Value,
    sellers: &'d [Value],
}

impl<'d> Case<'d> {
    fn of(page: &'d Page, case: usize) -> Self {
        let data = &page.data["cases"][case];
        let market = data["market"].as_u64().map(|market| &page.data["markets"][market as usize]);
        let sellers = market.map_or(&[][..], |market| market["sellers"].as_array().unwrap());
        Self { data, sellers }
    }

    fn number(&self, name: &str) -> f64 {
        self.data[name].as_f64().unwrap()
    }

    /// The report's own setting.
    fn own(&self, case: usize) -> Setting {
        Setting {
            case,
            rent: self.data["usd_per_hour"]["mid"].as_f64().unwrap(),
            utilisation: self.number("utilisation"),
            ratio: self.number("ratio"),
            cached: self.number("cached"),
            policy: self.data["policy"].as_str().unwrap().to_owned(),
        }
    }

    fn interval(&self, name: &str) -> Interval<f64> {
        let end = |end: &str| self.data[name][end].as_f64().unwrap();
        Interval { low: end("low"), mid: end("mid"), high: end("high") }
    }

    fn times(&self) -> Times {
        Times {
            input_s_per_token: self.interval("input_s_per_token").map(Seconds),
            output_s_per_token: self.interval("output_s_per_token").map(Seconds),
            cached: self.number("cached_measured"),
        }
    }

    fn terms(&self, setting: &Setting) -> Terms {
        let own = self.own(0);
        let range = self.interval("usd_per_hour");
        let rent = if setting.rent == own.rent { range } else { Interval::exactly(setting.rent) };
        Terms {
            gpus: self.number("gpus"),
            usd_per_hour: rent.map(UsdPerHour),
            utilisation: setting.utilisation,
            utilisation_stated: self.data["utilisation_stated"] == json!(true)
                || setting.utilisation != own.utilisation,
            mix: Mix::new(setting.ratio).unwrap().with_cached(setting.cached).unwrap(),
            policy: setting.policy.parse().unwrap(),
        }
    }

    /// The market; `None` where nobody sells the weights.
    fn market(&self, mix: Mix) -> Option<Market> {
        let decimal = |value: &Value| value.to_string().parse().unwrap();
        let vote = |seller: &Value| SellerVote {
            seller: Arc::from(seller["seller"].as_str().unwrap()),
            listing: Arc::from(seller["listing"].as_str().unwrap()),
            input: decimal(&seller["input"]),
            output: decimal(&seller["output"]),
            cache_read: Some(&seller["cache_read"]).filter(|price| !price.is_null()).map(decimal),
            blended: UsdPerMtok(f64::NAN),
            date: date(2026, 1, 1),
            file: Arc::from(""),
            line: 0,
            source: Arc::from(""),
        };
        let market = Market {
            model: self.data["model"].as_str().unwrap().to_owned(),
            mix,
            votes: self.sellers.iter().map(vote).collect(),
            median_blended: UsdPerMtok(f64::NAN),
            median_input: 0.into(),
            median_output: 0.into(),
            oldest: date(2026, 1, 1),
            newest: date(2026, 1, 1),
            stale_days: None,
        };
        (!market.votes.is_empty()).then_some(market)
    }
}

/// What the page shows of a figure.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    name: String,
    text: String,
    /// Value, low and high end; unknown where empty.
    values: [Option<f64>; 3],
}

/// Sets the controls as a person does, from top to bottom, and answers what the page then shows.
const SET: &str = "
    const set = (id, value) => {
        const control = document.getElementById(id);
        control.value = value;
        control.dispatchEvent(new Event('input', { bubbles: true }));
        control.dispatchEvent(new Event('change', { bubbles: true }));
    };
    const read = () => ({
        figures: [...document.querySelectorAll('#answer [data-figure]:not(button)')].map((it) =>
            [it.dataset.figure, it.textContent, it.dataset.value, it.dataset.low, it.dataset.high]),
        reason: document.querySelector('#reason').textContent,
        error: document.querySelector('#controls-error').textContent,
        tornado: [...document.querySelectorAll('#tornado-table tbody tr')].map((row) =>
            [...row.cells].map((cell) => [cell.textContent.trim(), cell.dataset.value ?? null])),
    });";

fn set(settings: &[Setting]) -> (String, Value) {
    let body = format!(
        "{SET} return arguments[0].map((setting) => {{
            Object.entries(setting).forEach(([id, value]) => set(id, value));
            return read();
        }});"
    );
    // The keys of an object of the page come in the order in which they are written here.
    let settings = settings.iter().map(|it| {
        json!([
            ["case", it.case.to_string()],
            ["rent", it.rent.to_string()],
            ["utilisation", it.utilisation.to_string()],
            ["ratio", it.ratio.to_string()],
            ["cached", it.cached.to_string()],
            ["policy", it.policy]
        ])
    });
    (body.replace("Object.entries(setting)", "setting"), settings.collect())
}

fn number(text: &Value) -> Option<f64> {
    text.as_str().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}

fn figures(shown: &Value) -> Vec<Shown> {
    let figure = |it: &Value| Shown {
        name: it[0].as_str().unwrap().to_owned(),
        text: it[1].as_str().unwrap().to_owned(),
        values: if it[0] == "verdict" { [None; 3] } else { [&it[2], &it[3], &it[4]].map(number) },
    };
    shown["figures"].as_array().unwrap().iter().map(figure).collect()
}

#[track_caller]
fn assert_near(case: &str, shown: Option<f64>, expected: f64) {
    let shown = shown.unwrap_or_else(|| panic!("{case}: unknown instead of {expected}"));
    assert!((shown - expected).abs() <= TOLERANCE * expected.abs(), "{case}: {shown} instead of {expected}");
}

/// What the core has for the figures of the page; the verdict apart.
fn expected(decision: &Decision) -> Vec<(&'static str, Interval<f64>)> {
    let usd = |interval: Interval<UsdPerMtok>| interval.map(|usd| usd.0);
    let even = decision.break_even;
    vec![
        ("usd_per_mtok_blended", usd(decision.cost.blended)),
        ("usd_per_mtok_in", usd(decision.cost.input)),
        ("usd_per_mtok_out", usd(decision.cost.output)),
        ("market_usd_per_mtok", usd(decision.price)),
        ("cost_over_price", decision.cost_over_price),
        ("break_even_utilisation", Interval::exactly(even.utilisation)),
        ("break_even_usd_per_hour", Interval::exactly(even.usd_per_hour.0)),
        ("break_even_mtok_per_month", Interval::exactly(decision.break_even_mtok_per_month)),
    ]
}

#[track_caller]
fn assert_shows(page: &Page, setting: &Setting, shown: &Value) {
    let case = Case::of(page, setting.case);
    let terms = case.terms(setting);
    let figures = figures(shown);
    let of = |name: &str| figures.iter().find(|figure| figure.name == name).unwrap();
    assert_eq!(shown["error"], "", "{setting:?}");
    let Some(market) = case.market(terms.mix) else {
        for name in
            ["market_usd_per_mtok", "cost_over_price", "break_even_utilisation", "break_even_usd_per_hour"]
        {
            assert_eq!(
                (of(name).text.as_str(), of(name).values),
                (UNKNOWN, [None; 3]),
                "{setting:?}: {name}"
            );
        }
        assert_eq!(shown["tornado"], json!([]), "{setting:?}");
        let cost = mtok::market::decide::cost(case.times().with_cached(setting.cached), &terms).unwrap();
        assert_near(&format!("{setting:?}"), of("usd_per_mtok_blended").values[0], cost.blended.mid.0);
        return;
    };
    let decision = decide(case.times(), &terms, &market).unwrap();
    for (name, interval) in expected(&decision) {
        let context = format!("{setting:?}: {name}");
        let shown = of(name);
        assert_near(&context, shown.values[0], interval.mid);
        assert_near(&context, shown.values[1], interval.low);
        assert_near(&context, shown.values[2], interval.high);
        assert_eq!(shown.text, significant(interval.mid), "{context}");
    }
    assert_eq!(of("verdict").text, decision.verdict.to_string(), "{setting:?}");
    assert_eq!(shown["reason"], inert(&decision.reason), "{setting:?}");
    let bars = tornado(case.times(), &terms, &market).unwrap();
    let rows = shown["tornado"].as_array().unwrap();
    assert_eq!(rows.len(), bars.len());
    for (row, bar) in rows.iter().zip(bars) {
        let context = format!("{setting:?}: {}", bar.lever);
        assert_eq!(row[0][0], bar.lever.name(), "{context}");
        for (cell, expected) in [(1, bar.value), (2, bar.at_low), (3, bar.at_high), (4, bar.swing())] {
            let shown: f64 = row[cell][1].as_str().unwrap().parse().unwrap();
            // A difference of two ends is as exact as they are.
            let size = if cell == 4 { bar.at_low } else { expected };
            assert!(
                (shown - expected).abs() <= TOLERANCE * size.abs(),
                "{context}: {shown} instead of {expected}"
            );
        }
        let texts = [2, 3].map(|cell| row[cell][0].as_str().unwrap().to_owned());
        assert_eq!(texts, [bar.at_low, bar.at_high].map(significant), "{context}");
    }
}

/// A setting by chance; one in four keeps the report's own rent, whose range then counts, or its utilisation.
fn by_chance(page: &Page, random: &mut Random, case: usize, policy: &str) -> Setting {
    let own = Case::of(page, case).own(case);
    let rent = (random.unit() * 6.0 - 3.0).exp();
    let utilisation = 0.01 + 0.99 * random.unit();
    Setting {
        rent: if random.below(4) == 0 { own.rent } else { rent },
        utilisation: if random.below(4) == 0 { own.utilisation } else { utilisation },
        ratio: if random.below(8) == 0 { 0.0 } else { 30.0 * random.unit() },
        cached: if random.below(4) == 0 { 0.0 } else { 0.99 * random.unit() },
        policy: policy.to_owned(),
        ..own
    }
}

/// Every case under every policy, those of each seller by name included, and more by chance.
fn settings(page: &Page) -> Vec<Setting> {
    let mut random = Random::new(7);
    let mut settings = Vec::new();
    for case in 0..page.data["cases"].as_array().unwrap().len() {
        let sellers = Case::of(page, case).sellers.iter().map(|seller| seller["seller"].as_str().unwrap());
        let known: Vec<&str> = ["median", "cheapest"].into_iter().chain(sellers).collect();
        settings.push(Case::of(page, case).own(case));
        settings.extend(known.iter().map(|policy| by_chance(page, &mut random, case, policy)));
        for _ in 0..10 {
            let policy = known[random.below(known.len())];
            settings.push(by_chance(page, &mut random, case, policy));
        }
    }
    settings
}

#[test]
fn controls_change_the_figures_to_what_the_core_computes() {
    let Some(browser) = browser() else { return };
    for page in [example(), gaps()] {
        assert!(settings(page).len() >= 40);
        assert_computes(page, &browser);
        assert_eq!(browser.errors(), Vec::<Value>::new());
    }
}

/// Opens a page, sets its controls in many ways and compares all that it shows with the core.
#[track_caller]
pub fn assert_computes(page: &Page, browser: &Browser) {
    page.open(browser, 1280);
    let settings = settings(page);
    let (body, arguments) = set(&settings);
    let shown = browser.js(&body, arguments);
    for (setting, shown) in settings.iter().zip(shown.as_array().unwrap()) {
        assert_shows(page, setting, shown);
    }
}

#[test]
fn the_verdicts_of_random_settings_are_of_every_kind() {
    let page = example();
    let verdict = |setting: &Setting| {
        let case = Case::of(page, setting.case);
        let terms = case.terms(setting);
        decide(case.times(), &terms, &case.market(terms.mix).unwrap()).unwrap().verdict.to_string()
    };
    let verdicts: std::collections::BTreeSet<String> = settings(page).iter().map(verdict).collect();
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
}

#[test]
fn reset_brings_back_the_figures_that_are_there_without_scripts() {
    let Some(browser) = browser() else { return };
    for page in [example(), gaps()] {
        let read = format!("(() => {{ {SET} return JSON.stringify(read()); }})()");
        browser.open_without_scripts(&page.path, 1280);
        let without: Value = serde_json::from_str(&browser.evaluate(&read)).unwrap();
        assert_eq!(browser.evaluate("document.body.dataset.ready ?? 'no'"), "no");
        let chosen = page.data["chosen"].as_u64().unwrap() as usize;
        assert_shows(page, &Case::of(page, chosen).own(chosen), &without);

        page.open(&browser, 1280);
        let loaded = browser.js(&format!("{SET} return read()"), Value::Null);
        let own =
            Setting { rent: 0.123, utilisation: 0.456, ratio: 7.0, cached: 0.5, ..Case::of(page, 0).own(0) };
        let (body, arguments) = set(&[own]);
        let changed = browser.js(&body, arguments)[0].clone();
        assert_ne!(figures(&changed), figures(&loaded));
        let reset = browser
            .js(&format!("{SET} document.querySelector('#reset').click(); return read()"), Value::Null);
        for shown in [&loaded, &reset] {
            assert_eq!(figures(shown), figures(&without));
            assert_eq!((&shown["reason"], &shown["tornado"]), (&without["reason"], &without["tornado"]));
        }
    }
}
