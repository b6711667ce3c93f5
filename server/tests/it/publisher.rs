//! Publishers and players over real sockets.

use std::io::Read;
use std::time::Duration;

use onair_engine::flv::{self, TagType};
use onair_server::{Config, SecondPublisher, Server, StreamState};

use crate::sample;
use crate::support::{Rtmp, config, now, open_flv, pause, server, wait_until};

#[test]
fn what_is_pushed_comes_out_by_rtmp_and_http_flv() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    for second in 0..3 {
        publisher.second(second * 1_000);
    }
    wait_until("three seconds of media", || server.streams()[0].bytes > 3 * 24_000);

    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    assert_eq!(player.picture(), Some((2_000, sample::avc_header())));
    assert_eq!(player.picture(), Some((2_000, sample::key(5_000))));

    let mut socket = open_flv(server.http_addr(), "/live/a.flv");
    wait_until("both players in the list", || server.streams()[0].viewers == 2);
    let mut reader = flv::Reader::new();
    let mut tags = Vec::new();
    // Two headers and the newest GOP, pictures and sound.
    while tags.len() < 2 + 50 {
        let mut buffer = [0; 4_096];
        let count = socket.read(&mut buffer).unwrap();
        assert!(count > 0, "ended early");
        let mut piece = &buffer[..count];
        while let Some(tag) = reader.take_from(&mut piece).unwrap() {
            tags.push(tag);
        }
    }
    assert_eq!(*tags[0].body, sample::avc_header());
    assert_eq!(*tags[1].body, sample::aac_header());
    assert_eq!((tags[2].timestamp_ms, &*tags[2].body), (2_000, &*sample::key(5_000)));

    drop(publisher);
    assert_eq!(socket.read_to_end(&mut Vec::new()).unwrap(), 0, "ends with the publisher");
    assert_eq!(player.status().as_deref(), Some("NetStream.Play.UnpublishNotify"));
}

#[test]
fn a_player_may_come_first_and_stays_for_the_next_session() {
    let server = server();
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    assert_eq!(player.status().as_deref(), Some("NetStream.Play.Reset"));
    assert_eq!(player.status().as_deref(), Some("NetStream.Play.Start"));
    assert_eq!(server.streams()[0].state, StreamState::Waiting);
    let mut last = 0;
    for session in 0..2 {
        if session > 0 {
            assert_eq!(player.status().as_deref(), Some("NetStream.Play.UnpublishNotify"));
        }
        let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
        publisher.second(0);
        for _ in 0..1 + 25 {
            let (ms, _) = player.picture().unwrap();
            assert!(ms >= last, "{ms} after {last}");
            last = ms;
        }
    }
}

#[test]
fn p20_a_second_publisher_is_refused_and_closed_at_once() {
    let server = server();
    let mut first = Rtmp::publish(server.rtmp_addr(), "a");
    let mut second = Rtmp::ask(server.rtmp_addr(), "publish", "a");
    let begun = now();
    second.media(TagType::Video, 0, sample::avc_header()).unwrap();
    assert_eq!(second.status().as_deref(), Some("NetStream.Publish.BadName"));
    assert!(second.next().is_none());
    assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
    // The first one goes on.
    first.second(0);
    wait_until("media of the first", || server.streams()[0].bytes > 20_000);
}

#[test]
fn p20_taking_over_closes_the_first_publisher_and_keeps_players() {
    let config = Config { second_publisher: SecondPublisher::TakeOver, ..config() };
    let server = Server::start(config).unwrap();
    let mut first = Rtmp::publish(server.rtmp_addr(), "a");
    first.second(500_000);
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    for _ in 0..1 + 25 {
        player.picture().unwrap();
    }
    let mut second = Rtmp::publish(server.rtmp_addr(), "a");
    assert_eq!(first.status().as_deref(), Some("NetStream.Publish.BadName"));
    assert!(first.next().is_none());
    second.second(0);
    let (mut last, mut pictures) = (500_000, 0);
    while pictures < 25 {
        let (ms, body) = player.picture().unwrap();
        assert!(ms > last || body == sample::avc_header(), "{ms} after {last}");
        (last, pictures) = (ms, pictures + 1);
    }
}

#[test]
fn a_silent_publisher_is_dropped() {
    let server = server();
    let begun = now();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    while publisher.next().is_some() {}
    let silent = begun.elapsed().as_secs_f64();
    assert!((10.0..=15.0).contains(&silent), "{silent}");
    assert!(server.streams().is_empty());
}

#[test]
fn a_connection_without_a_purpose_is_dropped() {
    let server = server();
    let begun = now();
    let mut client = Rtmp::open(server.rtmp_addr());
    assert!(client.next().is_none());
    let open = begun.elapsed().as_secs_f64();
    assert!((9.5..=12.5).contains(&open), "{open}");
}

