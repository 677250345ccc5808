//! What Slurm's commands say, as a stranger's text: lines that are none are passed over.

use std::collections::BTreeMap;

use super::plan::TASKS_MAX;
use super::submitted::is_number;
use crate::text::inert;

/// The format of `squeue -h` that [`queue`] reads; the name of the job is last, since it may hold anything. Not with `-r`, which
/// would list waiting tasks one by one: in Slurm 22.05 it loses the last one of every other index (`0-998:2`).
pub const QUEUE_FORMAT: &str = "%F|%K|%T|%N|%r|%j";
/// The variable of the environment that makes `squeue` write the indices of an array in full where it is 0.
pub const IN_FULL: &str = "SLURM_BITSTR_LEN";
/// The columns of `sacct -n -P -X` that [`history`] reads.
pub const HISTORY_FORMAT: &str = "JobID,State,ExitCode";

/// The most characters of what Slurm says that are passed on.
const WORDS_MAX: usize = 400;

/// Where a task stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits, for the first time or again.
    Queued,
    /// It runs, or is about to or has just done so.
    Running,
    /// It is over: one of Slurm's words for how.
    Over,
}

/// A line of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub stage: Stage,
    /// Slurm's word for it, in small letters: `pending`, `node_fail`.
    pub word: String,
    /// Its node; empty where it has none.
    pub node: String,
    /// Why it waits, or how it ended; empty where Slurm says nothing.
    pub reason: String,
    /// The name of the job.
    pub name: String,
}

/// Job and index.
pub type Place = (String, u32);

/// Slurm's words for what is over (slurm 22.05, `squeue(1)`, JOB STATE CODES).
const OVER: [&str; 12] = [
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "LAUNCH_FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "RECONFIG_FAIL",
    "REVOKED",
    "TIMEOUT",
];
/// The same for what waits.
const WAITS: [&str; 6] =
    ["PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"];

fn stage(word: &str) -> Stage {
    match word {
        word if OVER.contains(&word) => Stage::Over,
        word if WAITS.contains(&word) => Stage::Queued,
        _ => Stage::Running,
    }
}

/// What the queue holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// The tasks by job and index.
    pub tasks: BTreeMap<Place, Entry>,
    /// What became of the tasks of a job that are not listed one by one: those that were cancelled before they started are one
    /// line without an index.
    pub rest: BTreeMap<String, Entry>,
}

/// The lines of `squeue -h --states=all -o QUEUE_FORMAT`.
pub fn queue(text: &str) -> Queue {
    let mut queue = Queue::default();
    for (job, indices, entry) in text.lines().filter_map(entry) {
        match expanded(indices) {
            Some(indices) => {
                queue.tasks.extend(indices.map(|index| ((job.to_owned(), index), entry.clone())))
            }
            None if entry.stage == Stage::Over => drop(queue.rest.insert(job.to_owned(), entry)),
            None => {}
        }
    }
    queue
}

/// Indices as Slurm writes them: `3,7-9`, `0-998:2`, `0-9%2`. Those that no fleet has are left out.
fn expanded(text: &str) -> Option<impl Iterator<Item = u32>> {
    let range = |part: &str| {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        let step = step.parse().ok().filter(|step| *step > 0)?;
        Some((first..=last.min(TASKS_MAX)).step_by(step))
    };
    let ranges: Option<Vec<_>> = text.split('%').next()?.split(',').map(range).collect();
    Some(ranges?.into_iter().flatten())
}

