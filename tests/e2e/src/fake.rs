//! RTMP servers that follow a script, to misbehave in the middle. They look for commands in the bytes as they come,
//! without a de-chunker: a command's name and transaction id stand at the front of its first chunk.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const HANDSHAKE_BYTES: usize = 1_536;
const CHUNK_BYTES: usize = 128;
/// A script must not outlive its test for long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A listening server that plays its script with each client.
pub struct Fake {
    port: u16,
    accepted: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts it. The connection closes when the script ends.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub fn start(script: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (accepted, stopping) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stop, script) =
            (Arc::clone(&accepted), Arc::clone(&stopping), Arc::new(script));
        let thread = thread::spawn(move || {
            for socket in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                count.fetch_add(1, Ordering::Relaxed);
                let (Ok(socket), script) = (socket, Arc::clone(&script)) else { continue };
                thread::spawn(move || {
                    let mut peer = Peer { socket, received: Vec::new() };
                    // The client hangs up when it has seen enough; that ends the script.
                    let _ = peer.play(&*script);
                });
            }
        });
        Self { port, accepted, stopping, thread: Some(thread) }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where to publish.
    pub fn url(&self, app: &str, key: &str) -> String {
        format!("rtmp://127.0.0.1:{}/{app}/{key}", self.port)
    }

    /// Nobody listens from now on; connections that came play on.
    pub fn close_port(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Wakes accept().
        let _ = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)));
    }

    /// How many connections came.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.close_port();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The server's side of one connection.
pub struct Peer {
    socket: TcpStream,
    received: Vec<u8>,
}

impl Peer {
    fn play(&mut self, script: &dyn Fn(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.socket.set_read_timeout(Some(PATIENCE))?;
        self.socket.set_write_timeout(Some(PATIENCE))?;
        script(self)
    }

    /// Sends these bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }

    /// Answers nothing and closes nothing until the client does.
    pub fn keep_silent(&mut self) -> io::Result<()> {
        while self.receive()? > 0 {
            self.received.clear();
        }
        Ok(())
    }

    /// Reads so many bytes and forgets them.
    pub fn wait_for_bytes(&mut self, mut bytes: usize) -> io::Result<()> {
        while bytes > 0 {
            self.received.clear();
            match self.receive()? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => bytes = bytes.saturating_sub(count),
            }
        }
        Ok(())
    }

    /// The handshake of the specification: C2 is read, not judged.
    pub fn shake_hands(&mut self) -> io::Result<()> {
        self.need(1 + HANDSHAKE_BYTES)?;
        let c0_c1: Vec<u8> = self.received.drain(..=HANDSHAKE_BYTES).collect();
        self.send(&[&[3_u8][..], &[0; HANDSHAKE_BYTES], &c0_c1[1..]].concat())?;
        self.need(HANDSHAKE_BYTES)?;
        self.received.drain(..HANDSHAKE_BYTES);
        Ok(())
    }

    /// Handshake, `connect` and `createStream` as any server does them; ends when the client wants to publish.
    pub fn accept_until_publish(&mut self) -> io::Result<()> {
        let (id, _) = self.hear_connect(&[])?;
        self.agree_until_publish(id, &NULL)
    }

    /// Handshake and `connect`: its transaction id, and whether any of `words` stands in it. A chunk's end may hide one,
    /// so name some.
    pub fn hear_connect(&mut self, words: &[&str]) -> io::Result<(f64, bool)> {
        self.shake_hands()?;
        let id = self.wait_for("connect")?;
        let holds = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|at| at == word);
        while !holds(&self.received, &OBJECT_END) {
            if self.receive()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok((id, words.iter().any(|word| holds(&self.received, word.as_bytes()))))
    }

    /// Agrees to `connect`, with what the server says of itself as AMF0, and to `createStream`; ends when the client
    /// wants to publish.
    pub fn agree_until_publish(&mut self, id: f64, server: &[u8]) -> io::Result<()> {
        let status = status("status", "NetConnection.Connect.Success");
        self.command(0, &[string("_result"), number(id), server.to_vec(), status])?;
        let id = self.wait_for("createStream")?;
        self.command(0, &[string("_result"), number(id), NULL.to_vec(), number(1.0)])?;
        self.wait_for("publish")?;
        Ok(())
    }

    /// Sends `onStatus` on the message stream.
    pub fn status(&mut self, level: &str, code: &str) -> io::Result<()> {
        self.command(1, &[string("onStatus"), number(0.0), NULL.to_vec(), status(level, code)])
    }

    /// Reads until the command came; its transaction id.
    pub fn wait_for(&mut self, name: &str) -> io::Result<f64> {
        let front = string(name);
        loop {
            let found = self.received.windows(front.len()).position(|window| window == front);
            if let Some(at) = found {
                let id_at = at + front.len() + 1;
                self.need(id_at + 8)?;
                let mut id = [0; 8];
                id.copy_from_slice(&self.received[id_at..id_at + 8]);
                self.received.drain(..id_at + 8);
                return Ok(f64::from_be_bytes(id));
            }
            if self.receive()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Sends an AMF0 command message.
    pub fn command(&mut self, message_stream: u32, values: &[Vec<u8>]) -> io::Result<()> {
        let body = values.concat();
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        let mut bytes = vec![3, 0, 0, 0];
        bytes.extend(&length.to_be_bytes()[1..]);
        bytes.push(20);
        bytes.extend(message_stream.to_le_bytes());
        for (number, chunk) in body.chunks(CHUNK_BYTES).enumerate() {
            if number > 0 {
                bytes.push(0xC3);
            }
            bytes.extend(chunk);
        }
        self.send(&bytes)
    }

    fn need(&mut self, bytes: usize) -> io::Result<()> {
        while self.received.len() < bytes {
            if self.receive()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 4_096];
        let count = self.socket.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

const NULL: [u8; 1] = [5];
const OBJECT_END: [u8; 3] = [0, 0, 9];

/// An AMF0 object.
pub fn object(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut object = vec![3];
    for (key, value) in pairs {
        object.extend(name(key));
        object.extend(value);
    }
    object.extend(OBJECT_END);
    object
}

/// An AMF0 array of strings.
pub fn strings(texts: &[&str]) -> Vec<u8> {
    let count = u32::try_from(texts.len()).expect("a short list");
    let texts: Vec<u8> = texts.iter().flat_map(|text| string(text)).collect();
    [&[10_u8][..], &count.to_be_bytes(), &texts].concat()
}

/// An AMF0 number.
pub fn number(value: f64) -> Vec<u8> {
    [&[0_u8][..], &value.to_be_bytes()].concat()
}

fn string(text: &str) -> Vec<u8> {
    [&[2_u8][..], &name(text)].concat()
}

fn status(level: &str, code: &str) -> Vec<u8> {
    object(&[
        ("level", string(level)),
        ("code", string(code)),
        ("description", string("as the script says")),
    ])
}

fn name(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short name");
    [&length.to_be_bytes()[..], text.as_bytes()].concat()
}
