//! What the datasheets say about a GPU, and which row of them a measured adapter is.

use std::collections::HashMap;
use std::io::Read;

use jiff::civil::Date;

use crate::lookup::{self, Named, NotFound};
use crate::op::Format;
use crate::table::{Fault, Row, Table};
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond};

/// One row of `gpus.csv`. Rates are the vendor's dense peaks; `None` where the vendor gives none.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuSpec {
    /// Short name, such as `H100 SXM`.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Generation of the chip.
    pub architecture: String,
    /// `SXM5`, `PCIe`, `Laptop`, `Integrated` …
    pub form_factor: String,
    /// Its own memory; `None` also where one name is sold with several sizes.
    pub memory: Option<Bytes>,
    /// Peak of the memory bus.
    pub bandwidth: Option<BytesPerSecond>,
    /// Whether the memory is stacked on the package of the chip (HBM).
    pub stacked: bool,
    /// Single precision outside the matrix units.
    pub fp32: Option<FlopsPerSecond>,
    /// 16-bit matrix products.
    pub fp16: Option<FlopsPerSecond>,
    /// 8-bit float matrix products.
    pub fp8: Option<FlopsPerSecond>,
    /// 8-bit integer matrix products (operations, not FLOP).
    pub int8: Option<FlopsPerSecond>,
    /// Board power in watts.
    pub tdp_w: Option<f64>,
    /// Link to other GPUs, one direction.
    pub link: Option<BytesPerSecond>,
    /// Full adapter names, as drivers report them.
    pub aliases: Vec<String>,
    /// Where the row comes from.
    pub source: String,
    /// When it was last compared with its source.
    pub date_checked: Date,
}

impl Named for GpuSpec {
    const KIND: &'static str = "GPU";

    fn name(&self) -> &str {
        &self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// Trade marks and a leading vendor word do not tell two GPUs apart; every other word does.
    fn key(name: &str) -> String {
        let plain = lookup::fold(&name.to_lowercase().replace("(r)", "").replace("(tm)", ""));
        let rest = ["nvidia ", "amd ", "intel "].iter().find_map(|vendor| plain.strip_prefix(vendor));
        rest.map_or(plain.clone(), str::to_owned)
    }
}

/// Reads `gpus.csv`.
///
/// # Errors
/// The first fault, located: a value that is not finite and positive, a missing column, a name or an alias that
/// two rows share.
pub fn read_gpus(input: impl Read) -> Result<Vec<GpuSpec>, Fault> {
    let required = ["name", "vendor", "memory_gb", "bandwidth_gb_per_s", "aliases", "source", "date_checked"];
    let table = Table::read(input, &required)?;
    let mut seen = HashMap::new();
    let mut gpus = Vec::new();
    for row in table.rows() {
        let gpu = read_row(row)?;
        lookup::claim(&mut seen, row, &gpu)?;
        gpus.push(gpu);
    }
    Ok(gpus)
}

fn read_row(row: Row<'_>) -> Result<GpuSpec, Fault> {
    let giga = |column: &str| Ok::<_, Fault>(row.positive(column)?.map(|value| value * 1e9));
    let tera = |column: &str| Ok::<_, Fault>(row.positive(column)?.map(|value| FlopsPerSecond(value * 1e12)));
    Ok(GpuSpec {
        name: row.required("name")?.to_owned(),
        vendor: row.required("vendor")?.to_owned(),
        architecture: row.text("architecture").to_owned(),
        form_factor: row.text("form_factor").to_owned(),
        memory: giga("memory_gb")?.map(Bytes),
        bandwidth: giga("bandwidth_gb_per_s")?.map(BytesPerSecond),
        stacked: row.text("memory_type").starts_with("HBM"),
        fp32: tera("fp32_tflops")?,
        fp16: tera("fp16_dense_tflops")?,
        fp8: tera("fp8_dense_tflops")?,
        int8: tera("int8_dense_tops")?,
        tdp_w: row.positive("tdp_w")?,
        link: giga("link_gb_per_s")?.map(BytesPerSecond),
        aliases: lookup::split_list(row.text("aliases")),
        source: row.required("source")?.to_owned(),
        date_checked: row.date("date_checked")?,
    })
}

/// Measured rates may exceed a datasheet's peak by this factor: cards clock somewhat higher than their papers say.
pub const PEAK_MARGIN: f64 = 1.05;

impl GpuSpec {
    /// The peak that arithmetic on elements of a format may reach: formats below 16 bit without units of their own are
    /// unpacked to 16 bit.
    pub fn peak(&self, format: Format) -> Option<FlopsPerSecond> {
        match format {
            Format::F32 => self.fp32,
            Format::Int8 => self.int8,
            _ => self.fp16.or(self.fp32),
        }
    }

