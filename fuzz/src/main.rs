//! One program for all targets: `MTOK_TARGET` names the one that libFuzzer drives; `list` prints the names. Every format of
//! `price::import::ALL` is a target by itself, so a new one needs nothing here but a seed file.

#![no_main]

mod targets;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use targets::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("MTOK_TARGET").unwrap_or_default();
        let all = targets::all();
        if name == "list" {
            all.iter().for_each(|target| println!("{}", target.name));
            std::process::exit(0);
        }
        let found = all.into_iter().find(|target| target.name == name);
        let target = found.unwrap_or_else(|| panic!("MTOK_TARGET is none of the names that MTOK_TARGET=list prints"));
        let _ = TARGET.set(target);
    },
    |data: &[u8]| TARGET.get().expect("set above").run(data)
);
