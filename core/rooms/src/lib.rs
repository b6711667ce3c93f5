//! The room beside the stream: Engine.IO 4 and Socket.IO 5 as text, and a client of rooms that decides.
//!
//! ```text
//!  frames, timers, the app's commands ──▶ client ──▶ frames, whom to ask and to connect to, events, when to wake
//!                                           │
//!                                           └ socket_io ─ engine_io ─ json
//! ```
//!
//! Nothing in here knows a socket, a clock or a random source: the world comes in through
//! `handle_*(…, now)`, what to do comes out of `poll_output()`. `onair::rooms` runs it on a thread;
//! the server shares the rules for keys and texts.

#![forbid(unsafe_code)]

pub mod address;
pub mod backoff;
pub mod client;
pub mod engine_io;
pub mod json;
pub mod key;
pub mod limits;
pub mod locator;
pub mod secret;
pub mod socket_io;
pub mod text;

pub use address::{AddressError, ServerAddress};
pub use client::{
    Client, Command, CommandError, Config, Event, Lost, Output, Refusal, RoomSnapshot, Said, State,
};
pub use engine_io::Version;
pub use key::{KeyError, RoomKey};
pub use locator::Servers;
pub use secret::Secret;
