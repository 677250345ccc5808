//! The parent's side of a worker process: requests, replies, and the end of a worker that says nothing any more.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use mtok::gpu::adapters::{Facts, Listing};
use mtok::gpu::clock::Clock;
use mtok::gpu::worker::{Order, PROTOCOL, Reply, Request};
use mtok::measurement::samples::Sample;
use mtok::measurement::{Measurement, wire};
use mtok::sensors::{Nvidia, Offer};

use super::Failure;

/// How long a killed process is waited for. One that a driver holds in the kernel is left behind.
const REAP: Duration = Duration::from_secs(1);
/// Longer lines are no replies: what never ends a line cannot fill the memory.
const LINE_MAX: u64 = 64 << 20;
/// On Linux the file that this process runs, also after it was replaced or removed: all rows come from one binary.
const RUNNING: &str = "/proc/self/exe";

/// A worker process.
pub struct Worker {
    child: Child,
    /// `None` once it has been told that nothing more will come.
    requests: Option<ChildStdin>,
    replies: Receiver<Reply>,
    silence: Duration,
}

/// What a worker is started from.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// How long it may be silent.
    pub silence: Duration,
}

impl Program {
    /// This binary.
    pub fn own(silence: Duration) -> Result<Self, String> {
        if cfg!(target_os = "linux") && Path::new(RUNNING).exists() {
            return Ok(Self { path: RUNNING.into(), silence });
        }
        let path =
            std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
        Ok(Self { path, silence })
    }

    /// Its file name: reasons are published, and paths are nobody's business.
    fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Starts a worker.
    pub fn start(&self) -> Result<Worker, String> {
        let mut child = Command::new(&self.path)
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", self.name()))?;
        let (sender, replies) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || pass_on(output, &sender));
        }
        Ok(Worker { requests: child.stdin.take(), child, replies, silence: self.silence })
    }
}

/// Hands over replies until the worker or the reader of the replies has ended.
fn pass_on(output: ChildStdout, replies: &Sender<Reply>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while matches!(output.by_ref().take(LINE_MAX).read_until(b'\n', &mut line), Ok(bytes) if bytes > 0) {
        // What is no reply was said by a driver.
        if let Ok(reply) = serde_json::from_slice(&line)
            && replies.send(reply).is_err()
        {
            break;
        }
        line.clear();
    }
}

/// The end of a cell.
pub struct Ended {
    /// Its row.
    pub measurement: Measurement,
    /// Its samples.
    pub samples: Vec<Sample>,
    /// Whether the worker can be asked for more.
    pub gone: bool,
}

impl Worker {
    /// The adapters that it sees.
    pub fn list(&mut self, gl: bool) -> Result<Listing<Facts>, String> {
        match self.ask(&Request::List { gl })? {
            Reply::Listed { protocol: PROTOCOL, listing } => Ok(listing),
            _ => Err("the worker is of another version, which cannot be compared in turns".into()),
        }
    }

    /// What the sensors of adapters can read, in their order.
    pub fn sensors(&mut self, adapters: &[Facts]) -> Result<Vec<Offer>, String> {
        match self.ask(&Request::Sensors { adapters: adapters.to_vec() })? {
            Reply::Sensors { sensors } => Ok(sensors),
            _ => Err("the worker did not look for sensors".into()),
        }
    }

    /// What NVIDIA's library tells its GPUs from each other by.
    pub fn nvidia(&mut self) -> Result<Vec<Nvidia>, String> {
        match self.ask(&Request::Nvidia)? {
            Reply::Nvidia { gpus } => Ok(gpus),
            Reply::Refused { reason } => Err(reason),
            _ => Err("the worker did not look for NVIDIA's library".into()),
        }
    }

    /// Opens an adapter.
    pub fn open(&mut self, gl: bool, adapter: &Facts) -> Result<Clock, String> {
        match self.ask(&Request::Open { gl, adapter: Box::new(adapter.clone()) })? {
            Reply::Opened { clock } => Ok(clock),
            Reply::Refused { reason } => Err(reason),
            _ => Err("the worker did not open the device".into()),
        }
    }

    /// Measures a cell.
    pub fn measure(&mut self, order: &Order) -> Result<Ended, String> {
        match self.ask(&Request::Measure(order.clone()))? {
            Reply::Measured { row, samples, gone } => {
                let rows = wire::read((wire::header() + &row).as_bytes());
                let row =
                    rows.map_err(|fault| format!("internal error (please report): a row is torn: {fault}"))?;
                let measurement = row.into_iter().next().ok_or("internal error (please report): no row")?;
                Ok(Ended { measurement, samples, gone })
            }
            Reply::Refused { reason } => Err(reason),
            _ => Err("the worker did not measure".into()),
        }
    }

    /// The answer to a request; an error says how the worker ended, and then it has ended.
    fn ask(&mut self, request: &Request) -> Result<Reply, String> {
        let line = serde_json::to_string(request).map_err(|error| error.to_string())? + "\n";
        let sent = self.requests.as_mut().map(|requests| requests.write_all(line.as_bytes()));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.describe_end());
        }
        loop {
            match self.replies.recv_timeout(self.silence) {
                Ok(Reply::Alive) => {}
                Ok(reply) => return Ok(reply),
                Err(RecvTimeoutError::Timeout) => {
                    self.kill();
                    return Err(format!("timed out after {} s, child killed", self.silence.as_secs_f64()));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.describe_end()),
            }
        }
    }

    fn kill(&mut self) {
        self.requests = None;
        // It may have ended already.
        let _ = self.child.kill();
        self.reap();
    }

    fn reap(&mut self) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < REAP {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                Err(_) => return None,
            }
        }
        None
    }

    fn describe_end(&mut self) -> String {
        self.requests = None;
        let Some(status) = self.reap() else {
            self.kill();
            return "child killed: it closed its output and did not end".into();
        };
        match (signal(status), status.code()) {
            (Some(signal), _) => format!("child ended by signal {signal}"),
            (None, Some(code)) => format!("child ended with exit code {code}"),
            (None, None) => "child ended".into(),
        }
    }
}

impl Drop for Worker {
    /// The worker ends when its input does; one that hangs is killed.
    fn drop(&mut self) {
        self.requests = None;
        if self.reap().is_none() {
            self.kill();
        }
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// A program by its path, as the user named it.
pub fn program(path: &Path, silence: Duration) -> Result<Program, Failure> {
    if !path.is_file() {
        return Err(Failure::bad_input(format!("{}: is not a program", path.display())));
    }
    Ok(Program { path: path.to_owned(), silence })
}
