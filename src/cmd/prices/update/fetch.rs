//! One source asked over the network, with limits on time, size, headers and redirects.

use std::io::{self, Read, Write};
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mtok::price::feed::{Address, Feed, Form, is_public};
use mtok::unpack::{self, MAX_BYTES};
use tempfile::NamedTempFile;
use ureq::http::Response;
use ureq::{Agent, Body, Proxy};

/// The most bytes of a body as sent: the largest of the bundled sources is a tenth of it.
const BODY_MAX: u64 = 64 << 20;
/// The most bytes of the headers of a response.
const HEADERS_MAX: usize = 32 << 10;
const REDIRECTS_MAX: usize = 5;
/// A server that is there answers sooner.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);
/// Longer words for a version of a file are not sent back.
const VALIDATOR_MAX: usize = 1000;
/// Characters by which a body of the wrong sort is told.
const START: u64 = 512;

/// What is asked.
pub struct Request<'a> {
    pub feed: &'a Feed,
    /// The value of the key, for sources that need one.
    pub key: Option<&'a str>,
    /// The version that is kept: `ETag`, `Last-Modified`.
    pub kept: [Option<String>; 2],
    /// For everything from the first connection to the last byte.
    pub timeout: Duration,
    /// Where the body arrives.
    pub folder: &'a Path,
}

/// What was answered.
pub enum Answer {
    /// The kept version is still the newest.
    Unchanged,
    /// A new version, whole and of the right sort, with its `ETag` and `Last-Modified`.
    Body(NamedTempFile, [Option<String>; 2]),
}

/// Asks a source.
///
/// # Errors
/// Why there is no answer that can be used, in words.
pub fn ask(request: &Request<'_>) -> Result<Answer, String> {
    let deadline = Instant::now() + request.timeout;
    let mut at = request.feed.url.clone();
    for _ in 0..=REDIRECTS_MAX {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(too_slow(request.timeout));
        }
        let mut response = get(request, &at, left)?;
        match response.status().as_u16() {
            200 => return arrived(request, &mut response),
            304 if request.kept.iter().any(Option::is_some) => return Ok(Answer::Unchanged),
            301 | 302 | 303 | 307 | 308 => {
                let location = header(&response, "location").ok_or("redirects to nowhere")?;
                let to = at.redirect(&location)?;
                stays_outside(&at, &to, left)?;
                at = to;
            }
            status => return Err(format!("answers with HTTP status {status}")),
        }
    }
    Err(format!("redirects more than {REDIRECTS_MAX} times"))
}

fn get(request: &Request<'_>, at: &Address, left: Duration) -> Result<Response<Body>, String> {
    // A body that is unpacked by itself needs no second packing on its way.
    let encoding = if request.feed.form == Form::Zip { "identity" } else { "gzip" };
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .https_only(at.is_https())
        .timeout_global(Some(left))
        .timeout_connect(Some(left.min(CONNECT_TIMEOUT)))
        .timeout_recv_response(Some(left.min(RESPONSE_TIMEOUT)))
        .max_response_header_size(HEADERS_MAX)
        .user_agent(concat!("mtok/", env!("CARGO_PKG_VERSION")))
        .accept_encoding(encoding);
    if at.is_loopback() {
        config = config.proxy(None);
    }
    let mut call = Agent::from(config.build()).get(at.to_string());
    let [etag, last_modified] = &request.kept;
    for (name, value) in [("if-none-match", etag), ("if-modified-since", last_modified)] {
        if let Some(value) = value {
            call = call.header(name, value);
        }
    }
    // Not to wherever a redirect leads.
    if let Some(key) = request.key.filter(|_| at.same_origin(&request.feed.url)) {
        call = call.header("authorization", format!("Bearer {key}"));
    }
    call.call().map_err(|error| words(&error, request.timeout))
}

