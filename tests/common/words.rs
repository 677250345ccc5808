//! What strangers may write where a name is expected: every text here tries to be more than a name. And the files in which
//! they may write it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Grid, data, folder, write};

/// How many there are.
pub const COUNT: usize = 44;

/// The longest name; without a place at which a line could be broken.
const LONG: usize = 500;

/// The texts. Those that could run something would set `window.hostile`.
pub fn hostile() -> [String; COUNT] {
    let long = ["x".repeat(LONG), "<b>".repeat(LONG / 3)];
    let short = [
        // Elements and what ends them.
        "<script>window.hostile=1</script>",
        "</script><script>window.hostile=1</script>",
        "<!--<script>",
        "<img src=x onerror=\"window.hostile=1\">",
        "<svg/onload=window.hostile=1>",
        "</td></table></section></main><h1>x",
        "</title><style>body{display:none}</style>",
        "<a href=\"javascript:window.hostile=1\">x</a>",
        "<![CDATA[x]]><?php x?>",
        "</svg></text><foreignObject><p>x",
        // Out of an attribute.
        "\" autofocus onfocus=\"window.hostile=1",
        "' onmouseover='window.hostile=1",
        "\"><b>x</b>",
        "`onclick=window.hostile=1`",
        "&lt;script&gt;&#60;b&#62;&quot;",
        "&amp;amp;",
        // Out of a text of a program.
        "\");window.hostile=1;//",
        "\\\";window.hostile=1;//",
        "${window.hostile=1}",
        "{{constructor.constructor('window.hostile=1')()}}",
        "__proto__",
        "constructor",
        "]}</script>",
        "\\u003c/script\\u003e \\ud800",
        "\u{2028}window.hostile=1\u{2029}",
        // What drives a terminal.
        "\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]0;title\u{7}\u{1b}]8;;http://a\u{1b}\\x",
        "\u{9b}31mred\u{90}q",
        "x\u{8}\u{8}\u{0}y\u{7f}",
        "two\r\nlines\n| a | b |",
        // What changes the order of what is read, or is not seen.
        "\u{202e}gpj.exe\u{2066}",
        "a\u{200b}b\u{200d}\u{feff}c\u{2060}d",
        // Formulas.
        "=HYPERLINK(\"http://a\",\"x\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1+1)",
        "\t=1+1",
        // Markdown.
        "[x](javascript:window.hostile=1)",
        "![x](http://a/b.png) **b** _i_ ~~s~~ `c`",
        "| a | b |\\| c",
        "# h <br> 1. x",
        // Characters that are several.
        "\u{1f469}\u{200d}\u{1f467} Z\u{338}a\u{338}l\u{337} \u{fdfd}",
    ];
    let mut words = short.iter().map(|&word| word.to_owned()).chain(long);
    std::array::from_fn(|_| words.next().unwrap())
}

/// As many names that are only names, of letters that sort as the texts above stand.
pub fn harmless() -> [String; COUNT] {
    std::array::from_fn(|index| format!("name{index:02}"))
}

/// Whether a character drives a terminal, changes the order of what is read or is not seen; line ends are ours.
pub fn is_loud(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The names of one case: the texts, the first of them at another place in each.
pub struct Words {
    /// The texts.
    pub all: [String; COUNT],
    /// The place of the first.
    pub first: usize,
}

impl Words {
    /// The text at a place behind the first, round and round.
    pub fn at(&self, index: usize) -> &str {
        &self.all[(self.first + index) % COUNT]
    }
}

/// Rows below a header as CSV.
pub fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let header = header.iter().map(|&name| name.to_owned()).collect();
    Grid { rows: std::iter::once(header).chain(rows).collect() }.text()
}

