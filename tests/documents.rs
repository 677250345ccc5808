//! Outputs shown in the documents are those of the program today: `make readme` renews them.
//!
//! A document marks one as `<!-- output: VERB ARGUMENTS -->`, a console block, `<!-- end -->`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

const BEGIN: &str = "<!-- output: ";
const END: &str = "<!-- end -->";

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let markdown = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut all: Vec<PathBuf> = markdown.chain([root.join("README.md")]).collect();
    all.sort();
    all
}

/// Words as a shell would part them; only double quotes are used in the documents.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in command.split('"').enumerate() {
        match place % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

fn output(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mtok"))
        .args(words(command))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "mtok {command}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The text with every marked output as it is today.
fn renewed(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (command, after) = after.split_once(" -->").expect("a marker ends in its line");
        let (_, after) = after.split_once(END).expect("every output has an end");
        let shown = output(command);
        out += &format!("{before}{BEGIN}{command} -->\n```console\n$ mtok {command}\n{shown}```\n{END}");
        rest = after;
    }
    out + rest
}

#[test]
fn the_outputs_in_the_documents_are_those_of_the_program() {
    let mut marked = 0;
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        marked += text.matches(BEGIN).count();
        let now = renewed(&text);
        if std::env::var_os("MTOK_BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        } else {
            assert!(now == text, "{}: run `make readme`; it is now\n{now}", path.display());
        }
    }
    assert!(marked >= 3, "{marked} outputs are marked");
}
