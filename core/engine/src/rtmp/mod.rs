//! RTMP 1.0: handshake, chunks both ways and the messages a broadcaster needs.
//!
//! Reading is ours and bounded in every dimension (`spec network` 4.3). Writing media is ours too
//! (no copy of the payload); commands go out through `rml_rtmp`'s serialiser, its one import site.

mod chunk_header;
pub mod chunk_reader;
pub mod chunk_writer;
pub mod command;
pub mod handshake;
mod media_message;
pub mod message;

pub use chunk_reader::{ChunkReader, Limits, Message, ReadError};