    /// Why a time cannot be true: it implies more than the device's peaks. Arithmetic is held against the peak of
    /// the format, traffic (where it must come from memory) against the memory bus. `None` where it is possible or
    /// the peak is unknown.
    pub fn impossible(
        &self,
        format: Format,
        flops: Option<FlopsPerSecond>,
        from_memory: Option<BytesPerSecond>,
    ) -> Option<String> {
        let peak = self.peak(format);
        let above = |rate: f64, peak: f64, tera: &str| {
            let [rate_t, peak_t] = [rate, peak].map(|rate| crate::text::significant(rate / 1e12));
            (rate > PEAK_MARGIN * peak)
                .then(|| format!("implies {rate_t} {tera}, the datasheet of {} allows {peak_t}", self.name))
        };
        let arithmetic = flops.zip(peak).and_then(|(rate, peak)| above(rate.0, peak.0, "TFLOP/s"));
        let traffic =
            || from_memory.zip(self.bandwidth).and_then(|(rate, peak)| above(rate.0, peak.0, "TB/s"));
        arithmetic.or_else(traffic)
    }
}

/// The GPU with this name or alias, in any case, with or without its vendor's name.
///
/// # Errors
/// The name with its nearest neighbours.
pub fn find<'g>(gpus: &'g [GpuSpec], name: &str) -> Result<&'g GpuSpec, NotFound> {
    lookup::find(gpus, name)
}

/// The row that lists this adapter among its driver names. Only whole names count: a name that merely contains
/// another (`… Laptop GPU`, `… SUPER`) is another GPU, and a software adapter is none.
pub fn match_adapter<'g>(gpus: &'g [GpuSpec], adapter: &str) -> Option<&'g GpuSpec> {
    let wanted = GpuSpec::key(adapter);
    gpus.iter().find(|gpu| gpu.aliases.iter().any(|alias| GpuSpec::key(alias) == wanted))
}

