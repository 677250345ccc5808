//! Malformed token price files: each is answered quickly, in one line that is safe to print, and never with more than was there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use jiff::civil::date;
use mtok::arch::{Architecture, read_models};
use mtok::price::gate::{self, Known};
use mtok::price::import::{self, Source};

const PATIENCE: Duration = Duration::from_millis(200);

const LITELLM: &str = r#"{"m": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05}}"#;
const OPENROUTER: &str =
    r#"{"data": [{"id": "a/m", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]}"#;
const GENAI: &str = r#"[{"id": "openai", "models": [{"id": "m", "match": {}, "prices": {"input_mtok": {"base": 1, "tiers": [{"start": 2, "price": 3}]}, "output_mtok": 2}}]}]"#;
const LLM_PRICES: &str = r#"{"vendor": "openai", "models": [{"id": "m", "price_history": [{"input": 1, "output": 2, "from_date": "2026-01-01", "to_date": null}]}]}"#;
const API: &str = r#"{"s": {"npm": "x", "models": {"m": {"limit": {}, "cost": {"input": 1, "output": 2, "tiers": [{"tier": {"size": 9}, "input": 4}]}}}}}"#;
const TOML: &str = "name = \"m\"\n[cost]\ninput = 1.0\noutput = 2\n[limit]\ncontext = 1\n";
const TABLE: &str = "provider,model,input,output,reasoning,cache_read,cache_write,tiers\ns,m,1,2,,,,\"[{'tier': {'size': 9}, 'input': 4}]\"\n";
const OWN: &str = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\nm,s,l,1,2,,2026-06-01,p\n";

const GOOD: [(&str, &str); 8] = [
    ("litellm", LITELLM),
    ("openrouter", OPENROUTER),
    ("genai-prices", GENAI),
    ("llm-prices", LLM_PRICES),
    ("api.json", API),
    ("m.toml", TOML),
    ("table.csv", TABLE),
    ("tokens.csv", OWN),
];

/// How many cards come of a file, or its fault; both with what was said, after the gate.
fn answer(bytes: &[u8]) -> (Result<usize, String>, Vec<String>) {
    static MODELS: OnceLock<Vec<Architecture>> = OnceLock::new();
    let read = || read_models(&include_bytes!("../data/models.csv")[..]).unwrap_or_default();
    let models = MODELS.get_or_init(read);
    let source = Source {
        name: "m.toml",
        folder: "seller",
        provider: None,
        observed: date(2026, 8, 21),
        commit: "",
        rates: &[],
        mapping: None,
        gpus: &[],
        models,
    };
    match import::read(&mut &bytes[..], &source, None) {
        Ok(mut import) => {
            gate::check(&mut import, &Known::default());
            let said = import.findings.iter().map(|it| format!("{}: {}", it.place, it.what)).collect();
            (Ok(import.tokens.len()), said)
        }
        Err(fault) => (Err(fault.to_string()), vec![]),
    }
}