/// Job, indices and the rest of a line.
fn entry(line: &str) -> Option<(&str, &str, Entry)> {
    let mut parts = line.splitn(6, '|').map(str::trim);
    let (job, indices) = (parts.next()?, parts.next()?);
    let word = parts.next().filter(|word| is_word(word))?;
    let mut some = || parts.next().map(|part| if part == "None" { String::new() } else { inert(part) });
    let (node, reason, name) = (some()?, some()?, some()?);
    let entry = Entry { stage: stage(word), word: word.to_ascii_lowercase(), node, reason, name };
    is_number(job).then_some((job, indices, entry))
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// How tasks ended that the queue has forgotten: the lines of `sacct -n -P -X -o HISTORY_FORMAT` by job and index, as words
/// such as `timeout` or `failed with exit code 4`.
pub fn history(text: &str) -> BTreeMap<Place, String> {
    let line = |line: &str| {
        let mut parts = line.split('|').map(str::trim);
        let (job, index) = parts.next()?.split_once('_')?;
        // "CANCELLED by 1000"
        let word =
            parts.next()?.split(' ').next().filter(|word| is_word(word) && stage(word) == Stage::Over)?;
        let code = parts.next().and_then(|code| code.split(':').next()?.parse::<u8>().ok());
        let code =
            code.filter(|code| *code != 0).map(|code| format!(" with exit code {code}")).unwrap_or_default();
        let place = (job.to_owned(), index.parse().ok()?);
        is_number(job).then(|| (place, word.to_ascii_lowercase() + &code))
    };
    text.lines().filter_map(line).collect()
}

/// The number and the cluster in the answer of `sbatch --parsable`; the cluster is empty unless Slurm has several.
///
/// # Errors
/// An answer without a number, with its first words.
pub fn accepted(text: &str) -> Result<(String, String), String> {
    let answer = text.lines().last().unwrap_or_default().trim();
    let (job, cluster) = answer.split_once(';').unwrap_or((answer, ""));
    match is_number(job) {
        true => Ok((job.to_owned(), inert(cluster))),
        false => Err(format!("sbatch answered \"{}\", which is no number of a job", words(text))),
    }
}

/// `MaxArraySize` in what `scontrol show config` says: indices are below it.
pub fn max_array_size(text: &str) -> Option<u32> {
    let value = |line: &str| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "MaxArraySize").then(|| value.trim().parse().ok())?
    };
    text.lines().find_map(value)
}

