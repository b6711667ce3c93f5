//! A stream between a publisher and players, without sockets; time is made up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use onair_engine::amf0::Value;
use onair_types::Now;

use super::*;
use crate::config::SecondPublisher;
use crate::crowd::{Seat, Waits};
use crate::hub::Hub;
use crate::player::{Delivery, Player};
use crate::record::Writers;
use crate::ring::Join;
use crate::sample;

impl Publication {
    /// Takes a message and tells of it.
    fn push(
        &mut self,
        tag_type: TagType,
        wire_ms: u32,
        body: Vec<u8>,
        now: Now,
    ) -> Result<(), PushError> {
        let taken = self.take(tag_type, wire_ms, body, now);
        while self.tell(now) {}
        taken
    }
}

fn hub(policy: SecondPublisher) -> Hub {
    Hub::new(policy, None, Writers::new().0)
}

fn name() -> StreamName {
    StreamName::parse("live", "test").unwrap()
}

fn at(ms: u32) -> Now {
    Now::from_millis(i64::from(ms))
}

/// Pushes both headers.
fn headers(publisher: &mut Publication) {
    publisher.push(TagType::Video, 0, sample::avc_header(), at(0)).unwrap();
    publisher.push(TagType::Audio, 0, sample::aac_header(), at(0)).unwrap();
}

/// Pushes pictures at 25 fps with a key frame each second, `from_ms..to_ms`, and sound.
fn media(publisher: &mut Publication, from_ms: u32, to_ms: u32) {
    for ms in (from_ms..to_ms).step_by(40) {
        let picture = if ms % 1_000 == 0 { sample::key(4_000) } else { sample::delta(0, 1_000) };
        publisher.push(TagType::Video, ms, picture, at(ms)).unwrap();
        publisher.push(TagType::Audio, ms + 5, sample::audio(1), at(ms)).unwrap();
    }
}

/// Everything that is there for a player.
fn drain(player: &mut Player) -> Vec<Delivery> {
    std::iter::from_fn(|| player.next(Waits::Task(Waker::noop()))).collect()
}

fn units(deliveries: &[Delivery]) -> Vec<&Arc<Unit>> {
    let mut units = Vec::new();
    for delivery in deliveries {
        if let Delivery::Unit(unit) = delivery {
            units.push(unit);
        }
    }
    units
}

fn start(delivery: &Delivery) -> &Join {
    match delivery {
        Delivery::Start(join) => join,
        other => panic!("{other:?} instead of a start"),
    }
}

#[test]
fn a_late_player_gets_headers_and_the_newest_gop_at_once() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    let metadata = [Value::EcmaArray(vec![("width".to_owned(), Value::Number(640.0))])];
    publisher.push_metadata(&metadata, at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 5_500);

    let got = drain(&mut hub.play(name()));
    let join = start(&got[0]);
    assert_eq!(join.headers.units().count(), 3);
    assert_eq!(join.timestamp_ms, 5_000);
    let units = units(&got);
    assert_eq!((units[0].kind, units[0].timestamp_ms), (Kind::Key, 5_000));
    assert_eq!(units.len(), 2 * 13, "the newest GOP, pictures and sound");
}

#[test]
fn a_player_that_came_first_waits_and_gets_everything() {
    let hub = hub(SecondPublisher::Reject);
    let mut player = hub.play(name());
    assert!(drain(&mut player).is_empty());
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 1_000);
    let got = drain(&mut player);
    assert_eq!(start(&got[0]).timestamp_ms, 0);
    assert_eq!(units(&got).len(), 50);
}

#[test]
fn players_share_one_copy() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 200);
    let (one, other) = (drain(&mut hub.play(name())), drain(&mut hub.play(name())));
    for (a, b) in units(&one).iter().zip(units(&other)) {
        assert!(Arc::ptr_eq(a, b));
        assert_eq!(a.flv_tag().as_ptr(), b.flv_tag().as_ptr());
    }
}

#[test]
fn players_are_woken_for_pictures_and_sound_rides_along() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 1_000);
    let mut player = hub.play(name());
    let mut drain = || while player.next(Waits::Task(&waker)).is_some() {};
    drain();
    for ms in (1_000..2_000).step_by(40) {
        publisher.push(TagType::Video, ms, sample::delta(0, 10), at(ms)).unwrap();
        drain();
        publisher.push(TagType::Audio, ms, sample::audio(1), at(ms + 10)).unwrap();
        drain();
    }
    assert_eq!(count.0.load(Ordering::Relaxed), 25);
    // Without pictures, sound does not wait for any.
    for ms in (2_000..3_000).step_by(40) {
        publisher.push(TagType::Audio, ms, sample::audio(1), at(ms)).unwrap();
        drain();
    }
    assert!(count.0.load(Ordering::Relaxed) >= 49);
}

