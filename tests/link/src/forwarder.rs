//! The thread that carries packets from one TUN device to the other as the wires say.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::clock::Clock;
use crate::wire::Wire;
use crate::{Attempt, Setup, packet, sys};

/// Both directions and what is known of them.
pub(crate) struct Wires {
    /// From near to far.
    pub(crate) up: Wire,
    /// From far to near.
    pub(crate) down: Wire,
    pub(crate) attempts: Vec<Attempt>,
    is_over: bool,
}

pub(crate) struct Forwarder {
    clock: Clock,
    wires: Arc<Mutex<Wires>>,
    wake: UnixStream,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Attempts to connect that are remembered.
const MOST_ATTEMPTS: usize = 10_000;
/// The largest IP packet.
const PACKET: usize = 65_536;

impl Forwarder {
    /// Begins to carry packets.
    pub(crate) fn start(setup: &Setup, near: OwnedFd, far: OwnedFd) -> io::Result<Self> {
        let wires = Arc::new(Mutex::new(Wires {
            up: Wire::new(setup.up.clone(), setup.seed),
            down: Wire::new(setup.down.clone(), !setup.seed),
            attempts: Vec::new(),
            is_over: false,
        }));
        let (wake, woken) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        let clock = Clock::start();
        let shared = Arc::clone(&wires);
        let body = move || {
            sys::hurry();
            forward(clock, &shared, &[near, far], woken)
        };
        let thread = thread::Builder::new().name("onair-link".into()).spawn(body)?;
        Ok(Self { clock, wires, wake, thread: Some(thread) })
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Looks at the wires, or changes them at once.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Wires, Duration) -> T) -> T {
        let result = change(&mut lock(&self.wires), self.clock.now());
        // The thread has ended when nobody reads this.
        let _ = (&self.wake).write(&[0]);
        result
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.change(|wires, _| wires.is_over = true);
        if let Some(thread) = self.thread.take()
            && let Ok(Err(error)) = thread.join()
        {
            eprintln!("onair-link: carry packets: {error}");
        }
    }
}

fn lock(wires: &Mutex<Wires>) -> MutexGuard<'_, Wires> {
    wires.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forward(
    clock: Clock,
    wires: &Mutex<Wires>,
    tuns: &[OwnedFd; 2],
    mut woken: UnixStream,
) -> io::Result<()> {
    let [near, far] = tuns;
    let mut buffer = vec![0; PACKET];
    loop {
        let due = {
            let mut wires = lock(wires);
            if wires.is_over {
                return Ok(());
            }
            while let Some(bytes) = sys::read_packet(near.as_fd(), &mut buffer)? {
                wires.note_attempt(&buffer[..bytes], clock.now());
                wires.up.offer(buffer[..bytes].to_vec(), clock.now());
            }
            while let Some(bytes) = sys::read_packet(far.as_fd(), &mut buffer)? {
                wires.down.offer(buffer[..bytes].to_vec(), clock.now());
            }
            let now = clock.now();
            while let Some(packet) = wires.up.poll_arrived(now) {
                sys::write_packet(far.as_fd(), &packet);
            }
            while let Some(packet) = wires.down.poll_arrived(now) {
                sys::write_packet(near.as_fd(), &packet);
            }
            [wires.up.next_due(), wires.down.next_due()].into_iter().flatten().min()
        };
        let limit = due.map(|due| due.saturating_sub(clock.now()));
        sys::wait_readable([near.as_fd(), far.as_fd(), woken.as_fd()], limit)?;
        while woken.read(&mut buffer[..64]).is_ok_and(|bytes| bytes > 0) {}
    }
}

impl Wires {
    /// The schedules begin with the first connection.
    fn note_attempt(&mut self, packet: &[u8], now: Duration) {
        let Some(port) = packet::syn_port(packet) else { return };
        if self.attempts.is_empty() {
            self.up.restart(now);
            self.down.restart(now);
        }
        if self.attempts.len() < MOST_ATTEMPTS {
            self.attempts.push(Attempt { at: now, port, is_v6: packet::is_v6(packet) });
        }
    }
}
