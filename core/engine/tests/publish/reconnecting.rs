//! After a loss: when, how often, and how the stream goes on.

use std::time::Duration;

use onair_engine::publish::{Closed, Path, PublishError, State};
use onair_engine::reconnect::Policy;
use onair_engine::url::StreamUrl;

use crate::rig::{Fate, Rig, config, idr, sound, video_only};
use crate::server::{Answer, Heard, Script};

#[test]
fn lf65_a_loss_is_told_at_once_with_its_cause_and_the_wait() {
    let rig = Rig::lost([]);
    assert_eq!(rig.publish.state(), State::Reconnecting);
    let losses = rig.losses();
    let [(error, 0, Some(wait))] = &losses[..] else { panic!("{losses:?}") };
    assert_eq!(*error, PublishError::ClosedLive(Closed::ByPeer));
    assert!(*wait <= Duration::from_millis(250));
    assert_eq!(rig.events[rig.events.len() - 2].0, rig.now);
}

#[test]
fn lf69_r18_resume_begins_with_headers_and_a_fresh_idr() {
    let mut rig = Rig::lost([]);
    rig.stream(2_000, 3_000, 60);
    assert_eq!(rig.states().last(), Some(&State::Live));
    assert_eq!(rig.publish.snapshot(rig.now).reconnects, 1);
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words[..3], ["metadata", "avc header", "aac header"]);
    let first = words.iter().position(|word| ["idr", "picture"].contains(word));
    assert_eq!(first.map(|index| words[index]), Some("idr"));
}

#[test]
fn an_idr_younger_than_a_second_is_replayed() {
    let mut rig = Rig::live(video_only());
    rig.pass(1_500);
    rig.push(idr(1_500));
    rig.close();
    rig.push(idr(1_533));
    rig.pass(300);
    assert_eq!(rig.publish.state(), State::Live);
    assert!(rig.encoder.is_empty(), "the IDR pushed meanwhile serves");
    assert!(matches!(rig.server().media()[..], [_, _, Heard::Video { keyframe: true, .. }]));
}

#[test]
fn lf69_pictures_of_before_the_loss_are_not_sent_after_it() {
    let mut rig = Rig::live(video_only());
    rig.pass(1_500);
    rig.credit = Some(1_000);
    rig.push(idr(1_500));
    rig.close();
    rig.credit = None;
    rig.pass(300);
    assert_eq!(rig.publish.state(), State::Live);
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!(counts.video_units_dropped, 1, "the IDR that was half written is gone");
    assert_eq!(rig.encoder.len(), 1, "another one is asked for");
}

#[test]
fn r06_a_dead_server_is_tried_within_the_jittered_bounds() {
    let mut rig = Rig::lost(std::iter::repeat_n(Fate::Refused, 12));
    let lost_at = rig.now;
    rig.pass(60_000);
    let bounds = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
    let mut before = lost_at;
    for (attempt, (&at, bound_ms)) in rig.connects[1..].iter().zip(bounds).enumerate() {
        let waited = at.since(before);
        assert!(waited <= Duration::from_millis(bound_ms), "attempt {attempt} after {waited:?}");
        before = at;
    }
    let attempts: Vec<u32> = rig.losses().iter().map(|(_, attempt, _)| *attempt).collect();
    assert_eq!(attempts[..4], [0, 1, 2, 3]);
    assert_eq!(rig.publish.state(), State::Live, "the thirteenth server is there");
}

#[test]
fn b10_a_near_server_that_was_dead_for_5_s_is_asked_within_100_ms() {
    for seed in 0..20 {
        let mut config = config();
        config.url = StreamUrl::parse("rtmp://192.168.1.20/app/key").expect("a good address");
        config.seed = seed;
        let mut rig = Rig::live(config);
        rig.stream(0, 2_000, 60);
        rig.fates.extend(std::iter::repeat_n(Fate::Refused, 100));
        rig.close();
        rig.stream(2_000, 5_000, 60);
        let reopened_at = rig.now;
        rig.fates.clear();
        rig.pass(100);
        assert_eq!(rig.publish.state(), State::Live);
        let waited = rig.connects.last().map(|at| at.since(reopened_at));
        assert!(waited <= Some(Duration::from_millis(100)), "{waited:?}");
        assert!(rig.connects.len() <= 103, "50 ms apart: {:?}", rig.connects);
    }
}

