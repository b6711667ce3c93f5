//! What rooms may be and what one may do in them.

use std::time::Duration;

use onair_rooms::Secret;

pub use super::bucket::Rate;

/// Settings of the rooms of a [`Server`](crate::Server).
#[derive(Clone, Debug)]
pub struct RoomsConfig {
    /// Most rooms. Default 200.
    pub max_rooms: usize,
    /// Most members of one. Default 5,000.
    pub max_members: usize,
    /// Most rooms that one connection is in. Default 10.
    pub max_joined: usize,
    /// Comments that a newcomer gets, at most 50. Default 50.
    pub history: usize,
    /// How long a room waits for a host whose connection ended. Default 30 s.
    pub grace: Duration,
    /// Comments and gifts of one connection. Default 5, then one a second.
    pub comments: Rate,
    /// Likes of one connection. Default 20, then ten a second.
    pub likes: Rate,
    /// What else one connection asks. Default 30, then five a second.
    pub requests: Rate,
    /// What a client must give as `auth.token` to open a room; `None` lets everybody. Default `None`.
    pub host_token: Option<Secret>,
    /// Pages of these origins (`https://host[:port]`), beside this server's own, may talk to rooms.
    pub origins: Vec<String>,
}

impl Default for RoomsConfig {
    fn default() -> Self {
        let rate = |burst, ms| Rate { burst, every: Duration::from_millis(ms) };
        Self {
            max_rooms: 200,
            max_members: 5_000,
            max_joined: 10,
            history: 50,
            grace: Duration::from_secs(30),
            comments: rate(5, 1_000),
            likes: rate(20, 100),
            requests: rate(30, 200),
            host_token: None,
            origins: Vec::new(),
        }
    }
}
