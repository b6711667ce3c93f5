//! FLV reader and tags: every split gives the same tags, memory follows the bytes that came, and
//! what was read is written and read again the same.

use onair_engine::flv::{Body, FlvError, Prefix, Reader, Tag, TagType, file_header, write_tag};
use onair_types::{Payload, VideoCodec};

use crate::heap;
use crate::input::pieces;

/// First byte: how much of what follows is the seed for the second run's pieces, and whether a
/// file's header is put before the rest.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let (seed, rest) = rest.split_at(usize::from(first >> 4).min(rest.len()));
    let mut file = Vec::new();
    if first & 1 == 1 {
        file.extend_from_slice(&file_header(true, true));
    }
    file.extend_from_slice(rest);

    // A body's space doubles as it fills, from 256 KiB on, and there may be one for each tag.
    let tags = file.len() / 15 + 1;
    let most = STEP * (tags + 1) + 4 * file.len() + SMALL;
    let (tags, result) = heap::within(most, || read(&[&file]));
    assert_eq!((&tags, &result), (&read(&pieces(&file, seed)).0, &read(&pieces(&file, seed)).1));
    assert_eq!((&tags, &result), (&read(&file.chunks(1).collect::<Vec<_>>()).0, &result));

    let mut written = file_header(true, true).to_vec();
    for tag in &tags {
        write_tag(&mut written, tag.tag_type, tag.timestamp_ms, &[&tag.body]);
        if let Ok(body) = Body::parse(tag.tag_type, &tag.body) {
            check_body(tag.tag_type, body, &tag.body);
        }
    }
    assert_eq!(read(&[&written]), (tags, Ok(0)), "what was read is written and read the same");
}

fn check_body(tag_type: TagType, body: Body<'_>, bytes: &[u8]) {
    match body {
        Body::AvcHeader(data) | Body::VideoHeader { record: data, .. } => {
            assert!(tag_type == TagType::Video && bytes.ends_with(data));
        }
        Body::AvcUnit { keyframe, composition_ms, data } => {
            assert!(tag_type == TagType::Video && bytes.ends_with(data));
            check_picture(VideoCodec::H264, keyframe, composition_ms, data, body);
        }
        Body::VideoUnit { codec, keyframe, composition_ms, data } => {
            assert!(tag_type == TagType::Video && bytes.ends_with(data));
            check_picture(codec, keyframe, composition_ms, data, body);
        }
        Body::AacHeader(data)
        | Body::AacFrame(data)
        | Body::AudioHeader { head: data, .. }
        | Body::AudioUnit { data, .. } => {
            assert!(tag_type == TagType::Audio && bytes.ends_with(data));
        }
        Body::Multitrack(tracks) => {
            let tracks: Vec<_> = tracks.tracks().collect();
            assert!(tracks.len() <= bytes.len(), "each track has at least its id");
            let errors = tracks.iter().filter(|track| track.is_err()).count();
            assert!(errors <= 1 && tracks[..tracks.len() - errors].iter().all(Result::is_ok));
        }
        Body::Script(data) => assert_eq!((tag_type, data), (TagType::Script, bytes)),
        Body::Empty => assert!(bytes.is_empty()),
        _ => {}
    }
}

/// What is written of a picture that was read is read the same.
fn check_picture(
    codec: VideoCodec,
    keyframe: bool,
    composition_ms: i32,
    data: &[u8],
    body: Body<'_>,
) {
    let prefix = Prefix::video(codec, keyframe, composition_ms);
    let written = [prefix.as_bytes(), data].concat();
    assert_eq!(Body::parse(TagType::Video, &written), Ok(body));
}

/// The tags, and how many bytes wait for the rest of another one.
fn read(pieces: &[&[u8]]) -> (Vec<Tag<Payload>>, Result<usize, FlvError>) {
    let mut reader = Reader::with_body_limit(1 << 20);
    let mut tags = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            match reader.take_from(&mut rest) {
                Ok(Some(tag)) => tags.push(tag),
                Ok(None) => break,
                Err(error) => return (tags, Err(error)),
            }
        }
    }
    let unread = reader.unread_bytes();
    (tags, Ok(unread))
}

const STEP: usize = 256 << 10;
/// The pool's table.
const SMALL: usize = 64 << 10;
