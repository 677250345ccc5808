//! `report.html` in a real browser: what it shows, what its controls compute, whom it leaves out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod driver;

use driver::browser;
use serde_json::json;

#[test]
fn smoke() {
    let Some(browser) = browser() else { return };
    let here = common::folder();
    let path = common::write(
        here.path(),
        "a.html",
        "<!doctype html><title>x</title><meta http-equiv=Content-Security-Policy content=\"default-src 'none'\"><img src=http://127.0.0.1:9/x><script>window.x=1</script><button onclick=\"alert(1)\">a</button>",
    );
    browser.open(std::path::Path::new(&path), 390);
    println!(
        "{:?}",
        browser.js("return [innerWidth, document.documentElement.scrollWidth, arguments[0]]", json!(5))
    );
    println!("{:?}", browser.logs("browser"));
    for l in browser.logs("performance") {
        println!("{}", l["message"].as_str().unwrap().chars().take(200).collect::<String>());
    }
    browser.keys(driver::TAB);
    println!("{:?}", browser.js("return document.activeElement.outerHTML", json!(5)));
    println!("{:?}", browser.picture(390, 900).len());
}
