use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Result<Vec<Tag>, FlvError> {
    let mut reader = Reader::new();
    reader.push(bytes);
    let mut tags = Vec::new();
    while let Some(tag) = reader.next_tag()? {
        tags.push(tag);
    }
    Ok(tags)
}

fn tag(tag_type: TagType, timestamp_ms: u32, body: &[u8]) -> Tag {
    Tag { tag_type, timestamp_ms, body: body.to_vec() }
}

fn file(tags: &[Tag]) -> Vec<u8> {
    let mut bytes = file_header(true, true).to_vec();
    for tag in tags {
        write_tag(&mut bytes, tag.tag_type, tag.timestamp_ms, &[&tag.body]);
    }
    bytes
}

#[test]
fn lf49_prefixes_have_the_bytes_of_the_specification() {
    assert_eq!(AVC_HEADER_PREFIX, [0x17, 0, 0, 0, 0]);
    assert_eq!((AAC_HEADER_PREFIX, AAC_RAW_PREFIX), ([0xAF, 0], [0xAF, 1]));
    assert_eq!(video_prefix(true, 0), [0x17, 1, 0, 0, 0]);
    assert_eq!(video_prefix(false, 66), [0x27, 1, 0, 0, 66]);
    assert_eq!(video_prefix(false, -2), [0x27, 1, 0xFF, 0xFF, 0xFE]);
}

#[test]
fn d07_composition_times_are_clamped_to_24_bits_and_keep_their_sign() {
    for (given, kept) in [
        (8_388_607, 8_388_607),
        (8_388_608, 8_388_607),
        (i32::MAX, 8_388_607),
        (-8_388_608, -8_388_608),
        (-8_388_609, -8_388_608),
        (i32::MIN, -8_388_608),
        (-1, -1),
    ] {
        let prefix = video_prefix(true, given);
        let expected = Body::AvcUnit { keyframe: true, composition_ms: kept, data: &[] };
        assert_eq!(Body::parse(TagType::Video, &prefix), Ok(expected));
    }
}

#[test]
fn bodies_are_told_apart() {
    let parse = |tag_type, body| Body::parse(tag_type, body).unwrap();
    let (audio, video) = (TagType::Audio, TagType::Video);
    assert_eq!(parse(video, &[0x17, 0, 0, 0, 0, 1, 2]), Body::AvcHeader(&[1, 2]));
    let unit = |keyframe, data| Body::AvcUnit { keyframe, composition_ms: 0, data };
    assert_eq!(parse(video, &[0x17, 1, 0, 0, 0, 9]), unit(true, &[9]));
    assert_eq!(parse(video, &[0x27, 1, 0, 0, 0, 9]), unit(false, &[9]));
    assert_eq!(parse(video, &[0x47, 1, 0, 0, 0, 9]), unit(true, &[9]));
    assert_eq!(parse(video, &[0x17, 2, 0, 0, 0]), Body::AvcEnd);
    assert_eq!(parse(video, &[0x17, 2]), Body::AvcEnd);
    assert_eq!(parse(audio, &[0xAF, 0, 0x12, 0x10]), Body::AacHeader(&[0x12, 0x10]));
    assert_eq!(parse(audio, &[0xAF, 1, 5]), Body::AacFrame(&[5]));
    assert_eq!(parse(audio, &[0xA2, 1, 5]), Body::AacFrame(&[5]), "rate bits mean nothing");
    assert_eq!(parse(TagType::Script, &[2]), Body::Script(&[2]));
    assert_eq!(parse(audio, &[]), Body::Empty);
}

#[test]
fn codecs_of_others_are_named_by_their_first_byte() {
    for (tag_type, body) in [
        (TagType::Video, &[0x12, 0, 0][..]), // Sorenson
        (TagType::Video, &[0x90, b'h', b'v', b'c', b'1']),
        (TagType::Video, &[0x97, b'a', b'v', b'c', b'1']), // enhanced: no codec id there
        (TagType::Video, &[0x57, 0]),                      // a command, not a picture
        (TagType::Video, &[0x17, 3, 0, 0, 0]),
        (TagType::Audio, &[0x2F, 0xFF]), // MP3
        (TagType::Audio, &[0xAF, 2]),
    ] {
        assert_eq!(Body::parse(tag_type, body), Ok(Body::Other(body[0])));
    }
}

