//! `onair serve` on free ports.

use std::time::Duration;

use serde_json::Value;

use crate::onair;
use crate::process::Running;

/// A server that runs.
pub struct Serve {
    rtmp: String,
    http: String,
    /// The command itself.
    pub process: Running,
}

impl Serve {
    /// Starts it with more arguments.
    ///
    /// # Panics
    /// When it does not say where it listens.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        let anywhere = ["serve", "--json", "--rtmp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        let mut process = onair::start(&[&anywhere, arguments].concat());
        process.wait_for_output("\"listening\"", Duration::from_secs(10));
        let stdout = process.stdout();
        let line = stdout.lines().find(|line| line.contains("listening")).unwrap_or_default();
        let event: Value = serde_json::from_str(line).expect("JSON lines");
        let address = |name: &str| event[name].as_str().expect("an address").to_owned();
        Self { rtmp: address("rtmp"), http: address("http"), process }
    }

    /// Where to publish and to play.
    pub fn rtmp_url(&self, app: &str, key: &str) -> String {
        format!("rtmp://{}/{app}/{key}", self.rtmp)
    }

    /// The server's pages and media: "/live/key.flv".
    pub fn http_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }
}
