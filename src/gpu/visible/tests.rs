use proptest::prelude::*;

use super::given::{Name, Said, said};
use super::*;

const H100: &str = "NVIDIA H100 80GB HBM3";
const NVIDIA: u32 = 0x10de;
const AMD: u32 = 0x1002;

/// An adapter of a kind.
fn adapter(index: u32, name: &str, vendor_id: u32, bus: &str, kind: &str) -> Facts {
    let json = format!(
        r#"{{"index": {index}, "name": "{name}", "backend": "vulkan", "driver": "", "driver_info": "",
        "device_type": "{kind}", "vendor_id": {vendor_id}, "device_id": 2, "pci_bus_id": "{bus}",
        "limits": {{"buffer_bytes": 1, "binding_bytes": 1, "workgroup_bytes": 1,
            "invocations_per_workgroup": 1, "subgroup_min": 0, "subgroup_max": 0}},
        "features": {{"f16": false, "subgroups": false, "timestamps": false, "int64": false,
            "cooperative_matrices": []}}}}"#
    );
    serde_json::from_str(&json).unwrap()
}

/// So many equal GPUs of NVIDIA. Vulkan lists them backwards, and their device files are numbered in a third order.
fn node(gpus: u32) -> (Vec<Facts>, Vec<Nvidia>) {
    let bus = |place: u32| format!("{:02x}:00.0", 0x10 + place);
    let adapters = (0..gpus).map(|index| {
        adapter(index, H100, NVIDIA, &format!("0000:{}", bus(gpus - 1 - index)), "discrete-gpu")
    });
    let known = |place: u32| Nvidia {
        pci_bus_id: format!("00000000:{}", bus(place).to_uppercase()),
        uuid: format!("GPU-{place}aaa-bbb"),
        minor: Some((place + 1) % gpus),
        ..Nvidia::default()
    };
    (adapters.collect(), (0..gpus).map(known).collect())
}

fn of<'w>(words: &'w str) -> impl Fn(&str) -> Option<String> + 'w {
    move |wanted| {
        let pair =
            |word: &str| word.split_once('=').filter(|(name, _)| *name == wanted).map(|it| it.1.to_owned());
        words.split_whitespace().find_map(pair)
    }
}

/// The places on the bus of the GPUs that were given.
fn places(node: &(Vec<Facts>, Vec<Nvidia>), words: &str) -> Result<Vec<u32>, Refusal> {
    let seen = candidates(&node.0, &node.1);
    let place = |seen: &Seen<'_>| u32::from_str_radix(&seen.facts.pci_bus_id[5..7], 16).unwrap() - 0x10;
    given(&seen, &of(words)).map(|given| given.iter().map(place).collect())
}

