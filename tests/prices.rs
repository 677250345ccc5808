//! What `mtok prices` promises: what is stored, what is told, and that every figure can be taken apart.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{Run, folder, mtok, names, run, tables, write};
use serde_json::{Value, json};

const HEADER: &str = "hardware,provider,kind,region,usd_per_hour,date,basis,source\n";

/// A sub-verb of `prices` with a store and the tables that never change.
fn prices(store: &Path, words: &[&str]) -> Run {
    let mut all: Vec<String> = ["prices", words[0]].map(str::to_owned).into();
    all.extend(words[1..].iter().map(|word| (*word).to_owned()));
    all.extend(["--store".into(), store.display().to_string()]);
    all.extend(tables());
    run(mtok(&all))
}

fn rents(rows: &[&str]) -> String {
    HEADER.to_owned() + &rows.join("\n") + "\n"
}

#[test]
fn what_an_import_accepts_counts_from_its_day_on() {
    let here = folder();
    let file = write(here.path(), "offers.csv", rents(&["X1,a,on-demand,,2.50,2026-10-01,list,offer"]));
    let store = here.path().join("store");
    let imported = prices(&store, &["import", &file, "--json"]).ok().json();
    assert_eq!(
        (&imported["accepted"], &imported["rejected"], &imported["flagged"]),
        (&json!(1), &json!(0), &json!(0))
    );
    let stored = imported["files"][0]["stored"].as_str().unwrap().to_owned();
    assert!(fs::read_to_string(&stored).unwrap().contains("X1,a,on-demand,,2.50,2026-10-01,list,offer"));
    let level = |day: &str| -> Value {
        let all = prices(&store, &["list", "--as-of", day, "--json"]).ok().json();
        all.as_array().unwrap().iter().find(|level| level["name"] == "X1").cloned().unwrap_or_default()
    };
    assert_eq!(level("2026-09-30"), Value::Null, "a later price does not exist");
    assert_eq!(
        (&level("2026-10-11")["usd_per_hour"], &level("2026-10-11")["age_days"]),
        (&json!(2.5), &json!(10))
    );
}

#[test]
fn importing_again_adds_nothing_and_a_dry_run_stores_nothing() {
    let here = folder();
    let file = write(here.path(), "offers.csv", rents(&["X1,a,on-demand,,2,2026-10-01,list,offer"]));
    let store = here.path().join("store");
    prices(&store, &["import", &file, "--dry-run"]).ok();
    assert!(!store.exists());
    prices(&store, &["import", &file]).ok();
    let again = prices(&store, &["import", &file, "--json"]).ok().json();
    assert_eq!((&again["accepted"], &again["reasons"]), (&json!(0), &json!({"duplicate": 1})));
    assert_eq!(names(&store.join("rental")).len(), 1);
}

