//! The server as others meet it: real sockets, raw bytes, and ffmpeg on either side.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod fan_out;
mod ffmpeg;
mod flv_fan_out;
mod flv_socket;
mod hls;
mod hostile;
mod http;
mod lifecycle;
mod paths;
mod publisher;
mod record;
mod sample;
mod support;
mod vendor;
