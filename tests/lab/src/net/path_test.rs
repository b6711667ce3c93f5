//! The kernel model against what real kernels did on the same links (`spec network` 1.2).

use super::*;
use crate::trace::{Trace, synthetic};

fn config(trace: Trace, queue_packets: usize, loss: f64) -> LinkConfig {
    let delay_each_way = Duration::from_millis(25);
    LinkConfig { trace, queue_packets, loss, outages: Vec::new(), delay_each_way }
}

fn constant(mbps: f64) -> Trace {
    synthetic::by_name(&format!("const:{mbps}"), 1).expect("known")
}

/// 4 Mbit/s for ten seconds, then 1.
fn four_then_one() -> Trace {
    let mut text = "4\n".repeat(10);
    text.push_str(&"1\n".repeat(50));
    crate::trace::file::parse("4-1", &text).expect("a trace")
}

/// Offers bytes each 10 ms, or as many as the socket takes, and lets the network move.
struct Sender {
    path: Path,
    now: Now,
    waiting: u64,
    offered_bps: Option<f64>,
}

impl Sender {
    fn new(link: LinkConfig, offered_bps: Option<f64>) -> Self {
        let mut path = Path::new(link, 1);
        path.connect(Now::ZERO);
        Self { path, now: Now::ZERO, waiting: 0, offered_bps }
    }

    fn run_until(&mut self, end: Now) {
        while self.now < end {
            let tick = self.now + Duration::from_millis(10);
            while let Some(at) = self.path.next_at(self.now).filter(|at| *at <= tick) {
                self.now = self.now.max(at);
                self.path.step(self.now);
                self.write();
            }
            self.now = tick;
            self.waiting += self.offered_bps.map_or(1 << 20, |bps| (bps / 800.0) as u64);
            self.write();
        }
    }

    fn write(&mut self) {
        if let Some(socket) = self.path.socket() {
            self.waiting -= socket.write(self.waiting);
        }
        self.path.transmit(self.now);
    }

    fn received_bps(&mut self, from: Now, to: Now) -> f64 {
        self.run_until(from);
        let before = self.path.received_bytes();
        self.run_until(to);
        (self.path.received_bytes() - before) as f64 * 8.0 / to.since(from).as_secs_f64()
    }

    fn socket(&mut self) -> &mut Socket {
        self.path.socket().expect("connected")
    }
}

fn seconds(s: i64) -> Now {
    Now::from_millis(s * 1_000)
}

#[test]
fn a_bulk_sender_fills_the_link() {
    for mbps in [0.5, 3.0, 10.0] {
        let mut sender = Sender::new(config(constant(mbps), 200, 0.0), None);
        let rate = sender.received_bps(seconds(20), seconds(60)) / 1e6;
        // 1,448 of 1,500 bytes are payload.
        assert!(rate > 0.93 * mbps && rate < 0.966 * mbps, "{rate} of {mbps}");
    }
}

#[test]
fn the_default_socket_hides_seconds_of_media_when_the_link_falls() {
    let mut sender = Sender::new(config(four_then_one(), 200, 0.0), Some(2e6));
    sender.run_until(seconds(30));
    let rtt = sender.socket().smoothed_rtt().as_millis();
    let unacked = sender.socket().unacked_bytes();
    // Measured: 2,272 ms and 766 kB.
    assert!((1_500..2_900).contains(&rtt), "SRTT {rtt} ms");
    assert!((400_000..1_100_000).contains(&unacked), "{unacked} bytes unacknowledged");
}

#[test]
fn not_sent_low_water_bounds_what_is_unsent_and_not_what_flies() {
    let mut sender = Sender::new(config(four_then_one(), 200, 0.0), Some(2e6));
    sender.run_until(seconds(1));
    sender.socket().set_not_sent_low_water(16_384);
    sender.run_until(seconds(30));
    let (unsent, unacked) = (sender.socket().unsent_bytes(), sender.socket().unacked_bytes());
    // Measured: 15–18 kB and 439 kB.
    assert!(unsent <= 16_384, "{unsent} bytes unsent");
    assert!((180_000..500_000).contains(&unacked), "{unacked} bytes unacknowledged");
}

#[test]
fn random_loss_starves_cubic_as_it_does_in_kernels() {
    let mut sender = Sender::new(config(constant(6.0), 200, 0.02), Some(3e6));
    let rate = sender.received_bps(seconds(10), seconds(70)) / 1e6;
    // Measured: 1.2–1.8 Mbit/s.
    assert!((0.9..2.2).contains(&rate), "{rate} Mbit/s");
}

#[test]
fn nothing_is_lost_in_an_outage_and_the_window_comes_back() {
    let mut link = config(constant(3.0), 200, 0.0);
    link.outages = vec![(seconds(10), seconds(15))];
    let mut sender = Sender::new(link, Some(1e6));
    sender.run_until(seconds(14));
    let before = sender.path.received_bytes();
    assert!((before as f64 * 8.0 / 10e6 - 1.0).abs() < 0.05, "{before}");
    // The backlog of five seconds goes at the link's rate, not in a new slow start.
    let rate = sender.received_bps(seconds(15), seconds(17)) / 1e6;
    assert!(rate > 2.6, "{rate} Mbit/s after the outage");
    sender.run_until(seconds(30));
    let lag = sender.socket().written_bytes() - sender.path.received_bytes();
    assert!(lag < 20_000, "{lag} bytes behind");
}

#[test]
fn a_new_connection_hears_nothing_of_the_old_one() {
    let mut sender = Sender::new(config(constant(3.0), 200, 0.0), Some(2e6));
    sender.run_until(seconds(5));
    sender.path.reply(Reply::Acknowledgement(5), sender.now);
    sender.path.connect(sender.now);
    assert!(sender.path.socket().is_none());
    assert_eq!(sender.path.received_bytes(), 0);
    sender.run_until(seconds(6));
    assert_eq!(sender.path.take_reply(), None);
    assert!(sender.path.received_bytes() > 100_000);
}
