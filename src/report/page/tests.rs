use std::collections::BTreeSet;

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::civil::date;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;
use crate::market::Policy;
use crate::market::compare::{CompareInput, Rent, compare};
use crate::market::decide::decide;
use crate::market::figure;
use crate::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, Verification,
};
use crate::op::{Format, Op};
use crate::price::Mix;
use crate::price::token::{Market, market, read_tokens};
use crate::throughput::{Device, Estimate, Workload, estimate};

/// Something that every reader of the page would notice if it were not inert.
const HOSTILE: &str =
    "</script><script>x()</script><img src=x onerror=x()>\"' onfocus=x() \u{202e}\u{1b}[31m\u{2028}&amp;=1+1";

fn sellers(name: &str) -> Market {
    let mut csv = csv::Writer::from_writer(vec![]);
    let columns =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source";
    csv.write_record(columns.split(',')).unwrap();
    for (place, price) in ["0.1", "0.2", "0.3", "0.4", "0.5"].into_iter().enumerate() {
        let seller = format!("{name}{place}");
        csv.write_record(["m", &seller, "listing", price, price, "0.05", "2026-06-01", name]).unwrap();
    }
    let rows = read_tokens(&*csv.into_inner().unwrap()).unwrap();
    market(&rows, "m", date(2026, 6, 30), Mix::new(3.0).unwrap(), 365).unwrap()
}

/// What the datasheet of a GPU promises for a small model.
fn estimated(name: &str) -> Estimate {
    let gpus = crate::hardware::read_gpus(include_bytes!("../../../data/gpus.csv").as_slice()).unwrap();
    let models = crate::arch::read_models(include_bytes!("../../../data/models.csv").as_slice()).unwrap();
    let model = crate::arch::find(&models, "llama-3.1-8b").unwrap();
    let device = Device::Datasheet(crate::hardware::find(&gpus, "H100 SXM").unwrap());
    let serving = crate::throughput::Serving::default();
    let workload = Workload { weights: Format::Bf16.into(), batch: 64, isl: 1536, osl: 512, serving };
    Estimate { model: name.into(), device: name.into(), ..estimate(model, workload, device, None) }
}

fn kernel(name: &str, tokens: u64) -> Measurement {
    let identity = Identity {
        adapter: name.into(),
        device_type: DeviceType::DiscreteGpu,
        driver_info: name.into(),
        ..Identity::default()
    };
    let timing = Timing::imported(1e-3, 1.1e-3, 1.1e-3, Some(0.1));
    Measurement {
        op: Op::Matmul { tokens, outputs: 4096, inputs: 4096, weights: Format::F16 },
        variant: name.into(),
        cache: Cache::Hot,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 }),
        provenance: Provenance { identity, ..Provenance::default() },
    }
}

fn compared(name: &str) -> (Report, Vec<Option<Case>>) {
    let (estimate, market) = (estimated(name), sellers(name));
    let of = |utilisation: f64, market: Result<&Market, String>| {
        let input = CompareInput {
            estimate: &estimate,
            software: false,
            gpus: 1,
            utilisation,
            utilisation_stated: utilisation < 1.0,
            rent: Ok(Rent { low: crate::units::UsdPerHour(1.5), ..Rent::typed(2.0) }),
            market,
            policy: Policy::Median,
            drift: None,
            as_of: date(2026, 6, 30),
        };
        compare(&input).unwrap()
    };
    let all = [of(1.0, Ok(&market)), of(0.4, Ok(&market)), of(1.0, Err(format!("no price of {name}")))];
    let (costs, cases) = all.into_iter().map(|compared| (compared.row, compared.case)).unzip();
    let report = Report {
        title: name.into(),
        device: vec![name.into()],
        as_of: date(2026, 6, 30),
        costs,
        measured: vec![
            kernel(name, 64),
            Measurement { outcome: Outcome::Failed(name.into()), ..kernel(name, 1) },
        ],
        datasheet: None,
        warnings: vec![name.into()],
        command: name.into(),
    };
    (report, cases)
}

