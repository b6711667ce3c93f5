//! Sessions without a network: a willing RTMP server in memory, and a clock that stands still until
//! a test sets it. The same calls make the same bytes, in every language.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use onair::{Clock, ConnectError, Connection, Connector, SessionBuilder, Target, Transport};
use onair_types::Now;

/// 0: sessions are real. Else one more than the seed.
static SEED: AtomicU64 = AtomicU64::new(0);

/// Sessions and rooms that are made from now on are rehearsals.
pub(crate) fn begin(seed: u32) {
    SEED.store(u64::from(seed) + 1, Ordering::Relaxed);
}

/// Sessions that are made from now on are real.
pub(crate) fn end() {
    SEED.store(0, Ordering::Relaxed);
}

/// What rehearsals are made from, when there are any now.
pub(crate) fn seed() -> Option<u32> {
    let seed = SEED.load(Ordering::Relaxed).checked_sub(1)?;
    u32::try_from(seed).ok()
}

/// The builder with a stage under it, when sessions are rehearsals now.
pub(crate) fn give(builder: SessionBuilder) -> (SessionBuilder, Option<Arc<Stage>>) {
    let Some(seed) = seed() else { return (builder, None) };
    let stage = Arc::new(Stage::default());
    let (clock, connector) = (Arc::clone(&stage), Arc::new(Entrance(Arc::clone(&stage))));
    (builder.clock(clock).connector(connector).seed(seed.into()), Some(stage))
}

/// Clock and network of one session.
#[derive(Default)]
pub(crate) struct Stage {
    now_us: AtomicI64,
    network: Mutex<Network>,
}

#[derive(Default)]
struct Network {
    connections: Vec<Server>,
    /// So many attempts to connect fail.
    refusals: u32,
    link: Link,
}

/// How fast the way to the server is. What is on it depends on the clock alone, not on who looks when.
#[derive(Default)]
struct Link {
    /// Bit/s; none: everything is there at once.
    rate_bps: Option<u32>,
    /// On its way, in millionths of a bit.
    waiting: u128,
    seen_us: i64,
}

/// Of a bit, in a byte.
const MILLIONTHS: u128 = 8_000_000;
const ROUND_TRIP: Duration = Duration::from_millis(20);

impl Link {
    fn advance(&mut self, now_us: i64) {
        let passed = u128::try_from(now_us - self.seen_us).unwrap_or(0);
        self.seen_us = now_us;
        self.waiting = match self.rate_bps {
            Some(rate_bps) => self.waiting.saturating_sub(passed * u128::from(rate_bps)),
            None => 0,
        };
    }

    fn carry(&mut self, bytes: usize) {
        if self.rate_bps.is_some() {
            self.waiting += bytes as u128 * MILLIONTHS;
        }
    }

    fn transport(&self) -> Transport {
        let Some(rate_bps) = self.rate_bps else { return Transport::default() };
        let unacked_bytes = u64::try_from(self.waiting.div_ceil(MILLIONTHS)).unwrap_or(u64::MAX);
        let on_the_wire = u64::from(rate_bps) * ROUND_TRIP.as_millis() as u64 / 8_000;
        let unsent_bytes = unacked_bytes.saturating_sub(on_the_wire);
        Transport { unacked_bytes, unsent_bytes, rtt: ROUND_TRIP }
    }
}

/// The server's side of one connection.
#[derive(Default)]
struct Server {
    /// Everything it was sent.
    wire: Vec<u8>,
    /// How much of it the script has seen.
    heard: usize,
    step: usize,
    answers: VecDeque<u8>,
    is_cut: bool,
    reader: Option<Waker>,
}

impl Stage {
    /// The clock goes on by so much.
    pub(crate) fn pass(&self, micros: u32) {
        self.now_us.fetch_add(i64::from(micros), Ordering::Relaxed);
    }

