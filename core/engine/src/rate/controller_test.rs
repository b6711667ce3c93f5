use proptest::prelude::*;

use super::*;

const MIN_BPS: u32 = 200_000;
const MAX_BPS: u32 = 4_000_000;

fn controller() -> Controller {
    let mut controller =
        Controller::new(Range::new(1_200_000, MIN_BPS, MAX_BPS), Adaptation::Lag, 96_000);
    controller.handle_connected(Now::ZERO);
    controller
}

fn report(unacked_bytes: u64, rtt_ms: u64) -> Transport {
    Transport { unacked_bytes, unsent_bytes: 0, rtt: Duration::from_millis(rtt_ms) }
}

fn ms(ms: i64) -> Now {
    Now::from_millis(ms)
}

/// One tick's worth of what may happen to a controller, sensible or not.
#[derive(Clone, Debug)]
struct Happening {
    picture_bytes: u32,
    written_bytes: u32,
    unacked_bytes: u64,
    rtt_us: u32,
    acknowledgement: u32,
    queued_bytes: u64,
    queued_ms: u16,
    pause_ms: u16,
    is_reported: bool,
}

fn happening() -> impl Strategy<Value = Happening> {
    let sizes = (0..200_000u32, 0..200_000u32, any::<u64>(), 0..5_000_000u32);
    let rest = (any::<u32>(), any::<u32>(), 0..10_000u16, 1..400u16, any::<bool>());
    (sizes, rest).prop_map(|((picture_bytes, written_bytes, unacked, rtt_us), rest)| {
        let (acknowledgement, queued, queued_ms, pause_ms, is_reported) = rest;
        Happening {
            picture_bytes,
            written_bytes,
            unacked_bytes: if unacked % 7 == 0 { unacked } else { unacked % 400_000 },
            rtt_us,
            acknowledgement,
            queued_bytes: u64::from(queued),
            queued_ms,
            pause_ms,
            is_reported,
        }
    })
}

/// Lets everything happen; returns when what was decided.
fn live_through(happenings: &[Happening]) -> Vec<(Now, Decision)> {
    let mut controller = controller();
    let (mut now, mut written, mut decisions) = (Now::ZERO, 0, Vec::new());
    for happening in happenings {
        now += Duration::from_millis(u64::from(happening.pause_ms));
        controller.handle_picture(happening.picture_bytes as usize);
        written += u64::from(happening.written_bytes);
        controller.handle_unit(written, now);
        controller.handle_written(written, now);
        if happening.is_reported {
            let rtt = Duration::from_micros(u64::from(happening.rtt_us));
            let unacked_bytes = happening.unacked_bytes;
            controller.handle_transport(Transport { unacked_bytes, unsent_bytes: 0, rtt }, now);
        } else {
            controller.handle_acknowledgement(happening.acknowledgement, now);
        }
        let oldest = Some(now - Duration::from_millis(u64::from(happening.queued_ms)));
        let backlog = Backlog { bytes: happening.queued_bytes, oldest };
        decisions.extend(controller.handle_tick(backlog, now).map(|decision| (now, decision)));
        let _ = controller.allowance_bytes();
        assert!((MIN_BPS..=MAX_BPS).contains(&controller.target_bps()));
        assert!(controller.carries_bps.is_finite() && controller.target_bps.is_finite());
    }
    decisions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    // A16: 100 × 1,000 ticks.
    #[test]
    fn a16_whatever_happens_the_rate_stays_in_range_and_calm(
        happenings in prop::collection::vec(happening(), 1_000),
    ) {
        let decisions = live_through(&happenings);
        prop_assert_eq!(&decisions, &live_through(&happenings));
        for (_, decision) in &decisions {
            prop_assert!((MIN_BPS..=MAX_BPS).contains(&decision.to_bps));
            prop_assert_ne!(decision.from_bps, decision.to_bps);
        }
        // At most 3.4 commands a second over any ten seconds.
        for (index, (from, _)) in decisions.iter().enumerate() {
            let until = *from + Duration::from_secs(10);
            let within = decisions[index..].iter().take_while(|(at, _)| *at < until).count();
            prop_assert!(within <= 34, "{within} commands in ten seconds");
        }
    }
}

#[test]
fn the_gate_is_open_until_somebody_tells_what_arrived() {
    let mut controller = controller();
    controller.handle_written(1_000_000, ms(10));
    assert_eq!(controller.allowance_bytes(), u64::MAX);
    controller.handle_transport(report(1_000_000, 60), ms(20));
    assert_eq!(controller.allowance_bytes(), 0);
    controller.handle_transport(report(0, 60), ms(30));
    let room = controller.allowance_bytes();
    assert!((14_000..60_000).contains(&room), "{room}");
}

#[test]
fn a_link_that_acknowledges_nothing_is_at_the_floor_within_600_ms() {
    let mut controller = controller();
    controller.handle_unit(20_000, ms(0));
    controller.handle_written(20_000, ms(0));
    for t in (0..=600).step_by(100) {
        controller.handle_transport(report(20_000, 60), ms(t));
        controller.handle_tick(Backlog::default(), ms(t));
    }
    assert_eq!(controller.target_bps(), MIN_BPS);
}

