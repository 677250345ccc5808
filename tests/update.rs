//! `mtok prices update` against a server of this machine that also misbehaves.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{Run, folder, names, run, tuned, write};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use serde_json::Value;
use tempfile::TempDir;

const RENTALS: &str = "hardware,provider,kind,region,usd_per_hour,date,basis,source\n\
    H100 SXM,lambda,on-demand,us,2.99,2026-11-01,list,a test\n\
    H100 SXM,nebius,on-demand,eu,2.95,2026-11-01,list,a test\n";

/// A server whose every connection gets an answer by the path that was asked for.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answer: impl Fn(&str, &str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), asked.clone());
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, log) = (answer.clone(), log.clone());
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let request = request_of(&stream);
                    log.lock().unwrap().push(request.clone());
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    answer(&path, &request, &mut stream);
                });
            }
        });
        Self { port, asked }
    }

    /// The same answer for everything.
    fn always(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::new(move |_, _, stream| drop(stream.write_all(&bytes)))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The lines of a request up to the empty one.
fn request_of(stream: &TcpStream) -> String {
    let mut request = String::new();
    let mut reader = BufReader::new(stream);
    while reader.read_line(&mut request).is_ok_and(|bytes| bytes > 2) {}
    request.to_lowercase()
}

fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn table(body: impl AsRef<[u8]>) -> Vec<u8> {
    response("200 OK", "Content-Type: text/plain; charset=utf-8\r\n", body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let method = rawzip::CompressionMethod::DEFLATE;
    let (mut entry, config) = archive.new_file(name).compression_method(method).start().unwrap();
    let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
    writer.write_all(bytes).unwrap();
    let (encoder, descriptor) = writer.finish().unwrap();
    encoder.finish().unwrap();
    entry.finish(descriptor).unwrap();
    archive.finish().unwrap()
}

/// A folder with a `sources.csv`, and the caches of its calls.
struct Place(TempDir);

impl Place {
    /// Rows are name, form and address; `key` is the variable of all.
    fn keyed(rows: &[(&str, &str, String)], key: &str) -> Self {
        let here = folder();
        let head = "name,kind,form,url,provider,key,licence,attribution,date_checked\n".to_owned();
        let row = |(name, form, url): &(&str, &str, String)| {
            format!("{name},rental,{form},{url},,{key},MIT,Source: a test,2026-11-22\n")
        };
        write(here.path(), "sources.csv", head + &rows.iter().map(row).collect::<String>());
        Self(here)
    }

    fn new(rows: &[(&str, &str, String)]) -> Self {
        Self::keyed(rows, "")
    }

    fn one(server: &Server) -> Self {
        Self::new(&[("one", "csv", format!("http://127.0.0.1:{}/vms.csv", server.port))])
    }

    fn call_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Run {
        let data = self.0.path().display().to_string();
        let store = self.0.path().join("store").display().to_string();
        let words = [&["prices", "update", "--data", &data, "--store", &store], words].concat();
        let mut command = tuned(&words, &self.0.path().join("cache"));
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"] {
            command.env_remove(name);
        }
        command.env_remove("OPENROUTER_API_KEY").envs(variables.iter().copied());
        run(command)
    }

    fn call(&self, words: &[&str]) -> Run {
        self.call_with(words, &[])
    }

    /// The rows of a call, and its exit code.
    fn json(&self, words: &[&str]) -> (Option<i32>, Vec<Value>) {
        let run = self.call(&[&["--dry-run", "--json"], words].concat());
        (run.code, run.json()["sources"].as_array().unwrap().clone())
    }

    /// Why the only source failed.
    #[track_caller]
    fn reason(&self, words: &[&str]) -> String {
        let (code, rows) = self.json(words);
        assert_eq!((code, rows[0]["state"].as_str()), (Some(1), Some("failed")), "{rows:?}");
        assert!(rows[0]["accepted"].is_null());
        rows[0]["reason"].as_str().unwrap().to_owned()
    }

    /// Makes the kept copy so many days older.
    fn age(&self, name: &str, days: i64) {
        let path = self.cache().join(format!("{name}.json"));
        let mut entry: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let checked = entry["checked_unix_s"].as_i64().unwrap();
        entry["checked_unix_s"] = (checked - days * 86_400).into();
        fs::write(&path, entry.to_string()).unwrap();
    }

    fn cache(&self) -> std::path::PathBuf {
        self.0.path().join("cache/prices")
    }
}

/// The bytes of every file in a folder.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    names(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn tables_packed_or_not_are_fetched_and_their_rows_counted() {
    let server = Server::new(|path, request, stream| {
        let bytes = match path {
            "/plain" => table(RENTALS),
            "/coded" => {
                assert!(request.contains("accept-encoding: gzip"));
                response(
                    "200 OK",
                    "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n",
                    gzip(RENTALS.as_bytes()),
                )
            }
            "/zip" => {
                assert!(request.contains("accept-encoding: identity"));
                response("200 OK", "Content-Type: application/zip\r\n", zip("aws.csv", RENTALS.as_bytes()))
            }
            "/chunked" => {
                let (first, second) = RENTALS.split_at(50);
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
                let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
                format!("{head}{}{}0\r\n\r\n", chunk(first), chunk(second)).into_bytes()
            }
            "/mark" => table(format!("\u{feff}{}", RENTALS.replace('\n', "\r\n"))),
            "/away" => response("302 Found", "Location: /plain\r\n", ""),
            _ => response("404 Not Found", "", ""),
        };
        let _ = stream.write_all(&bytes);
    });
    let paths = ["plain", "coded", "zip", "chunked", "mark", "away"];
    let form = |path: &str| if path == "zip" { "zip" } else { "csv" };
    let rows = paths.map(|path| (path, form(path), format!("http://localhost:{}/{path}", server.port)));
    let place = Place::new(&rows);
    let (code, rows) = place.json(&[]);
    assert_eq!((code, rows.len()), (Some(0), 6));
    for (row, path) in rows.iter().zip(paths) {
        assert_eq!((row["source"].as_str(), row["state"].as_str()), (Some(path), Some("fetched")), "{row}");
        // What an earlier one of them said is known already.
        let counted = ["accepted", "left_out"].map(|key| row[key].as_u64().unwrap()).iter().sum::<u64>();
        assert_eq!((counted, &row["rejected"], &row["reason"]), (2, &0.into(), &Value::Null), "{row}");
    }
    let shown = place.call(&["--dry-run"]).ok().out;
    assert!(shown.contains("Source: a test (MIT)") && shown.contains("0 min"), "{shown}");
}

