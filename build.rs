//! Gives the binary its identity: the commit it was built from and the version of wgpu it was locked to.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-changed=.git/index");
    println!("cargo:rustc-env=MTOK_COMMIT={}", commit().unwrap_or_default());
    println!("cargo:rustc-env=MTOK_WGPU_VERSION={}", locked_version("wgpu").unwrap_or_default());
}

/// The short commit, `-dirty` behind it when tracked sources differ; `None` outside a checkout.
fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let sources =
        ["status", "--porcelain", "--", "src", "shaders", "data", "Cargo.toml", "Cargo.lock", "build.rs"];
    let dirty = !git(&sources)?.is_empty();
    Some(if dirty { format!("{commit}-dirty") } else { commit })
}

fn locked_version(package: &str) -> Option<String> {
    let lock = std::fs::read_to_string("Cargo.lock").ok()?;
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{package}\"\n")))?;
    let version = entry.lines().find_map(|line| line.strip_prefix("version = "))?;
    Some(version.trim_matches('"').to_owned())
}
