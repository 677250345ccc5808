//! The map of nodes and the distribution of cells.

use std::collections::BTreeSet;

use mtok::chart::*;

use super::{assert_harmless, assert_near, hostile, of_class, texts};

fn node(name: &str, slower: &[f64]) -> MapNode {
    let devices = slower.iter().map(|slower| MapDevice { slower: Some(*slower), sign: None });
    MapNode { name: name.into(), devices: devices.collect(), framed: None }
}

/// So many nodes of so many devices, each step of the scale, and every sign.
fn map(count: usize, devices: usize) -> Nodes {
    let scale = [-0.06, -0.03, 0.0, 0.03, 0.06];
    let of = |place: usize| {
        let slower: Vec<f64> = (0..devices).map(|device| scale[(place + device) % 5]).collect();
        node(&format!("node-{place:05}"), &slower)
    };
    let mut nodes: Vec<MapNode> = (0..count).map(of).collect();
    for (place, sign) in [Sign::Slow, Sign::Fast, Sign::Driver].into_iter().enumerate() {
        nodes[place].devices[0].sign = Some(sign);
    }
    nodes[3].framed = Some(Sign::SlowNode);
    nodes[4].framed = Some(Sign::Throttling);
    nodes[5].devices[0].slower = None;
    Nodes { nodes }
}

fn cells(count: usize) -> Spreads {
    let row = |place: usize| SpreadRow {
        label: format!("gemv/f16/m=1;n=4096;k={place}/tiled"),
        ends: [-0.02, -0.004, 0.005, 0.08],
    };
    let signs = [Sign::Slow, Sign::SlowNode, Sign::Throttling];
    let marks = signs.map(|sign| SpreadMark { name: "n1".into(), sign, at: vec![(0, 0.08), (1, 3.0)] });
    Spreads { rows: (0..count).map(row).collect(), marks: marks.into() }
}

/// A map is as high as it needs.
fn own_size(drawing: &Drawing, size: Size) -> Size {
    Size { height_px: drawing.plot.bottom_px as u32, ..size }
}

fn as_rows(size: Size) -> Size {
    Size { height_px: 80 + 14 * 67, ..size }
}

#[test]
fn pictures_of_fleets_are_svg_that_no_page_has_to_fear_and_no_text_is_clipped() {
    for size in [WIDE, NARROW] {
        let mut named = map(40, 4);
        named
            .nodes
            .iter_mut()
            .zip(hostile().iter().cycle())
            .for_each(|(node, name)| node.name.clone_from(name));
        let mut labelled = cells(67);
        labelled
            .rows
            .iter_mut()
            .zip(hostile().iter().cycle())
            .for_each(|(row, name)| row.label.clone_from(name));
        labelled.marks.iter_mut().zip(hostile()).for_each(|(mark, name)| mark.name = name);
        for drawing in [map(6, 1), map(40, 8), map(3000, 1), named].map(|data| nodes(&data, size).unwrap()) {
            let size = own_size(&drawing, size);
            assert_harmless(&drawing, size);
            for (words, area) in texts(&drawing.svg) {
                let inside = area.left() >= 0.0 && area.right() <= size.width_px as f32;
                assert!(inside && area.bottom() <= size.height_px as f32, "{words}: {area:?}");
            }
        }
        for data in [cells(1), cells(67), labelled] {
            assert_harmless(&spreads(&data, as_rows(size)).unwrap(), as_rows(size));
        }
    }
}

/// Where each square of a class lies, from the steps of its path.
fn squares(svg: &str) -> usize {
    of_class(svg, "device", "d")
        .iter()
        .chain(&of_class(svg, "device apart", "d"))
        .map(|path| path.matches("h0").count())
        .sum()
}

#[test]
fn every_device_is_one_square_in_a_path_per_colour() {
    for (count, devices) in [(6, 1), (40, 8), (1250, 8), (10_000, 1)] {
        for size in [WIDE, NARROW] {
            let svg = nodes(&map(count, devices), size).unwrap().svg;
            assert_eq!(squares(&svg), count * devices);
            assert_eq!(of_class(&svg, "device", "d").len(), 5);
        }
    }
}