/// A player whose socket takes everything.
struct Taker(Mutex<Vec<u64>>);

impl Seat for Taker {
    fn feed(&self, run: Option<&Run>, _: Now) -> bool {
        self.0.lock().unwrap().extend(run.map(Run::from));
        true
    }

    fn wake(&self) {}
}

#[test]
fn many_players_are_told_in_portions_and_each_of_everything_once() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 40);
    let seats: Vec<_> = (0..AT_ONCE * 2 + 1).map(|_| Arc::new(Taker(Mutex::default()))).collect();
    let mut players: Vec<_> = seats.iter().map(|_| hub.play(name())).collect();
    for (player, taker) in players.iter_mut().zip(&seats) {
        let seat = || Arc::clone(taker) as Arc<dyn Seat>;
        while player.next(Waits::Seat(&seat)).is_some() {}
    }
    for ms in [40, 80] {
        publisher.take(TagType::Video, ms, sample::delta(0, 10), at(ms)).unwrap();
        assert!(publisher.tell(at(ms)) && publisher.tell(at(ms)));
        let told = |taker: &&Arc<Taker>| taker.0.lock().unwrap().len() == ms as usize / 40;
        assert_eq!(seats.iter().filter(told).count(), AT_ONCE * 2);
        assert!(!publisher.tell(at(ms)), "all were told");
    }
    let runs = |taker: &Arc<Taker>| taker.0.lock().unwrap().clone();
    let first = runs(&seats[0]);
    assert!(first.len() == 2 && seats.iter().all(|taker| runs(taker) == first));
}

#[test]
fn pictures_before_the_first_key_frame_are_not_passed_on() {
    let hub = hub(SecondPublisher::Reject);
    let mut player = hub.play(name());
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 520, 1_080);
    let got = drain(&mut player);
    let first = units(&got)[0];
    assert_eq!((first.kind, first.timestamp_ms), (Kind::Key, 1_000));
}

#[test]
fn frames_before_their_header_are_not_passed_on() {
    let hub = hub(SecondPublisher::Reject);
    let mut player = hub.play(name());
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    media(&mut publisher, 0, 1_000);
    assert!(drain(&mut player).is_empty());
}

#[test]
fn a_slow_player_goes_on_at_a_key_frame_and_the_others_lose_nothing() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    let (mut slow, mut quick) = (hub.play(name()), hub.play(name()));
    media(&mut publisher, 0, 1_000);
    drain(&mut slow);
    let mut received = units(&drain(&mut quick)).len();
    for second in 1..30 {
        media(&mut publisher, second * 1_000, second * 1_000 + 1_000);
        received += units(&drain(&mut quick)).len();
    }
    assert_eq!(received, 30 * 50);
    let got = drain(&mut slow);
    assert_eq!(start(&got[0]).timestamp_ms, 29_000);
    assert_eq!(units(&got)[0].kind, Kind::Key);
}

#[test]
fn sound_alone_can_be_joined_unless_metadata_announces_pictures() {
    let hub = hub(SecondPublisher::Reject);
    for announced in [false, true] {
        let mut publisher = hub.publish(name(), at(0)).unwrap();
        if announced {
            let codec = ("videocodecid".to_owned(), Value::Number(7.0));
            publisher.push_metadata(&[Value::EcmaArray(vec![codec])], at(0)).unwrap();
        }
        publisher.push(TagType::Audio, 0, sample::aac_header(), at(0)).unwrap();
        publisher.push(TagType::Audio, 0, sample::audio(1), at(0)).unwrap();
        assert_eq!(drain(&mut hub.play(name())).is_empty(), announced);
        publisher.push(TagType::Video, 0, sample::avc_header(), at(0)).unwrap();
        publisher.push(TagType::Video, 0, sample::key(100), at(0)).unwrap();
        assert!(!drain(&mut hub.play(name())).is_empty());
    }
}

