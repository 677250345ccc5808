//! The pages that are tested, each made by the program itself, and what stands in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::common::{Grid, data, mtok, recorded, run};
use crate::driver::Browser;

/// The page of README.md.
pub const EXAMPLE: &str =
    "compare --gpu H100~SXM --model llama-3.1-8b,llama-3.1-70b,qwen3-8b --as-of 2026-11-21";

/// A page.
pub struct Page {
    /// Its file.
    pub path: PathBuf,
    /// What its script computes with.
    pub data: Value,
}

/// The page that README.md shows: datasheet rates, bundled prices.
pub fn example() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| make("example", EXAMPLE, &[]))
}

/// A page with models that nobody sells, that do not fit, and cached input that has a price of its own.
pub fn gaps() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| {
        let tables = tables("gaps");
        let mut sold = fs::read_to_string(data("tables/tokens.csv")).unwrap();
        sold.retain(|character| character != '\r');
        let with_cache = "llama-3.1-8b,caches,x,0.2,0.4,0.02,2026-08-21,a test\nllama-3.1-8b,Median,y,0.25,0.3,,2026-08-21,a test\n";
        let mine: Vec<&str> = sold.lines().filter(|line| !line.starts_with("qwen")).collect();
        fs::write(tables.join("tokens.csv"), mine.join("\n") + "\n" + with_cache).unwrap();
        let words = "compare --gpu H100~SXM --model all --batch 1,64 --weights bf16,fp8 --cached 0.25 --utilisation 0.6 \
                     --as-of 2026-09-01";
        make("gaps", words, &tables_words(&tables))
    })
}

/// Rows of a measured run, and how many prices its page has.
pub const ROWS: usize = 2000;
pub const PRICES: usize = 1000;

/// A page of 2,000 measured rows and 1,000 prices.
pub fn large() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| {
        let tables = tables("large");
        let day = |index: usize| format!("2026-{:02}-{:02}", 1 + index % 8, 1 + index / 8 % 28);
        let mut rents = "hardware,provider,kind,region,usd_per_hour,date,basis,source\n".to_owned();
        let mut sold =
            "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n".to_owned();
        for index in 0..PRICES / 2 {
            let (who, price, day) = (index % 60, 5 + index % 7, day(index));
            rents += &format!("2-vCPU cloud machine,provider-{who},on-demand,region-{index},0.0{price},{day},list,a test\n");
            sold += &format!("llama-3.1-8b,seller-{who},listing-{index},0.0{price},0.1{price},,{day},a test\n");
        }
        fs::write(tables.join("rentals.csv"), rents).unwrap();
        fs::write(tables.join("tokens.csv"), sold).unwrap();
        let measurements = tables.join("measurements.csv");
        fs::write(&measurements, many_rows()).unwrap();
        let measurements = measurements.display().to_string();
        let words = "compare --model llama-3.1-8b --batch 1,4,16 --as-of 2026-09-01 --measurements";
        make("large", words, &[vec![measurements], tables_words(&tables)].concat())
    })
}

/// The recorded run with products of further shapes.
fn many_rows() -> String {
    let mut rows = Grid::of(&recorded()).without("cell");
    let [shape, flops, bytes] = ["shape", "flops", "bytes"].map(|name| rows.column(name));
    let product = rows.rows.iter().position(|row| row.contains(&"m=32;n=2048;k=2048".to_owned())).unwrap();
    for index in 0..=ROWS - rows.rows.len() {
        let mut row = rows.rows[product].clone();
        // They follow from the shape.
        [flops, bytes].iter().for_each(|&column| row[column].clear());
        row[shape] = format!("m={};n=2048;k=2048", 300 + index);
        rows.rows.push(row);
    }
    assert_eq!(rows.rows.len(), ROWS + 1);
    rows.text()
}

/// Where pages and their tables are kept; they may be looked at after a test.
pub fn shelf(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A copy of the small tables that never change.
fn tables(name: &str) -> PathBuf {
    let folder = shelf(name);
    for table in ["gpus.csv", "models.csv", "rentals.csv", "tokens.csv"] {
        fs::copy(data("tables").join(table), folder.join(table)).unwrap();
    }
    folder
}

fn tables_words(folder: &Path) -> Vec<String> {
    vec!["--data".into(), folder.display().to_string()]
}

/// Makes a page; words with spaces in them are written with `~`.
#[track_caller]
pub fn make(name: &str, words: &str, paths: &[String]) -> Page {
    let path = shelf(name).join("report.html");
    let mut words: Vec<String> = words.split_whitespace().map(|word| word.replace('~', " ")).collect();
    words.extend_from_slice(paths);
    words.extend(["--format".into(), "html".into(), "--out".into(), path.display().to_string()]);
    run(mtok(&words)).ok();
    let html = fs::read_to_string(&path).unwrap();
    let (_, data) = html.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data = serde_json::from_str(data).unwrap();
    Page { path, data }
}

impl Page {
    /// Opens it and waits until its script has run.
    #[track_caller]
    pub fn open(&self, browser: &Browser, width_px: u32) {
        browser.open(&self.path, width_px);
        let ready = browser.js("return document.body.dataset.ready", Value::Null);
        assert_eq!(ready, json!("true"), "the script has not run: {:?}", browser.logs("browser"));
    }
}
