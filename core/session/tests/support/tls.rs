//! TLS in front of a scripted RTMP server, with certificates made on the spot, and servers that
//! only pretend. Everything that arrives is kept, so that a test can show what did not.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::sink::KEY;

/// A certificate authority of this test's own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server's certificate chain and key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, key()).expect("an authority"))
    }

    /// What an app gives as a root.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A good certificate for this machine.
    pub(crate) fn identity(&self) -> Identity {
        self.identity_with(&["localhost", "127.0.0.1"], |_| {})
    }

    pub(crate) fn identity_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let (mut params, key) = (params(names), key());
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Identity { chain: vec![certificate.der().clone()], key }
    }
}

impl Identity {
    pub(crate) fn self_signed() -> Self {
        let key = key();
        let certificate = params(&["localhost"]).self_signed(&key).expect("a certificate");
        Self { chain: vec![certificate.der().clone()], key }
    }

    /// The pin of its key, made without the code under test.
    pub(crate) fn spki(&self) -> Vec<u8> {
        self.key.subject_public_key_info()
    }

    fn config(self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(self.chain, key)
            .expect("a chain and its key");
        Arc::new(config)
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn params(names: &[&str]) -> CertificateParams {
    let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(owned).expect("names");
    params.distinguished_name.push(DnType::CommonName, "a server");
    params
}

/// What happens to a connection that was secure for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing.
    Lives,
    /// close_notify, then the end.
    SaysGoodbye,
    /// The end of TCP without the end of TLS.
    IsCutOff,
    /// Bytes that are no records, and the connection stays.
    TurnsPlain,
    /// Nobody reads any more.
    StopsReading,
}

/// What one connection of a front brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Came {
    /// As it came over the wire.
    pub(crate) raw: Vec<u8>,
    /// What TLS made of it.
    pub(crate) plain: usize,
    /// The name that was asked for.
    pub(crate) sni: Option<String>,
    /// The client said that it would send no more.
    pub(crate) said_goodbye: bool,
}

impl Came {
    /// The wire begins like TLS and never shows the key.
    pub(crate) fn is_secret(&self) -> bool {
        let shows_key = self.raw.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        self.raw.first().is_none_or(|first| *first == 0x16) && !shows_key
    }
}

/// Listens with TLS and hands what comes to a plain server.
pub(crate) struct Front {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    connections: Mutex<Vec<Came>>,
    is_over: AtomicBool,
}

/// What a peer does with a connection of which it has read the first bytes.
type Script = Box<dyn Fn(&mut TcpStream) + Send>;

impl Front {
    /// Before the server on `backend`. The first connection meets `fate` once it has brought
    /// `after` bytes; those that follow live.
    pub(crate) fn start(identity: Identity, backend: u16, fate: Fate, after: usize) -> Self {
        let config = identity.config();
        Self::start_all([Arc::clone(&config), config], backend, fate, after)
    }

    /// The same, but whoever comes after the first connection meets `another`.
    pub(crate) fn then_another(first: Identity, another: Identity, backend: u16) -> Self {
        Self::start_all([first.config(), another.config()], backend, Fate::IsCutOff, 7_500)
    }

    fn start_all(configs: [Arc<ServerConfig>; 2], backend: u16, fate: Fate, after: usize) -> Self {
        Self::listen(move |index, stream, shared| {
            let fate = if index == 0 { fate } else { Fate::Lives };
            let config = Arc::clone(&configs[index.min(1)]);
            let session = ServerConnection::new(config).expect("a session");
            let backend = TcpStream::connect(("127.0.0.1", backend)).expect("the server behind");
            let relay = Relay { stream, backend, session, fate, after, index, shared };
            relay.run();
        })
    }

