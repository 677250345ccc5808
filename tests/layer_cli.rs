//! What `mtok measure --layer` promises. Without an adapter the tests that need one skip with a message, unless
//! MTOK_REQUIRE_ADAPTER is set (CI sets it).
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;

use common::measured::{adapter_is_here, measurements, rows};
use common::{folder, mtok, run};

/// A dense model, a mixture of experts, and one whose layer no adapter holds.
const MODELS: &str = "name,layers,hidden,heads,kv_heads,head_dim,ffn,vocab,tied_embeddings,experts,experts_active,\
    expert_ffn,shared_ffn,dense_layers,q_lora,kv_lora,qk_nope,qk_rope,v_head,window,full_attention_layers,\
    native_weights,source,date_checked\n\
    tiny,2,256,4,2,64,512,1024,false,,,,,,,,,,,,,bf16,config.json,2026-11-21\n\
    tiny-moe,2,256,4,2,64,,1024,false,8,2,128,,,,,,,,,,bf16,config.json,2026-11-21\n\
    huge,2,1048576,8192,8192,128,,1024,false,65536,8,1048576,,,,,,,,,,bf16,config.json,2026-11-21\n";

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `measure --layer` with the small models.
fn layer(folder: &Path, options: &str) -> Vec<String> {
    fs::write(folder.join("models.csv"), MODELS).unwrap();
    let places =
        ["--data", &folder.display().to_string(), "--out", &folder.join("run").display().to_string()]
            .map(str::to_owned);
    [words("measure --repeat 1 --budget 1s --json --layer"), words(options), places.to_vec()].concat()
}

#[test]
fn layers_are_measured_beside_their_prediction_and_every_verb_reads_them() {
    if !adapter_is_here() {
        return;
    }
    for model in ["tiny", "tiny-moe"] {
        let folder = folder();
        let told = run(mtok(&layer(folder.path(), model))).ok().json();
        let shapes = told["shapes"].as_array().unwrap();
        assert_eq!(shapes.len(), 5);
        for shape in shapes {
            assert_eq!(shape["status"], "ok", "{shape}");
            let [measured, predicted, ratio] =
                ["measured_ms", "predicted_ms", "ratio"].map(|key| shape[key].as_f64().unwrap());
            assert!((predicted / measured / ratio - 1.0).abs() < 1e-9);
            let ops = shape["ops"].as_array().unwrap();
            let sum: f64 = ops.iter().map(|op| op["ms"].as_f64().unwrap()).sum();
            assert!((sum / predicted - 1.0).abs() < 1e-9, "{shape}");
            assert_eq!(shape["scaled"], 1);
        }
        let out = folder.path().join("run");
        let before = measurements(&out);
        assert_eq!(rows(&before).iter().filter(|row| row.op.kernel() == "layer").count(), 5);
        let again = run(mtok(&layer(folder.path(), &format!("{model} --resume")))).ok().json();
        assert_eq!(again["shapes"], told["shapes"]);
        assert_eq!(measurements(&out), before);

        let file = out.join("measurements.csv").display().to_string();
        let asked = words("estimate --model llama-3.1-8b --weights q4_0 --batch 1 --json --measurements");
        let estimated = run(mtok(&[asked, vec![file]].concat())).ok().json();
        assert_eq!(estimated[0]["layer_ratio"], told["layer_ratio"]);
        assert!(
            estimated[0]["note"].as_str().unwrap().contains("whole layers on this device"),
            "{estimated}"
        );
        let shown = out.display().to_string();
        run(mtok(&["diff".to_owned(), shown.clone(), shown.clone()])).ok();
        run(mtok(&["report".to_owned(), shown])).ok();
    }
}

#[test]
fn what_cannot_run_is_refused_before_anything_is_measured() {
    let folder = folder();
    for (options, said) in [
        ("nothing-like-it", "unknown model"),
        ("tiny --weights q9", "q9"),
        ("tiny --kernel gemm", "cannot be used with"),
    ] {
        let refused = run(mtok(&layer(folder.path(), options)));
        assert!(refused.err.contains(said), "{options}: {}", refused.err);
        assert_eq!(refused.code, Some(2));
    }
    let bundled = |options: &str| run(mtok(&words(&format!("measure --layer {options}"))));
    let refused = bundled("deepseek-v3");
    assert!(
        refused.err.contains("multi-head latent attention cannot be run as a whole layer"),
        "{}",
        refused.err
    );
    assert_eq!(refused.code, Some(2));
    if !adapter_is_here() {
        return;
    }
    for (options, said) in
        [("tiny --weights int8", "a layer with int8 weights cannot run"), ("huge", "even scaled down")]
    {
        let refused = run(mtok(&layer(folder.path(), options)));
        assert!(refused.err.contains(said), "{options}: {}", refused.err);
        assert_eq!(refused.code, Some(2));
    }
    assert!(!folder.path().join("run").exists());
}
