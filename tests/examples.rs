//! The examples of every `--help` and of README.md that need no GPU, no network and no file of somebody's own run, completions
//! load in their shell, and man pages render.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{call, folder, mtok, names, run};

/// Verbs that need an adapter or the network, or that take minutes without optimisation.
const NOT_HERE: [&str; 6] = ["devices", "measure", "tune", "run", "validate", "update"];

/// The verbs that a help lists.
fn listed(help: &str) -> Vec<String> {
    let inside = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    let inside = inside.split_once("\n\n").map_or(inside, |(inside, _)| inside);
    // Descriptions go on further to the right.
    let verb = |line: &str| {
        let word = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next()?;
        (word != "help").then(|| word.to_owned())
    };
    inside.lines().filter_map(verb).collect()
}

/// Every verb, as words, with its help.
fn helps(words: &[String]) -> Vec<(Vec<String>, String)> {
    let help = run(mtok(&[words, &["--help".to_owned()]].concat())).ok().out;
    let below = listed(&help);
    let mut all = vec![(words.to_vec(), help)];
    for verb in below {
        all.extend(helps(&[words, &[verb]].concat()));
    }
    all
}

/// The commands of a text: lines that begin with `mtok `, with what a backslash goes on with.
fn commands(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    let bare = |line: &str| {
        let line = line.trim().trim_start_matches("Examples:").trim_start_matches("Example:").trim();
        line.strip_prefix("$ ").unwrap_or(line).to_owned()
    };
    whole.lines().map(bare).filter(|line| line.starts_with("mtok ")).collect()
}

/// Whether a command can run in an empty folder.
fn runs_here(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let elsewhere = |word: &str| {
        let word = word.trim_matches('"');
        let file = [".csv", ".json", ".txt", ".toml", ".parquet"].iter().any(|end| word.ends_with(end));
        file || word.contains('/') || [">", "<", "|", ">>", "&&"].contains(&word) && word != ">"
    };
    !words.any(|word| NOT_HERE.contains(&word) || elsewhere(word))
}

#[test]
fn examples_that_need_nothing_else_run() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = readme.split("```").skip(1).step_by(2).flat_map(commands);
    let all = helps(&[]);
    assert!(all.len() > 25, "{}", all.len());
    let mut examples: Vec<String> = all.iter().flat_map(|(_, help)| commands(help)).chain(blocks).collect();
    examples.sort();
    examples.dedup();
    examples.retain(|command| runs_here(command));
    assert!(examples.len() > 20, "{examples:#?}");
    let folder = folder();
    for example in examples {
        let program = Path::new(env!("CARGO_BIN_EXE_mtok"));
        let path =
            std::env::join_paths([program.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &example]).current_dir(folder.path()).env("PATH", path.unwrap());
        shell.env("MTOK_CACHE", folder.path()).env("MTOK_STORE", folder.path()).env("HOME", folder.path());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_help_fits_80_columns_where_nobody_says_how_wide_the_window_is() {
    for (words, help) in helps(&[]) {
        let long = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{words:?}");
    }
}

#[test]
fn completions_know_every_verb_and_load_in_bash() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = call(&format!("completions {shell}")).ok().out;
        for verb in ["compare", "explain", "prices", "market"] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
    let script = folder().path().join("mtok.bash");
    std::fs::create_dir_all(script.parent().unwrap()).unwrap();
    std::fs::write(&script, call("completions bash").ok().out).unwrap();
    match Command::new("bash").arg("-n").arg(&script).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => eprintln!("skipped: no bash: {error}"),
    }
}

#[test]
fn a_man_page_per_verb_renders_and_holds_every_option() {
    let folder = folder();
    let pages = folder.path().join("man1");
    run(mtok(&["man", &pages.display().to_string()])).ok();
    let groff = Command::new("groff").arg("--version").output().is_ok();
    if !groff {
        eprintln!("skipped the rendering: no groff");
    }
    let all = helps(&[]);
    assert_eq!(names(&pages).len(), all.len());
    for (words, help) in all {
        let name = std::iter::once("mtok".to_owned()).chain(words).collect::<Vec<_>>().join("-");
        let path = pages.join(format!("{name}.1"));
        let page = std::fs::read_to_string(&path).unwrap().replace("\\-", "-");
        let options = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
        for option in options.map(|word| word.trim_end_matches(['.', ',', ';', ':', ')', '"', '`'])) {
            assert!(page.contains(option), "{name}: {option}");
        }
        assert!(!page.contains(env!("CARGO_MANIFEST_DIR")), "{name}");
        if groff {
            let mut render = Command::new("groff");
            let output = render.args(["-man", "-Tutf8", "-ww"]).arg(&path).output().unwrap();
            assert!(output.status.success() && !output.stdout.is_empty(), "{name}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        }
    }
    assert_eq!(call("man").ok().out, std::fs::read_to_string(pages.join("mtok.1")).unwrap());
}
