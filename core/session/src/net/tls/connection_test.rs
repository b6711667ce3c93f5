//! One TLS session between two buffers: what is taken is sent, what waits goes on, and the figures
//! of the system become figures of plaintext.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::task::{Wake, Waker};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use super::*;
use crate::Trust;

/// The socket, as the test holds it.
#[derive(Default)]
struct Pipe {
    /// Towards the server; each write apart.
    sent: VecDeque<Vec<u8>>,
    /// Towards the client.
    answers: VecDeque<u8>,
    /// Bytes that the socket takes before it is full.
    room: usize,
    unacked: u64,
    waker: Option<Waker>,
}

struct Socket(Arc<Mutex<Pipe>>);

impl Connection for Socket {
    fn keeps_nothing(&self) -> bool {
        true
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.0.lock().expect("no panic");
        if pipe.answers.is_empty() {
            pipe.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(pipe.answers.read(buffer))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut pipe = self.0.lock().expect("no panic");
        let mut bytes = slices.iter().flat_map(|slice| slice.iter().copied()).collect::<Vec<_>>();
        bytes.truncate(pipe.room);
        if bytes.is_empty() {
            pipe.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.room -= bytes.len();
        pipe.sent.push_back(bytes);
        Poll::Ready(Ok(pipe.sent.back().map_or(0, Vec::len)))
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn transport(&self) -> Option<Transport> {
        let unacked_bytes = self.0.lock().expect("no panic").unacked;
        Some(Transport { unacked_bytes, unsent_bytes: unacked_bytes, ..Transport::default() })
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A client and its server, hands shaken; the socket has room without end.
struct Pair {
    tls: Tls,
    server: ServerConnection,
    pipe: Arc<Mutex<Pipe>>,
    wakes: Arc<Wakes>,
}

impl Pair {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let der = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], der)
            .expect("a certificate");
        let server = ServerConnection::new(Arc::new(config)).expect("a session");
        // Its own issuer, and no authority: a root all the same.
        let trust = Trust::new().with_roots(certificate.der()).expect("a root");
        let client = super::super::trust::config(&trust).expect("a configuration");
        let pipe = Arc::new(Mutex::new(Pipe { room: usize::MAX, ..Pipe::default() }));
        let below = Box::new(Socket(Arc::clone(&pipe)));
        let tls = Tls::new(below, client, "localhost").expect("a session");
        let mut pair = Self { tls, server, pipe, wakes: Arc::default() };
        let mut shaken = pair.poll(Tls::poll_handshake);
        while shaken.is_pending() {
            pair.serve();
            shaken = pair.poll(Tls::poll_handshake);
        }
        assert!(matches!(shaken, Poll::Ready(Ok(()))), "{shaken:?}");
        pair.serve();
        pair
    }

    fn poll<T>(&mut self, call: impl FnOnce(&mut Tls, &mut Context<'_>) -> T) -> T {
        let waker = Waker::from(Arc::clone(&self.wakes));
        call(&mut self.tls, &mut Context::from_waker(&waker))
    }

    /// What the engine offers is `plain`, in slices of `size`.
    fn write(&mut self, plain: &[u8], size: usize) -> Poll<usize> {
        let slices: Vec<_> = plain.chunks(size).map(IoSlice::new).collect();
        self.poll(|tls, cx| tls.poll_write_vectored(cx, &slices))
            .map(|taken| taken.expect("it lives"))
    }

    /// A wake-up of the driver: it always reads.
    fn read(&mut self) -> Poll<io::Result<Vec<u8>>> {
        let mut buffer = [0; 1_024];
        let read = self.poll(|tls, cx| tls.poll_read(cx, &mut buffer));
        read.map_ok(|bytes| buffer[..bytes].to_vec())
    }

    /// The server takes all that was sent and answers; what it has read.
    fn serve(&mut self) -> Vec<u8> {
        let mut plain = Vec::new();
        let mut pipe = self.pipe.lock().expect("no panic");
        for sent in std::mem::take(&mut pipe.sent) {
            let mut sent = &sent[..];
            while !sent.is_empty() {
                self.server.read_tls(&mut sent).expect("a buffer");
                let state = self.server.process_new_packets().expect("good records");
                let mut part = vec![0; state.plaintext_bytes_to_read()];
                self.server.reader().read_exact(&mut part).expect("what is there");
                plain.extend(part);
            }
        }
        let mut answers = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut answers).expect("a buffer");
        }
        pipe.answers.extend(answers);
        plain
    }

    fn give_room(&self, room: usize) -> Option<Waker> {
        let mut pipe = self.pipe.lock().expect("no panic");
        pipe.room = room;
        pipe.waker.take()
    }

    fn writes(&self) -> Vec<usize> {
        self.pipe.lock().expect("no panic").sent.iter().map(Vec::len).collect()
    }
}

fn picture(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

#[test]
fn a_picture_and_its_sound_are_one_record_and_one_write() {
    let mut pair = Pair::new();
    assert_eq!(pair.write(&picture(9_000), 700), Poll::Ready(9_000));
    let writes = pair.writes();
    assert!(writes.len() == 1 && writes[0] < 9_040, "{writes:?}");
    assert_eq!(pair.serve(), picture(9_000));
}

#[test]
fn what_does_not_fit_a_record_follows_in_the_next() {
    let mut pair = Pair::new();
    // More slices than a record takes, and more bytes; odd cuts everywhere.
    for (bytes, size, records) in [(60_000, 59_999, 4), (60_000, 333, 4), (100, 1, 2)] {
        assert_eq!(pair.write(&picture(bytes), size), Poll::Ready(bytes));
        assert_eq!(pair.writes().len(), records, "{bytes} in slices of {size}");
        assert_eq!(pair.serve(), picture(bytes));
    }
}

#[test]
fn what_was_taken_is_sent_when_the_socket_has_room_again() {
    let mut pair = Pair::new();
    pair.give_room(20_000);
    let taken = pair.write(&picture(60_000), 10_000);
    assert_eq!(taken, Poll::Ready(2 * RECORD_BYTES), "one record waits, no more are taken");
    assert_eq!(pair.write(&picture(10), 10), Poll::Pending);

    // The socket wakes the task; all the driver does then is to read.
    pair.give_room(usize::MAX).expect("somebody waits for the socket").wake();
    assert_eq!(pair.wakes.0.load(Ordering::Relaxed), 1);
    assert!(pair.read().is_pending());
    assert_eq!(pair.serve(), picture(60_000)[..2 * RECORD_BYTES]);
}

#[test]
fn another_look_is_wanted_only_when_it_moves_something() {
    let mut pair = Pair::new();
    // What came with the handshake was not read yet.
    assert!(pair.read().is_pending());
    assert!(pair.tls.keeps_nothing());
    assert_eq!(pair.write(&picture(9_000), 700), Poll::Ready(9_000));
    assert!(pair.tls.keeps_nothing(), "a picture is with the socket");

    pair.give_room(10);
    assert_eq!(pair.write(&picture(500), 500), Poll::Ready(500));
    assert!(!pair.tls.keeps_nothing(), "a record waits for the socket");
    pair.give_room(usize::MAX);
    assert!(pair.read().is_pending());
    assert!(pair.tls.keeps_nothing());

    // More than is read at once.
    std::io::Write::write_all(&mut pair.server.writer(), &picture(6_000)).expect("a session");
    pair.serve();
    let mut heard = Vec::new();
    while let Poll::Ready(part) = pair.read() {
        heard.extend(part.expect("it lives"));
        assert!(!pair.tls.keeps_nothing(), "more may follow");
    }
    assert_eq!(heard, picture(6_000));
    assert!(pair.tls.keeps_nothing());
}

#[test]
fn unacknowledged_ciphertext_becomes_unacknowledged_plaintext() {
    let mut pair = Pair::new();
    let unacked = |pair: &Pair, ciphertext: u64| {
        pair.pipe.lock().expect("no panic").unacked = ciphertext;
        let transport = pair.tls.transport().expect("the socket tells");
        assert_eq!(transport.unsent_bytes, transport.unacked_bytes);
        transport.unacked_bytes
    };
    assert_eq!(unacked(&pair, 0), 0);
    let records: Vec<u64> = (0..3)
        .map(|_| {
            let before: usize = pair.writes().iter().sum();
            assert_eq!(pair.write(&picture(1_000), 1_000), Poll::Ready(1_000));
            (pair.writes().iter().sum::<usize>() - before) as u64
        })
        .collect();
    let all: u64 = records.iter().sum();
    assert!(all > 3_000);
    // A record of which a byte is missing is of no use to the peer.
    for (ciphertext, plaintext) in
        [(all, 3_000), (all - records[0] + 1, 3_000), (all - records[0], 2_000), (1, 1_000), (0, 0)]
    {
        assert_eq!(unacked(&pair, ciphertext), plaintext, "{ciphertext} of {all}");
    }

    // What the socket has not taken is not there either.
    pair.give_room(10);
    assert_eq!(pair.write(&picture(500), 500), Poll::Ready(500));
    assert_eq!(unacked(&pair, 10), 500);
    assert_eq!(unacked(&pair, 0), 500);
}

#[test]
fn r02_the_end_of_tcp_is_not_the_end_of_tls() {
    let mut pair = Pair::new();
    pair.server.send_close_notify();
    pair.serve();
    assert!(matches!(pair.read(), Poll::Ready(Ok(bytes)) if bytes.is_empty()));

    let mut pair = Pair::new();
    pair.pipe.lock().expect("no panic").answers.extend([23, 3, 3, 0, 40]);
    pair.pipe.lock().expect("no panic").answers.extend([0x55; 40]);
    let Poll::Ready(Err(error)) = pair.read() else { panic!("a record that nobody sealed") };
    assert!(error.to_string().contains("secure connection broke"), "{error}");
}

#[test]
fn a_shutdown_says_goodbye_once_what_waits_is_sent() {
    let mut pair = Pair::new();
    pair.give_room(10);
    assert_eq!(pair.write(&picture(500), 500), Poll::Ready(500));
    assert!(pair.poll(|tls, cx| tls.poll_shutdown(cx)).is_pending());
    pair.give_room(usize::MAX);
    assert!(pair.poll(|tls, cx| tls.poll_shutdown(cx)).is_ready());
    assert_eq!(pair.serve(), picture(500));
    let state = pair.server.process_new_packets().expect("good records");
    assert!(state.peer_has_closed());
}

#[test]
fn a_host_that_no_certificate_can_name_is_refused() {
    let below = Box::new(Socket(Arc::default()));
    let config = super::super::trust::config(&Trust::new()).expect("a configuration");
    let error = Tls::new(below, config, "not a host").err();
    assert!(matches!(error, Some(TlsError::Certificate(_))), "{error:?}");
}

static CONFIG: LazyLock<Arc<ClientConfig>> =
    LazyLock::new(|| super::super::trust::config(&Trust::new()).expect("a configuration"));

proptest::proptest! {
    #[test]
    fn whatever_answers_a_handshake_ends_in_words(
        head in proptest::option::of(proptest::sample::select(&[20_u8, 21, 22, 23][..])),
        mut answer in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
    ) {
        if let Some(content_type) = head {
            // Bytes that are a record at first sight.
            let length = answer.len() as u16;
            answer.splice(..0, [&[content_type, 3, 3], &length.to_be_bytes()[..]].concat());
        }
        let pipe = Pipe { room: usize::MAX, answers: answer.into(), ..Pipe::default() };
        let pipe = Arc::new(Mutex::new(pipe));
        let below = Box::new(Socket(Arc::clone(&pipe)));
        let mut tls = Tls::new(below, Arc::clone(&CONFIG), "localhost").expect("a session");
        let shaken = tls.poll_handshake(&mut Context::from_waker(Waker::noop()));
        proptest::prop_assert!(!matches!(shaken, Poll::Ready(Ok(()))), "nobody was there");
        if shaken.is_pending() {
            proptest::prop_assert!(pipe.lock().expect("no panic").answers.is_empty());
        }
    }
}
