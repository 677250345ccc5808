//! Options that contradict each other are refused with a reason that names both, before anything is read or written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{mtok, run};

/// A call that is right, and pairs of options of which it takes each one alone.
struct Verb {
    call: &'static str,
    pairs: &'static [(&'static str, &'static str)],
}

const VERBS: [Verb; 4] = [
    Verb {
        call: "compare --gpu H100~SXM --model llama-3.1-8b --as-of 2026-11-01",
        pairs: &[
            ("--json", "--csv"),
            ("--json", "--markdown"),
            ("--csv", "--markdown"),
            ("--usd-per-hour 2", "--hardware H100~SXM"),
            ("--usd-per-hour 2", "--offers cheapest"),
            ("--batch 8", "--tpot-max-ms 50"),
        ],
    },
    Verb {
        call: "compare --gpu H100~SXM --model llama-3.1-8b --as-of 2026-11-01 --drafts 2",
        pairs: &[
            ("--acceptance 0.7", "--tokens-per-step 2"),
            ("--acceptance 0.7", "--acceptance-of deepseek-v3"),
            ("--tokens-per-step 2", "--acceptance-of deepseek-v3"),
        ],
    },
    Verb {
        call: "report tests/data/report",
        pairs: &[("--recompute", "--format json"), ("--recompute", "--strict")],
    },
    Verb {
        call: "cost",
        pairs: &[
            ("--tokens-per-s 1000", "--from results.json"),
            ("--tokens-per-s 1000", "--format nvbench"),
            ("--tokens-per-s 1000", "--tokens-per-iteration 2"),
            ("--usd-per-hour 2", "--hardware H100~SXM"),
            ("--usd-per-hour 2", "--as-of 2026-11-01"),
            ("--usd-per-hour 2", "--imported"),
            ("--usd-per-hour 2", "--store nowhere"),
            ("--json", "--csv"),
            ("--json", "--markdown"),
            ("--csv", "--markdown"),
        ],
    },
];

/// Words with spaces in them are written with `~`.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(' ').map(|word| word.replace('~', " "))
}

#[test]
fn options_that_contradict_each_other_are_refused_with_a_reason_that_names_both() {
    for Verb { call, pairs } in VERBS {
        for (one, other) in pairs {
            for (first, second) in [(one, other), (other, one)] {
                let refused = run(mtok(&words(&format!("{call} {first} {second}")).collect::<Vec<_>>()));
                assert_eq!(
                    (refused.code, refused.out.as_str()),
                    (Some(2), ""),
                    "{call} {first} {second}: {}",
                    refused.err
                );
                for option in [first, second] {
                    let name = option.split(' ').next().unwrap();
                    assert!(
                        refused.err.contains(name),
                        "{call} {first} {second} does not name {name}: {}",
                        refused.err
                    );
                }
            }
        }
    }
}
