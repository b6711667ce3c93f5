use proptest::prelude::*;

use super::*;
use crate::flv::{file_header, tag_header, write_tag};

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
