//! Spellings of the world against the names of `gpus.csv`.

use std::sync::LazyLock;

use super::*;
use crate::hardware::{GpuSpec, read_gpus};
use proptest::prelude::*;

fn gpus() -> Vec<GpuSpec> {
    read_gpus(&include_bytes!("../../../../data/gpus.csv")[..]).unwrap()
}

static NAMES: LazyLock<GpuNames> = LazyLock::new(|| GpuNames::new(&gpus()).unwrap());

fn names() -> &'static GpuNames {
    &NAMES
}

fn ask(names: &GpuNames, seen: Seen<'_>) -> String {
    match names.identify(&seen, true) {
        Ok(gpu) => gpu.hardware.to_string(),
        Err(not) => format!("{}: {}", not.rule, not.what),
    }
}

fn plain(name: &str) -> Seen<'_> {
    Seen { name, ..Seen::default() }
}

#[test]
fn every_name_of_the_tables_is_itself() {
    let names = names();
    for gpu in gpus() {
        for name in std::iter::once(&gpu.name).chain(&gpu.aliases) {
            assert_eq!(ask(names, plain(name)), gpu.name, "{name}");
        }
    }
    let table =
        crate::table::Table::read(&include_bytes!("../../../../data/gpu_aliases.csv")[..], &[]).unwrap();
    for row in table.rows() {
        let wanted = match row.text("kind") {
            "name" => row.text("gpu"),
            "gpu" => row.text("alias"),
            _ => continue,
        };
        assert_eq!(ask(names, plain(row.text("alias"))), wanted);
    }
}