#[test]
fn what_is_accepted_is_stored_once_and_a_dry_run_stores_nothing() {
    let place = Place::one(&Server::always(table(RENTALS)));
    let store = place.0.path().join("store");
    assert_eq!(place.json(&[]).1[0]["accepted"], 2);
    assert!(!store.exists(), "a dry run");
    place.call(&["--json"]).ok();
    let kept = contents(&store.join("rental"));
    assert_eq!(kept.len(), 1);
    assert!(kept[0].0.ends_with("-one-1.csv") && kept[0].1.len() > RENTALS.len(), "{}", kept[0].0);
    let row = place.call(&["--json"]).ok().json()["sources"][0].clone();
    assert_eq!((&row["accepted"], &row["left_out"]), (&0.into(), &2.into()), "stored already");
    assert_eq!(contents(&store.join("rental")), kept);
}

#[test]
fn a_source_that_fails_is_listed_with_its_reason_and_stops_no_other() {
    let server = Server::new(|path, _, stream| {
        let bytes = if path == "/good" { table(RENTALS) } else { response("500 Oh No", "", "") };
        let _ = stream.write_all(&bytes);
    });
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let place = Place::new(&[("bad", "csv", url("/bad")), ("good", "csv", url("/good"))]);
    let (code, rows) = place.json(&[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        (&rows[0]["state"], &rows[0]["reason"]),
        (&"failed".into(), &"answers with HTTP status 500".into())
    );
    assert_eq!((&rows[1]["state"], &rows[1]["accepted"]), (&"fetched".into(), &2.into()));
    assert_eq!(place.json(&["--strict"]).0, Some(1));
    assert_eq!(place.json(&["--source", "good", "--strict"]).0, Some(0));
    assert_eq!(place.json(&["--source", "bad"]).0, Some(1), "all that was asked for failed");
    let unknown = place.call(&["--source", "goood"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("unknown source \"goood\"; did you mean good?"), "{}", unknown.err);
}

#[test]
fn a_server_that_misbehaves_is_answered_with_what_it_did() {
    let chunked =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc";
    let packed = gzip(RENTALS.repeat(50).as_bytes());
    let coded =
        |bytes: &[u8]| response("200 OK", "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n", bytes);
    let short = String::from_utf8(table(RENTALS)).unwrap().replace("Content-Length: ", "Content-Length: 9");
    let huge =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999999999\r\n\r\nabc".to_owned();
    let many: String = (0..9000).map(|number| format!("x-{number}: {number}\r\n")).collect();
    for (answer, what) in [
        (vec![], "cannot be asked: "),
        (b"\x16\x03\x01 garbage\r\n\r\n".to_vec(), "does not speak HTTP: "),
        (b"HTTP/1.1 abc\r\n\r\n".to_vec(), "does not speak HTTP: "),
        (response("200 OK", &many, ""), "does not speak HTTP: http parse resulted in too many headers"),
        (
            response("200 OK", &format!("x: {}\r\n", "y".repeat(99_999)), ""),
            "sends more than 32 KiB of headers",
        ),
        (response("403 Forbidden", "", "no"), "answers with HTTP status 403"),
        (response("204 No Content", "", ""), "answers with HTTP status 204"),
        (response("304 Not Modified", "", ""), "answers with HTTP status 304"),
        (response("301 Moved", "", ""), "redirects to nowhere"),
        (
            response("302 Found", "Location: ftp://a.com/\r\n", ""),
            "redirects to what has no scheme http or https",
        ),
        (
            response("302 Found", "Location: http://example.com/vms.csv\r\n", ""),
            "redirects to http, which is for this machine's own addresses only",
        ),
        (response("307 Temporary", "Location: /again\r\n", ""), "redirects more than 5 times"),
        (
            response("200 OK", "Content-Type: text/html\r\n", RENTALS),
            "sends \"text/html\" where csv was expected",
        ),
        (response("200 OK", "Content-Type: \u{1b}[2J\r\n", RENTALS), "does not speak HTTP: "),
        (response("200 OK", "", RENTALS), "sends \"\" where csv was expected"),
        (
            response("200 OK", "Content-Type: text/csv\r\nContent-Encoding: br\r\n", RENTALS),
            "sends a packing that was not asked for",
        ),
        (table("\n<!doctype html><p>try later"), "sends what is no csv, perhaps a page that says why"),
        (table("{\"error\": \"try later\"}"), "sends what is no csv, perhaps a page that says why"),
        (table(""), "is empty"),
        (table(zip("a.csv", RENTALS.as_bytes())), "sends what is no csv"),
        (table(b"\xff\xfea\0"), "is UTF-16; save it as UTF-8"),
        (coded(&packed[..packed.len() / 2]), "is cut short: its gzip data has no end"),
        (coded(&[&packed[..40], b"garbage", &packed[47..]].concat()), "is damaged: its gzip data cannot be"),
        (coded(&gzip(&vec![b'0'; 20 << 20])), "is a gzip bomb: more than 200 bytes come out for each"),
        (coded(&gzip(&packed)), "is an archive in an archive: unpack it first"),
        (short.into_bytes(), "is cut short: "),
        (chunked.into(), "is cut short: "),
        (huge.into(), "is larger than 64 MiB"),
        (table("a,b\n1,2\n"), "1: is of no known format"),
    ] {
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(60)]).into_owned();
        let place = Place::one(&Server::always(answer));
        let reason = place.reason(&["--timeout", "5"]);
        assert!(reason.starts_with(what), "{reason:?} is not {what:?} for {shown:?}");
        assert!(!reason.chars().any(char::is_control), "{reason:?}");
    }
}