#[test]
fn ten_thousand_devices_are_small_and_are_within_the_drawing() {
    for (count, devices) in [(1250, 8), (10_000, 1)] {
        for size in [WIDE, NARROW] {
            let drawing = nodes(&map(count, devices), size).unwrap();
            assert!(drawing.svg.len() < 400_000, "{}", drawing.svg.len());
            assert!(drawing.plot.bottom_px < 2000.0, "{}", drawing.plot.bottom_px);
            for path in of_class(&drawing.svg, "device", "d") {
                let (mut x, mut y) = (0.0, 0.0);
                for step in path.split('m').skip(1) {
                    let step = step.trim_end_matches("h0");
                    let split = step[1..].find([' ', '-']).unwrap() + 1;
                    x += step[..split].parse::<f64>().unwrap();
                    y += step[split..].trim().parse::<f64>().unwrap();
                    let inside = x > drawing.plot.left_px
                        && x < drawing.plot.right_px
                        && y > drawing.plot.top_px
                        && y < drawing.plot.bottom_px;
                    assert!(inside, "{x} {y}");
                }
            }
        }
    }
}

#[test]
fn what_is_out_of_line_differs_without_colour_and_is_named_in_the_legend() {
    let data = map(40, 4);
    let drawing = nodes(&data, WIDE).unwrap();
    let shapes: BTreeSet<String> = of_class(&drawing.svg, "sign", "d")
        .iter()
        .map(|path| path.split('l').nth(1).unwrap_or(path).to_owned())
        .collect();
    assert_eq!(shapes.len(), 3, "a cross, a plus and a diamond: {shapes:?}");
    assert_eq!(of_class(&drawing.svg, "frame", "stroke-dasharray"), ["", "3 2"], "one frame is dashed");
    let words: Vec<String> = texts(&drawing.svg).into_iter().map(|(words, _)| words).collect();
    for word in [
        "slow device",
        "fast device",
        "another driver",
        "slow node",
        "throttling node",
        "not compared",
        "within 2 %",
    ] {
        assert!(words.iter().any(|it| it == word), "{word}: {words:?}");
    }
    assert!(drawing.svg.contains("node-00003 (slow node): +3.0 %"), "names on demand");
    assert!(!nodes(&map(6, 1), NARROW).unwrap().svg.contains("pointer-events"), "phones have no pointer");
}

#[test]
fn labels_that_do_not_fit_go_without_what_all_names_begin_with() {
    let mut data = map(40, 4);
    data.nodes.iter_mut().for_each(|node| node.name = format!("gpu-partition-{}", node.name));
    let words: Vec<String> =
        texts(&nodes(&data, NARROW).unwrap().svg).into_iter().map(|(words, _)| words).collect();
    assert!(words.iter().any(|it| it == "…00000"), "{words:?}");
    let only = Nodes { nodes: vec![MapNode { name: "a".repeat(200), ..data.nodes[0].clone() }] };
    assert!(nodes(&only, NARROW).unwrap().svg.contains("aaaa…"), "a name alone is not taken for a beginning");
}

#[test]
fn a_box_lies_where_the_plot_says_and_what_is_beyond_stands_at_the_edge() {
    let Drawing { svg, plot } = spreads(&cells(2), WIDE).unwrap();
    let [left, width] = ["x", "width"].map(|name| of_class(&svg, "half", name)[0].parse::<f64>().unwrap());
    assert_near((left, left + width), (plot.x_px(-0.004), plot.x_px(0.005)));
    // A cross begins three pixels left of its middle.
    let beyond = of_class(&svg, "sign", "d")[0]
        .split('M')
        .nth(2)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap();
    assert!(
        (beyond + 3.0 - plot.x_px(1.0)).abs() <= 0.06 || (beyond + 3.0 - plot.right_px).abs() <= 0.06,
        "{beyond}"
    );
    assert!((plot.x.max - 1.0).abs() < 0.5, "{:?}", plot.x);
}

#[test]
fn nothing_of_a_fleet_to_draw_is_said() {
    assert_eq!(nodes(&Nodes::default(), WIDE), Err(ChartError::Nothing));
    assert_eq!(nodes(&Nodes { nodes: vec![MapNode::default()] }, WIDE), Err(ChartError::Nothing));
    assert_eq!(spreads(&Spreads::default(), WIDE), Err(ChartError::Nothing));
    let broken = Nodes { nodes: vec![node("n1", &[f64::NAN])] };
    assert_eq!(nodes(&broken, WIDE), Err(ChartError::NotFinite("n1".into())));
    let mut cells = cells(1);
    cells.rows[0].ends[3] = f64::INFINITY;
    assert_eq!(spreads(&cells, WIDE), Err(ChartError::NotFinite("gemv/f16/m=1;n=4096;k=0/tiled".into())));
    let small = Size { width_px: 100, height_px: 400 };
    assert!(matches!(nodes(&map(6, 1), small), Err(ChartError::TooSmall(100, _))));
}
