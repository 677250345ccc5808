//! Which cells are measured, and which of them a folder holds already.

use mtok::gpu::sampler::Plan;
use mtok::gpu::worker::Order;
use mtok::kernel::layer::{self, Parts};
use mtok::kernel::{ALL, Capabilities, Kernel, Suite, Variant};
use mtok::measurement::{Cache, Chosen, Measurement, cell_name};
use mtok::op::Op;
use mtok::text;

use crate::cmd::Failure;
use crate::cmd::tune::kept::Kept;

/// One cell of the plan.
pub struct Planned {
    /// The kernel.
    pub kernel: &'static Kernel,
    /// The work.
    pub op: Op,
    /// Whether inputs may come from the caches.
    pub cache: Cache,
    /// The variant that was chosen for it; `None` for the preferred one.
    variant: Option<&'static Variant>,
    /// Of a layer, those of its ops.
    parts: Option<String>,
    /// Why that one.
    pub chosen: Chosen,
}

/// The kernels of these names, all where there are none.
pub fn kernels(wanted: &[String]) -> Result<Vec<&'static Kernel>, Failure> {
    let names: Vec<&str> = ALL.iter().map(|kernel| kernel.name).collect();
    for name in wanted {
        if !names.contains(&name.as_str()) {
            return Err(unknown("kernel", name, &names));
        }
    }
    let chosen = |kernel: &&&Kernel| wanted.is_empty() || wanted.iter().any(|name| name == kernel.name);
    Ok(ALL.iter().filter(chosen).copied().collect())
}