#[test]
fn a_table_where_json_or_a_zip_was_promised_is_refused() {
    let server = Server::new(|_, _, stream| {
        let _ = stream.write_all(&response("200 OK", "Content-Type: application/octet-stream\r\n", RENTALS));
    });
    let url = format!("http://127.0.0.1:{}/", server.port);
    for (form, what) in
        [("json", "sends what is no json, perhaps a page that says why"), ("zip", "sends what is no zip")]
    {
        assert_eq!(Place::new(&[("one", form, url.clone())]).reason(&[]), what);
    }
}

#[test]
fn slow_and_endless_servers_cost_no_more_than_their_time() {
    let server = Server::new(|path, _, stream| match path {
        "/silent" => thread::sleep(Duration::from_secs(20)),
        "/head" => {
            for byte in b"HTTP/1.1 200 OK\r\nX: ".iter().chain(std::iter::repeat_n(&b'y', 1000)) {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        "/drip" => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9999\r\n\r\n");
            while stream.write_all(b"a").is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        }
        _ => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
            while stream.write_all(&[b'a'; 1 << 16]).is_ok() {}
        }
    });
    let paths = ["silent", "head", "drip", "endless"];
    let rows = paths.map(|path| (path, "csv", format!("http://127.0.0.1:{}/{path}", server.port)));
    let start = Instant::now();
    let (code, rows) = Place::new(&rows).json(&["--timeout", "1.5"]);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(code, Some(1));
    let reasons: Vec<&str> = rows.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons[..3], ["did not finish within 1.5 s"; 3]);
    // As many bytes as this machine moves in that time.
    assert!([reasons[0], "is larger than 64 MiB"].contains(&reasons[3]), "{reasons:?}");
}

