use super::*;
use crate::Schedule;

const MS: Duration = Duration::from_millis(1);

fn line(kbit: f64, delay: Duration, queue: Queue) -> Line {
    Line { rate: Schedule::constant(kbit * 1_000.0), delay, queue, ..Line::default() }
}

/// What arrives until `end`, looked at only when the wire says so, and when.
fn arrivals(wire: &mut Wire, end: Duration) -> Vec<(Duration, usize)> {
    let mut seen = Vec::new();
    while let Some(at) = wire.next_due().filter(|at| *at <= end) {
        while let Some(packet) = wire.poll_arrived(at) {
            seen.push((at, packet.len()));
        }
    }
    seen
}

#[test]
fn packets_take_their_time_and_the_delay() {
    let mut wire = Wire::new(line(1_000.0, 30 * MS, Queue::Packets(100)), 1);
    for _ in 0..3 {
        wire.offer(vec![0x45; 1_250], 5 * MS);
    }
    let seen = arrivals(&mut wire, 1_000 * MS);
    assert_eq!(seen, [(45 * MS, 1_250), (55 * MS, 1_250), (65 * MS, 1_250)]);
    assert_eq!(wire.traffic().bytes, 3_750);
}

#[test]
fn a_packet_that_is_leaving_feels_the_new_rate() {
    let steps = Schedule::parse("0:1000,1:500").unwrap();
    let mut wire = Wire::new(Line { rate: steps, ..Line::default() }, 1);
    // Half of it leaves before the step.
    wire.offer(vec![0x45; 1_250], 995 * MS);
    assert_eq!(arrivals(&mut wire, 2_000 * MS), [(1_010 * MS, 1_250)]);
}

#[test]
fn a_full_queue_drops_its_tail() {
    for (queue, kept) in [(Queue::Packets(5), 5), (Queue::Bytes(5_000), 5)] {
        let mut wire = Wire::new(line(1_000.0, Duration::ZERO, queue), 1);
        for size in 990..1_000 {
            wire.offer(vec![0x45; size], Duration::ZERO);
        }
        let seen: Vec<usize> = arrivals(&mut wire, 1_000 * MS).iter().map(|(_, s)| *s).collect();
        assert_eq!(seen, (990..990 + kept).collect::<Vec<_>>(), "the first stay, in order");
        assert_eq!(wire.traffic().dropped, 5);
    }
}

#[test]
fn a_standing_link_keeps_what_waits() {
    let mut wire = Wire::new(line(0.0, Duration::ZERO, Queue::Packets(10)), 1);
    wire.offer(vec![0x45; 125], Duration::ZERO);
    assert_eq!(wire.next_due(), None);
    wire.set_line(line(1_000.0, Duration::ZERO, Queue::Packets(10)), 500 * MS);
    assert_eq!(arrivals(&mut wire, 1_000 * MS), [(501 * MS, 125)]);
}

#[test]
fn a_black_hole_takes_all_and_gives_nothing_back() {
    let mut wire = Wire::new(line(1_000.0, 30 * MS, Queue::Packets(10)), 1);
    wire.offer(vec![0x45; 125], Duration::ZERO);
    wire.set_black_hole(true);
    wire.offer(vec![0x45; 125], MS);
    wire.set_black_hole(false);
    assert_eq!(arrivals(&mut wire, 1_000 * MS), []);
    wire.offer(vec![0x45; 125], 1_000 * MS);
    assert_eq!(arrivals(&mut wire, 2_000 * MS).len(), 1);
    assert_eq!(wire.traffic().swallowed, 2);
}

#[test]
fn the_black_hole_for_ipv6_lets_ipv4_through() {
    let mut wire = Wire::new(line(1_000.0, Duration::ZERO, Queue::Packets(10)), 1);
    wire.set_v6_black_hole(true);
    wire.offer(vec![0x60; 100], Duration::ZERO);
    wire.offer(vec![0x45; 125], Duration::ZERO);
    assert_eq!(arrivals(&mut wire, 1_000 * MS), [(MS, 125)]);
}

#[test]
fn loss_is_as_asked_and_repeats_with_the_seed() {
    let lost = |seed| {
        let line = Line { loss: 0.02, ..line(1e6, Duration::ZERO, Queue::Packets(9)) };
        let mut wire = Wire::new(line, seed);
        for n in 0..50_000 {
            wire.offer(vec![0x45; 100], n * MS);
        }
        wire.traffic().lost
    };
    assert!((900..1_100).contains(&lost(1)), "{}", lost(1));
    assert_eq!(lost(7), lost(7));
}
