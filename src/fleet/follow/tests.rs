use super::*;
use crate::fleet::record::Job;
use proptest::prelude::*;

fn begun(attempt: u32) -> Begun {
    let job = Job { scheduler: "slurm".into(), id: "12".into(), array_index: Some(3), restarts: 0 };
    Begun { attempt, node: "n1".into(), job, begun_utc: "2026-11-22T10:00:00Z".into(), ..Begun::default() }
}

fn status(attempt: u32, ended: Ended) -> Status {
    let exit = u8::from(ended == Ended::Failed);
    Status {
        begun: begun(attempt),
        ended,
        exit,
        reason: String::new(),
        ended_utc: "2026-11-22T10:05:00Z".into(),
    }
}

fn place() -> Place {
    ("12".into(), 3)
}

fn entry(stage: Stage, word: &str) -> Entry {
    Entry { stage, word: word.into(), node: "n2".into(), reason: "Why".into(), name: "mtok-a".into() }
}

fn scheduler(entry: Option<Entry>) -> Scheduler {
    Scheduler {
        places: [(3, vec![place()])].into(),
        queue: Queue { tasks: entry.map(|entry| (place(), entry)).into_iter().collect(), ..Queue::default() },
        asked: true,
        ..Scheduler::default()
    }
}

fn state(folder: &Folder, scheduler: &Scheduler) -> (State, String) {
    let row = row(3, folder, scheduler);
    (row.state, row.reason)
}

#[test]
fn a_task_that_left_the_queue_without_a_status_is_lost_and_says_what_slurm_says() {
    let began = Folder { begun: Some(begun(1)), ..Folder::default() };
    let (lost, why) = state(&began, &scheduler(None));
    assert_eq!((lost, why.as_str()), (State::Lost, "is not in the queue any more; it wrote no status"));
    let (lost, why) = state(&Folder::default(), &scheduler(Some(entry(Stage::Over, "node_fail"))));
    assert_eq!((lost, why.as_str()), (State::Lost, "Slurm says node_fail (Why); it never began"));
    let told = Scheduler { history: [(place(), "timeout".to_owned())].into(), ..scheduler(None) };
    assert_eq!(state(&began, &told).1, "Slurm says timeout; it wrote no status");
}

#[test]
fn a_requeued_task_is_queued_again_though_it_had_begun_or_failed() {
    let waits = scheduler(Some(entry(Stage::Queued, "pending")));
    for folder in [
        Folder { begun: Some(begun(1)), ..Folder::default() },
        Folder { begun: Some(begun(1)), status: Some(status(1, Ended::Failed)), ..Folder::default() },
    ] {
        let row = row(3, &folder, &waits);
        assert_eq!(
            (row.state, row.job.as_str(), row.exit, row.ended_utc.as_str()),
            (State::Queued, "12_3", None, "")
        );
        assert_eq!(state(&folder, &scheduler(Some(entry(Stage::Running, "running")))).0, State::Running);
    }
}

#[test]
fn a_status_counts_unless_a_later_attempt_began_after_it() {
    let failed = |attempt| Folder {
        begun: Some(begun(attempt)),
        status: Some(status(1, Ended::Failed)),
        ..Folder::default()
    };
    assert_eq!(state(&failed(1), &scheduler(None)).0, State::Failed);
    assert_eq!(state(&failed(2), &scheduler(None)).0, State::Lost);
    let done = Folder { status: Some(status(1, Ended::Done)), ..failed(2) };
    assert_eq!(state(&done, &scheduler(None)).0, State::Done);
    assert_eq!(state(&done, &scheduler(Some(entry(Stage::Running, "completing")))).0, State::Done);
}

#[test]
fn without_a_scheduler_nothing_is_called_lost() {
    let alone = Scheduler::default();
    let began =
        Folder { begun: Some(begun(1)), alive_utc: "2026-11-22T10:01:00Z".into(), ..Folder::default() };
    let row = row(3, &began, &alone);
    assert_eq!((row.state, row.alive_utc.as_str()), (State::Begun, "2026-11-22T10:01:00Z"));
    assert_eq!(state(&Folder::default(), &alone).0, State::Missing);
    let not_here = Scheduler { asked: false, ..scheduler(None) };
    assert_eq!(state(&began, &not_here).0, State::Begun);
    let (missing, why) = state(&Folder::default(), &not_here);
    assert_eq!(
        (missing, why.as_str()),
        (State::Missing, "was submitted; Slurm cannot be asked about it here")
    );
}

