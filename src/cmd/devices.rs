//! `mtok devices`: what could be measured here.

use std::time::Duration;

use mtok::gpu::adapters::{Facts, Listing};
use mtok::hardware::{self, GpuSpec};
use mtok::sensors::Offer;
use serde::Serialize;

use super::child::Program;
use super::output::{print, print_json};
use super::tables::Tables;
use super::{Exit, Failure};
use crate::cli::DevicesArgs;

/// How long the drivers may take to name their devices.
const SILENCE: Duration = Duration::from_secs(30);

/// Runs the verb.
pub fn run(args: &DevicesArgs) -> Result<Exit, Failure> {
    let adapters = find(args.gl, SILENCE)?;
    let gpus = Tables::open(args.tables.data.as_deref())?.gpus()?;
    let sensors = sensors(&adapters);
    let rows: Vec<Row<'_>> =
        adapters.iter().zip(sensors).map(|(facts, sensors)| Row::of(facts, sensors, &gpus)).collect();
    if args.json {
        print_json(&rows)?;
    } else {
        print(&rows.iter().map(Row::text).collect::<String>())?;
    }
    Ok(Exit::Ok)
}

/// The sensors of adapters, looked for by a worker process: they come with the drivers.
fn sensors(adapters: &[Facts]) -> Vec<Offer> {
    let asked = Program::own(SILENCE).and_then(|program| program.start()?.sensors(adapters));
    asked.unwrap_or_else(|reason| {
        let lost = Offer { missing: Some(format!("{reason} (a driver's fault?)")), ..Offer::default() };
        vec![lost; adapters.len()]
    })
}

/// The adapters, named by a worker process: a driver may crash or hang while it is asked.
pub fn list(with_gl: bool, silence: Duration) -> Result<Listing<Facts>, Failure> {
    let listing = Program::own(silence).and_then(|program| program.start()?.list(with_gl));
    listing.map_err(|reason| {
        Failure::new(Exit::NoAdapter, format!("the adapters cannot be listed: {reason} (a driver's fault?)"))
    })
}

/// The adapters; none is a failure that says what was asked and what to install.
pub fn find(with_gl: bool, silence: Duration) -> Result<Vec<Facts>, Failure> {
    let listing = list(with_gl, silence)?;
    if listing.adapters.is_empty() {
        return Err(Failure::new(Exit::NoAdapter, no_adapter(&listing, with_gl)));
    }
    Ok(listing.adapters)
}

fn no_adapter(listing: &Listing<Facts>, with_gl: bool) -> String {
    let asked: Vec<String> =
        listing.asked.iter().map(|(backend, found)| format!("{backend} ({found} adapters)")).collect();
    let gl = if with_gl { "" } else { "; gl was not asked (--gl)" };
    let variable = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().find_map(|name| {
        std::env::var(name)
            .ok()
            .map(|value| format!("\n  {name} is set to \"{}\"", mtok::text::inert(&value)))
    });
    format!(
        "no adapter found; backends tried: {}{gl}{}\n  \
         GPU: install its driver (NVIDIA: the driver's Vulkan library; AMD and Intel: mesa-vulkan-drivers)\n  \
         no GPU: a software adapter checks the tool: apt install mesa-vulkan-drivers libvulkan1, \
         dnf install mesa-vulkan-drivers vulkan-loader, pacman -S vulkan-swrast vulkan-icd-loader",
        asked.join(", "),
        variable.unwrap_or_default(),
    )
}

#[derive(Serialize)]
struct Row<'r> {
    #[serde(flatten)]
    facts: &'r Facts,
    /// The row of `gpus.csv` that the name belongs to.
    gpu: Option<&'r str>,
    /// What is known of its energy, clock and temperature.
    sensors: Offer,
}

impl<'r> Row<'r> {
    fn of(facts: &'r Facts, sensors: Offer, gpus: &'r [GpuSpec]) -> Self {
        let gpu = hardware::match_adapter(gpus, &facts.name).map(|gpu| gpu.name.as_str());
        Self { facts, gpu, sensors }
    }

    fn text(&self) -> String {
        let Facts { limits, features, driver, driver_info, .. } = self.facts;
        let named = [
            ("f16", features.f16),
            ("subgroups", features.subgroups),
            ("timestamps", features.timestamps),
            ("int64", features.int64),
        ];
        let offered: Vec<&str> = named.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
        let matrices = match features.cooperative_matrices.as_slice() {
            [] => "none".to_owned(),
            shapes => shapes.join(", "),
        };
        format!(
            "{}\n  driver    {}\n  matches   {}\n  limits    buffer {:.0} MiB, binding {:.0} MiB, workgroup memory {} KiB, \
             {} invocations, subgroups {}-{}\n  features  {}\n  cooperative matrices  {matrices}\n  sensors   {}\n",
            self.facts.line(),
            mtok::text::inert(&format!("{driver} {driver_info}")),
            self.gpu.unwrap_or("no row of gpus.csv"),
            limits.buffer_bytes as f64 / 1048576.0,
            limits.binding_bytes as f64 / 1048576.0,
            limits.workgroup_bytes / 1024,
            limits.invocations_per_workgroup,
            limits.subgroup_min,
            limits.subgroup_max,
            if offered.is_empty() { "none".to_owned() } else { offered.join(", ") },
            mtok::text::inert(&sensed(&self.sensors)),
        )
    }
}

/// Such as `nvml: energy, clock`, or why there is none.
fn sensed(offer: &Offer) -> String {
    let Offer { source, energy, clock, temperature, missing } = offer;
    let energy = match energy.as_deref() {
        Some("power") => Some("power"),
        Some(_) => Some("energy"),
        None => None,
    };
    let read = [energy, clock.then_some("clock"), temperature.then_some("temperature")];
    let read = read.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let without = missing.as_ref().map(|why| format!("no energy: {why}"));
    match source {
        None => format!("none: {}", missing.as_deref().unwrap_or("unknown")),
        Some(source) => {
            let parts = [Some(read).filter(|read| !read.is_empty()), without];
            format!("{source}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
        }
    }
}
