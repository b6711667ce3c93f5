//! One function for each input that takes bytes from outside: given any bytes it asserts what the
//! input promises for all of them, not only that nothing panics. `fuzz/` runs them under libFuzzer,
//! `tests/corpora.rs` replays what is in `corpora/` in every test run (P16, P17).
//!
//! Where plain bytes would seldom get past a handshake or a length, they are a script instead:
//! [`input::Input`] reads choices, numbers and strings out of them.

mod amf0;
mod asc;
mod avc;
mod chunks;
mod client;
mod command;
mod flv;
mod header;
mod heap;
mod input;
mod looks;
mod mp4;
mod record;
mod rooms;
mod round_trip;
mod server;
mod trace;
mod url;
mod websocket;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of its corpus and of its file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Panics when a promise is broken.
    pub check: fn(&[u8]),
}

/// All of them, those of the innermost bytes first.
pub const TARGETS: [Target; 21] = [
    Target { name: "chunk_reader", check: chunks::check },
    Target { name: "chunk_round_trip", check: round_trip::check },
    Target { name: "amf0", check: amf0::check },
    Target { name: "command", check: command::check },
    Target { name: "client_session", check: client::check },
    Target { name: "server_session", check: server::check },
    Target { name: "flv", check: flv::check },
    Target { name: "mp4", check: mp4::check },
    Target { name: "cube", check: looks::cube },
    Target { name: "image", check: looks::image },
    Target { name: "font", check: looks::font },
    Target { name: "avc", check: avc::check },
    Target { name: "asc", check: asc::check },
    Target { name: "header", check: header::check },
    Target { name: "url", check: url::check },
    Target { name: "flight_record", check: record::check },
    Target { name: "trace", check: trace::check },
    Target { name: "engine_io", check: rooms::engine_io },
    Target { name: "socket_io", check: rooms::socket_io },
    Target { name: "room_client", check: rooms::client },
    Target { name: "websocket", check: websocket::check },
];

/// Runs the target of that name.
///
/// # Panics
/// When there is none, or a promise is broken.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of that name").check)(bytes);
}
