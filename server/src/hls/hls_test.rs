//! A segmenter fed as a stream does; its segments are read back by an MP4 demuxer.

use onair_engine::flv::TagType;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AudioCodec, AudioHeader, VideoCodec, VideoHeader};
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::demux::Fmp4SegmentDemuxer;

use super::*;
use crate::sample;
use crate::unit::Header;

fn header<C>(tag_type: TagType, body: Vec<u8>, config: C) -> Option<Header<C>> {
    Some(Header { unit: Arc::new(Unit::new(Kind::Header, tag_type, 0, body)), config })
}

fn both() -> Headers {
    let avc = AvcConfig::from_record(&sample::avc_header()[5..]).unwrap();
    let asc = Asc::from_bytes(&sample::aac_header()[2..]).unwrap();
    Headers {
        video: header(TagType::Video, sample::avc_header(), Arc::new(avc).into()),
        audio: header(TagType::Audio, sample::aac_header(), asc.into()),
        ..Headers::default()
    }
}

/// Feeds a segmenter as a stream does.
struct Feed {
    segmenter: Segmenter,
    headers: Arc<Headers>,
}

impl Feed {
    fn new(headers: Headers) -> Self {
        let mut segmenter = Segmenter::default();
        segmenter.restart(1);
        Self { segmenter, headers: Arc::new(headers) }
    }

    fn push(&mut self, kind: Kind, ms: u32, body: Vec<u8>) -> bool {
        let tag_type = if kind == Kind::Audio { TagType::Audio } else { TagType::Video };
        let unit = Arc::new(Unit::new(kind, tag_type, ms, body));
        self.segmenter.push(&unit, &self.headers)
    }

    /// 25 pictures a second and AAC frames between, with a key frame each `gop_ms`.
    fn run(&mut self, from_ms: u32, to_ms: u32, gop_ms: u32) {
        let mut frame = u64::from(from_ms) * 44_100 / 1_024_000;
        for ms in (from_ms..to_ms).step_by(40) {
            match (ms - from_ms).is_multiple_of(gop_ms) {
                true => self.push(Kind::Key, ms, sample::key(500)),
                false => self.push(Kind::Delta, ms, sample::delta(0, 100)),
            };
            while frame * 1_024_000 / 44_100 < u64::from(ms) + 40 {
                let stamp = (frame * 1_024_000 + 22_050) / 44_100;
                self.push(Kind::Audio, stamp as u32, sample::audio(1));
                frame += 1;
            }
        }
    }

    fn demuxer(&self) -> Fmp4SegmentDemuxer {
        let mut demuxer = Fmp4SegmentDemuxer::new();
        let init = Arc::clone(&self.segmenter.segments[0].init);
        demuxer.handle_init_segment(&init.bytes().unwrap()).unwrap();
        demuxer
    }
}

/// `(time, duration, composition offset, sync, size)` of each sample of a track.
fn samples(
    demuxer: &mut Fmp4SegmentDemuxer,
    segment: &Segment,
    kind: TrackKind,
) -> Vec<(u64, u32, i64, bool, usize)> {
    let mut all = Vec::new();
    for bytes in segment.bytes().unwrap() {
        let samples = demuxer.handle_media_segment(&bytes).unwrap();
        all.extend(samples.iter().filter(|sample| sample.track.kind == kind).map(|sample| {
            let end = sample.data_offset as usize + sample.data_size;
            assert!(end <= bytes.len(), "a sample lies behind its part");
            let offset = sample.composition_time_offset.unwrap_or(0);
            (sample.timestamp, sample.duration, offset, sample.keyframe, sample.data_size)
        }));
    }
    all
}

#[test]
fn segments_begin_at_key_frames_and_are_about_two_seconds_long() {
    for (gop_ms, expected_ms) in [(1_000, 2_000), (2_000, 2_000), (400, 2_000), (3_000, 3_000)] {
        let mut feed = Feed::new(both());
        feed.run(0, 12_200, gop_ms);
        let mut demuxer = feed.demuxer();
        assert!(!feed.segmenter.segments.is_empty());
        for segment in &feed.segmenter.segments {
            assert_eq!(segment.duration_ms, expected_ms, "GOP {gop_ms}");
            let video = samples(&mut demuxer, segment, TrackKind::Video);
            assert!(video[0].3, "begins with a key frame");
            let length: u32 = video.iter().map(|sample| sample.1).sum();
            assert_eq!(i64::from(length), expected_ms * 90);
        }
    }
}

