//! The job array of a fleet as Slurm is asked for it: the script, and the words of the calls.
//!
//! Every option stands in the script, for whoever submits it by hand, and is given on the command line as well, where no
//! `SBATCH_…` variable of the environment overrides it.

use super::indices::written;

/// Indices of one array: what every Slurm takes, since `MaxArraySize` is 1,001 unless a site says otherwise.
pub const ARRAY: u32 = 1000;

/// What every task of a fleet asks Slurm for, in Slurm's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the job.
    pub name: String,
    /// The folder of the logs, absolute.
    pub logs: String,
    /// Partition.
    pub partition: Option<String>,
    /// Features that nodes must have.
    pub constraint: Option<String>,
    /// Generic resources of a task, such as `gpu:1`.
    pub gres: Option<String>,
    /// Whether a task has its node to itself.
    pub exclusive: bool,
    /// Account that pays.
    pub account: Option<String>,
    /// Time limit of a task.
    pub time: Option<String>,
    /// Further options as they are.
    pub others: Vec<String>,
}

impl Wanted {
    /// The options, one word each; later ones override earlier ones.
    ///
    /// # Errors
    /// Words that cannot be passed on safely, or that would make something else of the array.
    pub fn options(&self) -> Result<Vec<String>, String> {
        if self.logs.contains('\\') {
            return Err(
                "has a backslash in its path: Slurm cannot write a log there; choose another folder".into()
            );
        }
        let named = [
            ("partition", &self.partition),
            ("constraint", &self.constraint),
            ("gres", &self.gres),
            ("account", &self.account),
            ("time", &self.time),
        ];
        let mut options = vec![format!("--job-name={}", self.name)];
        options.extend(["--nodes=1", "--ntasks=1", "--requeue", "--open-mode=append"].map(str::to_owned));
        // A percent sign begins what Slurm replaces.
        options.push(format!("--output={}/%A_%a.log", self.logs.replace('%', "%%")));
        options
            .extend(named.iter().filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?))));
        options.extend(self.exclusive.then(|| "--exclusive".to_owned()));
        self.others.iter().try_for_each(|word| passed_on(word))?;
        options.extend(self.others.iter().cloned());
        match options.iter().find(|word| word.chars().any(char::is_control)) {
            Some(word) => Err(format!("\"{}\" has a control character in it", crate::text::inert(word))),
            None => Ok(options),
        }
    }
}

/// Options that would make something else of the array, or keep sbatch from answering with its number.
const OURS: [&str; 6] = ["array", "output", "wait", "wrap", "parsable", "test-only"];
/// The same by their letters.
const LETTERS: [char; 3] = ['a', 'o', 'W'];

fn passed_on(word: &str) -> Result<(), String> {
    let refused = || Err(format!("--sbatch {word}: mtok sets this one itself"));
    let long = word.strip_prefix("--").map(|rest| rest.split('=').next().unwrap_or_default());
    match (long, word.strip_prefix('-').and_then(|rest| rest.chars().next())) {
        (Some(""), _) | (_, None) => {
            Err(format!("--sbatch \"{word}\": is no option; write --sbatch=--name=value"))
        }
        // Long options may be shortened.
        (Some(name), _) if OURS.iter().any(|ours| ours.starts_with(name)) => refused(),
        (None, Some(letter)) if LETTERS.contains(&letter) => refused(),
        _ => Ok(()),
    }
}

/// One array of the fleet: task = index + offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// The task of index 0.
    pub offset: u32,
    /// Its indices, ascending.
    pub indices: Vec<u32>,
    /// The most that run at the same time.
    pub at_once: Option<u32>,
}

impl Array {
    /// As `--array` takes it.
    pub fn spec(&self) -> String {
        let at_once = self.at_once.map(|most| format!("%{most}")).unwrap_or_default();
        written(&self.indices) + &at_once
    }
}

