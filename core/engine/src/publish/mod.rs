//! The publish state machine: one destination from connect to close, without I/O.
//!
//! One input, then drain: after each `handle_*` or command, call [`Publish::poll_output`] until it
//! returns [`Output::Wait`]; write what [`Publish::outgoing`] holds as the socket takes it.
//!
//! ```text
//!  Idle ─start→ Connecting → Handshaking → Negotiating → Live ─stop→ Closing → Stopped
//!                   ↑                                      │
//!                   └────────────── Backoff ←── lost ──────┘        budget spent → Failed
//! ```

mod config;
mod error;
mod output;

use std::io::IoSlice;
use std::time::Duration;

use onair_types::{AccessUnit, Now};

pub use config::{Alignment, Config, Delivery};
pub use error::{Closed, ConnectError, PublishError};
pub use output::{EncoderCommand, Event, Output, State};

use crate::rate::Transport;
use crate::stats::Snapshot;

/// One destination. See the module's text for the cycle.
#[derive(Debug)]
pub struct Publish {
    _todo: (),
}

#[expect(unused_variables, reason = "skeleton")]
impl Publish {
    /// Not connected yet.
    pub fn new(config: Config) -> Self {
        todo!("engine")
    }

    // --- commands ---

    /// Begins to connect.
    pub fn start(&mut self, now: Now) {
        todo!("engine")
    }

    /// Says goodbye and closes: what waits is still written for up to `drain`, then FCUnpublish,
    /// deleteStream and the close follow. Any state; a second call changes nothing.
    pub fn stop(&mut self, drain: Duration, now: Now) {
        todo!("engine")
    }

    // --- input ---

    /// The connection asked for stands.
    pub fn handle_connected(&mut self, now: Now) {
        todo!("engine")
    }

    /// The connection asked for could not be made.
    pub fn handle_connect_failed(&mut self, error: ConnectError, now: Now) {
        todo!("engine")
    }

    /// Bytes from the server.
    pub fn handle_received(&mut self, bytes: &[u8], now: Now) {
        todo!("engine")
    }

    /// The connection ended.
    pub fn handle_closed(&mut self, closed: Closed, now: Now) {
        todo!("engine")
    }

    /// The socket took `bytes` of [`Publish::outgoing`].
    pub fn handle_written(&mut self, bytes: usize, now: Now) {
        todo!("engine")
    }

    /// An access unit from an encoder or a file.
    pub fn handle_unit(&mut self, unit: AccessUnit, now: Now) {
        todo!("engine")
    }

    /// What the system says about the connection's sending side; to be asked about every 100 ms
    /// while live, where the system can tell.
    pub fn handle_transport(&mut self, transport: Transport, now: Now) {
        todo!("engine")
    }

    /// The device's way to the network changed: a waiting attempt begins at once.
    pub fn handle_path_change(&mut self, now: Now) {
        todo!("engine")
    }

    /// The time asked for by [`Output::Wait`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        todo!("engine")
    }

    // --- output ---

    /// What to do next.
    pub fn poll_output(&mut self, now: Now) -> Output {
        todo!("engine")
    }

    /// Fills `slices` with the bytes to write next; returns how many slices it filled.
    pub fn outgoing<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        todo!("engine")
    }

    /// Whether a producer that can wait (a file) should go on; always true for live delivery.
    pub fn wants_units(&self) -> bool {
        todo!("engine")
    }

    // --- reading ---

    /// Where it stands.
    pub fn state(&self) -> State {
        todo!("engine")
    }

    /// What it counted.
    pub fn snapshot(&self, now: Now) -> Snapshot {
        todo!("engine")
    }
}