#[test]
fn cancelled_and_not_submitted_tasks_are_not_lost() {
    let began = Folder { begun: Some(begun(1)), ..Folder::default() };
    let by_slurm = scheduler(Some(entry(Stage::Over, "cancelled")));
    let by_us = Scheduler { cancelled: [place()].into(), ..scheduler(None) };
    assert_eq!(state(&began, &by_slurm).0, State::Cancelled);
    assert_eq!(state(&began, &by_us).0, State::Cancelled);
    // Those that had not started are one line without an index.
    let mut rest = scheduler(None);
    rest.queue.rest.insert("12".into(), entry(Stage::Over, "cancelled"));
    assert_eq!(state(&Folder::default(), &rest).0, State::Cancelled);
    let rows = follow(5, &BTreeMap::new(), &by_us);
    assert_eq!(rows[4].state, State::NotSubmitted);
    let counts = Counts::of(&rows);
    assert_eq!(
        (counts.not_submitted, counts.cancelled, counts.words().as_str()),
        (4, 1, "1 cancelled, 4 not submitted")
    );
}

#[test]
fn a_newer_place_in_the_queue_counts_before_an_older_one() {
    let newer = ("20".to_owned(), 3);
    let twice = Scheduler {
        places: [(3, vec![place(), newer.clone()])].into(),
        queue: Queue {
            tasks: [(place(), entry(Stage::Over, "timeout")), (newer, entry(Stage::Queued, "pending"))]
                .into(),
            ..Queue::default()
        },
        asked: true,
        ..Scheduler::default()
    };
    let row = row(3, &Folder::default(), &twice);
    assert_eq!((row.state, row.job.as_str()), (State::Queued, "20_3"));
}

#[test]
fn changes_are_a_line_per_task_that_changed() {
    let row = |task, state, node: &str| Row { task, state, node: node.into(), ..Row::default() };
    let before = [row(0, State::Queued, ""), row(1, State::Running, "n1")];
    let now = [row(0, State::Running, "n2"), row(1, State::Running, "n1")];
    assert_eq!(changes(&before, &now), ["task 0: queued -> running on n2"]);
    assert_eq!((remaining_s(2, 4, 10.0), remaining_s(0, 4, 10.0)), (Some(20.0), None));
}

proptest! {
    /// Whatever the folders and the queue say, every task has one state, and done is done.
    #[test]
    fn every_task_is_counted_once(
        tasks in prop::collection::vec((0u8..4, 0u8..5, 0u8..3, any::<bool>()), 1..60), asked in any::<bool>()
    ) {
        let mut scheduler = Scheduler { asked, ..Scheduler::default() };
        let mut folders = BTreeMap::new();
        let mut done = 0;
        for (task, (folder, queue, attempt, known)) in (0u32..).zip(&tasks) {
            let ended = if *folder == 2 { Ended::Done } else { Ended::Failed };
            let begun = (*folder > 0).then(|| begun(u32::from(*attempt)));
            let status = (*folder > 1).then(|| status(1, ended));
            done += u32::from(*folder == 2);
            folders.insert(task, Folder { begun, status, alive_utc: String::new() });
            let place = ("12".to_owned(), task);
            let stages = [(Stage::Queued, "pending"), (Stage::Running, "running"), (Stage::Over, "failed"), (Stage::Over, "cancelled")];
            if let Some((stage, word)) = stages.get(usize::from(*queue)).filter(|_| asked) {
                scheduler.queue.tasks.insert(place.clone(), entry(*stage, word));
            }
            if *known {
                scheduler.places.insert(task, vec![place]);
            }
        }
        let rows = follow(u32::try_from(tasks.len()).unwrap(), &folders, &scheduler);
        let counts = Counts::of(&rows);
        prop_assert_eq!(counts.done, done);
        let open = rows.iter().filter(|row| row.state.is_open()).count();
        let rest = counts.missing + counts.not_submitted;
        prop_assert_eq!(open + usize::try_from(counts.over() + rest).unwrap(), tasks.len());
        prop_assert!(asked || counts.lost == 0);
    }
}
