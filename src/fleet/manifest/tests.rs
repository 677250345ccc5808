use super::*;
use proptest::prelude::*;
use yaml_rust2::{Yaml, YamlLoader};

fn manifest() -> Manifest {
    Manifest {
        name: "mtok-autumn".into(),
        tasks: 64,
        parallelism: 16,
        image: "registry.example/mtok:0.1.0".into(),
        claim: "fleets".into(),
        folder: "/fleet".into(),
        resource: "nvidia.com/gpu".into(),
        gpus: 1,
        words: ["--", "--budget", "5m"].map(str::to_owned).to_vec(),
        ..Manifest::default()
    }
}

fn read(manifest: &Manifest) -> Yaml {
    YamlLoader::load_from_str(&manifest.yaml().unwrap()).unwrap().remove(0)
}

fn container(read: &Yaml) -> &Yaml {
    &read["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn the_manifest_of_a_plain_fleet_has_these_bytes() {
    let expected = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: "mtok-autumn"
  labels:
    app.kubernetes.io/name: mtok
spec:
  completionMode: Indexed
  completions: 64
  parallelism: 16
  backoffLimitPerIndex: 3
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
  template:
    metadata:
      labels:
        app.kubernetes.io/name: mtok
    spec:
      restartPolicy: Never
      containers:
        - name: mtok
          image: "registry.example/mtok:0.1.0"
          command:
            - "mtok"
            - "fleet"
            - "task"
            - "--dir"
            - "/fleet"
            - "--index"
            - "$(JOB_COMPLETION_INDEX)"
            - "--of"
            - "64"
            - "--"
            - "--budget"
            - "5m"
          env:
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
          resources:
            limits:
              "nvidia.com/gpu": 1
          volumeMounts:
            - name: fleet
              mountPath: "/fleet"
      volumes:
        - name: fleet
          persistentVolumeClaim:
            claimName: "fleets"
"#;
    assert_eq!(manifest().yaml().unwrap(), expected);
}

#[test]
fn what_is_optional_is_there_when_it_is_asked_for_only() {
    let all = Manifest {
        namespace: Some("lab".into()),
        sub_path: Some("fleets/autumn".into()),
        gpus: 0,
        ..manifest()
    };
    let read = read(&all);
    assert_eq!(read["metadata"]["namespace"].as_str(), Some("lab"));
    assert_eq!(container(&read)["volumeMounts"][0]["subPath"].as_str(), Some("fleets/autumn"));
    assert!(container(&read)["resources"].is_badvalue());
}

#[test]
fn names_that_kubernetes_refuses_are_refused_before() {
    let long = "a".repeat(58);
    let change = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        manifest.yaml().unwrap_err()
    };
    for name in ["", "-a", "a-", "A", "a.b", "a b", "ü", &long] {
        assert!(change(&|it| it.name = name.into()).starts_with("--name"), "{name}");
    }
    for folder in ["fleet", "/", "", "/a/../b", "/a:b"] {
        assert!(change(&|it| it.folder = folder.into()).starts_with("--dir"), "{folder}");
    }
    for resource in ["gpu", "nvidia.com/", "/gpu", "nvidia.com/g pu", "a/b/c"] {
        assert!(change(&|it| it.resource = resource.into()).starts_with("--resource"), "{resource}");
    }
    assert!(change(&|it| it.image = "a b".into()).starts_with("--image"));
    assert!(change(&|it| it.claim = "a/b".into()).starts_with("--claim"));
    assert!(change(&|it| it.namespace = Some("a.b".into())).starts_with("--namespace"));
    assert!(change(&|it| it.sub_path = Some("../x".into())).starts_with("--sub-path"));
    assert!(change(&|it| it.tasks = 0).contains("1 to 99999"));
    assert!(change(&|it| it.parallelism = 0).contains("at least one"));
    assert!(change(&|it| it.words = vec!["a\nb".into()]).contains("control character"));
}

proptest! {
    /// Kubernetes puts variables in for `$(NAME)` and takes `$$` for a dollar sign; YAML must not take a word for anything else.
    #[test]
    fn any_word_arrives_as_it_is(word in "[^\\p{Cc}]{0,30}") {
        let read = read(&Manifest { words: vec![word.clone()], ..manifest() });
        let command = container(&read)["command"].as_vec().unwrap();
        prop_assert_eq!(command.last().unwrap().as_str().unwrap(), word.replace('$', "$$"));
        prop_assert_eq!(command.len(), 10);
    }
}
