use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use BitratePolicy::{First, Fixed, Weakest};
use EncoderCommand::{RequestIdr, SetVideoBitrate, SetVideoPace};

const START: u32 = 1_000_000;

fn at(ms: i64) -> Now {
    Now::from_millis(ms)
}

fn live(policy: BitratePolicy, destinations: usize) -> Steering {
    let mut steering = Steering::new(policy, destinations, START);
    (0..destinations).for_each(|index| steering.handle_state(index, State::Live));
    steering
}

fn told(steering: &mut Steering, ms: i64) -> Vec<EncoderCommand> {
    std::iter::from_fn(|| steering.poll_command(at(ms))).collect()
}

/// What the encoders hear when this destination wants that.
fn want(steering: &mut Steering, index: usize, command: EncoderCommand) -> Vec<EncoderCommand> {
    steering.handle_command(index, command, at(0));
    told(steering, 0)
}

#[test]
fn one_destination_gets_what_it_wants() {
    for policy in [First, Weakest] {
        let mut steering = Steering::new(policy, 1, START);
        for command in [
            SetVideoBitrate(700_000),
            SetVideoPace(VideoPace::Half),
            SetVideoPace(VideoPace::None),
            SetVideoPace(VideoPace::Full),
        ] {
            assert_eq!(want(&mut steering, 0, command), [command], "{policy:?}");
        }
        assert!(steering.leads(0));
        assert_eq!(steering.bitrate_bps(), 700_000);
    }
}

#[test]
fn the_first_leads_and_the_next_live_one_while_it_is_away() {
    let mut steering = live(First, 3);
    assert_eq!(want(&mut steering, 2, SetVideoBitrate(200_000)), []);
    assert_eq!(want(&mut steering, 1, SetVideoBitrate(600_000)), []);
    assert_eq!(want(&mut steering, 0, SetVideoBitrate(900_000)), [SetVideoBitrate(900_000)]);
    assert_eq!([0, 1, 2].map(|index| steering.leads(index)), [true, false, false]);
    steering.handle_state(0, State::Reconnecting);
    assert_eq!(told(&mut steering, 0), [SetVideoBitrate(600_000)]);
    steering.handle_state(0, State::Live);
    assert_eq!(told(&mut steering, 0), [SetVideoBitrate(900_000)]);
}

#[test]
fn the_weakest_of_the_live_ones_decides() {
    let mut steering = live(Weakest, 3);
    assert_eq!(want(&mut steering, 1, SetVideoBitrate(300_000)), [SetVideoBitrate(300_000)]);
    assert_eq!(want(&mut steering, 0, SetVideoBitrate(1_200_000)), []);
    assert!(steering.leads(1) && !steering.leads(0));
    steering.handle_state(1, State::Reconnecting);
    assert_eq!(told(&mut steering, 0), [SetVideoBitrate(1_000_000)], "it is not live");
    assert!(steering.leads(2));
}

#[test]
fn a_fixed_bitrate_follows_nobody_but_the_app() {
    let mut steering = live(Fixed, 2);
    for index in [0, 1] {
        assert_eq!(want(&mut steering, index, SetVideoBitrate(300_000)), []);
        assert!(!steering.leads(index));
    }
    steering.handle_range(Range::new(START, 400_000, 500_000));
    assert_eq!(told(&mut steering, 0), [SetVideoBitrate(500_000)]);
    assert_eq!(steering.bitrate_bps(), 500_000);
}

#[test]
fn who_can_carry_sound_alone_takes_the_pictures_from_nobody_else() {
    let half = SetVideoPace(VideoPace::Half);
    let none = SetVideoPace(VideoPace::None);
    let mut steering = live(Weakest, 2);
    assert_eq!(want(&mut steering, 1, half), [half]);
    assert_eq!(want(&mut steering, 1, none), [], "the other one keeps every second picture");
    assert!(!steering.is_paced(1));
    assert_eq!(want(&mut steering, 0, half), []);
    assert_eq!(want(&mut steering, 0, none), [none], "nobody takes pictures");

    let mut steering = live(First, 2);
    assert_eq!(want(&mut steering, 1, half), []);
    assert_eq!(want(&mut steering, 1, none), []);
    assert_eq!(want(&mut steering, 0, half), [half], "the first one leads");

    let mut steering = live(Fixed, 2);
    assert_eq!(want(&mut steering, 0, half), []);
    assert_eq!(want(&mut steering, 0, none), []);
    assert_eq!(want(&mut steering, 1, none), [none]);
}

