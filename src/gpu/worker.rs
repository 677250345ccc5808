//! Measuring in a process of its own: what a driver does there (crash, hang, exhaust the memory) ends only that
//! process. Requests and replies are lines of JSON on its standard input and output.

use std::cell::{Cell as Slot, RefCell};
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Fault;
use super::adapters::{self, Facts, Listing};
use super::clock::Clock;
use super::device::Gpu;
use super::sampler::{Cell, Plan, Sampler, Visit};
use crate::kernel::{Kernel, Variant, layer};
use crate::measurement::samples::Sample;
use crate::measurement::{Cache, Chosen, Identity, Measurement, Outcome, Provenance, wire};
use crate::op::Op;
use crate::sensors::{self, Nvidia, Offer, Places};
use crate::units::Bytes;

/// Grows when a request or a reply changes: two binaries can only be compared where both speak one version.
pub const PROTOCOL: u32 = 2;

/// Signs of life need not come more often.
const ALIVE_EVERY: Duration = Duration::from_millis(100);

/// What a worker is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// The adapters of this machine.
    List {
        /// Those of GL as well.
        gl: bool,
    },
    /// What the sensors of adapters can read.
    Sensors {
        /// The adapters.
        adapters: Vec<Facts>,
    },
    /// What NVIDIA's library tells its GPUs from each other by.
    Nvidia,
    /// Opens an adapter of the list; cells can be asked for from then on.
    Open {
        /// Whether GL was in the list.
        gl: bool,
        /// The position in the list, and what must be found there.
        adapter: Box<Facts>,
    },
    /// A visit to a cell.
    Measure(Order),
}

/// A [`Visit`] in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Name of the kernel.
    pub kernel: String,
    /// Name of the element or weights format.
    pub format: String,
    /// The shape as in `measurements.csv`.
    pub shape: String,
    /// The variant, of a layer those of its ops; `None` for the one that suits the adapter.
    pub variant: Option<String>,
    /// Why that one.
    pub chosen: Chosen,
    /// Whether inputs may come from the caches.
    pub cache: Cache,
    /// The run.
    pub run: u32,
    /// Seed of the inputs.
    pub seed: u64,
    /// When it is enough.
    pub plan: Plan,
    /// An execution that takes longer is not measured.
    #[serde(default)]
    pub execution_max_s: Option<f64>,
}

/// What it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It lives and works.
    Alive,
    /// The adapters.
    Listed {
        /// The worker's [`PROTOCOL`].
        protocol: u32,
        /// The adapters and where they were looked for.
        listing: Listing<Facts>,
    },
    /// What the sensors can read, in the order of the adapters.
    Sensors {
        /// One per adapter.
        sensors: Vec<Offer>,
    },
    /// NVIDIA's GPUs.
    Nvidia {
        /// Each that this process may use.
        gpus: Vec<Nvidia>,
    },
    /// The device is open.
    Opened {
        /// What its clock was found to be worth.
        clock: Clock,
    },
    /// The cell has come to an end.
    Measured {
        /// Its row of `measurements.csv`.
        row: String,
        /// Its samples; none unless the result was right.
        samples: Vec<Sample>,
        /// Whether the device is gone: nothing more can be asked.
        gone: bool,
    },
    /// It cannot be done.
    Refused {
        /// Why.
        reason: String,
    },
}

/// Answers requests until they end.
///
/// # Errors
/// Those of the two streams.
pub fn serve(requests: impl BufRead, replies: impl Write + 'static, memory: Option<Bytes>) -> io::Result<()> {
    let replies = Rc::new(RefCell::new(replies));
    let mut requests = requests.lines();
    while let Some(line) = requests.next() {
        match serde_json::from_str(&line?)? {
            Request::List { gl } => {
                let listing = adapters::list(gl).facts();
                send(&replies, &Reply::Listed { protocol: PROTOCOL, listing })?;
            }
            Request::Sensors { adapters } => {
                let offer = |adapter: &Facts| Offer::of(adapter.sensed(), &Places::default());
                send(&replies, &Reply::Sensors { sensors: adapters.iter().map(offer).collect() })?;
            }
            Request::Nvidia => match sensors::nvidia(&Places::default()) {
                Ok(gpus) => send(&replies, &Reply::Nvidia { gpus })?,
                Err(missing) => refuse(&replies, missing)?,
            },
            Request::Open { gl, adapter } => match open(gl, &adapter, &replies) {
                Ok(gpu) => return measure(gpu, &adapter, &mut requests, &replies, memory),
                Err(fault) => refuse(&replies, fault)?,
            },
            Request::Measure(_) => refuse(&replies, "no device is open")?,
        }
    }
    Ok(())
}

