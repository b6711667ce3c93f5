//! Whatever comes, in whatever order: no panic, no loop, no time that runs back.

use std::io::IoSlice;
use std::time::Duration;

use onair_engine::publish::{
    Alignment, Closed, ConnectError, Delivery, Event, Move, Output, Path, Publish, State,
};
use onair_engine::rate::Transport;
use onair_types::{FrameKind, MediaTime, Now};
use proptest::prelude::*;

use crate::rig::{Rig, audio_at_time, config, video_at_time};
use crate::server::Server;

#[derive(Clone, Debug)]
enum Input {
    Start,
    Stop(u64),
    Connected,
    ConnectFailed,
    Garbage(Vec<u8>),
    /// What a willing server would send now.
    Served,
    Closed,
    Written(usize),
    Video(FrameKind, i64),
    Audio(i64),
    Timeout,
    Path(Path),
    /// The server asks for another connection.
    Reconnect,
    NextConnected,
    NextFailed,
    NextClosed,
    /// What the second connection's willing server would send now.
    NextServed,
    Pass(i64),
}

fn input() -> impl Strategy<Value = Input> {
    let kind =
        prop_oneof![Just(FrameKind::Idr), Just(FrameKind::Reference), Just(FrameKind::Disposable)];
    prop_oneof![
        2 => Just(Input::Start),
        1 => (0u64..2_000).prop_map(Input::Stop),
        6 => Just(Input::Connected),
        1 => Just(Input::ConnectFailed),
        1 => prop::collection::vec(any::<u8>(), 0..50).prop_map(Input::Garbage),
        16 => Just(Input::Served),
        1 => Just(Input::Closed),
        12 => (0usize..200_000).prop_map(Input::Written),
        12 => (kind, -100i64..5_000).prop_map(|(kind, dts)| Input::Video(kind, dts)),
        8 => (-100i64..5_000).prop_map(Input::Audio),
        4 => Just(Input::Timeout),
        1 => prop_oneof![Just(Path::Up), Just(Path::Down), Just(Path::Changed)].prop_map(Input::Path),
        3 => Just(Input::Reconnect),
        4 => Just(Input::NextConnected),
        1 => Just(Input::NextFailed),
        1 => Just(Input::NextClosed),
        12 => Just(Input::NextServed),
        8 => (-50i64..12_000).prop_map(Input::Pass),
    ]
}

/// Drains; every output is checked.
fn drain(publish: &mut Publish, now: Now, outputs: &mut Vec<Output>) -> Result<(), TestCaseError> {
    for _ in 0..100 {
        match publish.poll_output(now) {
            Output::Wait(until) => {
                prop_assert!(until.is_none_or(|until| until > now), "waits for the past");
                // A timeout that nobody asked for changes nothing.
                publish.handle_timeout(now);
                prop_assert_eq!(publish.poll_output(now), Output::Wait(until));
                return Ok(());
            }
            output => outputs.push(output),
        }
    }
    prop_assert!(false, "outputs without end");
    Ok(())
}

/// Chance alone seldom gets as far as a second connection.
fn prelude() -> Vec<Input> {
    use Input::{Connected, NextConnected, NextServed, Reconnect, Served, Start};
    let live = [Start, Connected, Served, Served, Served, Served, Served];
    let held = [Reconnect, NextConnected, NextServed, NextServed, NextServed, NextServed];
    live.into_iter().chain(held).collect()
}

fn take_next(publish: &Publish) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 64];
    let filled = publish.next_outgoing(&mut slices);
    slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect()
}