fn made<'p>(report: &'p Report, cases: &'p [Option<Case>], name: &str) -> Page<'p> {
    let rent = RentRow {
        hardware: name.into(),
        provider: name.into(),
        kind: "on-demand".into(),
        region: name.into(),
        usd_per_hour: Some(2.into()),
        date: "2026-06-01".into(),
        basis: "list".into(),
        source: name.into(),
        file: name.into(),
        line: 2,
        votes: true,
    };
    let cost = cases[0].as_ref().map(|case| crate::market::decide::cost(case.times, &case.terms).unwrap());
    let batches = [1, 2, 4].map(|batch| BatchPoint { batch, cost: cost.unwrap().blended });
    Page {
        report,
        cases,
        rents: vec![rent],
        batches: batches.to_vec(),
        rent_history: None,
        token_history: None,
    }
}

fn shown(name: &str) -> String {
    let (report, cases) = compared(name);
    page(&made(&report, &cases, name)).unwrap()
}

/// Everything between a mark and the next end, in order.
fn between<'t>(text: &'t str, mark: &str, end: char) -> Vec<&'t str> {
    text.split(mark).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

fn data_of(page: &str) -> Value {
    let json = page.split("<script type=\"application/json\" id=\"data\">").nth(1).unwrap();
    serde_json::from_str(json.split("</script>").next().unwrap()).unwrap()
}

/// The tags of a page without its style and script, whose text is ours.
fn tags(page: &str) -> Vec<String> {
    let body = page.split("<body>").nth(1).unwrap().split("<script>").next().unwrap();
    between(body, "<", '>').into_iter().map(str::to_owned).collect()
}

#[test]
fn hostile_names_are_text_wherever_they_are_shown() {
    let page = shown(HOSTILE);
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert!(!page.contains("<img") && !page.contains("</script><script>x"));
    assert!(!page.contains(['\u{202e}', '\u{1b}', '\u{2028}']));
    assert!(page.matches("&lt;/script&gt;&lt;script&gt;").count() > 10, "it is shown");
    for tag in tags(&page) {
        assert!(!tag.contains("onfocus=x") || tag.contains("&quot;&#39; onfocus=x"), "{tag}");
    }
    assert_eq!(data_of(&page)["cases"][0]["model"], HOSTILE);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(shown("m"), shown("m"));
}