#[test]
fn the_next_request_names_the_kept_version_and_an_unchanged_one_is_not_sent_again() {
    let server = Server::new(|_, request, stream| {
        let headers =
            "Content-Type: text/plain\r\nETag: \"v1\"\r\nLast-Modified: Sun, 01 Nov 2026 00:00:00 GMT\r\n";
        let bytes = if request.contains("if-none-match: \"v1\"") {
            response("304 Not Modified", "", "")
        } else {
            response("200 OK", headers, RENTALS)
        };
        let _ = stream.write_all(&bytes);
    });
    let place = Place::one(&server);
    assert_eq!(place.json(&[]).1[0]["state"], "fetched");
    place.age("one", 3);
    let before = contents(&place.cache());
    let row = &place.json(&[]).1[0];
    assert_eq!((&row["state"], &row["accepted"]), (&"unchanged".into(), &2.into()));
    assert!(row["age_days"].as_f64().unwrap() < 1.0, "it is of today: {row}");
    let asked = server.asked();
    assert!(!asked[0].contains("if-"), "{}", asked[0]);
    assert!(asked[1].contains("if-modified-since: sun, 01 nov 2026 00:00:00 gmt"), "{}", asked[1]);
    let after = contents(&place.cache());
    assert_eq!(before.len(), 2);
    assert_eq!(before[0], after[0], "the body stays");
    // Another address under the same name is another source.
    let moved =
        fs::read_to_string(place.0.path().join("sources.csv")).unwrap().replace("/vms.csv", "/other.csv");
    write(place.0.path(), "sources.csv", moved);
    assert_eq!(place.json(&[]).1[0]["state"], "fetched");
    assert_eq!(contents(&place.cache()).len(), 2, "the older body is gone");
}

#[test]
fn a_kept_copy_serves_without_a_network_as_long_as_it_is_young() {
    let server = Server::always(table(RENTALS));
    let place = Place::one(&server);
    assert_eq!(place.reason(&["--offline"]), "there is no kept copy");
    assert_eq!(place.json(&[]).1[0]["state"], "fetched");
    place.age("one", 5);
    let row = &place.json(&["--offline"]).1[0];
    assert_eq!((&row["state"], &row["accepted"]), (&"kept".into(), &2.into()));
    assert_eq!(row["age_days"].as_f64().unwrap().floor(), 5.0);
    assert_eq!(place.reason(&["--offline", "--max-age", "4"]), "the kept copy is 5.0 days old");
    assert_eq!(place.json(&["--max-age", "6"]).1[0]["state"], "kept");
    assert_eq!(server.asked().len(), 1, "nobody was asked again");
    assert_eq!(place.json(&["--max-age", "4"]).1[0]["state"], "fetched");
    assert!(place.call(&["--list"]).ok().out.contains("0 min"));
}

