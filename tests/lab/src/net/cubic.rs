//! CUBIC congestion control (RFC 9438) with HyStart's delay test, in packets. Leaves out the
//! Reno-friendly region's exact form and HyStart's ACK trains.

use std::time::Duration;

use onair_types::Now;

const C: f64 = 0.4;
const BETA: f64 = 0.7;
const INITIAL_WINDOW: f64 = 10.0;
const MIN_WINDOW: f64 = 2.0;

/// The congestion window of one connection.
#[derive(Clone, Debug)]
pub struct Cubic {
    window: f64,
    threshold: f64,
    w_max: f64,
    /// When the present climb began, the window it began from and its time to reach `w_max`.
    epoch: Option<(Now, f64, f64)>,
    round_min_rtt: Option<Duration>,
    round_samples: u32,
    /// What a spurious timeout takes back.
    before_timeout: Option<(f64, f64)>,
}

impl Default for Cubic {
    fn default() -> Self {
        Self {
            window: INITIAL_WINDOW,
            threshold: f64::INFINITY,
            w_max: 0.0,
            epoch: None,
            round_min_rtt: None,
            round_samples: 0,
            before_timeout: None,
        }
    }
}

impl Cubic {
    /// Packets that may be in flight.
    pub fn window(&self) -> f64 {
        self.window
    }

    /// Whether the window still doubles each round trip.
    pub fn in_slow_start(&self) -> bool {
        self.window < self.threshold
    }

    /// `packets` were newly acknowledged while the window, not the application, was the limit.
    pub fn on_ack(&mut self, packets: f64, rtt: Duration, min_rtt: Duration, now: Now) {
        if self.window < self.threshold {
            self.hystart(rtt, min_rtt);
        }
        if self.window < self.threshold {
            self.window = (self.window + packets).min(self.threshold);
            return;
        }
        let (began, from, k) = *self.epoch.get_or_insert_with(|| {
            let from = self.window;
            let k = cube_root(((self.w_max - from).max(0.0)) / C);
            (now, from, k)
        });
        let t = now.since(began).as_secs_f64() + min_rtt.as_secs_f64();
        let cubic = C * (t - k).powi(3) + self.w_max.max(from);
        // The climb that Reno would have made since, in its rounds.
        let rounds = t / rtt.as_secs_f64().max(0.001);
        let reno = from + 3.0 * (1.0 - BETA) / (1.0 + BETA) * rounds;
        let target = cubic.max(reno).min(self.window * 1.5);
        self.window +=
            ((target - self.window) / self.window * packets).max(0.01 * packets / self.window);
    }

    /// A packet was lost; once for each window.
    pub fn on_loss(&mut self) {
        // Fast convergence: leave room to newcomers when this peak is lower than the last.
        let peak = self.window;
        self.w_max = if peak < self.w_max { peak * (1.0 + BETA) / 2.0 } else { peak };
        self.window = (peak * BETA).max(MIN_WINDOW);
        self.threshold = self.window;
        self.epoch = None;
    }

    /// The retransmission timer ran out.
    pub fn on_timeout(&mut self) {
        if self.before_timeout.is_none() {
            self.before_timeout = Some((self.window, self.threshold));
            self.w_max = self.window;
            self.threshold = (self.window * BETA).max(MIN_WINDOW);
        }
        self.window = 1.0;
        self.epoch = None;
    }

    /// The timeout was for a packet that was merely late (Eifel, RFC 3522), or (`false`) it is
    /// over and was right.
    pub fn after_timeout(&mut self, spurious: bool) {
        if let Some((window, threshold)) = self.before_timeout.take().filter(|_| spurious) {
            (self.window, self.threshold) = (window, threshold);
        }
    }

    /// The application paused for longer than the retransmission timeout (RFC 5681 4.1).
    pub fn on_idle(&mut self) {
        self.threshold = self.threshold.max(self.window * 0.75);
        self.window = self.window.min(INITIAL_WINDOW);
        self.epoch = None;
    }

    /// Leaves slow start when eight round trips are an eighth longer than the shortest.
    fn hystart(&mut self, rtt: Duration, min_rtt: Duration) {
        self.round_samples += 1;
        self.round_min_rtt = Some(self.round_min_rtt.map_or(rtt, |least| least.min(rtt)));
        if self.round_samples < 8 {
            return;
        }
        let margin = (min_rtt / 8).clamp(Duration::from_millis(4), Duration::from_millis(16));
        if self.window >= 16.0 && self.round_min_rtt.is_some_and(|least| least >= min_rtt + margin)
        {
            self.threshold = self.window;
        }
        (self.round_samples, self.round_min_rtt) = (0, None);
    }
}

/// Newton's method: `f64::cbrt` differs between C libraries, and a run must not.
fn cube_root(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut root = if x > 1.0 { x } else { 1.0 };
    for _ in 0..60 {
        root = (2.0 * root + x / (root * root)) / 3.0;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(60);

    #[test]
    fn slow_start_doubles_each_round_until_delay_rises() {
        let mut cubic = Cubic::default();
        (0..30).for_each(|_| cubic.on_ack(1.0, RTT, RTT, Now::ZERO));
        assert_eq!(cubic.window(), 40.0);
        (0..16).for_each(|_| cubic.on_ack(1.0, RTT * 2, RTT, Now::ZERO));
        let stopped = cubic.window();
        (0..5).for_each(|_| cubic.on_ack(1.0, RTT * 2, RTT, Now::ZERO));
        assert!(cubic.window() < stopped + 2.0);
    }

    #[test]
    fn climbs_back_to_the_old_peak_in_k_seconds() {
        // Long enough that CUBIC, not its Reno-friendly floor, sets the pace.
        let rtt = Duration::from_millis(200);
        let mut cubic = Cubic::default();
        (0..90).for_each(|_| cubic.on_ack(1.0, rtt, rtt, Now::ZERO));
        cubic.on_loss();
        assert!((cubic.window() - 70.0).abs() < 1e-9);
        // K = cbrt(100 × 0.3 / 0.4) = 4.2 s
        let mut now = Now::ZERO;
        while now < Now::from_millis(4_200) {
            let round = cubic.window();
            cubic.on_ack(round, rtt, rtt, now);
            now += rtt;
        }
        assert!((cubic.window() - 100.0).abs() < 3.0, "{}", cubic.window());
    }

    #[test]
    fn a_spurious_timeout_is_taken_back() {
        let mut cubic = Cubic::default();
        (0..20).for_each(|_| cubic.on_ack(1.0, RTT, RTT, Now::ZERO));
        cubic.on_timeout();
        assert_eq!(cubic.window(), 1.0);
        cubic.after_timeout(true);
        assert_eq!(cubic.window(), 30.0);
    }

    #[test]
    fn cube_roots_are_right() {
        for x in [1e-6, 0.3, 1.0, 75.0, 1e9] {
            let root = cube_root(x);
            assert!((root.powi(3) / x - 1.0).abs() < 1e-9, "{x}");
        }
    }
}