#[test]
fn rw15_a_player_that_does_not_read_is_dropped_and_the_others_lose_nothing() {
    let server = server();
    let rtmp = server.rtmp_addr();
    let mut publisher = Rtmp::publish(rtmp, "a");
    publisher.media(TagType::Video, 0, sample::key(1_000)).unwrap();
    let mut reader = Rtmp::ask(rtmp, "play", "a");
    assert_eq!(reader.picture().unwrap().1, sample::avc_header());
    reader.picture().unwrap();
    let stuck = [Rtmp::ask(rtmp, "play", "a"), Rtmp::ask(rtmp, "play", "a")];
    let stuck_flv = open_flv(server.http_addr(), "/live/a.flv");
    wait_until("all players", || server.streams()[0].viewers == 4);

    // Far more than socket buffers hold, for as long as it takes to give the others up.
    let begun = now();
    let mut ms = 0;
    while server.streams()[0].viewers > 1 {
        ms += 40;
        let picture = if ms % 1_000 == 0 { sample::key(400_000) } else { sample::delta(0, 60_000) };
        publisher.media(TagType::Video, ms, picture).unwrap();
        let (got, _) = reader.picture().unwrap();
        assert_eq!(got, ms, "every picture, in order");
        pause(10);
        assert!(begun.elapsed() < Duration::from_secs(40), "they are still there");
    }
    drop((stuck, stuck_flv));
}

#[test]
fn b11_the_first_key_frame_comes_at_once() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    wait_until("a key frame", || server.streams()[0].bytes > 20_000);
    let mut joins: Vec<Duration> = (0..15)
        .map(|_| {
            let begun = now();
            let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
            player.picture().unwrap();
            assert_eq!(player.picture().unwrap().1, sample::key(5_000));
            begun.elapsed()
        })
        .collect();
    joins.sort();
    assert!(joins[7] <= Duration::from_millis(20), "median {:?} of {joins:?}", joins[7]);
}

#[test]
fn unsupported_codecs_are_refused_with_a_word() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.media(TagType::Audio, 0, vec![0x2F, 0xFF, 0xFB]).unwrap();
    assert_eq!(publisher.status().as_deref(), Some("NetStream.Publish.Failed"));
    assert!(publisher.next().is_none());
}

/// The order of librtmp, which OBS publishes with: each command waits for what the last one brought; the
/// bandwidth check and the stream's release are asked for on the way.
#[test]
fn a_publisher_as_obs_does_it_is_taken() {
    use onair_engine::amf0::Value::{Null, Number, Object, String as Text};
    use onair_engine::rtmp::message::Incoming;

    let text = |text: &str| Text(text.to_owned());
    let server = server();
    let mut obs = Rtmp::open(server.rtmp_addr());
    let object = [
        ("app", text("live")),
        ("type", text("nonprivate")),
        ("flashVer", text("FMLE/3.0 (compatible; FMSc/1.0)")),
        ("swfUrl", text(&server.rtmp_url("live", ""))),
        ("tcUrl", text(&server.rtmp_url("live", ""))),
    ];
    let object = object.map(|(name, value)| (name.to_owned(), value)).to_vec();
    obs.command(0, "connect", 1.0, &[Object(object)]);
    obs.send().unwrap();
    let result = |obs: &mut Rtmp, wanted: f64| loop {
        match obs.next().expect("the server stays") {
            Incoming::Command { name, transaction, arguments, .. }
                if name == "_result" && transaction == wanted =>
            {
                return arguments;
            }
            _ => {}
        }
    };
    result(&mut obs, 1.0);
    obs.command(0, "releaseStream", 2.0, &[Null, text("obs")]);
    obs.command(0, "FCPublish", 3.0, &[Null, text("obs")]);
    obs.command(0, "createStream", 4.0, &[Null]);
    obs.command(0, "_checkbw", 5.0, &[Null]);
    obs.send().unwrap();
    let stream = result(&mut obs, 4.0);
    assert_eq!(stream.last(), Some(&Number(1.0)));
    obs.command(1, "publish", 6.0, &[Null, text("obs"), text("live")]);
    obs.send().unwrap();
    assert_eq!(obs.status().as_deref(), Some("NetStream.Publish.Start"));
    obs.media(TagType::Video, 0, sample::avc_header()).unwrap();
    obs.media(TagType::Audio, 0, sample::aac_header()).unwrap();
    obs.second(0);
    wait_until("a second of media", || server.streams()[0].bytes > 24_000);
    obs.command(0, "FCUnpublish", 7.0, &[Null, text("obs")]);
    obs.command(0, "deleteStream", 8.0, &[Null, Number(1.0)]);
    obs.send().unwrap();
    wait_until("the end", || server.streams().is_empty());
}
