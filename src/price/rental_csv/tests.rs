use super::*;
use crate::unpack;
use proptest::prelude::*;

fn points(text: impl AsRef<[u8]>) -> Result<(Vec<RentalPoint>, Tally), String> {
    let mut points = Vec::new();
    let sink = |point| {
        points.push(point);
        Ok(())
    };
    let tally = unpack::unpack(text.as_ref(), unpack::MAX_BYTES)
        .and_then(|text| read(text, sink))
        .map_err(|fault| fault.to_string())?;
    Ok((points, tally))
}

fn fault(text: impl AsRef<[u8]>) -> String {
    points(text).unwrap_err()
}

const HEADER: &str = "date,provider,gpu,gpu_memory,kind,region,usd_per_gpu_hour,source\n";

#[test]
fn columns_are_found_by_name_in_any_order() {
    let text = "note,usd_per_hour,hardware,provider,date\nx,2.490,H100 SXM,Lambda,2026-06-12\n";
    let (points, tally) = points(text).unwrap();
    let [point] = points.as_slice() else { panic!("{points:?}") };
    assert_eq!((&*point.gpu, &*point.provider, point.line), ("H100 SXM", "Lambda", 2));
    assert_eq!(
        (point.usd_per_gpu_hour.to_string(), point.date.to_string()),
        ("2.490".into(), "2026-06-12".into())
    );
    assert_eq!((point.memory_gb, point.kind, point.basis), (None, Kind::OnDemand, Basis::List));
    assert_eq!(tally, Tally { points: 1, without_price: 0, kind_assumed: 1 });
}

#[test]
fn a_kind_may_say_what_its_price_was_restated_to() {
    for (word, kind, basis) in [
        ("on_demand_restated_sxm_8gpu", Kind::OnDemand, Basis::Restated8xSxm),
        ("spot-restated-8xsxm", Kind::Spot, Basis::Restated8xSxm),
        ("On Demand", Kind::OnDemand, Basis::List),
        ("reserved_1yr", Kind::Reserved, Basis::List),
        ("preemptible", Kind::Spot, Basis::List),
        ("community", Kind::Community, Basis::List),
    ] {
        let (points, _) = points(format!("{HEADER}2026-06,a,H100,80,{word},,2,s\n")).unwrap();
        assert_eq!((points[0].kind, points[0].basis), (kind, basis), "{word}");
    }
    assert!(
        fault(format!("{HEADER}2026-06,a,H100,80,on_demand_restated_h200,,2,s\n")).starts_with("2:5: kind")
    );
}

#[test]
fn a_row_without_a_price_is_a_gap_and_zero_is_a_fault() {
    let rows =
        ["", "not_offered", "Free", "unknown"].map(|word| format!("2026-06,a,H100,80,spot,us,{word},s\n"));
    let (points, tally) =
        points(format!("{HEADER}{}2026-06,a,H100,80 GB,spot,us,2,s\n", rows.concat())).unwrap();
    assert_eq!((points.len(), tally.without_price, points[0].memory_gb), (1, 4, Some(80)));
    for zero in ["0", "0.00", "-1", "NaN", "inf", "1e999", "2,5", "$2"] {
        let text = format!("{HEADER}2026-06,a,H100,80,spot,us,\"{zero}\",s\n");
        assert_eq!(fault(text), format!("2:7: price \"{zero}\" is not a finite number > 0"));
    }
}

