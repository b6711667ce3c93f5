use super::*;
use crate::publish::Closed;

fn url(host: &str) -> StreamUrl {
    StreamUrl::parse(&format!("rtmp://{host}/app/key")).expect("a good address")
}

fn hevc() -> Needs {
    Needs { video: vec![VideoCodec::Hevc], ..Needs::default() }
}

fn closed() -> PublishError {
    PublishError::ClosedEarly { during: CONNECT, closed: Closed::ByPeer }
}

fn answer(key: &str, value: Value) -> Vec<Value> {
    vec![Value::Null, Value::Object(vec![(key.to_owned(), value)])]
}

fn list(codecs: &[&str]) -> Value {
    Value::StrictArray(codecs.iter().map(|&codec| codec.into()).collect())
}

fn map(codecs: &[(&str, f64)]) -> Value {
    let pairs = codecs.iter().map(|&(codec, flags)| (codec.to_owned(), flags.into()));
    Value::Object(pairs.collect())
}

#[test]
fn a_stream_of_hevc_goes_down_step_by_step() {
    let offers = Offers::new(hevc(), KnownHosts::default());
    let url = url("a");
    let next = offers.below(&url, offers.first(&url), &closed());
    assert_eq!(next, Some(Offer::FourCc));
    assert_eq!(offers.below(&url, Offer::FourCc, &closed()), Some(Offer::Plain));
    assert_eq!(offers.below(&url, Offer::Plain, &closed()), None);
}

#[test]
fn what_h264_did_not_try_is_tried_for_hevc() {
    let url = url("a");
    let mut plain = Offers::new(Needs::default(), KnownHosts::default());
    plain.handle_taken(&url, Offer::Plain);
    let mut offers = Offers::new(hevc(), plain.known().clone());
    assert_eq!(offers.first(&url), Offer::FourCc);
    assert_eq!(offers.below(&url, Offer::FourCc, &closed()), Some(Offer::Plain));
    offers.handle_taken(&url, Offer::Plain);
    assert_eq!(offers.first(&url), Offer::Plain);
    let plain = Offers::new(Needs::default(), offers.known().clone());
    assert_eq!(plain.first(&url), Offer::Plain);
}

#[test]
fn hosts_are_known_by_name_and_port_and_the_oldest_is_forgotten() {
    let mut offers = Offers::new(hevc(), KnownHosts::default());
    for number in 0..100 {
        offers.handle_taken(&url(&format!("host{number}")), Offer::FourCc);
        offers.handle_taken(
            &url("host0"),
            if number % 2 == 0 { Offer::Plain } else { Offer::FourCc },
        );
    }
    let known = offers.known();
    assert_eq!(known.0.len(), MOST_HOSTS);
    assert_eq!(known.took(&url("host99")), Some(Offer::FourCc));
    assert_eq!(known.took(&url("host99:1936")), None);
    assert_eq!(known.took(&url("host10")), None);
    assert_eq!(known.took(&url("host0")), Some(Offer::FourCc), "the newest word");
    let mut session = KnownHosts::default();
    session.learn(known);
    assert_eq!(session.took(&url("host99")), Some(Offer::FourCc));
}

#[test]
fn an_answer_that_lists_codecs_counts_and_one_without_says_nothing() {
    let url = url("a");
    let judge = |offer, arguments: &[Value]| hevc().judge(offer, arguments, &url).is_ok();
    assert!(judge(Offer::Full, &[]) && judge(Offer::FourCc, &[Value::Null]));
    assert!(!judge(Offer::Plain, &[]));
    assert!(judge(Offer::Plain, &answer("fourCcList", list(&["hvc1"]))), "it says so unasked");
    for (key, value, takes) in [
        ("fourCcList", list(&["av01", "hvc1"]), true),
        ("fourCcList", list(&["*"]), true),
        ("fourCcList", list(&["av01"]), false),
        ("fourCcList", list(&[]), false),
        ("fourCcList", Value::Null, true), // no list
        (VIDEO_MAP, map(&[("hvc1", 1.0)]), true),
        (VIDEO_MAP, map(&[("*", 4.0)]), true),
        (VIDEO_MAP, map(&[("hvc1", 0.0)]), false),
        (VIDEO_MAP, map(&[("av01", 7.0)]), false),
        (AUDIO_MAP, map(&[("Opus", 7.0)]), true), // of sound alone
    ] {
        assert_eq!(judge(Offer::Full, &answer(key, value.clone())), takes, "{key} {value:?}");
    }
    assert_eq!(
        hevc().judge(Offer::Plain, &[], &url),
        Err(PublishError::CodecNotTaken { codec: "HEVC", server: "a".to_owned() })
    );
    assert_eq!(Needs::default().judge(Offer::Plain, &[], &url), Ok(()));
}

#[test]
fn further_tracks_need_a_server_that_does_not_say_no() {
    let url = url("a");
    let needs = Needs { video: vec![VideoCodec::H264], is_multitrack: true, ..Needs::default() };
    let judge = |offer, arguments: &[Value]| needs.judge(offer, arguments, &url);
    let no = Err(PublishError::TracksNotTaken { server: "a".to_owned() });
    assert_eq!(judge(Offer::FourCc, &[]), Ok(()), "many say nothing");
    assert_eq!(judge(Offer::Plain, &[]), no);
    assert_eq!(judge(Offer::Full, &answer("capsEx", 3.0.into())), Ok(()));
    assert_eq!(judge(Offer::Full, &answer("capsEx", 1.0.into())), no);
    let listed = judge(Offer::Full, &answer("fourCcList", list(&["hvc1"])));
    assert_eq!(listed, no, "H.264 it takes in legacy tags, which have one track");
}
