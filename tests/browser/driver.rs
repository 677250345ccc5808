//! A headless Chromium over WebDriver: one for all tests of this crate, which take turns.
//!
//! Protocol: W3C WebDriver, with ChromeDriver's `goog/cdp/execute` for what only the DevTools protocol can do.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser that takes longer to start or to answer has hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key of an element in the protocol's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys without a character, by their code points in the protocol.
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";

/// A browser of its own for the tests, ended with them however they end.
pub struct Browser {
    agent: ureq::Agent,
    session: String,
    _process: Child,
    _folder: TempDir,
}

/// The browser; `None` with a message where there is none, which MTOK_REQUIRE_BROWSER makes a failure, or where MTOK_NO_BROWSER
/// says that the page was tested already.
#[track_caller]
pub fn browser() -> Option<MutexGuard<'static, Browser>> {
    static BROWSER: OnceLock<Option<Mutex<Browser>>> = OnceLock::new();
    if std::env::var_os("MTOK_NO_BROWSER").is_some() {
        return None;
    }
    let browser = BROWSER.get_or_init(|| Browser::start().map(Mutex::new));
    if browser.is_none() {
        assert!(std::env::var_os("MTOK_REQUIRE_BROWSER").is_none(), "no chromedriver");
        eprintln!("skipped: no browser; scripts/ensure-browser.sh installs one");
    }
    // A test that failed leaves nothing behind that the next one does not set anew.
    browser.as_ref().map(|browser| browser.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

impl Browser {
    /// `None` where there is no chromedriver.
    fn start() -> Option<Self> {
        let version = Command::new("chromedriver").arg("--version").output();
        if version.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("mtok-browser-").tempdir().unwrap();
        // Statics are never dropped, and a test may be killed: a shell waits for the end of its input, which is the end of
        // this process, then ends the whole group, ChromeDriver and every process of the browser.
        let script = "chromedriver --port=0 >\"$1/log\" 2>&1 & read -r _; trap '' TERM; kill -TERM 0; wait; rm -rf \"$1\"; sleep 1; rm -rf \"$1\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(folder.path()).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let process = command.spawn().unwrap();
        let port = port(folder.path());
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let agent: ureq::Agent = config.build().into();
        let driver = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { agent, session: driver, _process: process, _folder: folder };
        let profile = browser._folder.path().join("profile").display().to_string();
        let session = browser.post("", &capabilities(&profile));
        browser.session = format!("{}/{}", browser.session, session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let answer = self.agent.post(&url).content_type("application/json").send(body.to_string());
        let mut answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
        let text = answer.body_mut().with_config().limit(1 << 28).read_to_string().unwrap();
        let mut text: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let value = text["value"].take();
        assert!(answer.status().is_success(), "{path}: {}", value["message"]);
        value
    }

    /// A command of the DevTools protocol.
    pub fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Runs the body of a function in the page with `arguments` and answers what it returns.
    #[track_caller]
    pub fn js(&self, body: &str, arguments: Value) -> Value {
        self.post("/execute/sync", &json!({"script": body, "args": [arguments]}))
    }

    /// The same for a body that calls `done` when it has a result.
    #[track_caller]
    pub fn js_later(&self, body: &str, arguments: Value) -> Value {
        let body = format!("const done = arguments[arguments.length - 1];\n{body}");
        self.post("/execute/async", &json!({"script": body, "args": [arguments]}))
    }

    /// Opens a file in a window of this size, without anything that an earlier test has set.
    pub fn open(&self, file: &Path, width_px: u32) {
        self.open_at(file, "", width_px);
    }

    /// The same at a fragment.
    pub fn open_at(&self, file: &Path, fragment: &str, width_px: u32) {
        self.post("/url", &json!({"url": "about:blank"}));
        self.cdp("Emulation.setScriptExecutionDisabled", json!({"value": false}));
        self.media("", "light");
        self.resize(width_px);
        self.logs("browser");
        self.logs("performance");
        let fragment = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
        self.post("/url", &json!({"url": url(file) + &fragment}));
    }

    /// Opens a file in which no script runs.
    pub fn open_without_scripts(&self, file: &Path, width_px: u32) {
        self.open(Path::new("/dev/null"), width_px);
        self.cdp("Emulation.setScriptExecutionDisabled", json!({"value": true}));
        self.post("/url", &json!({"url": url(file)}));
    }

    /// What an expression is that makes a text, also where no script of the page runs.
    #[track_caller]
    pub fn evaluate(&self, expression: &str) -> String {
        let answer = self.cdp("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}));
        answer["result"]["value"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The width of the page in CSS pixels, as a telephone or a window has it.
    pub fn resize(&self, width_px: u32) {
        let size =
            json!({"width": width_px, "height": 900, "deviceScaleFactor": 1, "mobile": width_px < 600});
        self.cdp("Emulation.setDeviceMetricsOverride", size);
    }

    /// `print` or nothing for a screen, and the scheme of colours.
    pub fn media(&self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.cdp("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
    }

    /// What was logged since the last call: `browser` is the console with violations of policies, `performance` the events of the
    /// DevTools protocol.
    pub fn logs(&self, kind: &str) -> Vec<Value> {
        let log = self.post("/se/log", &json!({"type": kind}));
        log.as_array().unwrap().clone()
    }

    /// Errors of scripts and violations of policies since the last call.
    pub fn errors(&self) -> Vec<Value> {
        self.logs("browser").into_iter().filter(|entry| entry["level"] == "SEVERE").collect()
    }

    /// Types into what has the focus.
    #[track_caller]
    pub fn keys(&self, text: &str) {
        let active = self.js("return document.activeElement", Value::Null);
        let id = active[ELEMENT].as_str().unwrap();
        self.post(&format!("/element/{id}/value"), &json!({"text": text}));
    }

    /// A picture of the page from its top, as PNG.
    pub fn picture(&self, width_px: u32, height_px: u32) -> Vec<u8> {
        let clip = json!({"x": 0, "y": 0, "width": width_px, "height": height_px, "scale": 1});
        let shot = self.cdp(
            "Page.captureScreenshot",
            json!({"format": "png", "captureBeyondViewport": true, "clip": clip}),
        );
        BASE64_STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
    }
}

/// The address of a file.
pub fn url(file: &Path) -> String {
    format!("file://{}", file.display())
}

fn capabilities(profile: &str) -> Value {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
        "--lang=en",
    ];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={profile}"));
    json!({"capabilities": {"alwaysMatch": {
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        "goog:chromeOptions": {"args": arguments},
        "timeouts": {"script": 60_000, "pageLoad": 60_000},
        "unhandledPromptBehavior": "ignore",
    }}})
}

/// The port that ChromeDriver has chosen, from what it says.
fn port(folder: &Path) -> u16 {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        let (_, port) = log.rsplit_once("started successfully on port ").unwrap_or_default();
        if let Some(port) = port.split_once('.').and_then(|(port, _)| port.parse().ok()) {
            return port;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("chromedriver does not start: {:?}", fs::read_to_string(folder.join("log")));
}
