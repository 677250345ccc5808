use super::*;
use crate::hardware::read_gpus;
use crate::price::import::tests::table;
use jiff::civil::date;

fn import(mapping: &str, text: &str) -> Result<Import, Fault> {
    let gpus = read_gpus(&include_bytes!("../../../../data/gpus.csv")[..]).unwrap();
    let mapping = Mapping::read(mapping).unwrap();
    let source = Source {
        name: "offers",
        observed: date(2026, 6, 30),
        gpus: &gpus,
        mapping: Some(&mapping),
        ..Source::default()
    };
    crate::price::import::read(&mut text.as_bytes(), &source, None)
}

fn whats(import: &Import) -> Vec<String> {
    import.findings.iter().map(|it| format!("{} {}: {}", it.place, it.rule, it.what)).collect()
}

#[test]
fn a_list_of_instances_is_read_by_paths_and_any_region() {
    let mapping = "rows = \"instances\"\nprovider = \"aws\"\n[columns]\ngpu = \"GPU_model\"\ncount = \"GPU\"\n\
        instance = \"instance_type\"\n[prices]\non-demand = \"pricing.*.linux.ondemand\"\n\
        spot = \"pricing.*.linux.spot_avg\"\n";
    let text = r#"{"instances": [
        {"instance_type": "p5.48xlarge", "GPU": 8, "GPU_model": "NVIDIA H100", "pricing": {
            "us-east-1": {"linux": {"ondemand": "98.32", "spot_avg": "39.328"}},
            "eu-west-1": {"linux": {"ondemand": 0.98320e2}}}},
        {"instance_type": "m5.large", "GPU": 0, "GPU_model": null, "pricing": {"us-east-1": {"linux": {"ondemand": "0.096"}}}},
        {"instance_type": "g6.xlarge", "GPU": 1, "GPU_model": "NVIDIA L4", "pricing": {"us-east-1": {"linux": {"ondemand": "20-26"}}}}
    ]}"#;
    let import = import(mapping, text).unwrap();
    assert_eq!(
        table(&import),
        [
            "3 H100 SXM aws on-demand us-east-1 12.29 of 98.32 x8",
            "4 H100 SXM aws on-demand eu-west-1 12.29 of 98.320 x8",
            "3 H100 SXM aws spot us-east-1 4.916 of 39.328 x8",
        ]
    );
    assert_eq!(
        whats(&import),
        [
            "5 not-an-offer: a machine without a GPU",
            "6 (instances[2].pricing.*.linux.ondemand) unreadable: pricing.*.linux.ondemand \"20-26\" is a range, not a price",
        ]
    );
}

#[test]
fn a_table_of_monthly_prices_is_read_by_its_columns() {
    let mapping = "unit = \"month\"\nper = \"gpu\"\nkind = \"reserved\"\ncurrency = \"USD\"\nmemory = \"MiB\"\n\
        [columns]\ngpu = \"Card\"\nprovider = \"Seller\"\nmemory_gb = \"Mem\"\ndate = \"Seen\"\n[prices]\n\
        reserved = \"Monthly\"\n";
    let text = "Seller,Card,Mem,Monthly,Seen\nacme,A100,81920,1460,2026-06\nacme,A100,x,1460,2026-06\n\
        acme,A100,81920,1460,June\nacme,Z1,,1,2026-06\n";
    let import = import(mapping, text).unwrap();
    assert_eq!(table(&import), ["2 A100 80GB acme reserved  2"]);
    let found = whats(&import);
    let wanted = [
        "3:3 unreadable: memory_gb \"x\" is not a finite number >= 0",
        "4:5 unreadable: date \"June\" is neither a day like 2026-06-12 nor a month like 2026-06",
        "5:4 identity: unknown GPU \"Z1\"",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}");
    }
}

#[test]
fn a_wide_table_has_a_column_for_each_gpu() {
    let mapping =
        "[columns]\ndate = \"month\"\nprovider = \"who\"\n[gpus]\n\"H100 SXM\" = \"h100\"\nL40S = \"l40s\"\n";
    let import = import(mapping, "month,who,h100,l40s\n2026-06,acme,2.5,\n2026-07,acme,2.6,0.9\n").unwrap();
    assert_eq!(
        table(&import),
        ["2 H100 SXM acme on-demand  2.5", "3 H100 SXM acme on-demand  2.6", "3 L40S acme on-demand  0.9"]
    );
    assert_eq!(whats(&import), ["2:4 unknown: l40s is empty"]);
}

#[test]
fn files_that_do_not_fit_their_mapping_are_one_fault() {
    let mapping = "rows = \"a.b\"\nper = \"gpu\"\n[columns]\ngpu = \"g\"\n[prices]\nspot = \"p\"\n";
    let fault = |text: &str| import(mapping, text).unwrap_err().to_string();
    assert_eq!(fault("x,p\n1,2\n"), "1: column \"g\" of the mapping is missing");
    assert_eq!(fault("{\"a\": []}"), "has nothing at a.b, where the mapping has its rows");
    assert_eq!(fault("{\"a\": {\"b\": 3}}"), "has a number where rows were expected");
    assert_eq!(fault("{\"a\": {\"b\": []}}"), "has no rows (table by --map)");
    assert!(fault("{\"a\": ").contains("JSON"), "{}", fault("{\"a\": "));
}
