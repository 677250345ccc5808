//! What the program that started a task says in the environment: its number, its node, its job, its place on the node.
//!
//! Every function asks for variables by name, so that the environment is an argument like any other.

use super::record::Job;

/// Gives the value of an environment variable; `None` where it is unset.
pub type Variables<'v> = &'v dyn Fn(&str) -> Option<String>;

/// The variables that number a task among all, the most particular first. The launchers of MPI come before `SLURM_PROCID`:
/// inside a batch script that one is 0, whatever the script starts.
pub const INDEX: [&str; 6] = [
    "SLURM_ARRAY_TASK_ID",
    "OMPI_COMM_WORLD_RANK",
    "PMIX_RANK",
    "PMI_RANK",
    "SLURM_PROCID",
    "JOB_COMPLETION_INDEX",
];

/// The variables that name a node.
pub const NODE: [&str; 2] = ["SLURMD_NODENAME", "NODE_NAME"];

/// An empty variable says nothing.
fn set(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).filter(|value| !value.is_empty())
}

/// The number of a task.
///
/// # Errors
/// No variable of [`INDEX`], or one that is no number.
pub fn index(variables: Variables<'_>) -> Result<u32, String> {
    let said = INDEX.iter().find_map(|name| Some((name, set(variables, name)?)));
    let Some((name, value)) = said else {
        return Err(format!("nothing says which task this is: give --index, or one of {}", INDEX.join(", ")));
    };
    value.parse().map_err(|_| format!("{name} is \"{value}\", no number of a task; give --index"))
}

/// The name of the node.
pub fn node(variables: Variables<'_>) -> Option<String> {
    NODE.iter().find_map(|name| set(variables, name))
}

/// The scheduler's names for the task; empty where there is none.
pub fn job(variables: Variables<'_>) -> Job {
    let number = |name| set(variables, name).and_then(|value| value.parse().ok());
    if let Some(id) = set(variables, "SLURM_ARRAY_JOB_ID").or_else(|| set(variables, "SLURM_JOB_ID")) {
        let restarts = number("SLURM_RESTART_COUNT").unwrap_or_default();
        return Job { scheduler: "slurm".into(), id, array_index: number("SLURM_ARRAY_TASK_ID"), restarts };
    }
    match number("JOB_COMPLETION_INDEX") {
        None => Job::default(),
        array_index => Job {
            scheduler: "kubernetes".into(),
            id: variables("JOB_NAME").unwrap_or_default(),
            array_index,
            restarts: 0,
        },
    }
}

/// A task among those that one launcher started on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its number, from 0.
    pub rank: u32,
    /// How many there are.
    pub tasks: u32,
}

/// The task's place among those of its node. A batch script has the rank 0 however many others run on its node, so a rank
/// without the count of its step says nothing.
pub fn local(variables: Variables<'_>) -> Option<Local> {
    let number = |name: &str| variables(name)?.parse().ok();
    let of = |rank: &str, tasks: &str| Some(Local { rank: number(rank)?, tasks: number(tasks)? });
    let slurm = || {
        let counts = variables("SLURM_STEP_TASKS_PER_NODE")?;
        let tasks = of_node(&counts, number("SLURM_NODEID")?)?;
        Some(Local { rank: number("SLURM_LOCALID")?, tasks })
    };
    of("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE")
        .or_else(|| of("MPI_LOCALRANKID", "MPI_LOCALNRANKS"))
        .or_else(slurm)
        .filter(|local| local.rank < local.tasks)
}

