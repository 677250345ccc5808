//! JUnit XML: every cell and run is a test case. A wrong result is a failure, a cell that did not end is an error.
//!
//! There is no standard. Written is what the common readers (Jenkins, GitLab, Azure, GitHub's test reporters) have in
//! common: suites, counts, `classname`, `name`, `time` and one child that says why a case did not pass.

use super::results::Results;
use crate::measurement::{Identity, Measurement, Outcome, SOFTWARE_LABEL};
use crate::text::inert;

/// The document, UTF-8.
pub fn junit(results: &Results) -> String {
    let rows = results.rows();
    let counts = counts(rows);
    let title = xml(&results.title());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out += &format!(
        "<testsuites name=\"mtok\" {counts}>\n  <testsuite name=\"{title}\" {counts}{}>\n",
        stamp(rows)
    );
    out += "    <properties>\n";
    results.identity().map(properties).into_iter().flatten().for_each(|(name, value)| {
        out += &format!("      <property name=\"{name}\" value=\"{}\"/>\n", xml(&value));
    });
    out += "    </properties>\n";
    rows.iter().for_each(|row| out += &case(row));
    out + "  </testsuite>\n</testsuites>\n"
}

fn counts(rows: &[Measurement]) -> String {
    let count = |status| rows.iter().filter(|row| row.outcome.status() == status).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
        rows.len(),
        count("wrong"),
        count("failed"),
        count("skipped"),
        seconds(rows.iter().filter_map(sampled_s).sum()),
    )
}

/// When the first cell ended, where that is known.
fn stamp(rows: &[Measurement]) -> String {
    let times = rows.iter().map(|row| row.provenance.time_utc.as_str()).filter(|time| !time.is_empty());
    times.min().map(|time| format!(" timestamp=\"{}\"", xml(time))).unwrap_or_default()
}

fn properties(identity: &Identity) -> Vec<(&'static str, String)> {
    let kind = identity.device_type.name().to_owned();
    let label = if identity.device_type.name() == "software" { SOFTWARE_LABEL } else { "" };
    let all = [
        ("adapter", identity.adapter.clone()),
        ("device_type", kind),
        ("note", label.to_owned()),
        ("backend", identity.backend.clone()),
        ("driver", identity.driver.clone()),
        ("driver_info", identity.driver_info.clone()),
        ("os", identity.os.clone()),
        ("tool_version", identity.tool_version.clone()),
        ("tool_commit", identity.tool_commit.clone()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// One run of a cell. Readers group by `classname`, so that is the kernel; the name is unique within the file.
fn case(row: &Measurement) -> String {
    let time = sampled_s(row).map(|time| format!(" time=\"{}\"", seconds(time))).unwrap_or_default();
    let name = xml(&format!("{} run {}", row.cell(), row.run));
    let open = format!("    <testcase classname=\"{}\" name=\"{name}\"{time}", row.op.kernel());
    let reason = xml(row.outcome.reason());
    let inner = match &row.outcome {
        Outcome::Ok(timing, _) => format!("<system-out>median_s {}</system-out>", timing.seconds.median),
        Outcome::Wrong(_, check) => format!(
            "<failure type=\"wrong\" message=\"{reason}\">nmse {}, nmse_max {}, compared {}</failure>",
            check.nmse, check.nmse_max, check.compared
        ),
        Outcome::Failed(_) => format!("<error type=\"failed\" message=\"{reason}\"/>"),
        Outcome::Skipped(_) => format!("<skipped message=\"{reason}\"/>"),
        Outcome::Imported(_) => "<skipped message=\"measured elsewhere\"/>".to_owned(),
    };
    format!("{open}>\n      {inner}\n    </testcase>\n")
}

/// Time spent in samples: `time` is how long a test took, not how fast the kernel was.
fn sampled_s(row: &Measurement) -> Option<f64> {
    let timing = row.timing()?;
    Some(timing.seconds.mean * f64::from(timing.executions_per_sample) * f64::from(timing.samples))
}

fn seconds(time: f64) -> String {
    format!("{time:.6}")
}

/// Text for XML 1.0, in an attribute or an element. Characters that XML cannot hold, not even escaped, become
/// visible text.
fn xml(text: &str) -> String {
    let mut safe = String::new();
    for character in inert(text).chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&apos;",
            '\u{fffe}' | '\u{ffff}' => safe.extend(character.escape_unicode()),
            _ => safe.push(character),
        }
    }
    safe
}