#[test]
fn the_playlist_lists_six_and_grows_at_one_end() {
    let mut feed = Feed::new(both());
    assert_eq!(feed.segmenter.playlist(), None);
    feed.run(0, 20_200, 2_000);
    let text = feed.segmenter.playlist().unwrap();
    let parts = |first: u64, of: u64| -> String {
        let part = |n| match n - first {
            0 => format!("#EXT-X-PART:DURATION=0.240,URI=\"s1-p{n}.m4s\",INDEPENDENT=YES\n"),
            8 => format!("#EXT-X-PART:DURATION=0.080,URI=\"s1-p{n}.m4s\"\n"),
            _ => format!("#EXT-X-PART:DURATION=0.240,URI=\"s1-p{n}.m4s\"\n"),
        };
        (first..first + of).map(part).collect()
    };
    let (before, last) = (parts(72, 9), parts(81, 9));
    assert_eq!(
        text,
        format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n\
             #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.750\n\
             #EXT-X-PART-INF:PART-TARGET=0.250\n#EXT-X-MEDIA-SEQUENCE:5\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MAP:URI=\"s1-i1.mp4\"\n#EXTINF:2.000,\ns1-5.m4s\n#EXTINF:2.000,\ns1-6.m4s\n\
             #EXTINF:2.000,\ns1-7.m4s\n#EXTINF:2.000,\ns1-8.m4s\n{before}#EXTINF:2.000,\n\
             s1-9.m4s\n{last}#EXTINF:2.000,\ns1-10.m4s\n\
             #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"s1-p90.m4s\"\n"
        )
    );
    feed.run(20_200, 20_600, 2_000);
    let text = feed.segmenter.playlist().unwrap();
    let open = "#EXT-X-PART:DURATION=0.200,URI=\"s1-p90.m4s\",INDEPENDENT=YES\n\
                #EXT-X-PART:DURATION=0.240,URI=\"s1-p91.m4s\",INDEPENDENT=YES\n\
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"s1-p92.m4s\"\n";
    assert!(text.ends_with(open), "a key frame begins a part of its own: {text}");
    assert!(feed.segmenter.segment(1, 3).is_some(), "just left the list");
    assert!(feed.segmenter.segment(1, 2).is_none());
    assert!(feed.segmenter.segment(2, 6).is_none(), "of another session");
    assert!(feed.segmenter.init(1, 1).is_some());
    feed.segmenter.end();
    assert!(feed.segmenter.playlist().unwrap().ends_with("#EXT-X-ENDLIST\n"));
}

#[test]
fn a_new_session_goes_on_counting() {
    let mut feed = Feed::new(both());
    feed.run(0, 6_200, 2_000);
    feed.segmenter.end();
    feed.segmenter.restart(2);
    assert_eq!(feed.segmenter.playlist(), None);
    feed.run(0, 2_200, 2_000);
    let text = feed.segmenter.playlist().unwrap();
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:5\n") && text.contains("s2-5.m4s"), "{text}");
    assert!(!text.contains("ENDLIST"));
}

#[test]
fn composition_times_of_b_frames_are_kept() {
    let mut feed = Feed::new(both());
    feed.push(Kind::Key, 0, sample::key(100));
    for (n, composition_ms) in (1..).zip([120, 40, 0, 120, 40, 0]) {
        feed.push(Kind::Delta, n * 40, sample::delta(composition_ms, 50));
    }
    feed.push(Kind::Key, 2_000, sample::key(100));
    let video = samples(&mut feed.demuxer(), &feed.segmenter.segments[0], TrackKind::Video);
    let offsets: Vec<i64> = video.iter().map(|sample| sample.2 / 90).collect();
    assert_eq!(offsets, [0, 120, 40, 0, 120, 40, 0]);
    assert_eq!(video[0].4, 4 + 100, "length and NAL unit, no FLV prefix");
}

#[test]
fn sound_runs_by_sample_count_through_rounded_time_stamps() {
    let mut feed = Feed::new(both());
    feed.run(0, 60_200, 2_000);
    let mut demuxer = feed.demuxer();
    let mut next = None;
    for segment in &feed.segmenter.segments {
        for (time, duration, ..) in samples(&mut demuxer, segment, TrackKind::Audio) {
            assert_eq!(duration, 1_024);
            assert_eq!(time, next.unwrap_or(time), "neither gap nor overlap");
            next = Some(time + 1_024);
        }
    }
    let end_ms = next.unwrap() * 1_000 / 44_100;
    assert!((59_950..60_050).contains(&end_ms), "{end_ms}");
}

