//! Command dispatch: a message of any type with any body is decoded or refused within bounds;
//! aggregates give no more than they hold and never nest.

use onair_engine::rtmp::Message;
use onair_engine::rtmp::message::{Incoming, split_aggregate, type_id};

use crate::heap;
use crate::input::Input;

/// Type, time, stream, body.
pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (type_id, timestamp_ms, stream_id) = (input.byte(), input.u32(), input.u32());
    let message = Message { type_id, timestamp_ms, stream_id, body: input.rest().to_vec() };
    let size = message.body.len();

    let parts = split_aggregate(&message);
    let held: usize = parts.iter().map(|part| part.body.len()).sum();
    assert!(held <= size && parts.len() <= size / 11, "more than it holds");
    for part in &parts {
        assert!(matches!(part.type_id, type_id::AUDIO | type_id::VIDEO | type_id::DATA_AMF0));
        assert_eq!(part.stream_id, stream_id);
    }

    let whole = message.clone();
    let most = size + (512 << 10);
    let Ok(incoming) = heap::within(most, || Incoming::parse(message)) else { return };
    match incoming {
        Incoming::Command { stream_id, name, .. } => {
            assert_eq!(stream_id, whole.stream_id);
            // Text that is no UTF-8 is replaced.
            assert!(name.len() <= 3 * size);
        }
        Incoming::Data { timestamp_ms, .. } => assert_eq!(timestamp_ms, whole.timestamp_ms),
        Incoming::Media(media) => assert_eq!(media, whole, "media is passed on untouched"),
        Incoming::UserControl { data, .. } => assert_eq!(data.len() + 2, size),
        Incoming::Unknown(unknown) => assert_eq!(unknown, whole.type_id),
        _ => assert!(size >= 4, "a number of four bytes"),
    }
}