#[test]
fn requests_of_all_for_an_idr_are_one_each_half_second() {
    let mut steering = live(Weakest, 3);
    for index in 0..3 {
        steering.handle_command(index, RequestIdr, at(0));
    }
    assert_eq!(told(&mut steering, 0), [RequestIdr], "one for all");
    steering.handle_command(1, RequestIdr, at(100));
    steering.handle_command(2, RequestIdr, at(200));
    assert_eq!((told(&mut steering, 499), steering.deadline()), (vec![], Some(at(500))));
    assert_eq!(told(&mut steering, 500), [RequestIdr]);
    steering.handle_command(0, RequestIdr, at(700));
    steering.handle_idr();
    assert_eq!((told(&mut steering, 2_000), steering.deadline()), (vec![], None), "it has one");
}

#[test]
fn a_destination_that_drops_by_itself_gets_an_idr_each_two_seconds() {
    let mut steering = live(First, 2);
    let asked = (0..100).filter(|tick| {
        steering.handle_command(1, RequestIdr, at(tick * 100));
        told(&mut steering, tick * 100) == [RequestIdr]
    });
    assert_eq!(asked.count(), 5);
    steering.handle_command(1, RequestIdr, at(10_500));
    assert_eq!(told(&mut steering, 10_500), [RequestIdr]);
    steering.handle_state(1, State::Reconnecting);
    steering.handle_state(1, State::Live);
    steering.handle_command(1, RequestIdr, at(11_000));
    assert_eq!(told(&mut steering, 11_000), [RequestIdr], "its new connection needs one");
    steering.handle_command(0, RequestIdr, at(11_500));
    assert_eq!(told(&mut steering, 11_500), [RequestIdr], "who is followed is served");
}

#[test]
fn a_new_engine_wants_what_every_new_one_wants() {
    let mut steering = live(First, 2);
    want(&mut steering, 0, SetVideoBitrate(300_000));
    want(&mut steering, 0, SetVideoPace(VideoPace::Half));
    steering.handle_restart(0, START);
    let whole = [SetVideoBitrate(START), SetVideoPace(VideoPace::Full)];
    assert_eq!(told(&mut steering, 0), whole);
}

/// What may happen to one of three destinations.
#[derive(Clone, Debug)]
enum Step {
    Wants(EncoderCommand),
    Is(State),
    Restarts,
}

fn step() -> impl Strategy<Value = (usize, Step, i64)> {
    let command = prop_oneof![
        Just(RequestIdr),
        (100_000..5_000_000_u32).prop_map(SetVideoBitrate),
        select(vec![VideoPace::Full, VideoPace::Half, VideoPace::None]).prop_map(SetVideoPace),
    ];
    let states =
        vec![State::Pending, State::Live, State::Reconnecting, State::Failed, State::Stopped];
    let step = prop_oneof![
        4 => command.prop_map(Step::Wants),
        1 => select(states).prop_map(Step::Is),
        1 => Just(Step::Restarts),
    ];
    (0..3_usize, step, 0..400_i64)
}

proptest! {
    #[test]
    fn whatever_happens_idrs_are_rare_and_the_encoder_gets_what_somebody_wants(
        policy in select(vec![First, Weakest, Fixed]),
        steps in vec(step(), 1..200),
    ) {
        let mut steering = Steering::new(policy, 3, START);
        let mut wanted = vec![START];
        let (mut now, mut last_idr) = (0, None);
        for (index, step, later) in steps {
            now += later;
            match step {
                Step::Wants(command) => {
                    if let SetVideoBitrate(bps) = command {
                        wanted.push(bps);
                    }
                    steering.handle_command(index, command, at(now));
                }
                Step::Is(state) => steering.handle_state(index, state),
                Step::Restarts => steering.handle_restart(index, START),
            }
            for command in told(&mut steering, now) {
                match command {
                    RequestIdr => {
                        prop_assert!(last_idr.is_none_or(|last| now - last >= 500));
                        last_idr = Some(now);
                    }
                    SetVideoBitrate(bps) => {
                        prop_assert!(policy != Fixed && wanted.contains(&bps));
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(told(&mut steering, now), vec![], "it says everything once");
            prop_assert!(steering.deadline().is_none_or(|due| due > at(now)));
            let leaders = (0..3).filter(|&index| steering.leads(index)).count();
            prop_assert!(leaders <= 1);
        }
    }
}
