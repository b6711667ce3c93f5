//! A bottleneck between two real kernels, for tests: two network namespaces, a TUN device in each, and a forwarder
//! that gives packets a rate, a delay, a queue, loss, damage and black holes, all of which can change while it runs.
//!
//! Works as root, and elsewhere where users may make namespaces. netem is not needed. `onair-link run` does the same
//! for scripts. What programs say to each other is not looked at, but for where a connection begins.

pub mod clock;
mod forwarder;
pub mod meter;
mod packet;
mod schedule;
mod side;
pub mod stage;
mod sys;
mod wire;

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use forwarder::Forwarder;
use sys::Owner;

pub use schedule::{Schedule, ScheduleError};
pub use side::Side;
pub use wire::{Queue, Traffic};

/// The near side: where the broadcaster runs.
pub const NEAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// The far side: where the server runs.
pub const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// The near side in IPv6.
pub const NEAR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 1);
/// The far side in IPv6.
pub const FAR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 2);

/// One direction.
#[derive(Clone, Debug)]
pub struct Line {
    /// Counted from the first connection, later from when it was set.
    pub rate: Schedule,
    /// One way.
    pub delay: Duration,
    /// What may wait.
    pub queue: Queue,
    /// Probability that a packet is lost.
    pub loss: f64,
    /// Probability that a packet arrives with one bit of its TCP payload flipped, which no checksum shows.
    pub damage: f64,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            rate: Schedule::unlimited(),
            delay: Duration::ZERO,
            queue: Queue::Packets(200),
            loss: 0.0,
            damage: 0.0,
        }
    }
}

/// How the link begins.
#[derive(Clone, Debug)]
pub struct Setup {
    /// From near to far.
    pub up: Line,
    /// From far to near.
    pub down: Line,
    /// What chance begins with.
    pub seed: u64,
    /// The congestion control that connections across the link use, whatever they ask for; none leaves it to them.
    pub congestion: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { up: Line::default(), down: Line::default(), seed: 1, congestion: None }
    }
}

/// A SYN that left the near side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// On the link's clock.
    pub at: Duration,
    /// From this port; the kernel repeats a SYN from the same port, a new connection has another.
    pub port: u16,
    /// Over IPv6.
    pub is_v6: bool,
}

/// Why there is no link here: a sandbox, no TUN, no iproute2.
#[derive(Debug, Error)]
#[error("make a link between two namespaces: {what}: {source}")]
pub struct Unavailable {
    what: &'static str,
    source: io::Error,
}

/// The link; ends when dropped. What runs on its sides must be ended before.
pub struct Link {
    near: Side,
    far: Side,
    forwarder: Forwarder,
}

impl Link {
    /// Makes the namespaces and begins to carry packets.
    ///
    /// # Errors
    /// When this machine cannot.
    pub fn start(setup: &Setup) -> Result<Self, Unavailable> {
        let unavailable = |what| move |source| Unavailable { what, source };
        let owner = if sys::is_root() { Owner::Us } else { Owner::NewUser };
        let near = sys::make(owner).map_err(unavailable("near namespace"))?;
        let user = near.user.map(Arc::new);
        let owner = user.as_ref().map_or(Owner::Us, |user| {
            use std::os::fd::AsFd;
            Owner::User(user.as_fd())
        });
        let far = sys::make(owner).map_err(unavailable("far namespace"))?;
        let near_side = Side::new(user.clone(), near.net);
        let far_side = Side::new(user, far.net);
        let congestion = setup.congestion.as_deref();
        let ends = [(&near_side, NEAR, FAR, NEAR_V6), (&far_side, FAR, NEAR, FAR_V6)];
        for (side, here, there, here_v6) in ends {
            side.configure(&addresses(here, there, here_v6, congestion))
                .map_err(unavailable("addresses"))?;
        }
        let forwarder =
            Forwarder::start(setup, near.tun, far.tun).map_err(unavailable("forwarder"))?;
        Ok(Self { near: near_side, far: far_side, forwarder })
    }

    /// Where the broadcaster runs, at [`NEAR`].
    pub fn near(&self) -> &Side {
        &self.near
    }

    /// Where the server runs, at [`FAR`].
    pub fn far(&self) -> &Side {
        &self.far
    }

    /// The link's clock.
    pub fn now(&self) -> Duration {
        self.forwarder.now()
    }

    /// Changes the direction to the server; its schedule begins now.
    pub fn change_up(&self, change: impl FnOnce(&mut Line)) {
        self.forwarder.change(|wires, now| {
            let mut line = wires.up.line().clone();
            change(&mut line);
            wires.up.set_line(line, now);
        });
    }

    /// Nothing gets through, in both directions, and nobody is told; or it does again.
    pub fn set_black_hole(&self, is_on: bool) {
        self.forwarder.change(|wires, _| {
            wires.up.set_black_hole(is_on);
            wires.down.set_black_hole(is_on);
        });
    }

    /// IPv6 vanishes, IPv4 does not.
    pub fn set_v6_black_hole(&self, is_on: bool) {
        self.forwarder.change(|wires, _| {
            wires.up.set_v6_black_hole(is_on);
            wires.down.set_v6_black_hole(is_on);
        });
    }

    /// What went to the server.
    pub fn up_traffic(&self) -> Traffic {
        self.forwarder.change(|wires, _| wires.up.traffic())
    }

    /// What came from the server.
    pub fn down_traffic(&self) -> Traffic {
        self.forwarder.change(|wires, _| wires.down.traffic())
    }

    /// Every SYN so far that left the near side.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.forwarder.change(|wires, _| wires.attempts.clone())
    }
}

/// The link, or a line that says why this test is skipped.
pub fn start_or_skip(setup: &Setup) -> Option<Link> {
    Link::start(setup).inspect_err(|error| skip(&error.to_string())).ok()
}

/// Says that this test is skipped, and why; `scripts/test` counts those lines. They go past the test runner's capture.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    let line = format!("\nSKIPPED: {}: {why}\n", thread.name().unwrap_or("a test"));
    // A test runner without stderr has nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Whether the kernel has this congestion control.
pub fn has_congestion_control(name: &str) -> bool {
    let file = Path::new("/proc/sys/net/ipv4/tcp_available_congestion_control");
    std::fs::read_to_string(file).is_ok_and(|all| all.split_whitespace().any(|one| one == name))
}

fn addresses(
    here: Ipv4Addr,
    there: Ipv4Addr,
    here_v6: Ipv6Addr,
    congestion: Option<&str>,
) -> String {
    let dev = sys::TUN;
    let lock = congestion.map(|name| format!("congctl lock {name}")).unwrap_or_default();
    format!(
        "link set lo up
link set {dev} up mtu 1500 txqueuelen 1000
addr add {here} peer {there} dev {dev}
route replace {there} dev {dev} src {here} {lock}
addr add {here_v6}/64 dev {dev} nodad
"
    )
}
