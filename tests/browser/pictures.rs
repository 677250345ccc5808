//! The pictures of README.md, made anew when asked: `MTOK_BLESS=1 cargo test --test browser pictures`.

use std::path::Path;
use std::{env, fs};

use crate::driver::browser;
use crate::fleet::simulated;
use crate::page::{Page, example};

/// Larger pictures make a slow README.
const MAX_BYTES: u64 = 300_000;

/// Name, page, its width, and how much of it from its top.
type Picture = (&'static str, fn() -> &'static Page, u32, u32);

const PICTURES: [Picture; 3] = [
    ("report-1280.png", example, 1280, 1500),
    ("report-390.png", example, 390, 1700),
    ("fleet-1280.png", simulated, 1280, 1400),
];

#[test]
fn pictures_show_the_page_at_both_widths_and_are_small() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, page, width, height) in PICTURES {
        let path = docs.join(name);
        if env::var_os("MTOK_BLESS").is_some()
            && let Some(browser) = browser()
        {
            page().open(&browser, width);
            fs::create_dir_all(&docs).unwrap();
            fs::write(&path, browser.picture(width, height)).unwrap();
        }
        let bytes =
            fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}; make it with MTOK_BLESS=1"));
        assert!(bytes.len() as u64 <= MAX_BYTES, "{name} has {} bytes", bytes.len());
        // A PNG says its width and height behind the name of its first chunk.
        let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((&bytes[1..4], size(16), size(20)), (&b"PNG"[..], width, height), "{name}");
    }
}
