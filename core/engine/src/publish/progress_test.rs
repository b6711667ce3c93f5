use super::*;

fn at(millis: i64) -> Now {
    Now::from_millis(millis)
}

/// Looks each 20 ms until the connection is lost; the times of all verdicts.
fn verdicts(progress: &mut Progress, from_ms: i64, waiting_bytes: usize) -> Vec<(i64, Verdict)> {
    let mut seen = Vec::new();
    for ms in (from_ms..from_ms + 20_000).step_by(20) {
        match progress.look(waiting_bytes, at(ms)) {
            Verdict::AsBefore => {}
            verdict => seen.push((ms - from_ms, verdict)),
        }
        if matches!(seen.last(), Some((_, Verdict::Lost(_)))) {
            break;
        }
    }
    seen
}

fn lost(secs: u64) -> Verdict {
    Verdict::Lost(Duration::from_secs(secs))
}

#[test]
fn r03_by_the_systems_figures_doubt_at_3_s_and_loss_at_8_s() {
    let mut progress = Progress::default();
    progress.handle_written(100_000, at(0));
    progress.handle_transport(40_000, at(1_000));
    // The system may still take bytes and repeat what it said: nothing of that is progress.
    progress.handle_written(120_000, at(1_000));
    progress.handle_transport(60_000, at(1_000));
    assert_eq!(
        verdicts(&mut progress, 1_000, 0),
        [(3_000, Verdict::Suspect(true)), (8_000, lost(8))]
    );
}

#[test]
fn r03_by_the_servers_acknowledgements_from_when_the_next_one_is_due() {
    let mut progress = Progress::default();
    for step in 1..=4 {
        progress.handle_written(step * 65_536, at(step as i64 * 100));
        progress.handle_acknowledgement(at(step as i64 * 100));
    }
    // The kernel goes on taking bytes; only what is more than a step says anything.
    progress.handle_written(5 * 65_536, at(500));
    assert_eq!(progress.look(0, at(500)), Verdict::AsBefore);
    assert_eq!(progress.deadline(), None, "the server owes nothing yet");
    progress.handle_written(5 * 65_536 + 1, at(600));
    progress.handle_written(6 * 65_536, at(600));
    assert_eq!(
        verdicts(&mut progress, 600, 0),
        [(3_000, Verdict::Suspect(true)), (8_000, lost(8))]
    );
}

#[test]
fn r04_by_the_socket_when_nobody_tells_more() {
    let mut progress = Progress::default();
    progress.handle_written(10_000, at(0));
    assert_eq!(
        verdicts(&mut progress, 0, 5_000),
        [(3_000, Verdict::Suspect(true)), (8_000, lost(8))]
    );
}

#[test]
fn a_server_that_gives_up_acknowledging_is_not_taken_for_dead() {
    let mut progress = Progress::default();
    for step in 1..=4u64 {
        progress.handle_written(step * 65_536, at(0));
        progress.handle_acknowledgement(at(0));
    }
    let mut written = 4 * 65_536;
    for ms in (0..60_000).step_by(20) {
        written += 2_500;
        progress.handle_written(written, at(ms));
        assert!(!matches!(progress.look(0, at(ms)), Verdict::Lost(_)), "after {ms} ms");
    }
}

#[test]
fn a_rare_acknowledgement_is_no_habit() {
    let mut progress = Progress::default();
    progress.handle_written(3_000, at(0));
    progress.handle_acknowledgement(at(0));
    progress.handle_written(200_000, at(1_000));
    assert_eq!(verdicts(&mut progress, 1_000, 0), []);
}

#[test]
fn r05_a_server_that_goes_on_ends_the_doubt() {
    let mut progress = Progress::default();
    progress.handle_written(100_000, at(0));
    progress.handle_transport(40_000, at(0));
    assert_eq!(progress.look(0, at(0)), Verdict::AsBefore);
    assert_eq!(progress.look(0, at(3_000)), Verdict::Suspect(true));
    progress.handle_transport(39_000, at(4_000));
    assert_eq!(progress.look(0, at(4_000)), Verdict::Suspect(false));
    assert_eq!(progress.deadline(), Some(at(7_000)), "the rest must move too");
    progress.handle_transport(0, at(4_100));
    assert_eq!(progress.look(0, at(4_100)), Verdict::AsBefore);
    assert_eq!(progress.deadline(), None, "an idle connection is none in doubt");
}

#[test]
fn r13_on_another_path_two_seconds_are_enough() {
    // Stall and change at once; change during the stall; change in an old doubt.
    for (changed_ms, lost_ms) in [(0, 2_000), (1_900, 2_200), (5_000, 5_300), (7_900, 8_000)] {
        let mut progress = Progress::default();
        progress.handle_written(100_000, at(0));
        progress.handle_transport(40_000, at(0));
        progress.look(0, at(0));
        let _ = progress.look(0, at(changed_ms));
        progress.handle_path(at(changed_ms));
        let seen = verdicts(&mut progress, changed_ms, 0);
        let limit = if lost_ms == 8_000 { lost(8) } else { lost(2) };
        assert_eq!(seen.last(), Some(&(lost_ms - changed_ms, limit)), "changed at {changed_ms}");
    }
}

#[test]
fn r13_a_connection_that_outlives_the_change_has_its_8_s_again() {
    let mut progress = Progress::default();
    progress.handle_written(100_000, at(0));
    progress.handle_transport(40_000, at(0));
    progress.handle_path(at(10));
    progress.handle_transport(30_000, at(20)); // was under way
    progress.handle_transport(20_000, at(400));
    assert_eq!(verdicts(&mut progress, 400, 0).last(), Some(&(8_000, lost(8))));
}