#[test]
fn sound_that_is_far_off_is_put_right() {
    let mut feed = Feed::new(both());
    feed.push(Kind::Key, 0, sample::key(100));
    feed.push(Kind::Audio, 0, sample::audio(1));
    feed.push(Kind::Audio, 63, sample::audio(1)); // 40 ms late
    feed.push(Kind::Audio, 200, sample::audio(1)); // 150 ms late
    feed.push(Kind::Key, 2_000, sample::key(100));
    let audio = samples(&mut feed.demuxer(), &feed.segmenter.segments[0], TrackKind::Audio);
    let times: Vec<u64> = audio.iter().map(|sample| sample.0).collect();
    assert_eq!(times, [0, 1_024, 200 * 44_100 / 1_000]);
}

#[test]
fn pictures_of_av1_become_segments_and_opus_is_left_out() {
    let record = [0x81, 0, 0x0C, 0, 0x0A, 0x0B, 0, 0, 0, 4, 0x3D, 6, 0xD4, 0xDA, 0xF9, 0, 0x40];
    let video = VideoHeader::from_record(VideoCodec::Av1, &record).unwrap();
    let head = b"OpusHead\x01\x02\0\0\x80\xBB\0\0\0\0\0";
    let audio = AudioHeader::from_bytes(AudioCodec::Opus, head).unwrap();
    let mut feed = Feed::new(Headers {
        video: header(TagType::Video, [b"\x90av01", &record[..]].concat(), video),
        audio: header(TagType::Audio, [b"\x90Opus", &head[..]].concat(), audio),
        ..Headers::default()
    });
    for ms in (0..4_200).step_by(40) {
        let (kind, first) = if ms % 2_000 == 0 { (Kind::Key, 0x91) } else { (Kind::Delta, 0xA1) };
        feed.push(kind, ms, [&[first][..], b"av01\x12\0\x32\x03abc"].concat());
        feed.push(Kind::Audio, ms, b"\x91Opus\xFC".to_vec());
    }
    let mut demuxer = feed.demuxer();
    let video = samples(&mut demuxer, &feed.segmenter.segments[0], TrackKind::Video);
    assert_eq!(video.len(), 50);
    assert!(video.iter().all(|sample| sample.4 == 5), "without the temporal delimiter");
    assert!(samples(&mut demuxer, &feed.segmenter.segments[1], TrackKind::Audio).is_empty());
}

#[test]
fn a_changed_header_needs_a_new_map_and_a_discontinuity() {
    let mut feed = Feed::new(both());
    feed.run(0, 4_200, 2_000);
    let mono = vec![0xAF, 0, 0x12, 0x08];
    let asc = Asc::from_bytes(&mono[2..]).unwrap();
    let audio = header(TagType::Audio, mono, asc.into());
    feed.headers = Arc::new(Headers { audio, ..(*feed.headers).clone() });
    feed.run(4_200, 8_400, 2_000);
    let text = feed.segmenter.playlist().unwrap();
    assert_eq!(text.matches("#EXT-X-MAP").count(), 2, "{text}");
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{text}");
}

#[test]
fn changed_metadata_changes_nothing() {
    let mut feed = Feed::new(both());
    feed.run(0, 2_200, 2_000);
    let metadata = Some(Arc::new(Unit::new(Kind::Data, TagType::Script, 0, vec![2])));
    feed.headers = Arc::new(Headers { metadata, ..(*feed.headers).clone() });
    feed.run(2_200, 8_400, 2_000);
    assert_eq!(feed.segmenter.playlist().unwrap().matches("#EXT-X-MAP").count(), 1);
}

#[test]
fn d10_the_end_of_32_bits_of_milliseconds_goes_unnoticed() {
    let mut feed = Feed::new(both());
    let begin = u32::MAX - 3_000;
    for n in 0..200u32 {
        let (ms, key) = (begin.wrapping_add(n * 40), n % 50 == 0);
        match key {
            true => feed.push(Kind::Key, ms, sample::key(100)),
            false => feed.push(Kind::Delta, ms, sample::delta(0, 50)),
        };
    }
    let mut demuxer = feed.demuxer();
    let starts: Vec<u64> = feed
        .segmenter
        .segments
        .iter()
        .map(|segment| samples(&mut demuxer, segment, TrackKind::Video)[0].0)
        .collect();
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == 2_000 * 90), "{starts:?}");
    assert!(!feed.segmenter.playlist().unwrap().contains("#EXT-X-DISCONTINUITY\n"));
}

#[test]
fn jumps_break_the_timeline_openly() {
    let mut feed = Feed::new(both());
    feed.run(100_000, 104_200, 2_000);
    feed.run(0, 4_200, 2_000);
    let text = feed.segmenter.playlist().unwrap();
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{text}");
}

