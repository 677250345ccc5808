//! The page of a fleet: the answer, what is out of line, the map of its nodes, how devices are distributed cell by cell, then the
//! tables and what all of it rests on. Its script only sorts tables.

use super::super::fleet::{
    FleetReport, LISTING, Part, SIMULATED, answer, furthest, grounds, more, parts, without_type,
};
use super::html::text;
use super::plots::fleet::{map, spreads};
use super::tables::{columned, folded, reproduce};
use super::{Document, document, section};

/// Rows of a table, beyond which they are counted.
const SHOWN: usize = 500;
/// Devices that are listed: what is furthest from its siblings.
const DEVICES: usize = 1000;

const NAV: &str = "<nav aria-label=\"Sections\"><a href=\"#out\">Out of line</a> <a href=\"#map\">Nodes</a> \
    <a href=\"#kernels\">Kernels</a> <a href=\"#fleet\">Types and costs</a> <a href=\"#state\">Tasks</a> \
    <a href=\"#grounds\">Grounds</a></nav>\n";

/// The page. The same report gives the same bytes.
pub fn page(report: &FleetReport) -> String {
    let parts = parts(report);
    let shown = |ids: &[&str]| {
        let chosen = parts.iter().filter(|part| ids.contains(&part.id));
        chosen.map(|part| table(part, ids.len() > 1)).collect::<String>()
    };
    let or = |shown: String, words: &str| if shown.is_empty() { format!("<p>{words}</p>\n") } else { shown };
    let sections = [
        section("answer", "The answer", answer_section(report)),
        section("out", "Out of line", or(shown(&["outliers"]), "Nothing.")),
        section("map", "Nodes", nodes(report)),
        section("kernels", "Kernels", distribution(report) + &shown(&["cells"])),
        section("fleet", "Types and costs", or(shown(&["types", "days", "costs"]), "No devices to compare.")),
        section(
            "state",
            "Tasks and files",
            or(shown(&["tasks", "aside"]), "Every task is done, and nothing was set aside."),
        ),
        section("grounds", "What this rests on", rests_on(report)),
    ];
    document(&Document {
        title: &report.heading(text),
        about: &about(report),
        nav: NAV,
        sections: &sections.concat(),
        dialog: "",
        data: "{}",
    })
}

/// The line below the title.
fn about(report: &FleetReport) -> String {
    let plan = &report.collected.plan;
    let prices = report.as_of.map(|day| format!(" Prices as of {day}.")).unwrap_or_default();
    format!("Plan {} of {}, mtok {}.{prices}", text(&plan.id), text(&plan.made_utc), text(&plan.tool_version))
}

fn answer_section(report: &FleetReport) -> String {
    let mut out = String::new();
    if report.collected.plan.simulated {
        out += &format!(
            "<p class=\"verdict\"><strong>{SIMULATED}</strong> No device was measured: every row was made up.</p>\n"
        );
    }
    for (place, line) in answer(report, text).iter().enumerate() {
        let class = if place == 0 { " class=\"said\"" } else { "" };
        out += &format!("<p{class}>{line}</p>\n");
    }
    out
}

/// A table with its heading where a section has several.
fn table(part: &Part, headed: bool) -> String {
    let heading = if headed { format!("<h3>{}</h3>\n", part.title) } else { String::new() };
    let rows = part.table.rows();
    let table = folded(rows.min(SHOWN), "rows", part.table.html(SHOWN, &part.caption, part.id));
    let more = more(rows, SHOWN).map(|more| format!("<p class=\"quiet\">{more}.</p>\n")).unwrap_or_default();
    format!("{heading}{table}{more}")
}

/// The map, and the devices behind it as a table.
fn nodes(report: &FleetReport) -> String {
    let Some(map) = map(report) else { return "<p>No task has measured anything yet.</p>\n".into() };
    let all = report.collected.units.len();
    let listed = furthest(report, DEVICES);
    let caption = match all > listed.len() {
        true => format!(
            "The {} of {all} devices that are furthest from their siblings; --format csv has all",
            listed.len()
        ),
        false => "Every device, those furthest from their siblings first".to_owned(),
    };
    let rows: Vec<_> = listed.iter().collect();
    map.figure()
        + &folded(
            rows.len(),
            "devices",
            columned(&caption, "devices", &without_type(report, &LISTING), &rows),
        )
}

fn distribution(report: &FleetReport) -> String {
    let pictures = spreads(report);
    if pictures.is_empty() {
        return "<p>A distribution takes two or more comparable devices of a type.</p>\n".into();
    }
    pictures.iter().map(super::Plotted::figure).collect()
}

fn rests_on(report: &FleetReport) -> String {
    let items: String = grounds(report, text).iter().map(|ground| format!("<li>{ground}</li>\n")).collect();
    format!("<ul>\n{items}</ul>\n{}", reproduce(&report.command))
}