/// The count of a node in Slurm's list of counts, such as `4(x2),3`: 4 on the nodes 0 and 1, 3 on node 2.
fn of_node(counts: &str, node: u32) -> Option<u32> {
    let mut nodes: u64 = 0;
    for part in counts.split(',') {
        let (tasks, times) = match part.split_once("(x") {
            Some((tasks, times)) => (tasks, times.strip_suffix(')')?.parse().ok()?),
            None => (part, 1u32),
        };
        nodes += u64::from(times);
        if u64::from(node) < nodes {
            return tasks.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An environment of `NAME=value` words.
    fn of(words: &str) -> impl Fn(&str) -> Option<String> {
        let pairs: Vec<(String, String)> = words
            .split_whitespace()
            .filter_map(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect();
        move |wanted| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
    }

    #[test]
    fn every_launcher_numbers_its_tasks() {
        for (words, expected) in [
            ("SLURM_ARRAY_TASK_ID=7 SLURM_PROCID=0", 7),
            ("SLURM_PROCID=3 SLURM_LOCALID=1", 3),
            // mpirun inside a batch script, whose own number is 0.
            ("SLURM_PROCID=0 OMPI_COMM_WORLD_RANK=2", 2),
            ("PMI_RANK=4", 4),
            ("PMIX_RANK=5", 5),
            ("JOB_COMPLETION_INDEX=6", 6),
        ] {
            assert_eq!(index(&of(words)), Ok(expected), "{words}");
        }
        assert!(index(&of("")).unwrap_err().contains("--index, or one of SLURM_ARRAY_TASK_ID"));
        assert!(index(&of("SLURM_PROCID=x")).unwrap_err().starts_with("SLURM_PROCID is \"x\""));
    }

    #[test]
    fn a_job_has_the_names_of_its_scheduler() {
        let words = "SLURM_JOB_ID=12 SLURM_ARRAY_JOB_ID=11 SLURM_ARRAY_TASK_ID=3 SLURM_RESTART_COUNT=2";
        let slurm = Job { scheduler: "slurm".into(), id: "11".into(), array_index: Some(3), restarts: 2 };
        assert_eq!(job(&of(words)), slurm);
        let kubernetes = job(&of("JOB_NAME=autumn JOB_COMPLETION_INDEX=4"));
        assert_eq!((kubernetes.scheduler.as_str(), kubernetes.array_index), ("kubernetes", Some(4)));
        // Other systems have variables of that name.
        assert_eq!(job(&of("JOB_NAME=nightly")), Job::default());
        assert_eq!(node(&of("SLURMD_NODENAME=n1 NODE_NAME=n2")), Some("n1".into()));
    }

    #[test]
    fn a_rank_on_a_node_needs_the_count_of_its_step() {
        assert_eq!(local(&of("SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_TASKS_PER_NODE=4")), None);
        let step = "SLURM_LOCALID=2 SLURM_NODEID=2 SLURM_STEP_TASKS_PER_NODE=4(x2),3";
        assert_eq!(local(&of(step)), Some(Local { rank: 2, tasks: 3 }));
        let mpi = "OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2 SLURM_LOCALID=0";
        assert_eq!(local(&of(mpi)), Some(Local { rank: 1, tasks: 2 }));
        assert_eq!(local(&of("OMPI_COMM_WORLD_LOCAL_RANK=2 OMPI_COMM_WORLD_LOCAL_SIZE=2")), None);
    }

    proptest! {
        #[test]
        fn lists_of_counts_are_read_as_they_are_packed(runs in prop::collection::vec((1u32..9, 1u32..5), 1..6)) {
            let packed: Vec<String> = runs
                .iter()
                .map(|(tasks, times)| if *times == 1 { tasks.to_string() } else { format!("{tasks}(x{times})") })
                .collect();
            let counts: Vec<u32> = runs.iter().flat_map(|(tasks, times)| vec![*tasks; *times as usize]).collect();
            for (node, tasks) in counts.iter().enumerate() {
                prop_assert_eq!(of_node(&packed.join(","), node as u32), Some(*tasks));
            }
            prop_assert_eq!(of_node(&packed.join(","), counts.len() as u32), None);
        }

        #[test]
        fn no_list_of_counts_makes_it_panic(text in "[0-9(x),]{0,20}", node: u32) {
            let _ = of_node(&text, node);
        }
    }
}
