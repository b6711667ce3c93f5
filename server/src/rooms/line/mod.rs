//! A member's own WebSocket: what a room is told is framed once and written to each member's socket by
//! whoever tells it; only what a socket does not take at once waits, a bounded number of frames. docs/rooms.md
//!
//! ```text
//! carry_out ─▶ one frame ─▶ Lines::send ─▶ the socket
//!                              └ full? ─▶ waiting ─▶ the member's task, once the socket takes more
//! ```

mod beats;
mod entrance;
pub(crate) mod frames;
mod open;
mod table;
mod task;

pub(crate) use entrance::{Entrance, take};
pub(super) use table::{LineId, Lines, WAITING};
