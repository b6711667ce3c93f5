//! Row F06: a recording that is longer and larger than 32 bits count. Its pictures are real and carry filler of 43 MB each,
//! which takes no room on a disk that knows holes.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use onair_e2e::ffmpeg;
use onair_e2e::tools::{Tool, are_missing};
use onair_mp4::{
    AudioTrack, Fragment, Index, Run, SWITCH_AT, Sample, Tracks, VIDEO_TIMESCALE_HZ, VideoTrack,
    switch,
};
use onair_types::aac::Asc;
use onair_types::h264::{AvcConfig, annex_b_nal_units};
use onair_types::{AudioHeader, VideoHeader};

const PICTURES: u64 = 103;
const STEP_SECONDS: u64 = 12 * 3_600;
const FILLER: usize = 43_000_000;
const RATE_HZ: u32 = 44_100;
/// A frame of silence, both channels.
const SILENCE: [u8; 6] = [0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c];

/// The NAL units of one IDR by x264.
fn nal_units(folder: &Path) -> Vec<Vec<u8>> {
    let file = folder.join("picture.h264");
    let name = file.to_str().expect("a plain path");
    let picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=30", "-frames:v", "1"];
    let coded = ["-c:v", "libx264", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-f", "h264"];
    ffmpeg::run(&[&picture[..], &coded, &[name]].concat()).expect_code(0);
    let bytes = std::fs::read(&file).expect("a picture");
    annex_b_nal_units(&bytes).map(<[u8]>::to_vec).collect()
}

/// Writes bytes, and holes where there are only zeros.
fn append(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    for part in bytes.chunks(ZEROS.len()) {
        if *part == ZEROS[..part.len()] {
            file.seek(SeekFrom::Current(part.len() as i64))?;
        } else {
            file.write_all(part)?;
        }
    }
    Ok(())
}

#[test]
fn f06_beyond_4_gib_and_2_32_milliseconds_a_file_is_read_to_its_end() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let units = nal_units(folder.path());
    let of_type =
        |wanted: u8| units.iter().find(|unit| unit[0] & 0x1f == wanted).expect("a NAL unit");
    let avc = AvcConfig::from_parameter_sets(of_type(7), of_type(8)).expect("parameter sets");
    let video = VideoHeader::H264(Arc::new(avc));
    let audio = AudioHeader::Aac(Asc::aac_lc(RATE_HZ, 2).expect("a rate"));
    let tracks = Tracks::new(
        Some(VideoTrack { config: &video, first_composition: 0 }),
        Some(AudioTrack { config: &audio, priming: 0, delay: 0 }),
    )
    .expect("tracks");
    // The slice, and behind it a filler NAL unit, which decoders pass over.
    let slice = of_type(5);
    let mut picture = (slice.len() as u32).to_be_bytes().to_vec();
    picture.extend_from_slice(slice);
    picture.extend_from_slice(&(FILLER as u32).to_be_bytes());
    picture.push(12);
    picture.resize(picture.len() + FILLER - 1, 0);

    let path = folder.path().join("show.mp4");
    let name = path.to_str().expect("a plain path");
    let mut file = File::create_new(&path).expect("a file");
    let start = tracks.file_start().expect("a beginning");
    append(&mut file, &start).expect("room");
    let (mut index, mut at) = (Index::new(&tracks), start.len() as u64);
    for number in 0..PICTURES {
        let seconds = number * STEP_SECONDS;
        let run = |track_id: u32, rate_hz: u32, duration, data| Run {
            track_id,
            begin: seconds * u64::from(rate_hz),
            samples: vec![Sample { duration, composition: 0, is_sync: true, data }],
        };
        let runs = [
            run(1, VIDEO_TIMESCALE_HZ, VIDEO_TIMESCALE_HZ / 30, &picture[..]),
            run(2, RATE_HZ, 1_024, &SILENCE[..]),
        ];
        let fragment = Fragment::new(number as u32 + 1, &runs).expect("a fragment");
        append(&mut file, fragment.bytes()).expect("room");
        index.add(&fragment, at).expect("it follows");
        at += fragment.bytes().len() as u64;
    }
    assert!(at > 1 << 32 && (PICTURES - 1) * STEP_SECONDS * 1_000 > 1 << 32);
    // As it grows, which ffprobe has to read from end to end, it is looked at with `scripts/nightly` only.
    if std::env::var_os("ONAIR_NIGHTLY").is_some() {
        is_whole(name, "0%", State::Growing);
    }
    file.write_all(&index.tables().expect("tables")).expect("room");
    file.seek(SeekFrom::Start(SWITCH_AT)).expect("it is there");
    file.write_all(&switch(at)).expect("room");
    is_whole(name, &format!("{}%", (PICTURES - 3) * STEP_SECONDS), State::Complete);
    let last = ((PICTURES - 1) * STEP_SECONDS).to_string();
    let picture = ["-xerror", "-ss", &last, "-i", name, "-frames:v", "1", "-f", "null", "-"];
    let ended = ffmpeg::run(&picture);
    assert!(ended.code == Some(0) && ended.stderr.is_empty(), "{}", ended.stderr);
}

/// Whether the file has its tables.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Growing,
    Complete,
}

/// ffprobe finds every sample, the last ones behind the 32nd bit of both scales; it reads those of `interval`.
fn is_whole(name: &str, interval: &str, state: State) {
    let entries = "packet=stream_index,pts_time,pos:stream=nb_frames:format=duration";
    let report = ffmpeg::ffprobe(name, &["-read_intervals", interval, "-show_entries", entries]);
    let packets = report["packets"].as_array().expect("packets");
    let number = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse().ok());
    let last = ((PICTURES - 1) * STEP_SECONDS) as f64;
    let is_complete = state == State::Complete;
    for stream in [0, 1] {
        let of_it: Vec<_> = packets.iter().filter(|one| one["stream_index"] == stream).collect();
        let counted: f64 = match is_complete {
            true => number(&report["streams"][stream]["nb_frames"]).expect("a count"),
            false => of_it.len() as f64,
        };
        assert!((counted - PICTURES as f64).abs() < 0.5, "stream {stream}: {counted} samples");
        let [time, place] = ["pts_time", "pos"].map(|key| number(&of_it[of_it.len() - 1][key]));
        let (time, place): (f64, f64) = (time.expect("a time"), place.expect("a place"));
        assert!((time - last).abs() < 0.001, "{time} s, made at {last} s");
        assert!(place > f64::from(u32::MAX), "at byte {place}");
    }
    let duration: f64 = number(&report["format"]["duration"]).unwrap_or_default();
    assert!(!is_complete || (duration - last).abs() < 1.0, "{duration} s");
}