/// Lost, and live again 5 s later with a GOP of 0.4 s at hand.
fn live_again_after_5_s() -> Rig {
    let mut rig = Rig::live(video_only());
    rig.stream(0, 2_000, 60);
    rig.close();
    rig.fates.extend(std::iter::repeat_n(Fate::Refused, 30));
    rig.publish.handle_path(Path::Down, rig.now);
    rig.stream(2_000, 4_600, 60);
    rig.push(idr(6_600));
    rig.pass(400);
    rig.fates.clear();
    rig.publish.handle_path(Path::Up, rig.now);
    while rig.publish.state() != State::Live {
        rig.pass(1);
    }
    rig
}

#[test]
fn b10_after_a_long_loss_the_show_goes_on_with_an_idr_made_for_it() {
    let mut rig = live_again_after_5_s();
    assert_eq!(rig.encoder.last().map(|(at, _)| *at), Some(rig.now));
    rig.pass(20);
    assert_eq!(rig.server().media().len(), 0, "the IDR that is held is old");
    rig.push(idr(7_333));
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "idr"]);
}

#[test]
fn an_encoder_that_makes_no_idr_on_demand_is_not_waited_for() {
    let mut rig = live_again_after_5_s();
    rig.pass(149);
    assert_eq!(rig.server().media().len(), 0);
    rig.pass(2);
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "idr"], "the one that was held");
}

#[test]
fn the_budget_ends_in_failed() {
    let mut config = config();
    config.reconnect.budget = Some(Duration::from_secs(20));
    let mut rig = Rig::live(config);
    rig.pass(2_000);
    rig.fates.extend(std::iter::repeat_n(Fate::Refused, 1_000));
    rig.close();
    rig.pass(60_000);
    assert_eq!(rig.publish.state(), State::Failed);
    assert!(matches!(rig.losses().last(), Some((_, _, None))));
    let attempts = rig.connects.len();
    rig.pass(60_000);
    assert_eq!((rig.connects.len(), rig.wait), (attempts, None), "nothing comes after the end");
}

#[test]
fn a_first_connection_is_retried_only_when_asked() {
    let mut config = config();
    config.reconnect.retry_first_connection = true;
    let mut rig = Rig::new(config);
    rig.fates.extend([Fate::Refused, Fate::Refused]);
    rig.start();
    assert_eq!(rig.states(), [State::Connecting, State::Reconnecting]);
    rig.pass(2_000);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.connects.len(), 3);
    assert_eq!(rig.publish.snapshot(rig.now).reconnects, 0, "it was never lost");
}

#[test]
fn lf63_a_timeout_costs_exactly_one_attempt() {
    let mute = Fate::Server(Script { is_mute: true, ..Script::default() });
    let mut rig = Rig::lost([mute]);
    rig.pass(10_000);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.connects.len(), 3);
    assert_eq!(rig.losses().len(), 2);
}

#[test]
fn r07_a_name_still_taken_by_our_dead_connection_is_waited_for() {
    let taken = Answer::Status("NetStream.Publish.BadName", "Already publishing");
    let taken = Fate::Server(Script { publish: taken, ..Script::default() });
    let mut rig = Rig::lost(std::iter::repeat_n(taken, 5));
    rig.pass(30_000);
    assert_eq!(rig.publish.state(), State::Live);
    let waits: Vec<Duration> = rig.losses()[1..].iter().filter_map(|(.., wait)| *wait).collect();
    for (wait, secs) in waits.iter().zip([1u64, 2, 4, 5, 5]) {
        let bounds = Duration::from_millis(secs * 800)..=Duration::from_millis(secs * 1_200);
        assert!(bounds.contains(wait), "{wait:?} instead of {secs} s");
    }
    assert_eq!(rig.closes.len(), 5, "each socket is closed");
}

