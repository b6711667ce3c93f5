//! RTMP in and out: `session` decides without I/O, `peer` connects it with the streams, `connection`
//! moves its bytes.

mod connection;
mod outlet;
mod peer;
mod session;

pub(crate) use connection::serve;
#[cfg(feature = "fuzzed")]
pub(crate) use peer::{Flow, Peer};
