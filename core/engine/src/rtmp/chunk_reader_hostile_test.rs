use super::*;

#[test]
fn p01_chunk_sizes_are_applied_or_refused_and_never_allocated() {
    for size in [128, 4_096, 1 << 24, 0x7FFF_FFFF] {
        let mut reader = ChunkReader::new(Limits::SERVER);
        let mut messages = Vec::new();
        let mut push = |bytes: &[u8]| reader.push(bytes, &mut |message| messages.push(message));
        push(&set_chunk_size(size)).unwrap();
        push(&type_0(4, 0, 4_000_000, 8, 1)).unwrap();
        push(&[1; 10]).unwrap();
        assert!(reader.streams[1].body.capacity() <= 64 << 10);
        assert_eq!(messages[0].type_id, 1, "handed out too");
    }
    for size in [0, 0x8000_0000, u32::MAX] {
        let error = refused(&[&set_chunk_size(size)]);
        assert!(matches!(error, ReadError::Control { offset: 0, .. }), "{error}");
    }
    for size in [1, 127] {
        let error = refused(&[&set_chunk_size(size)]);
        assert!(error.to_string().contains("too small"), "{error}");
        // A client bears with it.
        let chunks: Vec<u8> = match size {
            1 => b"abc".iter().flat_map(|byte| [0xC4, *byte]).skip(1).collect(),
            _ => b"abc".to_vec(),
        };
        let bytes = [set_chunk_size(size), type_0(4, 0, 3, 8, 1), chunks].concat();
        let (messages, result) = read_with(Limits::CLIENT, &bytes);
        assert_eq!((result, &messages[1]), (Ok(()), &audio(0, b"abc")));
    }
    let error = refused(&[&type_0(2, 0, 3, 1, 0), &[0, 0, 1]]);
    assert!(matches!(error, ReadError::Control { .. }), "{error}");
}

#[test]
fn p02_lengths_without_bodies_take_no_memory() {
    let mut reader = ChunkReader::new(Limits { message_bytes: 0xFF_FFFF, ..Limits::SERVER });
    for csid in 64..128_u8 {
        let mut chunk = type_0(0, 0, 0xFF_FFFF, 9, 1);
        chunk.insert(1, csid - 64);
        reader.push(&chunk, &mut |_| ()).unwrap();
        reader.push(&[1; 128], &mut |_| ()).unwrap();
    }
    let held: usize = reader.streams.iter().map(|stream| stream.body.capacity()).sum();
    assert!(held <= 64 * 512, "{held}");
}

#[test]
fn p02_memory_follows_the_bytes_that_arrive() {
    let limits = Limits { message_bytes: 4 << 20, partial_bytes: 8 << 20, ..Limits::SERVER };
    let mut reader = ChunkReader::new(limits);
    reader.push(&set_chunk_size(0xFF_FFFF), &mut |_| ()).unwrap();
    reader.push(&type_0(4, 0, 4 << 20, 9, 1), &mut |_| ()).unwrap();
    for _ in 0..2_000 {
        reader.push(&[1; 1_000], &mut |_| ()).unwrap();
        let body = &reader.streams[1].body;
        assert!(body.capacity() - body.len() <= 64 << 10);
    }
}

#[test]
fn p02_messages_and_their_sum_have_a_limit() {
    let error = refused(&[&type_0(4, 0, (4 << 20) + 1, 8, 1)]);
    assert_eq!(
        error,
        ReadError::Limit { offset: 0, what: "message size", value: (4 << 20) + 1, limit: 4 << 20 }
    );
    for type_id in [22, 19, 99] {
        assert!(matches!(
            refused(&[&type_0(4, 0, (1 << 20) + 1, type_id, 1)]),
            ReadError::Limit { .. }
        ));
    }
    let limits = Limits { partial_bytes: 300, ..Limits::SERVER };
    let bytes = [
        type_0(4, 0, 200, 8, 1),
        vec![1; 128],
        type_0(5, 0, 200, 8, 1),
        vec![1; 128],
        type_0(6, 0, 200, 8, 1),
        vec![1; 128],
    ]
    .concat();
    let (_, result) = read_with(limits, &bytes);
    let what = "size of unfinished messages";
    assert_eq!(result, Err(ReadError::Limit { offset: 280, what, value: 384, limit: 300 }));
}

#[test]
fn p03_a_message_that_changes_before_it_ends_is_refused() {
    let begun = [type_0(4, 0, 300, 8, 1), vec![1; 128]].concat();
    for header in [
        type_0(4, 0, 301, 8, 1),
        type_0(4, 0, 299, 8, 1),
        type_0(4, 0, 300, 9, 1),
        type_0(4, 0, 300, 8, 2),
        type_1(4, 0, 1_000, 8),
        type_1(4, 0, 300, 9),
    ] {
        let error = refused(&[&begun, &header]);
        assert_eq!(error, ReadError::ChangedMidMessage { offset: 140, csid: 4 });
    }
}