fn open<W: Write + 'static>(gl: bool, wanted: &Facts, replies: &Rc<RefCell<W>>) -> Result<Gpu, Fault> {
    let listing = adapters::list(gl);
    let found = listing.adapters.iter().find(|adapter| adapter.facts == *wanted);
    let missing = || Fault::Failed(format!("{} is no longer there", wanted.line()));
    let (replies, last) = (Rc::clone(replies), Slot::new(Instant::now()));
    Gpu::open_watched(found.ok_or_else(missing)?, move || {
        if last.get().elapsed() >= ALIVE_EVERY {
            last.set(Instant::now());
            // Where nobody listens any more, the next reply fails.
            let _ = send(&replies, &Reply::Alive);
        }
    })
}

/// Serves the orders for an open device.
fn measure<W: Write>(
    gpu: Gpu,
    adapter: &Facts,
    requests: &mut impl Iterator<Item = io::Result<String>>,
    replies: &Rc<RefCell<W>>,
    memory: Option<Bytes>,
) -> io::Result<()> {
    let mut identity = adapter.identity(memory, String::new());
    identity.clock_quantum = gpu.clock.quantum_s.map(crate::units::Seconds);
    // Dropping a device that hangs would wait for it without end; the process ends soon.
    let gpu = std::mem::ManuallyDrop::new(gpu);
    let sampler = match Sampler::new(&gpu) {
        Ok(sampler) => std::mem::ManuallyDrop::new(sampler_with_sensor(sampler, adapter)),
        Err(fault) => return refuse(replies, fault),
    };
    send(replies, &Reply::Opened { clock: gpu.clock.clone() })?;
    for line in requests {
        let Request::Measure(order) = serde_json::from_str(&line?)? else {
            refuse(replies, "a device is open already")?;
            continue;
        };
        let Some((kernel, variant, op)) = order.resolve() else {
            refuse(replies, format!("{} {} {} is unknown here", order.kernel, order.format, order.shape))?;
            continue;
        };
        let Order { chosen, cache, run, seed, plan, execution_max_s, .. } = order.clone();
        let parts = order.variant.as_deref().filter(|_| matches!(op, Op::Layer(_)));
        let visit = Visit { kernel, variant, parts, chosen, op, cache, run, seed, plan, execution_max_s };
        let (cell, gone) = guarded(&sampler, &visit, &identity);
        send(replies, &Reply::Measured { row: wire::row(&cell.measurement), samples: cell.samples, gone })?;
        if gone {
            break;
        }
    }
    Ok(())
}

/// Without a sensor, rows say nothing of energy; `mtok devices` says why.
fn sampler_with_sensor<'g>(sampler: Sampler<'g>, adapter: &Facts) -> Sampler<'g> {
    match sensors::find(adapter.sensed(), &Places::default()) {
        Ok(sensor) => sampler.with_sensor(sensor),
        Err(_) => sampler,
    }
}

/// A panic inside the driver stack is a failed cell.
fn guarded(sampler: &Sampler<'_>, visit: &Visit<'_>, identity: &Identity) -> (Cell, bool) {
    match catch_unwind(AssertUnwindSafe(|| sampler.measure(visit, identity))) {
        Ok(Ok(cell)) => (cell, false),
        Ok(Err((cell, _))) => (*cell, true),
        Err(panic) => {
            let reason = format!("the driver stack gave up: {}", crate::text::panic_words(&*panic));
            let provenance = Provenance {
                identity: identity.clone(),
                chosen: visit.chosen,
                seed: visit.seed,
                ..Provenance::default()
            };
            let Visit { op, cache, run, .. } = *visit;
            let variant = sampler.variant(visit).map_or("none", |variant| variant.name).to_owned();
            let outcome = Outcome::Failed(reason);
            let measurement = Measurement { op, variant, cache, run, outcome, provenance };
            // What the panic left behind is unknown.
            (Cell { measurement, samples: Vec::new() }, true)
        }
    }
}

impl Order {
    fn resolve(&self) -> Option<(&'static Kernel, Option<&'static Variant>, Op)> {
        let op = Op::parse(&self.kernel, &self.format, &self.shape).ok()?;
        if matches!(op, Op::Layer(_)) {
            return Some((&layer::KERNEL, None, op));
        }
        let kernel = Kernel::find(&self.kernel)?;
        let named = |name: &String| kernel.variants.iter().find(|variant| variant.name == name);
        let variant = match &self.variant {
            None => None,
            Some(name) => Some(named(name)?),
        };
        Some((kernel, variant, op))
    }
}

fn refuse<W: Write>(replies: &Rc<RefCell<W>>, reason: impl std::fmt::Display) -> io::Result<()> {
    send(replies, &Reply::Refused { reason: reason.to_string() })
}

fn send<W: Write>(replies: &Rc<RefCell<W>>, reply: &Reply) -> io::Result<()> {
    // A driver may have written to the same output and not ended its line.
    let line = format!("\n{}\n", serde_json::to_string(reply)?);
    let mut replies = replies.borrow_mut();
    replies.write_all(line.as_bytes())?;
    replies.flush()
}