/// What Slurm complained of, in one line, without the names of its programs, each sentence once.
pub fn words(text: &str) -> String {
    let bare = |line: &str| {
        let mut rest = line.trim();
        for program in ["sbatch", "squeue", "scancel", "scontrol", "sacct", "slurm_load_jobs"] {
            let cut = rest.strip_prefix(program).map(|rest| rest.trim_start_matches([':', ' ']));
            rest = cut.unwrap_or(rest);
        }
        ["error:", "fatal:"]
            .iter()
            .fold(rest, |rest, level| rest.strip_prefix(level).unwrap_or(rest))
            .trim()
            .to_owned()
    };
    let mut sentences: Vec<String> = Vec::new();
    for sentence in text.lines().take(100).map(bare).filter(|it| !it.is_empty() && !it.starts_with("Try \""))
    {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    let all = inert(&sentences.join("; "));
    match all.char_indices().nth(WORDS_MAX) {
        Some((end, _)) => format!("{}…", all.get(..end).unwrap_or_default()),
        None => all,
    }
}

/// Whether a complaint means that there is no Slurm here at all: its programs are installed and know no cluster.
pub fn is_unconfigured(complaint: &str) -> bool {
    complaint.contains("Could not establish a configuration source")
}

/// Whether a complaint means that the queue has forgotten the one job that was asked for.
pub fn is_forgotten(complaint: &str) -> bool {
    complaint.contains("Invalid job id specified")
}

/// Whether a complaint means that the array is larger than this Slurm takes.
pub fn is_too_large(complaint: &str) -> bool {
    complaint.contains("Invalid job array specification")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_queue_is_read_by_job_and_index() {
        let text = "7|0|COMPLETED|n1|None|mtok-a b\n9|3,5-7:2%1|PENDING||JobHeldUser|mtok|odd\n9|8|RUNNING|n2|None|x\n\
                    8|N/A|PENDING||Priority|other\n25|N/A|CANCELLED||X|x\n11|4|NODE_FAIL|n3|NodeDown|x\ntorn|\n-u|1|RUNNING|n|None|x\n";
        let Queue { tasks: queue, rest } = queue(text);
        assert_eq!((queue.len(), rest.len()), (6, 1));
        assert_eq!(rest["25"].word, "cancelled");
        let waits = &queue[&("9".to_owned(), 7)];
        assert_eq!(
            (waits.stage, waits.reason.as_str(), waits.name.as_str()),
            (Stage::Queued, "JobHeldUser", "mtok|odd")
        );
        let runs = &queue[&("9".to_owned(), 8)];
        assert_eq!((runs.stage, runs.node.as_str(), runs.reason.as_str()), (Stage::Running, "n2", ""));
        let over = &queue[&("11".to_owned(), 4)];
        assert_eq!((over.stage, over.word.as_str()), (Stage::Over, "node_fail"));
    }

    #[test]
    fn indices_are_expanded_to_the_last_one() {
        let expand = |text: &str| expanded(text).map(Iterator::collect::<Vec<_>>);
        assert_eq!(expand("1-9:2%4"), Some(vec![1, 3, 5, 7, 9]));
        assert_eq!(expand("3,7-9,20"), Some(vec![3, 7, 8, 9, 20]));
        assert_eq!(expand("0-4294967295:50000"), Some(vec![0, 50_000]));
        for bad in ["N/A", "", "1-", "1-5:0", "1-5:x", "-1", "1,,2", "1..."] {
            assert_eq!(expand(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_history_says_how_tasks_ended() {
        let text = "12_3|CANCELLED by 1000|0:0\n12_4|FAILED|4:0\n12_5|TIMEOUT|0:15\n12_6|RUNNING|0:0\n12_[7-9]|PENDING|0:0\n13|FAILED|1:0\n";
        let history: Vec<(u32, String)> =
            history(text).into_iter().map(|((_, index), how)| (index, how)).collect();
        assert_eq!(
            history,
            [(3, "cancelled".into()), (4, "failed with exit code 4".into()), (5, "timeout".into())]
        );
    }

    #[test]
    fn an_answer_of_sbatch_is_a_number_and_perhaps_a_cluster() {
        assert_eq!(accepted("12\n"), Ok(("12".into(), String::new())));
        assert_eq!(accepted("12;big\n"), Ok(("12".into(), "big".into())));
        assert!(accepted("Submitted \u{1b}[2J").unwrap_err().contains("\"Submitted \\u{1b}[2J\""));
        assert!(accepted("").is_err());
    }

    #[test]
    fn complaints_become_one_line_without_the_names_of_programs() {
        let partition = "sbatch: error: invalid partition specified: nope\n\
                         sbatch: error: Batch job submission failed: Invalid partition name specified\n";
        assert_eq!(
            words(partition),
            "invalid partition specified: nope; Batch job submission failed: Invalid partition name specified"
        );
        assert_eq!(
            words("sbatch: unrecognized option '--x'\nTry \"sbatch --help\" for more information\n"),
            "unrecognized option '--x'"
        );
        assert_eq!(words("slurm_load_jobs error: Invalid job id specified\n"), "Invalid job id specified");
        assert!(is_forgotten("slurm_load_jobs error: Invalid job id specified"));
        let retry = "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n";
        assert_eq!(words(&retry.repeat(3)), "Slurm temporarily unable to accept job, sleeping and retrying");
        assert_eq!(words("sbatch: error: \u{1b}[31mred"), "\\u{1b}[31mred");
        assert!(words(&"ü".repeat(9000)).chars().count() <= WORDS_MAX + 1);
    }

    #[test]
    fn the_largest_array_is_found_in_the_configuration() {
        let text =
            "MailProg                = /bin/mail\nMaxArraySize            = 1001\nMaxJobCount = 10000\n";
        assert_eq!(max_array_size(text), Some(1001));
        assert_eq!(max_array_size("MaxArraySize = none"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic_or_drive_a_terminal(text in "(?s).{0,200}") {
            let shown = words(&text);
            prop_assert!(!shown.chars().any(char::is_control));
            let _ = (history(&text), accepted(&text), max_array_size(&text));
            for entry in queue(&text).tasks.values() {
                prop_assert!(![&entry.node, &entry.reason, &entry.name].iter().any(|it| it.chars().any(char::is_control)));
            }
        }

        #[test]
        fn any_line_of_the_format_is_read(job in 1u32.., index in 0u32..5000, word in "(PENDING|RUNNING|FAILED|STAGE_OUT)", name in "[a-z|]{1,9}") {
            let read = queue(&format!("{job}|{index}|{word}|n1|None|{name}\n"));
            let entry = &read.tasks[&(job.to_string(), index)];
            prop_assert_eq!((&entry.word, &entry.name), (&word.to_ascii_lowercase(), &name));
        }
    }
}