#[test]
fn r03_r04_a_socket_that_takes_nothing_for_eight_seconds_is_lost() {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.credit = Some(0);
    let stalled_at = rig.now;
    rig.stream(2_000, 7_500, 60);
    assert_eq!(rig.publish.state(), State::Live);
    rig.stream(9_500, 1_000, 60);
    let losses = rig.losses();
    let limit = Duration::from_secs(8);
    assert!(
        matches!(&losses[0], (PublishError::Timeout { step: "send", limit: l }, 0, Some(_)) if *l == limit),
        "{losses:?}"
    );
    let after = rig.closes[0].0.since(stalled_at);
    assert!(after >= limit && after <= limit + Duration::from_millis(100), "{after:?}");
    let [(doubted_at, true)] = rig.doubts()[..] else { panic!("{:?}", rig.doubts()) };
    let after = doubted_at.since(stalled_at).as_millis();
    assert!((3_000..3_100).contains(&after), "in doubt after {after} ms");
}

#[test]
fn r05_a_socket_that_goes_on_after_four_seconds_is_not_given_up() {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.credit = Some(0);
    rig.stream(2_000, 4_000, 60);
    rig.credit = None;
    rig.stream(6_000, 2_500, 60);
    assert_eq!(rig.connects.len(), 1);
    assert!(matches!(rig.doubts()[..], [(_, true), (_, false)]), "{:?}", rig.doubts());
    assert!(rig.encoder.iter().all(|(at, _)| at.since(rig.connects[0]) >= Duration::from_secs(6)));
    let resumed =
        rig.server().media().iter().rev().take_while(|heard| heard.word() != "idr").count();
    assert!(resumed < 200, "pictures go on after an IDR");
}

#[test]
fn lf67_with_a_full_queue_and_no_connection_nothing_wakes_up() {
    let mut rig = Rig::lost([]);
    let lost_at = rig.now;
    rig.publish.handle_path(Path::Down, rig.now);
    rig.stream(2_000, 1_000, 60);
    assert!(rig.publish.snapshot(rig.now).queue_units > 0);
    assert_eq!(rig.wait, Some(lost_at.offset_micros(600_000_000)), "the end of the budget");
}

#[test]
fn r13_a_path_change_ends_a_long_wait() {
    let mut rig = Rig::lost(std::iter::repeat_n(Fate::Refused, 6));
    while rig.connects.len() < 7 {
        rig.pass(10);
    }
    let changed_at = rig.now;
    rig.publish.handle_path(Path::Changed, changed_at);
    rig.pass(1_000);
    assert_eq!(rig.publish.state(), State::Live);
    assert!(rig.connects[7].since(changed_at) <= Duration::from_millis(300));
}

#[test]
fn a_handshake_never_repeats_its_random_bytes() {
    let mut rig = Rig::lost([]);
    let first = rig.sent[..1_537].to_vec();
    rig.sent.clear();
    rig.pass(300);
    assert_eq!(rig.publish.state(), State::Live);
    assert_ne!(rig.sent[..1_537], first[..]);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_outputs() {
    let run = |seed| {
        let mut config = config();
        config.seed = seed;
        config.reconnect = Policy::default();
        let mut rig = Rig::live(config);
        rig.fates.extend([Fate::Refused, Fate::Refused]);
        rig.stream(0, 1_500, 30);
        rig.close();
        rig.stream(1_500, 3_000, 30);
        rig.stop(100);
        (rig.sent, rig.events, rig.connects, rig.encoder)
    };
    assert!(run(1) == run(1));
    assert!(run(1) != run(2));
}

#[test]
fn d11_times_go_on_for_sixty_days() {
    let mut rig = Rig::live(video_only());
    let day_ms = 86_400_000;
    rig.push(idr(0));
    for day in 1..=60i64 {
        rig.now = rig.now.offset_micros(1_000);
        rig.push(idr(day * day_ms));
    }
    let last = rig.server().media().last().and_then(|heard| heard.timestamp_ms());
    assert_eq!(last, Some((60 * day_ms % (1 << 32)) as u32));
    assert!(rig.losses().is_empty());
    let _ = sound(0);
}
