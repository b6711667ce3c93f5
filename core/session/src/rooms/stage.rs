//! A room's client without a network and without a thread: a test says what comes from the server and
//! when, and reads what the client does. The same calls and seed give the same lines.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use onair_rooms::client::{Identity, Output};
use onair_rooms::{Client, Lost};

use super::{Queue, RoomClient, RoomConfig, RoomError, RoomEvents, Shared};
use crate::Now;
use crate::clock::Clock;
use crate::net::Wake;

/// More timers than this in one [`RoomStage::pass`] are a fault of the client's.
const MOST_TIMERS: usize = 100_000;

/// The world of one client: see [`RoomClient::rehearse`].
#[derive(Clone, Debug)]
pub struct RoomStage {
    shared: Arc<Shared>,
}

/// A clock that stands until it is told, and what the client did.
#[derive(Debug, Default)]
pub(super) struct Script {
    now_us: AtomicI64,
    log: Mutex<String>,
}

impl RoomClient {
    /// For tests: a client that meets what [`RoomStage`] plays to it. `seed` stands for all chance.
    ///
    /// # Errors
    /// [`RoomError::Address`] for addresses that may not be used.
    pub fn rehearse(
        config: RoomConfig,
        seed: u32,
    ) -> Result<(Self, RoomEvents, RoomStage), RoomError> {
        let script = Arc::new(Script::default());
        let seed = u64::from(seed);
        let identity = Identity { mark: seed, secret: seed.into(), seed };
        let queue = Queue::new();
        let shared = Arc::new(Shared {
            client: Mutex::new(Client::new(config.into_inner()?, identity, script.now())?),
            clock: Box::new(Arc::clone(&script)),
            wake: Wake::default(),
            queue: Arc::clone(&queue),
            script: Some(script),
        });
        shared.obey();
        let stage = RoomStage { shared: Arc::clone(&shared) };
        Ok((Self { shared, thread: None }, RoomEvents::new(queue), stage))
    }
}

impl RoomStage {
    /// The clock goes on by so much; what falls due meanwhile happens at its time.
    pub fn pass(&self, time: Duration) {
        let Some(script) = &self.shared.script else { return };
        let until = script.now() + time;
        for _ in 0..MOST_TIMERS {
            let due = self.shared.client().wake_at().filter(|due| *due <= until);
            script.set(due.unwrap_or(until));
            if due.is_none() {
                break;
            }
            self.shared.client().handle_timeout(script.now());
            self.shared.obey();
        }
    }

    /// What the locator answers; `None` when it does not.
    pub fn locate(&self, body: Option<&str>) {
        self.handle(|client, now| client.handle_located(body, now));
    }

    /// The WebSocket is open.
    pub fn open(&self) {
        self.handle(|client, now| client.handle_connected(now));
    }

    /// The server sends this text frame.
    pub fn hear(&self, frame: &str) {
        self.handle(|client, now| client.handle_frame(frame, now));
    }

    /// The server answers a ping.
    pub fn pong(&self) {
        self.handle(|client, _| client.handle_pong());
    }

    /// The connection closes.
    pub fn cut(&self) {
        self.handle(|client, now| client.handle_lost(Lost::Closed, now));
    }

    /// What the client did so far, a line each, with its time in µs: `0 connect HOST PATH`,
    /// `locate HOST PATH`, `send FRAME`, `ping`, `disconnect`.
    pub fn transcript(&self) -> String {
        self.shared.script.as_ref().map_or_else(String::new, |script| script.log().clone())
    }

    fn handle(&self, input: impl FnOnce(&mut Client, Now)) {
        input(&mut self.shared.client(), self.shared.clock.now());
        self.shared.obey();
    }
}

impl Shared {
    /// Does what the client wants, as far as a stage can.
    pub(super) fn obey(&self) {
        let Some(script) = &self.script else { return };
        loop {
            let (output, is_ended) = {
                let mut client = self.client();
                (client.poll_output(), client.is_ended())
            };
            match output {
                Some(Output::Event(event)) => self.queue.push(event),
                Some(output) => script.note(&output),
                None if is_ended => return self.queue.close(),
                None => return,
            }
        }
    }
}

impl Script {
    fn set(&self, now: Now) {
        self.now_us.fetch_max(now.as_micros(), Ordering::AcqRel);
    }

    fn log(&self) -> std::sync::MutexGuard<'_, String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, output: &Output) {
        let now = self.now().as_micros();
        let mut log = self.log();
        // Writing to a text cannot fail.
        let _ = match output {
            Output::Locate { at, path } => writeln!(log, "{now} locate {} {path}", at.authority()),
            Output::Connect { server, path } => {
                writeln!(log, "{now} connect {} {path}", server.authority())
            }
            Output::Send(frame) => writeln!(log, "{now} send {frame}"),
            Output::Ping => writeln!(log, "{now} ping"),
            Output::Disconnect => writeln!(log, "{now} disconnect"),
            Output::Event(_) => Ok(()),
        };
    }
}

impl Clock for Script {
    fn now(&self) -> Now {
        Now::from_micros(self.now_us.load(Ordering::Acquire))
    }
}

impl Clock for Arc<Script> {
    fn now(&self) -> Now {
        self.as_ref().now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rooms::{RoomEvent, RoomState};

    fn rehearse() -> (RoomClient, RoomEvents, RoomStage) {
        let config = RoomConfig::server("ws://127.0.0.1:9").name("Ann");
        RoomClient::rehearse(config, 7).expect("a near address")
    }

    #[test]
    fn a_rehearsed_client_says_what_a_real_one_would_at_the_same_times() {
        let (client, mut events, stage) = rehearse();
        client.join("demo").expect("a key");
        stage.open();
        stage.hear(r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#);
        stage.hear(r#"40{"sid":"b"}"#);
        stage.pass(Duration::from_secs(5));
        let log = stage.transcript();
        assert!(log.starts_with("0 connect 127.0.0.1:9 /socket.io/?EIO=4"), "{log}");
        assert!(log.contains(r#"send 421["join_room","demo""#), "{log}");
        assert!(log.contains("5000000 ping"), "{log}");
        assert_eq!(events.try_next(), Some(RoomEvent::State(RoomState::Connecting)));
        assert_eq!(events.try_next(), Some(RoomEvent::State(RoomState::Online)));
        client.stop();
        assert!(stage.transcript().ends_with("disconnect\n"), "{}", stage.transcript());
        while events.try_next().is_some() {}
        assert!(events.is_over());
    }

    #[test]
    fn the_same_seed_and_calls_make_the_same_lines() {
        let play = || {
            let (client, _events, stage) = rehearse();
            client.join("demo").expect("a key");
            for _ in 0..20 {
                stage.cut();
                stage.pass(Duration::from_secs(7));
            }
            stage.transcript()
        };
        let first = play();
        assert!(first.lines().count() >= 20, "{first}");
        assert_eq!(first, play());
    }
}
