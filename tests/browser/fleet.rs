//! The page of a fleet: as quiet, as narrow and as readable as any other, at 64 devices and at 10,000.

use std::fs;
use std::sync::OnceLock;

use mtok::fleet::analysis::analyse;
use mtok::fleet::simulate::{self, Faults};
use mtok::report::fleet::{FleetReport, html};
use serde_json::{Value, json};

use crate::access::{assert_drawings_have_texts, assert_ids_are_unique, axe, check};
use crate::common::fleets::Fleet;
use crate::common::words::{COUNT, Words, harmless, hostile};
use crate::driver::browser;
use crate::hostile::{ELEMENTS, assert_inert};
use crate::layout::{assert_no_horizontal_scroll, assert_nothing_moves, assert_paper_is_whole};
use crate::loading::loads_alone;
use crate::page::{Page, shelf};
use crate::tables::sorts;

fn made(name: &str, report: &FleetReport) -> Page {
    let path = shelf(name).join("report.html");
    fs::write(&path, html(report)).unwrap();
    Page { path, data: json!({}) }
}

fn small() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| made("fleet", &Fleet::default().report()))
}

/// 10,000 devices.
fn large() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    let slow = vec![1234, 5000, 99];
    PAGE.get_or_init(|| {
        made("fleet-large", &Fleet { nodes: 1250, gpus: 8, slow, missing: 700, ..Fleet::default() }.report())
    })
}

/// The fleet of docs/: what `mtok fleet simulate` makes, and what is found of it.
pub fn simulated() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| {
        let faults = Faults { slow: (3, 0.08), throttling_nodes: (1, 0.12), missing: 2, ..Faults::default() };
        let fleet = simulate::Fleet { tasks: 256, faults, ..simulate::Fleet::default() };
        let collected = simulate::collected(&fleet, &fleet.planted().unwrap());
        let report = FleetReport {
            title: "Fleet autumn".into(),
            analysis: analyse(&collected),
            collected,
            costs: None,
            as_of: None,
            command: "mtok report --fleet fleets/autumn --format html --out fleet.html".into(),
        };
        made("fleet-simulated", &report)
    })
}

#[test]
fn the_page_of_a_fleet_loads_without_an_error_and_asks_the_network_for_nothing() {
    [small(), large()].into_iter().for_each(loads_alone);
}

#[test]
fn an_accessibility_engine_finds_nothing_on_the_page_of_a_fleet() {
    let (Some(axe), Some(browser)) = (axe(), browser()) else { return };
    for look in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
        check(small(), &axe, &browser, look);
    }
}

#[test]
fn the_page_of_a_fleet_scrolls_sideways_nowhere() {
    [small(), large()].into_iter().for_each(assert_no_horizontal_scroll);
}

#[test]
fn the_page_of_a_fleet_stands_still_and_is_whole_on_paper() {
    assert_nothing_moves(large());
    assert_paper_is_whole(small());
}

#[test]
fn tables_of_a_fleet_sort_both_ways_numbers_as_numbers_and_unknown_last() {
    let columns = sorts(small());
    assert!(browser().is_none() || columns > 40, "{columns}");
}

#[test]
fn drawings_of_a_fleet_have_texts_and_ids_are_unique() {
    assert_drawings_have_texts(small());
    assert_ids_are_unique(small());
}

#[test]
fn a_node_tells_a_pointer_its_name_and_what_is_out_of_line() {
    let Some(browser) = browser() else { return };
    for (page, name) in [(small(), "gpu-node-0009 (throttling node): "), (large(), "gpu-node-0154: ")] {
        page.open(&browser, 1280);
        let body = "const area = [...document.querySelectorAll('#chart-nodes .wide .names')].find((it) => it.textContent.trim().startsWith(arguments[0]));
            area.scrollIntoView({ behavior: 'instant', block: 'center' });
            const box = area.getBoundingClientRect();
            const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return [hit === area, area.textContent]";
        let found = browser.js(body, json!(name));
        assert_eq!(found[0], true, "{found}");
        assert!(found[1].as_str().unwrap().contains(" %"), "{found}");
    }
}

#[test]
fn hostile_names_are_only_names_on_the_page_of_a_fleet() {
    let Some(browser) = browser() else { return };
    let named =
        |words: &Words, name: &str| made(name, &Fleet { words: Some(words), ..Fleet::default() }.report());
    let plain = named(&Words { all: harmless(), first: 0 }, "fleet-harmless");
    plain.open(&browser, 1280);
    let plain = browser.js(ELEMENTS, Value::Null);
    for first in (0..COUNT).step_by(11) {
        let page = named(&Words { all: hostile(), first }, "fleet-hostile");
        assert_inert(&format!("from {first}"), &page, &plain, &browser);
    }
    drop(browser);
    assert_no_horizontal_scroll(&named(&Words { all: hostile(), first: COUNT - 2 }, "fleet-long"));
}