#[test]
fn sound_alone_is_cut_every_two_seconds() {
    let mut feed = Feed::new(Headers { video: None, ..both() });
    for n in 0..400u64 {
        let ms = (n * 1_024_000 + 22_050) / 44_100;
        feed.push(Kind::Audio, ms as u32, sample::audio(1));
    }
    let text = feed.segmenter.playlist().unwrap();
    assert!(text.contains("#EXTINF:1.7") || text.contains("#EXTINF:1.8"), "{text}");
    let audio = samples(&mut feed.demuxer(), &feed.segmenter.segments[0], TrackKind::Audio);
    assert!(audio.len() > 70);
}

#[test]
fn memory_is_bounded_without_key_frames_and_with_huge_ones() {
    let mut feed = Feed::new(both());
    feed.push(Kind::Key, 0, sample::key(100));
    for n in 1..100 {
        feed.push(Kind::Delta, n * 40, sample::delta(0, 1 << 20));
        let open = feed.segmenter.open.as_ref().map_or(0, |open| open.bytes);
        assert!(open <= SEGMENT_BYTES + (2 << 20));
    }
    assert_eq!(feed.segmenter.playlist(), None, "nothing can be played from its middle");
    for n in 0..40 {
        feed.push(Kind::Key, 10_000 + n * 2_000, sample::key(10 << 20));
        let kept: usize = feed.segmenter.segments.iter().map(|segment| segment.bytes).sum();
        assert!(kept <= ALL_BYTES);
    }
}

#[test]
fn rw26_parts_last_a_quarter_of_a_second_and_are_the_segment_byte_for_byte() {
    for (step_ms, longest_ms) in [(16, 240), (33, 231), (40, 240), (100, 200), (400, 400)] {
        let mut feed = Feed::new(both());
        for n in 0..6_000 / step_ms {
            match n * step_ms % 2_000 < step_ms {
                true => feed.push(Kind::Key, n * step_ms, sample::key(500)),
                false => feed.push(Kind::Delta, n * step_ms, sample::delta(0, 100)),
            };
        }
        let text = feed.segmenter.playlist().unwrap();
        for segment in &feed.segmenter.segments {
            let (last, others) = segment.parts.split_last().unwrap();
            assert!(others.iter().all(|part| part.duration_ms == longest_ms), "{segment:?}");
            assert!(last.duration_ms <= longest_ms);
            let all: i64 = segment.parts.iter().map(|part| part.duration_ms).sum();
            assert_eq!(all, segment.duration_ms);
            assert!(segment.parts[0].is_independent && !segment.parts[1].is_independent);
            let parts: Vec<_> = segment.parts.iter().map(|part| part.bytes().unwrap()).collect();
            assert_eq!(segment.bytes().unwrap(), parts);
            let known = |part: &Arc<Part>| feed.segmenter.part(1, part.number).is_ok();
            assert!(segment.parts.iter().all(known));
        }
        let target = if longest_ms > 250 { "0.400" } else { "0.250" };
        assert!(text.contains(&format!("PART-TARGET={target}\n")), "{text}");
    }
}

#[test]
fn the_first_segment_is_number_1_because_players_take_0_for_none() {
    let mut feed = Feed::new(both());
    feed.run(0, 2_200, 2_000);
    let text = feed.segmenter.playlist().unwrap();
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:1\n") && text.contains("s1-1.m4s"), "{text}");
}

#[test]
fn what_is_wanted_is_there_comes_later_or_never() {
    let mut feed = Feed::new(both());
    feed.run(0, 4_600, 2_000);
    let place = |segment, part| Wanted::Place { segment, part };
    // Two segments of nine parts, and 480 ms of the third one.
    for (wanted, expected) in [
        (Wanted::Now, Reached::Yes),
        (place(2, None), Reached::Yes),
        (place(3, None), Reached::Later),
        (place(2, Some(8)), Reached::Yes),
        (place(2, Some(9)), Reached::Yes), // the first of the next
        (place(3, Some(1)), Reached::Yes),
        (place(3, Some(2)), Reached::Later),
        (place(4, Some(0)), Reached::Later),
        (place(5, Some(0)), Reached::TooFar),
        (place(u64::MAX, None), Reached::TooFar),
    ] {
        assert_eq!(feed.segmenter.reached(wanted), expected, "{wanted:?}");
    }
    let next = feed.segmenter.next_part;
    assert_eq!(feed.segmenter.part(1, next).err(), Some(Reached::Later), "hinted at");
    assert_eq!(feed.segmenter.part(1, next + 1).err(), Some(Reached::TooFar));
    assert_eq!(feed.segmenter.part(2, next).err(), Some(Reached::TooFar), "of another session");
    feed.segmenter.end();
    assert_eq!(feed.segmenter.reached(place(9, None)), Reached::Yes, "the end is told at once");
    assert_eq!(feed.segmenter.part(1, feed.segmenter.next_part).err(), Some(Reached::TooFar));
}
