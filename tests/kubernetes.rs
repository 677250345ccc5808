//! What `mtok fleet manifest` prints is a Job as the published schema of Kubernetes says: `scripts/ensure-kubernetes-schema.sh`
//! fetches it. Without it the test is skipped, unless MTOK_REQUIRE_SCHEMA=1.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{call, mtok, run};
use serde_json::{Value, json};
use yaml_rust2::{Yaml, YamlLoader};

/// The versions that the script fetches.
const VERSIONS: [&str; 2] = ["1.29.0", "1.37.0"];
const CALL: &str = "fleet manifest --dir /fleet --tasks 64 --claim fleets --image registry.example/mtok:1";

/// The schema of a Job in a version of Kubernetes, which allows no field that it does not name.
fn schema(version: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/kubernetes/{version}.json"));
    let Ok(text) = fs::read_to_string(&path) else {
        let is_required = std::env::var_os("MTOK_REQUIRE_SCHEMA").is_some_and(|it| it == "1");
        assert!(!is_required, "{}: scripts/ensure-kubernetes-schema.sh fetches it", path.display());
        eprintln!(
            "skipped: no schema of Kubernetes {version}; scripts/ensure-kubernetes-schema.sh fetches it"
        );
        return None;
    };
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // An identity of its own would make local references ones to elsewhere.
    schema.as_object_mut().unwrap().remove("$id");
    schema["$ref"] = json!("#/$defs/io.k8s.api.batch.v1.Job");
    Some(schema)
}

fn as_json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Hash(hash) => Value::Object(
            hash.iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), as_json(value))).collect(),
        ),
        Yaml::Array(items) => items.iter().map(as_json).collect(),
        Yaml::String(text) => json!(text),
        Yaml::Integer(number) => json!(number),
        Yaml::Boolean(is) => json!(is),
        other => panic!("{other:?}"),
    }
}

fn job(options: &str) -> Value {
    let shown = call(&format!("{CALL}{options}")).ok().out;
    as_json(&YamlLoader::load_from_str(&shown).unwrap().remove(0))
}

fn faults(schema: &Value, job: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(job).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn manifests_are_as_the_published_schema_says() {
    for schema in VERSIONS.iter().filter_map(|version| schema(version)) {
        for options in [
            "",
            " --gpus-per-task 0",
            " --namespace lab --name autumn --parallelism 4 --sub-path fleets/autumn",
            " --gpus-per-task 8 --resource amd.com/gpu -- --budget 5m --kernel gemm",
        ] {
            assert_eq!(faults(&schema, &job(options)), Vec::<String>::new(), "{options}");
        }
    }
}

#[test]
fn a_wrong_field_breaks_the_published_schema() {
    for schema in VERSIONS.iter().filter_map(|version| schema(version)) {
        for (pointer, key, value) in [
            ("", "apiversion", json!("batch/v1")),
            ("/spec", "completionmode", json!("Indexed")),
            ("/spec", "completions", json!("64")),
            ("/spec/podFailurePolicy/rules/0/onPodConditions/0", "status", json!(true)),
            ("/spec/template/spec", "restartpolicy", json!("Never")),
            ("/spec/template/spec/containers/0", "volumeMount", json!([])),
            ("/spec/template/spec/containers/0/env/0/valueFrom/fieldRef", "path", json!("spec.nodeName")),
            ("/spec/template/spec/volumes/0/persistentVolumeClaim", "claim", json!("x")),
        ] {
            let mut broken = job("");
            broken.pointer_mut(pointer).unwrap()[key] = value;
            assert!(!faults(&schema, &broken).is_empty(), "{pointer} {key}");
        }
        let mut without = job("");
        without.pointer_mut("/spec").unwrap().as_object_mut().unwrap().remove("template");
        assert!(!faults(&schema, &without).is_empty());
    }
}

#[test]
fn what_kubernetes_would_refuse_is_refused_with_a_reason() {
    for (options, why) in [
        (" --name Autumn", "--name"),
        (" --namespace a.b", "--namespace"),
        (" --resource gpu", "--resource"),
        (" --parallelism 0", "at least one"),
        (" --sub-path ../x", "--sub-path"),
    ] {
        let refused = call(&format!("{CALL}{options}"));
        assert!(refused.code == Some(2) && refused.complaint().contains(why), "{options}: {}", refused.err);
        assert_eq!(refused.out, "");
    }
    let words: Vec<&str> = CALL.split(' ').chain(["--", "a\u{1b}b"]).collect();
    assert_eq!(run(mtok(&words)).code, Some(2));
}

#[test]
fn words_arrive_in_the_container_as_they_were_given() {
    let folder = "/a \"b\" # $(HOME) 'c'";
    let words: Vec<&str> = CALL.split(' ').map(|word| if word == "/fleet" { folder } else { word }).collect();
    let shown = run(mtok(&words)).ok().out;
    let job = as_json(&YamlLoader::load_from_str(&shown).unwrap().remove(0));
    let command = job["spec"]["template"]["spec"]["containers"][0]["command"].as_array().unwrap();
    // Kubernetes takes two dollar signs for one.
    let at = command.iter().position(|word| word == "--dir").unwrap();
    assert_eq!(command[at + 1], "/a \"b\" # $$(HOME) 'c'");
}