#[test]
fn rejected_rows_have_places_and_reasons_and_fail_a_strict_call() {
    let here = folder();
    let rows = [
        "X1,a,on-demand,,2,2026-10-01,list,offer",
        "X1,b,on-demand,,400,2026-10-01,list,offer",
        "X1,c,weekly,,2,2026-10-01,list,offer",
    ];
    let file = write(here.path(), "offers.csv", rents(&rows));
    let call = |options: &[&str]| {
        prices(&here.path().join("none"), &[&["import", &file, "--dry-run"], options].concat())
    };
    let report = call(&["--json"]).ok().json();
    let findings = report["files"][0]["findings"].as_array().unwrap();
    let shown: Vec<_> =
        findings.iter().map(|it| format!("{} {} {}", it["place"], it["aside"], it["rule"])).collect();
    assert_eq!(shown, [r#""4:3" "rejected" "unreadable""#, r#""3" "rejected" "band""#]);
    assert_eq!(report["reasons"], json!({"unreadable": 1, "band": 1}));
    assert_eq!(call(&["--strict"]).code, Some(1));
    assert!(call(&["--csv"]).ok().out.starts_with("file,place,subject,result,rule,what\n"));
    let allowed = call(&["--allow", "band", "--json"]).ok().json();
    assert_eq!((&allowed["accepted"], &allowed["flagged"]), (&json!(2), &json!(1)));
}

#[test]
fn a_file_of_which_nothing_can_be_used_is_one_line_and_the_others_go_on() {
    let here = folder();
    let good = write(here.path(), "good.csv", rents(&["X1,a,on-demand,,2,2026-10-01,list,offer"]));
    let bad = write(here.path(), "bad.csv", rents(&["X1,a,on-demand,,2,2026-13-01,list,offer"]));
    let strange = write(here.path(), "strange.csv", "colour,shape\nred,round\n");
    let store = here.path().join("store");
    let alone = prices(&store, &["import", &bad]);
    let complaint = format!("mtok: {bad}:2:6: date \"2026-13-01\" is not a date like 2026-01-31\n");
    assert_eq!((alone.code, alone.out.as_str(), alone.complaint()), (Some(2), "", complaint.as_str()));
    let unknown = prices(&store, &["import", &strange]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.complaint().starts_with(&format!("mtok: {strange}:1: is of no known format; known: ")));
    let both = prices(&store, &["import", &bad, &good]);
    assert_eq!((both.code, names(&store.join("rental")).len()), (Some(1), 1));
    assert!(both.complaint().starts_with(&complaint));
}

#[test]
fn a_figure_is_explained_down_to_rows_votes_and_drops() {
    let here = folder();
    let rows = [
        "X1,a,on-demand,r1,2,2026-09-01,list,p1",
        "X1,a,on-demand,r1,3,2026-10-01,list,p2",
        "X1,a,on-demand,r2,5,2026-10-01,list,p2",
        "X1,b,on-demand,,6,2026-10-02,list,p3",
        "X1,c,on-demand,,9,2025-10-02,list,p4",
        "X1,d,on-demand,,1,2026-11-02,list,p5",
        "X1,e,on-demand,,not_offered,2026-10-02,list,p6",
    ];
    let file = write(here.path(), "offers.csv", rents(&rows));
    let store = here.path().join("store");
    prices(&store, &["import", &file]).ok();
    let explained = prices(&store, &["explain", "x1", "--as-of", "2026-10-31", "--json"]).ok().json();
    let figure = &explained[0];
    assert_eq!((&figure["usd_per_hour"], &figure["age_days"]), (&json!(5.0), &json!(29)));
    let votes: Vec<_> =
        figure["votes"].as_array().unwrap().iter().map(|vote| vote["usd_per_hour"].clone()).collect();
    assert_eq!(votes, [json!(4.0), json!(6.0)]);
    let fate = |source: &str, votes: bool| {
        let rows = figure["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["source"] == source && row["votes"] == votes).unwrap();
        row["fate"].as_str().unwrap().to_owned()
    };
    assert_eq!(fate("p1", false), "replaced on 2026-10-01");
    assert_eq!(fate("p2", true), "votes");
    assert_eq!(fate("p4", false), "394 days old: younger rows exist");
    assert_eq!(fate("p5", false), "dated after 2026-10-31");
    assert_eq!(fate("p6", false), "has no price");
    let place = figure["rows"][0]["place"].as_str().unwrap();
    assert!(place.starts_with("rental/") && place.contains(".csv:"), "{place}");
    let history = prices(&store, &["history", "x1", "--json"]).ok().json();
    let moved = history.as_array().unwrap().iter().find(|row| row["change"].is_number()).unwrap();
    assert_eq!((&moved["change"], &moved["since"]), (&json!(0.5), &json!("2026-09-01")));
    let diff = prices(&store, &["diff", "2026-09-15", "2026-10-31", "x1", "--json"]).ok().json();
    let states: Vec<_> =
        diff.as_array().unwrap().iter().map(|row| (row["by"].clone(), row["state"].clone())).collect();
    let expected = [("(median)", "moved"), ("a", "moved"), ("b", "joined")];
    assert_eq!(states, expected.map(|(by, state)| (json!(by), json!(state))));
}

#[test]
fn unknown_names_are_answered_with_the_nearest_priced_ones() {
    let here = folder();
    let unknown = prices(here.path(), &["history", "H100 SX"]);
    assert_eq!(unknown.code, Some(2));
    assert_eq!(unknown.complaint(), "mtok: no price of \"H100 SX\" is known; nearest: H100 SXM\n");
    let later = prices(here.path(), &["diff", "2026-10-01", "2026-09-01"]);
    assert_eq!(later.complaint(), "mtok: 2026-10-01 is after 2026-09-01: the earlier day comes first\n");
}

#[test]
fn imported_prices_count_where_they_are_asked_for() {
    let here = folder();
    let file =
        write(here.path(), "offers.csv", rents(&["H100 SXM,mine,on-demand,,2.95,2026-11-20,list,offer"]));
    let store = here.path().join("store");
    prices(&store, &["import", &file]).ok();
    let store = store.display().to_string();
    let rent = |options: &[&str]| {
        let words =
            ["compare", "--gpu", "H100 SXM", "--model", "llama-3.1-8b", "--offers", "cheapest", "--json"];
        let day = ["--as-of", "2026-11-21"];
        let rows = run(mtok(&[&words, &day[..], &tables().each_ref().map(String::as_str), options].concat()))
            .ok()
            .json();
        (rows[0]["rental_providers"].clone(), rows[0]["usd_per_hour"].clone())
    };
    assert_eq!(rent(&["--store", &store]), (json!("mine"), json!(2.95)));
    assert_ne!(rent(&[]).0, json!("mine"));
}

#[test]
fn hostile_names_stay_inert_in_every_output() {
    let here = folder();
    let hostile = "\u{1b}[31m\u{202e}=cmd|<script>";
    let row = format!("X1,\"{hostile}\",on-demand,,200,2026-10-01,list,\"{hostile}\"");
    let file = write(here.path(), "offers.csv", rents(&[&row, "X1,a,on-demand,,2,2026-10-01,list,p"]));
    for format in [None, Some("--json"), Some("--csv"), Some("--markdown")] {
        let mut words = vec!["import", &file, "--allow", "band"];
        words.extend(format);
        let store = here.path().join(format.unwrap_or("plain"));
        let call = prices(&store, &words).ok();
        let mut shown = call.out + &call.err;
        shown += &prices(&store, &[&["history", "x1"], format.as_slice()].concat()).ok().out;
        shown += &prices(&store, &[&["explain", "x1", "--as-of", "2026-10-02"], format.as_slice()].concat())
            .ok()
            .out;
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{format:?}: {shown}");
        assert!(format != Some("--markdown") || !shown.contains("<script>"), "{shown}");
        let stored = fs::read_dir(store.join("rental")).unwrap().next().unwrap().unwrap().path();
        assert!(!fs::read_to_string(stored).unwrap().contains(['\u{1b}', '\u{202e}']));
    }
}

#[test]
fn a_request_is_charged_at_every_seller_by_the_card_that_holds() {
    let here = folder();
    let header = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source,\
                  open_weights,service,tier,window\n";
    let rows = [
        "m,a,m,1,10,0.1,2026-08-01,p,false,,,",
        "m,a,m,2,20,0.2,2026-08-01,p,false,,>200000,",
        "m,b,m,1.5,10,,2026-08-01,p,false,,,",
        "m,b,m,3,20,,2026-08-01,p,false,,,\"mon,tue,wed,thu,fri 01:00-04:00\"",
    ];
    let file = write(here.path(), "tokens.csv", header.to_owned() + &rows.join("\n") + "\n");
    let store = here.path().join("store");
    prices(&store, &["import", &file]).ok();
    let charge = |words: &[&str]| -> Vec<(String, Value)> {
        let words = [&["charge", "m", "--json"], words].concat();
        let rows = prices(&store, &words).ok().json();
        let rows = rows.as_array().unwrap();
        rows.iter().map(|row| (row["seller"].as_str().unwrap().to_owned(), row["usd"].clone())).collect()
    };
    let of = |a: Value, b: Value| vec![("a".to_owned(), a), ("b".to_owned(), b)];
    let noon = ["--at", "2026-08-17T12:00", "--output", "1000"];
    assert_eq!(charge(&[&noon[..], &["--input", "200000"]].concat()), of(json!(0.21), json!(0.31)));
    let reversed: Vec<_> = of(json!(0.420002), json!(0.3100015)).into_iter().rev().collect();
    assert_eq!(charge(&[&noon[..], &["--input", "200001"]].concat()), reversed);
    let peak = ["--at", "2026-08-17T03:59", "--input", "1000"];
    assert_eq!(charge(&peak), of(json!(0.001), json!(0.003)));
    let cached = ["--at", "2026-08-17", "--cache-read", "1000"];
    assert_eq!(charge(&cached), of(json!(0.0001), Value::Null), "unknown is null, never 0");
    let empty = prices(&store, &["charge", "m"]);
    assert_eq!((empty.code, empty.err.contains("the request has no tokens")), (Some(2), true));
    let batch = prices(&store, &["charge", "m", "--input", "1", "--service", "batch"]);
    assert_eq!((batch.code, batch.err.contains("no seller of m has a card")), (Some(2), true));
}

#[test]
fn a_file_whose_every_price_is_rejected_is_reported_and_refused() {
    let here = folder();
    let file = write(here.path(), "offers.csv", rents(&["X1,a,on-demand,,400,2026-10-01,list,offer"]));
    let refused = prices(&here.path().join("store"), &["import", &file, "--json"]);
    assert_eq!((refused.code, &refused.json()["rejected"]), (Some(2), &json!(1)));
    assert_eq!(refused.complaint(), "mtok: no price could be used: 1 rejected\n");
}

#[test]
fn imported_usage_and_memory_prices_are_what_the_tracker_follows_without_a_file() {
    let here = folder();
    let store = here.path().join("store");
    let usage = write(here.path(), "usage.csv", "date,total_tokens\n2026-01,3100\n2026-02,5600\n");
    let memory = write(here.path(), "memory.csv", "date,product,usd,source\n2026-01-05,DDR4 3200,1.5,p\n");
    prices(&store, &["import", &usage, &memory]).ok();
    let words = |verb: &str| run(mtok(&["market", verb, "--store", &store.display().to_string(), "--json"]));
    let months = words("usage").ok().json();
    assert_eq!(
        (&months["months"][1]["mean_tokens_per_day"], &months["months"][1]["mom"]),
        (&json!(200.0), &json!(1.0))
    );
    assert!(words("storage").ok().out.contains("DDR4 3200"));
    let none = run(mtok(&["market", "usage", "--store", &here.path().join("none").display().to_string()]));
    let message = "mtok: nothing is imported: give --file, or mtok prices import FILE first\n";
    assert_eq!((none.code, none.complaint()), (Some(2), message));
}

#[test]
fn a_later_row_does_not_exist_for_the_tracker() {
    let here = folder();
    let rows = "date,provider,gpu,usd_per_gpu_hour\n2026-01,a,H100,2\n2026-02,a,H100,3\n";
    let file = write(here.path(), "rents.csv", rows);
    let months = |options: &[&str]| {
        let words = [&["market", "rental", "--file", &file, "--gpu", "h100", "--json"], options].concat();
        run(mtok(&words)).ok().json()["months"].as_array().unwrap().len()
    };
    assert_eq!((months(&[]), months(&["--as-of", "2026-01-31"])), (2, 1));
}