    /// The connection breaks.
    pub(crate) fn cut(&self) {
        let mut network = self.network();
        let reader = network.connections.last_mut().and_then(|server| {
            server.is_cut = true;
            server.reader.take()
        });
        drop(network);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The next so many attempts to connect are refused.
    pub(crate) fn refuse(&self, attempts: u32) {
        self.network().refusals = attempts;
    }

    /// The way to the server carries so many bit/s from now on; 0: everything at once.
    pub(crate) fn limit(&self, rate_bps: u32) {
        let mut network = self.network();
        network.link.advance(self.now_us.load(Ordering::Relaxed));
        network.link.rate_bps = Some(rate_bps).filter(|&rate_bps| rate_bps > 0);
    }

    /// What the server was sent on a connection, from 0; `None` when there was no such connection.
    pub(crate) fn with_wire<T>(
        &self,
        connection: usize,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Option<T> {
        self.network().connections.get(connection).map(|server| look(&server.wire))
    }

    fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Stage {
    fn now(&self) -> Now {
        Now::from_micros(self.now_us.load(Ordering::Relaxed))
    }

    fn is_set_by_hand(&self) -> bool {
        true
    }
}

struct Entrance(Arc<Stage>);

impl Connector for Entrance {
    fn connect(&self, _target: Target) -> onair::transport::Connecting {
        let mut network = self.0.network();
        let made: Result<Box<dyn Connection>, _> = if network.refusals > 0 {
            network.refusals -= 1;
            Err(ConnectError::Refused)
        } else {
            network.connections.push(Server::default());
            let index = network.connections.len() - 1;
            Ok(Box::new(Wire { stage: Arc::clone(&self.0), index }))
        };
        Box::pin(async { made })
    }
}

/// The session's side of one connection.
struct Wire {
    stage: Arc<Stage>,
    index: usize,
}

impl Connection for Wire {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut network = self.stage.network();
        let server = &mut network.connections[self.index];
        let count = buffer.len().min(server.answers.len());
        if count == 0 && !server.is_cut {
            server.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        for (byte, answer) in buffer.iter_mut().zip(server.answers.drain(..count)) {
            *byte = answer;
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        &mut self,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let now_us = self.stage.now_us.load(Ordering::Relaxed);
        let mut network = self.stage.network();
        let Network { connections, link, .. } = &mut *network;
        let server = &mut connections[self.index];
        if server.is_cut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let before = server.wire.len();
        slices.iter().for_each(|slice| server.wire.extend_from_slice(slice));
        let written = server.wire.len() - before;
        link.advance(now_us);
        link.carry(written);
        server.listen();
        let reader = server.reader.take_if(|_| !server.answers.is_empty());
        drop(network);
        if let Some(reader) = reader {
            reader.wake();
        }
        Poll::Ready(Ok(written))
    }

    /// The server closes too.
    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut network = self.stage.network();
        let server = &mut network.connections[self.index];
        server.is_cut = true;
        let reader = server.reader.take();
        drop(network);
        if let Some(reader) = reader {
            reader.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn transport(&self) -> Option<Transport> {
        let now_us = self.stage.now_us.load(Ordering::Relaxed);
        let mut network = self.stage.network();
        network.link.advance(now_us);
        Some(network.link.transport())
    }
}

impl Server {
    /// Answers what it can: handshake, `connect`, `createStream`, `publish`, in this order. Commands
    /// are found by their names, at the front of their first chunk.
    fn listen(&mut self) {
        loop {
            let unheard = &self.wire[self.heard..];
            let heard = match self.step {
                0 if unheard.len() > HANDSHAKE_BYTES => {
                    self.answers.push_back(3);
                    self.answers.extend([0; HANDSHAKE_BYTES]);
                    self.answers.extend(&unheard[1..=HANDSHAKE_BYTES]);
                    Some(1 + HANDSHAKE_BYTES)
                }
                1 if unheard.len() >= HANDSHAKE_BYTES => Some(HANDSHAKE_BYTES),
                step @ 2..=4 => {
                    let (name, answer) = SCRIPT[step - 2];
                    let found = unheard.windows(name.len()).position(|window| window == name);
                    found.map(|at| {
                        self.answers.extend(answer());
                        at + name.len()
                    })
                }
                _ => None,
            };
            let Some(heard) = heard else { return };
            self.heard += heard;
            self.step += 1;
        }
    }
}

type Answer = fn() -> Vec<u8>;

/// A command's name as AMF0 has it, and what is said to it.
const SCRIPT: [(&[u8], Answer); 3] = [
    (b"\x02\x00\x07connect", || {
        let status = status("NetConnection.Connect.Success");
        command(0, &[string("_result"), number(1.0), NULL.to_vec(), status])
    }),
    (b"\x02\x00\x0ccreateStream", || {
        command(0, &[string("_result"), number(4.0), NULL.to_vec(), number(1.0)])
    }),
    (b"\x02\x00\x07publish", || {
        let status = status("NetStream.Publish.Start");
        command(1, &[string("onStatus"), number(0.0), NULL.to_vec(), status])
    }),
];

/// A command message on chunk stream 3, of at most one chunk (RTMP 5.3.1, 7.1.1).
fn command(message_stream: u8, values: &[Vec<u8>]) -> Vec<u8> {
    let body = values.concat();
    let head = [3, 0, 0, 0, 0, 0, body.len() as u8, 20, message_stream, 0, 0, 0];
    [&head[..], &body].concat()
}

/// AMF0 2.4.
fn string(text: &str) -> Vec<u8> {
    [&[2, 0, text.len() as u8], text.as_bytes()].concat()
}

/// AMF0 2.2.
fn number(value: f64) -> Vec<u8> {
    [&[0][..], &value.to_be_bytes()].concat()
}

/// An object with level and code (AMF0 2.5).
fn status(code: &str) -> Vec<u8> {
    let named = |name: &str, value: &str| [&string(name)[1..], &string(value)].concat();
    [&[3][..], &named("level", "status"), &named("code", code), &[0, 0, 9]].concat()
}

const NULL: [u8; 1] = [5];
const HANDSHAKE_BYTES: usize = 1_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_way_depends_on_the_clock_and_not_on_looks() {
        let looks = |times: &[i64]| {
            let mut link = Link { rate_bps: Some(100_000), ..Link::default() };
            link.carry(10_000);
            times.iter().for_each(|&at| link.advance(at));
            link.transport()
        };
        assert_eq!(looks(&[333_333]), looks(&[1, 77_777, 77_778, 300_001, 333_333]));
        assert_eq!(looks(&[400_000]).unacked_bytes, 5_000);
        assert_eq!(looks(&[900_000]).unacked_bytes, 0);
        assert_eq!(looks(&[0]).unsent_bytes, 10_000 - 250);
    }

    #[test]
    fn every_answer_fits_in_one_chunk() {
        for (_, answer) in SCRIPT {
            let answer = answer();
            assert!(answer.len() <= 12 + 128, "{} bytes", answer.len());
            assert_eq!(usize::from(answer[6]), answer.len() - 12);
        }
    }
}