#[test]
fn p20_the_second_publisher_is_refused_by_default() {
    let hub = hub(SecondPublisher::Reject);
    let first = hub.publish(name(), at(0)).unwrap();
    assert_eq!(hub.publish(name(), at(1)).err(), Some(Busy));
    drop(first);
    assert!(hub.publish(name(), at(2)).is_ok());
}

#[test]
fn p20_taking_over_keeps_players_without_a_step_back() {
    let hub = hub(SecondPublisher::TakeOver);
    let mut first = hub.publish(name(), at(0)).unwrap();
    headers(&mut first);
    media(&mut first, 600_000, 601_000);
    let mut player = hub.play(name());
    drain(&mut player);

    let mut second = hub.publish(name(), at(601_000)).unwrap();
    let late = first.push(TagType::Audio, 601_000, sample::audio(1), at(601_000));
    assert_eq!(late, Err(PushError::Revoked));
    headers(&mut second);
    // Its own time begins at 0 again.
    second.push(TagType::Video, 0, sample::key(100), at(601_100)).unwrap();
    drop(first);
    second.push(TagType::Video, 40, sample::delta(0, 100), at(601_140)).unwrap();

    let got = drain(&mut player);
    assert!(!got.iter().any(|delivery| matches!(delivery, Delivery::End | Delivery::Start(_))));
    let times: Vec<u32> = units(&got).iter().map(|unit| unit.timestamp_ms).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times[times.len() - 1] - times[times.len() - 2], 40);
    assert!(times[times.len() - 1] >= 601_000);
}

#[test]
fn the_end_is_told_after_the_last_unit_and_the_next_session_begins_with_headers() {
    let hub = hub(SecondPublisher::Reject);
    let mut player = hub.play(name());
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 520);
    let before = units(&drain(&mut player)).len();
    media(&mut publisher, 520, 1_000);
    drop(publisher);
    let got = drain(&mut player);
    assert!(matches!(got.last(), Some(Delivery::End)));
    assert_eq!(before + units(&got).len(), 50);

    let mut publisher = hub.publish(name(), at(9_000)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 100);
    let got = drain(&mut player);
    assert_eq!(start(&got[0]).headers.units().count(), 2);
    assert!(units(&got)[0].timestamp_ms > 960, "the stream's time goes on");
}

#[test]
fn ends_of_sessions_without_media_do_not_pile_up() {
    let hub = hub(SecondPublisher::Reject);
    let mut player = hub.play(name());
    for ms in 0..1_000 {
        drop(hub.publish(name(), at(ms)).unwrap());
    }
    assert!(drain(&mut player).len() <= 1);
}

#[test]
fn a_changed_header_reaches_players_in_its_place_and_a_repeated_one_does_not() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 1_000);
    let mut player = hub.play(name());
    drain(&mut player);
    headers(&mut publisher);
    assert!(drain(&mut player).is_empty());
    let mono = vec![0xAF, 0, 0x12, 0x08];
    publisher.push(TagType::Audio, 0, mono.clone(), at(1_000)).unwrap();
    let got = drain(&mut player);
    let unit = units(&got)[0];
    assert_eq!((unit.kind, &*unit.body), (Kind::Header, mono.as_slice()));
    assert_eq!(unit.timestamp_ms, 965, "not behind what was there");
}

#[test]
fn codecs_that_no_player_here_takes_are_named() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    let mp3 = publisher.push(TagType::Audio, 0, vec![0x2F, 0xFF], at(0));
    assert_eq!(mp3, Err(PushError::Codec(TagType::Audio, 0x2F)));
    let vp9 = publisher.push(TagType::Video, 0, b"\x90vp09x".to_vec(), at(0));
    assert_eq!(vp9, Err(PushError::FourCc("vp09".to_owned())));
    assert!(publisher.push(TagType::Video, 0, b"\x90hvc1x".to_vec(), at(0)).is_err());
    let command = publisher.push(TagType::Video, 0, vec![0x57, 0], at(0));
    assert_eq!(command, Ok(()), "a seek mark is not a codec");
    assert!(publisher.push(TagType::Video, 0, vec![0x17, 0, 0, 0, 0, 9], at(0)).is_err());
    assert!(publisher.push(TagType::Audio, 0, Vec::new(), at(0)).is_ok());
}

