//! Charts, read back: what they show lies where it should, and nothing in them can harm a page.
//!
//! `cargo test --test charts -- --ignored` writes all of them to the target folder, for looking at.

#[path = "charts/samples.rs"]
mod samples;

use mtok::chart::*;

#[test]
#[ignore = "pictures for people"]
fn pictures() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).unwrap();
    for (size, name_of_size) in [(WIDE, "wide"), (NARROW, "narrow")] {
        for (name, drawing) in samples::all(size) {
            std::fs::write(folder.join(format!("{name}-{name_of_size}.svg")), &drawing.svg).unwrap();
            let pixels = png(&drawing.svg, 2.0).unwrap();
            std::fs::write(folder.join(format!("{name}-{name_of_size}.png")), pixels).unwrap();
        }
    }
}
