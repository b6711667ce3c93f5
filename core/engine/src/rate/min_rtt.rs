//! The round trip of the path without any queue: the shortest of the last one to two minutes, so
//! that a way that became longer is noticed.

use std::time::Duration;

use onair_types::Now;

/// Where nobody tells: a mobile network's usual one.
const UNKNOWN_RTT: Duration = Duration::from_millis(80);

/// The estimator of one connection.
#[derive(Debug, Default)]
pub(super) struct MinRtt {
    now: Option<Duration>,
    before: Option<Duration>,
    since: Now,
}

impl MinRtt {
    const MEMORY: Duration = Duration::from_secs(60);

    pub(super) fn handle(&mut self, rtt: Duration, now: Now) {
        if now.since(self.since) > Self::MEMORY {
            (self.before, self.now, self.since) = (self.now.take(), None, now);
        }
        self.now = Some(self.now.map_or(rtt, |least| least.min(rtt)));
    }

    pub(super) fn get(&self) -> Duration {
        self.now.into_iter().chain(self.before).min().unwrap_or(UNKNOWN_RTT)
    }
}

crate::record::state!(MinRtt { now, before, since });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_way_is_noticed_within_two_minutes_and_a_queue_is_not() {
        let ms = Duration::from_millis;
        let mut rtt = MinRtt::default();
        assert_eq!(rtt.get(), UNKNOWN_RTT);
        rtt.handle(ms(50), Now::ZERO);
        rtt.handle(ms(400), Now::from_millis(59_000));
        assert_eq!(rtt.get(), ms(50));
        (0..70).for_each(|s| rtt.handle(ms(120), Now::from_millis(60_000 + s * 1_000)));
        assert_eq!(rtt.get(), ms(120));
    }
}
