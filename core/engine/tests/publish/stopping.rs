//! `stop` in every state: one end, in time, and nothing after it.

use std::time::Duration;

use onair_engine::amf0::Value;
use onair_engine::publish::{Closed, ConnectError, Event, Output, Path, State};

use crate::rig::{Fate, KEY, Rig, config, idr, picture, sound, video_only};
use crate::server::{Answer, Heard, Script};

/// After the end nothing moves, whatever comes in.
fn assert_over(rig: &mut Rig) {
    let stops = rig.states().iter().filter(|state| **state == State::Stopped).count();
    assert_eq!((stops, rig.publish.state()), (1, State::Stopped));
    let (events, connects) = (rig.events.len(), rig.connects.len());
    rig.publish.handle_connected(rig.now);
    rig.publish.handle_connect_failed(ConnectError::Refused, rig.now);
    rig.publish.handle_received(&[3; 100], rig.now);
    rig.publish.handle_unit(idr(9_000), rig.now);
    rig.publish.handle_closed(Closed::Reset, rig.now);
    rig.publish.handle_path(Path::Changed, rig.now);
    rig.publish.start(rig.now);
    rig.publish.stop(Duration::from_secs(1), rig.now);
    rig.is_connected = false;
    rig.pass(60_000);
    assert_eq!((rig.events.len(), rig.connects.len(), rig.wait), (events, connects, None));
}

#[test]
fn lf56_goodbyes_follow_what_was_pushed() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    rig.push(idr(0));
    rig.push(sound(23));
    rig.stop(200);
    let words = rig.server().words().into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words[words.len() - 4..], ["idr", "sound", "FCUnpublish", "deleteStream"]);
    let goodbyes: Vec<Vec<Value>> = rig
        .server()
        .heard
        .iter()
        .rev()
        .take(2)
        .filter_map(|heard| match heard {
            Heard::Command { arguments, .. } => Some(arguments.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(goodbyes[0], [Value::Null, Value::Number(1.0)]);
    assert_eq!(goodbyes[1], [Value::Null, Value::String(KEY.to_owned())]);
    assert_eq!(rig.states(), [State::Connecting, State::Live, State::Closing, State::Stopped]);
    assert_eq!(rig.closes.len(), 1);
    assert_over(&mut rig);
}

#[test]
fn lf17_the_sound_that_waits_for_a_picture_is_flushed() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    rig.push(idr(0));
    rig.push(sound(23));
    rig.stop(200);
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!((counts.audio_units_sent, counts.audio_units_dropped), (2, 0));
}

#[test]
fn r19_stop_ends_every_state_within_its_time() {
    let silent = |script: fn(Answer) -> Script| script(Answer::Silence);
    let scripts: [Script; 4] = [
        Script { is_mute: true, ..Script::default() },
        silent(|connect| Script { connect, ..Script::default() }),
        silent(|create_stream| Script { create_stream, ..Script::default() }),
        silent(|publish| Script { publish, ..Script::default() }),
    ];
    for script in scripts {
        let mut rig = Rig::started(config(), script);
        rig.pass(10);
        rig.stop(200);
        assert_eq!(rig.closes.len(), 1);
        assert_over(&mut rig);
    }

    let mut idle = Rig::new(config());
    idle.stop(200);
    assert!(idle.closes.is_empty());
    assert_over(&mut idle);

    let mut connecting = Rig::new(config());
    connecting.fates.push_back(Fate::Hang);
    connecting.start();
    connecting.stop(200);
    assert_eq!(connecting.closes.len(), 1, "the attempt is called off");
    assert_over(&mut connecting);

    let mut failed = Rig::new(config());
    failed.fates.push_back(Fate::Refused);
    failed.start();
    assert_eq!(failed.publish.state(), State::Failed);
    failed.stop(200);
    assert_over(&mut failed);
}

#[test]
fn lf66_stop_during_the_wait_makes_no_later_connection() {
    let mut rig = Rig::live(config());
    rig.pass(2_000);
    rig.close();
    assert_eq!(rig.publish.state(), State::Reconnecting);
    rig.stop(200);
    assert_eq!(rig.connects.len(), 1);
    assert_over(&mut rig);
}

#[test]
fn r19_stop_without_a_network_before_a_portal_and_in_doubt() {
    let mut parked = Rig::live(config());
    parked.pass(2_000);
    parked.close();
    parked.publish.handle_path(Path::Down, parked.now);
    parked.pass(20_000);
    let answer = b"HTTP/1.1 302 Found\r\n\r\n".to_vec();
    let portal = Script { instead_of_handshake: Some(answer), ..Script::default() };
    let mut captive = Rig::live(config());
    captive.fates.push_back(Fate::Server(portal));
    captive.pass(2_000);
    captive.close();
    captive.pass(2_000);
    let mut doubtful = Rig::live(video_only());
    doubtful.pass(2_000);
    doubtful.credit = Some(0);
    doubtful.push(idr(0));
    doubtful.pass(4_000);
    assert_eq!(doubtful.doubts().len(), 1);
    for mut rig in [parked, captive, doubtful] {
        let began = rig.now;
        rig.stop(200);
        rig.pass(200);
        assert!(rig.events.last().is_some_and(|(at, _)| at.since(began).as_millis() <= 200));
        assert_over(&mut rig);
    }
}

#[test]
fn r19_a_stuck_socket_does_not_hold_up_the_stop() {
    let mut rig = Rig::live(video_only());
    rig.credit = Some(1_000);
    rig.push(idr(0));
    rig.push(picture(33));
    let began = rig.now;
    rig.stop(200);
    assert_eq!(rig.publish.state(), State::Closing);
    rig.stop(10_000);
    rig.pass(1_000);
    assert_eq!(rig.closes, [(began.offset_micros(200_000), Duration::ZERO)]);
    assert_over(&mut rig);
}

#[test]
fn d03_a_picture_half_written_is_finished_before_the_goodbyes() {
    let mut rig = Rig::live(video_only());
    rig.credit = Some(1_000);
    rig.push(idr(0));
    rig.stop(200);
    rig.credit = None;
    rig.settle();
    let words = rig.server().words().into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words[words.len() - 3..], ["idr", "FCUnpublish", "deleteStream"]);
    assert_over(&mut rig);
}

