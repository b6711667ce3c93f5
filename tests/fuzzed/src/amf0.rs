//! AMF0: decoded heap is bounded whatever the bytes claim, what was read is written and read again
//! the same, and the values before an error are those of the shorter text.

use onair_engine::amf0::{Value, read_all, read_prefix, write};

use crate::heap;

pub(crate) fn check(bytes: &[u8]) {
    let (values, error) = heap::within(DECODED, || read_prefix(bytes));
    match read_all(bytes) {
        Ok(all) => assert!(error.is_none() && same(&all, &values)),
        Err(of_all) => assert_eq!(Some(of_all), error),
    }
    assert!(values.iter().map(nodes).sum::<usize>() <= 1_024);
    assert!(values.iter().all(|value| depth(value) <= 16));

    let mut written = Vec::new();
    values.iter().for_each(|value| write(&mut written, value));
    // Bytes that were no UTF-8 take three bytes each once they are replaced, which may be more than
    // is read.
    let (again, error) = read_prefix(&written);
    if error.is_none() {
        assert!(same(&again, &values), "{values:?} became {again:?}");
        let mut twice = Vec::new();
        again.iter().for_each(|value| write(&mut twice, value));
        assert_eq!(written, twice, "what is written is stable");
    } else {
        assert!(written.len() > bytes.len(), "{error:?} in what was read before");
    }
}

/// Equal to the bit: not-a-number is itself.
pub(crate) fn same(one: &[Value], other: &[Value]) -> bool {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    one.iter().for_each(|value| write(&mut left, value));
    other.iter().for_each(|value| write(&mut right, value));
    left == right
}

fn nodes(value: &Value) -> usize {
    1 + children(value).into_iter().map(nodes).sum::<usize>()
}

fn depth(value: &Value) -> usize {
    let is_container =
        matches!(value, Value::Object(_) | Value::EcmaArray(_) | Value::StrictArray(_));
    usize::from(is_container) + children(value).into_iter().map(depth).max().unwrap_or(0)
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(pairs) | Value::EcmaArray(pairs) => pairs.iter().map(|(_, v)| v).collect(),
        Value::StrictArray(values) => values.iter().collect(),
        _ => Vec::new(),
    }
}

/// 256 KiB decoded (`spec network` 4.3); a table that grows holds the old one beside the new, and a
/// string its own text while it is replaced.
const DECODED: usize = 2 * (256 << 10);
