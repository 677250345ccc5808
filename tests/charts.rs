//! Charts, read back: what they show lies where it should, and nothing in them can harm a page.
//!
//! `cargo test --release --test charts -- --ignored` writes all of them to the target folder and times them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

#[path = "charts/fleet.rs"]
mod fleet;
#[path = "charts/samples.rs"]
mod samples;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::date;
use mtok::chart::*;
use proptest::prelude::*;
use resvg::tiny_skia::{Pixmap, Rect};
use resvg::usvg::{Group, Node, Options, Tree, fontdb};
use roxmltree::Document;

/// Labels that a stranger could have written.
fn hostile() -> Vec<String> {
    let long = "very long label ".repeat(32);
    [
        "<script>alert(1)</script>",
        "</text></svg><img src=x onerror=alert(1)>",
        "a & b &amp; &#0; &lt;",
        "\"quoted\" 'twice'",
        "\u{202e}backwards\u{2066} and \u{200b}unseen",
        "\u{0}\u{1}\u{7}\u{1b}[31m\u{7f}\u{9f}\r\n\t",
        "\u{fffe}\u{ffff}",
        "]]> <!-- <![CDATA[ <?xml",
        "模型 🦙 \u{0301}\u{0301}\u{0301}",
        "",
        long.as_str(),
    ]
    .map(String::from)
    .into()
}

fn labelled_curves(labels: &[String]) -> Curves {
    let mut chart = samples::over_batch();
    let line = chart.lines[0].clone();
    chart.lines = labels.iter().map(|label| Line { label: label.clone(), ..line.clone() }).collect();
    chart.band.as_mut().unwrap().label = labels[0].clone();
    (chart.x_label, chart.y_label) = (labels[0].clone(), labels[labels.len() - 1].clone());
    chart
}

/// Every chart with every label of it hostile.
fn all_hostile(size: Size) -> Vec<Drawing> {
    let labels = hostile();
    let label = |index: usize| labels[index % labels.len()].clone();
    let mut roof = samples::roof(44);
    roof.points.iter_mut().enumerate().for_each(|(index, point)| {
        (point.label, point.group) = (label(index), label(index));
    });
    roof.ceilings.iter_mut().enumerate().for_each(|(index, ceiling)| ceiling.label = label(index));
    roof.bandwidths.iter_mut().enumerate().for_each(|(index, bandwidth)| bandwidth.label = label(index + 2));
    let mut shares = samples::shares();
    shares.bars.iter_mut().enumerate().for_each(|(index, bar)| bar.label = label(index));
    let mut levers = samples::levers();
    levers.x_label = label(0);
    levers.bars.iter_mut().enumerate().for_each(|(index, bar)| bar.label = label(index + 5));
    let mut cases = samples::cases();
    cases.x_label = label(10);
    cases.rows.iter_mut().enumerate().for_each(|(index, row)| row.label = label(index * 2));
    let mut rents = samples::rents();
    let series = rents.series[0].clone();
    rents.series =
        labels.iter().map(|label| HistorySeries { label: label.clone(), ..series.clone() }).collect();
    rents.y_label = label(1);
    [
        roofline(&roof, size),
        peaks(&shares, size),
        curves(&labelled_curves(&labels), size),
        history(&rents, size),
        tornado(&levers, size),
        intervals(&cases, size),
    ]
    .map(Result::unwrap)
    .into()
}

/// What every chart promises to the page that holds it.
fn assert_harmless(drawing: &Drawing, size: Size) {
    let document = Document::parse(&drawing.svg).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("width"), Some(size.width_px.to_string().as_str()));
    assert_eq!(root.attribute("height"), Some(size.height_px.to_string().as_str()));
    assert_eq!(root.attribute("font-family"), Some("sans-serif"));
    for element in document.descendants().filter(|node| node.is_element()) {
        let name = element.tag_name().name();
        assert!(["svg", "path", "rect", "text", "title"].contains(&name), "{name}");
        for attribute in element.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(
                !["id", "style", "href", "src"].contains(&name) && !name.starts_with("on"),
                "{name}={value}"
            );
            if ["fill", "stroke"].contains(&name) {
                assert!(value == "none" || palette::ALL.contains(&value), "{name}={value}");
            }
            if name == "font-size" {
                assert!(value.parse::<f64>().unwrap() >= 11.0);
            }
            if ["x", "y", "d", "width", "height"].contains(&name) {
                assert!(!value.contains("NaN") && !value.contains("inf"), "{name}={value}");
            }
        }
    }
}

