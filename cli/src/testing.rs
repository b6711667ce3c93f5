//! FLV tags for unit tests: real headers, made-up pictures and sounds.

use onair_engine::flv::{self, Tag, TagType};
use onair_types::h264::AvcConfig;

/// x264's parameter sets for Main, level 3.0, 640x360, 30 fps.
const SPS: [u8; 24] = [
    0x67, 0x4d, 0x40, 0x1e, 0xec, 0xa0, 0x50, 0x17, 0xfc, 0xb8, 0x08, 0x80, 0x00, 0x00, 0x03, 0x00,
    0x80, 0x00, 0x00, 0x1e, 0x07, 0x8b, 0x16, 0xcb,
];
const PPS: [u8; 5] = [0x68, 0xeb, 0xe3, 0xcb, 0x20];
/// AAC-LC, 44,100 Hz, 2 channels.
const ASC: [u8; 2] = [0x12, 0x10];

fn tag(tag_type: TagType, timestamp_ms: u32, parts: &[&[u8]]) -> Tag {
    Tag { tag_type, timestamp_ms, body: parts.concat().into() }
}

/// Makes one byte of the body another.
pub(crate) fn change(tag: &mut Tag, index: usize, byte: u8) {
    let mut body = tag.body.to_vec();
    body[index] = byte;
    tag.body = body.into();
}

pub(crate) fn avc_header() -> Tag {
    let config = AvcConfig::from_parameter_sets(&SPS, &PPS).expect("parameter sets");
    tag(TagType::Video, 0, &[&flv::AVC_HEADER_PREFIX, config.record()])
}

pub(crate) fn aac_header() -> Tag {
    tag(TagType::Audio, 0, &[&flv::AAC_HEADER_PREFIX, &ASC])
}

/// One slice with its length before it, of IDR or non-IDR kind.
pub(crate) fn picture(timestamp_ms: u32, composition_ms: i32, keyframe: bool) -> Tag {
    let slice = [0, 0, 0, 3, if keyframe { 0x65 } else { 0x41 }, 0x88, timestamp_ms as u8];
    let prefix = flv::video_prefix(keyframe, composition_ms);
    tag(TagType::Video, timestamp_ms, &[&prefix, &slice])
}

pub(crate) fn sound(timestamp_ms: u32) -> Tag {
    tag(TagType::Audio, timestamp_ms, &[&flv::AAC_RAW_PREFIX, &[0x21, timestamp_ms as u8]])
}

/// A good stream: headers, then `pictures` at 30 fps with a key frame every 30, and the sound
/// beside them, from `start_ms` on.
pub(crate) fn stream(start_ms: u32, pictures: u32) -> Vec<Tag> {
    let mut tags = vec![avc_header(), aac_header()];
    let mut sounds = 0;
    for n in 0..pictures {
        let at = (f64::from(n) * 1_000.0 / 30.0).round();
        loop {
            let sound_at = (f64::from(sounds) * 1_024e3 / 44_100.0).round();
            if sound_at > at {
                break;
            }
            tags.push(sound(start_ms.wrapping_add(sound_at as u32)));
            sounds += 1;
        }
        tags.push(picture(start_ms.wrapping_add(at as u32), 0, n % 30 == 0));
    }
    tags
}

/// `tag` as a message of the track `id`.
pub(crate) fn of_track(id: u8, tag: &Tag) -> Tag {
    let (first, kind, four_cc) = match (tag.tag_type, tag.body[1]) {
        (TagType::Audio, kind) => (0x95, kind, b"mp4a"),
        (_, kind) => (0x80 | tag.body[0] & 0x70 | 6, kind, b"avc1"),
    };
    // A picture keeps its composition time, a header has none.
    let skipped = if tag.tag_type == TagType::Video && kind == 0 { 5 } else { 2 };
    let body = [&[first, kind][..], four_cc, &[id], &tag.body[skipped..]].concat();
    Tag { tag_type: tag.tag_type, timestamp_ms: tag.timestamp_ms, body: body.into() }
}

/// The tags as a file.
pub(crate) fn file(tags: &[Tag]) -> Vec<u8> {
    let mut file = flv::file_header(true, true).to_vec();
    for tag in tags {
        flv::write_tag(&mut file, tag.tag_type, tag.timestamp_ms, &[&tag.body]);
    }
    file
}