#[test]
fn bodies_that_break_off_are_refused() {
    for (tag_type, body, needed) in [
        (TagType::Video, &[0x17][..], 2),
        (TagType::Video, &[0x17, 1, 0, 0], 5),
        (TagType::Video, &[0x27, 0], 5),
        (TagType::Audio, &[0xAF], 2),
    ] {
        let error = Body::parse(tag_type, body).unwrap_err();
        assert_eq!(error, FlvError::ShortBody { needed, available: body.len() });
    }
}

#[test]
fn a_file_has_the_bytes_of_the_specification() {
    assert_eq!(file_header(true, true), *b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
    assert_eq!(file_header(false, true)[4], 1);
    assert_eq!(file_header(true, false)[4], 4);
    let mut bytes = Vec::new();
    write_tag(&mut bytes, TagType::Audio, 0x0102_0304, &[&[0xAF, 1], &[9]]);
    assert_eq!(bytes, [8, 0, 0, 3, 0x02, 0x03, 0x04, 0x01, 0, 0, 0, 0xAF, 1, 9, 0, 0, 0, 14]);
}

#[test]
fn d10_times_beyond_24_bits_are_read_back() {
    for time in [0, 0xFF_FFFF, 0x100_0000, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        let tags = [tag(TagType::Video, time, &[1])];
        assert_eq!(read(&file(&tags)).unwrap(), tags);
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
    reader.push(&file_header(true, true));
    reader.push(&tag_header(TagType::Video, 0, 1_001));
    let error = reader.next_tag().unwrap_err();
    assert_eq!(error, FlvError::TooLarge { offset: 13, size: 1_001, limit: 1_000 });
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
    reader.push(&file_header(true, true));
    let mut bytes = Vec::new();
    write_tag(&mut bytes, TagType::Video, 0, &[&[1; 10_000]]);
    for _ in 0..2_000 {
        for piece in bytes.chunks(1_400) {
            reader.push(piece);
        }
        assert!(reader.next_tag().unwrap().is_some());
        assert!(reader.next_tag().unwrap().is_none());
        assert!(reader.buffer.len() <= 2 * bytes.len());
    }
    assert_eq!(reader.offset(), 13 + 2_000 * bytes.len() as u64);
}

fn metadata() -> MetaData {
    MetaData {
        video: Some(VideoMeta { width: 720, height: 1_280, fps: 30.0, bitrate_bps: 1_200_000 }),
        audio: Some(AudioMeta { sample_rate_hz: 44_100, channels: 2, bitrate_bps: 128_000 }),
        encoder: "OnAir 0.1.0".to_owned(),
    }
}

#[test]
fn lf54_metadata_is_an_ecma_array_with_numeric_codec_ids_and_kilobits() {
    let mut bytes = Vec::new();
    metadata().write(&mut bytes);
    let values = amf0::read_all(&bytes).unwrap();
    assert_eq!(values[0].as_str(), Some("onMetaData"));
    let Value::EcmaArray(pairs) = &values[1] else { panic!("{values:?}") };
    let number = |key| values[1].get(key).unwrap().as_number().unwrap();
    assert_eq!((number("videocodecid"), number("audiocodecid")), (7.0, 10.0));
    assert_eq!((number("videodatarate"), number("audiodatarate")), (1_200.0, 128.0));
    assert_eq!((number("width"), number("height"), number("framerate")), (720.0, 1_280.0, 30.0));
    assert_eq!((number("audiosamplerate"), number("audiosamplesize")), (44_100.0, 16.0));
    assert_eq!(values[1].get("stereo"), Some(&Value::Boolean(true)));
    assert_eq!(values[1].get("encoder").unwrap().as_str(), Some("OnAir 0.1.0"));
    let count = u32::from_be_bytes(bytes[14..18].try_into().unwrap());
    assert_eq!(count as usize, pairs.len());
}

#[test]
fn metadata_is_read_back() {
    let whole = metadata();
    let video_only = MetaData { audio: None, ..whole.clone() };
    let audio_only = MetaData { video: None, ..whole.clone() };
    for metadata in [whole, video_only, audio_only] {
        let mut bytes = Vec::new();
        amf0::write_str(&mut bytes, "@setDataFrame");
        metadata.write(&mut bytes);
        assert_eq!(MetaData::parse(&amf0::read_all(&bytes).unwrap()), Some(metadata));
    }
}

#[test]
fn metadata_of_others_is_read() {
    // LFLiveKit: an object, string codec ids, audio in bit/s.
    let pairs = [
        ("width", Value::from(360.0)),
        ("height", 640.0.into()),
        ("videocodecid", "avc1".into()),
        ("videodatarate", 600.0.into()),
        ("framerate", 24.0.into()),
        ("audiocodecid", "mp4a".into()),
        ("audiodatarate", 128_000.0.into()),
        ("audiosamplerate", 44_100.0.into()),
        ("stereo", true.into()),
    ];
    let object = Value::Object(pairs.map(|(key, value)| (key.to_owned(), value)).to_vec());
    let read = MetaData::parse(&["onMetaData".into(), object]).unwrap();
    let video = VideoMeta { width: 360, height: 640, fps: 24.0, bitrate_bps: 600_000 };
    let audio = AudioMeta { sample_rate_hz: 44_100, channels: 2, bitrate_bps: 128_000 };
    assert_eq!((read.video, read.audio), (Some(video), Some(audio)));
    // nginx-rtmp says 0 for a track that is not there.
    let pairs = [("videocodecid", Value::from(0.0)), ("audiocodecid", 10.0.into())];
    let object = Value::EcmaArray(pairs.map(|(key, value)| (key.to_owned(), value)).to_vec());
    let read = MetaData::parse(&[object]).unwrap();
    let unsaid = AudioMeta { sample_rate_hz: 0, channels: 0, bitrate_bps: 0 };
    assert_eq!((read.video, read.audio), (None, Some(unsaid)));
    assert_eq!(MetaData::parse(&["onMetaData".into()]), None);
    let odd =
        Value::Object(vec![("width".into(), f64::NAN.into()), ("height".into(), (-1.0).into())]);
    assert_eq!(MetaData::parse(&[odd]).unwrap().video, None);
}

#[test]
fn wire_times_are_rounded_and_wrap() {
    assert_eq!(wire_ms(MediaTime::from_micros(1_499)), 1);
    assert_eq!(wire_ms(MediaTime::from_micros(1_500)), 2);
    assert_eq!(wire_ms(MediaTime::from_millis(1 << 32)), 0);
    assert_eq!(wire_ms(MediaTime::from_millis((1 << 32) + 40)), 40);
    assert_eq!(wire_ms(MediaTime::from_millis(-1)), u32::MAX);
}

fn any_tag() -> impl Strategy<Value = Tag> {
    let tag_type = prop_oneof![Just(TagType::Audio), Just(TagType::Video), Just(TagType::Script)];
    (tag_type, any::<u32>(), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(tag_type, timestamp_ms, body)| Tag { tag_type, timestamp_ms, body })
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
            reader.push(piece);
            while let Some(tag) = reader.next_tag().unwrap() {
                read.push(tag);
            }
        }
        prop_assert_eq!(read, tags);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), with_header: bool) {
        let header = if with_header { &file_header(true, true)[..] } else { &[] };
        let _ = read(&[header, &bytes].concat());
        for tag_type in [TagType::Audio, TagType::Video, TagType::Script] {
            let _ = Body::parse(tag_type, &bytes);
        }
    }

    #[test]
    fn no_metadata_panics(width: f64, rate: f64, channels: f64) {
        let pairs = [("width", width), ("audiodatarate", rate), ("audiochannels", channels)];
        let pairs = pairs.map(|(key, number)| (key.to_owned(), Value::Number(number)));
        let _ = MetaData::parse(&[Value::Object(pairs.to_vec())]);
    }
}