/// The arrays of at most `size` indices that the tasks need: one where they are less than that. The tasks that may run at the
/// same time are shared out among them.
///
/// # Errors
/// Fewer tasks at the same time than arrays.
pub fn arrays(tasks: &[u32], size: u32, at_once: Option<u32>) -> Result<Vec<Array>, String> {
    // Thousands are easier to read than multiples of 1,001.
    let size = match size.max(1) {
        large @ ARRAY.. => large - large % ARRAY,
        small => small,
    };
    let mut arrays: Vec<Array> = Vec::new();
    for task in tasks {
        let offset = task - task % size;
        match arrays.last_mut() {
            Some(array) if array.offset == offset => array.indices.push(task - offset),
            _ => arrays.push(Array { offset, indices: vec![task - offset], at_once: None }),
        }
    }
    let Some(most) = at_once else { return Ok(arrays) };
    let count = u32::try_from(arrays.len()).unwrap_or(u32::MAX).max(1);
    if most < count {
        return Err(format!(
            "--at-once {most} is less than the {count} arrays that this Slurm needs for so many tasks, each of which runs one at \
             a time at least"
        ));
    }
    for (place, array) in (0..).zip(&mut arrays) {
        array.at_once = Some(most / count + u32::from(place < most % count));
    }
    Ok(arrays)
}

/// What the script runs.
#[derive(Clone, Copy, Debug)]
pub struct Program<'p> {
    /// mtok on the nodes, absolute.
    pub path: &'p str,
    /// The folder of the fleet, absolute.
    pub folder: &'p str,
    /// Names the plan.
    pub plan: &'p str,
}

/// The script: POSIX sh, its options at the top. Its first argument is the task of index 0.
///
/// # Errors
/// Those of [`Wanted::options`], and control characters in a path.
pub fn script(wanted: &Wanted, array: &Array, program: Program<'_>) -> Result<String, String> {
    let mut text = String::from("#!/bin/sh\n");
    for option in wanted.options()?.iter().chain([&format!("--array={}", array.spec())]) {
        text += &format!("#SBATCH {}\n", directive(option));
    }
    let paths = [program.path, program.folder];
    if let Some(path) = paths.iter().find(|path| path.chars().any(char::is_control)) {
        return Err(format!("\"{}\" has a control character in it", crate::text::inert(path)));
    }
    let [path, folder] = paths.map(quoted);
    text += &format!(
        "# One task of the plan {}; the first argument is the task of index 0.\n\
         : \"${{SLURM_ARRAY_TASK_ID:?is not set: this is a job array, submit it with sbatch}}\"\n\
         exec {path} fleet task --dir {folder} --index \"$((SLURM_ARRAY_TASK_ID + ${{1:-{}}}))\"\n",
        program.plan, array.offset,
    );
    Ok(text)
}

/// The words of the call that submits an array, but for the name of the program.
///
/// # Errors
/// Those of [`Wanted::options`].
pub fn call(wanted: &Wanted, array: &Array, script: &str) -> Result<Vec<String>, String> {
    let mut words = vec!["--parsable".to_owned()];
    words.extend(wanted.options()?);
    words.extend([format!("--array={}", array.spec()), script.to_owned(), array.offset.to_string()]);
    Ok(words)
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|it| it.is_ascii_alphanumeric() || "-_./:,=@%+".contains(it))
}

/// An option for a line of `#SBATCH`: Slurm knows double quotes, in which a backslash takes the next character as it is.
fn directive(option: &str) -> String {
    if is_plain(option) {
        return option.to_owned();
    }
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    match option.split_once('=') {
        Some((name, value)) if is_plain(name) => format!("{name}={}", quoted(value)),
        _ => quoted(option),
    }
}

