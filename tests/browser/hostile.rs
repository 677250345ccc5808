//! Names of strangers are only names on the page, in what Rust has written and in what the script writes.

use serde_json::{Value, json};

use crate::common::words::{COUNT, Words, harmless, hostile, is_loud, measured, tables};
use crate::driver::{Browser, browser};
use crate::figures::assert_computes;
use crate::layout::assert_no_horizontal_scroll;
use crate::page::{Page, example, make, shelf};

/// A page in which every name is one of these.
fn named(words: &Words, name: &str) -> Page {
    let tables = tables(words);
    let run = measured(words, "measurements.csv", &shelf(name));
    let paths = [run, "--data".into(), tables.path().display().to_string()];
    let words =
        "compare --hardware plain --model all --weights f16 --batch 8 --as-of 2026-09-01 --measurements";
    make(name, words, &paths)
}

/// The elements outside of drawings by their names, those of drawings, attributes that would run something, and what a program
/// of a stranger would have left.
pub const ELEMENTS: &str = "
    const counts = {};
    const all = [...document.querySelectorAll('*')];
    const drawn = all.filter((it) => it.namespaceURI.endsWith('/svg'));
    all.filter((it) => !drawn.includes(it)).forEach((it) => { counts[it.localName] = (counts[it.localName] ?? 0) + 1; });
    const events = all.filter((it) => [...it.attributes].some(({ name, value }) => name.startsWith('on') || /^\\s*javascript:/i.test(value)));
    return [counts, [...new Set(drawn.map((it) => it.localName))].sort(), events.map((it) => it.outerHTML), typeof window.hostile];";

/// Every text and every attribute of the page, but for the data that the script computes with.
const TEXTS: &str = "
    const texts = [];
    const walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_CDATA_SECTION);
    while (walk.nextNode()) if (walk.currentNode.parentNode.localName !== 'script') texts.push(walk.currentNode.data);
    document.querySelectorAll('*').forEach((it) => [...it.attributes].forEach(({ name, value }) => {
        if (!(it.localName === 'option' && name === 'value')) texts.push(value);
    }));
    return texts;";

#[track_caller]
fn assert_texts_are_quiet(case: &str, browser: &Browser) {
    for text in browser.js(TEXTS, Value::Null).as_array().unwrap() {
        let text = text.as_str().unwrap();
        assert_eq!(text.chars().find(|it| is_loud(*it) && *it != '\t'), None, "{case}: {text:?}");
    }
}

#[track_caller]
pub fn assert_inert(case: &str, page: &Page, plain: &Value, browser: &Browser) {
    page.open(browser, 1280);
    let elements = browser.js(ELEMENTS, Value::Null);
    assert_eq!(elements[0], plain[0], "{case}: elements");
    let drawn = [
        "circle", "ellipse", "g", "line", "path", "polygon", "polyline", "rect", "svg", "text", "title",
        "tspan",
    ];
    let others = elements[1].as_array().unwrap().iter().filter(|it| !drawn.contains(&it.as_str().unwrap()));
    assert_eq!(others.count(), 0, "{case}: {}", elements[1]);
    assert_eq!((&elements[2], &elements[3]), (&json!([]), &json!("undefined")), "{case}");
    assert_texts_are_quiet(case, browser);
    assert_eq!(browser.errors(), Vec::<Value>::new(), "{case}");
}

#[test]
fn hostile_names_are_only_names_on_the_page() {
    let Some(browser) = browser() else { return };
    let plain = named(&Words { all: harmless(), first: 0 }, "harmless");
    plain.open(&browser, 1280);
    let plain = browser.js(ELEMENTS, Value::Null);
    // A page shows all names at once; those of the device and its driver are others in each.
    for first in (0..COUNT).step_by(4) {
        let page = named(&Words { all: hostile(), first }, "hostile");
        assert_inert(&format!("from {first}"), &page, &plain, &browser);
    }
}

#[test]
fn hostile_names_in_results_are_only_names_on_their_page() {
    let Some(browser) = browser() else { return };
    let of_results = |words: &Words, name: &str| {
        let run = measured(words, "report/measurements.csv", &shelf(name));
        make(name, "report --as-of 2026-09-01", &[run])
    };
    let plain = of_results(&Words { all: harmless(), first: 0 }, "harmless-results");
    plain.open(&browser, 1280);
    let plain = browser.js(ELEMENTS, Value::Null);
    for first in (0..COUNT).step_by(9) {
        let page = of_results(&Words { all: hostile(), first }, "hostile-results");
        assert_inert(&format!("from {first}"), &page, &plain, &browser);
    }
}

#[test]
fn hostile_names_are_only_names_in_what_controls_and_sources_show() {
    let Some(browser) = browser() else { return };
    let page = named(&Words { all: hostile(), first: 0 }, "hostile-controls");
    assert_computes(&page, &browser);
    let elements = "return document.querySelectorAll('main *:not(svg):not(svg *)').length";
    let count = browser.js(elements, Value::Null);
    let options = browser.js("return document.querySelectorAll('#case option').length", Value::Null);
    let body = "
        const set = (id, value) => {
            const control = document.getElementById(id);
            control.value = value;
            control.dispatchEvent(new Event('input', { bubbles: true }));
            control.dispatchEvent(new Event('change', { bubbles: true }));
        };
        set('case', String(arguments[0]));
        const policies = [...document.querySelectorAll('#policy option')].map((it) => it.value);
        set('policy', policies[2 + arguments[0] % (policies.length - 2)]);
        document.querySelector('#answer button.source[data-figure=cost_over_price]').click();
        const inside = [...new Set([...document.querySelectorAll('#source-body *')].map((it) => it.localName))].sort();
        return inside;";
    for case in 0..options.as_u64().unwrap() {
        let inside = browser.js(body, json!(case));
        assert_eq!(inside, json!(["br", "code", "h3", "li", "p", "ul"]), "case {case}");
        assert_texts_are_quiet(&format!("case {case}"), &browser);
        browser.js("document.querySelector('#source').close()", Value::Null);
    }
    assert_eq!(browser.js(elements, Value::Null), count);
    assert_eq!(browser.js("return typeof window.hostile", Value::Null), "undefined");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn hostile_names_do_not_make_a_page_scroll_sideways() {
    assert_no_horizontal_scroll(&named(&Words { all: hostile(), first: COUNT - 2 }, "hostile-long"));
}

/// A link can set controls, and only those.
#[test]
fn a_hostile_link_changes_nothing_but_controls() {
    let Some(browser) = browser() else { return };
    let page = example();
    for fragment in [
        "case=__proto__",
        "case=99",
        "case=-1",
        "case=1e9",
        "policy=<img src=x onerror=window.hostile=1>",
        "policy=__proto__&rent=constructor",
        "rent=<script>window.hostile=1</script>",
        "rent=-1&utilisation=7&ratio=NaN&cached=1",
        "constructor=1&__proto__=2&toString=3",
        "=&=&==&&&",
        "%",
        "%E0%A4%A",
        "answer",
    ] {
        browser.open_at(&page.path, fragment, 1280);
        let state = "return [document.body.dataset.ready, typeof window.hostile, document.querySelectorAll('main img').length,
            document.querySelector('#answer [data-figure=usd_per_mtok_blended]').dataset.value !== '']";
        assert_eq!(browser.js(state, Value::Null), json!(["true", "undefined", 0, true]), "#{fragment}");
        assert_eq!(browser.errors(), Vec::<Value>::new(), "#{fragment}");
    }
}
