//! Pings of few and of very many lines on virtual time.

use super::*;

fn line(place: u32) -> LineId {
    LineId { place, life: 0 }
}

/// Pings what is due ten times a second for `seconds`; how many at each tick that had some.
fn ping(beats: &mut Beats, seconds: i64, mut see: impl FnMut(LineId, Now)) -> Vec<(i64, usize)> {
    let mut walks = Vec::new();
    for tick in 0..seconds * 10 {
        let now = Now::from_millis(tick * 100);
        let due = beats.take(now);
        if !due.is_empty() {
            walks.push((tick, due.len()));
        }
        for line in due {
            see(line, now);
            beats.add(line, now);
        }
    }
    walks
}

#[test]
fn lines_that_came_within_half_a_second_are_pinged_together_from_then_on() {
    let mut beats = Beats::default();
    for (place, ms) in [0, 120, 340, 499, 1_700].into_iter().enumerate() {
        beats.add(line(place as u32), Now::from_millis(ms));
    }
    let walks = ping(&mut beats, 45, |_, _| {});
    let expected = [(105, 4), (122, 1), (210, 4), (227, 1), (315, 4), (332, 1), (420, 4), (437, 1)];
    assert_eq!(walks, expected);
}

#[test]
fn many_lines_are_pinged_in_time_and_never_all_at_once() {
    for count in [1_000, 100_000] {
        let mut beats = Beats::default();
        for place in 0..count {
            beats.add(line(place), Now::ZERO);
        }
        let mut last = vec![Now::ZERO; count as usize];
        let mut longest = Duration::ZERO;
        let walks = ping(&mut beats, 100, |LineId { place, .. }, now| {
            let last = &mut last[place as usize];
            assert!(*last == Now::ZERO || now.since(*last) >= PING_EVERY);
            longest = longest.max(now.since(*last));
            *last = now;
        });
        // A client gives up twenty seconds after its last ping.
        assert!(longest < Duration::from_secs(16), "{longest:?} for {count}");
        let most = walks.iter().map(|&(_, lines)| lines).max();
        assert_eq!(most, Some(AT_ONCE.max(count as usize / PART)));
        let pinged: usize = walks.iter().map(|&(_, lines)| lines).sum();
        assert!(pinged >= count as usize * 8, "{pinged} pings of {count} lines");
    }
}
