//! The publish state machine on virtual time against scripted servers.

mod alignment;
mod auth;
mod compat;
mod congestion;
mod cueing;
mod decoded;
mod enhanced;
mod errors;
mod files;
mod moving;
mod multitrack;
mod one_flight;
mod opening;
mod paths;
mod random;
mod reconnecting;
mod rig;
mod server;
mod services;
mod sleeping;
mod stopping;
mod talking;
mod transcript;
mod wraps;