#[test]
fn a14_between_two_acknowledgements_of_a_server_nothing_stalls() {
    let mut controller = controller();
    controller.handle_unit(65_536, ms(0));
    controller.handle_written(65_536, ms(0));
    controller.handle_acknowledgement(65_536, ms(40));
    // 200 kbit/s: the next one is 2.6 s away, and at each look an AAC frame waits for its picture.
    for at in (100..2_600i64).step_by(100) {
        let written = 65_536 + at as u64 * 25;
        controller.handle_unit(written, ms(at));
        controller.handle_written(written, ms(at));
        let backlog = Backlog { bytes: 300, oldest: Some(ms(at - 20)) };
        controller.handle_tick(backlog, ms(at));
        assert_ne!(controller.target_bps(), MIN_BPS, "at {at} ms");
        assert_eq!(controller.dead_time(), Duration::ZERO);
    }
}

#[test]
fn the_time_in_which_nothing_arrived_is_known_for_a_while() {
    let mut controller = controller();
    controller.handle_unit(20_000, ms(0));
    controller.handle_written(20_000, ms(0));
    let mut look = |at: i64, unacked| {
        controller.handle_transport(report(unacked, 60), ms(at));
        controller.handle_tick(Backlog::default(), ms(at));
        controller.dead_time().as_millis()
    };
    let dead: Vec<u128> = (0..=700).step_by(100).map(|at| look(at, 20_000)).collect();
    assert_eq!(dead, [0, 0, 0, 300, 400, 500, 600, 700]);
    let moves = |at| 20_000 - (at as u64 - 700) * 5;
    let known: Vec<u128> = (800..=2_700).step_by(100).map(|at| look(at, moves(at))).collect();
    assert_eq!(known[0], 800, "it came between two looks");
    assert_eq!(known.iter().take_while(|ms| **ms == 800).count(), 19, "for 1.8 s after: {known:?}");
}

#[test]
fn a_new_connection_resumes_at_half_of_what_was_good_and_later_at_the_start() {
    for (gap_s, resumed) in [(10, 1_000_000), (120, 1_200_000)] {
        let mut controller = controller();
        controller.calm = Some((2_000_000.0, ms(0)));
        controller.target_bps = 200_000.0;
        controller.handle_connected(ms(gap_s * 1_000));
        assert_eq!(controller.target_bps(), resumed, "after {gap_s} s");
    }
}

#[test]
fn a_fixed_range_decides_nothing_and_a_new_range_holds_at_once() {
    let mut controller = Controller::new(Range::fixed(2_000_000), Adaptation::Lag, 96_000);
    controller.handle_connected(ms(0));
    assert!(!controller.wants_ticks());
    controller.set_range(Range::fixed(1_000_000));
    assert!(controller.wants_ticks());
    let decision = controller.handle_tick(Backlog::default(), ms(100)).expect("a new target");
    assert_eq!((decision.to_bps, decision.reason), (1_000_000, Reason::Range));
    assert!(!controller.wants_ticks());
}

#[test]
fn a14_a_server_that_stops_acknowledging_holds_nothing_back() {
    let mut controller = controller();
    controller.handle_written(70_000, ms(0));
    controller.handle_acknowledgement(65_536, ms(50));
    controller.handle_written(400_000, ms(100));
    controller.handle_tick(Backlog::default(), ms(200));
    assert_eq!(controller.allowance_bytes(), 0);
    controller.handle_tick(Backlog::default(), ms(1_200));
    assert_eq!(controller.allowance_bytes(), u64::MAX);
    controller.handle_written(800_000, ms(1_300));
    controller.handle_tick(Backlog::default(), ms(1_400));
    assert_eq!((controller.source, controller.lag()), (Source::None, Duration::ZERO));
}

/// A link of 3 Mbit/s under 2 Mbit/s that falls to 600 kbit/s at 2 s, looked at each 10 ms.
#[test]
fn a_deep_fall_is_cut_for_within_a_quarter_of_a_second_between_ticks_too() {
    let mut cuts = Vec::new();
    for fall_ms in (2_000..2_100).step_by(10) {
        let mut controller =
            Controller::new(Range::new(2_000_000, MIN_BPS, 2_000_000), Adaptation::Lag, 0);
        controller.handle_connected(Now::ZERO);
        let (mut written, mut acked, mut cut) = (0_u64, 0_u64, None);
        for at in (0..3_000).step_by(10) {
            let now = ms(at);
            if at % 30 == 0 {
                controller.handle_picture(7_500);
                written += 7_500;
                controller.handle_unit(written, now);
                controller.handle_written(written, now);
            }
            let carried = if at < fall_ms { 3_750 } else { 750 };
            acked = written.min(acked + carried);
            controller.handle_transport(report(written - acked, 20), now);
            if let Some(decision) = controller.handle_tick(Backlog::default(), now) {
                cut = cut.or((decision.to_bps < decision.from_bps).then_some((at, decision)));
            }
        }
        let (at, decision) = cut.expect("a cut");
        assert_eq!(decision.reason, Reason::Congestion, "{decision}");
        assert!(decision.to_bps < 700_000, "{decision}");
        cuts.push(at - fall_ms);
    }
    assert!(cuts.iter().all(|after_ms| (0..=250).contains(after_ms)), "{cuts:?}");
    let spread = cuts.iter().max().zip(cuts.iter().min()).map(|(most, least)| most - least);
    assert!(spread < Some(60), "waits for no tick: {cuts:?}");
}

#[test]
fn a_decision_says_why_in_numbers_and_words() {
    let evidence = Evidence {
        lag: Duration::from_millis(410),
        capacity_bps: 1_020_000,
        ..Evidence::default()
    };
    let decision =
        Decision { from_bps: 2_400_000, to_bps: 850_000, reason: Reason::Congestion, evidence };
    assert_eq!(
        decision.to_string(),
        "lower the video to 850 kbit/s (from 2400): pictures are 410 ms late and the link carries \
         1020 kbit/s"
    );
}
