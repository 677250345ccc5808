//! Nothing is wider than the page, nothing moves once it is there, and paper shows what a screen folds up.

use serde_json::{Value, json};

use crate::driver::browser;
use crate::page::{Page, example, gaps, large};

/// How wide the page is, and the innermost elements that are wider than it should be, outside of what scrolls by itself.
const WIDE: &str = "
    const width = arguments[0];
    document.querySelectorAll('details').forEach((details) => { details.open = true; });
    const scrolls = (it) => it && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(it).overflowX) || scrolls(it.parentElement));
    const is_wide = (it) => it.scrollWidth > width || it.getBoundingClientRect().right > width + 0.5;
    const wide = [...document.body.querySelectorAll('*:not(svg *)')].filter((it) => is_wide(it) && !scrolls(it) && !it.closest('.skip'));
    const inner = wide.filter((it) => !wide.some((other) => other !== it && it.contains(other)));
    return [document.documentElement.scrollWidth, inner.slice(0, 3).map((it) => it.outerHTML.slice(0, 200))];";

#[track_caller]
pub fn assert_no_horizontal_scroll(page: &Page) {
    let Some(browser) = browser() else { return };
    for width in [320, 390, 1280] {
        page.open(&browser, width);
        let measured = browser.js(WIDE, json!(width));
        assert!(
            measured[0].as_u64().unwrap() <= u64::from(width),
            "{}: {width}: {measured}",
            page.path.display()
        );
        assert_eq!(measured[1], json!([]), "{}: {width}", page.path.display());
        let dialog = "document.querySelector('#answer button.source[data-figure=verdict]')?.click();
            const box = document.querySelector('#source')?.getBoundingClientRect() ?? { left: 0, right: 0 };
            return [box.left, box.right, document.documentElement.scrollWidth]";
        let dialog = browser.js(dialog, Value::Null);
        let number = |index: usize| dialog[index].as_f64().unwrap();
        assert!(
            number(0) >= 0.0 && number(1) <= f64::from(width) && number(2) <= f64::from(width),
            "{width}: {dialog}"
        );
    }
}

#[test]
fn no_page_scrolls_sideways_on_a_phone_or_a_screen() {
    for page in [example(), gaps(), large()] {
        assert_no_horizontal_scroll(page);
    }
}

#[test]
fn nothing_moves_after_it_is_shown() {
    for page in [example(), large()] {
        assert_nothing_moves(page);
    }
}

#[track_caller]
pub fn assert_nothing_moves(page: &Page) {
    let Some(browser) = browser() else { return };
    for width in [1280, 390] {
        page.open(&browser, width);
        let shifts = "let sum = 0;
            new PerformanceObserver((list) => list.getEntries().forEach((shift) => { sum += shift.value; }))
                .observe({ type: 'layout-shift', buffered: true });
            setTimeout(() => done(sum), 500);";
        assert_eq!(
            browser.js_later(shifts, Value::Null).as_f64(),
            Some(0.0),
            "{} at {width}",
            page.path.display()
        );
    }
}

#[test]
fn figures_that_change_move_nothing_on_the_page() {
    let Some(browser) = browser() else { return };
    for width in [1280, 390] {
        example().open(&browser, width);
        let body = "const top = () => ['#kernels', '#costs', '#tables'].map((id) => document.querySelector(id).offsetTop);
            const controls = () => document.querySelector('#controls').getBoundingClientRect().top;
            const before = controls();
            const set = (id, value) => {
                const control = document.getElementById(id);
                control.value = value;
                control.dispatchEvent(new Event('input', { bubbles: true }));
            };
            set('utilisation', '0.012345');
            set('rent', '123.456');
            return [before, controls()];";
        let moved = browser.js(body, Value::Null);
        // The sentences above may take a line more or less, and no more than that.
        let distance = (moved[0].as_f64().unwrap() - moved[1].as_f64().unwrap()).abs();
        assert!(distance <= 30.0, "the controls move by {distance} px at {width}");
    }
}

#[test]
fn paper_shows_all_tables_and_no_controls() {
    for page in [example(), large()] {
        assert_paper_is_whole(page);
    }
}

#[track_caller]
pub fn assert_paper_is_whole(page: &Page) {
    let Some(browser) = browser() else { return };
    {
        page.open(&browser, 1280);
        browser.js(
            "addEventListener('beforeprint', () => {
                window.folded = document.querySelectorAll('details:not([open])').length;
            })",
            Value::Null,
        );
        let before =
            browser.js("return document.querySelectorAll('details:not([open])').length", Value::Null);
        let pdf = browser.cdp("Page.printToPDF", json!({"printBackground": true}));
        assert!(pdf["data"].as_str().unwrap().len() > 10_000);
        let after = "return [window.folded, document.querySelectorAll('details:not([open])').length]";
        assert_eq!(
            browser.js(after, Value::Null),
            json!([0, before]),
            "folded on paper; folded after printing"
        );

        browser.media("print", "light");
        let body = "const hidden = (it) => it.getClientRects().length === 0;
            const of = (selector) => [...document.querySelectorAll(selector)].filter((it) => !it.closest('details:not([open])'));
            const bare = (figure) => [...figure.querySelectorAll('svg')].every(hidden);
            return [of('#controls').every(hidden), of('button.source').every(hidden), of('table').some(hidden), of('figure').some(bare)]";
        assert_eq!(browser.js(body, Value::Null), json!([true, true, false, false]));
        // Paper does not scroll: nothing may be cut off.
        let cut = "return [...document.querySelectorAll('.scroll')].filter((it) =>
            ['auto', 'scroll', 'hidden'].includes(getComputedStyle(it).overflowX)).length";
        assert_eq!(browser.js(cut, Value::Null), json!(0), "regions that scroll on paper");
    }
}
