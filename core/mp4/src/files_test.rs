//! Files larger and longer than 32 bits count, reordered pictures, and tables read by another reader.

use std::io::Cursor;

use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AudioHeader, VideoHeader};
use shiguredo_mp4::boxes::{MoovBox, TrakBox};
use shiguredo_mp4::{Decode, Either};

use super::*;

const SPS: [u8; 15] = [0x67, 0x42, 0xC0, 21, 0xD9, 1, 0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10];
const PICTURE: [u8; 8] = [0, 0, 0, 4, 0x65, 1, 2, 3];
const HALF_A_DAY: u64 = 12 * 3_600 * VIDEO_TIMESCALE_HZ as u64;

fn tracks(first_composition: u32, priming: u32, delay: u64) -> Tracks {
    let avc = AvcConfig::from_parameter_sets(&SPS, &[0x68, 0xCB, 0x83, 0xCB, 0x20]);
    let video = VideoHeader::H264(std::sync::Arc::new(avc.expect("parameter sets")));
    let audio = AudioHeader::Aac(Asc::aac_lc(44_100, 2).expect("a known rate"));
    let video = VideoTrack { config: &video, first_composition };
    let audio = AudioTrack { config: &audio, priming, delay };
    Tracks::new(Some(video), Some(audio)).expect("tracks")
}

fn fragment(sequence: u32, begin: u64, composition: i64) -> Fragment {
    let sample = |is_sync| Sample { duration: 3_000, composition, is_sync, data: &PICTURE };
    let sound = Sample { duration: 1_024, composition: 0, is_sync: true, data: &[7; 5] };
    let samples = vec![sample(true), sample(false)];
    let sounds = begin * 44_100 / u64::from(VIDEO_TIMESCALE_HZ);
    let runs = [
        Run { track_id: 1, begin, samples },
        Run { track_id: 2, begin: sounds, samples: vec![sound; 2] },
    ];
    Fragment::new(sequence, &runs).expect("a fragment")
}

fn decoded(index: &Index) -> MoovBox {
    let tables = index.tables().expect("tables");
    MoovBox::decode(&tables).expect("a moov").0
}

fn offsets(trak: &TrakBox) -> Vec<u64> {
    match &trak.mdia_box.minf_box.stbl_box.stco_or_co64_box {
        Either::A(stco) => stco.chunk_offsets.iter().map(|at| u64::from(*at)).collect(),
        Either::B(co64) => co64.chunk_offsets.clone(),
    }
}

/// Half-day steps through 60 days, a gigabyte each: past 2^32 ms and past 2^32 bytes.
#[test]
fn beyond_32_bits_lengths_and_offsets_have_64() {
    let mut index = Index::new(&tracks(0, 0, 0));
    for number in 0..120u32 {
        let (begin, at) = (u64::from(number) * HALF_A_DAY, u64::from(number) << 30);
        index.add(&fragment(number, begin, 0), at).expect("it follows");
    }
    let moov = decoded(&index);
    let length = 119 * HALF_A_DAY + 6_000;
    assert!(length / 90 > 1 << 32, "milliseconds");
    for (trak, timescale) in moov.trak_boxes.iter().zip([90_000, 44_100]) {
        let mdhd = &trak.mdia_box.mdhd_box;
        let seconds = mdhd.duration / u64::from(mdhd.timescale.get());
        assert_eq!((mdhd.timescale.get(), seconds), (timescale, length / 90_000));
        let is_wide = matches!(trak.mdia_box.minf_box.stbl_box.stco_or_co64_box, Either::B(_));
        assert!(is_wide, "co64");
        assert_eq!(offsets(trak)[119] >> 30, 119);
    }
    assert_eq!(switch(5 << 32)[8..], ((5u64 << 32) - SWITCH_AT).to_be_bytes());
}

#[test]
fn edit_lists_hide_the_warm_up_and_the_delay_of_reordering() {
    let mut index = Index::new(&tracks(6_000, 1_500, 0));
    index.add(&fragment(1, 0, 6_000), 900).expect("it follows");
    let moov = decoded(&index);
    let edits = |trak: &TrakBox| {
        let elst = trak.edts_box.as_ref().and_then(|edts| edts.elst_box.as_ref());
        let entries = elst.map_or(&[][..], |elst| &elst.entries);
        entries.iter().map(|edit| (edit.edit_duration, edit.media_time)).collect::<Vec<_>>()
    };
    assert_eq!(edits(&moov.trak_boxes[0]), [(6_000, 6_000)]);
    assert_eq!(edits(&moov.trak_boxes[1]), [((2_048 - 1_500) * 90_000 / 44_100, 1_500)]);
    let late = Index::new(&tracks(0, 0, 9_000));
    assert_eq!(edits(&decoded(&late).trak_boxes[1]), [(9_000, -1), (0, 0)]);
}

#[test]
fn a_gap_belongs_to_the_sample_before_it_and_can_be_taken_back() {
    let mut index = Index::new(&tracks(0, 0, 0));
    index.add(&fragment(1, 0, 0), 1_000).expect("it follows");
    let before = index.tables();
    index.add(&fragment(2, 90_000, 0), 2_000).expect("it follows");
    let stts = &decoded(&index).trak_boxes[0].mdia_box.minf_box.stbl_box.stts_box;
    let durations: Vec<_> = stts.entries.iter().map(|e| (e.sample_count, e.sample_delta)).collect();
    assert_eq!(durations, [(1, 3_000), (1, 87_000), (2, 3_000)]);
    assert_eq!(index.take_back(), Some(2_000));
    assert_eq!(index.tables(), before);
    assert!(index.add(&fragment(3, 10, 0), 2_000).is_err(), "time runs backwards");
    assert_eq!(index.tables(), before, "what is refused leaves nothing behind");
}

/// A file as a recording makes it.
fn growing(fragments: u32) -> Vec<u8> {
    let mut file = tracks(0, 1_024, 0).file_start().expect("a beginning");
    for number in 0..fragments {
        let begin = u64::from(number) * 6_000;
        file.extend_from_slice(fragment(number, begin, 0).bytes());
    }
    file
}

#[test]
fn what_is_not_ours_is_refused_and_zeros_are_no_pictures() {
    let refused = |bytes: &[u8]| scan(&mut Cursor::new(bytes)).map(|found| found.fragments);
    assert_eq!(refused(b"hello"), Err(Mp4Error::Empty));
    assert!(matches!(refused(&[0; 500]), Err(Mp4Error::Foreign(_))));
    assert_eq!(refused(&growing(0)), Err(Mp4Error::Empty));
    let mut file = growing(6);
    assert_eq!(refused(&file), Ok(6));
    // The last fragment's header reached the disk, its payload did not.
    let end = file.len();
    file[end - 26..].fill(0);
    assert_eq!(refused(&file), Ok(5));
}
