//! Files that nobody should import, over all formats: each is answered at once by one line that says where and what, and
//! leaves the store as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Grid, Run, folder, mtok, names, run, utf16, write};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use rawzip::CompressionMethod;
use tempfile::TempDir;

/// The longest that a person waits for a refusal; a build without optimisation is several times slower.
const AT_ONCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 800 } else { 200 });

/// A format by one small file of it: its name and a text with one row or model.
struct Sample {
    name: &'static str,
    text: &'static str,
}

const TABLES: [Sample; 6] = [
    Sample {
        name: "rentals.csv",
        text: "hardware,provider,kind,region,usd_per_hour,date,basis,source\n\
               H100 SXM,lambda,on-demand,us,2.99,2026-10-01,list,a test\n",
    },
    Sample {
        name: "tokens.csv",
        text: "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n\
               llama-3.3-70b,seller,listing,0.3,0.6,,2026-10-01,a test\n",
    },
    Sample {
        name: "vms.csv",
        text: "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice,Region,GpuInfo\n\
               x8,H100-SXM,8.0,128,1600,24.0,12.0,eu,\"{'Gpus': [{'Name': 'H100', 'Count': 8.0, 'MemoryInfo': \
               {'SizeInMiB': 81920}}], 'TotalGpuMemoryInMiB': 655360}\"\n",
    },
    Sample {
        name: "lambdalabs.csv",
        text: "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,\
               cpu_arch,provider_data\n\
               gpu_8x_h100,us-east-1,24.0,208,1800.0,8,H100,80.0,False,,nvidia,,x86,\n",
    },
    Sample { name: "usage.csv", text: "date,total_tokens,model,origin\n2026-10-01,1200000,m-1,us\n" },
    Sample { name: "spot.csv", text: "date,product,usd,source\n2026-10-01,DDR5 16Gb,43.14,a test\n" },
];

const JSONS: [Sample; 6] = [
    Sample {
        name: "litellm.json",
        text: r#"{"seller/m-1": {"input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "litellm_provider": "seller",
"mode": "chat"}}"#,
    },
    Sample {
        name: "openrouter.json",
        text: r#"{"data": [{"id": "a/m-1", "canonical_slug": "a/m-1", "pricing": {"prompt": "0.0000004", "completion": "0.0000012"}}]}"#,
    },
    Sample {
        name: "api.json",
        text: r#"{"seller": {"id": "seller", "env": ["KEY"], "npm": "n", "name": "Seller", "models": {"m-1": {"id": "m-1", "name": "M", "cost": {"input": 0.15,
"output": 0.6}}}}}"#,
    },
    Sample {
        name: "data.json",
        text: r#"[{"id": "seller", "name": "Seller", "models": [{"id": "m-1", "match": {"equals": "m-1"}, "prices": {"input_mtok": 1.25,
"output_mtok": 10}}]}]"#,
    },
    Sample {
        name: "vendor.json",
        text: r#"{"vendor": "v", "models": [{"id": "m-1", "name": "M", "price_history": [{"input": 1.0, "output": 6.0,
"input_cached": null, "from_date": null, "to_date": null}]}]}"#,
    },
    Sample {
        name: "rankings.json",
        text: r#"{"data": [{"date": "2026-05-11", "model_permaslug": "a/m-1", "total_tokens": "12345678"}],
"meta": {"as_of": "2026-05-12T00:00:00Z"}}"#,
    },
];

/// A store with something in it, and room for bad files.
struct Place {
    here: TempDir,
    before: Vec<(PathBuf, Vec<u8>)>,
    files: usize,
}

impl Place {
    fn new() -> Self {
        let here = folder();
        let good = write(here.path(), "good.csv", TABLES[0].text);
        let mut place = Self { here, before: vec![], files: 0 };
        place.import(&good, &[]).ok();
        place.before = place.stored();
        assert_eq!(place.before.len(), 1);
        place
    }

