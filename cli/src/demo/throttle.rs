//! A slow network to watch the adaptation by: a relay on loopback before the server, whose speed can
//! be changed at any time.
//!
//! It keeps next to nothing: what it does not take stays in the sender's socket, as with a real link.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Builder;
use std::time::Duration;

use crate::clock::StopSignal;

/// From one helping to the next.
const TICK: Duration = Duration::from_millis(20);
/// Most bytes at once.
const HELPING: usize = 64 << 10;
/// Bytes that wait here; the system doubles it for its own needs.
const KEPT_BYTES: usize = 16 << 10;

/// How fast relays are, bits a second; 0 for no limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Throttle(Arc<AtomicU64>);

impl Throttle {
    /// Relays what comes to the returned address to `server`.
    ///
    /// # Errors
    /// When the system gives no port or no thread.
    pub(super) fn relay(&self, server: SocketAddr, stop: StopSignal) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Before the connections are made: their windows follow it.
        socket2::SockRef::from(&listener).set_recv_buffer_size(KEPT_BYTES)?;
        let address = listener.local_addr()?;
        let rate_bps = Arc::clone(&self.0);
        let accept = move || {
            for client in listener.incoming().flatten() {
                let relayed = relay(client, server, &rate_bps, &stop);
                if let Err(error) = relayed {
                    log::debug!("relay a connection: {error}");
                }
            }
        };
        // Ends with the process: nothing waits in it.
        Builder::new().name("onair-throttle".to_owned()).spawn(accept)?;
        Ok(address)
    }

    pub(super) fn rate_bps(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set_rate_bps(&self, rate_bps: u64) {
        self.0.store(rate_bps, Ordering::Relaxed);
    }
}

/// Two threads for each connection, which end with it.
fn relay(
    client: TcpStream,
    server: SocketAddr,
    rate_bps: &Arc<AtomicU64>,
    stop: &StopSignal,
) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
    }
    let (answers, asker) = (server.try_clone()?, client.try_clone()?);
    let (rate_bps, stop) = (Arc::clone(rate_bps), stop.clone());
    let name = || Builder::new().name("onair-throttle".to_owned());
    name().spawn(move || copy(client, server, || helping(&rate_bps, &stop)))?;
    name().spawn(move || copy(answers, asker, || HELPING))?;
    Ok(())
}

/// How many bytes may pass now; waits for its turn when there is a limit.
fn helping(rate_bps: &AtomicU64, stop: &StopSignal) -> usize {
    let rate_bps = rate_bps.load(Ordering::Relaxed);
    if rate_bps == 0 || stop.wait(TICK) {
        return HELPING;
    }
    let ticks_a_second = 1_000 / TICK.as_millis() as u64;
    usize::try_from(rate_bps / 8 / ticks_a_second).unwrap_or(HELPING).clamp(64, HELPING)
}

fn copy(mut from: TcpStream, mut to: TcpStream, helping: impl Fn() -> usize) {
    let mut buffer = vec![0; HELPING];
    loop {
        let most = helping();
        match from.read(&mut buffer[..most]) {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
        }
    }
    // One side has gone: the other one hears of it.
    for socket in [&from, &to] {
        let _ = socket.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pass_both_ways_and_a_limit_holds_them_back() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (_handle, stop) = StopSignal::new();
        let address = server.local_addr().expect("address");
        let relay = Throttle::default().relay(address, stop).expect("relay");
        let mut client = TcpStream::connect(relay).expect("connect");
        let (mut peer, _) = server.accept().expect("accept");
        let mut four = [0; 4];
        client.write_all(b"ping").expect("write");
        peer.read_exact(&mut four).expect("read");
        peer.write_all(b"pong").expect("write");
        client.read_exact(&mut four).expect("read");
        assert_eq!(&four, b"pong");

        let rate = AtomicU64::new(800_000);
        let (_handle, stop) = StopSignal::new();
        assert_eq!(helping(&rate, &stop), 2_000, "a fiftieth of 100 kB");
        rate.store(0, Ordering::Relaxed);
        assert_eq!(helping(&rate, &stop), HELPING);
        drop(client);
        assert_eq!(peer.read(&mut four).expect("the end"), 0);
    }
}
