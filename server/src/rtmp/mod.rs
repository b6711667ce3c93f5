//! RTMP in and out: `session` decides without I/O, `connection` moves its bytes.

mod connection;
mod session;

pub(crate) use connection::serve;
