//! The workflow file of `.github/workflows` calls mtok as it is: a verb or option that is renamed fails here, not in
//! somebody's CI.

use clap::{CommandFactory, Parser};
use yaml_rust2::{Yaml, YamlLoader};

use super::Cli;

const WORKFLOW: &str = include_str!("../../.github/workflows/mtok.yml");

fn workflow() -> Yaml {
    YamlLoader::load_from_str(WORKFLOW).unwrap().remove(0)
}

fn jobs(workflow: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    workflow["jobs"].as_hash().unwrap().iter().map(|(name, job)| (name.as_str().unwrap(), job))
}

fn steps(job: &Yaml) -> &[Yaml] {
    job["steps"].as_vec().unwrap()
}

/// The mtok commands of all `run` blocks, up to a redirection or an operator of the shell.
fn commands(workflow: &Yaml) -> Vec<Vec<String>> {
    let runs = jobs(workflow).flat_map(|(_, job)| steps(job)).filter_map(|step| step["run"].as_str());
    let lines = runs.flat_map(str::lines).filter(|line| line.trim_start().starts_with("mtok "));
    let ends = |word: &&str| !word.starts_with(['>', '|', '&', ';']);
    let words = |line: &str| {
        line.split_whitespace().take_while(ends).map(|word| word.trim_matches('"').to_owned()).collect()
    };
    lines.map(words).collect()
}

#[test]
fn every_command_is_one_that_mtok_takes() {
    let commands = commands(&workflow());
    assert!(commands.len() >= 10, "{commands:?}");
    for words in commands {
        let verb = words[1].as_str();
        let known = Cli::command().get_subcommands().any(|known| known.get_name() == verb);
        let without_gpu = cfg!(not(feature = "gpu")) && verb == "measure";
        if !known && without_gpu {
            continue;
        }
        if let Err(error) = Cli::try_parse_from(&words) {
            panic!("{words:?}: {error}");
        }
    }
}

#[test]
fn no_job_may_do_more_than_it_needs() {
    let workflow = workflow();
    assert!(workflow["permissions"].as_hash().unwrap().is_empty());
    assert!(
        workflow["on"].as_hash().unwrap().keys().all(|event| event.as_str() != Some("pull_request_target"))
    );
    for (name, job) in jobs(&workflow) {
        let permissions = job["permissions"].as_hash().unwrap();
        let writes = permissions.values().any(|level| level.as_str() != Some("read"));
        let uses: Vec<&str> = steps(job).iter().filter_map(|step| step["uses"].as_str()).collect();
        let checks_out = uses.iter().any(|action| action.starts_with("actions/checkout@"));
        assert_eq!(writes, name == "comment", "{name}");
        assert!(!(writes && checks_out), "{name} would run a pull request's code with a token that writes");
        for action in uses {
            let (_, version) = action.split_once("@v").unwrap();
            assert!(action.starts_with("actions/") && version.parse::<u32>().is_ok(), "{action}");
        }
        assert!(job["timeout-minutes"].as_i64().is_some(), "{name}");
    }
}

#[test]
fn a_fork_never_reaches_a_machine_of_ones_own() {
    let workflow = workflow();
    let own = "github.event.pull_request.head.repo.full_name == github.repository";
    let self_hosted: Vec<(&str, &Yaml)> =
        jobs(&workflow).filter(|(_, job)| job["runs-on"].as_str() != Some("ubuntu-latest")).collect();
    assert_eq!(self_hosted.len(), 1);
    for (name, job) in self_hosted {
        let condition = job["if"].as_str().unwrap();
        assert!(
            condition.contains(own) && condition.contains("vars.MTOK_GPU == 'true'"),
            "{name}: {condition}"
        );
    }
}