fn take(publish: &Publish, limit: usize) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 64];
    let filled = publish.outgoing(&mut slices);
    let mut bytes: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
    bytes.truncate(limit);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn r19_any_order_of_inputs_ends_in_one_stop(
        inputs in prop::collection::vec(input(), 1..120),
        is_complete in any::<bool>(),
        is_file in any::<bool>(),
        begins_with_a_move in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut config = config();
        config.seed = seed;
        config.delivery = if is_complete { Delivery::Complete } else { Delivery::Live };
        config.alignment = if is_file { Alignment::AsIs } else { Alignment::FirstKeyframe };
        let mut publish = Publish::new(config);
        let mut outputs = Vec::new();
        let (mut server, mut is_asked): (Option<Server>, bool) = (None, false);
        let (mut next, mut is_next_asked): (Option<Server>, bool) = (None, false);
        // The clock may be read by several threads: now and then it seems to go back.
        let (mut now, mut latest) = (Now::ZERO, Now::ZERO);
        let prelude = if begins_with_a_move { prelude() } else { Vec::new() };
        for input in prelude.into_iter().chain(inputs) {
            match input {
                Input::Start => publish.start(now),
                Input::Stop(drain_ms) => publish.stop(Duration::from_millis(drain_ms), now),
                Input::Connected => {
                    if std::mem::take(&mut is_asked) {
                        server = Some(Server::new(Default::default()));
                    }
                    publish.handle_connected(now);
                }
                Input::ConnectFailed => {
                    publish.handle_connect_failed(ConnectError::Unreachable, now);
                }
                Input::Garbage(bytes) => publish.handle_received(&bytes, now),
                Input::Served => {
                    if let Some(server) = &mut server {
                        let bytes = take(&publish, usize::MAX);
                        publish.handle_written(bytes.len(), now);
                        server.receive(&bytes, now);
                        let answer = server.take_bytes();
                        publish.handle_received(&answer, now);
                    }
                }
                Input::Closed => publish.handle_closed(Closed::Reset, now),
                Input::Written(bytes) => {
                    let taken = take(&publish, bytes);
                    if let Some(server) = &mut server {
                        server.receive(&taken, now);
                    }
                    publish.handle_written(taken.len(), now);
                }
                Input::Video(kind, dts_ms) => {
                    let unit = video_at_time(kind, MediaTime::from_millis(dts_ms));
                    match dts_ms % 2 {
                        0 => publish.handle_unit(unit, now),
                        _ => publish.handle_unit_of_many(unit, false, now),
                    }
                }
                Input::Audio(pts_ms) => {
                    let unit = audio_at_time(MediaTime::from_millis(pts_ms));
                    match pts_ms % 3 {
                        0 => publish.handle_unit(unit, now),
                        third => publish.handle_unit_of_many(unit, third == 1, now),
                    }
                }
                Input::Reconnect => {
                    if let Some(server) = &mut server {
                        server.request_reconnect(None);
                        publish.handle_received(&server.take_bytes(), now);
                    }
                }
                Input::NextConnected => {
                    if std::mem::take(&mut is_next_asked) {
                        next = Some(Server::new(Default::default()));
                    }
                    publish.handle_next_connected(now);
                }
                Input::NextFailed => {
                    publish.handle_next_connect_failed(ConnectError::Unreachable, now);
                }
                Input::NextClosed => publish.handle_next_closed(Closed::Reset, now),
                Input::NextServed => {
                    if let Some(next) = &mut next {
                        let bytes = take_next(&publish);
                        publish.handle_next_written(bytes.len(), now);
                        next.receive(&bytes, now);
                        publish.handle_next_received(&next.take_bytes(), now);
                    }
                }
                Input::Timeout => publish.handle_timeout(now),
                Input::Path(path) => publish.handle_path(path, now),
                Input::Pass(ms) => now = now.offset_micros(ms * 1_000),
            }
            publish.handle_transport(Transport::default(), now);
            latest = latest.max(now);
            let before = outputs.len();
            drain(&mut publish, latest, &mut outputs)?;
            let has_closed = outputs[before..].iter().any(|o| matches!(o, Output::Close { .. }));
            let has_lost =
                outputs[before..].iter().any(|o| matches!(o, Output::Event(Event::Lost { .. })));
            if has_closed || has_lost {
                server = None;
                is_asked = false;
            }
            is_asked |= outputs[before..].iter().any(|o| matches!(o, Output::Connect { .. }));
            for output in &outputs[before..] {
                match output {
                    Output::ConnectNext { .. } => is_next_asked = true,
                    Output::CloseNext => (next, is_next_asked) = (None, false),
                    Output::Switch { .. } => server = next.take(),
                    Output::Event(Event::Move(Move::Failed(_))) => next = None,
                    _ => {}
                }
            }
            let counts = publish.snapshot(latest);
            prop_assert_eq!(
                counts.video_units_in + counts.audio_units_in,
                counts.video_units_sent + counts.audio_units_sent
                    + counts.video_units_dropped + counts.audio_units_dropped
                    + u64::from(counts.queue_units)
            );
            prop_assert!(counts.queue_bytes <= (8 << 20) + (64 << 10) + 4_000);
        }
        publish.stop(Duration::from_millis(200), latest);
        drain(&mut publish, latest, &mut outputs)?;
        let end = latest.offset_micros(200_000);
        publish.handle_timeout(end);
        drain(&mut publish, end, &mut outputs)?;
        // Unless an earlier stop was given more time.
        let end = latest.offset_micros(2_000_000);
        drain(&mut publish, end, &mut outputs)?;
        let stopped = Output::Event(Event::State(State::Stopped));
        prop_assert_eq!(outputs.iter().filter(|output| **output == stopped).count(), 1);
        prop_assert_eq!(outputs.last(), Some(&stopped));
        prop_assert_eq!(publish.poll_output(end), Output::Wait(None));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn d07_wire_times_increase_on_each_track_whatever_the_socket_takes(
        credits in prop::collection::vec(0usize..60_000, 20..60),
        gop in 5i64..40,
    ) {
        let mut rig = Rig::live(config());
        rig.credit = Some(0);
        for (slice, credit) in credits.into_iter().enumerate() {
            *rig.credit.get_or_insert(0) += credit;
            rig.settle();
            rig.stream(slice as i64 * 200, 200, gop);
        }
        for server in &rig.servers {
            for words in [&["idr", "picture"][..], &["sound"]] {
                let media = server.media().into_iter();
                let track = media.filter(|heard| words.contains(&heard.word()));
                let times: Vec<_> = track.filter_map(|heard| heard.timestamp_ms()).collect();
                prop_assert!(times.is_sorted_by(|a, b| a < b), "{:?}: {:?}", words, times);
            }
            // D01 on the wire: after a gap in the pictures comes an IDR.
            let mut last = None;
            for heard in server.media() {
                let time = heard.timestamp_ms();
                if heard.word() == "picture"
                    && let (Some(last), Some(time)) = (last, time)
                {
                    prop_assert!(time - last <= 34, "a picture {} ms after its reference", time - last);
                }
                if ["idr", "picture"].contains(&heard.word()) {
                    last = time;
                }
            }
        }
    }
}
