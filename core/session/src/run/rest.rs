//! Whether `onair-net` has come to rest while the clock stands: on a clock that is set by hand
//! ([`Clock::is_set_by_hand`](crate::Clock::is_set_by_hand)) nothing changes under its looks, so that
//! the same calls always lead to the same decisions.
//!
//! No timer is armed then. All that can make it look again goes through one waker, which counts; it
//! rests when it has looked after the last of them and waits for the next one. A clock that runs has
//! none of this.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Rest {
    looks: Mutex<Looks>,
    changed: Condvar,
}

#[derive(Debug)]
struct Looks {
    /// How often somebody wanted one, the first included that every thread begins with.
    wanted: u64,
    /// Up to which of them it has looked.
    seen: u64,
    is_over: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self { wanted: 1, seen: 0, is_over: false }
    }
}

/// Whoever waits for longer goes on: something is wrong, and a hang says less of it than a test's own
/// complaint.
const PATIENCE: Duration = Duration::from_secs(20);

impl Rest {
    /// Waits until it rests, or is over.
    pub(crate) fn wait(&self) {
        let is_busy = |looks: &mut Looks| !looks.is_over && looks.seen < looks.wanted;
        let waited = self.changed.wait_timeout_while(self.lock(), PATIENCE, is_busy);
        if waited.is_ok_and(|(_, waited)| waited.timed_out()) {
            log::warn!("the broadcast does not come to rest");
        }
    }

    /// It will not look again.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    /// A look that rests when it waits for the next one.
    fn look<T>(&self, look: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let wanted = self.lock().wanted;
        let polled = look();
        if polled.is_pending() {
            self.lock().seen = wanted;
            self.changed.notify_all();
        }
        polled
    }

    fn lock(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands before the waker of `onair-net` and counts.
#[derive(Debug)]
pub(crate) struct Counter {
    rest: Arc<Rest>,
    /// The task's own, and the one that counts before it wakes that.
    wakers: Option<[Waker; 2]>,
}

impl Counter {
    pub(crate) fn new(rest: Arc<Rest>) -> Self {
        Self { rest, wakers: None }
    }

    /// Has `look` register no waker but the one that counts.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        look: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if self.wakers.as_ref().is_none_or(|[task, _]| !task.will_wake(cx.waker())) {
            let (rest, task) = (Arc::clone(&self.rest), cx.waker().clone());
            let counting = Waker::from(Arc::new(Counted { rest, task: task.clone() }));
            self.wakers = Some([task, counting]);
        }
        let Self { rest, wakers } = self;
        let waker = wakers.as_ref().map_or(cx.waker(), |[_, counting]| counting);
        rest.look(|| look(&mut Context::from_waker(waker)))
    }
}

#[derive(Debug)]
struct Counted {
    rest: Arc<Rest>,
    task: Waker,
}

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Before the task can look: it never seems to rest with a look ahead of it.
        self.rest.lock().wanted += 1;
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use tokio::runtime::Builder;

    use super::*;
    use crate::net::Wake as Bell;

    #[test]
    fn each_change_is_looked_at_once_and_none_comes_under_a_look() {
        let (rest, world, bell) = (Arc::new(Rest::default()), AtomicU32::new(0), Bell::default());
        let looks = thread::scope(|scope| {
            let looks = scope.spawn(|| {
                let runtime = Builder::new_current_thread().build().expect("a runtime");
                let mut counter = Counter::new(Arc::clone(&rest));
                let (mut looks, mut rung) = (Vec::new(), Box::pin(bell.notified()));
                runtime.block_on(poll_fn(|cx| {
                    counter.poll(cx, |cx| {
                        while rung.as_mut().poll(cx).is_ready() {
                            rung = Box::pin(bell.notified());
                        }
                        let before = world.load(Ordering::Relaxed);
                        thread::yield_now();
                        assert_eq!(world.load(Ordering::Relaxed), before);
                        looks.push(before);
                        if before < 100 { Poll::Pending } else { Poll::Ready(()) }
                    })
                }));
                rest.end();
                looks
            });
            for now in 1..=100 {
                rest.wait();
                world.store(now, Ordering::Relaxed);
                bell.notify();
            }
            looks.join().expect("no change under a look")
        });
        assert_eq!(looks, (0..=100).collect::<Vec<_>>());
        // Nobody looks any more, and nobody waits.
        rest.wait();
    }

    #[test]
    fn who_wakes_itself_looks_again_before_it_rests() {
        let rest = Arc::new(Rest::default());
        let mut counter = Counter::new(Arc::clone(&rest));
        let cx = Context::from_waker(Waker::noop());
        let _: Poll<()> = counter.poll(&cx, |cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let is_resting = || {
            let looks = rest.lock();
            looks.seen == looks.wanted
        };
        assert!(!is_resting());
        let _: Poll<()> = counter.poll(&cx, |_| Poll::Pending);
        assert!(is_resting());
    }
}
