//! Controls by keyboard, and what they refuse.

use serde_json::{Value, json};

use crate::driver::{TAB, browser};
use crate::page::example;

/// What the page shows, the fields that are marked, and what is said about them.
const STATE: &str = "
    const state = () => ({
        figures: [...document.querySelectorAll('#answer [data-figure]:not(button)')].map((it) => it.textContent),
        reason: document.querySelector('#reason').textContent,
        invalid: [...document.querySelectorAll('#controls [aria-invalid=true]')].map((it) => it.id),
        said: document.querySelector('#controls-error').textContent.trim(),
    });
    const set = (id, value) => {
        const control = document.getElementById(id);
        control.value = value;
        control.dispatchEvent(new Event('input', { bubbles: true }));
        control.dispatchEvent(new Event('change', { bubbles: true }));
    };";

#[test]
fn a_value_out_of_range_is_marked_said_why_and_leaves_the_figures() {
    let Some(browser) = browser() else { return };
    example().open(&browser, 1280);
    let before = browser.js(&format!("{STATE} return state()"), Value::Null);
    assert_eq!((&before["invalid"], &before["said"]), (&json!([]), &json!("")));
    let refused = [
        ("rent", "0"),
        ("rent", "-1"),
        ("rent", ""),
        ("rent", "1e999"),
        ("utilisation", "0"),
        ("utilisation", "1.01"),
        ("utilisation", "-0.5"),
        ("utilisation", ""),
        ("ratio", "-1"),
        ("ratio", ""),
        ("cached", "1"),
        ("cached", "-0.1"),
        ("cached", ""),
    ];
    for (control, value) in refused {
        let body = format!(
            "{STATE} const [id, value] = arguments[0]; const own = document.getElementById(id).value;
             set(id, value); const refused = state(); set(id, own); return [refused, state()];"
        );
        let states = browser.js(&body, json!([control, value]));
        let (refused, after) = (&states[0], &states[1]);
        assert_eq!(refused["invalid"], json!([control]), "{control} {value:?}");
        let said = refused["said"].as_str().unwrap().to_lowercase();
        let name = if control == "ratio" { "input" } else { control };
        assert!(said.contains(name), "{control} {value:?}: {said}");
        for kept in ["figures", "reason"] {
            assert_eq!(refused[kept], before[kept], "{control} {value:?}");
        }
        assert_eq!(*after, before, "{control} {value:?}: a right value does not bring all back");
    }
}

#[test]
fn what_is_said_about_a_value_belongs_to_its_field_and_is_announced() {
    let Some(browser) = browser() else { return };
    example().open(&browser, 1280);
    let body = "const error = document.querySelector('#controls-error');
        const fields = [...document.querySelectorAll('#controls input')];
        return [error.getAttribute('role'), fields.map((field) =>
            (field.getAttribute('aria-describedby') ?? '').split(' ').includes('controls-error') && field.labels.length === 1)];";
    assert_eq!(browser.js(body, Value::Null), json!(["alert", [true, true, true, true]]));
}

#[test]
fn every_control_is_reached_and_changed_by_keyboard() {
    let Some(browser) = browser() else { return };
    example().open(&browser, 1280);
    browser.js("document.querySelector('#case').focus()", Value::Null);
    let mut reached = Vec::new();
    for _ in 0..7 {
        reached.push(browser.js("return document.activeElement.id", Value::Null));
        browser.keys(TAB);
    }
    assert_eq!(json!(reached), json!(["case", "rent", "utilisation", "ratio", "cached", "policy", "reset"]));
    let figure = "return document.querySelector('#answer [data-figure=usd_per_mtok_blended]').dataset.value";
    let value = || -> f64 { browser.js(figure, Value::Null).as_str().unwrap().parse().unwrap() };
    let rent = "return document.querySelector('#rent').value";
    let before = value() / browser.js(rent, Value::Null).as_str().unwrap().parse::<f64>().unwrap();
    browser.js("const rent = document.querySelector('#rent'); rent.focus(); rent.select()", Value::Null);
    browser.keys("2.5");
    assert!((value() / (2.5 * before) - 1.0).abs() < 1e-9, "{} {before}", value());
    // The first letters of a choice choose it.
    browser.js("document.querySelector('#policy').focus()", Value::Null);
    browser.keys("cheap");
    let reason = browser.js("return document.querySelector('#reason').textContent", Value::Null);
    assert!(reason.as_str().unwrap().contains("of the cheapest seller's price"), "{reason}");
}
