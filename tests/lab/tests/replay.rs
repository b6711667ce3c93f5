//! The flight recorder on lab runs: what was decided is decided again, bit for bit.

use std::time::Duration;

use onair_engine::record::{RecordError, Replay, What, replay};
use onair_lab::controller::Controller;
use onair_lab::suite;
use onair_lab::world::{Scenario, run};
use onair_types::Now;
use proptest::prelude::*;

/// `minutes` of a link with fades, and an outage of 15 s in each minute that costs the connection.
fn show(trace: &str, minutes: u64, fps: u32) -> Scenario {
    let mut scenario = Scenario::new(suite::trace(trace, 5).expect("a generator"), 5);
    scenario.duration = Duration::from_secs(60 * minutes);
    scenario.encoder.fps = fps;
    scenario.outages = (0..minutes)
        .map(|minute| Now::ZERO + Duration::from_secs(60 * minute + 30))
        .map(|from| (from, from + Duration::from_secs(15)))
        .collect();
    scenario
}

fn record(scenario: &Scenario) -> Vec<u8> {
    let mut broadcaster = Controller::OnAir.broadcaster(scenario);
    run(scenario, &mut *broadcaster);
    broadcaster.recorder().expect("OnAir has one").save()
}

fn bitrates(replay: &Replay) -> usize {
    replay.entries.iter().filter(|entry| matches!(entry.what, What::Bitrate(_))).count()
}

#[test]
fn five_minutes_with_outages_and_reconnects_decide_again_bit_for_bit() {
    for trace in ["cell", "flap"] {
        let file = record(&show(trace, 5, 30));
        let replay = replay(&file).expect("a record");
        assert_eq!(replay.difference, None, "{trace}");
        assert!(replay.length > Duration::from_secs(299), "{trace}: {:?}", replay.length);
        assert!(bitrates(&replay) > 100, "{trace}: {} decisions", bitrates(&replay));
        let count = |is_it: fn(&What) -> bool| {
            replay.entries.iter().filter(|entry| is_it(&entry.what)).count()
        };
        assert!(count(|what| matches!(what, What::Dropped { .. })) > 5);
        assert!(count(|what| matches!(what, What::RequestIdr)) > 0);
        assert!(count(|what| matches!(what, What::State(_))) > 8, "connections come and go");
    }
}

#[test]
fn pictures_left_out_for_sound_are_left_out_again() {
    let replay = replay(&record(&show("const:0.12", 3, 30))).expect("a record");
    assert_eq!(replay.difference, None);
    assert!(replay.entries.iter().any(|entry| matches!(entry.what, What::Pace(_))));
}

#[test]
fn a_ring_that_lost_its_first_minutes_decides_again_from_its_own_beginning() {
    let replay = replay(&record(&show("cell", 11, 30))).expect("a record");
    assert_eq!(replay.difference, None);
    let minutes = replay.length.as_secs_f64() / 60.0;
    assert!((4.9..6.3).contains(&minutes), "{minutes} minutes");
    assert!(bitrates(&replay) > 100);
}

#[test]
fn a_minute_at_sixty_pictures_a_second_stays_below_200_kb() {
    for trace in ["const:8", "cell", "flap"] {
        let scenario = show(trace, 4, 60);
        let file = record(&scenario);
        let replay = replay(&file).expect("a record");
        assert_eq!(replay.difference, None, "{trace}");
        let a_minute = file.len() as f64 / (replay.length.as_secs_f64() / 60.0);
        println!("{trace}: {a_minute:.0} bytes a minute");
        assert!(a_minute < 200_000.0, "{trace}: {a_minute} bytes a minute");
    }
}

/// The sum at a record's end (FNV-1a), so that what lies before it is read.
fn signed(mut content: Vec<u8>) -> Vec<u8> {
    let sum = content.iter().fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    });
    content.extend_from_slice(&sum.to_le_bytes());
    content
}

/// A short record without its sum.
fn content() -> Vec<u8> {
    let mut scenario = show("cell", 1, 30);
    scenario.duration = Duration::from_secs(20);
    let mut file = record(&scenario);
    file.truncate(file.len() - 8);
    file
}

#[test]
fn what_is_no_record_has_a_name() {
    assert_eq!(replay(b""), Err(RecordError::NotARecord));
    assert_eq!(replay(b"FLV\x01\x05 and so on"), Err(RecordError::NotARecord));
    assert_eq!(replay(b"OAFR"), Err(RecordError::Damaged));
    assert_eq!(replay(b"OAFR\xC8"), Err(RecordError::Format(200)));
    assert_eq!(replay(&vec![0; 9 << 20]), Err(RecordError::TooLarge));
    let whole = signed(content());
    assert_eq!(replay(&whole).map(|replay| replay.difference), Ok(None));
    for length in (5..whole.len()).step_by(997) {
        assert_eq!(replay(&whole[..length]), Err(RecordError::Damaged), "{length} bytes");
    }
    let mut cut = content();
    cut.truncate(cut.len() - 1);
    assert!(matches!(replay(&signed(cut)), Err(RecordError::Corrupt { .. })));
}

#[test]
fn another_input_is_another_decision_and_is_found() {
    let content = content();
    let mut found = 0;
    for index in (content.len() / 2..content.len()).step_by(content.len() / 400) {
        let mut other = content.clone();
        other[index] ^= 1;
        found +=
            usize::from(replay(&signed(other)).is_ok_and(|replay| replay.difference.is_some()));
    }
    assert!(found > 50, "{found} of 200 changes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_replay_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut file = b"OAFR\x01".to_vec();
        file.extend_from_slice(&bytes);
        prop_assert!(replay(&file).is_err());
        let _ = replay(&signed(file));
    }

    #[test]
    fn no_change_to_a_record_makes_its_replay_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        static CONTENT: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(content);
        let mut other = CONTENT.clone();
        for (index, byte) in changes {
            other[index.index(CONTENT.len())] = byte;
        }
        let _ = replay(&signed(other));
    }
}

#[test]
fn s01_neither_the_key_nor_the_address_is_in_a_record() {
    use onair_engine::flv::MetaData;
    use onair_engine::publish::{Config, Output, Publish};
    use onair_engine::url::StreamUrl;
    let url =
        StreamUrl::parse("rtmp://canaryhost/canaryapp/canarykey?canary=1").expect("an address");
    let mut publish = Publish::new(Config::new(url, MetaData::default()));
    publish.start(Now::ZERO);
    while !matches!(publish.poll_output(Now::ZERO), Output::Wait(_)) {}
    publish.handle_connected(Now::from_millis(50));
    while !matches!(publish.poll_output(Now::from_millis(50)), Output::Wait(_)) {}
    let file = publish.recorder().save();
    assert_eq!(replay(&file).map(|replay| replay.difference), Ok(None));
    assert!(!file.windows(6).any(|window| window == b"canary"));
}