/// The row of the device that rates are of: that of their adapter, or the one with this very name. Rates that were
/// imported or lent may be of a GPU whose adapter name nobody has seen.
pub fn of_rates<'g>(gpus: &'g [GpuSpec], adapter: &str) -> Option<&'g GpuSpec> {
    match_adapter(gpus, adapter).or_else(|| gpus.iter().find(|gpu| gpu.name == adapter))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "name,vendor,architecture,form_factor,memory_gb,bandwidth_gb_per_s,fp32_tflops,\
        fp16_dense_tflops,fp8_dense_tflops,int8_dense_tops,tdp_w,link_gb_per_s,aliases,source,date_checked\n";
    const CARD: &str = "RTX 4090,NVIDIA,Ada,PCIe,24,1008,82.6,165.2,330.3,660.6,450,32,\
        NVIDIA GeForce RTX 4090,datasheet,2026-11-21\n";
    const ARC: &str = "Arc A770,Intel,Xe,PCIe,16,560,19.7,,,262,225,,\
        Intel(R) Arc(tm) A770 Graphics (DG2);Intel(R) Arc(TM) A770 Graphics,datasheet,2026-11-21\n";

    fn read(rows: &str) -> Result<Vec<GpuSpec>, String> {
        read_gpus((HEADER.to_owned() + rows).as_bytes()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_rate_above_the_datasheet_is_impossible() {
        let gpus = read(CARD).unwrap();
        let card = find(&gpus, "RTX 4090").unwrap();
        let rates =
            |tflops: f64, tb: f64| (Some(FlopsPerSecond(tflops * 1e12)), Some(BytesPerSecond(tb * 1e12)));
        let verdict = |format, (flops, bytes)| card.impossible(format, flops, bytes);
        assert_eq!(verdict(Format::F32, rates(84.0, 1.05)), None);
        assert_eq!(verdict(Format::F16, rates(160.0, 1.05)), None);
        let what = "implies 90.0 TFLOP/s, the datasheet of RTX 4090 allows 82.6";
        assert_eq!(verdict(Format::F32, rates(90.0, 0.5)).as_deref(), Some(what));
        let what = "implies 2.00 TB/s, the datasheet of RTX 4090 allows 1.01";
        assert_eq!(verdict(Format::F16, rates(1.0, 2.0)).as_deref(), Some(what));
        assert_eq!(card.impossible(Format::F16, None, None), None);
    }

    #[test]
    fn units_are_bytes_and_flop_per_second_and_empty_is_unknown() {
        let gpus = read(&(CARD.to_owned() + ARC)).unwrap();
        assert_eq!(gpus[0].memory, Some(Bytes(24e9)));
        assert_eq!(gpus[0].bandwidth, Some(BytesPerSecond(1008e9)));
        assert_eq!(gpus[0].fp8, Some(FlopsPerSecond(330.3e12)));
        assert_eq!((gpus[1].fp16, gpus[1].fp8, gpus[1].link), (None, None, None));
        assert_eq!(gpus[1].aliases.len(), 2);
    }

    #[test]
    fn values_that_are_no_sizes_are_refused_where_they_are() {
        for bad in ["NaN", "inf", "0", "-24"] {
            let fault = read(&CARD.replace(",24,", &format!(",{bad},"))).unwrap_err();
            assert_eq!(fault, format!("2:5: memory_gb \"{bad}\" is not a finite number > 0"));
        }
    }

    #[test]
    fn one_adapter_name_in_two_rows_is_a_fault() {
        let twice = CARD.to_owned() + &CARD.replace("RTX 4090,NV", "RTX 4090 OC,NV");
        assert_eq!(read(&twice).unwrap_err(), "3:13: \"NVIDIA GeForce RTX 4090\" is on line 2 already");
        let renamed = CARD.to_owned() + &CARD.replace("RTX 4090,NV", "nvidia  rtx 4090,NV");
        assert_eq!(read(&renamed).unwrap_err(), "3:1: \"nvidia  rtx 4090\" is on line 2 already");
    }

    #[test]
    fn adapters_match_whole_names_only() {
        let gpus = read(&(CARD.to_owned() + ARC)).unwrap();
        let matched = |adapter| match_adapter(&gpus, adapter).map(|gpu| gpu.name.as_str());
        for adapter in ["NVIDIA GeForce RTX 4090", "GeForce  RTX 4090", "nvidia geforce rtx 4090 "] {
            assert_eq!(matched(adapter), Some("RTX 4090"), "{adapter}");
        }
        assert_eq!(matched("Intel Arc A770 Graphics"), Some("Arc A770"));
        for adapter in [
            "NVIDIA GeForce RTX 4090 Laptop GPU",
            "NVIDIA GeForce RTX 4090 D",
            "NVIDIA GeForce RTX 409",
            "AMD Radeon RX 7900 XTX",
            "llvmpipe (LLVM 15.0.7, 256 bits)",
            "SwiftShader Device (LLVM 10.0.0)",
            "Microsoft Basic Render Driver",
            "",
        ] {
            assert_eq!(matched(adapter), None, "{adapter}");
        }
    }

    #[test]
    fn rates_without_an_adapter_are_of_the_row_with_their_name() {
        let gpus = read(CARD).unwrap();
        let row = |name| of_rates(&gpus, name).map(|gpu| gpu.name.as_str());
        assert_eq!(row("NVIDIA GeForce RTX 4090"), Some("RTX 4090"));
        assert_eq!((row("RTX 4090"), row("RTX 40")), (Some("RTX 4090"), None));
    }

    #[test]
    fn people_may_leave_out_the_vendor() {
        let gpus = read(CARD).unwrap();
        for name in ["rtx 4090", "NVIDIA RTX 4090", "geforce rtx 4090"] {
            assert_eq!(find(&gpus, name).map(|gpu| gpu.name.as_str()), Ok("RTX 4090"), "{name}");
        }
        assert_eq!(
            find(&gpus, "RTX 4080").map(|gpu| gpu.name.as_str()).unwrap_err().to_string(),
            "unknown GPU \"RTX 4080\"; did you mean RTX 4090? (mtok estimate --list names all)"
        );
    }
}
