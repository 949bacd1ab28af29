//! Does a turn count what it must, and when?

use super::*;

/// A window for one actor that is open from the start.
fn open_window(length_ns: u64) -> (Arc<Window>, mpsc::Receiver<()>, u64) {
    let recorder = Arc::new(Recorder::new(1_000_000, 1));
    let gate_ns = clock::now_ns();
    let (window, quiet) = Window::new(recorder, Arc::new([AtomicU64::new(0)]), 0, length_ns);
    (window, quiet, gate_ns)
}

#[test]
fn an_operation_that_took_less_than_it_must_is_early() {
    let (window, quiet, gate_ns) = open_window(u64::MAX / 4);
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, gate_ns);
    for least in [Duration::from_secs(3600), Duration::ZERO] {
        assert!(turn.next());
        turn.at_least(least);
        turn.done(Digest::default(), Duration::ZERO);
    }
    drop(turn);
    quiet.recv().unwrap();
    assert_eq!(window.take_reports()[0].early, 1);
}

#[test]
fn every_operation_of_an_endless_window_counts_but_the_first_that_opened_it() {
    let (window, quiet, gate_ns) = open_window(u64::MAX / 4);
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, gate_ns);
    for number in 0..10 {
        assert!(turn.next());
        turn.done(Digest::of_number(number), Duration::ZERO);
    }
    turn.failed(io::ErrorKind::Other.into());
    quiet.recv().unwrap();
    let reports = window.take_reports();
    let report = &reports[0];
    assert_eq!((report.operations, report.completed, report.recorded), (10, 10, 9));
    assert!(matches!(report.ending, Ending::Failed(_)));
    assert_eq!(window.recorder.drain().0.len(), 9);
}

#[test]
fn what_starts_before_the_window_is_not_recorded() {
    let recorder = Arc::new(Recorder::new(1_000_000, 1));
    let starts = Arc::new([AtomicU64::new(0)]);
    let (window, _quiet) = Window::new(recorder, starts, u64::MAX / 2, 1_000);
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, clock::now_ns());
    assert!(turn.next());
    turn.done(Digest::default(), Duration::ZERO);
    drop(turn);
    let reports = window.take_reports();
    let report = &reports[0];
    assert_eq!((report.operations, report.completed, report.recorded), (1, 0, 0));
    assert!(matches!(report.ending, Ending::Abandoned));
}

#[test]
fn nothing_starts_after_the_window_and_what_is_in_flight_is_recorded() {
    let (window, _quiet, gate_ns) = open_window(1);
    // The gate opened a window ago: the turn begins inside it and ends its operation after it.
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, gate_ns);
    turn.inside = true;
    turn.boundary_ns = gate_ns + 1;
    turn.done(Digest::default(), Duration::ZERO);
    assert!(!turn.next());
    drop(turn);
    let reports = window.take_reports();
    let report = &reports[0];
    assert_eq!((report.completed, report.recorded), (0, 1));
    assert!(matches!(report.ending, Ending::Stopped));
}

#[test]
fn the_window_opens_when_the_last_actor_begins_or_is_gone() {
    let recorder = Arc::new(Recorder::new(1_000_000, 2));
    let starts = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let (window, _quiet) = Window::new(recorder, starts, 0, 1_000);
    let [mut first, second] = [0, 1].map(|actor| TrialTurn::new(Arc::clone(&window), actor, 1));
    assert!(first.next());
    assert_eq!(window.from_ns.load(Acquire), 0);
    drop(second);
    assert_ne!(window.from_ns.load(Acquire), 0);
}

#[test]
fn who_reads_the_cpu_clock_has_waited_for_its_turn_all_the_same() {
    const WAITED_NS: u64 = 3_000_000;
    let (window, _quiet, gate_ns) = open_window(u64::MAX / 4);
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, gate_ns);
    assert!(turn.next());
    turn.done(Digest::default(), Duration::ZERO);
    // Others have the only thread meanwhile.
    let ended_ns = turn.last_ns;
    while clock::now_ns() < ended_ns + WAITED_NS {
        std::hint::spin_loop();
    }
    assert!(turn.next());
    assert_ne!(window.cpu_from_ns.load(Acquire), 0);
    turn.done(Digest::default(), Duration::ZERO);
    assert!(turn.sum_ns >= WAITED_NS, "{}", turn.sum_ns);
}

#[test]
fn an_early_end_is_noticed() {
    let (window, _quiet, gate_ns) = open_window(u64::MAX / 4);
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, gate_ns);
    assert!(turn.next());
    turn.done(Digest::default(), Duration::from_secs(3600));
    drop(turn);
    assert_eq!(window.take_reports()[0].early, 1);
}

#[test]
fn lateness_on_a_schedule_counts_from_when_it_was_due() {
    let (window, _quiet, gate_ns) = open_window(u64::MAX / 4);
    let ledger = simul_workloads::Ledger::new(clock::now_ns);
    let mut turn = TrialTurn::new(Arc::clone(&window), 0, gate_ns);
    // The first opens the window and is not recorded.
    assert!(turn.next());
    turn.done(Digest::default(), Duration::ZERO);
    let base = ledger.lap();
    while clock::now_ns() < base.on_the_clock_ns() + 3_000_000 {
        std::hint::spin_loop();
    }
    assert!(turn.next());
    turn.done(Digest::default(), Duration::ZERO);
    // It took next to nothing, but was due long before the one that kept it waiting had ended.
    assert!(turn.next());
    turn.done_on_schedule(Digest::default(), base.later(Duration::from_millis(1)));
    assert_eq!(turn.early, 0);
    assert!(turn.next());
    turn.done_on_schedule(Digest::default(), base.later(Duration::from_secs(3600)));
    drop(turn);
    let report = &window.take_reports()[0];
    assert_eq!((report.early, report.recorded), (1, 3));
    // The time was spent before the window; what was due in it is late by that all the same.
    assert!(report.sum_ns >= 2_000_000, "{}", report.sum_ns);
}
