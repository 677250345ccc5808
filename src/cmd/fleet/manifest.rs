//! `mtok fleet manifest`: an indexed Job for Kubernetes.

use mtok::fleet::manifest::Manifest;

use super::submit;
use crate::cli::fleet::ManifestArgs;
use crate::cmd::output::print;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &ManifestArgs) -> Result<Exit, Failure> {
    submit::check(&args.options)?;
    let mut words = Vec::new();
    if args.gpus_per_task > 1 {
        words.extend(["--per", "node"].map(str::to_owned));
    }
    if !args.options.is_empty() {
        words.push("--".to_owned());
        words.extend(args.options.iter().cloned());
    }
    let manifest = Manifest {
        name: args.name.clone(),
        namespace: args.namespace.clone(),
        tasks: args.tasks,
        parallelism: args.parallelism.unwrap_or(args.tasks).min(args.tasks),
        image: args.image.clone(),
        claim: args.claim.clone(),
        sub_path: args.sub_path.clone(),
        folder: args.dir.clone(),
        resource: args.resource.clone(),
        gpus: args.gpus_per_task,
        words,
    };
    print(&manifest.yaml().map_err(Failure::bad_input)?)?;
    Ok(Exit::Ok)
}