/// Files made from a good one that no longer are, with how many cards may remain.
fn spoilt(good: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = vec![
        ("empty".into(), vec![]),
        ("blank".into(), b" \n\t\n".to_vec()),
        ("UTF-16".into(), good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (
            "UTF-16 with a mark".into(),
            [vec![0xff, 0xfe], good.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
        ),
        ("not UTF-8".into(), [b"\xff\xfe\xfd", good.as_bytes()].concat()),
        ("zeros".into(), vec![0; 5000]),
        ("deep".into(), [good.trim_end().as_bytes(), "[".repeat(100_000).as_bytes()].concat()),
    ];
    for part in 1..8 {
        let cut = good.len() * part / 8;
        files.push((format!("cut at {part}/8"), good.as_bytes()[..cut].to_vec()));
    }
    for (what, from, to) in [
        ("NaN", "2", "NaN"),
        ("infinite", "2", "Infinity"),
        ("negative", "2", "-2"),
        ("huge", "2", "2e400"),
        ("tiny", "2", "2e-400"),
        ("long", "2", "2.00000000000000000000000000000000000000000000001"),
        ("an object", "2", "{}"),
        ("an array", "2", "[]"),
        ("true", "2", "true"),
        ("currency", "2", "$2"),
        ("comma", "2", "2,5"),
        ("terminal", "m", "m\u{1b}[2J\u{202e}"),
        ("formula", "m", "=1+1"),
        ("no name", "\"m\"", "\"\""),
        ("no colon", ":", " "),
        ("no comma", ",", " "),
        ("no quote", "\"", ""),
        ("no newline", "\n", " "),
    ] {
        files.push((what.into(), good.replace(from, to).into_bytes()));
    }
    files.retain(|(_, bytes)| bytes != good.as_bytes());
    files
}

#[test]
fn every_malformed_file_is_answered_quickly_in_one_safe_line() {
    let mut count = 0;
    for (name, good) in GOOD {
        let (all, said) = answer(good.as_bytes());
        let all = all.unwrap_or_else(|fault| format!("{name}: {fault}").len());
        assert!((1..=2).contains(&all) && said.is_empty(), "{name}: {all} {said:?}");
        for (what, bytes) in spoilt(good) {
            let (mut took, mut answered) = (PATIENCE, None);
            // Tests run beside each other: a slow answer is asked for again.
            for _ in 0..5 {
                let start = Instant::now();
                answered = Some(answer(&bytes));
                took = start.elapsed();
                if took < PATIENCE {
                    break;
                }
            }
            let (read, said) = answered.unwrap();
            assert!(took < PATIENCE, "{name}, {what}: {took:?}");
            let lines = said.iter().chain(read.as_ref().err());
            for line in lines {
                assert!(!line.is_empty() && line.len() < 600, "{name}, {what}: {line}");
            }
            if let Err(fault) = &read {
                assert_eq!(fault.lines().count(), 1, "{name}, {what}: {fault}");
                assert!(!fault.contains('\u{1b}'), "{name}, {what}: {fault}");
            }
            assert!(read.unwrap_or(0) <= all, "{name}, {what}");
            count += 1;
        }
    }
    assert!(count >= 200, "{count} files");
}

#[test]
fn a_number_that_is_none_never_becomes_a_price() {
    for (name, good) in GOOD {
        for wrong in ["NaN", "Infinity", "-2", "2e400", "2e-400", "{}", "[]", "true", "$2"] {
            let (clean, _) = answer(good.as_bytes());
            let (read, said) = answer(good.replace('2', wrong).as_bytes());
            assert!(read.is_err() || !said.is_empty() || read < clean, "{name} with {wrong}");
        }
    }
}

#[test]
fn bombs_of_nesting_and_of_sizes_are_refused() {
    let deep = |open: &str| format!("{}, \"x\": {}", &LITELLM[..LITELLM.len() - 1], open.repeat(50_000));
    for text in [deep("["), deep("{\"a\":")] {
        let (read, _) = answer(text.as_bytes());
        assert_eq!(read, Err("1: is nested deeper than 64 levels".into()));
    }
    let many = format!("{}, \"x\": [{}{{}}]}}", &LITELLM[..LITELLM.len() - 1], "{},".repeat(200_000));
    assert_eq!(answer(many.as_bytes()).0, Err("1: has more than 200000 JSON objects".into()));
}

#[test]
fn a_name_as_long_as_its_file_is_cut_where_it_is_told() {
    let long = "x".repeat(1_000_000);
    let text = format!(
        "{}, \"{long}\": [], \"{long}/y\": {{\"litellm_provider\": \"{long}\"}}}}",
        &LITELLM[..LITELLM.len() - 1]
    );
    let (read, said) = answer(text.as_bytes());
    assert_eq!((read, said.len()), (Ok(1), 2));
    assert!(
        said.iter().all(|line| line.len() < 600),
        "{:?}",
        said.iter().map(String::len).collect::<Vec<_>>()
    );
    let (read, _) = answer(format!("{{\"litellm_provider\": 1, \"{long}\": []}}").as_bytes());
    assert!(read.unwrap_err().len() < 500);
}

#[test]
fn a_byte_order_mark_and_crlf_are_accepted() {
    for (name, good) in GOOD {
        let text = format!("\u{feff}{}", good.replace('\n', "\r\n"));
        assert_eq!(answer(text.as_bytes()), answer(good.as_bytes()), "{name}");
    }
}
