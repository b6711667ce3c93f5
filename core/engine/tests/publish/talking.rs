//! While live: pings, acknowledgements, status, one write a picture.

use std::time::Duration;

use onair_engine::amf0::Value;
use onair_engine::publish::{PublishError, State};
use onair_engine::rate::Transport;
use onair_types::{AccessUnit, FrameKind, MediaTime};

use crate::rig::{Rig, avc_config, config, idr, picture, sound, video_only, video_unit};
use crate::server::Heard;

fn pongs(rig: &mut Rig) -> Vec<Vec<u8>> {
    let pongs = rig.server().heard.iter().filter_map(|heard| match heard {
        Heard::Pong(value) => Some(value.clone()),
        _ => None,
    });
    pongs.collect()
}

fn acknowledgements(rig: &mut Rig) -> Vec<u32> {
    let acks = rig.server().heard.iter().filter_map(|heard| match heard {
        Heard::Acknowledgement(total) => Some(*total),
        _ => None,
    });
    acks.collect()
}

#[test]
fn lf57_a_ping_is_answered_at_once_with_its_value() {
    let mut rig = Rig::live(config());
    rig.server().ping([1, 2, 3, 4]);
    rig.settle();
    assert_eq!(pongs(&mut rig), [vec![1, 2, 3, 4]]);
}

#[test]
fn p08_a_flood_of_pings_gets_ten_answers_a_second() {
    let mut rig = Rig::live(config());
    for _ in 0..200 {
        for value in 0..50u8 {
            rig.server().ping([0, 0, 0, value]);
        }
        rig.settle();
        rig.pass(10);
    }
    assert_eq!(pongs(&mut rig).len(), 20);
}

#[test]
fn lf58_each_window_of_bytes_is_acknowledged_with_the_running_total() {
    let mut rig = Rig::live(config());
    rig.server().set_window(2_000);
    for _ in 0..100 {
        rig.server().command("onBWCheck", 0.0, &[Value::String("x".repeat(200))]);
        rig.settle();
        rig.pass(100);
    }
    let totals = acknowledgements(&mut rig);
    assert!(totals.len() >= 8, "{totals:?}");
    assert!(totals.is_sorted_by(|a, b| a + 2_000 <= *b), "{totals:?}");
    let received = rig.publish.snapshot(rig.now).bytes_received - (1 + 2 * 1_536);
    assert!(u64::from(*totals.last().expect("some")) <= received);
    assert!(received - u64::from(*totals.last().expect("some")) < 2_300);
}

#[test]
fn p10_a_window_of_one_byte_makes_no_storm() {
    let mut rig = Rig::live(config());
    rig.server().set_window(1);
    for _ in 0..1_000 {
        rig.server().command("onBWCheck", 0.0, &[]);
        rig.settle();
        rig.pass(1);
    }
    let count = acknowledgements(&mut rig).len();
    assert!((15..=21).contains(&count), "{count} acknowledgements in a second");
    rig.pass(100);
    let received = rig.publish.snapshot(rig.now).bytes_received - (1 + 2 * 1_536);
    assert_eq!(acknowledgements(&mut rig).last(), Some(&(received as u32)), "none stays owed");
}

#[test]
fn p10_a_server_that_never_acknowledges_and_any_window_stop_nothing() {
    for window in [0, 1, 65_536, u32::MAX] {
        let mut rig = Rig::live(config());
        rig.server().set_window(window);
        rig.stream(0, 20_000, 60);
        let counts = rig.publish.snapshot(rig.now);
        assert_eq!((rig.publish.state(), counts.video_units_sent), (State::Live, 600), "{window}");
        assert_eq!((counts.video_units_dropped, counts.audio_units_dropped), (0, 0), "{window}");
        let acknowledged = acknowledgements(&mut rig).len();
        assert!(acknowledged <= 20, "{acknowledged} for a few bytes and a window of {window}");
    }
}

#[test]
fn b3_a_minute_with_sound_needs_at_most_2000_writes() {
    let mut rig = Rig::live(config());
    let writes = rig.writes.len();
    rig.stream(0, 60_000, 60);
    let writes = rig.writes.len() - writes;
    assert!(writes <= 1_850, "{writes} writes for 1800 pictures");
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!(counts.video_units_sent, 1_800);
    assert_eq!((counts.video_units_dropped, counts.audio_units_dropped), (0, 0));
}

