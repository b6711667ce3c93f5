//! Whether the server still takes what it is sent (`spec network` 3). Told by the best witness
//! there is: the system's figures, else the server's acknowledgements, else the socket.
//!
//! ```text
//!  bytes wait ──── 3 s ───▶ in doubt (an event) ──── 8 s, or 2 s on another path ───▶ lost
//!       ▲ the server took some of them: from the beginning
//! ```
//!
//! Not here: how fast the server takes it; that is `rate`'s.

use std::time::Duration;

use onair_types::Now;

/// The progress of one live connection.
#[derive(Debug, Default)]
pub(super) struct Progress {
    witness: Witness,
    /// Bytes the socket took on this connection.
    written: u64,
    /// Since when bytes wait of which the server took none; `None` when none wait.
    stalled_since: Option<Now>,
    path_changed_at: Option<Now>,
    is_suspect: bool,
}

#[derive(Debug, Default)]
enum Witness {
    /// What the socket takes is all that is known.
    #[default]
    Socket,
    /// The server acknowledges now and then: `seen` times by now, the last time when `at` bytes
    /// had been written, after `step` bytes.
    Server { seen: u32, at: u64, step: u64 },
    /// The system tells what the server has.
    System { unacked: u64, acked: u64 },
}

/// What follows from a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing new.
    AsBefore,
    /// The connection came into doubt, or out of it.
    Suspect(bool),
    /// The server took nothing for so long that it is gone.
    Lost(Duration),
}

impl Progress {
    /// What the system says: `unacked` of the bytes written are not acknowledged.
    pub(super) fn handle_transport(&mut self, unacked: u64, now: Now) {
        let next = self.written.saturating_sub(unacked);
        if !matches!(self.witness, Witness::System { acked, .. } if next <= acked) {
            self.moved(now);
        }
        self.witness = Witness::System { unacked, acked: next };
    }

    /// The system tells nothing any more.
    pub(super) fn handle_transport_lost(&mut self, now: Now) {
        self.witness = Witness::Socket;
        self.moved(now);
    }

    /// The server acknowledged bytes.
    pub(super) fn handle_acknowledgement(&mut self, now: Now) {
        let (seen, before) = match self.witness {
            Witness::System { .. } => return,
            Witness::Socket => (1, 0),
            Witness::Server { seen, at, .. } => (seen.saturating_add(1), at),
        };
        self.witness = Witness::Server { seen, at: self.written, step: self.written - before };
        self.moved(now);
    }

    /// The socket took bytes; `written` since the connection began.
    pub(super) fn handle_written(&mut self, written: u64, now: Now) {
        self.written = written;
        match self.witness {
            Witness::System { .. } => {}
            Witness::Server { at, .. } if written - at > DISBELIEF_BYTES => {
                self.witness = Witness::Socket;
                self.moved(now);
            }
            Witness::Server { .. } if self.owes_acknowledgement() => {}
            Witness::Server { .. } | Witness::Socket => self.moved(now),
        }
    }

    /// The device's way to the network changed.
    pub(super) fn handle_path(&mut self, now: Now) {
        self.path_changed_at = Some(now);
    }

    /// Looks, with `waiting_bytes` not yet taken by the socket.
    pub(super) fn look(&mut self, waiting_bytes: usize, now: Now) -> Verdict {
        if waiting_bytes == 0 && !self.is_outstanding() {
            self.stalled_since = None;
        } else {
            self.stalled_since.get_or_insert(now);
        }
        match self.lost_at() {
            Some((at, limit)) if now >= at => return Verdict::Lost(limit),
            _ => {}
        }
        let is_suspect = self.stalled_since.is_some_and(|since| now >= since + SUSPECT_AFTER);
        if std::mem::replace(&mut self.is_suspect, is_suspect) == is_suspect {
            Verdict::AsBefore
        } else {
            Verdict::Suspect(is_suspect)
        }
    }

    /// Whether the connection is in doubt.
    pub(super) fn is_suspect(&self) -> bool {
        self.is_suspect
    }

    /// Since when the server takes none of what waits for it.
    pub(super) fn stalled_since(&self) -> Option<Now> {
        self.stalled_since
    }

    /// When [`Progress::look`] has something new to say if the server takes nothing until then.
    pub(super) fn deadline(&self) -> Option<Now> {
        let suspect_at = self.stalled_since.filter(|_| !self.is_suspect);
        let lost_at = self.lost_at().map(|(at, _)| at);
        lost_at.into_iter().chain(suspect_at.map(|since| since + SUSPECT_AFTER)).min()
    }

    fn moved(&mut self, now: Now) {
        self.stalled_since = self.stalled_since.map(|_| now);
        // An acknowledgement may have been under way when the path changed; a later one says that
        // the connection outlived it.
        self.path_changed_at = self.path_changed_at.filter(|at| now < *at + PATH_SETTLES);
    }

    fn is_outstanding(&self) -> bool {
        match self.witness {
            Witness::Socket => false,
            Witness::Server { .. } => self.owes_acknowledgement(),
            Witness::System { unacked, .. } => unacked > 0,
        }
    }

    /// Whether the server, by its own habit, would have acknowledged by now.
    fn owes_acknowledgement(&self) -> bool {
        matches!(self.witness, Witness::Server { seen, at, step }
            if seen >= HABIT && self.written - at > step)
    }

    fn lost_at(&self) -> Option<(Now, Duration)> {
        let since = self.stalled_since?;
        let lost = (since + LOST_AFTER, LOST_AFTER);
        let Some(changed_at) = self.path_changed_at else { return Some(lost) };
        let sooner = (since + LOST_AFTER_PATH_CHANGE).max(changed_at + PATH_SETTLES);
        Some(lost.min((sooner, LOST_AFTER_PATH_CHANGE)))
    }
}

/// Bytes wait for so long: the connection is in doubt.
const SUSPECT_AFTER: Duration = Duration::from_secs(3);
/// For so long: it is lost.
const LOST_AFTER: Duration = Duration::from_secs(8);
/// And when the device's way to the network has changed.
const LOST_AFTER_PATH_CHANGE: Duration = Duration::from_secs(2);
/// Until a new path carries anything.
const PATH_SETTLES: Duration = Duration::from_millis(300);
/// Acknowledgements after which a server's habit is known.
const HABIT: u32 = 3;
/// A server that acknowledges nothing of so much has lost the habit: the socket takes it.
const DISBELIEF_BYTES: u64 = 512 << 10;

#[cfg(test)]
#[path = "progress_test.rs"]
mod tests;
