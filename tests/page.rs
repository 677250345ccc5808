//! What `report.html` promises from the command line: refused combinations, whole files, the same bytes, charts, its size.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Run, folder, mtok, names, run};
use mtok::measurement::{Measurement, wire};
use mtok::op::Op;

/// As the goal says it.
const MOST_BYTES: usize = 1_000_000;
const CHARTS: [&str; 8] = [
    "cost-batch",
    "cost-utilisation",
    "peaks",
    "rent-history",
    "roofline",
    "token-history",
    "tornado",
    "verdict",
];

/// The run that the repository keeps.
fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results/2026-11-22-llvmpipe-llvm-15-0-6-256-bits")
}

fn compare(options: &[&str]) -> Run {
    let common = ["compare", "--gpu", "H100 SXM", "--as-of", "2026-11-22", "--model", "llama-3.1-8b"];
    run(mtok(&[&common, options].concat()))
}

fn report(options: &[&str]) -> Run {
    run(mtok(&[&["report", &recorded().display().to_string()], options].concat()))
}

#[test]
fn forms_that_contradict_each_other_are_refused_with_the_reason() {
    let here = folder();
    let out = here.path().join("report.html").display().to_string();
    for [named, flag] in [["html", "--json"], ["csv", "--markdown"], ["html", "--csv"], ["html", "--wide"]] {
        let refused = compare(&["--format", named, flag, "-o", &out]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
        assert!(refused.err.contains("'--format <FORMAT>' cannot be used with"), "{}", refused.err);
        assert!(refused.err.contains(flag), "{}", refused.err);
    }
    let day = report(&["--as-of", "2026-11-01", "--format", "csv"]);
    assert_eq!(day.code, Some(2));
    assert!(day.err.contains("add --format html or --plots DIR"), "{}", day.err);
    assert_eq!(report(&["--recompute", "--plots", &out]).code, Some(2));
    assert_eq!(names(here.path()), Vec::<String>::new());
}

#[test]
fn a_form_by_name_has_the_bytes_of_its_option_on_stdout_or_in_a_file() {
    let here = folder();
    let out = here.path().join("out").display().to_string();
    for name in ["json", "csv", "markdown"] {
        let flag = compare(&[&format!("--{name}")]).ok().out;
        assert_eq!(compare(&["--format", name]).ok().out, flag, "{name}");
        assert_eq!(compare(&["--format", name, "-o", &out]).ok().out, "");
        assert_eq!(fs::read_to_string(&out).unwrap(), flag, "{name}");
    }
    compare(&["-o", &out]).ok();
    assert!(fs::read_to_string(&out).unwrap().lines().all(|line| line.chars().count() <= 80));
    assert_eq!(names(here.path()), ["out"]);
}

#[test]
fn a_page_is_written_whole_or_not_at_all() {
    let here = folder();
    let shown = compare(&["--format", "html"]).ok().out;
    let out = here.path().join("report.html").display().to_string();
    compare(&["--format", "html", "-o", &out]).ok();
    assert_eq!(fs::read_to_string(&out).unwrap(), shown, "the same question, the same bytes");
    assert!(shown.ends_with("</html>\n"));

    let into_folder = compare(&["--format", "html", "-o", &here.path().display().to_string()]);
    assert_eq!(into_folder.code, Some(4), "{}", into_folder.err);
    let nowhere = here.path().join("none/report.html").display().to_string();
    let nowhere = compare(&["--format", "html", "-o", &nowhere]);
    assert_eq!(nowhere.code, Some(4));
    assert!(nowhere.err.contains("cannot be written"), "{}", nowhere.err);
    assert_eq!(names(here.path()), ["report.html"]);
}

#[test]
fn a_result_folder_becomes_a_page_with_every_chart() {
    let here = folder();
    let (out, plots) = (here.path().join("report.html"), here.path().join("plots"));
    let [page, charts] = [&out, &plots].map(|path| path.display().to_string());
    report(&["--format", "html", "--out", &page, "--plots", &charts]).ok();
    let page = fs::read_to_string(&out).unwrap();
    assert!(page.contains("Prices as of 2026-11-22"), "the day of costs.csv");
    assert!(page.contains(
        "<h1>A million tokens on llvmpipe (LLVM 15.0.6, 256 bits) — software adapter (not a GPU)</h1>"
    ));
    let files: Vec<String> =
        CHARTS.iter().flat_map(|name| [format!("{name}.png"), format!("{name}.svg")]).collect();
    assert_eq!(names(&plots), files);
    for name in CHARTS {
        assert!(page.contains(&format!("<figure id=\"chart-{name}\">")), "{name}");
        let png = fs::read(plots.join(format!("{name}.png"))).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n"), "{name}");
        let svg = fs::read_to_string(plots.join(format!("{name}.svg"))).unwrap();
        let drawn = roxmltree::Document::parse(&svg).unwrap();
        let paper = drawn.root_element().first_element_child().unwrap();
        assert_eq!(paper.attribute("fill"), Some("#FFFFFF"), "{name} has a background of its own");
    }
    let earlier = report(&["--format", "html", "--as-of", "2026-09-01"]).ok().out;
    assert!(earlier.contains("Prices as of 2026-09-01") && !earlier.contains("2026-11-09"));
}

/// The recorded run with products of more shapes, up to so many rows.
fn many(rows: usize) -> Vec<Measurement> {
    let bytes = fs::read(recorded().join("measurements.csv")).unwrap();
    let mut all = wire::read(bytes.as_slice()).unwrap();
    let products: Vec<Measurement> =
        all.iter().filter(|row| matches!(row.op, Op::Matmul { .. }) && row.run == 0).cloned().collect();
    for (more, product) in (1..).zip(products.iter().cycle().take(rows - all.len())) {
        let Op::Matmul { tokens, outputs, inputs, weights } = product.op else { continue };
        let op = Op::Matmul { tokens, outputs: outputs + 32 * more, inputs, weights };
        all.push(Measurement { op, ..product.clone() });
    }
    all
}

#[test]
fn two_thousand_rows_and_a_thousand_prices_stay_below_a_megabyte() {
    let here = folder();
    let file = here.path().join("measurements.csv");
    let mut bytes = Vec::new();
    wire::write_all(&mut bytes, &many(2000)).unwrap();
    fs::write(&file, bytes).unwrap();
    let source = "a price page of a seller with a name of usual length read on 2026-06-01";
    let mut tokens = String::from(
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n",
    );
    let mut rents = String::from("hardware,provider,kind,region,usd_per_hour,date,basis,source\n");
    for row in 0..500 {
        tokens += &format!(
            "llama-3.1-8b,seller {row},meta/llama-3.1-8b-{row},0.1{row:03},0.2{row:03},,2026-06-01,{source}\n"
        );
        rents += &format!(
            "2-vCPU cloud machine,provider {row},on-demand,region,0.1{row:03},2026-11-01,list,{source}\n"
        );
    }
    fs::write(here.path().join("tokens.csv"), tokens).unwrap();
    fs::write(here.path().join("rentals.csv"), rents).unwrap();
    let [file, data] = [&file, here.path()].map(|path| path.display().to_string());
    let asked =
        ["compare", "--measurements", &file, "--data", &data, "--as-of", "2026-11-22", "--format", "html"];
    let page = run(mtok(&asked)).ok().out;
    assert!(page.len() <= MOST_BYTES, "{} bytes", page.len());
    assert!(page.contains("provider 499") && page.contains("seller 499"));
    assert!(page.matches("<tr>").count() > 1000 + 1000, "no row is left out");
}