#[test]
fn sound_waits_for_a_picture_but_not_longer_than_60_ms() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    rig.push(idr(0));
    let sounds = |rig: &mut Rig| rig.server().words().iter().filter(|w| **w == "sound").count();
    assert_eq!(sounds(&mut rig), 1);
    rig.push(sound(23));
    rig.pass(23);
    rig.push(sound(46));
    rig.pass(36);
    assert_eq!(sounds(&mut rig), 1, "59 ms are not 60");
    rig.pass(1);
    assert_eq!(sounds(&mut rig), 3, "both ride together");
    rig.push(sound(70));
    rig.push(picture(70));
    assert_eq!(sounds(&mut rig), 4);
}

#[test]
fn lf55_new_parameter_sets_bring_metadata_and_a_header_before_their_idr() {
    let mut rig = Rig::live(video_only());
    rig.push(idr(0));
    rig.push(picture(33));
    let mut unit =
        video_unit(FrameKind::Idr, MediaTime::from_millis(66), MediaTime::from_millis(66), 900);
    unit.config = avc_config(0x1F).into();
    rig.push(AccessUnit::Video(unit));
    let media = rig.server().media();
    let words: Vec<&str> = media.iter().map(|heard| heard.word()).collect();
    let expected = ["metadata", "avc header", "idr", "picture", "metadata", "avc header", "idr"];
    assert_eq!(words, expected);
    let Heard::AvcHeader { timestamp_ms, record } = media[5] else { panic!("a header") };
    assert_eq!((*timestamp_ms, record.as_slice()), (66, avc_config(0x1F).record()));
    let Heard::Data { values, .. } = media[4] else { panic!("metadata") };
    let number = |key| values[2].get(key).and_then(Value::as_number);
    let info = avc_config(0x1F).sps_info().expect("a good SPS");
    assert_eq!(number("width"), Some(f64::from(info.width)), "the size follows the SPS");
    assert_eq!(number("height"), Some(f64::from(info.height)));
}

#[test]
fn lf76_every_unit_is_counted_once() {
    let mut rig = Rig::live(config());
    rig.stream(0, 5_000, 60);
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!(counts.video_units_in, 150);
    assert_eq!(counts.video_units_in, counts.video_units_sent + counts.video_units_dropped);
    let waiting = u64::from(counts.queue_units);
    assert_eq!(
        counts.audio_units_in,
        counts.audio_units_sent + counts.audio_units_dropped + waiting
    );
    assert_eq!(counts.bytes_sent, rig.sent.len() as u64);
    assert_eq!(counts.target_bitrate_bps, 800_000);
    assert!(counts.queue_age <= std::time::Duration::from_millis(60));
}

#[test]
fn lf70_a_server_that_says_it_is_over_is_a_loss() {
    for code in ["NetConnection.Connect.Closed", "NetStream.Unpublish.Success"] {
        let mut rig = Rig::live(config());
        rig.pass(1_500);
        rig.server().status("status", code, "bye");
        rig.settle();
        assert_eq!(rig.publish.state(), State::Reconnecting, "{code}");
        let losses = rig.losses();
        let [(error @ PublishError::ClosedLive(_), 0, Some(_))] = &losses[..] else {
            panic!("one loss, and another attempt: {losses:?}")
        };
        assert!(error.to_string().contains(&format!("({code}): bye")), "{error}");
    }
}

#[test]
fn a_refusal_in_mid_stream_names_its_code() {
    let mut rig = Rig::live(config());
    rig.pass(1_500);
    rig.server().status("error", "NetStream.Publish.Denied", "over quota");
    rig.settle();
    let (error, ..) = rig.losses().remove(0);
    assert_eq!(error.to_string(), "publish: the server said NetStream.Publish.Denied: over quota");
}

#[test]
fn a15_when_the_system_stops_telling_the_server_s_acknowledgements_do() {
    let inflight = |rig: &Rig| rig.publish.snapshot(rig.now).inflight_bytes;
    let mut rig = Rig::live(config());
    rig.server().acknowledge(1_000);
    rig.stream(0, 300, 60);
    let rtt = Duration::from_millis(40);
    rig.publish.handle_transport(Transport { rtt, ..Transport::default() }, rig.now);
    assert_eq!((inflight(&rig), rig.publish.snapshot(rig.now).rtt), (0, rtt));

    rig.publish.handle_transport_lost(rig.now);
    let before = rig.publish.snapshot(rig.now).bytes_sent;
    rig.stream(300, 300, 60);
    let sent = rig.publish.snapshot(rig.now).bytes_sent;
    assert_eq!(inflight(&rig), sent - before, "what the system told stays true");
    rig.server().acknowledge(sent as u32);
    rig.settle();
    assert_eq!(inflight(&rig), 0);
}