/// A redirect from a public host must not lead into a private network by name either. Who answers differently a moment
/// later still has to show a certificate for that name, since such redirects are https. Behind a proxy the proxy
/// resolves.
fn stays_outside(from: &Address, to: &Address, left: Duration) -> Result<(), String> {
    if from.is_inside() || Proxy::try_from_env().is_some() {
        return Ok(());
    }
    let (send, resolved) = mpsc::channel();
    let host = (to.host().to_owned(), to.port());
    // Resolving has no time limit of its own.
    thread::spawn(move || send.send(host.to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
    match resolved.recv_timeout(left) {
        Ok(Ok(addresses)) if addresses.iter().all(|address| is_public(address.ip())) => Ok(()),
        Ok(Ok(_)) => Err("redirects from a public host into a private network".into()),
        _ => Err("redirects to a host that is not found".into()),
    }
}

fn arrived(request: &Request<'_>, response: &mut Response<Body>) -> Result<Answer, String> {
    let form = request.feed.form;
    let media_type = header(response, "content-type").unwrap_or_default();
    if !form.allows(&media_type) {
        let shown: String = media_type.chars().take(60).collect();
        return Err(format!("sends \"{shown}\" where {form} was expected"));
    }
    match header(response, "content-encoding").as_deref().map(str::trim) {
        None | Some("" | "identity") => {}
        Some("gzip") if form != Form::Zip => {}
        Some(_) => return Err("sends a packing that was not asked for".into()),
    }
    let validators = ["etag", "last-modified"].map(|name| header(response, name));
    let promised = header(response, "content-length").and_then(|length| length.parse::<u64>().ok());
    if promised.is_some_and(|bytes| bytes > BODY_MAX) {
        return Err(too_large());
    }
    let broken = |error: io::Error| format!("cannot be kept: {error}");
    let mut file = NamedTempFile::new_in(request.folder).map_err(broken)?;
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 64 << 10];
    let mut bytes = 0;
    loop {
        let read = match body.read(&mut buffer).map_err(|error| cut(&error, request.timeout))? {
            0 => break,
            read => read,
        };
        bytes += read as u64;
        if bytes > BODY_MAX {
            return Err(too_large());
        }
        file.write_all(buffer.get(..read).unwrap_or_default()).map_err(broken)?;
    }
    if promised.is_some_and(|promised| promised != bytes) {
        return Err(format!("is cut short: {bytes} of {} bytes came", promised.unwrap_or_default()));
    }
    whole(form, file.path())?;
    Ok(Answer::Body(file, validators.map(|value| value.filter(|value| value.len() <= VALIDATOR_MAX))))
}

/// Unpacks a body once to the end: what is damaged or too large is known before it takes the place of a good one.
fn whole(form: Form, path: &Path) -> Result<(), String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut text = unpack::unpack(file, MAX_BYTES).map_err(|fault| fault.what)?;
    if text.member.is_some() != (form == Form::Zip) {
        return Err(format!("sends what is no {form}"));
    }
    let mut start = Vec::new();
    let broken = |error: io::Error| unpack::fault(&error).what;
    text.by_ref().take(START).read_to_end(&mut start).map_err(broken)?;
    if !form.starts_like(&String::from_utf8_lossy(&start)) {
        return Err(format!("sends what is no {form}, perhaps a page that says why"));
    }
    io::copy(&mut text, &mut io::sink()).map_err(broken)?;
    Ok(())
}

fn header(response: &Response<Body>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn too_large() -> String {
    format!("is larger than {} MiB", BODY_MAX >> 20)
}

fn too_slow(timeout: Duration) -> String {
    format!("did not finish within {} s", timeout.as_secs_f64())
}

/// What went wrong while the body came.
fn cut(error: &io::Error, timeout: Duration) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    match inner {
        Some(ureq::Error::Timeout(_)) => too_slow(timeout),
        _ if error.kind() == io::ErrorKind::TimedOut => too_slow(timeout),
        _ => format!("is cut short: {error}"),
    }
}

fn words(error: &ureq::Error, timeout: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => too_slow(timeout),
        ureq::Error::HostNotFound => "host not found".into(),
        ureq::Error::LargeResponseHeader(..) => {
            format!("sends more than {} KiB of headers", HEADERS_MAX >> 10)
        }
        ureq::Error::Protocol(error) => format!("does not speak HTTP: {error}"),
        ureq::Error::Io(error) => format!("cannot be asked: {error}"),
        other => format!("cannot be asked: {other}"),
    }
}