#[test]
fn what_cannot_be_used_never_takes_the_place_of_what_is_kept() {
    let good = Arc::new(Mutex::new(true));
    let now = good.clone();
    let server = Server::new(move |_, _, stream| {
        let cut = table(RENTALS).len() - 20;
        let bytes = table(RENTALS);
        let _ = stream.write_all(if *now.lock().unwrap() { &bytes } else { &bytes[..cut] });
    });
    let place = Place::one(&server);
    assert_eq!(place.json(&[]).1[0]["state"], "fetched");
    let before = contents(&place.cache());
    *good.lock().unwrap() = false;
    assert!(place.reason(&[]).starts_with("is cut short: "));
    assert_eq!(contents(&place.cache()), before);
    assert_eq!(place.json(&["--offline"]).1[0]["accepted"], 2);
}

#[test]
fn a_damaged_cache_is_not_used() {
    let place = Place::one(&Server::always(table(RENTALS)));
    assert_eq!(place.json(&[]).1[0]["state"], "fetched");
    let entry = place.cache().join("one.json");
    let text = fs::read_to_string(&entry).unwrap();
    let body = names(&place.cache()).into_iter().find(|name| name.ends_with(".body")).unwrap();
    for damaged in [
        String::new(),
        "{".into(),
        "[".repeat(60_000),
        text.replace(&body, "../../sources.csv"),
        text.replace(&body, "one.1.body"),
        text.replace("\"bytes\": ", "\"bytes\": 9"),
        text.replace("127.0.0.1", "localhost"),
    ] {
        fs::write(&entry, &damaged).unwrap();
        assert_eq!(place.reason(&["--offline"]), "there is no kept copy", "{damaged}");
    }
    fs::write(&entry, &text).unwrap();
    assert_eq!(place.json(&["--offline"]).1[0]["state"], "kept");
}

#[test]
fn the_key_goes_to_its_source_and_nowhere_else() {
    let other = Server::always(table(RENTALS));
    let port = other.port;
    let server = Server::new(move |_, _, stream| {
        let there = format!("Location: http://127.0.0.1:{port}/\r\n");
        let _ = stream.write_all(&response("302 Found", &there, ""));
    });
    let place =
        Place::keyed(&[("one", "csv", format!("http://127.0.0.1:{}/", server.port))], "OPENROUTER_API_KEY");
    let (code, rows) = place.json(&[]);
    assert_eq!((code, &rows[0]["state"]), (Some(0), &"skipped".into()));
    assert_eq!(rows[0]["reason"], "OPENROUTER_API_KEY is not set");
    assert!(server.asked().is_empty());
    let run = place.call_with(&["--dry-run", "--json"], &[("OPENROUTER_API_KEY", "sk-secret")]).ok();
    assert!(!run.out.contains("secret") && !run.err.contains("secret"));
    assert!(server.asked()[0].contains("authorization: bearer sk-secret"), "{:?}", server.asked());
    assert!(!other.asked()[0].contains("secret"), "{:?}", other.asked());
    for (_, bytes) in contents(&place.cache()) {
        assert!(!String::from_utf8_lossy(&bytes).contains("secret"));
    }
}

#[test]
fn only_encrypted_addresses_and_this_machine_are_asked() {
    for url in ["http://example.com/", "http://10.0.0.1/", "file:///etc/passwd", "https://a:b@example.com/"] {
        let run = Place::new(&[("one", "csv", url.into())]).call(&[]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{url}");
        assert!(run.err.contains("sources.csv:2:4: url "), "{}", run.err);
    }
}

#[test]
fn nobody_is_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::new(&[("one", "csv", format!("http://127.0.0.1:{port}/"))]);
    assert!(place.reason(&[]).starts_with("cannot be asked: "));
}
