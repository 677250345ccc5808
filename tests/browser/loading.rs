//! What a page asks for and how large it is.

use std::fs;

use serde_json::{Value, json};

use crate::driver::{browser, url};
use crate::page::{Page, example, gaps, large};

#[track_caller]
pub fn loads_alone(page: &Page) {
    let Some(browser) = browser() else { return };
    page.open(&browser, 1280);
    // What comes late would come within this time.
    browser.js_later("setTimeout(done, 300)", Value::Null);
    let console = browser.logs("browser");
    assert!(console.is_empty(), "{console:?}");
    let asked: Vec<String> = browser
        .logs("performance")
        .iter()
        .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
        .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
        .map(|event| event["message"]["params"]["request"]["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(asked, [url(&page.path)]);
    let resources =
        browser.js("return performance.getEntriesByType('resource').map((it) => it.name)", json!(null));
    assert_eq!(resources, json!([]));
}

#[test]
fn a_page_loads_without_an_error_and_asks_the_network_for_nothing() {
    for page in [example(), gaps(), large()] {
        loads_alone(page);
    }
}

#[test]
fn a_page_of_2000_rows_and_1000_prices_is_at_most_a_megabyte() {
    for page in [example(), large()] {
        let bytes = fs::metadata(&page.path).unwrap().len();
        assert!(bytes <= 1_000_000, "{}: {bytes} bytes", page.path.display());
    }
}

/// Milliseconds until something is seen, the middle of five loads: `cargo test --test browser -- --ignored --nocapture first`.
#[test]
#[ignore = "a timing: it depends on what else the machine does"]
fn first_paint_comes_within_half_a_second() {
    let Some(browser) = browser() else { return };
    let mut paints: Vec<f64> = (0..5)
        .map(|_| {
            large().open(&browser, 1280);
            let paint = "const painted = () => performance.getEntriesByName('first-contentful-paint')[0];
                const wait = () => (painted() ? done(painted().startTime) : setTimeout(wait, 10));
                wait();";
            browser.js_later(paint, Value::Null).as_f64().unwrap()
        })
        .collect();
    paints.sort_by(f64::total_cmp);
    println!("first contentful paint of a page with 2,000 rows and 1,000 prices: {paints:?} ms");
    assert!(paints[2] <= 500.0, "{paints:?}");
}
