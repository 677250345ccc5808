//! What an accessibility engine finds: nothing, in both schemes of colours and at both widths.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::driver::{Browser, browser};
use crate::page::{Page, example, gaps};

/// Rules of WCAG 2.1 A and AA, and what is good practice beyond them.
const TAGS: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

pub fn axe() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/axe.min.js");
    let source = fs::read_to_string(path).ok();
    assert!(source.is_some() || std::env::var_os("MTOK_REQUIRE_BROWSER").is_none(), "no axe-core");
    if source.is_none() {
        eprintln!("skipped: no axe-core; scripts/ensure-browser.sh installs it");
    }
    source
}

#[track_caller]
fn assert_no_violation(case: &str, browser: &Browser) {
    let run = "axe.run(document, { runOnly: { type: 'tag', values: arguments[0] }, resultTypes: ['violations'] })
        .then(({ violations, passes }) => done([passes.length, violations.map((it) =>
            [it.id, it.impact, it.help, it.nodes.slice(0, 3).map((node) => `${node.html}: ${node.failureSummary}`)])]))
        .catch((error) => done([0, [String(error)]]));";
    let found = browser.js_later(run, json!(TAGS));
    assert!(found[0].as_u64().unwrap() > 10, "{case}: few rules ran: {found}");
    assert_eq!(found[1], json!([]), "{case}: {found:#}");
}

pub fn check(page: &Page, axe: &str, browser: &Browser, (width, scheme): (u32, &str)) -> String {
    let case = format!("{} at {width}, {scheme}", page.path.display());
    page.open(browser, width);
    browser.media("", scheme);
    browser.js(axe, Value::Null);
    browser.js("document.querySelectorAll('details').forEach((it) => { it.open = true; })", Value::Null);
    assert_no_violation(&case, browser);
    case
}

#[test]
fn an_accessibility_engine_finds_nothing_in_light_and_dark_on_a_phone_and_a_screen() {
    let (Some(axe), Some(browser)) = (axe(), browser()) else { return };
    for look in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
        check(example(), &axe, &browser, look);
    }
}

#[test]
fn an_accessibility_engine_finds_nothing_where_a_value_is_refused_and_a_source_open() {
    let (Some(axe), Some(browser)) = (axe(), browser()) else { return };
    for look in [(1280, "light"), (390, "dark")] {
        let case = check(gaps(), &axe, &browser, look);
        let refused = "const rent = document.querySelector('#rent');
            rent.value = '-1';
            rent.dispatchEvent(new Event('input', { bubbles: true }));";
        browser.js(refused, Value::Null);
        assert_no_violation(&format!("{case}, a value refused"), &browser);
        browser.js("document.querySelector('#answer button.source').click()", Value::Null);
        assert_no_violation(&format!("{case}, a source open"), &browser);
    }
}

#[test]
fn dark_is_another_look_and_charts_follow_it() {
    let Some(browser) = browser() else { return };
    example().open(&browser, 1280);
    let body = "const colours = (it, ...names) => names.map((name) => getComputedStyle(it)[name]);
        return [colours(document.body, 'backgroundColor', 'color'), [...document.querySelectorAll('svg text')].map((it) => colours(it, 'fill')[0])]";
    let light = browser.js(body, Value::Null);
    browser.media("", "dark");
    let dark = browser.js(body, Value::Null);
    assert_ne!(light[0][0], dark[0][0], "the paper");
    assert_ne!(light[0][1], dark[0][1], "the ink");
    let texts = light[1].as_array().unwrap().iter().zip(dark[1].as_array().unwrap());
    let kept = texts.filter(|(light, dark)| light == dark).count();
    assert_eq!(kept, 0, "texts of charts that keep their colour in the dark");
}

#[test]
fn ids_are_unique() {
    assert_ids_are_unique(example());
}

#[track_caller]
pub fn assert_ids_are_unique(page: &Page) {
    let Some(browser) = browser() else { return };
    page.open(&browser, 1280);
    let body = "const ids = [...document.querySelectorAll('[id]')].map((it) => it.id);
        return ids.filter((id, place) => ids.indexOf(id) !== place)";
    assert_eq!(browser.js(body, Value::Null), json!([]));
}

#[test]
fn every_drawing_has_a_text() {
    assert_drawings_have_texts(example());
}

/// A drawing says what it shows to who does not see it.
#[track_caller]
pub fn assert_drawings_have_texts(page: &Page) {
    let Some(browser) = browser() else { return };
    page.open(&browser, 1280);
    let body = "return [...document.querySelectorAll('svg')].map((svg) =>
        [svg.getAttribute('role'), (svg.getAttribute('aria-label') ?? '').length > 20])";
    for drawing in browser.js(body, Value::Null).as_array().unwrap() {
        assert_eq!(*drawing, json!(["img", true]));
    }
}
