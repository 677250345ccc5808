//! How many times faster than cubecl's matrix product ours is: both in one process, on one adapter, in turns.

mod cli;
mod contest;
mod ours;
mod peer;
mod side;
mod told;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use mtok::gpu::adapters::{self, Facts};
use mtok::gpu::device::Gpu;
use mtok::op::Op;

use cli::{Cli, Layouts};
use contest::hold;
use ours::Ours;
use peer::{Layout, Peer};
use side::{Exit, Side, Stop};
use told::{Told, Tuned};

fn main() -> ExitCode {
    // A panic is a bug of ours, of cubecl or of the driver stack; it is told in one line below.
    panic::set_hook(Box::new(|_| {}));
    let cli = Cli::parse();
    let ended = catch_unwind(AssertUnwindSafe(|| if cli.processes > 1 { several(&cli) } else { one(&cli) }));
    let ended = ended.unwrap_or_else(|panic| Err(Stop::failed(mtok::text::panic_words(&*panic))));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("error: {}", mtok::text::inert(&stop.message));
            ExitCode::from(stop.exit as u8)
        }
    }
}

/// Compares in this process.
fn one(cli: &Cli) -> Result<(), Stop> {
    let told = compare(cli)?;
    if cli.json {
        println!("{}", serde_json::to_string(&told).map_err(Stop::failed)?);
    } else {
        print!("{told}");
    }
    Ok(())
}

/// Compares in so many new processes, one after the other.
fn several(cli: &Cli) -> Result<(), Stop> {
    let mut all: Vec<Told> = Vec::new();
    for number in 1..=cli.processes {
        let told = child(cli)?;
        println!("process {number} of {}:\n{told}", cli.processes);
        all.push(told);
    }
    print!("{}", told::summary(&all));
    Ok(())
}

/// The same comparison in a new process.
fn child(cli: &Cli) -> Result<Told, Stop> {
    let program = std::env::current_exe().map_err(Stop::failed)?;
    let ended = Command::new(program)
        .args(cli.arguments())
        .args(["--processes", "1", "--json"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(Stop::failed)?;
    match ended.status.code() {
        Some(0) => serde_json::from_slice(&ended.stdout).map_err(Stop::failed),
        Some(2) => Err(Stop::new(Exit::BadInput, "a process ended with the message above")),
        Some(3) => Err(Stop::new(Exit::NoAdapter, "a process found no adapter")),
        Some(5) => Err(Stop::new(Exit::WrongResult, "a process found a wrong result")),
        _ => Err(Stop::failed(format!("a process ended with {}", ended.status))),
    }
}

fn compare(cli: &Cli) -> Result<Told, Stop> {
    let folder = tempfile::tempdir().map_err(Stop::failed)?;
    peer::configure(folder.path());
    let listing = adapters::list(false);
    if listing.adapters.is_empty() {
        return Err(Stop::new(Exit::NoAdapter, format!("no adapter (asked {:?})", listing.asked)));
    }
    let facts: Vec<Facts> = listing.facts().adapters;
    let chosen = adapters::choose(&facts, cli.device.as_deref())
        .map_err(|reason| Stop::new(Exit::BadInput, reason))?;
    let adapter = listing.adapters.iter().find(|adapter| adapter.facts.index == chosen.index);
    let adapter = adapter.ok_or_else(|| Stop::failed("the chosen adapter is gone"))?;
    let gpu = Gpu::open(adapter).map_err(Stop::failed)?;

    let [tokens, outputs, inputs] = cli.size.0;
    let op = Op::Matmul { tokens, outputs, inputs, weights: cli.format.into() };
    let variant = ours::variant(&op, &gpu, cli.variant.as_deref())?;
    let problem = (ours::kernel()?.problem)(&op, variant, &gpu.capabilities, cli.seed)
        .ok_or_else(|| Stop::failed(format!("no problem for {op}")))?;
    let ours = Ours::new(&gpu, &op, variant, &problem)?;
    // The first execution compiles.
    ours.seconds(1)?;

    let layouts = match cli.layout {
        Layouts::Ours => vec![Layout::Ours],
        Layouts::Plain => vec![Layout::Plain],
        Layouts::Both => vec![Layout::Ours, Layout::Plain],
    };
    let (mut peers, mut tuned) = (Vec::new(), Vec::new());
    for layout in layouts {
        eprintln!("cubecl tries its candidates; this takes minutes on a software adapter");
        let peer = Peer::new(&facts, chosen, &op, &problem, layout)?;
        tuned.push(Tuned { seconds: peer.tuning_s, chosen: peer::chosen(folder.path()) });
        peers.push(peer);
    }
    let compiler = peers.first().map(Peer::compiler).unwrap_or_default();
    let sides: Vec<&dyn Side> =
        std::iter::once(&ours as &dyn Side).chain(peers.iter().map(|peer| peer as &dyn Side)).collect();
    let mut reached = hold(&sides, cli.rounds, &problem, cli.seed)?.into_iter();
    let ours = reached.next().ok_or_else(|| Stop::failed("no side ran"))?;
    let identity = chosen.identity(None, String::new());
    Ok(Told {
        work: op.to_string(),
        flops: op.flops().0,
        date: cli.date.clone(),
        adapter: chosen.line(),
        driver: format!("{} {}", chosen.driver, chosen.driver_info),
        versions: told::versions(&identity, &compiler),
        rounds: cli.rounds,
        ours,
        peers: reached.zip(tuned).collect(),
    })
}