#[test]
fn nothing_is_loaded_and_nothing_runs_but_the_script_named_by_its_hash() {
    let page = shown("m");
    for address in between(&page, "href=\"", '"') {
        assert!(address.starts_with('#'), "{address}");
    }
    for tag in tags(&page) {
        assert!(!tag.contains(" src=") && !tag.contains(" on"), "{tag}");
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    assert!(!SCRIPT.contains("fetch(") && !SCRIPT.contains("innerHTML") && !SCRIPT.contains("</script"));
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    assert_eq!(SCRIPT_SHA256.trim(), hash, "write this hash to src/report/page/page.js.sha256");
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")));
}

#[test]
fn the_data_hold_what_the_rows_hold() {
    let (report, cases) = compared("m");
    let data = data_of(&page(&made(&report, &cases, "m")).unwrap());
    assert_eq!(data["schema_version"], 1);
    for (place, case) in cases.iter().enumerate() {
        let case = case.as_ref().unwrap();
        let told = &data["cases"][place];
        let row = &report.costs[place];
        let number = |path: &str| told.pointer(path).and_then(Value::as_f64).unwrap();
        assert_eq!(Some(number("/usd_per_hour/mid")), row.usd_per_hour);
        assert_eq!(number("/input_s_per_token/mid"), case.times.input_s_per_token.mid.0);
        assert_eq!(number("/output_s_per_token/high"), case.times.output_s_per_token.high.0);
        assert_eq!(
            (number("/utilisation"), Some(number("/ratio"))),
            (row.utilisation, row.input_output_ratio)
        );
        assert_eq!(told["market"].is_null(), case.market.is_none());
        let rate = number("/usd_per_hour/mid") * number("/gpus") / (3600.0 * number("/utilisation")) * 1e6;
        let out = rate * number("/output_s_per_token/mid");
        assert!((out / row.usd_per_mtok_out.unwrap() - 1.0).abs() < 1e-12);
    }
    let sellers = data["markets"][0]["sellers"].as_array().unwrap();
    let votes = &cases[0].as_ref().unwrap().market.as_ref().unwrap().votes;
    assert_eq!(sellers.len(), votes.len());
    for (told, vote) in sellers.iter().zip(votes) {
        assert_eq!(told["input"].as_f64(), Some(crate::price::to_f64(vote.input)));
        assert_eq!((told["line"].as_u64(), told["source"].as_str()), (Some(vote.line), Some("m")));
    }
}

#[test]
fn the_figures_are_those_of_the_case_that_is_answered_first() {
    let (report, cases) = compared("m");
    let page = made(&report, &cases, "m");
    assert_eq!(page.headline(), Some(0), "the lowest cost against the market");
    let case = cases[0].as_ref().unwrap();
    let decision = decide(case.times, &case.terms, case.market.as_ref().unwrap()).unwrap();
    let text = super::page(&page).unwrap();
    let value = |name: &str, value: f64| {
        assert!(text.contains(&format!("<span data-figure=\"{name}\" data-value=\"{value}\"")), "{name}");
    };
    value("usd_per_mtok_blended", decision.cost.blended.mid.0);
    value("market_usd_per_mtok", decision.price.mid.0);
    value("cost_over_price", decision.cost_over_price.mid);
    value("break_even_mtok_per_month", decision.break_even_mtok_per_month);
    assert!(text.contains(&html::text(&decision.reason)));
}

#[test]
fn every_figure_is_a_known_one_and_every_id_is_unique() {
    let page = shown("m");
    for name in between(&page, "data-figure=\"", '"').into_iter().filter(|name| !name.contains('$')) {
        assert!(figure::find(name).is_some(), "{name}");
    }
    let body: String = tags(&page).join("\n");
    let ids = between(&body, " id=\"", '"');
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for label in between(&body, "aria-labelledby=\"", '"') {
        assert!(ids.contains(&label), "{label}");
    }
}

#[test]
fn every_colour_of_the_charts_is_turned_in_the_dark() {
    for colour in crate::chart::palette::ALL {
        for kind in ["fill", "stroke"] {
            assert!(STYLE.contains(&format!("svg [{kind}=\"{colour}\"]")), "{kind} {colour}");
        }
    }
}

#[test]
fn a_report_without_costs_or_kernels_is_a_page() {
    let (mut report, cases) = compared("m");
    report.measured.clear();
    let page = page(&made(&report, &cases, "m")).unwrap();
    assert!(page.contains("Nothing was measured"));
    report.costs.clear();
    report.measured.push(kernel("m", 64));
    let alone = Page { batches: vec![], rents: vec![], ..made(&report, &cases, "m") };
    let page = super::page(&Page { cases: &[], ..alone }).unwrap();
    assert!(page.contains("1 cells: 1 ok") && !page.contains("id=\"controls\""));
    assert_eq!(data_of(&page)["chosen"], Value::Null);
}

#[test]
fn a_software_adapter_is_called_what_it_is_and_an_estimate_too() {
    let (mut report, cases) = compared("m");
    report.costs.iter_mut().for_each(|row| row.software = true);
    report.measured.clear();
    let page = page(&made(&report, &cases, "m")).unwrap();
    let heading = between(&page, "<h1>", '<');
    assert_eq!(heading, ["m — software adapter (not a GPU)"]);
    assert!(
        page.contains("Estimated from the device&#39;s datasheet; nothing was measured.")
            || page.contains("Estimated from the device's datasheet; nothing was measured.")
    );
}

#[test]
fn no_chart_that_has_data_is_left_out_however_few_its_rows() {
    let (mut report, cases) = compared("name");
    let names = |report: &Report, cases: &[Option<Case>]| {
        let page = made(report, cases, "name");
        plots(&page).iter().map(|plotted| plotted.name).collect::<Vec<_>>()
    };
    let all = names(&report, &cases);
    for name in ["verdict", "roofline", "cost-utilisation", "tornado"] {
        assert!(all.contains(&name), "{name} is not among {all:?}");
    }
    report.costs.truncate(1);
    assert_eq!(names(&report, &cases[..1]), all);
}
