//! Tables sort by any column, both ways, by mouse and by keyboard.

use serde_json::{Value, json};

use crate::driver::{ENTER, browser};
use crate::page::{Page, example, gaps, large};

/// Sorts every table by every column up and down, and answers for each what the column then holds.
const SORT: &str = "
    const unknown = '\\u2013';
    const cellOf = (cell) => cell.dataset.value ?? cell.textContent.trim();
    const tables = [...document.querySelectorAll('table.sortable')];
    return tables.map((table) => [...table.tHead.rows[0].cells].map((head, column) => {
        const read = () => [...table.tBodies[0].rows].map((row) => cellOf(row.cells[column]));
        const click = () => { head.querySelector('button').click(); return read(); };
        const one = click(), first = head.getAttribute('aria-sort');
        const other = click(), second = head.getAttribute('aria-sort');
        const marked = table.querySelectorAll('th[aria-sort]').length;
        const name = `${table.id} ${head.textContent}`;
        return { name, one, first, other, second, marked };
    })).flat();";

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect()
}

fn is_unknown(cell: &&str) -> bool {
    ["", "–"].contains(cell)
}

/// Numbers as numbers: both orders are monotone, and unknown comes last in both.
#[track_caller]
fn assert_sorted(name: &str, cells: &[&str], ascending: bool) {
    let known = cells.iter().position(is_unknown).unwrap_or(cells.len());
    assert!(cells[known..].iter().all(is_unknown), "{name}: unknown is not last: {cells:?}");
    let numbers: Vec<f64> = cells[..known].iter().filter_map(|cell| cell.parse().ok()).collect();
    if numbers.len() == known {
        let in_order = |pair: &[f64]| if ascending { pair[0] <= pair[1] } else { pair[0] >= pair[1] };
        assert!(numbers.windows(2).all(in_order), "{name}: {numbers:?}");
    }
}

#[track_caller]
pub fn sorts(page: &Page) -> usize {
    let Some(browser) = browser() else { return 0 };
    page.open(&browser, 1280);
    let columns = browser.js(SORT, Value::Null);
    let columns = columns.as_array().unwrap();
    for column in columns {
        let name = column["name"].as_str().unwrap();
        assert_eq!(
            (&column["first"], &column["second"]),
            (&json!("ascending"), &json!("descending")),
            "{name}"
        );
        assert_eq!(column["marked"], 1, "{name}");
        let (up, down) = (texts(&column["one"]), texts(&column["other"]));
        assert_sorted(name, &up, true);
        assert_sorted(name, &down, false);
        let known = |cells: &[&str]| cells.iter().filter(|cell| !is_unknown(cell)).count();
        assert_eq!((up.len(), known(&up)), (down.len(), known(&down)), "{name}: rows were lost");
        let distinct: std::collections::BTreeSet<&str> =
            up.iter().copied().filter(|cell| !is_unknown(cell)).collect();
        let backwards: Vec<&str> = down[..known(&down)].iter().rev().copied().collect();
        // Equal cells keep their order, so only without them is one order the other backwards.
        assert!(distinct.len() < known(&up) || backwards == up[..known(&up)], "{name}: {up:?} {down:?}");
    }
    columns.len()
}

#[test]
fn tables_sort_both_ways_numbers_as_numbers_and_unknown_last() {
    let columns: Vec<usize> = [example(), gaps(), large()].map(sorts).into();
    assert!(browser().is_none() || columns.iter().all(|&columns| columns > 30), "{columns:?}");
}

#[test]
fn a_table_sorts_by_keyboard_and_keeps_the_focus() {
    let Some(browser) = browser() else { return };
    example().open(&browser, 1280);
    for key in [ENTER, " "] {
        let focus = "const head = document.querySelector('#sellers th button') ?? document.querySelector('table.sortable th button');
            head.focus();
            return head.closest('th').getAttribute('aria-sort')";
        let before = browser.js(focus, Value::Null);
        browser.keys(key);
        let after = "const head = document.activeElement.closest('th'); return head && head.getAttribute('aria-sort')";
        let after = browser.js(after, Value::Null);
        let expected = if before == "ascending" { "descending" } else { "ascending" };
        assert_eq!(after, expected, "{key:?}");
    }
}