#[test]
fn p06_headers_without_a_predecessor_are_refused() {
    for (header, format) in [(type_1(4, 0, 1, 8), 1), (type_2(4, 0), 2), (type_3(4), 3)] {
        let error = refused(&[&header]);
        assert_eq!(error, ReadError::NoPredecessor { offset: 0, format, csid: 4 });
    }
    for header in [type_2(2, 0), type_3(2)] {
        assert!(matches!(refused(&[&header]), ReadError::NoPredecessor { csid: 2, .. }));
    }
}

#[test]
fn librtmps_control_messages_may_begin_with_type_1() {
    let messages = read(&[&type_1(2, 7, 6, 4), &[0, 7, 0, 0, 0, 1]]);
    assert_eq!((messages[0].timestamp_ms, messages[0].type_id, messages[0].stream_id), (7, 4, 0));
}

#[test]
fn p06_chunk_stream_ids_of_one_two_and_three_bytes() {
    let body = &type_0(0, 9, 1, 8, 1)[1..];
    for (basic, csid) in [
        (vec![2], 2),
        (vec![63], 63),
        (vec![0, 0], 64),
        (vec![0, 255], 319),
        (vec![1, 0, 1], 320),
        (vec![1, 255, 255], 65_599),
    ] {
        let mut reader = ChunkReader::new(Limits::SERVER);
        let mut messages = Vec::new();
        reader.push(&[&basic, body, b"x"].concat(), &mut |m| messages.push(m)).unwrap();
        assert_eq!(reader.streams[0].csid, csid);
        assert_eq!(messages, [audio(9, b"x")]);
    }
    // Two ways to say 64: the same chunk stream.
    let messages = read(&[&[0, 0], body, b"x", &[0xC1, 0, 0], b"y"]);
    assert_eq!(messages[1], audio(18, b"y"));
}

#[test]
fn p06_no_more_chunk_streams_than_the_limit() {
    for (limits, most) in [(Limits::CLIENT, 16), (Limits::SERVER, 64)] {
        let mut reader = ChunkReader::new(limits);
        for csid in 0..most {
            let mut chunk = type_0(0, 0, 1, 8, 1);
            chunk.insert(1, csid);
            chunk.push(b'x');
            reader.push(&chunk, &mut |_| ()).unwrap();
        }
        let error = reader.push(&type_0(3, 0, 1, 8, 1), &mut |_| ()).unwrap_err();
        let (value, limit) = (u64::from(most) + 1, u64::from(most));
        assert!(
            matches!(error, ReadError::Limit { value: v, limit: l, .. } if (v, l) == (value, limit))
        );
    }
}

#[test]
fn p07_an_abort_forgets_the_message_and_keeps_the_header() {
    let abort = |csid: u32| [type_0(2, 0, 4, 2, 0), csid.to_be_bytes().to_vec()].concat();
    let mut reader = ChunkReader::new(Limits::SERVER);
    let mut messages = Vec::new();
    let bytes = [
        type_0(4, 100, 200, 8, 1),
        vec![1; 128],
        abort(4),
        abort(77), // nothing there
        abort(4),  // nothing there any more
        type_1(4, 10, 2, 8),
        b"ab".to_vec(),
        type_3(4),
        b"cd".to_vec(),
    ]
    .concat();
    reader.push(&bytes, &mut |message| messages.push(message)).unwrap();
    messages.retain(|message| message.type_id != 2);
    assert_eq!(messages, [audio(110, b"ab"), audio(120, b"cd")]);
    assert_eq!(reader.partial_bytes, 0);
}

#[test]
fn p07_a_stream_of_aborts_holds_no_memory() {
    let mut reader = ChunkReader::new(Limits::CLIENT);
    let round =
        [type_0(4, 0, 200_000, 8, 1), vec![1; 128], type_0(2, 0, 4, 2, 0), vec![0, 0, 0, 4]];
    for _ in 0..10_000 {
        reader.push(&round.concat(), &mut |_| ()).unwrap();
    }
    assert_eq!(reader.partial_bytes, 0);
    assert_eq!(reader.streams[0].body.capacity(), 0);
}

#[test]
fn the_offset_of_an_error_is_where_its_chunk_begins() {
    let mut reader = ChunkReader::new(Limits::SERVER);
    reader.push(&[&type_0(4, 0, 1, 8, 1)[..], b"x"].concat(), &mut |_| ()).unwrap();
    assert_eq!(reader.received_bytes(), 13);
    let error = reader.push(&type_3(9), &mut |_| ()).unwrap_err();
    assert_eq!(error, ReadError::NoPredecessor { offset: 13, format: 3, csid: 9 });
}
