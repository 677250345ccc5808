//! Tables of others, read and refused.

use super::*;
use crate::hardware::read_gpus;
use crate::measurement::wire;

const HEADER: &str = "time_stats.attn_pre_proj.min,time_stats.attn_pre_proj.max,time_stats.attn_pre_proj.mean,\
    time_stats.attn_pre_proj.median,time_stats.attn_pre_proj.std,time_stats.mlp_act.min,time_stats.mlp_act.mean,\
    time_stats.mlp_act.median,time_stats.mlp_act.std,time_stats.swish.min,time_stats.swish.mean,\
    time_stats.swish.median,time_stats.swish.std,n_head,n_kv_head,n_embd,n_expanded_embd,use_gated_mlp,num_tokens,\
    num_tensor_parallel_workers\n";
const ROW: &str =
    "0.035,0.050,0.037,0.036,0.002,0.003,0.004,0.0035,0,0.1,0.1,0.1,0,32,8,4096,14336,True,64,2\n";

fn gpus() -> Vec<GpuSpec> {
    let text = "name,vendor,memory_gb,bandwidth_gb_per_s,fp32_tflops,fp16_dense_tflops,link_gb_per_s,aliases,source,\
        date_checked\nH100 SXM,NVIDIA,80,3350,67,989,450,NVIDIA H100 80GB HBM3,datasheet,2026-11-21\n";
    read_gpus(text.as_bytes()).unwrap()
}

fn import(text: &str) -> Result<(Vec<Measurement>, BTreeMap<String, usize>), String> {
    let gpus = gpus();
    let mut import = Import::new(&gpus[0], Format::F16, "1.0.0", "mtok import-kernels");
    import.add(text.as_bytes(), "mlp.csv").map_err(|fault| fault.to_string())?;
    Ok((import.rows().to_vec(), import.left_out().clone()))
}

#[test]
fn operators_become_the_shapes_of_one_shard_and_keep_the_times_of_the_file() {
    let (rows, left_out) = import(&(HEADER.to_owned() + ROW + ROW)).unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.op.to_string(), row.run)).collect::<Vec<_>>(),
        [
            ("gemm f16 m=64;n=3072;k=4096".to_owned(), 0),
            ("silu_mul f16 rows=64;width=7168".to_owned(), 0),
            ("gemm f16 m=64;n=3072;k=4096".to_owned(), 1),
            ("silu_mul f16 rows=64;width=7168".to_owned(), 1),
        ]
    );
    assert_eq!(left_out.into_iter().collect::<Vec<_>>(), [("swish".to_owned(), 2)]);
    let timing = rows[0].timing().unwrap();
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} is not {b}");
    close(timing.seconds.min, 35e-6);
    close(timing.seconds.median, 36e-6);
    close(timing.seconds.mean, 37e-6);
    assert!((timing.relative_stdev.unwrap() - 2.0 / 37.0).abs() < 1e-12);
    assert!((timing.seconds.q3 - 36e-6 - 0.6745 * 2e-6).abs() < 1e-9);
}

#[test]
fn imported_rows_are_written_unverified_and_read_back_as_such() {
    let (rows, _) = import(&(HEADER.to_owned() + ROW)).unwrap();
    let mut bytes = Vec::new();
    wire::write_all(&mut bytes, &rows).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(wire::read(text.as_bytes()).unwrap(), rows);
    assert!(
        text.contains(",imported,") && text.contains(",mlp.csv,") && text.contains("NVIDIA H100 80GB HBM3")
    );
    // Neither a verified row with a foreign file nor a foreign row without one.
    let [ok, nameless] =
        [(",imported,", ",ok,"), (",mlp.csv,", ",,")].map(|(from, to)| text.replacen(from, to, 1));
    assert_eq!(
        wire::read(ok.as_bytes()).unwrap_err().to_string(),
        "2:10: status is ok in a row with imported_from"
    );
    let fault = wire::read(nameless.as_bytes()).unwrap_err().to_string();
    assert!(fault.ends_with("imported_from is empty in a row with status imported"), "{fault}");
    // A verification of ours would be a lie.
    let table = Table::read(text.as_bytes(), &wire::COLUMNS).unwrap();
    for column in ["q1_s", "q3_s", "mad_s", "wall_median_s", "samples", "nmse", "nmse_max", "compared"] {
        assert_eq!(table.rows().next().unwrap().text(column), "", "{column}");
    }
}

