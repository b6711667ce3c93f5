//! The network laboratory: broadcasters on simulated links, on virtual time, seeded.
//!
//! ```text
//!  media ─pictures, AAC→ broadcaster ─bytes→ net::tcp → net::link → net::receiver → ledger
//!                        OnAir's engine,      kernel      trace,       server        figures
//!                        peers' policies      socket      queue
//! ```
//!
//! Spec: `network` 1. The same scenario and seed give the same run, bit for bit.

pub mod broadcaster;
pub mod controller;
pub mod ledger;
pub mod media;
pub mod net;
mod onair;
mod peers;
pub mod plot;
mod rng;
mod server;
pub mod suite;
pub mod trace;
pub mod world;