#[test]
fn every_bad_cell_is_named_with_line_and_column() {
    let good = "2026-06,a,H100,80,spot,us,2,s\n";
    for (row, what) in [
        ("2026-13,a,H100,80,spot,us,2,s", "3:1: date \"2026-13\" is neither a day"),
        ("2026-02-30,a,H100,80,spot,us,2,s", "3:1: date"),
        (",a,H100,80,spot,us,2,s", "3:1: date is empty"),
        ("2026-0６,a,H100,80,spot,us,2,s", "3:1: date"),
        ("2026-06,,H100,80,spot,us,2,s", "3:2: provider is empty"),
        ("2026-06,a,,80,spot,us,2,s", "3:3: gpu is empty"),
        ("2026-06,a,H100,81559,spot,us,2,s", "3:4: memory \"81559\" is not a number of GB"),
        ("2026-06,a,H100,80 TB,spot,us,2,s", "3:4: memory"),
        ("2026-06,a,H100,80,weekly,us,2,s", "3:5: kind \"weekly\" is none of on-demand, spot"),
        ("2026-06,a,H100,80,spot,us,0.01,s", "3:7: price \"0.01\" is outside 0.05 to 100"),
        ("2026-06,a,H100,80,spot,us,1440,s", "3:7: price \"1440\" is outside 0.05 to 100"),
        ("2026-06,a,H100,80,spot,us,\u{1b}[2J,s", "3:7: price \"\\u{1b}[2J\" is not"),
        ("2026-06,a,H100", "3: has 3 fields, the header has 8"),
    ] {
        let shown = fault(format!("{HEADER}{good}{row}\n"));
        assert!(shown.starts_with(what), "{shown} is not {what}");
    }
    let other = "date,provider,gpu,usd_per_gpu_hour,currency\n2026-06,a,H100,2,EUR\n";
    assert_eq!(fault(other), "2:5: currency \"EUR\" is not USD, and there is no rate here");
}

#[test]
fn what_is_no_table_of_rents_is_refused_by_name() {
    for (text, what) in [
        (&b""[..], "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xff\xfed\0", "is UTF-16; save it as UTF-8"),
        (b"date,provider,gpu\n", "1: column \"usd_per_gpu_hour\" or \"usd_per_hour\" is missing"),
        (
            b"date,gpu,hardware,provider,usd_per_hour\n",
            "1: has the columns \"gpu\" and \"hardware\"; keep one",
        ),
        (b"date,provider,gpu,usd_per_hour\n2026-06,\xff,H100,2\n", "2: is not UTF-8"),
    ] {
        assert_eq!(fault(text), what, "{}", String::from_utf8_lossy(text));
    }
    let endless = read(std::io::repeat(b'a'), |_| Ok(())).unwrap_err();
    assert!(endless.what.contains("a row is longer than 1 MiB"), "{endless}");
    let long = HEADER.as_bytes().chain(std::io::repeat(b'\n'));
    let large = read(unpack::unpack(long, 1 << 20).unwrap(), |_| Ok(())).unwrap_err();
    assert!(large.what.ends_with("is larger than 1 MiB; --large reads it all the same"), "{large}");
}

#[test]
fn a_byte_order_mark_and_any_line_end_are_accepted_and_lines_are_counted_right() {
    let rows = "2026-06,a,H100,80,spot,us,2,s\n2026-06,b,H100,80,spot,us,x,s\n";
    let text = format!("\u{feff}{HEADER}{rows}").replace('\n', "\r\n");
    assert!(fault(&text).starts_with("3:7: price \"x\""), "{}", fault(&text));
    let good = text.replace(",x,", ",3,");
    assert_eq!(points(good.trim_end()).unwrap().0.len(), 2);
    assert_eq!(points(format!("{}\r", good.trim_end())).unwrap().0.len(), 2);
}

/// Gives at most a few bytes at a time.
struct Slow<'t>(&'t [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let room = self.1.min(out.len());
        self.0.read(&mut out[..room])
    }
}

proptest! {
    #[test]
    fn how_the_bytes_arrive_changes_nothing(step in 1usize..9, rows in prop::collection::vec((1u32..9, any::<bool>()), 0..20)) {
        let rows: String = rows.iter().map(|(price, windows)| {
            format!("2026-06,a,H100,80,spot,us,{price},s{}", if *windows { "\r\n" } else { "\n" })
        }).collect();
        let text = format!("{HEADER}{rows}");
        let (whole, _) = points(&text).map_err(TestCaseError::fail)?;
        let mut slowly = Vec::new();
        read(Slow(text.as_bytes(), step), |point| { slowly.push(point); Ok(()) })
            .map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        prop_assert_eq!(whole, slowly);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = points(&bytes);
        let _ = points([HEADER.as_bytes(), &bytes].concat());
    }

    #[test]
    fn no_cell_makes_it_panic(cells in prop::collection::vec("\\PC{0,12}", 8)) {
        let row: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        let _ = points(format!("{HEADER}{}\n", row.join(",")));
    }
}
