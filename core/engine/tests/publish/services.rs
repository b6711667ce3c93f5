//! Habits of known services, each with a server that has them. What is known of them is public:
//! their documents, and reports of publishers that met them (moblin 60 and 169, HaishinKit 817,
//! StreamPack 274 and 283, RootEncoder 2177). No code of ours asks who a server is.

use onair_engine::amf0::Value;
use onair_engine::publish::{Closed, Config, PublishError, State};
use onair_engine::rtmp::handshake::HandshakeError;
use onair_engine::url::StreamUrl;

use crate::rig::{Fate, Rig, idr, metadata, sound, unit_times};
use crate::server::{Answer, Enhanced, Greeting, Heard, Script};
use crate::wraps::{Convention, sixty_days};

fn at(address: &str) -> Config {
    Config::new(StreamUrl::parse(address).expect("a good address"), metadata(true, true))
}

/// What `word` was told behind its null.
fn argument<'a>(rig: &'a Rig, word: &str) -> Vec<&'a str> {
    let heard = rig.servers.iter().flat_map(|server| &server.heard);
    let arguments = heard.filter_map(|heard| match heard {
        Heard::Command { name, arguments, .. } if name == word => arguments.get(1)?.as_str(),
        _ => None,
    });
    arguments.collect()
}

fn connect<'a>(rig: &'a Rig, key: &str) -> Option<&'a str> {
    let Heard::Command { arguments, .. } = rig.servers[0].heard.first()? else { return None };
    arguments[0].get(key).and_then(Value::as_str)
}

/// Twitch counts what it acknowledges to 2^31 and begins again, and takes options behind the key.
#[test]
fn twitch_counts_to_2_31_and_wants_the_key_with_its_query() {
    sixty_days(Convention::Signed);
    let rig = Rig::live(at("rtmp://live.twitch.tv/app/live_123_abc?bandwidthtest=true"));
    for word in ["releaseStream", "FCPublish", "publish"] {
        assert_eq!(argument(&rig, word), ["live_123_abc?bandwidthtest=true"], "{word}");
    }
    assert_eq!(connect(&rig, "tcUrl"), Some("rtmp://live.twitch.tv/app"));
}

/// YouTube says much that nobody asked for, wants few acknowledgements, and hangs up on a wrong key
/// without a word.
#[test]
fn youtube_talks_on_its_own_and_hangs_up_on_a_wrong_key() {
    let address = "rtmp://a.rtmp.youtube.com/live2/abcd-efgh-ijkl";
    let script = || Script { greeting: Greeting::Odd, ..Script::default() };
    let mut rig = Rig::started(at(address), script());
    rig.server().set_window(2_500_000);
    rig.server().command("onFCPublish", 0.0, &[Value::Null]);
    rig.server().status("status", "NetStream.Publish.Start", "again");
    rig.settle();
    rig.stream(0, 3_000, 60);
    assert_eq!((rig.publish.state(), rig.losses()), (State::Live, vec![]));
    assert_eq!(connect(&rig, "app"), Some("live2"));

    let mut rig = Rig::started(at(address), Script { publish: Answer::Close, ..script() });
    rig.pass(60_000);
    let closed = PublishError::ClosedEarly { during: "publish command", closed: Closed::ByPeer };
    assert_eq!(rig.losses(), [(closed, 1, None)], "not asked again and again");
}

/// Facebook takes TLS only, on port 443 whether that is written or not, and keys that are mostly a
/// query. Plain text is refused at its first byte: the error names TLS, and the key was not said.
#[test]
fn facebook_wants_tls_and_a_key_that_is_mostly_a_query() {
    let key = "FB-123-0-AbC?s_bl=1&s_oil=0&s_psm=1&s_sw=0&s_tids=1&s_vt=api-s&a=AbwX_y-Z";
    let script = || Script { is_secure: true, ..Script::default() };
    for port in ["", ":443"] {
        let address = format!("rtmps://live-api-s.facebook.com{port}/rtmp/{key}");
        let rig = Rig::started(at(&address), script());
        assert_eq!((rig.publish.state(), rig.losses()), (State::Live, vec![]));
        assert_eq!(argument(&rig, "publish"), [key]);
        assert_eq!(connect(&rig, "tcUrl"), Some("rtmps://live-api-s.facebook.com/rtmp"));
    }

    let address = format!("rtmp://live-api-s.facebook.com:443/rtmp/{key}");
    let mut rig = Rig::started(at(&address), script());
    rig.pass(60_000);
    let refused = HandshakeError::Version { byte: 0x15, looks_like: Some("TLS") };
    assert_eq!(rig.losses(), [(PublishError::Handshake(refused), 1, None)]);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Failed, 1), "not tried again");
    assert!(!rig.sent.windows(key.len()).any(|part| part == key.as_bytes()));
}

/// Cloudflare hangs up on what it does not know, and says that it may drop a connection at any time.
#[test]
fn cloudflare_hangs_up_on_what_is_new_and_drops_connections() {
    let rude = || {
        let enhanced = Enhanced::Rude("videoFourCcInfoMap", Box::new(Answer::Close));
        Fate::Server(Script { enhanced, ..Script::default() })
    };
    let mut rig = Rig::new(at("rtmp://live.cloudflare.com/live/abcdef"));
    rig.fates.extend((0..5).map(|_| rude()));
    rig.start();
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
    assert_eq!(rig.losses(), [], "the app hears nothing of it");
    for show in 0..2 {
        rig.stream(show * 3_000, 2_000, 60);
        rig.close();
        rig.pass(1_000);
        assert_eq!(rig.publish.state(), State::Live, "it comes back");
    }
    assert_eq!(rig.connects.len(), 4, "once with what it does not know, never again");
}

/// MediaLive says Publish.Start to a second publisher of a name as well, and then hangs up.
#[test]
fn medialive_says_yes_to_a_second_publisher_and_hangs_up() {
    let mut rig = Rig::live(at("rtmp://52.0.0.1:1935/app/testing"));
    rig.pass(400);
    rig.close();
    rig.pass(60_000);
    let closed = PublishError::ClosedEarly { during: "publish", closed: Closed::ByPeer };
    assert_eq!(rig.losses(), [(closed, 1, None)], "a refusal, and no storm of attempts");
}

/// TwitCasting cannot move times: both tracks begin close to zero, none is negative, and they grow.
#[test]
fn twitcasting_wants_times_that_begin_at_zero_and_grow() {
    let mut rig = Rig::live(at("rtmp://rtmp01.twitcasting.tv/live/key"));
    let hours_ms = 3 * 3_600_000;
    rig.push(sound(hours_ms - 40));
    rig.push(sound(hours_ms - 17));
    rig.push(idr(hours_ms));
    rig.stream(hours_ms + 33, 3_000, 60);
    let times = unit_times(&rig.server().media());
    assert!(times.len() > 150 && times[0] == 0, "{:?}", &times[..4]);
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "in order over both tracks");
    let first = |word| {
        let media = rig.servers[0].media();
        media.iter().find(|heard| heard.word() == word).and_then(|heard| heard.timestamp_ms())
    };
    assert!(first("idr") == Some(0) && first("sound") <= Some(50));
}