    fn stored(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.here.path().join("store"))
    }

    fn words(&self, path: &str, options: &[&str]) -> Vec<String> {
        let store = self.here.path().join("store").display().to_string();
        let words =
            [&["prices", "import", path, "--observed", "2026-11-22", "--store", &store], options].concat();
        words.into_iter().map(str::to_owned).collect()
    }

    fn import(&self, path: &str, options: &[&str]) -> Run {
        run(mtok(&self.words(path, options)))
    }

    /// A file of its own for these bytes, in a folder of its own so that its name can be that of its format.
    fn file(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        self.files += 1;
        // Some tables leave it to their folder to say who sells.
        let folder = self.here.path().join(self.files.to_string()).join("lambda");
        fs::create_dir_all(&folder).unwrap();
        write(&folder, name, bytes)
    }

    /// What is in a file is refused as a whole; answers what was said behind the path.
    #[track_caller]
    fn refused(&mut self, case: &str, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.file(name, bytes);
        self.refused_path(case, &path)
    }

    #[track_caller]
    fn refused_path(&self, case: &str, path: &str) -> String {
        let (said, took) = self.answer(case, path);
        // Other work on the machine may hold up a call, not every one.
        let more = (0..9).map(|_| self.answer(case, path).1);
        let quickest = if took < AT_ONCE { took } else { more.min().unwrap_or(took) };
        assert!(quickest < AT_ONCE, "{case}: {quickest:?}");
        assert_eq!(self.stored(), self.before, "{case}: the store changed");
        said
    }

    #[track_caller]
    fn answer(&self, case: &str, path: &str) -> (String, Duration) {
        let start = Instant::now();
        let run = self.import(path, &[]);
        let took = start.elapsed();
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{case}: {}", run.err);
        quiet(case, &run);
        let said = run.complaint().trim_end();
        let said = said.strip_prefix(&format!("mtok: {path}")).unwrap_or_else(|| panic!("{case}: {said}"));
        assert!(!said.contains('\n'), "{case}: more than one line: {said}");
        let (place, what) = said.split_once(": ").unwrap_or_else(|| panic!("{case}: says no place: {said}"));
        assert!(is_place(place) && !what.is_empty(), "{case}: {said}");
        assert!(said.len() < 600, "{case}: {said}");
        (said.to_owned(), took)
    }
}

/// Nothing, `:line`, `:line:column`, or `:line (path)`.
fn is_place(text: &str) -> bool {
    let place = text.split_once(" (").map_or(text, |(place, _)| place);
    place.is_empty()
        || place.strip_prefix(':').is_some_and(|rest| rest.split(':').all(|part| part.parse::<u64>().is_ok()))
}