/// Tables of one GPU, `plain`, whose names and those of all models, providers and sellers are these.
pub fn tables(words: &Words) -> TempDir {
    let here = folder();
    let word = |index| words.at(index).to_owned();
    let text = |text: &str| text.to_owned();
    let day = || text("2026-08-01");
    let gpu = csv(
        &[
            "name",
            "vendor",
            "architecture",
            "form_factor",
            "memory_gb",
            "bandwidth_gb_per_s",
            "fp32_tflops",
            "fp16_dense_tflops",
            "tdp_w",
            "aliases",
            "source",
            "date_checked",
        ],
        [vec![
            word(0),
            word(1),
            word(2),
            word(3),
            text("80"),
            text("3350"),
            text("67"),
            text("989"),
            text("700"),
            text("plain"),
            word(4),
            day(),
        ]],
    );
    write(here.path(), "gpus.csv", gpu);
    let model = Grid::of(&fs::read_to_string(data("tables/models.csv")).unwrap());
    let [name, aliases, repo, source] = ["name", "aliases", "repo", "source"].map(|name| model.column(name));
    let models = (0..COUNT).map(|index| {
        let mut row = model.rows[1].clone();
        row[name] = word(index);
        row[aliases] = format!("model-{index}");
        row[repo] = word(index + 1);
        row[source] = word(index + 2);
        row
    });
    let header: Vec<&str> = model.rows[0].iter().map(String::as_str).collect();
    write(here.path(), "models.csv", csv(&header, models));
    let rents = (0..COUNT).map(|index| {
        let price = format!("{}.{index:02}", 1 + index % 3);
        vec![
            word(0),
            word(index),
            text("on-demand"),
            word(index + 1),
            price,
            day(),
            text("list"),
            word(index + 2),
        ]
    });
    let header = ["hardware", "provider", "kind", "region", "usd_per_hour", "date", "basis", "source"];
    write(here.path(), "rentals.csv", csv(&header, rents));
    let sold = (0..COUNT).flat_map(|index| {
        [(3, "0.1", "0.3", ""), (7, "0.2", "0.4", "0.1")].map(|(other, input, output, cached)| {
            let seller = word(index + other);
            vec![
                word(index),
                seller,
                word(index + 5),
                text(input),
                text(output),
                text(cached),
                day(),
                word(index + 9),
            ]
        })
    });
    let header = [
        "model",
        "seller",
        "listing",
        "input_usd_per_mtok",
        "output_usd_per_mtok",
        "cache_read_usd_per_mtok",
        "date",
        "source",
    ];
    write(here.path(), "tokens.csv", csv(&header, sold));
    write(here.path(), "presets.csv", presets(words));
    here
}

/// Hours of which one is `plain`; the names of the others are only read where none has the name that was asked for.
fn presets(words: &Words) -> String {
    let header = ["name", "gpu", "kind", "usd_per_hour", "capex_usd", "kw", "date", "source", "note"];
    let row = |name: &str, kind: &str, usd: &str, index: usize| {
        let [gpu, source, note] = [0, 6, 7].map(|place| words.at(index + place).to_owned());
        let [name, kind, usd, none, kw, day] = [name, kind, usd, "", "1.5", "2026-08-01"].map(str::to_owned);
        vec![name, gpu, kind, usd, none, kw, day, source, note]
    };
    let others = (0..COUNT).map(|index| row(words.at(index), "neocloud", "1.5", index));
    csv(
        &header,
        [row("plain", "neocloud", "1.5", 0), row("plain-own", "own", "", 0)].into_iter().chain(others),
    )
}

/// A run whose adapter, driver, notes, variants and reasons have these names.
pub fn measured(words: &Words, file: &str, folder: &Path) -> String {
    let mut rows = Grid::of(&fs::read_to_string(data(file)).unwrap());
    let named = [
        "adapter",
        "driver",
        "driver_info",
        "backend",
        "os",
        "argv",
        "note",
        "stop_reason",
        "distribution",
        "wgpu_version",
        "tool_version",
        "tool_commit",
        "pci_bus_id",
        "session",
        "build_profile",
        "input_hash",
        "shader_hash",
    ];
    for (index, name) in named.into_iter().enumerate() {
        if rows.rows[0].iter().any(|column| column == name) {
            rows = rows.with_all(name, words.at(index));
        }
    }
    for row in 0..rows.rows.len() - 1 {
        rows = rows.with(row, "variant", words.at(row + 3)).with(row, "cell", "");
        if !rows.cell(row, "reason").is_empty() {
            rows = rows.with(row, "reason", words.at(row + 7));
        }
    }
    write(folder, "measurements.csv", rows.without("cell").text())
}
