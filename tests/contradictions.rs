//! Options that contradict each other are refused with a reason that names both, before anything is read or written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{mtok, run};

/// A call that is right, and pairs of options of which it takes each one alone.
struct Verb {
    call: &'static str,
    pairs: &'static [&'static [(&'static str, &'static str)]],
}

const FORMS: [(&str, &str); 3] = [("--json", "--csv"), ("--json", "--markdown"), ("--csv", "--markdown")];

/// What rents, prices and workloads have in common in every verb that takes them.
const RENTED: [(&str, &str); 4] = [
    ("--usd-per-hour 2", "--hardware H100~SXM"),
    ("--usd-per-hour 2", "--offers cheapest"),
    ("--batch 8", "--tpot-max-ms 50"),
    ("--usd-per-hour 2", "--kind spot"),
];

const DRAFTED: [(&str, &str); 3] = [
    ("--drafts 2 --acceptance 0.7", "--tokens-per-step 2"),
    ("--drafts 2 --acceptance 0.7", "--acceptance-of deepseek-v3"),
    ("--drafts 2 --tokens-per-step 2", "--acceptance-of deepseek-v3"),
];

const VERBS: &[Verb] = &[
    Verb {
        call: "cost --tokens-per-s 3000 --hardware H100~SXM --as-of 2026-11-01",
        pairs: &[&[("--kind on-demand", "--mtbf-h 24 --restart-h 1")]],
    },
    Verb {
        call: "compare --gpu H100~SXM --model llama-3.1-8b --as-of 2026-11-01",
        pairs: &[
            &FORMS,
            &RENTED,
            &DRAFTED,
            &[
                ("--format html", "--json"),
                ("--format json", "--csv"),
                ("--format csv", "--markdown"),
                ("--wide", "--json"),
                ("--wide", "--csv"),
                ("--wide", "--markdown"),
                ("--wide", "--format html"),
            ],
        ],
    },
    Verb {
        call: "explain verdict --gpu H100~SXM --model llama-3.1-8b --weights fp8 --batch 8 --as-of 2026-11-01",
        pairs: &[&FORMS, &[RENTED[0], RENTED[1]], &DRAFTED],
    },
    Verb {
        call: "budget --gpu H100~SXM --model llama-3.1-8b --weights fp8 --as-of 2026-11-01 --requests-per-day 1M",
        pairs: &[&FORMS, &RENTED, &DRAFTED],
    },
    Verb {
        call: "budget --gpu H100~SXM --model llama-3.1-8b --weights fp8 --as-of 2026-11-01",
        pairs: &[&[("--tokens-per-day 2B", "--requests-per-day 1M")]],
    },
    Verb {
        call: "report tests/data/report",
        pairs: &[&[
            ("--recompute", "--format json"),
            ("--recompute", "--strict"),
            ("--recompute", "--plots target"),
            ("--recompute", "--as-of 2026-11-01"),
            ("--recompute", "--wide"),
            ("--wide", "--format json"),
        ]],
    },
    Verb {
        call: "report",
        pairs: &[&[("--fleet target", "--recompute"), ("--fleet target", "--plots target")]],
    },
    Verb {
        call: "fleet collect target",
        pairs: &[&FORMS, &RENTED, &[("--wide", "--json"), ("--wide", "--csv"), ("--wide", "--markdown")]],
    },
    Verb {
        call: "cost",
        pairs: &[
            &FORMS,
            &[
                ("--tokens-per-s 1000", "--from results.json"),
                ("--tokens-per-s 1000", "--format nvbench"),
                ("--tokens-per-s 1000", "--tokens-per-iteration 2"),
                ("--tokens-per-s 1000", "--step-ms 20 --batch 4 --prefill-us-per-token 40"),
                ("--tokens-per-s 1000", "--input-tokens-per-s 20 --output-tokens-per-s 4"),
                ("--from results.json", "--step-ms 20 --batch 4 --prefill-us-per-token 40"),
                ("--tokens-per-s 1000 --usd-per-hour 2", "--ratio 3"),
                ("--tokens-per-s 1000 --usd-per-hour 2", "--cached 0.5"),
                ("--usd-per-hour 2", "--hardware H100~SXM"),
                ("--usd-per-hour 2", "--as-of 2026-11-01"),
                ("--usd-per-hour 2", "--imported"),
                ("--usd-per-hour 2", "--store nowhere"),
            ],
        ],
    },
    Verb {
        call: "cost --tokens-per-s 1000",
        pairs: &[&[
            ("--preset h100-neocloud", "--hardware H100~SXM"),
            ("--utilisation 0.5 --usd-per-hour 2", "--utilisation-parts daily=0.5"),
            ("--mtbf-h 24 --restart-h 1 --usd-per-hour 2", "--upfront-usd 100 --term-months 12 --capital 8%"),
            ("--mtbf-h 24 --restart-h 1 --usd-per-hour 2", "--capex-usd 30000"),
            ("--upfront-usd 100 --term-months 12 --capital 8% --usd-per-hour 2", "--capex-usd 30000"),
            ("--usd-per-hour 2", "--capex-usd 30000"),
            ("--hardware H100~SXM", "--capex-usd 30000"),
        ]],
    },
    Verb {
        call: "cost --step-ms 20 --batch 64 --prefill-us-per-token 40 --usd-per-hour 2",
        pairs: &[&[("--isl 1000 --osl 500", "--ratio 3")]],
    },
    Verb {
        call: "own --preset h100-own --capex-usd 30000 --capital 8% --hosting-usd-per-hour 0.15 --maintenance 3% --usd-per-kwh 0.08",
        pairs: &[
            &FORMS,
            &[("--usd-per-hour 2", "--hardware H100~SXM"), ("--usd-per-hour 2", "--as-of 2026-11-01")],
        ],
    },
    #[cfg(feature = "gpu")]
    Verb { call: "fleet task --dir nowhere --index 0 --of 1", pairs: &[&[("--per node", "--gpu 0")]] },
    Verb {
        call: "lease --tokens-per-s 3000 --usd-per-mtok 0.30 --share 0.9",
        pairs: &[
            &FORMS,
            &[
                ("--usd-per-hour 2", "--hardware H100~SXM"),
                ("--usd-per-hour 2", "--as-of 2026-11-01"),
                ("--preset h100-neocloud", "--hardware H100~SXM"),
            ],
        ],
    },
    Verb {
        call: "fleet submit target/no-fleet",
        pairs: &[&[
            ("--tasks 4", "--nodes 4"),
            ("--dry-run", "--watch"),
            ("--dry-run", "--json"),
            ("--watch", "--json"),
        ]],
    },
    Verb {
        call: "fleet status target/no-fleet",
        pairs: &[&FORMS, &[("--watch 5", "--json"), ("--watch 5", "--csv"), ("--watch 5", "--markdown")]],
    },
];

/// Words with spaces in them are written with `~`.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(' ').map(|word| word.replace('~', " "))
}

/// What is wrong with the answer to a call, if anything.
fn fault(call: &str, first: &str, second: &str) -> Option<String> {
    let refused = run(mtok(&words(&format!("{call} {first} {second}")).collect::<Vec<_>>()));
    let names =
        [first, second].map(|options| options.split(' ').find(|word| word.starts_with("--")).unwrap());
    // Of several options that belong together any may be named.
    let named = [first, second].iter().all(|options| {
        options.split(' ').filter(|word| word.starts_with("--")).any(|name| refused.err.contains(name))
    });
    let right = refused.code == Some(2) && refused.out.is_empty() && named;
    (!right).then(|| format!("{names:?} of {call}: {:?} {} {}", refused.code, refused.err, refused.out))
}

#[test]
fn options_that_contradict_each_other_are_refused_with_a_reason_that_names_both() {
    let mut faults = Vec::new();
    for Verb { call, pairs } in VERBS {
        for (one, other) in pairs.iter().copied().flatten() {
            faults.extend(
                [(one, other), (other, one)].into_iter().filter_map(|(one, other)| fault(call, one, other)),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
