//! Gives the binary its identity: the commit it was built from and the version of wgpu it was locked to.

use std::path::Path;
use std::process::Command;

/// What the binary is made from.
const SOURCES: [&str; 6] = ["src", "shaders", "data", "Cargo.toml", "Cargo.lock", "build.rs"];

fn main() {
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    // A file that does not exist would mean a rebuild each time: a source archive has neither.
    for state in ["HEAD", "index"].iter().filter_map(|file| git(&["rev-parse", "--git-path", file])) {
        if Path::new(&state).exists() {
            println!("cargo:rerun-if-changed={state}");
        }
    }
    println!("cargo:rustc-env=MTOK_COMMIT={}", commit().unwrap_or_default());
    println!("cargo:rustc-env=MTOK_WGPU_VERSION={}", locked_version("wgpu").unwrap_or_default());
}

/// The short commit, `-dirty` behind it when tracked sources differ; `None` outside a checkout.
fn commit() -> Option<String> {
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // Without optional locks: refreshing the index would look like a change and cause a rebuild.
    let status = ["--no-optional-locks", "status", "--porcelain", "--"];
    let dirty = !git(&status.into_iter().chain(SOURCES).collect::<Vec<_>>())?.is_empty();
    Some(if dirty { format!("{commit}-dirty") } else { commit })
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn locked_version(package: &str) -> Option<String> {
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{package}\"\n")))?;
    let version = entry.lines().find_map(|line| line.strip_prefix("version = "))?;
    Some(version.trim_matches('"').to_owned())
}