    /// Whoever comes gets to see `script` after the first bytes; then the connection closes.
    pub(crate) fn scripted(script: impl Fn(&mut TcpStream) + Send + 'static) -> Self {
        let script: Script = Box::new(script);
        let script = Mutex::new(script);
        Self::listen(move |index, mut stream, shared| {
            let mut buffer = [0; 16 << 10];
            let bytes = stream.read(&mut buffer).unwrap_or(0);
            shared.lock()[index].raw.extend_from_slice(&buffer[..bytes]);
            script.lock().unwrap_or_else(PoisonError::into_inner)(&mut stream);
            while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
                shared.lock()[index].raw.extend_from_slice(&buffer[..bytes]);
            }
        })
    }

    fn listen(serve: impl Fn(usize, TcpStream, Arc<Shared>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let inside = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for index in 0.. {
                    let (stream, _) = listener.accept().expect("a connection");
                    if inside.is_over.load(Ordering::Acquire) {
                        break;
                    }
                    inside.lock().push(Came::default());
                    stream.set_read_timeout(Some(LIMIT)).expect("a socket option");
                    let (serve, shared) = (&serve, Arc::clone(&inside));
                    scope.spawn(move || serve(index, stream, shared));
                }
            });
        });
        Self { port, shared, acceptor: Some(acceptor) }
    }

    pub(crate) fn url(&self, host: &str) -> String {
        format!("rtmps://{host}:{}/live/{KEY}", self.port)
    }

    pub(crate) fn connections(&self) -> Vec<Came> {
        self.shared.lock().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        // The listener waits for one more connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(acceptor) = self.acceptor.take() {
            let ended = acceptor.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the front ends well");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Came>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection, on one thread: short reads from either side in turn.
struct Relay {
    stream: TcpStream,
    backend: TcpStream,
    session: ServerConnection,
    fate: Fate,
    after: usize,
    index: usize,
    shared: Arc<Shared>,
}

impl Relay {
    fn run(mut self) {
        for stream in [&self.stream, &self.backend] {
            stream.set_read_timeout(Some(Duration::from_millis(2))).expect("a socket option");
            stream.set_nodelay(true).expect("a socket option");
        }
        // Whoever hangs up ends it.
        while !self.shared.is_over.load(Ordering::Acquire) {
            if self.inwards().is_none() || self.outwards().is_none() || self.meets_its_fate() {
                break;
            }
        }
        let _ = self.backend.shutdown(Shutdown::Both);
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn inwards(&mut self) -> Option<()> {
        let mut buffer = [0; 16 << 10];
        let bytes = read(&mut self.stream, &mut buffer)?;
        let mut raw = &buffer[..bytes];
        self.came(|came| came.raw.extend_from_slice(raw));
        while !raw.is_empty() {
            self.session.read_tls(&mut raw).ok()?;
            let state = self.session.process_new_packets();
            let _ = self.session.write_tls(&mut self.stream);
            let state = state.ok()?;
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            self.session.reader().read_exact(&mut plain).ok()?;
            self.backend.write_all(&plain).ok()?;
            let sni = self.session.server_name().map(str::to_owned);
            self.came(|came| {
                came.plain += plain.len();
                came.sni = sni;
                came.said_goodbye |= state.peer_has_closed();
            });
        }
        Some(())
    }

    fn outwards(&mut self) -> Option<()> {
        let mut buffer = [0; 16 << 10];
        let bytes = read(&mut self.backend, &mut buffer)?;
        self.session.writer().write_all(&buffer[..bytes]).ok()?;
        while self.session.wants_write() {
            self.session.write_tls(&mut self.stream).ok()?;
        }
        Some(())
    }

    fn meets_its_fate(&mut self) -> bool {
        let came = self.shared.lock()[self.index].plain;
        if self.fate == Fate::Lives || came < self.after {
            return false;
        }
        match self.fate {
            Fate::SaysGoodbye => {
                self.session.send_close_notify();
                let _ = self.session.write_tls(&mut self.stream);
            }
            Fate::TurnsPlain => {
                let _ = self.stream.write_all(&[0x03; 3_000]);
                // The client is the one to leave.
                self.wait(|relay| relay.is_left());
            }
            Fate::StopsReading => self.wait(|_| false),
            Fate::Lives | Fate::IsCutOff => {}
        }
        true
    }

    fn is_left(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        let Some(bytes) = read(&mut self.stream, &mut buffer) else { return true };
        self.came(|came| came.raw.extend_from_slice(&buffer[..bytes]));
        false
    }

    fn wait(&mut self, mut is_met: impl FnMut(&mut Self) -> bool) {
        while !self.shared.is_over.load(Ordering::Acquire) && !is_met(self) {
            super::pause(Duration::from_millis(2));
        }
    }

    fn came(&self, note: impl FnOnce(&mut Came)) {
        note(&mut self.shared.lock()[self.index]);
    }
}

/// What is there within the socket's timeout; none when the peer has gone.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<usize> {
    match stream.read(buffer) {
        Ok(0) => None,
        Ok(bytes) => Some(bytes),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Some(0),
        Err(_) => None,
    }
}

const LIMIT: Duration = Duration::from_secs(10);
