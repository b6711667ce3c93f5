//! D14: a device that slept, while the clock of timers stood still.

use std::time::Duration;

use onair_engine::publish::{EncoderCommand, PublishError, State};

use crate::rig::{Rig, config, idr, picture, sound};

/// Live for two seconds, with pictures waiting that the socket does not take.
fn asleep(slept: Duration) -> Rig {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.credit = Some(0);
    for dts_ms in [2_033, 2_066, 2_099] {
        rig.push(picture(dts_ms));
        rig.push(sound(dts_ms));
    }
    rig.encoder.clear();
    rig.publish.handle_sleep(slept, rig.now);
    rig.settle();
    rig.credit = None;
    rig
}

#[test]
fn d14_a_short_sleep_drops_what_waits_and_asks_for_an_idr() {
    let mut rig = asleep(Duration::from_secs(3));
    assert_eq!(rig.publish.state(), State::Live);
    let before = rig.server().media().len();
    rig.push(picture(5_133));
    rig.push(sound(5_133));
    rig.pass(100);
    let asked: Vec<_> = rig.encoder.iter().map(|(_, command)| *command).collect();
    assert_eq!(asked, [EncoderCommand::RequestIdr]);
    rig.push(idr(5_266));
    rig.pass(100);
    let media = rig.server().media();
    let is_picture = |word: &str| word == "picture" || word == "idr";
    let pictures = media[before..].iter().filter(|heard| is_picture(heard.word()));
    let times: Vec<_> = pictures.map(|heard| heard.timestamp_ms()).collect();
    // What had begun on the wire is finished, and no more of that time.
    let begun = times.iter().take_while(|time| **time < Some(2_099)).count();
    assert_eq!(times[begun..], [Some(5_266)], "one timeline with the gap: {times:?}");
    assert_eq!(media.iter().rfind(|heard| is_picture(heard.word())).map(|h| h.word()), Some("idr"));
}

#[test]
fn d14_after_eight_seconds_the_server_is_gone() {
    let still = asleep(Duration::from_millis(7_500));
    assert_eq!(still.publish.state(), State::Live);
    let mut rig = asleep(Duration::from_secs(30));
    assert_eq!(rig.publish.state(), State::Reconnecting);
    assert!(matches!(rig.losses().last(), Some((PublishError::Slept(_), 0, Some(_)))));
    rig.pass(1_000);
    assert_eq!(rig.publish.state(), State::Live);
    rig.stream(33_000, 500, 60);
    let words: Vec<_> = rig.server().media().iter().map(|heard| heard.word()).collect();
    let first = words.iter().position(|word| ["idr", "picture"].contains(word));
    assert_eq!(first.map(|index| words[index]), Some("idr"), "{words:?}");
}
