use proptest::prelude::*;

use super::*;

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
        (TagType::Video, &[0x57, 0]),        // a command, not a picture
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
fn wire_times_are_rounded_and_wrap() {
    assert_eq!(wire_ms(MediaTime::from_micros(1_499)), 1);
    assert_eq!(wire_ms(MediaTime::from_micros(1_500)), 2);
    assert_eq!(wire_ms(MediaTime::from_millis(1 << 32)), 0);
    assert_eq!(wire_ms(MediaTime::from_millis((1 << 32) + 40)), 40);
    assert_eq!(wire_ms(MediaTime::from_millis(-1)), u32::MAX);
}

proptest! {
    #[test]
    fn no_body_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for tag_type in [TagType::Audio, TagType::Video, TagType::Script] {
            let _ = Body::parse(tag_type, &bytes);
        }
    }
}