/// The boxes of all texts, as the font of [`png`] sets them.
fn texts(svg: &str) -> Vec<(String, Rect)> {
    fn collect(group: &Group, found: &mut Vec<(String, Rect)>) {
        for node in group.children() {
            match node {
                Node::Text(text) => {
                    let words: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
                    found.push((words, text.abs_bounding_box()));
                }
                Node::Group(inner) => collect(inner, found),
                _ => {}
            }
        }
    }
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let tree = Tree::from_str(svg, &Options { fontdb: Arc::new(fonts), ..Options::default() }).unwrap();
    let mut found = Vec::new();
    collect(tree.root(), &mut found);
    found
}

/// Elements of a class, by one attribute.
fn of_class(svg: &str, class: &str, attribute: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let elements = document.descendants().filter(|node| node.attribute("class") == Some(class));
    elements.map(|node| node.attribute(attribute).unwrap_or_default().to_string()).collect()
}

/// The corners of a path of straight lines.
fn corners(path: &str) -> Vec<(f64, f64)> {
    let pairs = path.split(['M', 'L', 'z']).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (x, y) = pair.split_once(' ').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

#[track_caller]
fn assert_near(found: (f64, f64), expected: (f64, f64)) {
    let near = (found.0 - expected.0).abs() <= 0.06 && (found.1 - expected.1).abs() <= 0.06;
    assert!(near, "{found:?} is not at {expected:?}");
}

#[test]
fn charts_are_svg_that_no_page_has_to_fear() {
    for size in [WIDE, NARROW] {
        for (_, drawing) in samples::all(size) {
            assert_harmless(&drawing, size);
        }
        for drawing in all_hostile(size) {
            assert_harmless(&drawing, size);
        }
    }
}

#[test]
fn hostile_labels_come_out_as_the_text_they_are() {
    let drawing = curves(&labelled_curves(&hostile()[..6]), NARROW).unwrap();
    let document = Document::parse(&drawing.svg).unwrap();
    let shown: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(shown.contains(&"<script>alert(1)</script>"));
    assert!(shown.contains(&"a & b &amp; &#0; &lt;"));
    assert!(shown.contains(&"\\u{202e}backwards\\u{2066} and \\u{200b}unseen"));
    assert!(!drawing.svg.contains("<script") && !drawing.svg.contains('\u{202e}'));
}

#[test]
fn no_text_is_clipped_or_covers_another() {
    for size in [WIDE, NARROW] {
        for (name, drawing) in samples::all(size) {
            let texts = texts(&drawing.svg);
            assert!(texts.len() > 8, "{name}");
            for (words, area) in &texts {
                let inside = area.left() >= 0.0
                    && area.top() >= 0.0
                    && area.right() <= size.width_px as f32
                    && area.bottom() <= size.height_px as f32;
                assert!(inside, "{name}: {words} at {area:?}");
            }
            for (index, (words, a)) in texts.iter().enumerate() {
                for (other, b) in &texts[index + 1..] {
                    let across = a.right().min(b.right()) - a.left().max(b.left());
                    let down = a.bottom().min(b.bottom()) - a.top().max(b.top());
                    assert!(across <= 0.0 || down <= 1.5, "{name}: {words} covers {other}");
                }
            }
        }
    }
}

#[test]
fn long_labels_are_shortened_with_an_ellipsis() {
    for size in [WIDE, NARROW] {
        for (words, area) in all_hostile(size).iter().flat_map(|drawing| texts(&drawing.svg)) {
            assert!(area.left() >= 0.0 && area.right() <= size.width_px as f32, "{words}: {area:?}");
        }
    }
    assert!(all_hostile(WIDE)[0].svg.contains('…'));
}

#[test]
fn a_curve_runs_where_the_plot_says() {
    for (chart, size) in [(samples::over_batch(), WIDE), (samples::over_utilisation(), NARROW)] {
        let Drawing { svg, plot } = curves(&chart, size).unwrap();
        let paths = of_class(&svg, "curve", "d");
        assert_eq!(paths.len(), chart.lines.len());
        for (line, path) in chart.lines.iter().zip(paths) {
            for (point, corner) in line.points.iter().zip(corners(&path)) {
                assert_near(corner, (plot.x_px(point.x), plot.y_px(point.mid)));
            }
        }
        let (line, ribbon) = (&chart.lines[0], corners(&of_class(&svg, "ribbon", "d")[0]));
        assert_near(ribbon[0], (plot.x_px(line.points[0].x), plot.y_px(line.points[0].high)));
        assert_near(*ribbon.last().unwrap(), (plot.x_px(line.points[0].x), plot.y_px(line.points[0].low)));
        let band = chart.band.unwrap();
        let sides = corners(&of_class(&svg, "band", "d")[0]);
        assert_near(sides[0], (plot.left_px, plot.y_px(band.high)));
        assert_near(sides[2], (plot.right_px, plot.y_px(band.low)));
    }
}

#[test]
fn a_decade_is_a_decade_on_a_logarithmic_axis() {
    let Drawing { plot, .. } = curves(&samples::over_batch(), WIDE).unwrap();
    let decades = [(0.1, 1.0), (1.0, 10.0)].map(|(low, high)| plot.y_px(low) - plot.y_px(high));
    assert!((decades[0] - decades[1]).abs() < 1e-9 && decades[0] > 50.0);
    assert!((plot.y_px(plot.y.max) - plot.top_px).abs() < 1e-9);
    assert!((plot.x_px(plot.x.min) - plot.left_px).abs() < 1e-9);
}

#[test]
fn bars_are_as_many_and_as_long_as_the_shares() {
    let chart = samples::shares();
    let Drawing { svg, plot } = peaks(&chart, WIDE).unwrap();
    let widths = of_class(&svg, "bar", "width");
    assert_eq!(widths.len(), chart.bars.len());
    for (bar, width) in chart.bars.iter().zip(&widths) {
        assert!((width.parse::<f64>().unwrap() - (plot.x_px(bar.share) - plot.left_px)).abs() <= 0.11);
    }
    let measured = chart.bars.iter().filter(|bar| bar.share_of_datasheet.is_some()).count();
    assert_eq!(of_class(&svg, "mark", "d").len(), measured);
}

#[test]
fn rows_that_do_not_fit_are_counted() {
    let bar = samples::shares().bars[0].clone();
    let drawing = peaks(&Peaks { bars: vec![bar; 100] }, NARROW).unwrap();
    let shown = of_class(&drawing.svg, "bar", "d").len();
    assert!((10..30).contains(&shown));
    assert!(drawing.svg.contains(&format!("({} more rows)", 100 - shown)));
}

#[test]
fn series_differ_in_colour_and_without_colour() {
    let mut chart = samples::over_batch();
    chart.lines = vec![chart.lines[0].clone(); 6];
    let svg = curves(&chart, WIDE).unwrap().svg;
    for attribute in ["stroke", "stroke-dasharray"] {
        let distinct: BTreeSet<String> = of_class(&svg, "curve", attribute).into_iter().collect();
        assert_eq!(distinct.len(), 6, "{attribute}");
    }
    chart.lines = vec![chart.lines[0].clone(); 36];
    let svg = curves(&chart, WIDE).unwrap().svg;
    let dashes = of_class(&svg, "curve", "stroke-dasharray");
    let both: BTreeSet<_> = of_class(&svg, "curve", "stroke").into_iter().zip(dashes).collect();
    assert_eq!(both.len(), 36);
}

#[test]
fn two_thousand_cells_stay_below_60_kb() {
    for size in [WIDE, NARROW] {
        let svg = roofline(&samples::roof(2_000), size).unwrap().svg;
        assert!(svg.len() <= 60_000, "{} bytes", svg.len());
    }
}

#[test]
fn cells_on_one_pixel_are_one_mark_and_cells_apart_are_two() {
    let mut chart = samples::roof(4);
    let marks = |chart: &Roofline| of_class(&roofline(chart, WIDE).unwrap().svg, "kernel", "d").len();
    assert_eq!(marks(&chart), 4);
    let same = chart.points[0].clone();
    chart.points.extend(vec![same; 500]);
    assert_eq!(marks(&chart), 4);
    let mut other = chart.points[0].clone();
    other.flops_per_s *= 0.5;
    chart.points.push(other);
    assert_eq!(marks(&chart), 5);
}

#[test]
fn a_ceiling_begins_where_the_fastest_memory_reaches_it() {
    let chart = samples::roof(8);
    let Drawing { svg, plot } = roofline(&chart, WIDE).unwrap();
    let ceiling = corners(&of_class(&svg, "ceiling", "d")[0]);
    assert_near(ceiling[0], (plot.x_px(794e12 / 3.35e12), plot.y_px(794e12)));
    let fastest = corners(&of_class(&svg, "bandwidth", "d")[1]);
    assert_near(fastest[1], ceiling[0]);
}

#[test]
fn a_streak_is_the_last_moves_and_skips_days_without_one() {
    let day = |day, price| (date(2026, 1, day), price);
    let points = vec![day(1, 3.0), day(2, 2.0), day(3, 2.5), day(4, 2.5), day(5, 2.4), day(6, 2.3)];
    let series = vec![HistorySeries { label: "a".into(), points, streak: 2 }];
    let Drawing { svg, plot } = history(&History { y_label: "USD".into(), series }, WIDE).unwrap();
    let streak = corners(&of_class(&svg, "streak", "d")[0]);
    let days_since_1970 = 20_457.0;
    assert_near(streak[0], (plot.x_px(days_since_1970), plot.y_px(2.5)));
    assert_near(*streak.last().unwrap(), (plot.x_px(days_since_1970 + 2.0), plot.y_px(2.3)));
    // A price counts until the next: no slanted line.
    let price = corners(&of_class(&svg, "price", "d")[0]);
    assert!(price.iter().zip(&price[1..]).all(|(from, to)| from.0 == to.0 || from.1 == to.1));
}

#[test]
fn a_tornado_shows_where_cost_is_price_or_points_to_it() {
    let near = tornado(&samples::levers(), WIDE).unwrap();
    assert!(!near.svg.contains("← 1"));
    assert!((near.plot.left_px + 1.0..near.plot.right_px).contains(&near.plot.x_px(1.0)));
    let mut far = samples::levers();
    far.now *= 20.0;
    far.bars.iter_mut().for_each(|bar| (bar.at_low, bar.at_high) = (bar.at_low * 20.0, bar.at_high * 20.0));
    assert!(tornado(&far, WIDE).unwrap().svg.contains("← 1"));
}

#[test]
fn intervals_lie_where_the_plot_says_and_no_price_draws_none() {
    let chart = samples::cases();
    let Drawing { svg, plot } = intervals(&chart, NARROW).unwrap();
    let costs = of_class(&svg, "cost", "d");
    assert_eq!((costs.len(), of_class(&svg, "price", "d").len()), (5, 4));
    for (row, cost) in chart.rows.iter().zip(costs) {
        let ends = corners(&cost);
        assert_near((ends[0].0, ends[1].0), (plot.x_px(row.cost[0]), plot.x_px(row.cost[2])));
    }
}

#[test]
fn nothing_to_draw_is_said() {
    assert_eq!(roofline(&Roofline::default(), WIDE), Err(ChartError::Nothing));
    assert_eq!(peaks(&Peaks::default(), WIDE), Err(ChartError::Nothing));
    assert_eq!(curves(&Curves::default(), WIDE), Err(ChartError::Nothing));
    assert_eq!(history(&History::default(), WIDE), Err(ChartError::Nothing));
    assert_eq!(tornado(&Tornado::default(), WIDE), Err(ChartError::Nothing));
    assert_eq!(intervals(&Intervals::default(), WIDE), Err(ChartError::Nothing));
    let empty = Line { label: "a".into(), points: Vec::new() };
    assert_eq!(curves(&Curves { lines: vec![empty], ..Curves::default() }, WIDE), Err(ChartError::Nothing));
}

#[test]
fn what_an_axis_cannot_show_is_refused_by_name() {
    for (value, expected) in [
        (f64::NAN, ChartError::NotFinite("fp8".into())),
        (f64::INFINITY, ChartError::NotFinite("fp8".into())),
        (0.0, ChartError::NotPositive("fp8".into())),
        (-1.0, ChartError::NotPositive("fp8".into())),
        (1e200, ChartError::TooLarge("fp8".into())),
        (1e-200, ChartError::TooLarge("fp8".into())),
    ] {
        let mut chart = samples::over_batch();
        chart.lines[1].label = "fp8".into();
        chart.lines[1].points[2].mid = value;
        assert_eq!(curves(&chart, WIDE), Err(expected));
    }
    let mut shares = samples::shares();
    shares.bars[0].share = -0.1;
    assert_eq!(peaks(&shares, WIDE), Err(ChartError::Negative("gemm".into())));
    let size = Size { width_px: 100, height_px: 100 };
    assert_eq!(tornado(&samples::levers(), size), Err(ChartError::TooSmall(100, 100)));
}

#[test]
fn an_interval_from_nothing_reaches_the_edge_and_presses_nobody_together() {
    let mut chart = samples::over_batch();
    chart.lines[0].points.iter_mut().for_each(|point| point.low = -1.0);
    chart.band.as_mut().unwrap().low = 0.0;
    let Drawing { svg, plot } = curves(&chart, WIDE).unwrap();
    assert!(plot.y.min > 1e-3);
    let ribbon = corners(&of_class(&svg, "ribbon", "d")[0]);
    assert!((ribbon.last().unwrap().1 - plot.bottom_px).abs() <= 0.06);
}

#[test]
fn one_point_and_equal_values_have_a_chart() {
    let point = CurvePoint { x: 8.0, low: 2.0, mid: 2.0, high: 2.0 };
    for points in [vec![point], vec![point; 3]] {
        for x_log in [true, false] {
            let lines = vec![Line { label: "a".into(), points: points.clone() }];
            let drawing = curves(&Curves { x_log, lines, ..Curves::default() }, NARROW).unwrap();
            assert_harmless(&drawing, NARROW);
            assert!(drawing.plot.y.min < 2.0 && drawing.plot.y.max > 2.0);
            assert!(drawing.plot.x.min < 8.0 && drawing.plot.x.max > 8.0);
        }
    }
    let once = HistorySeries { label: "a".into(), points: vec![(date(2026, 1, 1), 2.0)], streak: 3 };
    let drawing = history(&History { y_label: "USD".into(), series: vec![once] }, WIDE).unwrap();
    assert_eq!(of_class(&drawing.svg, "last", "d").len(), 1);
    let bar = TornadoBar { label: "a".into(), at_low: 0.0, at_high: 0.0 };
    let still = Tornado { x_label: "x".into(), now: 0.0, bars: vec![bar] };
    assert_harmless(&tornado(&still, WIDE).unwrap(), WIDE);
    let days = [date(-9999, 1, 1), date(9999, 12, 31)].map(|day| (day, 1.0));
    let ages = HistorySeries { label: "a".into(), points: days.into(), streak: 0 };
    assert_harmless(&history(&History { y_label: "USD".into(), series: vec![ages] }, WIDE).unwrap(), WIDE);
}

#[test]
fn a_png_has_the_size_asked_for_and_shows_the_words() {
    let mut chart = samples::over_utilisation();
    let picture = |chart: &Curves| {
        let svg = curves(chart, NARROW).unwrap().svg;
        Pixmap::decode_png(&png(&svg, 1.5).unwrap()).unwrap()
    };
    let named = picture(&chart);
    assert_eq!((named.width(), named.height()), (540, 510));
    chart.y_label.clear();
    let unnamed = picture(&chart);
    let differing = named.pixels().iter().zip(unnamed.pixels()).filter(|(a, b)| a != b).count();
    assert!(differing > 500, "{differing} pixels of words");
    let white = named.pixels().iter().filter(|pixel| **pixel == named.pixels()[0]).count();
    assert!(white < named.pixels().len() * 95 / 100);
}

#[test]
fn no_png_comes_of_what_is_no_drawing_or_too_large() {
    assert!(matches!(png("<html/>", 1.0), Err(ChartError::Png(_))));
    let svg = tornado(&samples::levers(), NARROW).unwrap().svg;
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e6] {
        assert!(matches!(png(&svg, scale), Err(ChartError::Png(_))), "{scale}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn twelve_decades_are_drawn_within_the_plot_and_the_same_each_time(
        exponents in prop::collection::vec((-6.0..6.0f64, -6.0..6.0f64, 0.0..2.0f64), 1..30),
        log in any::<bool>(),
    ) {
        let points = exponents.iter().map(|(x, y, spread)| {
            let mid = 10f64.powf(*y);
            let (low, high) = (mid / 10f64.powf(*spread), mid * 10f64.powf(*spread));
            CurvePoint { x: 10f64.powf(*x), low, mid, high }
        });
        let lines = vec![Line { label: "a".into(), points: points.collect() }];
        let chart = Curves { x_log: log, lines, ..Curves::default() };
        let drawing = curves(&chart, NARROW).unwrap();
        assert_harmless(&drawing, NARROW);
        let plot = drawing.plot;
        let paths = ["curve", "ribbon"].map(|class| of_class(&drawing.svg, class, "d"));
        for path in paths.iter().flatten() {
            for (x, y) in corners(path) {
                prop_assert!(x >= plot.left_px - 0.1 && x <= plot.right_px + 0.1);
                prop_assert!(y >= plot.top_px - 0.1 && y <= plot.bottom_px + 0.1);
            }
        }
        prop_assert_eq!(curves(&chart, NARROW).unwrap().svg, drawing.svg);
    }

    #[test]
    fn any_finite_tornado_is_drawn(
        now in -1e6..1e6f64,
        ends in prop::collection::vec((-1e6..1e6f64, -1e6..1e6f64), 1..40),
    ) {
        let bars = ends.iter().map(|(at_low, at_high)| {
            TornadoBar { label: "a".into(), at_low: *at_low, at_high: *at_high }
        });
        let chart = Tornado { x_label: "x".into(), now, bars: bars.collect() };
        assert_harmless(&tornado(&chart, NARROW).unwrap(), NARROW);
    }

    #[test]
    fn any_label_is_drawn(label in any::<String>()) {
        let mut chart = samples::cases();
        chart.rows[0].label = label;
        assert_harmless(&intervals(&chart, NARROW).unwrap(), NARROW);
    }
}

#[test]
#[ignore = "pictures for people, and times that need a release build"]
fn pictures_and_times() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).unwrap();
    let start = Instant::now();
    let mut drawn = [(WIDE, "wide"), (NARROW, "narrow")].map(|(size, name)| (samples::all(size), name));
    let drawn_in = start.elapsed();
    let names = ["hostile-1", "hostile-2", "hostile-3", "hostile-4", "hostile-5", "hostile-6"];
    drawn[0].0.extend(names.into_iter().zip(all_hostile(WIDE)));
    drawn[1].0.extend(names.into_iter().zip(all_hostile(NARROW)));
    drawn[0].0.push(("measured", roofline(&samples::measured(), WIDE).unwrap()));
    let start = Instant::now();
    let mut count = 0;
    for (drawings, size) in drawn {
        for (name, drawing) in drawings {
            std::fs::write(folder.join(format!("{name}-{size}.svg")), &drawing.svg).unwrap();
            std::fs::write(folder.join(format!("{name}-{size}.png")), png(&drawing.svg, 2.0).unwrap())
                .unwrap();
            count += 1;
        }
    }
    println!("{count} charts drawn in {drawn_in:?}, as PNG in {:?}", start.elapsed());
    assert!(cfg!(debug_assertions) || drawn_in.as_millis() <= 60, "{drawn_in:?}");
}
