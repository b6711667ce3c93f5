//! The deterministic broadcaster. Access units and received bytes come in through `handle_*`,
//! with the time they came; what to do comes out of [`publish::Publish::poll_output`]. The same
//! inputs and seed give the same outputs.
//!
//! No thread, socket, clock, file, random source or C code in here.
//!
//! Read in this order: the way a frame goes.

#![forbid(unsafe_code)]

mod align;
pub mod amf0;
pub mod compat;
pub mod flv;
pub mod publish;
pub mod rate;
pub mod reconnect;
pub mod record;
pub mod rtmp;
mod send_buffer;
pub mod stats;
pub mod timeline;
pub mod url;

#[cfg(test)]
mod fixture;
