//! Every figure says where it comes from, by keyboard too.

use mtok::market::figure;
use serde_json::{Value, json};

use crate::driver::{Browser, ENTER, ESCAPE, TAB, browser};
use crate::page::{Page, example, gaps};

/// What the dialog shows, and whether the focus is inside.
const DIALOG: &str = "
    const dialog = document.querySelector('#source');
    return { open: dialog.open, text: dialog.textContent, inside: dialog.contains(document.activeElement) };";

#[track_caller]
fn figures_have_sources(page: &Page) {
    let Some(browser) = browser() else { return };
    page.open(&browser, 1280);
    let buttons = "return [...document.querySelectorAll('button.source')].map((button) =>
        [button.dataset.figure, button.closest('#answer') !== null, button.getAttribute('aria-label') ?? button.textContent])";
    let buttons = browser.js(buttons, Value::Null);
    for (index, button) in buttons.as_array().unwrap().iter().enumerate() {
        let name = button[0].as_str().unwrap();
        let figure = figure::find(name).unwrap_or_else(|| panic!("no figure {name}"));
        assert!(button[2].as_str().unwrap().contains(figure.label), "{name}: {button}");
        browser.js("document.querySelectorAll('button.source')[arguments[0]].focus()", json!(index));
        browser.keys(ENTER);
        let shown = browser.js(DIALOG, Value::Null);
        let text = shown["text"].as_str().unwrap();
        assert_eq!((&shown["open"], &shown["inside"]), (&json!(true), &json!(true)), "{name}");
        assert!(text.contains(figure.label) && text.contains(figure.formula), "{name}: {text}");
        for part in figure.of {
            assert!(text.contains(figure::find(part).unwrap().label), "{name} lacks {part}: {text}");
        }
        let rests_on = |wanted: &str| name == wanted || rests(figure, wanted);
        for (rests, file) in
            [(rests_on("usd_per_hour"), "rentals.csv:"), (rests_on("market_policy"), "tokens.csv:")]
        {
            assert!(!rests || text.contains(file), "{name} names no row of {file}: {text}");
        }
        if index == 0 {
            assert_modal(&browser);
        }
        browser.keys(ESCAPE);
        let closed = "return [document.querySelector('#source').open,
            document.activeElement === document.querySelectorAll('button.source')[arguments[0]]]";
        assert_eq!(browser.js(closed, json!(index)), json!([false, true]), "{name}");
    }
    let answered = buttons.as_array().unwrap().iter().filter(|button| button[1] == json!(true)).count();
    assert!(answered >= 9, "{answered} figures of the answer have a source");
}

/// The page behind an open dialog is out of reach.
#[track_caller]
fn assert_modal(browser: &Browser) {
    for _ in 0..4 {
        browser.keys(TAB);
        let behind = "return document.querySelector('main').contains(document.activeElement)";
        assert_eq!(browser.js(behind, Value::Null), json!(false));
    }
}

/// Whether a figure is made of another, at whatever depth.
fn rests(figure: &figure::Figure, on: &str) -> bool {
    figure.of.iter().any(|part| *part == on || figure::find(part).is_some_and(|part| rests(part, on)))
}

#[test]
fn a_figure_opens_its_formula_and_rows_by_keyboard_and_escape_goes_back() {
    figures_have_sources(example());
    figures_have_sources(gaps());
}

#[test]
fn a_source_shows_the_values_that_are_on_the_page() {
    let Some(browser) = browser() else { return };
    example().open(&browser, 1280);
    let body = "const set = (id, value) => {
            const control = document.getElementById(id);
            control.value = value;
            control.dispatchEvent(new Event('input', { bubbles: true }));
        };
        set('rent', '1.25');
        set('utilisation', '0.4');
        document.querySelector('#answer button.source[data-figure=cost_over_price]').click();
        const shown = (name) => document.querySelector(`#answer span[data-figure=${name}]`).textContent;
        return [document.querySelector('#source').innerText, ['cost_over_price', 'usd_per_mtok_blended', 'usd_per_mtok_in',
            'usd_per_mtok_out', 'market_usd_per_mtok'].map(shown)];";
    let answer = browser.js(body, Value::Null);
    let text = answer[0].as_str().unwrap();
    let values = answer[1].as_array().unwrap().iter().map(|value| value.as_str().unwrap());
    for value in values.chain(["1.25", "0.400"]) {
        assert!(text.contains(value), "{value}: {text}");
    }
}
