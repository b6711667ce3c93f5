//! Cues and custom metadata through a whole publish: in order with the media, once, in time.

use onair_engine::amf0::Value;
use onair_engine::flv::Extra;
use onair_engine::publish::{Cue, State};
use onair_types::MediaTime;

use crate::rig::{Fate, Rig, config, idr, picture, sound, video_only};
use crate::server::{Answer, Heard, Script};

fn text(text: &str) -> Cue {
    Cue::text(text).expect("small")
}

fn cue(rig: &mut Rig, at_ms: i64, said: &str) {
    rig.publish.handle_cue(MediaTime::from_millis(at_ms), text(said), rig.now);
    rig.settle();
}

/// Words and times of all media messages; of a text, what it says.
fn heard(rig: &Rig) -> Vec<(String, u32)> {
    let media = rig.servers.iter().flat_map(|server| server.media());
    let said = media.map(|heard| {
        let word = match heard {
            Heard::Data { values, .. } if values[0].as_str() == Some("onTextData") => {
                values[1].get("text").and_then(Value::as_str).expect("a text")
            }
            heard => heard.word(),
        };
        (word.to_owned(), heard.timestamp_ms().expect("media"))
    });
    said.collect()
}

fn expect(rig: &Rig, expected: &[(&str, u32)]) {
    let expected: Vec<_> = expected.iter().map(|&(word, at)| (word.to_owned(), at)).collect();
    assert_eq!(heard(rig), expected);
}

#[test]
fn a_cue_goes_between_the_units_of_its_time_and_never_alone() {
    let mut rig = Rig::live(video_only());
    cue(&mut rig, 50, "fifty");
    cue(&mut rig, 1_000, "later");
    rig.push(idr(0));
    let writes = rig.writes.len();
    cue(&mut rig, 40, "forty");
    assert_eq!(rig.writes.len(), writes, "it waits for its media");
    rig.push(picture(33));
    rig.push(picture(66));
    cue(&mut rig, 10, "late");
    rig.push(picture(100));
    expect(
        &rig,
        &[
            ("metadata", 0),
            ("avc header", 0),
            ("idr", 0),
            ("picture", 33),
            ("forty", 40),
            ("fifty", 50),
            ("picture", 66),
            ("late", 66),
            ("picture", 100),
        ],
    );
    assert_eq!(rig.writes.len() - writes, 3, "one write a picture");
}

#[test]
fn a_cue_whose_media_was_dropped_goes_with_the_next() {
    let mut rig = Rig::live(video_only());
    rig.push(idr(0));
    rig.credit = Some(0);
    cue(&mut rig, 133, "with a picture that goes");
    for dts_ms in [33, 66, 100, 133] {
        rig.push(picture(dts_ms));
    }
    rig.pass(1_500);
    rig.credit = None;
    rig.settle();
    rig.push(idr(1_600));
    let heard = heard(&rig);
    let words: Vec<&str> = heard.iter().map(|(word, _)| word.as_str()).collect();
    let at = words.iter().position(|word| word.starts_with("with")).expect("it arrived");
    assert_eq!((words[at + 1], heard[at].1), ("idr", 133), "{words:?}");
    assert!(rig.publish.snapshot(rig.now).video_units_dropped > 0);
}

#[test]
fn cues_outlive_a_connection_but_not_for_long() {
    let mut rig = Rig::live(config());
    rig.fates.push_back(Fate::Server(Script { publish: Answer::Late(9_000), ..Script::default() }));
    cue(&mut rig, 2_100, "old");
    rig.stream(0, 2_000, 60);
    rig.close();
    rig.pass(8_000);
    cue(&mut rig, 10_100, "young");
    assert_eq!(rig.publish.state(), State::Reconnecting);
    rig.stream(10_000, 4_000, 60);
    assert_eq!(rig.publish.state(), State::Live);
    let heard = heard(&rig);
    let words: Vec<&str> = heard.iter().map(|(word, _)| word.as_str()).collect();
    assert!(!words.contains(&"old") && words.contains(&"young"), "{words:?}");
    let after_headers = words.iter().rposition(|word| *word == "metadata").expect("twice");
    assert!(words.iter().position(|word| *word == "young") > Some(after_headers + 2));
}

#[test]
fn custom_metadata_goes_with_the_streams_own() {
    let mut config = config();
    let extra = Extra::default().with("title", "Ein Abend").and_then(|extra| extra.with("n", 7.0));
    config.metadata.extra = extra.expect("two fields");
    let mut rig = Rig::live(config);
    rig.push(sound(0));
    rig.push(idr(0));
    let media = rig.server().media();
    let Heard::Data { values, .. } = media[0] else { panic!("metadata is first") };
    assert_eq!(values[2].get("title").and_then(Value::as_str), Some("Ein Abend"));
    assert_eq!(values[2].get("n").and_then(Value::as_number), Some(7.0));
    assert_eq!(values[2].get("videocodecid").and_then(Value::as_number), Some(7.0));
}
