//! A scripted RTMP server in this process: one behaviour for each connection, everything received
//! kept. Built on the engine's reader and writer, so it proves the session, not the protocol.

mod peer;
mod seen;

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::wait_until;
use peer::Peer;
pub(crate) use seen::{Media, Seen};

/// The key in every test's address; must show up nowhere.
pub(crate) const KEY: &str = "canary-5f1d7c";
/// What [`Sink::secret_url`] has besides.
pub(crate) const TOKEN: &str = "t0ken-canary";
pub(crate) const PASSWORD: &str = "pa55word-canary";

/// What servers say that want to know first who publishes, in Adobe's way: that they do, what to
/// answer, and that the answer is wrong.
pub(crate) mod asking {
    pub(crate) const NEED: &str = "[ code=403 need auth; authmod=adobe ]";
    pub(crate) const CHALLENGE: &str = "authmod=adobe : ?reason=needauth&salt=a&challenge=b&for=";
    pub(crate) const FAILED: &str = "authmod=adobe : ?reason=authfailed&for=";
}

/// What a connection meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// A good server.
    Accept,
    /// Accepts the publish and closes after so many media messages.
    CloseAfter(usize),
    /// Accepts the publish and resets the connection after so many media messages.
    ResetAfter(usize),
    /// A good server that asks for another connection after so many media messages.
    AskToMove(usize),
    /// Accepts the publish and never reads again.
    StopReading,
    /// Takes the connection and says nothing.
    NeverAnswer,
    /// Answers the handshake with something else.
    Garbage,
    /// Answers `connect` with this error code.
    RejectConnect(&'static str),
    /// Answers `publish` with this error code.
    RejectPublish(&'static str),
    /// Closes when `publish` comes.
    CloseOnPublish,
    /// A good server that acknowledges the first media, until [`Sink::cut_all`].
    UntilCut,
    /// A good server that reads no faster than so many bytes a second.
    Slow(usize),
    /// Accepts the publish and, from [`Sink::cut_all`] on, says so many bytes in good RTMP.
    Flood(usize),
    /// The same with so many pings.
    FloodOfPings(usize),
}

pub(crate) struct Sink {
    port: u16,
    shared: Arc<Shared>,
    acceptors: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    connections: Mutex<Vec<Seen>>,
    is_over: AtomicBool,
    cuts: AtomicUsize,
    acknowledged: AtomicUsize,
    flooded_bytes: AtomicUsize,
}

impl Sink {
    /// One behaviour for each connection in order; the last one repeats.
    pub(crate) fn start(script: &[Behaviour]) -> Self {
        Self::start_with(script, || {})
    }

    /// Each thread of the sink begins with `on_thread`.
    pub(crate) fn start_with(script: &[Behaviour], on_thread: fn()) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let (script, inside) = (script.to_vec(), Arc::clone(&shared));
        let acceptor = std::thread::spawn(move || {
            on_thread();
            accept(&listener, &script, &inside, on_thread);
        });
        Self { port, shared, acceptors: vec![acceptor] }
    }

    /// As many threads as ever serve, each one connection after the other; all begin with
    /// `on_thread`.
    pub(crate) fn with_workers(behaviour: Behaviour, workers: usize, on_thread: fn()) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let worker = |_| {
            let listener = listener.try_clone().expect("a socket");
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                on_thread();
                while let Some((stream, index)) = next_connection(&listener, &shared) {
                    Peer::new(stream, behaviour, index, Arc::clone(&shared)).serve();
                }
            })
        };
        let acceptors = (0..workers).map(worker).collect();
        Self { port, shared, acceptors }
    }

    pub(crate) fn good() -> Self {
        Self::start(&[Behaviour::Accept])
    }

    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live/{KEY}", self.port)
    }

    /// Asks who publishes; `then` meets who answered.
    pub(crate) fn asking(then: Behaviour) -> Self {
        let [need, challenge] = [asking::NEED, asking::CHALLENGE].map(Behaviour::RejectConnect);
        Self::start(&[need, challenge, then])
    }

    /// With a user and a password.
    pub(crate) fn url_with_user(&self) -> String {
        self.url().replace("://", "://jon:s3cret@")
    }

    /// With a password and a query.
    pub(crate) fn secret_url(&self) -> String {
        format!("rtmp://user:{PASSWORD}@127.0.0.1:{}/live/{KEY}?token={TOKEN}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Closes every connection that is [`Behaviour::UntilCut`]; floods begin.
    pub(crate) fn cut_all(&self) {
        self.shared.cuts.fetch_add(1, Ordering::AcqRel);
    }

    /// Connections of [`Behaviour::UntilCut`] so far whose peers know that media arrived.
    pub(crate) fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Acquire)
    }

    /// What [`Behaviour::Flood`] and its like could send.
    pub(crate) fn flooded_bytes(&self) -> usize {
        self.shared.flooded_bytes.load(Ordering::Acquire)
    }

    pub(crate) fn connections(&self) -> Vec<Seen> {
        self.shared.lock().clone()
    }

    /// The connection `index`, once `is_met` holds for it.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        index: usize,
        is_met: impl Fn(&Seen) -> bool,
    ) -> Seen {
        let met = || self.shared.lock().get(index).is_some_and(&is_met);
        wait_until(what, met);
        self.shared.lock()[index].clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        // Each waits for one more connection.
        for _ in &self.acceptors {
            drop(TcpStream::connect(("127.0.0.1", self.port)));
        }
        for acceptor in self.acceptors.drain(..) {
            acceptor.join().expect("the sink ends well");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

fn accept(listener: &TcpListener, script: &[Behaviour], shared: &Arc<Shared>, on_thread: fn()) {
    let mut peers = Vec::new();
    while let Some((stream, index)) = next_connection(listener, shared) {
        let behaviour = script[index.min(script.len() - 1)];
        let shared = Arc::clone(shared);
        peers.push(std::thread::spawn(move || {
            on_thread();
            Peer::new(stream, behaviour, index, shared).serve();
        }));
    }
    for peer in peers {
        peer.join().expect("a peer ends well");
    }
}

/// The next connection and its number; `None` when the sink is over.
fn next_connection(listener: &TcpListener, shared: &Shared) -> Option<(TcpStream, usize)> {
    let (stream, _) = listener.accept().expect("a connection");
    let mut connections = shared.lock();
    connections.push(Seen { began_at: Some(now()), ..Seen::default() });
    (!shared.is_over()).then_some((stream, connections.len() - 1))
}

#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
fn now() -> Instant {
    Instant::now()
}
