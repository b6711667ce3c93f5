//! What is taken from a server and given to one, at most. `spec network` 4.3.

use std::time::Duration;

/// Of one frame from a server, bytes.
pub const FRAME_BYTES: usize = 128 << 10;
/// Of an engine's id, a namespace and an offset, bytes.
pub const NAME_BYTES: usize = 128;
/// How deep JSON may nest.
pub const JSON_DEPTH: usize = 32;
/// Of an event, its name aside.
pub const ARGUMENTS: usize = 16;
/// Events that came before the server's answer to CONNECT; a server restores a session with them.
pub const EARLY_FRAMES: usize = 512;
/// Of a comment, characters.
pub const COMMENT_CHARS: usize = 200;
/// Of a name beside a comment, characters.
pub const NAME_CHARS: usize = 32;
/// Of a room's title, characters.
pub const TITLE_CHARS: usize = 100;
/// Of a report's reason, characters.
pub const REASON_CHARS: usize = 200;
/// Comments and gifts that wait for the server.
pub const OUTBOX: usize = 100;
/// Comments that arrived before one that must come first.
pub const HELD: usize = 512;
/// Ids of what was shown, against showing it twice.
pub const SEEN: usize = 1_024;
/// Comments a server tells a newcomer.
pub const HISTORY: usize = 50;
/// Viewers that one person does not want to read.
pub const MUTED: usize = 1_000;

/// From the first byte to the server's answer to CONNECT.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// For the locator's answer.
pub const LOCATE_WITHIN: Duration = Duration::from_secs(2);
/// For the answer to `create_room` and `join_room`; after that it is an old server that gives none.
pub const ACK_WITHIN: Duration = Duration::from_secs(4);
/// For the answer to a comment; after that the connection counts as lost.
pub const DELIVER_WITHIN: Duration = Duration::from_secs(10);
/// Likes are told together, so often.
pub const LIKES_EVERY: Duration = Duration::from_millis(200);
/// A connection that held so long makes the next wait short again.
pub const HEALTHY_AFTER: Duration = Duration::from_secs(10);
/// Bytes that the socket did not take for so long: the connection counts as lost.
pub const WRITE_STALL: Duration = Duration::from_secs(5);