#[test]
fn hostile_tables_are_refused_where_they_are() {
    let good = HEADER.to_owned() + ROW;
    for (from, to, fault) in [
        (",0.036,", ",NaN,", "2:4: time_stats.attn_pre_proj.median \"NaN\" is not a finite number > 0"),
        (",0.036,", ",-0.036,", "2:4: time_stats.attn_pre_proj.median \"-0.036\" is not a finite number > 0"),
        (",0.036,", ",0,", "2:4: time_stats.attn_pre_proj.median \"0\" is not a finite number > 0"),
        (",0.036,", ",,", "2:4: time_stats.attn_pre_proj.median is empty"),
        (
            ",0.036,0.002,",
            ",0.036,-1,",
            "2:5: time_stats.attn_pre_proj.std \"-1\" is not a finite number >= 0",
        ),
        (",0.036,", ",0.034,", "2:1: is above the median"),
        ("time_stats.mlp_act.min", "mlp_act_min", "1: column \"time_stats.mlp_act.min\" is missing"),
        ("n_head,", "heads,", "1: column \"n_head\" is missing"),
        (",14336,", ",14337,", "2:17: n_expanded_embd 14337 does not divide by 2"),
        (",True,", ",perhaps,", "2:18: use_gated_mlp is neither True nor False"),
        (",True,64,", ",True,0,", "2:19: num_tokens 0 is not between 1 and 4294967296"),
        (",True,64,", ",True,99999999999,", "2:19: num_tokens 99999999999 is not between 1 and 4294967296"),
        (",14336,True,64,2", ",14336,True,64,0", "2:20: num_tensor_parallel_workers 0 is not between 1 and"),
    ] {
        let shown = import(&good.replacen(from, to, 1)).unwrap_err();
        assert!(shown.starts_with(fault), "{shown} is not {fault}");
    }
    assert_eq!(
        import("a,b\n1,2\n").unwrap_err(),
        "1: has no column like time_stats.mlp_up_proj.median: it is no \
        table of operators"
    );
    assert_eq!(import(HEADER).unwrap_err(), "holds no time of an operator that is known");
}

#[test]
fn times_in_a_wrong_unit_are_impossible() {
    let seconds =
        ROW.replace("0.035,0.050,0.037,0.036,0.002", "0.000035,0.000050,0.000037,0.000036,0.000002");
    let fault = import(&(HEADER.to_owned() + &seconds)).unwrap_err();
    assert_eq!(
        fault,
        "2:4: implies 1550 TFLOP/s, the datasheet of H100 SXM allows 989: are these milliseconds?"
    );
    let one = seconds.replace(",True,64,", ",True,1,");
    let fault = import(&(HEADER.to_owned() + &one)).unwrap_err();
    assert_eq!(
        fault,
        "2:4: implies 24.3 TB/s, the datasheet of H100 SXM allows 3.35: are these milliseconds?"
    );
    let many = ROW.replace(",True,64,", ",True,8192,");
    let fault = import(&(HEADER.to_owned() + &many)).unwrap_err();
    assert_eq!(
        fault,
        "2:4: implies 5570 TFLOP/s, the datasheet of H100 SXM allows 989: are these milliseconds?"
    );
}

#[test]
fn all_reduces_are_curves_of_their_own_and_other_collectives_are_counted() {
    let text = ",time_stats.all_reduce.min,time_stats.all_reduce.max,time_stats.all_reduce.mean,\
        time_stats.all_reduce.median,time_stats.all_reduce.std,rank,num_workers,size,collective,devices_per_node\n\
        0,0.02,0.04,0.03,0.03,0,0,4,10240,all_reduce,8\n1,0.02,0.04,0.03,0.03,0,0,4,10240,send_recv,8\n\
        2,0.02,0.04,0.03,0.03,0,0,16,10240,all_reduce,8\n";
    let (rows, left_out) = import(text).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].op, Op::AllReduce { bytes: 10240, workers: 4 });
    assert_eq!(left_out.keys().collect::<Vec<_>>(), ["all_reduce across machines", "collective send_recv"]);
    let fault = import(&text.replacen(",4,10240,", ",4,67108864,", 1)).unwrap_err();
    assert_eq!(fault, "2:5: implies 2160 GB/s, the link of H100 SXM has 450: are these milliseconds?");
    assert_eq!(
        import(&text.replacen(",4,10240,", ",1,10240,", 1)).unwrap_err(),
        "2:8: an all-reduce needs two \
        GPUs or more"
    );
}
