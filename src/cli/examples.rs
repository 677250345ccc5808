//! Every example that mtok shows is one that it takes: in every `--help` and in the console blocks of README.md.

use clap::{Command, CommandFactory, Parser};

use super::Cli;

const README: &str = include_str!("../../README.md");
/// Verbs that are there with the feature `gpu` only.
const WITH_GPU: [&str; 4] = ["devices", "measure", "tune", "run"];
/// What every terminal shows.
const WIDTH: usize = 80;

/// The commands of a text: lines that begin with `mtok `, after the word Example or a prompt, with what a backslash goes on with.
fn commands(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    let bare = |line: &str| {
        let line = line.trim().trim_start_matches("Examples:").trim_start_matches("Example:").trim();
        line.strip_prefix("$ ").unwrap_or(line).to_owned()
    };
    whole.lines().map(bare).filter(|line| line.starts_with("mtok ")).collect()
}

/// The commands of mtok in a line of a shell, as words: up to a comment, split where the shell would.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls = vec![vec![]];
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut skips = false;
    for character in line.chars().chain([' ']) {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            _ if quoted || !character.is_whitespace() => word.get_or_insert_default().push(character),
            _ => {
                let Some(word) = word.take() else { continue };
                match word.as_str() {
                    "#" => break,
                    "&&" | "|" | "||" | ";" => {
                        calls.push(vec![]);
                        skips = false;
                    }
                    ">" | ">>" | "<" => skips = true,
                    _ if skips => {}
                    _ => calls.last_mut().unwrap().push(word),
                }
            }
        }
    }
    calls.retain(|call: &Vec<String>| call.first().is_some_and(|first| first == "mtok"));
    calls
}

#[track_caller]
fn taken(place: &str, command: &str) {
    let calls = calls(command);
    assert!(!calls.is_empty(), "{place}: {command}");
    for call in calls {
        let there = cfg!(feature = "gpu") || !WITH_GPU.contains(&call[1].as_str());
        if there && let Err(error) = Cli::try_parse_from(&call) {
            panic!("{place}: {command}: {error}");
        }
    }
}

fn verbs(command: &Command) -> Vec<Command> {
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help");
    let below: Vec<Command> = shown.flat_map(verbs).collect();
    std::iter::once(command.clone()).chain(below).collect()
}

fn built() -> Vec<Command> {
    let mut command = Cli::command();
    command.build();
    verbs(&command)
}

#[test]
fn every_verb_shows_an_example_that_it_takes() {
    let all = built();
    assert!(all.len() > 25, "{}", all.len());
    for verb in all {
        let name = verb.get_display_name().unwrap_or("mtok").to_owned();
        let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        let commands = commands(&help);
        assert!(help.contains("Example") && !commands.is_empty(), "{name}: no example in {help:?}");
        commands.iter().for_each(|command| taken(&name, command));
    }
}

#[test]
fn every_help_fits_a_common_terminal() {
    let mut faults: Vec<String> = Vec::new();
    for mut verb in built() {
        let name = verb.get_display_name().unwrap_or("mtok").to_owned();
        let help = verb.render_long_help().to_string();
        let long: Vec<&str> = help.lines().filter(|line| line.chars().count() > WIDTH).collect();
        faults.extend(long.iter().map(|line| format!("{name}: {line}")));
        // An example that is wrapped cannot be copied.
        let written = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        let whole = |line: &&str| line.contains("mtok ") && line.chars().count() > WIDTH;
        let long: Vec<&str> =
            written.lines().filter(whole).filter(|line| !commands(line).is_empty()).collect();
        faults.extend(long.iter().map(|line| format!("{name}: {line}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_command_of_the_readme_is_one_that_mtok_takes() {
    let blocks = README.split("```").skip(1).step_by(2);
    let all: Vec<String> = blocks.flat_map(commands).collect();
    assert!(all.len() > 10, "{all:?}");
    all.iter().for_each(|command| taken("README.md", command));
}

#[test]
fn a_line_of_a_shell_is_split_as_the_shell_does() {
    let calls = calls("mtok cost --hardware \"RTX 4090\" > a.txt && cmp a b | mtok diff a b # why");
    let shown: Vec<String> = calls.iter().map(|call| call.join("|")).collect();
    assert_eq!(shown, ["mtok|cost|--hardware|RTX 4090", "mtok|diff|a|b"]);
    assert_eq!(commands("Examples: mtok a \\\n  --b\nno\n$ mtok c"), ["mtok a    --b", "mtok c"]);
}
