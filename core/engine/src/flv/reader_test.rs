use proptest::prelude::*;

use super::*;
use crate::flv::{PlainContent, PlainUnit, file_header, tag_header, write_tag};

fn read(bytes: &[u8]) -> Result<Vec<Tag>, FlvError> {
    read_on(&mut Reader::new(), bytes)
}

fn read_on(reader: &mut Reader, mut bytes: &[u8]) -> Result<Vec<Tag>, FlvError> {
    std::iter::from_fn(|| reader.take_from(&mut bytes).transpose()).collect()
}

fn tag(tag_type: TagType, timestamp_ms: u32, body: &[u8]) -> Tag {
    Tag { tag_type, timestamp_ms, body: body.to_vec().into() }
}

fn file(tags: &[Tag]) -> Vec<u8> {
    let mut bytes = file_header(true, true).to_vec();
    for tag in tags {
        write_tag(&mut bytes, tag.tag_type, tag.timestamp_ms, &[&tag.body]);
    }
    bytes
}

#[test]
fn d10_times_beyond_24_bits_are_read_back() {
    for time in [0, 0xFF_FFFF, 0x100_0000, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        let tags = [tag(TagType::Video, time, &[1])];
        assert_eq!(read(&file(&tags)).unwrap(), tags);
    }
}

#[test]
fn plain_units_are_what_the_tags_hold_and_nothing_else_is_plain() {
    let tags = [
        tag(TagType::Video, 0, &[0x17, 0, 0, 0, 0, 1]), // a header
        tag(TagType::Video, 3, &[0x17, 1, 0, 0, 66, 1, 2]), // shown later
        tag(TagType::Audio, 4, &[0xAF, 1, 7]),
        tag(TagType::Video, 5, &[0x27, 1, 0xFF, 0xFF, 0xFF, 9]), // shown earlier
        tag(TagType::Video, 6, &[0x27, 1, 0, 0, 0]),             // empty
        tag(TagType::Audio, 7, &[0xAF, 1]),                      // empty
        tag(TagType::Audio, 8, &[0xAF, 0, 0x12, 0x10]),          // a header
        tag(TagType::Audio, 9, &[0x2F, 1, 7]),                   // MP3
        tag(TagType::Video, 10, &[0x57, 1, 0, 0, 0, 0]),         // a command
        tag(TagType::Script, 11, &[0x27, 1, 0, 0, 0, 9]),
        tag(TagType::Audio, u32::MAX, &[0xAE, 1, 7, 8]),
        tag(TagType::Video, 12, &[0x27, 1, 0, 0, 0, 9, 9, 9, 9]),
    ];
    let picture = |is_key, composition_ms| PlainContent::Picture { is_key, composition_ms };
    let unit = |timestamp_ms, content, bytes: &[u8]| PlainUnit {
        timestamp_ms,
        content,
        payload: bytes.to_vec().into(),
    };
    let expected = [
        unit(3, picture(true, 66), &[1, 2]),
        unit(4, PlainContent::Sound, &[7]),
        unit(5, picture(false, -1), &[9]),
        unit(u32::MAX, PlainContent::Sound, &[7, 8]),
        unit(12, picture(false, 0), &[9; 4]),
    ];
    let plain = |video, audio| {
        let units = tags.iter().cloned().filter_map(|tag| tag.into_plain(video, audio).ok());
        units.collect::<Vec<_>>()
    };
    assert_eq!(plain(true, true), expected);
    assert_eq!(plain(false, true), [expected[1].clone(), expected[3].clone()]);
    assert_eq!(plain(true, false).len(), 3);
    // From the block at hand: the same, and all others are left where they are.
    let mut reader = Reader::new();
    let mut bytes = &file(&tags)[..];
    let (mut units, mut others) = (Vec::new(), 0);
    loop {
        if let Some(unit) = reader.next_plain_unit(true, true) {
            units.push(unit);
        } else if let Some(tag) = reader.take_from(&mut bytes).expect("FLV") {
            match tag.into_plain(true, true) {
                Ok(unit) => units.push(unit),
                Err(_) => others += 1,
            }
        } else {
            break;
        }
    }
    assert_eq!((units.as_slice(), others), (&expected[..], tags.len() - expected.len()));
}

#[test]
fn a_file_that_breaks_off_leaves_bytes_unread() {
    let whole = file(&[tag(TagType::Audio, 0, &[0xAF, 1, 2]), tag(TagType::Video, 5, &[0x27; 9])]);
    for end in 13..=whole.len() {
        let mut reader = Reader::new();
        read_on(&mut reader, &whole[..end]).unwrap();
        // 13 bytes of header, 18 and 24 of tags, of which the last 4 say only how long they were.
        let is_between = end == 13 || (27..=31).contains(&end) || end >= 51;
        assert_eq!(reader.unread_bytes() == 0, is_between, "{end}");
    }
}

