use proptest::prelude::*;

use super::*;

fn message(type_id: u8, body: &[u8]) -> Message {
    Message { timestamp_ms: 70, type_id, stream_id: 3, body: body.to_vec() }
}

fn parse(type_id: u8, body: &[u8]) -> Incoming {
    Incoming::parse(message(type_id, body)).unwrap()
}

fn amf0(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| amf0::write(&mut bytes, value));
    bytes
}

#[test]
fn protocol_control_is_decoded() {
    let number = [0, 1, 0, 2];
    assert_eq!(parse(1, &number), Incoming::SetChunkSize(65_538));
    assert_eq!(parse(2, &number), Incoming::Abort(65_538));
    assert_eq!(parse(3, &number), Incoming::Acknowledgement(65_538));
    assert_eq!(parse(5, &number), Incoming::WindowAckSize(65_538));
    assert_eq!(parse(6, &[0, 1, 0, 2, 1]), Incoming::SetPeerBandwidth(65_538));
    let ping = Incoming::UserControl { event_type: 6, data: vec![1, 2, 3, 4] };
    assert_eq!(parse(4, &[0, 6, 1, 2, 3, 4]), ping);
    let bare = Incoming::UserControl { event_type: 0, data: Vec::new() };
    assert_eq!(parse(4, &[0, 0]), bare);
}

#[test]
fn what_is_too_short_or_unknown_is_skipped() {
    for type_id in [1, 2, 3, 5, 6] {
        assert_eq!(parse(type_id, &[0, 0, 1]), Incoming::Unknown(type_id));
    }
    assert_eq!(parse(4, &[0]), Incoming::Unknown(4));
    for type_id in [0, 7, 16, 19, 22, 255] {
        assert_eq!(parse(type_id, b"anything"), Incoming::Unknown(type_id));
    }
}

#[test]
fn media_is_handed_on_whole() {
    assert_eq!(parse(8, &[0xAF, 1]), Incoming::Media(message(8, &[0xAF, 1])));
    assert_eq!(parse(9, &[]), Incoming::Media(message(9, &[])));
}

#[test]
fn commands_of_any_length_are_taken() {
    let command = |name: &str, transaction, arguments: &[Value]| Incoming::Command {
        stream_id: 3,
        name: name.to_owned(),
        transaction,
        arguments: arguments.to_vec(),
    };
    let full = amf0(&["_result".into(), 4.0.into(), Value::Null, 1.0.into()]);
    assert_eq!(parse(20, &full), command("_result", 4.0, &[Value::Null, 1.0.into()]));
    // As ffmpeg's listener answers FCPublish.
    assert_eq!(parse(20, &amf0(&["onFCPublish".into()])), command("onFCPublish", 0.0, &[]));
    let without_transaction = amf0(&["onStatus".into(), Value::Null]);
    assert_eq!(parse(20, &without_transaction), command("onStatus", 0.0, &[Value::Null]));
    // "AMF3" with and without its format byte.
    assert_eq!(parse(17, &[&[0][..], &full].concat()), parse(20, &full));
    assert_eq!(parse(17, &full), parse(20, &full));
}

#[test]
fn p14_strange_transaction_ids_are_kept_as_they_are() {
    for id in [f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300] {
        let parsed = parse(20, &amf0(&["_result".into(), id.into()]));
        assert!(matches!(parsed, Incoming::Command { transaction, .. } if transaction == id));
    }
    let parsed = parse(20, &amf0(&["_result".into(), f64::NAN.into()]));
    assert!(matches!(parsed, Incoming::Command { transaction, .. } if transaction.is_nan()));
}

#[test]
fn a_command_without_a_name_is_skipped_and_a_broken_one_refused() {
    assert_eq!(parse(20, &amf0(&[1.0.into()])), Incoming::Unknown(20));
    assert_eq!(parse(20, &[]), Incoming::Unknown(20));
    assert!(Incoming::parse(message(20, &[2, 0, 9, b'x'])).is_err());
}

#[test]
fn metadata_is_read_up_to_the_garbage_behind_it() {
    let values = ["@setDataFrame".into(), "onMetaData".into(), Value::Object(Vec::new())];
    let expected = Incoming::Data { timestamp_ms: 70, values: values.to_vec() };
    assert_eq!(parse(18, &amf0(&values)), expected);
    assert_eq!(parse(18, &[&amf0(&values)[..], &[0, 4, b'a']].concat()), expected);
    assert_eq!(parse(15, &[&[0][..], &amf0(&values)].concat()), expected);
    assert!(Incoming::parse(message(18, &[0xEE])).is_err());
    let empty = Incoming::Data { timestamp_ms: 70, values: Vec::new() };
    assert_eq!(parse(18, &[]), empty);
}

/// One message inside an aggregate.
fn inner(type_id: u8, time: u32, body: &[u8]) -> Vec<u8> {
    let [t3, t2, t1, t0] = time.to_be_bytes();
    let mut bytes = vec![type_id, 0, 0, body.len() as u8, t2, t1, t0, t3, 0, 0, 0];
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&(11 + body.len() as u32).to_be_bytes());
    bytes
}

#[test]
fn p07_an_aggregate_is_split_and_its_times_rebased() {
    let start = u32::MAX - 10;
    let body =
        [inner(8, start, b"a"), inner(9, start.wrapping_add(30), b"bc"), inner(18, start, b"")];
    let split = split_aggregate(&message(22, &body.concat()));
    let expected = [
        Message { timestamp_ms: 70, type_id: 8, stream_id: 3, body: b"a".to_vec() },
        Message { timestamp_ms: 100, type_id: 9, stream_id: 3, body: b"bc".to_vec() },
        Message { timestamp_ms: 70, type_id: 18, stream_id: 3, body: Vec::new() },
    ];
    assert_eq!(split, expected);
}

#[test]
fn p07_aggregates_within_and_control_messages_are_skipped() {
    let nested = inner(22, 0, &inner(8, 0, b"x"));
    let body = [nested, inner(1, 0, &[0, 0, 0, 1]), inner(20, 0, b"x"), inner(8, 5, b"a")].concat();
    let split = split_aggregate(&message(22, &body));
    assert_eq!(split.iter().map(|message| message.type_id).collect::<Vec<_>>(), [8]);
}

#[test]
fn an_aggregate_ends_where_it_does_not_fit() {
    let whole = [inner(8, 0, b"abc"), inner(8, 20, b"def")].concat();
    for (len, count) in [(0, 0), (10, 0), (13, 0), (14, 1), (18, 1), (31, 1), (32, 2), (36, 2)] {
        assert_eq!(split_aggregate(&message(22, &whole[..len])).len(), count, "{len}");
    }
}

proptest! {
    #[test]
    fn no_message_panics(type_id: u8, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let message = message(type_id, &body);
        let split: usize = split_aggregate(&message).iter().map(|inner| inner.body.len()).sum();
        prop_assert!(split <= body.len());
        let _ = Incoming::parse(message);
    }
}