#[test]
fn what_cannot_be_drained_gives_way_to_the_goodbyes() {
    let mut rig = Rig::live(video_only());
    rig.credit = Some(0);
    for index in 0..20 {
        let unit = if index == 0 { idr(0) } else { picture(index * 33) };
        rig.push(unit);
    }
    rig.stop(200);
    rig.pass(100);
    rig.credit = None;
    rig.settle();
    let words = rig.server().words().into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words[words.len() - 2..], ["FCUnpublish", "deleteStream"]);
    assert!(words.iter().filter(|word| *word == "picture").count() < 19);
    assert_over(&mut rig);
}

#[test]
fn a_server_that_closes_first_ends_the_goodbyes() {
    let mut rig = Rig::live(video_only());
    rig.credit = Some(0);
    rig.push(idr(0));
    rig.stop(200);
    rig.close();
    assert!(rig.closes.is_empty());
    assert_over(&mut rig);
}

#[test]
fn stop_while_the_publish_is_asked_for_takes_it_back() {
    let mut rig = Rig::started(config(), Script { publish: Answer::Silence, ..Script::default() });
    rig.stop(200);
    let commands = rig.server().commands();
    assert_eq!(commands[commands.len() - 2..], [("FCUnpublish", 6.0), ("deleteStream", 7.0)]);
    assert_over(&mut rig);
}

#[test]
fn stopped_comes_after_the_close_and_last() {
    let mut publish = onair_engine::publish::Publish::new(config());
    let now = onair_types::Now::ZERO;
    publish.start(now);
    publish.stop(Duration::ZERO, now);
    let mut outputs = Vec::new();
    loop {
        match publish.poll_output(now) {
            Output::Wait(until) => {
                assert_eq!(until, None);
                break;
            }
            output => outputs.push(output),
        }
    }
    assert_eq!(
        outputs[outputs.len() - 2..],
        [Output::Close { linger: Duration::ZERO }, Output::Event(Event::State(State::Stopped))]
    );
}