/// What makes the answer unclear, before the list of adapters.
fn doubt(refused: Result<Vec<u32>, Refusal>) -> String {
    match refused {
        Err(Refusal::Unclear(why)) => why.split(';').next().unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_maker_of_lists_has_its_own_way_to_count() {
    let four = node(4);
    for (words, expected) in [
        ("", vec![0, 1, 2, 3]),
        ("CUDA_VISIBLE_DEVICES=2", vec![2]),
        ("CUDA_VISIBLE_DEVICES=GPU-1aaa-bbb,GPU-3a", vec![1, 3]),
        ("CUDA_VISIBLE_DEVICES=0,2,-1,3", vec![0, 2]),
        ("NVIDIA_VISIBLE_DEVICES=gpu-2AAA-BBB", vec![2]),
        ("NVIDIA_VISIBLE_DEVICES=all", vec![0, 1, 2, 3]),
        // Numbers of device files: file 2 belongs to the GPU at place 1.
        ("SLURM_STEP_GPUS=2", vec![1]),
        ("SLURM_JOB_GPUS=0,1", vec![0, 3]),
        ("SLURM_STEP_GPUS=2 SLURM_JOB_GPUS=0,1,2,3", vec![1]),
        ("CUDA_VISIBLE_DEVICES=3 SLURM_STEP_GPUS=2", vec![3]),
        ("NVIDIA_VISIBLE_DEVICES=void SLURM_STEP_GPUS=", vec![0, 1, 2, 3]),
        // Those of other makers, as Slurm sets them all.
        ("ROCR_VISIBLE_DEVICES=1 ZE_AFFINITY_MASK=1", vec![0, 1, 2, 3]),
    ] {
        assert_eq!(places(&four, words), Ok(expected), "{words}");
    }
}

#[test]
fn what_is_hidden_already_is_not_counted_again() {
    // Two of eight GPUs, 5 and 6, behind a control group: numbers of the node count nothing here.
    for words in ["SLURM_STEP_GPUS=5,6", "NVIDIA_VISIBLE_DEVICES=5,6", "CUDA_VISIBLE_DEVICES=0,1"] {
        assert_eq!(places(&node(2), words), Ok(vec![0, 1]), "{words}");
    }
    for words in ["SLURM_JOB_GPUS=5", "CUDA_VISIBLE_DEVICES=7", "CUDA_VISIBLE_DEVICES=MIG-5"] {
        assert_eq!(places(&node(1), words), Ok(vec![0]), "{words}");
    }
}

#[test]
fn a_task_that_was_given_no_gpu_measures_none() {
    for value in ["", "-1", "NoDevFiles", "none"] {
        let refused = places(&node(1), &format!("CUDA_VISIBLE_DEVICES={value}"));
        let why = format!(
            "CUDA_VISIBLE_DEVICES is \"{value}\": this task was given no GPU; --gpu measures one anyway"
        );
        assert_eq!(refused, Err(Refusal::None(why)));
    }
}

#[test]
fn what_cannot_be_applied_is_named_with_the_adapters_to_choose_from() {
    let four = node(4);
    let cases = [
        (
            "CUDA_VISIBLE_DEVICES=9",
            "CUDA_VISIBLE_DEVICES is \"9\": it names a GPU that is not among these adapters",
        ),
        (
            "CUDA_VISIBLE_DEVICES=GPU-",
            "CUDA_VISIBLE_DEVICES is \"GPU-\": it names a GPU that is not among these adapters",
        ),
        ("CUDA_VISIBLE_DEVICES=x", "CUDA_VISIBLE_DEVICES is \"x\": \"x\" names no GPU"),
        (
            "CUDA_VISIBLE_DEVICES=MIG-7",
            "CUDA_VISIBLE_DEVICES is \"MIG-7\": \"MIG-7\" is a part of a GPU, Vulkan measures whole ones",
        ),
    ];
    for (words, expected) in cases {
        assert_eq!(doubt(places(&four, words)), expected);
    }
    let seen = candidates(&four.0, &four.1);
    let Err(Refusal::Unclear(why)) = given(&seen, &of("CUDA_VISIBLE_DEVICES=9")) else { panic!() };
    let listed = why.split_once("UUID:\n").unwrap().1;
    assert_eq!(
        listed.lines().next(),
        Some("  3: NVIDIA H100 80GB HBM3 (vulkan, discrete-gpu, 0000:10:00.0), GPU-0aaa-bbb")
    );
}

#[test]
fn cuda_numbers_of_unlike_gpus_count_only_in_the_order_of_the_bus() {
    let (mut adapters, known) = node(4);
    adapters[0].name = "NVIDIA L4".into();
    let mixed = (adapters, known);
    assert!(doubt(places(&mixed, "CUDA_VISIBLE_DEVICES=1")).contains("CUDA_DEVICE_ORDER"));
    assert_eq!(places(&mixed, "CUDA_VISIBLE_DEVICES=1 CUDA_DEVICE_ORDER=PCI_BUS_ID"), Ok(vec![1]));
    assert_eq!(places(&mixed, "CUDA_VISIBLE_DEVICES=GPU-1aaa-bbb"), Ok(vec![1]));
}

#[test]
fn hip_counts_what_rocr_left() {
    let bus = |place: u32| format!("0000:{:02x}:00.0", 0x10 + place);
    let adapters = (0..4).map(|index| adapter(index, "AMD MI300X", AMD, &bus(index), "discrete-gpu"));
    let four = (adapters.collect(), vec![]);
    assert_eq!(places(&four, "ROCR_VISIBLE_DEVICES=1,3"), Ok(vec![1, 3]));
    assert_eq!(places(&four, "HIP_VISIBLE_DEVICES=1"), Ok(vec![1]));
    assert_eq!(places(&four, "ROCR_VISIBLE_DEVICES=3,1,2 HIP_VISIBLE_DEVICES=0"), Ok(vec![3]));
    assert_eq!(places(&four, "SLURM_STEP_GPUS=2 CUDA_VISIBLE_DEVICES=1"), Ok(vec![2]));
}

#[test]
fn a_part_of_a_step_takes_the_gpu_of_its_number() {
    let four = node(4);
    let seen = candidates(&four.0, &four.1);
    let local = |rank, tasks| Some(Local { rank, tasks });
    assert_eq!(one(&seen, local(2, 4)).unwrap().facts.pci_bus_id, "0000:12:00.0");
    assert_eq!(one(&seen[..1], local(3, 4)).unwrap().facts.pci_bus_id, "0000:10:00.0");
    for nothing in [None, local(0, 1), local(4, 5)] {
        assert!(matches!(one(&seen, nothing), Err(Refusal::Unclear(_))), "{nothing:?}");
    }
    assert!(matches!(one(&[], None), Err(Refusal::None(_))));
}

#[test]
fn a_software_adapter_counts_only_where_there_is_no_gpu() {
    let software = |index| adapter(index, "llvmpipe", 0x10005, "", "software");
    let gpu = adapter(1, H100, NVIDIA, "0000:10:00.0", "discrete-gpu");
    let integrated = adapter(2, "Intel UHD", 0x8086, "0000:00:02.0", "integrated-gpu");
    let indices = |adapters: &[Facts]| {
        candidates(adapters, &[]).iter().map(|seen| seen.facts.index).collect::<Vec<_>>()
    };
    assert_eq!(indices(&[software(0), gpu, integrated]), [1]);
    let only = [software(0), Facts { backend: "gl".into(), ..software(1) }];
    assert_eq!(indices(&only), [0]);
    // No variable hides a processor, and all software adapters are the same one.
    let two = [software(0), software(1)];
    let seen = candidates(&two, &[]);
    assert_eq!(given(&seen, &of("CUDA_VISIBLE_DEVICES=-1 SLURM_STEP_GPUS=1")).unwrap().len(), 2);
    assert_eq!(one(&seen, None).unwrap().facts.index, 0);
}

#[test]
fn an_adapter_is_named_by_index_address_or_uuid() {
    let (adapters, known) = node(4);
    for wanted in ["1", "12:00.0", "00000000:12:00.0", "GPU-2aaa-bbb"] {
        assert_eq!(named(&adapters, &known, wanted).unwrap().facts.index, 1, "{wanted}");
    }
    assert!(named(&adapters, &known, "9").unwrap_err().starts_with("no adapter is \"9\"; there are:\n  0: "));
    assert!(named(&adapters, &known, "GPU-").is_err());
}

proptest! {
    #[test]
    fn lists_are_read_as_they_are_written(indices in prop::collection::vec(0u32..64, 1..9)) {
        let mut distinct = Vec::new();
        for index in &indices {
            if !distinct.contains(&Name::Index(*index)) {
                distinct.push(Name::Index(*index));
            }
        }
        let words: Vec<String> = indices.iter().map(u32::to_string).collect();
        prop_assert_eq!(said(&words.join(",")), Ok(Said::These(distinct.clone())));
        prop_assert_eq!(said(&words.join(" , ")), Ok(Said::These(distinct)));
    }

    /// Whatever is set, nobody gets a GPU twice, nor one that is not there.
    #[test]
    fn no_environment_gives_a_gpu_twice(
        gpus in 1u32..9,
        cuda in prop::option::of("[0-9,. -]{0,12}|GPU-[0-9a]{0,5}|MIG-1|all|none"),
        slurm in prop::option::of("[0-9,]{0,8}"),
    ) {
        let node = node(gpus);
        let variables = |name: &str| match name {
            "CUDA_VISIBLE_DEVICES" => cuda.clone(),
            "SLURM_STEP_GPUS" => slurm.clone(),
            _ => None,
        };
        if let Ok(given) = given(&candidates(&node.0, &node.1), &variables) {
            let mut indices: Vec<u32> = given.iter().map(|seen| seen.facts.index).collect();
            prop_assert!(!indices.is_empty());
            indices.sort_unstable();
            indices.dedup();
            prop_assert_eq!(indices.len(), given.len());
        }
    }

    /// Tasks of one step that see the same GPUs share none.
    #[test]
    fn tasks_of_a_step_share_no_gpu(gpus in 2u32..9) {
        let node = node(gpus);
        let seen = candidates(&node.0, &node.1);
        let mut taken: Vec<u32> = (0..gpus)
            .map(|rank| one(&seen, Some(Local { rank, tasks: gpus })).unwrap().facts.index)
            .collect();
        taken.sort_unstable();
        prop_assert!(taken.into_iter().eq(0..gpus));
    }
}
