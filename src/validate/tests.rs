use super::*;
use crate::arch::{Architecture, read_models};
use crate::hardware::{GpuSpec, read_gpus};

const HEADER: &str =
    "source,hardware,gpus,model,precision_weights,isl,osl,batch_or_concurrency,phase,value,unit,notes\n";
const GOOD: &str = "\
    llama.cpp bench,RTX 4090,1,Llama-3.1-8B,f16,0,512,1,decode,54.84,tok/s,\n\
    llama.cpp bench,4090 24GB,2,Llama-3.1-8B,f16,0,512,1,decode,53.27,tok/s,layer split\n\
    TensorRT-LLM,H100 SXM,2,Llama-3.3-70B,fp8,1000,1000,max,offline,4205,output tok/s,\n\
    vllm,h100_sxm,4,meta-llama/Llama-3.1-70B,fp8,1024,1024,16,served,13.19,ms,\n";

fn models() -> Vec<Architecture> {
    read_models(&include_bytes!("../../data/models.csv")[..]).unwrap()
}

fn gpus() -> Vec<GpuSpec> {
    read_gpus(&include_bytes!("../../data/gpus.csv")[..]).unwrap()
}

/// The report of rows behind the header, or the fault.
fn validated(rows: &str) -> Result<Report, String> {
    let (models, gpus) = (models(), gpus());
    let tables = Tables { models: &models, gpus: &gpus };
    let rows = read_validation((HEADER.to_owned() + rows).as_bytes(), "rows.csv", tables)
        .map_err(|fault| fault.to_string())?;
    Ok(report(&rows, &predictions(&rows.cases), None))
}

