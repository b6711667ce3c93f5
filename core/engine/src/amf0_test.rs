use proptest::prelude::*;

use super::*;

fn bytes_of(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        write(&mut out, value);
    }
    out
}

fn object(pairs: &[(&str, Value)]) -> Value {
    Value::Object(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

#[test]
fn writes_the_bytes_of_the_specification_in_key_order() {
    let connect = [
        Value::from("connect"),
        Value::from(1.0),
        object(&[("b", Value::from(true)), ("a", Value::Null)]),
    ];
    let mut expected = vec![0x02, 0, 7];
    expected.extend_from_slice(b"connect");
    expected.extend_from_slice(&[0, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0]);
    expected.extend_from_slice(&[0x03, 0, 1, b'b', 0x01, 1, 0, 1, b'a', 0x05, 0, 0, 9]);
    assert_eq!(bytes_of(&connect), expected);
}

#[test]
fn reads_the_markers_that_are_never_written() {
    let bytes = [
        &[0x0D][..],                                             // unsupported
        &[0x10, 0, 1, b'C', 0, 1, b'k', 0x06, 0, 0, 9],          // typed object
        &[0x0F, 0, 0, 0, 2, b'<', b'>'],                         // XML document
        &[0x0B, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34],          // date with a time zone
        &[0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, b'k', 5, 0, 0, 9], // wrong count
    ]
    .concat();
    assert_eq!(
        read_all(&bytes).unwrap(),
        [
            Value::Undefined,
            object(&[("k", Value::Undefined)]),
            Value::from("<>"),
            Value::Date(2.0),
            Value::EcmaArray(vec![("k".into(), Value::Null)]),
        ]
    );
}

#[test]
fn an_empty_key_in_the_middle_is_a_key() {
    let value = object(&[("", Value::from(1.0)), ("x", Value::from(2.0))]);
    assert_eq!(read_all(&bytes_of(std::slice::from_ref(&value))).unwrap(), [value]);
}

#[test]
fn strings_that_are_not_utf8_are_read_with_replacements() {
    assert_eq!(read_all(&[2, 0, 3, b'a', 0xFF, b'b']).unwrap(), [Value::from("a\u{FFFD}b")]);
}

#[test]
fn long_strings_use_the_long_form_both_ways() {
    let long = Value::from("x".repeat(65_536));
    let bytes = bytes_of(std::slice::from_ref(&long));
    assert_eq!(bytes[..5], [0x0C, 0, 1, 0, 0]);
    assert_eq!(read_all(&bytes).unwrap(), [long]);
}

#[test]
fn a_key_too_long_is_cut_between_characters() {
    let value = object(&[(&"é".repeat(40_000), Value::Null)]);
    let read = read_all(&bytes_of(&[value])).unwrap();
    let Value::Object(pairs) = &read[0] else { panic!("{read:?}") };
    assert_eq!(pairs[0].0.len(), 65_534);
}

#[test]
fn p04_nesting_of_a_million_levels_is_an_error_on_a_small_stack() {
    let check = || {
        for depth in [17, 10_000, 1_000_000] {
            let arrays = [0x0A, 0, 0, 0, 1].repeat(depth);
            let objects = [0x03, 0, 1, b'k'].repeat(depth);
            for bytes in [arrays, objects] {
                let error = read_all(&bytes).unwrap_err();
                assert!(matches!(error, Amf0Error::Limit { limit: 16, .. }), "{error}");
            }
        }
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(check).unwrap().join().unwrap();
}

#[test]
fn sixteen_levels_are_read() {
    let mut value = Value::Null;
    for _ in 0..16 {
        value = Value::StrictArray(vec![value]);
    }
    assert_eq!(read_all(&bytes_of(std::slice::from_ref(&value))).unwrap(), [value]);
}

#[test]
fn p05_counts_strings_and_missing_ends_are_errors() {
    let truncated = |bytes: &[u8]| {
        let error = read_all(bytes).unwrap_err();
        assert!(matches!(error, Amf0Error::Truncated { .. }), "{error}");
    };
    truncated(&[0x0A, 0xFF, 0xFF, 0xFF, 0xFF]);
    truncated(&[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 5, 5]);
    truncated(&[0x02, 0xFF, 0xFF, b'x']);
    truncated(&[0x03, 0, 1, b'k', 5]); // no end
    truncated(&[0x03, 0, 1, b'k', 5, 0, 0]);
    truncated(&[0x08, 0, 0, 0, 0]);
    truncated(&[0x00, 1, 2, 3]);
    let limit = |bytes: &[u8], expected: usize| {
        let error = read_all(bytes).unwrap_err();
        assert!(matches!(error, Amf0Error::Limit { limit, .. } if limit == expected), "{error}");
    };
    limit(&[0x0C, 0xFF, 0xFF, 0xFF, 0xFF], MAX_STRING_BYTES);
    limit(&[0x05; 2_000], MAX_NODES);
    limit(&[[0x0C, 0, 1, 0, 0].to_vec(), vec![b'x'; 65_536]].concat().repeat(5), MAX_DECODED_BYTES);
    // Each invalid byte would take three.
    limit(&[[0x0C, 0, 1, 0, 0].to_vec(), vec![0xFF; 65_536]].concat(), MAX_DECODED_BYTES);
}

#[test]
fn markers_of_amf3_and_stray_ends_are_named() {
    for marker in [0x04, 0x07, 0x09, 0x0E, 0x11, 0xFF] {
        let error = read_all(&[0x05, marker]).unwrap_err();
        assert_eq!(error, Amf0Error::Marker { offset: 1, marker });
    }
}

#[test]
fn the_values_before_garbage_can_be_had() {
    let (values, error) = read_prefix(&[0x05, 0x01, 1, 0xEE]);
    assert_eq!(values, [Value::Null, Value::from(true)]);
    assert_eq!(error, Some(Amf0Error::Marker { offset: 3, marker: 0xEE }));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<f64>()
            .prop_filter("NaN is not equal to itself", |n| !n.is_nan())
            .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::String),
        Just(Value::Null),
        Just(Value::Undefined),
        (0.0..4e12).prop_map(Value::Date),
    ];
    leaf.prop_recursive(8, 40, 6, |inner| {
        let pairs = prop::collection::vec((".{0,8}", inner.clone()), 0..6);
        prop_oneof![
            pairs.clone().prop_map(Value::Object),
            pairs.prop_map(Value::EcmaArray),
            prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(values in prop::collection::vec(any_value(), 0..5)) {
        prop_assert_eq!(read_all(&bytes_of(&values)).unwrap(), values);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn no_damage_panics(value in any_value(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = bytes_of(&[value]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read_all(&bytes);
        let _ = read_all(&bytes[..at]);
    }
}
