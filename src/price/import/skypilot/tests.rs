use crate::price::import::Aside;
use crate::price::import::tests::{import, table};

const HEADER: &str = "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,GpuInfo\n";

fn whats(name: &str, rows: &str) -> Vec<String> {
    let import = import(name, "", &(HEADER.to_owned() + rows)).unwrap();
    let shown = |it: &crate::price::import::Finding| format!("{} {}: {}", it.place, it.rule, it.what);
    import.findings.iter().map(shown).collect()
}

#[test]
fn prices_are_those_of_one_gpu_on_demand_and_as_spot() {
    let rows = "g,H100,8.0,23.60,10.00,eu,\"{'Gpus': [{'Name': 'H100', 'MemoryInfo': {'SizeInMiB': 81920}}]}\"\n\
        s,B200,2,,3.423,eu,\ngpu-h100-sxm_8gpu,H100,8,23.60,,eu,\n";
    let import = import("vms.csv", "nebius", &(HEADER.to_owned() + rows)).unwrap();
    assert_eq!(
        table(&import),
        [
            "2 H100 nebius on-demand eu 2.95 of 23.60 x8",
            "2 H100 nebius spot eu 1.25 of 10.00 x8",
            "3 B200 SXM nebius spot eu 1.7115 of 3.423 x2",
            "4 H100 SXM nebius on-demand eu 2.95 of 23.60 x8"
        ]
    );
    assert_eq!(import.rentals[0].memory_gb, Some(80));
    assert!(import.findings.is_empty());
}

#[test]
fn rows_that_are_no_offers_are_left_out_and_zeros_are_told_apart() {
    assert_eq!(
        whats("runpod.csv", "1x_A100-80GB_SECURE,A100-80GB,1,0,0.9,IN,\n"),
        ["2:4 not-offered: Price 0: not offered there"]
    );
    assert_eq!(
        whats("azure.csv", "a,H100,1,0,,x,\nb,H100,1,2,,x,\n"),
        ["2:4 band: Price 0: nobody gives GPUs away, a broken feed"]
    );
    assert_eq!(
        whats(
            "aws.csv",
            "cpu,,0,1,,x,\ncpu,,,1,,x,\nslice,A10,0.5,1,,x,\np5en,H200,8,,,x,\ntpu,tpu-v5e-8,1,2,,x,\nb,H100,1,2,,x,\n"
        ),
        [
            "2 not-an-offer: a machine without a GPU",
            "3 not-an-offer: a machine without a GPU",
            "4 not-an-offer: a part of a GPU",
            "5:4 unknown: Price is empty",
            "6:4 not-an-offer: \"tpu-v5e-8\" is a TPU, no GPU"
        ]
    );
}

#[test]
fn bad_cells_are_located() {
    let good = "ok,T4,1,1,,x,\n";
    for (row, what) in [
        ("a,H100,many,2,,x,", "3:3 unreadable: \"many\" is no number of GPUs up to 1024"),
        ("a,H100,-8,2,,x,", "3:3 unreadable: \"-8\" is no number of GPUs up to 1024"),
        ("a,H100,1e9,2,,x,", "3:3 unreadable: \"1e9\" is no number of GPUs up to 1024"),
        ("a,H100,8,2-3,,x,", "3:4 unreadable: Price \"2-3\" is a range, not a price"),
        ("a,H100,8,2,x,x,", "3:5 unreadable: SpotPrice \"x\" is no finite number > 0"),
        ("a,H100,8,2,,x,{", "3:7 unreadable: GpuInfo ends too early"),
        ("a,H900,8,2,,x,", "3:4 identity: unknown GPU \"H900\""),
        ("a,H100,8,2,,x,{'SizeInMiB': 24576}", "3:4 memory: \"H100\" has 80 or 94 GB, the row says 24"),
    ] {
        let found = whats("nebius.csv", &format!("{good}{row}\n"));
        assert!(found.len() == 1 && found[0].starts_with(what), "{found:?} {what}");
    }
}

#[test]
fn two_tables_in_one_file_are_two_sellers() {
    let text = "# two files\nInstanceType,AcceleratorName,AcceleratorCount,Price,Region,SpotPrice\n\
        gpu_1x_h100_pcie,H100,1.0,3.29,us-east-1,\ncpu_4x_general,,,0.2,us-east-1,\nweird,H100,1,3,us,\n\
        AcceleratorName,AcceleratorCount,InstanceType,Region,SpotPrice,Price\n\
        A100-80GB,2.0,2x_A100-80GB_SECURE,IN,2.5,2.78\nA100-80GB,1,1x_A100-80GB_COMMUNITY,IN,,1.1\n";
    let import = import("lambda_and_runpod.csv", "", text).unwrap();
    assert_eq!(
        table(&import),
        [
            "3 H100 PCIe lambda on-demand us-east-1 3.29 of 3.29 x1",
            "7 A100 80GB runpod on-demand IN 1.39 of 2.78 x2",
            "7 A100 80GB runpod spot IN 1.25 of 2.5 x2",
            "8 A100 80GB runpod community IN 1.1 of 1.1 x1"
        ]
    );
    assert_eq!(import.count(Aside::Rejected), 1);
    assert!(
        import.findings[1]
            .what
            .ends_with("the name of the file says lambda and runpod; give --provider NAME")
    );
}

#[test]
fn machines_and_gpus_that_are_priced_apart_are_added_up() {
    let text = "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,AvailabilityZone,GpuInfo\n\
        ,A100,8,23.47,7.04,us,us-a,\na2-highgpu-8g,,,6.0,1.5,us,us-a,\n,T4,1,0.35,,us,us-a,\n,A100,1,2.9,,us,us-b,\n";
    let import = import("vms.csv", "gcp", text).unwrap();
    assert_eq!(
        table(&import),
        [
            "2 A100 SXM 40GB gcp on-demand us 3.68375 of 29.47 x8",
            "2 A100 SXM 40GB gcp spot us 1.0675 of 8.54 x8"
        ]
    );
    let whats: Vec<&str> = import.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "a machine without a GPU",
            "the price of the GPUs alone: the machine around them costs extra",
            "the price of the GPUs without their machine, and a2-highgpu-1g is not in the file"
        ]
    );
}
