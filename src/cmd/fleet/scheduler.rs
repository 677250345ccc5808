//! Calls of Slurm's commands: what they say is bounded, and none is waited for without end.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use mtok::fleet::slurm::{self, is_unconfigured, words};

use crate::cmd::{Exit, Failure};

/// How long a call may take: sbatch repeats for two minutes what a full controller refuses.
pub const LIMIT: Duration = Duration::from_secs(60);
/// The most that is read of an answer: a queue of 100,000 tasks is a tenth of it.
const ANSWER_MAX: u64 = 64 << 20;
/// The most that is read of complaints.
const COMPLAINT_MAX: u64 = 64 << 10;
/// How long the output of a call that is over is waited for: a grandchild may hold it open.
const DRAIN: Duration = Duration::from_secs(2);

/// Says that a call was killed, and may have been heard all the same.
pub const NO_ANSWER: &str = "gave no answer";

/// What became of a call.
#[derive(Debug)]
pub enum Answer {
    /// It succeeded and said this.
    Said(String),
    /// It failed and complained of this.
    Refused(String),
    /// It did not end, and had complained of this.
    Silent(String),
}

/// A call of a command; `None` where there is no such command here.
///
/// # Errors
/// A command that cannot be started.
pub fn call(program: &str, words: &[String], limit: Duration) -> Result<Option<Answer>, Failure> {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // These would wait for the end of the job, or change the form of an answer.
    for name in ["SBATCH_WAIT", "SQUEUE_FORMAT", "SQUEUE_FORMAT2"] {
        command.env_remove(name);
    }
    command.env(slurm::IN_FULL, "0");
    let mut child = match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        child => {
            child.map_err(|error| Failure::bad_input(format!("{program} cannot be started: {error}")))?
        }
    };
    let said = child.stdout.take().map(|output| drained(output, ANSWER_MAX));
    let complained = child.stderr.take().map(|output| drained(output, COMPLAINT_MAX));
    let text = |output: Option<Receiver<String>>| {
        output.and_then(|output| output.recv_timeout(DRAIN).ok()).unwrap_or_default()
    };
    let ended = wait(&mut child, limit);
    let (said, complaint) = (text(said), text(complained));
    Ok(Some(match ended {
        None => Answer::Silent(complaint),
        Some(true) => Answer::Said(said),
        Some(false) => Answer::Refused(complaint),
    }))
}

/// Reads to the end, so that the child never waits, and keeps as much as is allowed.
fn drained(mut output: impl Read + Send + 'static, most: u64) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // An output that breaks off has said what it has said.
        let _ = output.by_ref().take(most).read_to_end(&mut bytes);
        let _ = io::copy(&mut output, &mut io::sink());
        // Nobody listens any more where the call took too long.
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Whether it succeeded; `None` where it was killed, since its time was over.
fn wait(child: &mut Child, limit: Duration) -> Option<bool> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    while start.elapsed() < limit {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.success());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    // It may have ended just now.
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// The answer of a command that has to succeed.
///
/// # Errors
/// No Slurm, with what to do without it; else Slurm's own words.
pub fn ask(program: &str, words: &[String], limit: Duration) -> Result<String, Failure> {
    match call(program, words, limit)? {
        Some(Answer::Said(text)) => Ok(text),
        Some(Answer::Refused(complaint)) if is_unconfigured(&complaint) => Err(none(program, &complaint)),
        Some(Answer::Refused(complaint)) => Err(refused(program, &complaint)),
        Some(Answer::Silent(complaint)) => Err(silent(program, &complaint, limit)),
        None => Err(none(program, "")),
    }
}

/// Slurm's own words.
pub fn refused(program: &str, complaint: &str) -> Failure {
    let said = words(complaint);
    let said = if said.is_empty() { "it failed and said nothing".into() } else { said };
    Failure::bad_input(format!("{program}: {said}"))
}

/// A call that did not end.
fn silent(program: &str, complaint: &str, limit: Duration) -> Failure {
    let said = words(complaint);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    Failure::bad_input(format!("{program}: {NO_ANSWER} within {} s{said}", limit.as_secs()))
}

/// There is no Slurm: how to do without it.
fn none(program: &str, complaint: &str) -> Failure {
    let why = match words(complaint) {
        said if said.is_empty() => format!("no Slurm here: there is no {program}"),
        said => format!("no Slurm here: {said}"),
    };
    let how = "start each task with what starts processes here, from 0 up: `mtok fleet task --dir DIR --index I --of N`";
    Failure::new(Exit::NoAdapter, format!("{why}; {how}"))
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "helpers of tests")]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Answer {
        call("sh", &["-c".into(), script.into()], limit).unwrap().unwrap()
    }

    #[test]
    fn what_a_command_says_and_how_it_ends_are_told_apart() {
        assert!(matches!(shell("echo 12", LIMIT), Answer::Said(text) if text == "12\n"));
        assert!(matches!(shell("echo no >&2; exit 3", LIMIT), Answer::Refused(text) if text == "no\n"));
        assert!(call("mtok-no-such-program", &[], LIMIT).unwrap().is_none());
    }

    #[test]
    fn a_command_that_hangs_is_killed_and_its_complaints_are_kept() {
        let start = Instant::now();
        let answer = shell("echo waiting >&2; exec sleep 100", Duration::from_millis(300));
        assert!(matches!(answer, Answer::Silent(text) if text == "waiting\n"));
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn an_endless_answer_is_read_to_its_bound_and_does_not_hang() {
        let answer = shell("head -c 200000 /dev/zero >&2; exit 1", LIMIT);
        assert!(matches!(answer, Answer::Refused(text) if text.len() == 64 << 10));
    }
}
