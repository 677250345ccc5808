//! What a mark or a line stands for: at the end of a line where there is room, in rows above the plot elsewhere.

use super::Plot;
use super::canvas::{Anchor, Area, Canvas, Stroke};
use super::label::{SMALL_PX, fitted, width_px};
use super::palette::{INK, MUTED};

/// What is shown before a label.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key {
    Line(Stroke),
    Mark(usize, &'static str),
    Box(&'static str, f64),
}

/// One key with its label.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Key,
    pub label: String,
}

const ROW_PX: f64 = 16.0;
const KEY_PX: f64 = 24.0;
const GAP_PX: f64 = 14.0;

/// A legend laid out from the left edge of a drawing.
pub(super) struct Legend {
    rows: Vec<Vec<Entry>>,
}

impl Legend {
    /// Fills at most so many rows; what remains is counted in the last.
    pub(super) fn new(entries: Vec<Entry>, width_px: f64, at_most: usize) -> Self {
        let count = entries.len();
        let mut rows: Vec<Vec<Entry>> = Vec::new();
        let mut used_px = f64::INFINITY;
        let mut placed = 0;
        for mut entry in entries {
            entry.label = fitted(&entry.label, SMALL_PX, width_px * 0.75 - KEY_PX);
            let entry_px = entry_px(&entry);
            if used_px + entry_px > width_px {
                if rows.len() == at_most {
                    break;
                }
                rows.push(Vec::new());
                used_px = 0.0;
            }
            used_px += entry_px;
            placed += 1;
            rows.last_mut().into_iter().for_each(|row| row.push(entry.clone()));
        }
        if placed < count
            && let Some(last) = rows.last_mut().and_then(|row| row.last_mut())
        {
            *last = Entry { key: Key::Box(MUTED, 0.0), label: format!("and {} more", count - placed + 1) };
        }
        Self { rows }
    }

    pub(super) fn height_px(&self) -> f64 {
        self.rows.len() as f64 * ROW_PX
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, left_px: f64, top_px: f64) {
        for (index, row) in self.rows.iter().enumerate() {
            let middle_px = top_px + (index as f64 + 0.5) * ROW_PX;
            let mut x_px = left_px;
            for entry in row {
                key(canvas, entry.key, x_px, middle_px);
                let at = (x_px + KEY_PX, middle_px + SMALL_PX * 0.36);
                canvas.text(at, Anchor::Start, SMALL_PX, INK, &entry.label);
                x_px += entry_px(entry);
            }
        }
    }
}

fn entry_px(entry: &Entry) -> f64 {
    KEY_PX + width_px(&entry.label, SMALL_PX) + GAP_PX
}

fn key(canvas: &mut Canvas, key: Key, left_px: f64, middle_px: f64) {
    match key {
        Key::Line(stroke) => canvas.line((left_px, middle_px), (left_px + 18.0, middle_px), stroke),
        Key::Mark(shape, colour) => canvas.marks("key", shape, &[(left_px + 9.0, middle_px)], colour, None),
        Key::Box(_, 0.0) => {}
        Key::Box(colour, opacity) => {
            let (top_px, bottom_px) = (middle_px - 4.5, middle_px + 4.5);
            let area = Area { left_px: left_px + 2.0, top_px, right_px: left_px + 17.0, bottom_px };
            canvas.bar("key", area, colour, opacity, "");
        }
    }
}

/// A label that wants to stand at a height.
#[derive(Clone, Debug)]
pub(super) struct EndLabel {
    pub y_px: f64,
    pub colour: &'static str,
    pub text: String,
}

/// The labels beside the right edge of the plot, moved apart where they would overlap, each tied to its place.
pub(super) fn ends(canvas: &mut Canvas, plot: &Plot, mut labels: Vec<EndLabel>) {
    const LINE_PX: f64 = 14.0;
    let room = ((plot.bottom_px - plot.top_px) / LINE_PX) as usize;
    if labels.len() > room {
        let more = labels.len() - room.saturating_sub(1);
        labels.truncate(room.saturating_sub(1));
        labels.push(EndLabel { y_px: plot.bottom_px, colour: MUTED, text: format!("and {more} more") });
    }
    labels.sort_by(|a, b| a.y_px.total_cmp(&b.y_px));
    let mut lowest_px = plot.top_px - LINE_PX;
    let mut places: Vec<f64> = Vec::new();
    for label in &labels {
        lowest_px = label.y_px.max(lowest_px + LINE_PX);
        places.push(lowest_px);
    }
    let mut highest_px = plot.bottom_px + LINE_PX;
    for place in places.iter_mut().rev() {
        highest_px = place.min(highest_px - LINE_PX);
        *place = highest_px;
    }
    for (label, place_px) in labels.iter().zip(places) {
        let ends = ((plot.right_px + 3.0, label.y_px), (plot.right_px + 12.0, place_px));
        canvas.line(ends.0, ends.1, Stroke::solid(label.colour, 1.0));
        let text = fitted(&label.text, SMALL_PX, f64::from(canvas.size.width_px) - plot.right_px - 17.0);
        canvas.text((plot.right_px + 15.0, place_px + SMALL_PX * 0.36), Anchor::Start, SMALL_PX, INK, &text);
    }
}
