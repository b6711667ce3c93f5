//! What all RTMP connections together keep of messages that are not whole yet. Each has a bound of
//! its own; a thousand of these would be more memory than a machine has. When the sum is above its
//! bound, the connection that keeps most is closed, so that whoever sends whole pictures stays.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

/// Shared by all connections.
#[derive(Clone, Debug)]
pub(crate) struct Unfinished(Arc<Sum>);

#[derive(Debug)]
struct Sum {
    bytes: AtomicUsize,
    most_bytes: usize,
    shares: Mutex<Vec<Weak<Part>>>,
}

/// One connection's share; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Share {
    part: Arc<Part>,
    sum: Arc<Sum>,
}

#[derive(Debug, Default)]
struct Part {
    bytes: AtomicUsize,
    given_up: Notify,
}

impl Unfinished {
    pub(crate) fn new(most_bytes: usize) -> Self {
        let shares = Mutex::default();
        Self(Arc::new(Sum { bytes: AtomicUsize::new(0), most_bytes, shares }))
    }

    /// For one more connection.
    pub(crate) fn share(&self) -> Share {
        let part = Arc::new(Part::default());
        let mut shares = self.0.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|share| share.strong_count() > 0);
        shares.push(Arc::downgrade(&part));
        Share { part, sum: Arc::clone(&self.0) }
    }
}

impl Share {
    /// The connection keeps `bytes` now.
    pub(crate) fn set(&self, bytes: usize) {
        let before = self.part.bytes.swap(bytes, Ordering::AcqRel);
        let sum = &self.sum;
        sum.bytes.fetch_sub(before, Ordering::AcqRel);
        let all = sum.bytes.fetch_add(bytes, Ordering::AcqRel) + bytes;
        if bytes > before && all > sum.most_bytes {
            sum.give_up_the_largest();
        }
    }

    /// Ready once the connection must go.
    pub(crate) async fn given_up(&self) {
        self.part.given_up.notified().await;
    }
}

impl Sum {
    fn give_up_the_largest(&self) {
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let shares = shares.iter().filter_map(Weak::upgrade);
        let largest = shares.max_by_key(|part| part.bytes.load(Ordering::Acquire));
        if let Some(part) = largest {
            log::warn!("unfinished messages take too much together: the one that keeps most goes");
            part.given_up.notify_one();
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn must_go(share: &Share) -> bool {
        pin!(share.given_up()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn p02_above_the_sum_the_one_that_keeps_most_goes() {
        let unfinished = Unfinished::new(1_000);
        let [small, large, middle] = [(); 3].map(|()| unfinished.share());
        small.set(100);
        large.set(500);
        middle.set(400);
        assert!([&small, &large, &middle].iter().all(|share| !must_go(share)), "just within");
        small.set(101);
        assert!(must_go(&large) && !must_go(&small) && !must_go(&middle));
        drop(large);
        small.set(600);
        assert!(!must_go(&small) && !must_go(&middle), "there is room again");
        middle.set(0);
        drop((small, middle));
        assert_eq!(unfinished.0.bytes.load(Ordering::Acquire), 0);
    }
}