#[test]
fn every_row_is_predicted_or_counted_by_its_reason() {
    let more = "\
        a,RTX 9999,1,Llama-3.1-8B,f16,0,1,1,decode,1,tok/s,\n\
        a,RTX 4090,1,Llama-9,f16,0,1,1,decode,1,tok/s,\n\
        a,RTX 4090,1,Llama-3.1-8B,f17,0,1,1,decode,1,tok/s,\n\
        a,RTX 4090,1,Llama-3.1-8B,f16,0,1,1,decode,1,tok/s,OUTLIER\n\
        a,RTX 4090,2,Llama-3.1-8B,f16,512,0,1,prefill,1,tok/s,layer split\n\
        a,H100 SXM,8,Llama-3.1-8B,fp8,512,1,max,offline,1,output tok/s,TP1 PP8\n\
        a,H100 SXM,16,Llama-3.1-8B,fp8,512,1,4,served,1,ms,\n\
        a,RTX 9999,1,Llama-3.1-8B,f16,0,1,1,decode,1,tok/s,\n";
    let report = validated(&(GOOD.to_owned() + more)).unwrap();
    assert_eq!(report.overall.unwrap().n, 4);
    let reasons: Vec<(&str, usize)> =
        report.not_predicted.iter().map(|row| (row.reason.as_str(), row.n)).collect();
    let expected = [
        ("unknown GPU RTX 9999", 2),
        ("layers split over more than 8 GPUs", 1),
        ("marked as an outlier by its table", 1),
        ("pipeline parallel", 1),
        ("prefill split by layers over several GPUs", 1),
        ("unknown format f17", 1),
        ("unknown model Llama-9", 1),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn bad_cells_are_named_with_their_place() {
    let fault = |old: &str, new: &str| validated(&GOOD.replacen(old, new, 1)).unwrap_err();
    for bad in ["0", "-3", "NaN", "inf", "fast"] {
        let what = format!("2:10: value \"{bad}\" is not a finite number > 0");
        assert_eq!(fault("54.84", bad), what);
    }
    assert_eq!(fault("54.84", ""), "2:10: value is empty");
    let what = "2:9: phase \"thinking\" is none of decode, prefill, offline, served";
    assert_eq!(fault("decode", "thinking"), what);
    assert_eq!(fault("tok/s", "furlongs"), "2:11: unit \"furlongs\" is neither ms nor tok/s of this phase");
    assert_eq!(validated("").map(|report| report.overall), Ok(None));
}

#[test]
fn a_rate_above_the_bandwidth_bound_is_refused_with_its_row() {
    let claim = "a blog,H100 SXM,1,Llama-3.1-70B,f16,1,1,1,decode,85,tok/s,\n";
    let report = validated(&(GOOD.to_owned() + claim)).unwrap();
    assert_eq!(report.overall.unwrap().n, 4);
    let what = "85.0 tok/s of llama-3.1-70b in f16 exceed the bandwidth bound of 1 H100 SXM, 24.1 tok/s";
    assert_eq!(report.impossible, [Refused { row: "rows.csv:6".into(), what: what.into() }]);
}

#[test]
fn served_tables_say_their_measurements_in_milliseconds() {
    let (models, gpus) = (models(), gpus());
    let text = "backend,model_path,system,precision,isl,osl,batch_size,tp_size,attention_dp_size,silicon_tpot_ms\n\
        vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,1024,1024,16,4,1,13.19\n\
        vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,1024,1024,16,4,1,13.19\n\
        vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,1024,1024,16,4,4,13.19\n";
    let rows = read_served(text.as_bytes(), "served.csv", Tables { models: &models, gpus: &gpus }).unwrap();
    let [case] = &rows.cases[..] else { panic!("{} rows", rows.cases.len()) };
    assert_eq!((case.measured_s, case.workload.batch, case.workload.serving.tp), (13.19e-3, 16, 4));
    let reasons: Vec<&str> = rows.unpredicted.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, ["repeats an earlier row", "attention data parallel"]);
}

#[test]
fn constants_are_found_again_from_rows_that_follow_them() {
    let (models, gpus) = (models(), gpus());
    let tables = Tables { models: &models, gpus: &gpus };
    let own = include_bytes!("../../data/validation.csv");
    let mut rows = read_validation(&own[..], "validation.csv", tables).unwrap();
    let truth = crate::throughput::datasheet::Constants {
        bandwidth: 0.7,
        arithmetic: 0.5,
        layer: crate::units::Seconds(90e-6),
        ..FITTED
    };
    for case in &mut rows.cases {
        case.measured_s = seconds(case, &truth);
    }
    let cases: Vec<&Case<'_>> = rows.cases.iter().collect();
    let found = refit(&cases).constants;
    let pairs = [
        (found.bandwidth, truth.bandwidth),
        (found.arithmetic, truth.arithmetic),
        (found.link, truth.link),
        (found.layer.0, truth.layer.0),
        (found.sequence.0, truth.sequence.0),
        (found.local_stacked, truth.local_stacked),
        (found.local_flops_per_weight, truth.local_flops_per_weight),
        (found.expert_bandwidth, truth.expert_bandwidth),
        (found.expert_layer.0, truth.expert_layer.0),
    ];
    for (found, truth) in pairs {
        assert!((found / truth - 1.0).abs() < 0.01, "{found} {truth}");
    }
}

#[test]
fn the_report_has_exactly_these_bytes() {
    let (models, gpus) = (models(), gpus());
    let tables = Tables { models: &models, gpus: &gpus };
    let mut rows = read_validation((HEADER.to_owned() + GOOD).as_bytes(), "rows.csv", tables).unwrap();
    let predictions: Vec<Prediction> = [0.9, 1.1, 1.2, 2.0]
        .iter()
        .zip(&mut rows.cases)
        .map(|(factor, case)| {
            case.measured_s = 1.0;
            Prediction { seconds: *factor, spread: Spread { low: 0.8, high: 1.2 } }
        })
        .collect();
    let report = report(&rows, &predictions, Some("gpu"));
    let expected = "\
by,name,n,median_ape,p90_ape,bias,coverage_80
overall,,4,0.1500,0.7600,0.1500,0.7500
phase,decode,2,0.1000,0.1000,0.0000,1.0000
phase,offline,1,0.2000,0.2000,0.2000,1.0000
phase,served,1,1.0000,1.0000,1.0000,0.0000
kind,\"dense, filled\",1,0.2000,0.2000,0.2000,1.0000
kind,\"dense, served\",1,1.0000,1.0000,1.0000,0.0000
kind,llama.cpp decode,2,0.1000,0.1000,0.0000,1.0000
source,TensorRT-LLM,1,0.2000,0.2000,0.2000,1.0000
source,llama.cpp bench,2,0.1000,0.1000,0.0000,1.0000
source,vllm,1,1.0000,1.0000,1.0000,0.0000
precision,f16,2,0.1000,0.1000,0.0000,1.0000
precision,fp8,2,0.6000,0.9200,0.6000,0.5000
gpu,H100 SXM,2,0.6000,0.9200,0.6000,0.5000
gpu,RTX 4090,2,0.1000,0.1000,0.0000,1.0000
model,llama-3.1-70b,1,1.0000,1.0000,1.0000,0.0000
model,llama-3.1-8b,2,0.1000,0.1000,0.0000,1.0000
model,llama-3.3-70b,1,0.2000,0.2000,0.2000,1.0000
";
    assert_eq!(csv(&report), expected);
    let text = terminal(&report);
    assert!(text.starts_with("datasheet model, each gpu predicted by constants fitted without it\n"));
    let worst = "worst rows\n    +100 %  rows.csv:5   4 H100 SXM, llama-3.1-70b, fp8, served (tensor parallel over 4)\n";
    assert!(text.contains(worst), "{text}");
    assert!(markdown(&report).contains("| overall | 4 | 15.0 % | 76.0 % | +15.0 % | 75.0 % |\n"));
}