/// The cells of kernels on an adapter, in one variant only where that is named.
pub fn plan(
    kernels: &[&'static Kernel],
    variant: Option<&str>,
    offered: &Capabilities,
    suite: Suite,
) -> Result<Vec<Planned>, Failure> {
    let Some(name) = variant else {
        return Ok(kernels.iter().flat_map(|kernel| cells(kernel, None, offered, suite)).collect());
    };
    let variants = kernels.iter().flat_map(|kernel| kernel.variants.iter().map(move |it| (*kernel, it)));
    let named: Vec<_> = variants.clone().filter(|(_, variant)| variant.name == name).collect();
    if named.is_empty() {
        let mut known: Vec<&str> = variants.map(|(_, variant)| variant.name).collect();
        known.sort_unstable();
        known.dedup();
        return Err(unknown("variant", name, &known));
    }
    Ok(named.iter().flat_map(|(kernel, variant)| cells(kernel, Some(*variant), offered, suite)).collect())
}

fn cells(
    kernel: &'static Kernel,
    variant: Option<&'static Variant>,
    offered: &Capabilities,
    suite: Suite,
) -> Vec<Planned> {
    let computes = |op: &Op| variant.is_none_or(|variant| (variant.supports)(op));
    let cells = kernel.cells(offered, suite).into_iter().filter(|(op, _)| computes(op));
    let chosen = if variant.is_some() { Chosen::Named } else { Chosen::Preferred };
    cells.map(|(op, cache)| Planned { kernel, op, cache, variant, parts: None, chosen }).collect()
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Failure {
    Failure::bad_input(format!("unknown {what} \"{}\"; known: {}", text::inert(name), known.join(", ")))
}

impl Planned {
    /// A cell of a kernel in its preferred variant.
    pub fn new(kernel: &'static Kernel, op: Op, cache: Cache) -> Self {
        Self { kernel, op, cache, variant: None, parts: None, chosen: Chosen::Preferred }
    }

    /// Whether it is a whole layer.
    pub fn is_layer(&self) -> bool {
        matches!(self.op, Op::Layer(_))
    }

    /// Whether both are one cell, in whichever variant.
    pub fn is_same(&self, other: &Self) -> bool {
        self.op == other.op && self.cache == other.cache
    }

    /// Has a variant run where the adapter can; else the plan stays as it is.
    pub fn choose(&mut self, variant: &str, chosen: Chosen, offered: &Capabilities) {
        if let Op::Layer(layer) = &self.op {
            self.parts = Parts::named(layer, Some(variant), offered).ok().map(|parts| parts.name());
            self.chosen = chosen;
            return;
        }
        let mut runnable = self.kernel.runnable(&self.op, offered);
        if let Some(variant) = runnable.find(|known| known.name == variant) {
            self.variant = Some(variant);
            self.chosen = chosen;
        }
    }

    /// Has the variant run that the tuner found to be the fastest, where it found one.
    pub fn choose_from(&mut self, kept: &Kept, offered: &Capabilities) {
        if let Op::Layer(layer) = &self.op {
            let winner = |op: &Op| Some(kept.winner(Kernel::find(op.kernel())?, op)?.variant.clone());
            let winners: Vec<_> = layer.ops().iter().map(winner).collect();
            if winners.iter().any(Option::is_some) {
                let names: Vec<&str> =
                    winners.iter().map(|name| name.as_deref().unwrap_or_default()).collect();
                self.choose(&names.join(layer::JOIN), Chosen::Tuned, offered);
            }
            return;
        }
        if let Some(winner) = kept.winner(self.kernel, &self.op) {
            self.choose(&winner.variant, Chosen::Tuned, offered);
        }
    }

    /// The variant that will run.
    pub fn variant(&self, offered: &Capabilities) -> Result<&'static Variant, String> {
        self.kernel.variant(self.variant, &self.op, offered)
    }

    /// What the column `variant` of its rows will hold.
    pub fn variant_name(&self, offered: &Capabilities) -> String {
        let none = || "none".to_owned();
        match &self.op {
            Op::Layer(layer) => Parts::named(layer, self.parts.as_deref(), offered)
                .map_or_else(|_| none(), |parts| parts.name()),
            _ => self.variant(offered).map_or_else(|_| none(), |variant| variant.name.to_owned()),
        }
    }

    /// The name that its rows will have.
    pub fn cell(&self, offered: &Capabilities) -> String {
        cell_name(&self.op, &self.variant_name(offered), self.cache)
    }

    /// Names the sources that it runs.
    fn shader_hash(&self, variant: &Variant, offered: &Capabilities) -> String {
        match &self.op {
            Op::Layer(layer) => Parts::named(layer, self.parts.as_deref(), offered)
                .map_or_else(|_| String::new(), |parts| parts.shader_hash()),
            op => self.kernel.shader_hash(variant, op.format()),
        }
    }

    /// What a worker is asked.
    pub fn order(&self, run: u32, seed: u64, plan: Plan) -> Order {
        Order {
            kernel: self.kernel.name.to_owned(),
            format: self.op.format().name().to_owned(),
            shape: self.op.shape(),
            variant: self.parts.clone().or_else(|| self.variant.map(|variant| variant.name.to_owned())),
            chosen: self.chosen,
            cache: self.cache,
            run,
            seed,
            plan,
            execution_max_s: None,
        }
    }

    /// Whether a row of this run is there: of the same op with the same sources and inputs.
    pub fn is_finished(&self, rows: &[Measurement], offered: &Capabilities, run: u32, seed: u64) -> bool {
        let mut rows = rows.iter().filter(|row| self.is_of(row, offered, run));
        match self.variant(offered) {
            // The same device still lacks what the cell needs.
            Err(_) => rows.next().is_some(),
            Ok(variant) => {
                let hash = self.shader_hash(variant, offered);
                rows.any(|row| row.provenance.shader_hash == hash && row.provenance.seed == seed)
            }
        }
    }

    /// A cell has one row per run. One of another seed or of changed sources may be neither doubled nor lost.
    pub fn check_no_row_is_in_the_way(
        &self,
        rows: &[Measurement],
        offered: &Capabilities,
        run: u32,
    ) -> Result<(), Failure> {
        match rows.iter().find(|row| self.is_of(row, offered, run)) {
            None => Ok(()),
            Some(row) => Err(Failure::bad_input(format!(
                "{} was measured with another seed or other sources: not comparable; choose another --out",
                row.cell()
            ))),
        }
    }

    fn is_of(&self, row: &Measurement, offered: &Capabilities, run: u32) -> bool {
        row.run == run && row.op == self.op && row.cell() == self.cell(offered)
    }
}