/// Neither stream can drive a terminal or change the order of what is read.
#[track_caller]
fn quiet(case: &str, run: &Run) {
    let loud = |character: &char| {
        (character.is_control() && *character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    for (name, text) in [("stdout", &run.out), ("stderr", &run.err)] {
        assert_eq!(text.chars().find(loud), None, "{case}: {name}: {text:?}");
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let file = archive.new_file(*name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

/// JSON with spaces at its end that do not end: it is read as a whole, whatever its rows are like.
fn bomb() -> Vec<u8> {
    [JSONS[0].text.as_bytes(), &vec![b' '; 32 << 20]].concat()
}

fn samples() -> impl Iterator<Item = &'static Sample> {
    TABLES.iter().chain(&JSONS)
}

#[test]
fn every_sample_is_taken_as_it_is() {
    let mut place = Place::new();
    for sample in samples() {
        let path = place.file(sample.name, sample.text);
        let run = place.import(&path, &["--dry-run", "--json"]);
        assert_eq!(run.code, Some(0), "{}: {}", sample.name, run.err);
    }
}

#[test]
fn files_that_are_no_text_are_refused_whatever_they_are_called() {
    let mut place = Place::new();
    for Sample { name, text } in samples() {
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for (case, bytes, what) in [
            ("empty", vec![], ": is empty"),
            ("blank", b" \n\t\r\n".to_vec(), ": is empty"),
            ("mark only", b"\xef\xbb\xbf".to_vec(), ": is empty"),
            ("UTF-16", utf16(text), ": is UTF-16; save it as UTF-8"),
            ("UTF-16 without mark", wide(u16::to_le_bytes), ": is UTF-16 without its mark; save it as UTF-8"),
            (
                "UTF-16, large end first",
                wide(u16::to_be_bytes),
                ": is UTF-16 without its mark; save it as UTF-8",
            ),
            ("not UTF-8", [b"\xff", text.as_bytes()].concat(), ":1"),
            ("packed twice", gzip(&gzip(text.as_bytes())), ": is an archive in an archive: unpack it first"),
            (
                "gzip cut short",
                gzip(text.as_bytes())[..40].to_vec(),
                ": is cut short: its gzip data has no end",
            ),
        ] {
            let said = place.refused(&format!("{name}, {case}"), name, bytes);
            assert!(said.starts_with(what), "{name}, {case}: {said}");
        }
    }
}

#[test]
fn json_cut_anywhere_is_refused_where_it_ends() {
    let mut place = Place::new();
    for Sample { name, text } in &JSONS {
        let length = text.len();
        for end in [1, 2, 5, length / 4, length / 2, length * 3 / 4, length - 2, length - 1] {
            let said = place.refused(&format!("{name} cut at {end}"), name, &text[..end]);
            assert!(said.starts_with(':'), "{said}");
        }
        let (start, _) = text.split_at(length / 2);
        for tail in ["\0", "\u{1b}[2J", ",,,,", "\"", "}}}}}}"] {
            place.refused(&format!("{name} that goes on with {tail:?}"), name, format!("{start}{tail}"));
        }
        place.refused(&format!("{name} and more"), name, format!("{text} {text}"));
    }
}

#[test]
fn json_of_another_shape_is_refused() {
    let mut place = Place::new();
    for text in [
        "null",
        "true",
        "1",
        "\"text\"",
        "[]",
        "{}",
        "[[]]",
        "[1, 2]",
        "[null]",
        "{\"a\": 1}",
        "{\"data\": 5}",
    ] {
        place.refused(text, "a.json", text);
    }
    for text in [
        r#"{"data": [{"id": 5, "pricing": {"prompt": "0.1", "completion": "0.2"}}]}"#,
        r#"{"data": [{"id": "m", "pricing": []}]}"#,
        r#"{"vendor": "v", "models": {"price_history": []}}"#,
        r#"{"vendor": "v", "models": [{"id": "m", "price_history": 5}]}"#,
        r#"[{"id": "s", "models": 5, "name": "n"}]"#,
        r#"{"m": {"input_cost_per_token": [], "output_cost_per_token": {}, "litellm_provider": 5}}"#,
    ] {
        place.refused(text, "a.json", text);
    }
}

#[test]
fn json_too_deep_or_too_long_does_not_exhaust_anything() {
    let mut place = Place::new();
    for (case, text) in [
        ("arrays", "[".repeat(100_000)),
        ("objects", "{\"a\":".repeat(100_000)),
        ("both, closed", "[{\"a\":".repeat(50_000) + "1" + &"}]".repeat(50_000)),
        ("below a key", format!("{{\"data\": [{{\"id\": {}", "[".repeat(100_000))),
        ("below a price", format!("{{\"m\": {{\"input_cost_per_token\": {}", "[".repeat(100_000))),
        ("a long key", format!("{{\"{}\": 1}}", "k".repeat(1 << 20))),
        ("a long number", format!("{{\"m\": {{\"input_cost_per_token\": {}", "9".repeat(1 << 20))),
        ("a long text", format!("[\"{}\"]", "t".repeat(1 << 20))),
        ("commas", format!("[{}]", ",".repeat(1 << 20))),
    ] {
        place.refused(case, "deep.json", text);
    }
}

#[test]
fn numbers_that_are_no_prices_are_named_with_their_place() {
    let mut place = Place::new();
    let bad = [
        "NaN",
        "nan",
        "inf",
        "-inf",
        "-1",
        "-0.5",
        "1e999",
        "1e-999",
        "0x10",
        "1,5",
        "2;5",
        "$2.99",
        "2.99 USD",
        "1/2",
        "２.５",
        "1_000",
        "--1",
        "1e",
        "e5",
        ".",
        "99999999999999999999999999999999999999",
    ];
    for (sample, column, place_of) in
        [(&TABLES[0], "usd_per_hour", ":2:5"), (&TABLES[1], "input_usd_per_mtok", ":2:4")]
    {
        for cell in bad {
            let text = Grid::of(sample.text).with(0, column, cell).text();
            let said = place.refused(&format!("{column} {cell}"), sample.name, text);
            assert!(said.starts_with(place_of), "{column} {cell}: {said}");
        }
    }
    for (column, cell, place_of) in [
        ("date", "2026-02-31", ":2:6"),
        ("date", "31.01.2026", ":2:6"),
        ("date", "99999-01-01", ":2:6"),
        ("date", "", ":2:6"),
        ("kind", "sometimes", ":2:3"),
        ("hardware", "", ":2:1"),
        ("provider", "", ":2:2"),
    ] {
        let text = Grid::of(TABLES[0].text).with(0, column, cell).text();
        let said = place.refused(&format!("{column} {cell:?}"), "rentals.csv", text);
        assert!(said.starts_with(place_of), "{column} {cell:?}: {said}");
    }
}

#[test]
fn tables_that_are_none_are_refused() {
    let mut place = Place::new();
    for Sample { name, text } in &TABLES {
        let (header, row) = text.split_once('\n').unwrap();
        let columns = header.split(',').count();
        for (case, text) in [
            ("a header alone", format!("{header}\n")),
            ("a header cut", header[..header.len() / 2].to_owned()),
            ("no header", row.to_owned()),
            ("a row cut", format!("{header}\n{}", row.split(',').next().unwrap())),
            ("a field too many", format!("{header}\n{},x\n", row.trim_end())),
            ("a quote left open", format!("{header}\n\"{row}")),
            ("semicolons", text.replace(',', ";")),
            ("tabs", text.replace(',', "\t")),
            (
                "a column twice",
                format!("{header},{}\n{},x\n", header.split(',').next().unwrap(), row.trim_end()),
            ),
            ("HTML", format!("<!doctype html><title>{header}</title>")),
            ("zeros", "\0".repeat(5000)),
            ("one long line", "x".repeat(1 << 20)),
            ("commas", ",".repeat(1 << 20)),
            ("quotes", "\"".repeat((1 << 20) + 1)),
            ("line ends", "\n".repeat(1 << 20)),
            ("old Macintosh", text.replace('\n', "\r").replace(',', ";")),
        ] {
            place.refused(&format!("{name}, {case} ({columns} columns)"), name, text);
        }
        let first = header.split(',').next().unwrap();
        place.refused(&format!("{name} without {first}"), name, Grid::of(text).without(first).text());
        let invalid = [header.as_bytes(), b"\n\xff\xfe\xff,", row.as_bytes()].concat();
        place.refused(&format!("{name}, not UTF-8 in a row"), name, invalid);
    }
}

#[test]
fn archives_that_are_traps_are_refused_by_name() {
    let mut place = Place::new();
    let text = TABLES[0].text.as_bytes();
    let zeros = bomb();
    let mut lying = zip(&[("a.csv", &zeros)]);
    let at = lying.windows(4).position(|window| window == b"PK\x01\x02").unwrap() + 24;
    lying[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
    let good = zip(&[("a.csv", text)]);
    let directory = good.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let changed = |offset: usize, bit: u8| {
        let mut bytes = good.clone();
        bytes[directory + offset] ^= bit;
        bytes
    };
    let many: Vec<(String, &[u8])> = (0..2000).map(|number| (format!("{number}.csv"), &b"x"[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    for (case, bytes, what) in [
        ("gzip bomb", gzip(&zeros), "is a gzip bomb"),
        ("zip bomb", zip(&[("a.csv", &zeros)]), "is a zip bomb"),
        ("zip that lies", lying, "lies about the size"),
        ("zip in a zip", zip(&[("a.zip", &good)]), "is an archive in an archive"),
        ("zip in a gzip", gzip(&good), "is an archive in an archive"),
        ("two files", zip(&[("a.csv", text), ("b.csv", text)]), "is a zip with 2 files (a.csv, b.csv)"),
        (
            "hostile names",
            zip(&[("\u{1b}[2J", text), ("../../b", text)]),
            "is a zip with 2 files (\\u{1b}[2J, b)",
        ),
        ("many files", zip(&many), "is a zip with more than 1000 entries"),
        ("no file", zip(&[]), "is a zip with no file in it"),
        ("encrypted", changed(8, 1), "is an encrypted zip"),
        ("another method", changed(10, 4), "is a zip packed in an unusual way"),
        ("another name", changed(46, 1), "headers contradict each other"),
        ("wrong checksum", changed(16, 1), "its checksum does not fit"),
        ("cut short", good[..good.len() - 30].to_vec(), "is a damaged zip"),
        ("cut in the middle", good[..good.len() / 2].to_vec(), "is a damaged zip"),
        ("zstd", b"\x28\xb5\x2f\xfd\0\0\0\0".to_vec(), "is packed with zstd"),
        ("7-Zip", b"7z\xbc\xaf\x27\x1c\0\0".to_vec(), "is packed with 7-Zip"),
        ("xz", b"\xfd7zXZ\0\0\0".to_vec(), "is packed with xz"),
        ("bzip2", b"BZh91AY&SY\0\0".to_vec(), "is packed with bzip2"),
        ("damaged gzip", [&gzip(text)[..30], b"garbage garbage"].concat(), "is "),
    ] {
        let said = place.refused(case, "catalog.zip", bytes);
        assert!(said.contains(what), "{case}: {said}");
    }
}

#[test]
fn a_bomb_behind_good_rows_stores_none_of_them() {
    let mut place = Place::new();
    let good = TABLES[0].text.replace("lambda", "nebius").into_bytes();
    for tail in [b"\n", b"0", b","] {
        let bytes = gzip(&[&good[..], &tail.repeat(32 << 20)].concat());
        let path = place.file("rentals.csv.gz", bytes);
        let run = place.import(&path, &[]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
        assert_eq!(place.stored(), place.before);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_without_waiting() {
    let mut place = Place::new();
    let here = place.here.path().to_owned();
    let fifo = common::fifo(&here, "fifo");
    let empty = here.join("empty");
    fs::create_dir(&empty).unwrap();
    let socket = here.join("socket");
    let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let cycle = here.join("cycle");
    std::os::unix::fs::symlink(&cycle, &cycle).unwrap();
    for (path, what) in [
        (fifo.as_str(), ": is a FIFO, not a plain file"),
        (socket.to_str().unwrap(), ": is a socket, not a plain file"),
        ("/dev/zero", ": is a device, not a plain file"),
        (cycle.to_str().unwrap(), ": cannot be read: "),
        (here.join("none.csv").to_str().unwrap(), ": cannot be read: "),
        (empty.to_str().unwrap(), ": "),
    ] {
        let said = place.refused_path(path, path);
        assert!(said.starts_with(what), "{path}: {said}");
    }
    if cfg!(target_os = "linux") {
        // A plain file by its looks whose first byte nobody may read, not even root.
        assert!(place.refused_path("unreadable", "/proc/self/mem").starts_with(": cannot be read: "));
    }
    let large = place.file("large.csv", TABLES[0].text);
    fs::OpenOptions::new().write(true).open(&large).unwrap().set_len((256 << 20) + 1).unwrap();
    assert!(place.refused_path("large", &large).starts_with(": is larger than 256 MiB; --large reads it"));
}

#[test]
fn standard_input_has_the_same_bounds() {
    let place = Place::new();
    let zeros = bomb();
    for (bytes, what) in [
        (vec![], "mtok: -: is empty"),
        (utf16(TABLES[0].text), "mtok: -: is UTF-16; save it as UTF-8"),
        (gzip(&zeros), "mtok: -: is a gzip bomb: "),
        (zip(&[("a.csv", &zeros)]), "mtok: -: is a zip bomb: "),
    ] {
        let mut child = mtok(&place.words("-", &[]));
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // It may have answered before it has read all.
        let _ = input.write_all(&bytes);
        drop(input);
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(what), "{said}");
    }
    assert_eq!(place.stored(), place.before);
}

#[test]
fn hostile_words_reach_no_stream_raw() {
    let words = [
        "\u{1b}[31mred\u{1b}]0;title\u{7}",
        "\u{202e}gpj.exe\u{2066}\u{200b}",
        "=HYPERLINK(\"http://a\")",
        "+1+cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "| a | b |\u{85}",
        "\u{8}\u{8}\u{8}\u{0}",
        "[x](javascript:alert(1))",
    ];
    // A row for every column, the good ones first.
    let columns = ["hardware", "provider", "region", "source", "kind", "usd_per_hour"];
    let mut place = Place::new();
    for word in words {
        let mut text = TABLES[0].text.lines().next().unwrap().to_owned() + "\n";
        for (index, column) in columns.into_iter().enumerate() {
            let row = Grid::of(TABLES[0].text).with(0, "date", &format!("2026-09-0{}", index + 1));
            let row = row.with(0, column, word).text();
            text += row.split_once('\n').unwrap().1;
        }
        let path = place.file("rentals.csv", text);
        for format in [&["--json"][..], &["--csv"], &["--markdown"], &[]] {
            let run = place.import(&path, &[&["--dry-run"], format].concat());
            assert_eq!(run.code, Some(0), "{word:?}: {}", run.err);
            quiet(&format!("{word:?}"), &run);
            match format {
                ["--json"] => assert_eq!(run.json()["rejected"], 2, "{word:?}: {}", run.out),
                ["--markdown"] => assert!(!run.out.contains("<script"), "{}", run.out),
                ["--csv"] => {
                    let cells = Grid::of(&run.out).rows.into_iter().flatten();
                    assert!(!cells.into_iter().any(|cell| cell.starts_with(['=', '+', '@'])), "{}", run.out);
                }
                _ => assert!(run.out.contains("rejected"), "{}", run.out),
            }
        }
        assert_eq!(place.import(&path, &["--dry-run", "--strict"]).code, Some(1), "{word:?}");
    }
}

#[test]
fn rows_that_were_rejected_are_counted_and_fail_a_strict_call() {
    let mut place = Place::new();
    let bad = "H100 SXM,lambda,on-demand,us,NaN,2026-10-02,list,a test\n";
    let good = "H100 SXM,nebius,on-demand,us,2.95,2026-10-02,list,a test\n";
    let path = place.file("rentals.csv", format!("{}{bad}{good}", TABLES[0].text));
    let json = place.import(&path, &["--dry-run", "--json"]).ok().json();
    assert_eq!((&json["rejected"], &json["accepted"]), (&1.into(), &1.into()), "{json}");
    assert_eq!(place.import(&path, &["--dry-run", "--strict"]).code, Some(1));
    assert_eq!(place.stored(), place.before);
    place.import(&path, &[]).ok();
    assert_eq!(place.stored().len(), 2, "what was good is stored");
}

#[test]
fn of_two_files_the_good_one_is_taken() {
    let mut place = Place::new();
    let good = place.file("rentals.csv", TABLES[0].text.replace("lambda", "nebius"));
    let bad = place.file("rentals.csv", "nothing");
    let words = [place.words(&good, &[&bad])].concat();
    let run = run(mtok(&words));
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.complaint().starts_with(&format!("mtok: {bad}:1: ")), "{}", run.err);
    assert_eq!(place.stored().len(), 2);
}
