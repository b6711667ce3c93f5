//! The sample of a larger house, in `production`: Redis, servers of rooms on node, and a locator.

use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::Running;
use crate::{free_port, is_listening, onair, tools};

const PATIENCE: Duration = Duration::from_secs(20);

/// Redis, two servers of rooms and the locator that knows them.
pub struct House {
    ports: [u16; 4],
    servers: [Option<Running>; 2],
    _locator: Running,
    _redis: Running,
    _folder: TempDir,
}

impl House {
    /// Starts all of it.
    ///
    /// # Panics
    /// When a part does not come up.
    #[track_caller]
    pub fn start() -> Self {
        let ports = [free_port(), free_port(), free_port(), free_port()];
        let folder = TempDir::new().expect("a temporary folder");
        let program = tools::program("redis-server").expect("the test asked for redis");
        let mut redis = Command::new(program);
        redis.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]);
        let redis = Running::start(redis.arg(ports[0].to_string()).arg("--dir").arg(folder.path()));
        assert!(is_listening(ports[0]), "redis: {}", redis.stdout());
        let server = |port: u16| script("server.mjs", [port, ports[0]]);
        let servers = [Some(server(ports[1])), Some(server(ports[2]))];
        let locator = script("locator.mjs", [ports[3], ports[0]]);
        Self { ports, servers, _locator: locator, _redis: redis, _folder: folder }
    }

    /// What clients ask where to go.
    pub fn locator(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[3])
    }

    /// Where one of the servers, 0 or 1, is.
    pub fn server(&self, which: usize) -> String {
        format!("ws://127.0.0.1:{}", self.ports[1 + which])
    }

    /// What nginx-rtmp asks whether somebody may publish.
    pub fn on_publish(&self) -> String {
        format!("http://127.0.0.1:{}/on_publish", self.ports[1])
    }

    /// Ends a server as a power cut would.
    pub fn kill(&mut self, which: usize) {
        self.servers[which] = None;
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn restart(&mut self, which: usize) {
        self.servers[which] = Some(script("server.mjs", [self.ports[1 + which], self.ports[0]]));
    }
}

#[track_caller]
fn script(name: &str, ports: [u16; 2]) -> Running {
    let mut command = Command::new("node");
    command.arg(onair::root().join("tests/e2e/production").join(name));
    let mut running = Running::start(command.args(ports.map(|port| port.to_string())));
    running.wait_for_output("listening", PATIENCE);
    running
}