#[test]
fn extended_tags_are_passed_on_as_they_came_and_late_players_get_their_headers() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    let header = b"\x90av01\x81\0\x0C\0".to_vec();
    let head = b"\x90OpusOpusHead\x01\x02\0\0\x80\xBB\0\0\0\0\0".to_vec();
    let key = b"\x91av01\x32\x02\x10\0".to_vec();
    // With a modifier before it; what is not known beside it is passed over.
    let sound = b"\x97\x02\0\0\x07\x01Opus\xFC".to_vec();
    for (tag_type, body) in [
        (TagType::Video, b"\x90av01".to_vec()),
        (TagType::Video, header.clone()),
        (TagType::Video, b"\xD4av01\x02\0\x09colorInfo".to_vec()),
        (TagType::Audio, head.clone()),
        (TagType::Video, b"\x9Fav01what".to_vec()),
        (TagType::Video, b"\x96\x00avc1\x01another track".to_vec()),
        (TagType::Video, key.clone()),
        (TagType::Audio, sound.clone()),
    ] {
        publisher.push(tag_type, 0, body, at(0)).unwrap();
    }
    let mut player = hub.play(name());
    let got = drain(&mut player);
    let bodies: Vec<&[u8]> = units(&got).into_iter().map(|unit| &*unit.body).collect();
    assert_eq!(bodies, [&key[..], &sound]);
    let Some(Delivery::Start(join)) = got.first() else { panic!("{got:?}") };
    let before: Vec<&[u8]> = join.headers.units().map(|unit| &*unit.body).collect();
    assert_eq!(before, [&header[..], &head]);
    let info = &hub.list(at(0))[0];
    let (video, audio) = (info.video.as_ref().unwrap(), info.audio.as_ref().unwrap());
    assert_eq!((video.codec.as_str(), audio.codec.as_str()), ("av01", "opus"));
    assert_eq!((audio.sample_rate_hz, audio.channels), (48_000, 2));
}

#[test]
fn the_list_says_what_is_there() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 4_000);
    let player = hub.play(name());
    let list = hub.list(at(4_000));
    let info = &list[0];
    assert_eq!((info.app.as_str(), info.name.as_str()), ("live", "test"));
    assert_eq!((info.state, info.viewers, info.session), (StreamState::Live, 1, 1));
    assert_eq!(info.uptime_ms, 4_000);
    let video = info.video.as_ref().unwrap();
    assert_eq!((video.codec.as_str(), video.width, video.height), ("avc1.42c01e", 640, 360));
    assert!((video.fps - 25.0).abs() < 1.0, "{}", video.fps);
    let audio = info.audio.as_ref().unwrap();
    assert_eq!(
        (audio.codec.as_str(), audio.sample_rate_hz, audio.channels),
        ("mp4a.40.2", 44_100, 2)
    );

    drop(publisher);
    assert_eq!(hub.list(at(4_000))[0].state, StreamState::Waiting);
    drop(player);
    assert!(hub.list(at(4_000)).is_empty());
}

#[test]
fn streams_that_nobody_needs_are_forgotten() {
    let hub = hub(SecondPublisher::Reject);
    drop(hub.play(name()));
    hub.sweep(at(0));
    assert!(hub.find(&name()).is_none(), "nobody ever published it");

    let mut publisher = hub.publish(name(), at(0)).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 1_000);
    drop(publisher);
    hub.sweep(at(10_000));
    assert!(hub.find(&name()).is_some(), "the last segments can still be fetched");
    hub.sweep(at(30_000));
    assert!(hub.find(&name()).is_none());
}

#[test]
fn cues_go_to_those_who_watch_in_their_place_and_time() {
    let hub = hub(SecondPublisher::Reject);
    let mut publisher = hub.publish(name(), at(0)).unwrap();
    let cue = [Value::String("onTextData".to_owned()), Value::Number(1.0)];
    publisher.push_data(0, &cue).unwrap();
    headers(&mut publisher);
    media(&mut publisher, 0, 200);
    let mut player = hub.play(name());
    drain(&mut player);
    publisher.push_data(190, &cue).unwrap();
    media(&mut publisher, 200, 280);
    let deliveries = drain(&mut player);
    let got: Vec<_> = units(&deliveries).iter().map(|u| (u.kind, u.timestamp_ms)).collect();
    assert_eq!(got[..2], [(Kind::Data, 190), (Kind::Delta, 200)], "{got:?}");
    assert_eq!(got.iter().filter(|(kind, _)| *kind == Kind::Data).count(), 1);
}