#[test]
fn a_longer_header_and_tags_of_unknown_type_are_stepped_over() {
    let mut bytes = b"FLV\x01\x05\0\0\0\x0C###\0\0\0\0".to_vec();
    bytes.extend_from_slice(&[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 13]); // type 0
    write_tag(&mut bytes, TagType::Audio, 5, &[&[0xAF, 1]]);
    bytes.extend_from_slice(&[0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12]); // encrypted
    write_tag(&mut bytes, TagType::Script, 6, &[&[5]]);
    let expected = [tag(TagType::Audio, 5, &[0xAF, 1]), tag(TagType::Script, 6, &[5])];
    assert_eq!(read(&bytes).unwrap(), expected);
}

#[test]
fn what_is_not_flv_is_refused_where_it_is() {
    assert_eq!(read(b"G"), Err(FlvError::NotFlv));
    assert_eq!(read(b"FLV\x02"), Err(FlvError::NotFlv));
    assert_eq!(read(b"<html>"), Err(FlvError::NotFlv));
    assert_eq!(read(b"FLV\x01\x05\0\0\0\x08"), Err(FlvError::NotFlv));
    let huge = read(b"FLV\x01\x05\xFF\0\0\0").unwrap_err();
    assert!(matches!(huge, FlvError::TooLarge { limit: 0x100_0000, .. }), "{huge}");
    let mut bytes = file(&[tag(TagType::Audio, 0, &[1])]);
    let offset = bytes.len() as u64;
    bytes.extend_from_slice(&[7, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9]);
    assert_eq!(read(&bytes), Err(FlvError::TagType { offset, tag_type: 7 }));
}

#[test]
fn a_body_above_the_limit_is_refused_before_it_comes() {
    let mut reader = Reader::with_body_limit(1_000);
    read_on(&mut reader, &file_header(true, true)).unwrap();
    let error = read_on(&mut reader, &tag_header(TagType::Video, 0, 1_001)).unwrap_err();
    assert_eq!(error, FlvError::TooLarge { offset: 13, size: 1_001, limit: 1_000 });
}

#[test]
fn a_claimed_size_costs_no_memory_before_its_bytes_come() {
    let mut reader = Reader::new();
    read_on(&mut reader, &file_header(true, true)).unwrap();
    read_on(&mut reader, &tag_header(TagType::Video, 0, 16_000_000)).unwrap();
    assert!(reader.spare().len() <= 256 << 10, "{}", reader.spare().len());
    read_on(&mut reader, &vec![0; 300_000]).unwrap();
    assert!(reader.spare().len() <= 600_000, "{}", reader.spare().len());
}

#[test]
fn the_last_tag_needs_no_size_behind_it() {
    let bytes = file(&[tag(TagType::Audio, 0, &[1, 2, 3])]);
    assert_eq!(read(&bytes[..bytes.len() - 4]).unwrap().len(), 1);
    assert_eq!(read(&bytes[..bytes.len() - 5]).unwrap().len(), 0);
}

#[test]
fn a_long_stream_leaves_nothing_behind_in_the_reader() {
    let mut reader = Reader::new();
    read_on(&mut reader, &file_header(true, true)).unwrap();
    let mut bytes = Vec::new();
    write_tag(&mut bytes, TagType::Video, 0, &[&[1; 10_000]]);
    let mut buffers = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        let tags: Vec<Tag> =
            bytes.chunks(1_400).flat_map(|piece| read_on(&mut reader, piece).unwrap()).collect();
        assert_eq!(tags.len(), 1);
        buffers.insert(tags[0].body.as_ptr());
    }
    assert!(buffers.len() <= 2, "{} buffers for one tag at a time", buffers.len());
    // The next header's size of the last tag is still to come.
    assert_eq!(reader.offset, 9 + 2_000 * bytes.len() as u64);
}

fn any_tag() -> impl Strategy<Value = Tag> {
    let tag_type = prop_oneof![Just(TagType::Audio), Just(TagType::Video), Just(TagType::Script)];
    (tag_type, any::<u32>(), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(tag_type, timestamp_ms, body)| tag(tag_type, timestamp_ms, &body))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_whatever_the_pieces(
        tags in prop::collection::vec(any_tag(), 0..10),
        size in 1..500usize,
    ) {
        let mut reader = Reader::new();
        let mut read = Vec::new();
        for piece in file(&tags).chunks(size) {
            read.extend(read_on(&mut reader, piece).unwrap());
        }
        prop_assert_eq!(read, tags);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), with_header: bool) {
        let header = if with_header { &file_header(true, true)[..] } else { &[] };
        let _ = read(&[header, &bytes].concat());
    }
}
