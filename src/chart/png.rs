//! Pixels of an SVG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::ChartError;

/// The longest side of a picture, in pixels.
const LONGEST_PX: f32 = 8192.0;

/// A PNG of an SVG, `scale` times its size, on white, with DejaVu Sans for every letter: the fonts of the machine
/// are not looked at.
///
/// # Errors
/// Text that is not SVG; a scale that makes less than one pixel or more than 8192 on a side.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, ChartError> {
    let failed = |error: &dyn std::fmt::Display| ChartError::Png(error.to_string());
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error))?;
    let size = (tree.size().width() * scale, tree.size().height() * scale);
    if !(1.0..=LONGEST_PX).contains(&size.0) || !(1.0..=LONGEST_PX).contains(&size.1) {
        return Err(failed(&format!("{} x {} px", size.0, size.1)));
    }
    let mut pixels =
        Pixmap::new(size.0.round() as u32, size.1.round() as u32).ok_or_else(|| failed(&"no pixels"))?;
    pixels.fill(resvg::tiny_skia::Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(&error))
}