/// A word for a shell.
pub fn quoted(word: &str) -> String {
    if is_plain(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// How many GPUs a node gives by its generic resources, and what a task asks for that takes one of them: `gpu:h100:8` is 8 of
/// `gpu:h100:1`.
///
/// # Errors
/// Resources without a number of GPUs, or with several kinds of them.
pub fn one_of(gres: &str) -> Result<(u32, String), String> {
    let refused = || {
        Err(format!(
            "--gres {gres}: says not how many GPUs a node has, as gpu:8 and gpu:h100:8 do; or use --tasks"
        ))
    };
    let is_gpu =
        |part: &str| matches!(part.strip_prefix("gres/").unwrap_or(part).split(':').next(), Some("gpu"));
    let parts: Vec<&str> = gres.split(',').collect();
    let [gpus] = parts.iter().copied().filter(|part| is_gpu(part)).collect::<Vec<_>>()[..] else {
        return refused();
    };
    let Some((kind, count)) = gpus.rsplit_once(':') else { return refused() };
    match count.parse() {
        Ok(count @ 1u32..) => {
            let one = format!("{kind}:1");
            let rest = parts.iter().map(|part| if *part == gpus { one.as_str() } else { part });
            Ok((count, rest.collect::<Vec<_>>().join(",")))
        }
        _ => refused(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted() -> Wanted {
        Wanted {
            name: "mtok-autumn".into(),
            logs: "/shared/fleets/autumn/logs".into(),
            partition: Some("gpu".into()),
            gres: Some("gpu:1".into()),
            ..Wanted::default()
        }
    }

    fn program(folder: &str) -> Program<'_> {
        Program { path: "/usr/local/bin/mtok", folder, plan: "0123456789abcdef" }
    }

    fn whole(count: u32) -> Array {
        Array { offset: 0, indices: (0..count).collect(), at_once: None }
    }

    #[test]
    fn the_script_of_a_plain_fleet_has_these_bytes() {
        let text = script(&wanted(), &whole(64), program("/shared/fleets/autumn")).unwrap();
        assert_eq!(
            text,
            "#!/bin/sh\n\
             #SBATCH --job-name=mtok-autumn\n\
             #SBATCH --nodes=1\n\
             #SBATCH --ntasks=1\n\
             #SBATCH --requeue\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --output=/shared/fleets/autumn/logs/%A_%a.log\n\
             #SBATCH --partition=gpu\n\
             #SBATCH --gres=gpu:1\n\
             #SBATCH --array=0-63\n\
             # One task of the plan 0123456789abcdef; the first argument is the task of index 0.\n\
             : \"${SLURM_ARRAY_TASK_ID:?is not set: this is a job array, submit it with sbatch}\"\n\
             exec /usr/local/bin/mtok fleet task --dir /shared/fleets/autumn --index \"$((SLURM_ARRAY_TASK_ID + ${1:-0}))\"\n"
        );
    }

    #[test]
    fn every_option_and_every_odd_name_is_written_so_that_slurm_and_the_shell_take_it_as_it_is() {
        let folder = "/s/a b'c\"d$e%f#h";
        let all = Wanted {
            logs: format!("{folder}/logs"),
            constraint: Some("h100&ib".into()),
            exclusive: true,
            account: Some("lab".into()),
            time: Some("1-00:00:00".into()),
            others: vec!["--mail-type=END".into(), "--comment=two words".into(), "-n2".into()],
            ..wanted()
        };
        let array = Array { offset: 2000, indices: vec![3, 7, 8, 9], at_once: Some(2) };
        let text = script(&all, &array, program(folder)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[6..],
            [
                "#SBATCH --output=\"/s/a b'c\\\"d$e%%f#h/logs/%A_%a.log\"",
                "#SBATCH --partition=gpu",
                "#SBATCH --constraint=\"h100&ib\"",
                "#SBATCH --gres=gpu:1",
                "#SBATCH --account=lab",
                "#SBATCH --time=1-00:00:00",
                "#SBATCH --exclusive",
                "#SBATCH --mail-type=END",
                "#SBATCH --comment=\"two words\"",
                "#SBATCH -n2",
                "#SBATCH --array=3,7-9%2",
                "# One task of the plan 0123456789abcdef; the first argument is the task of index 0.",
                ": \"${SLURM_ARRAY_TASK_ID:?is not set: this is a job array, submit it with sbatch}\"",
                "exec /usr/local/bin/mtok fleet task --dir '/s/a b'\\''c\"d$e%f#h' --index \"$((SLURM_ARRAY_TASK_ID + ${1:-2000}))\"",
            ]
        );
        let words = call(&all, &array, "/s/fleet.sbatch").unwrap();
        assert_eq!(words.first().map(String::as_str), Some("--parsable"));
        assert!(words.contains(&"--comment=two words".to_owned()));
        assert_eq!(&words[words.len() - 3..], ["--array=3,7-9%2", "/s/fleet.sbatch", "2000"]);
    }

    #[test]
    fn words_that_would_make_something_else_of_the_array_are_refused() {
        let with = |word: &str| Wanted { others: vec![word.into()], ..wanted() }.options();
        for word in [
            "--array=0-9",
            "--arr=0-9",
            "-a0-9",
            "--wrap=true",
            "-W",
            "--wait",
            "--output=x",
            "-ox",
            "--test-only",
        ] {
            assert!(with(word).unwrap_err().contains("mtok sets"), "{word}");
        }
        for word in ["", "-", "--", "8", "gpu", "--=x"] {
            assert!(with(word).unwrap_err().contains("is no option"), "{word}");
        }
        for word in ["--comment=a\nb", "--comment=\u{1b}[31m"] {
            assert!(with(word).unwrap_err().contains("control character"), "{word:?}");
        }
        for word in ["--wait-all-nodes=1", "--nice=100", "-n2", "--qos=low"] {
            assert!(with(word).is_ok(), "{word}");
        }
        assert!(Wanted { partition: Some("a\nb".into()), ..wanted() }.options().is_err());
        assert!(
            Wanted { logs: "/a\\b/logs".into(), ..wanted() }.options().unwrap_err().contains("backslash")
        );
        assert!(script(&wanted(), &whole(1), program("/a\nb")).is_err());
    }

    #[test]
    fn a_thousand_tasks_are_one_array_and_ten_thousand_are_ten() {
        let tasks: Vec<u32> = (0..10_000).collect();
        let spec = |arrays: Vec<Array>| arrays.iter().map(|it| (it.offset, it.spec())).collect::<Vec<_>>();
        assert_eq!(spec(arrays(&tasks[..1000], ARRAY, None).unwrap()), [(0, "0-999".into())]);
        let ten = spec(arrays(&tasks, 1001, None).unwrap());
        assert_eq!((ten.len(), ten.last()), (10, Some(&(9000, "0-999".into()))));
        assert_eq!(spec(arrays(&tasks, 20_001, Some(64)).unwrap()), [(0, "0-9999%64".into())]);
        assert_eq!(
            spec(arrays(&[3, 7, 8, 9, 2005], 1001, Some(3)).unwrap()),
            [(0, "3,7-9%2".into()), (2000, "5%1".into())]
        );
        assert_eq!(spec(arrays(&[0, 1, 2], 2, None).unwrap()), [(0, "0-1".into()), (2, "0".into())]);
        assert!(arrays(&tasks, 1001, Some(9)).unwrap_err().contains("10 arrays"));
    }

    #[test]
    fn the_gpus_of_a_node_are_shared_out_one_to_a_task() {
        assert_eq!(one_of("gpu:8"), Ok((8, "gpu:1".into())));
        assert_eq!(one_of("gpu:h100:4,nvme:1"), Ok((4, "gpu:h100:1,nvme:1".into())));
        assert_eq!(one_of("gres/gpu:2"), Ok((2, "gres/gpu:1".into())));
        for bad in ["gpu", "gpu:h100", "gpu:0", "nvme:2", "", "gpu:a:1,gpu:b:2", "gpu:-1"] {
            assert!(one_of(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn arrays_hold_every_task_once(
            tasks in prop::collection::btree_set(0u32..9000, 1..300), size in 1u32..3000, most in prop::option::of(300u32..900)
        ) {
            let tasks: Vec<u32> = tasks.into_iter().collect();
            let arrays = arrays(&tasks, size, most).unwrap();
            let back: Vec<u32> = arrays.iter().flat_map(|it| it.indices.iter().map(|index| index + it.offset)).collect();
            prop_assert_eq!(back, tasks);
            prop_assert!(arrays.iter().flat_map(|it| &it.indices).all(|index| *index < size));
            prop_assert_eq!(most.map(|_| arrays.iter().filter_map(|it| it.at_once).sum::<u32>()), most);
        }

        #[test]
        fn a_shell_reads_a_quoted_word_as_it_is(word in "[ -~\u{e0}-\u{ff}]{0,30}") {
            let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quoted(&word))]).output();
            let shown = output.unwrap().stdout;
            prop_assert_eq!(String::from_utf8(shown).unwrap(), word);
        }
    }
}