#[test]
fn spellings_of_one_gpu_are_one_gpu() {
    let (names, mut wrong) = (names(), vec![]);
    for (hardware, spellings) in [
        (
            "H100 SXM",
            "H100-SXM;H100-80GB-SXM5;H100SXM;H100 SXM5;NVIDIA H100 SXM5 80GB;h100_sxm;H100-MEGA;H100-MEGA-80GB;\
             8x H100 SXM;HGX H100;nvidia-h100-sxm;H100 80GB HBM3 SXM;H100 SXM x8;NVIDIA H100 80GB HBM3;DGX H100",
        ),
        ("H100 PCIe", "H100-PCIE;H100 PCIe 80GB;NVIDIA H100 PCIe;h100-pcie-80g;H100 80GB PCIe;1x_H100_PCIe"),
        ("H100 NVL", "H100NVL;H100-NVL;H100 NVL 94GB;NVIDIA H100 NVL;H100-94GB;H100 NVL PCIe"),
        (
            "H100",
            "H100;H100-80GB;NVIDIA H100;H100-NVLINK;H100-NVLINK-80GB;h100 80 GB;8xH100;H100 Tensor Core GPU",
        ),
        ("H200 SXM", "H200-SXM;H200 SXM5;HGX H200;H200SXM 141GB"),
        ("H200 NVL", "H200NVL;H200 PCIe;H200-NVL-141GB"),
        ("H200", "H200;h200;H200-141GB"),
        ("GH200", "GH200;Grace Hopper;NVIDIA GH200 Superchip"),
        ("GH200 96GB", "GH200-96GB;GH200-480GB;GH200 480GB;NVIDIA GH200 480GB"),
        ("GH200 144GB", "GH200-144GB;NVIDIA GH200 144G HBM3e"),
        ("B200 SXM", "B200;B200-SXM;B200-180GB;NVIDIA B200;HGX B200;B200 192GB;b200_sxm6"),
        ("B300 SXM", "B300;B300 SXM6 AC;B300-288GB;B300 270GB;HGX B300"),
        ("GB200", "GB200;GB200 NVL72;GB200-186GB;NVIDIA GB200"),
        ("GB300", "GB300;GB300 NVL72;GB300-288GB"),
        (
            "A100 SXM 80GB",
            "A100-80GB-SXM;A100-SXM4-80GB;A100SXM480GB;NVIDIA A100-SXM4-80GB;A100 SXM 80G;a100_80gb_sxm4",
        ),
        ("A100 SXM 40GB", "A100-SXM4-40GB;A100-40GB-SXM;A100 SXM4 40 GB"),
        ("A100 PCIe 80GB", "A100 80GB PCIe;A100-PCIE-80GB;NVIDIA A100 80GB PCIe"),
        ("A100 PCIe 40GB", "A100-PCIE-40GB;A100 PCIe 40GB"),
        ("A100 80GB", "A100-80GB;A100 80G;a10080gb;NVIDIA A100 80 GB"),
        ("A100 40GB", "A100-40GB;A100 40gb"),
        ("A100", "A100;NVIDIA A100;nvidia-a100;a100;8x A100;A100 Tensor Core GPU"),
        ("V100", "V100;Tesla V100;NVIDIA Tesla V100"),
        ("V100 16GB", "V100-16GB;Tesla-V100-16GB"),
        ("V100 32GB", "V100-32GB;V100 32GB HBM2"),
        ("V100 SXM2 32GB", "V100-SXM2-32GB;V100 SXM3 32GB"),
        ("L40", "L40;NVIDIA L40;L40 48GB;L4048GB"),
        ("L40S", "L40S;NVIDIA-L40S;L40S PCIe;L40S-48GB"),
        ("L4", "L4;NVIDIA L4;L4 24GB;L424GB;nvidia-l4"),
        ("A10", "A10;NVIDIA A10;A10 24GB;A10 PCIe"),
        ("A10G", "A10G;NVIDIA A10G;A10G-24GB"),
        ("A40", "A40;A40 48GB;A40-PCIe"),
        ("A30", "A30;A30 24GB"),
        ("A16", "A16;A16 16GB"),
        ("A2", "A2"),
        ("T4", "T4;Tesla T4;NVIDIA Tesla T4;nvidia-tesla-t4;T4 16GB"),
        (
            "RTX 4090",
            "RTX4090;RTX-4090;GeForce RTX 4090;NVIDIA GeForce RTX 4090;rtx_4090;RTX 4090 24GB;GeForceRTX4090",
        ),
        ("RTX 4090 D", "RTX 4090D;RTX 4090 D;GeForce RTX 4090 D"),
        ("RTX 4090 Laptop", "RTX 4090 Laptop GPU;NVIDIA GeForce RTX 4090 Laptop GPU;RTX4090-Laptop"),
        ("RTX 5090", "RTX5090;NVIDIA RTX 5090;GeForce RTX 5090 32GB"),
        ("RTX 4070 Ti SUPER", "RTX 4070 Ti SUPER;RTX4070TiSuper;RTX-4070-Ti-Super"),
        ("RTX 3090 Ti", "RTX 3090 Ti;RTX3090TI"),
        ("RTX A6000", "RTX A6000;RTXA6000;A6000;NVIDIA-RTX-A6000;Quadro RTX A6000"),
        (
            "RTX 6000 Ada",
            "RTX 6000 Ada;RTX6000Ada;RTX 6000 Ada Generation;NVIDIA-RTX-6000-Ada-Generation;6000Ada",
        ),
        ("Quadro RTX 6000", "Quadro RTX 6000;Quadro-RTX-6000;NVIDIA Quadro RTX 6000"),
        (
            "RTX PRO 6000 Blackwell Server",
            "RTX PRO 6000 Blackwell Server Edition;RTXPRO6000-SE;RTX PRO Server 6000",
        ),
        ("RTX PRO 6000 Blackwell", "RTX PRO 6000 WS;RTX PRO 6000 Blackwell Workstation Edition"),
        ("RTX PRO 6000", "RTX PRO 6000;RTXPRO6000;RTX-PRO-6000"),
        ("MI300X", "MI300X;AMD Instinct MI300X;Instinct MI300X OAM;MI300X-192GB;amd-mi300x"),
        ("MI325X", "MI325X"),
        ("RX 7900 XTX", "Radeon RX 7900 XTX;RX7900XTX;AMD Radeon RX 7900 XTX"),
        ("Tesla P40", "P40;Tesla P40;Tesla-P40-24GB"),
    ] {
        for spelling in spellings.split(';') {
            let found = ask(names, plain(spelling));
            if found != hardware {
                wrong.push(format!("{spelling} is {found}, not {hardware}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_else_a_row_says_tells_goods_of_one_family_apart() {
    let names = names();
    for (hardware, name, also, instance, memory_gb) in [
        ("H100 PCIe", "H100", "", "gpu_1x_h100_pcie", Some(80.0)),
        ("H100 SXM", "H100", "", "gpu_1x_h100_sxm5", Some(80.0)),
        ("H100 SXM", "H100", "", "h100-80gb.sxm.8x", None),
        ("H100 SXM", "H100", "", "p5.48xlarge", Some(80.0)),
        ("H100 NVL", "H100", "", "Standard_NC40ads_H100_v5", None),
        ("H100 NVL", "H100", "", "", Some(94.0)),
        ("A100 PCIe 80GB", "A100-80GB", "A100 PCIe", "1x_A100-80GB_SECURE", Some(80.0)),
        ("A100 SXM 80GB", "A100-80GB", "A100-80GB", "gpu_8x_a100_80gb_sxm4", Some(80.0)),
        ("A100 40GB", "A100", "", "", Some(39.4)),
        ("A100 SXM 40GB", "A100", "", "a2-highgpu-1g", Some(40.0)),
        ("A100 80GB", "A100", "NVIDIA A100", "x", Some(80.0)),
        ("H200", "H200", "", "1H200.141S.44V", Some(141.0)),
        ("H200 SXM", "H200", "", "gpu-h200-sxm_8gpu-128vcpu-1600gb", Some(141.0)),
        ("B300 SXM", "B300", "", "", Some(262.0)),
        ("Quadro RTX 6000", "RTX6000", "", "gpu_1x_rtx6000", Some(24.0)),
        ("RTX 6000 Ada", "RTX 6000", "", "", Some(48.0)),
        ("RTX 4060 Ti", "RTX 4060 Ti", "", "", Some(16.0)),
        ("L40S", "L40S", "L40S", "", Some(44.7)),
    ] {
        let seen = Seen { name, also, instance, memory_gb, count: 1 };
        assert_eq!(ask(names, seen), hardware, "{name} {also} {instance} {memory_gb:?}");
    }
    let total = Seen { memory_gb: Some(640.0), count: 8, ..plain("H100 SXM") };
    assert_eq!(names.identify(&total, false).unwrap().memory_gb, Some(80), "a total is not the size of one");
}

#[test]
fn what_cannot_be_told_is_refused_with_a_reason() {
    let names = names();
    for (seen, reason) in [
        (plain("H100 Turbo"), "identity: unknown GPU \"H100 Turbo\"; nearest: H100"),
        (plain("RTX 409"), "identity: unknown GPU \"RTX 409\"; nearest: "),
        (plain("RTX 6000"), "identity: \"RTX 6000\" may be Quadro RTX 6000 or RTX 6000 Ada or RTX PRO 6000"),
        (plain("\u{1b}[2J"), "identity: unknown GPU \"\\u{1b}[2J\""),
        (plain(""), "identity: unknown GPU \"\""),
        (plain("tpu-v5e-8"), "not-an-offer: \"tpu-v5e-8\" is a TPU, no GPU"),
        (plain("Trainium2"), "not-an-offer: \"Trainium2\" is an AWS Trainium, no GPU"),
        (plain("Intel Gaudi 3"), "not-an-offer: \"Intel Gaudi 3\" is an Intel Gaudi, no GPU"),
        (plain("T4 SXM"), "identity: T4 is not known as Sxm"),
        (
            Seen { memory_gb: Some(24.0), ..plain("H100") },
            "memory: \"H100\" has 80 or 94 GB, the row says 24",
        ),
        (
            Seen { memory_gb: Some(40.0), ..plain("A100-80GB") },
            "memory: \"A100-80GB\" has 80 GB, the row says 40",
        ),
        (
            Seen { memory_gb: Some(f64::NAN), ..plain("H100") },
            "memory: \"H100\" has 80 or 94 GB, the row says NaN",
        ),
        (Seen { also: "GH200", ..plain("H100") }, "identity: \"H100\" and \"GH200\" in one row are two GPUs"),
        (Seen { also: "GB200", ..plain("B200") }, "identity: \"B200\" and \"GB200\" in one row are two GPUs"),
    ] {
        let answer = ask(names, seen);
        assert!(answer.starts_with(reason), "{answer}\n{reason}");
    }
}

#[test]
fn the_same_question_has_the_same_answer_when_it_is_remembered() {
    let names = names();
    let mut identifier = Identifier::new(names);
    for _ in 0..2 {
        for (name, memory_gb) in [("A100", None), ("A100", Some(80.0)), ("A10", None), ("nonsense", None)] {
            let seen = Seen { memory_gb, ..plain(name) };
            assert_eq!(
                identifier.ask(&seen).cloned().map_err(|not| not.rule),
                names.identify(&seen, true).map_err(|not| not.rule)
            );
        }
    }
}

proptest! {
    #[test]
    fn no_name_makes_a_panic(
        name in "(?s).{0,40}|[ahlbgrtx0-9]{0,12}|(H100|A100|RTX)[-a-z0-9]{0,20}",
        instance in ".{0,20}",
        memory_gb in prop::option::of(any::<f64>()),
        count in any::<u16>(),
    ) {
        let _ = names().identify(&Seen { name: &name, also: &instance, instance: &instance, memory_gb, count }, true);
    }
}
