//! The device's way to the network comes, goes and changes; and what a connection that is given up
//! still says.

use std::time::Duration;

use onair_engine::publish::{Path, PublishError, State};
use onair_engine::rate::Transport;
use onair_engine::reconnect::Policy;

use crate::rig::{Fate, KEY, Rig, config};
use crate::server::{Answer, Script};

/// Live for two seconds, and then the server has nothing more of what is sent.
fn stalled() -> Rig {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.publish.handle_transport(unacked(5_000), rig.now);
    rig.settle();
    rig
}

fn unacked(bytes: u64) -> Transport {
    Transport { unacked_bytes: bytes, unsent_bytes: 0, rtt: Duration::from_millis(50) }
}

fn tell(rig: &mut Rig, path: Path) {
    rig.publish.handle_path(path, rig.now);
    rig.settle();
}

#[test]
fn r13_a_live_connection_that_does_not_outlive_the_change_is_left_after_two_seconds() {
    let mut rig = stalled();
    let changed_at = rig.now;
    tell(&mut rig, Path::Changed);
    rig.pass(1_900);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 1));
    rig.pass(1_100);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
    let gap = rig.connects[1].since(changed_at).as_millis();
    assert!((2_000..=2_550).contains(&gap), "{gap} ms: 2 s, the goodbye's 100 ms, the jitter");
    assert!(matches!(rig.losses()[0].0, PublishError::Timeout { step: "send", limit }
        if limit == Duration::from_secs(2)));
}

#[test]
fn r13_a_live_connection_that_outlives_the_change_stays() {
    let mut rig = stalled();
    tell(&mut rig, Path::Changed);
    rig.pass(1_500);
    rig.publish.handle_transport(unacked(0), rig.now);
    rig.settle();
    rig.pass(20_000);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 1));
}

#[test]
fn r13_an_attempt_on_the_old_path_is_called_off_two_seconds_after_the_change() {
    let hangs = [Fate::Hang, Fate::Server(Script { is_mute: true, ..Script::default() })];
    for hang in hangs {
        let mut rig = Rig::lost([hang]);
        rig.pass(1_000);
        assert_eq!(rig.connects.len(), 2);
        tell(&mut rig, Path::Changed);
        rig.pass(1_999);
        assert_eq!(rig.connects.len(), 2);
        rig.pass(252);
        assert_eq!((rig.connects.len(), rig.publish.state()), (3, State::Live));
    }
}

#[test]
fn without_a_way_to_the_network_nothing_is_tried_until_there_is_one() {
    let mut rig = Rig::lost([]);
    tell(&mut rig, Path::Down);
    rig.pass(60_000);
    assert_eq!((rig.connects.len(), rig.publish.state()), (1, State::Reconnecting));
    let up_at = rig.now;
    tell(&mut rig, Path::Up);
    rig.pass(1_000);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.connects[1].since(up_at), Duration::from_millis(300));
}

#[test]
fn the_budget_ends_the_wait_for_a_network_with_the_cause() {
    let mut config = config();
    config.reconnect.budget = Some(Duration::from_secs(20));
    let mut rig = Rig::live(config);
    rig.stream(0, 2_000, 60);
    rig.close();
    tell(&mut rig, Path::Down);
    let lost_at = rig.now;
    rig.pass(60_000);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Failed, 1));
    let [(first, 0, Some(_)), (last, 0, None)] = &rig.losses()[..] else { panic!("two losses") };
    assert_eq!(first, last);
    let ended_at = rig.events.last().map(|(at, _)| at.since(lost_at));
    assert_eq!(ended_at, Some(Duration::from_secs(20)));
}

#[test]
fn r14_twenty_flaps_in_ten_seconds_make_eight_attempts_at_most() {
    let mut rig = Rig::lost(std::iter::repeat_n(Fate::Refused, 8));
    for _ in 0..10 {
        tell(&mut rig, Path::Down);
        rig.pass(100);
        tell(&mut rig, Path::Up);
        rig.pass(900);
    }
    let attempts = rig.connects.len() - 1;
    assert!((1..=8).contains(&attempts), "{attempts} attempts");
    tell(&mut rig, Path::Changed);
    rig.pass(10_000);
    assert_eq!(rig.publish.state(), State::Live);
}

#[test]
fn a_live_connection_that_is_given_up_says_goodbye_before_another_begins() {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    // Type 3 on a chunk stream that never had a header.
    rig.publish.handle_received(&[0xC0 | 20, 0, 0, 0, 0], rig.now);
    let broken_at = rig.now;
    rig.settle();
    let commands = rig.servers[0].commands();
    assert_eq!(commands[commands.len() - 2..], [("FCUnpublish", 6.0), ("deleteStream", 7.0)]);
    assert_eq!(rig.closes, [(broken_at, Duration::from_millis(100))]);
    rig.pass(300);
    assert!(rig.connects[1].since(broken_at) >= Duration::from_millis(100));
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.server().commands()[0], ("connect", 1.0), "nothing of the old connection");
}

#[test]
fn a_name_that_another_holds_is_not_said_goodbye_to() {
    let taken = Answer::Status("NetStream.Publish.BadName", "Already publishing");
    let mut rig = Rig::lost([Fate::Server(Script { publish: taken, ..Script::default() })]);
    rig.pass(500);
    let commands: Vec<&str> = rig.server().commands().iter().map(|(name, _)| *name).collect();
    assert_eq!(commands.last(), Some(&"publish"));
}

#[test]
fn r12_a_captive_portal_hears_no_key_and_is_left_until_the_path_changes() {
    let answer = b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n".to_vec();
    let portal = Script { instead_of_handshake: Some(answer), ..Script::default() };
    let mut rig = Rig::lost(std::iter::repeat_n(Fate::Server(portal), 2));
    rig.sent.clear();
    rig.pass(20_000);
    assert_eq!((rig.connects.len(), rig.publish.state()), (2, State::Reconnecting));
    let key = KEY.as_bytes();
    assert!(!rig.sent.windows(key.len()).any(|bytes| bytes == key), "the key was sent");
    let told_after = rig.events.last().map(|(at, _)| at.since(rig.connects[1]));
    assert!(told_after.is_some_and(|after| after <= Duration::from_secs(5)));
    for connects in [3, 4] {
        tell(&mut rig, Path::Changed);
        rig.pass(300);
        assert_eq!(rig.connects.len(), connects);
    }
    rig.pass(100);
    assert_eq!(rig.publish.state(), State::Live);
}

#[test]
fn lf62_a_refused_server_under_lflivekits_policy_is_asked_six_times() {
    let mut config = config();
    config.reconnect = Policy::lflivekit();
    let mut rig = Rig::new(config);
    rig.fates.extend(std::iter::repeat_n(Fate::Refused, 20));
    rig.start();
    rig.pass(60_000);
    assert_eq!(rig.states(), [State::Connecting, State::Reconnecting, State::Failed]);
    let apart = rig.connects.windows(2).map(|pair| pair[1].since(pair[0]));
    assert_eq!(apart.collect::<Vec<_>>(), [Duration::from_secs(3); 5]);
    let waits = rig.losses().iter().filter(|(.., retry_in)| retry_in.is_some()).count();
    assert_eq!(waits, 5, "LFLiveKit's five Refresh");
}
