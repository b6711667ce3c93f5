//! What the app is told, and the bounded queue it waits in.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use onair_types::Track;

use crate::{
    BitrateDecision, DestinationId, Error, PaceChange, Recording, State, Statistics, VideoPace,
};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The session's state changed: the best of its destinations'.
    State(State),
    /// One of several destinations is in another state. A session with one destination does not say
    /// it twice.
    Destination {
        /// Which.
        destination: DestinationId,
        /// Its own state. [`State::Failed`] ends this destination alone.
        state: State,
    },
    /// The destination's other address is taken from now on; its first pictures begin with an IDR.
    AddressChanged {
        /// Which.
        destination: DestinationId,
        /// The backup's, or the first one again.
        is_backup: bool,
    },
    /// An attempt failed or the live connection was lost; comes before any wait.
    Lost {
        /// Whose.
        destination: DestinationId,
        /// The cause.
        error: Error,
        /// The attempt that failed, from 1; 0 when the stream was live.
        attempt: u32,
        /// When the next attempt begins; `None` when this was the destination's end.
        retry_in: Option<Duration>,
    },
    /// Bytes wait for the server and it took none of them for 3 s, or it goes on to take them. No
    /// state: a loss may follow, or nothing.
    Suspect {
        /// Whose server.
        destination: DestinationId,
        /// Whether it takes nothing.
        is_suspect: bool,
    },
    /// An encoder failed or panicked. The stream goes on unless [`State::Failed`] follows.
    EncoderFailed {
        /// Which.
        track: Track,
        /// Why.
        error: Error,
    },
    /// Encoded units were dropped since the last such event.
    Dropped {
        /// Who did not get them.
        destination: DestinationId,
        /// Pictures.
        video: u32,
        /// AAC frames.
        audio: u32,
    },
    /// For apps that push encoded video: make the next picture an IDR.
    KeyframeWanted,
    /// For apps that push encoded video: aim at this bitrate, bit/s.
    VideoBitrateWanted(u32),
    /// For apps that push encoded sound: aim at this bitrate, bit/s. [`crate::Adaptation::VideoCore`]
    /// alone wants it.
    AudioBitrateWanted(u32),
    /// For apps that push encoded video: encode every picture, every second one at half the
    /// bitrate, or none until this changes; the first after that must be an IDR.
    VideoPaceWanted(VideoPace),
    /// The video bitrate follows the network.
    Bitrate {
        /// Whose network.
        destination: DestinationId,
        /// Shown, it says in words what and why; its evidence says it in numbers.
        decision: BitrateDecision,
    },
    /// The link carries less than the lowest bitrate, or does again: another part of the pictures
    /// is sent, to this destination alone where the encoder follows another one.
    Pace {
        /// Whose link.
        destination: DestinationId,
        /// Shown, it says why.
        change: PaceChange,
    },
    /// The system does not tell what the server has received. The server's own acknowledgements,
    /// which are coarser, steer the bitrate instead. At most once a broadcast.
    AcknowledgementsOnly,
    /// The disk did not keep up: the recording goes on after a gap. The stream is untouched.
    RecordingGap {
        /// Pictures missing in the whole recording so far.
        video: u64,
        /// AAC frames missing in the whole recording so far.
        audio: u64,
    },
    /// The disk is slow: what is written lags behind what is live. Nothing is missing yet. The
    /// stream is untouched.
    RecordingBehind {
        /// How far.
        by: Duration,
    },
    /// A file of a recording that goes on in another one is complete.
    RecordingSplit(Recording),
    /// The recording ended before its time, for example because the disk is full; what was written
    /// can be played. The stream is untouched.
    RecordingFailed(Error),
    /// Once a second while running; only the newest waits.
    Statistics(Statistics),
}

impl Event {
    /// Says what is wanted now; an older one says nothing any more.
    fn is_wish(&self) -> bool {
        matches!(
            self,
            Self::KeyframeWanted
                | Self::VideoBitrateWanted(_)
                | Self::VideoPaceWanted(_)
                | Self::AudioBitrateWanted(_)
        )
    }

    /// How long it is worth keeping for an app that does not look: the lowest goes first.
    fn weight(&self) -> u8 {
        match self {
            Self::Bitrate { .. } | Self::Pace { .. } | Self::Dropped { .. } => 0,
            Self::State(_) => 2,
            _ => 1,
        }
    }
}

/// The app's end of the queue. One consumer; may live on any thread, and outlives the session.
///
/// The newest 32 events (or the builder's capacity) wait in order. When an app does not fetch them,
/// the oldest drop, bitrate or pace goes first, then the oldest that is not a state, then the oldest
/// state: the present state always arrives. Statistics wait apart, newest only, and come after what
/// else waits.
#[derive(Debug)]
pub struct Events {
    queue: Arc<EventQueue>,
}

impl Events {
    /// The next event; waits up to `timeout`. `None` after that, and at once when the session is
    /// gone and nothing waits.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Event> {
        let empty = |waiting: &mut Waiting| waiting.is_empty() && !waiting.closed;
        let (mut waiting, _) = self
            .queue
            .arrived
            .wait_timeout_while(self.queue.lock(), timeout, empty)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// The next event; waits until there is one. `None` when the session is gone.
    pub fn next_blocking(&mut self) -> Option<Event> {
        let empty = |waiting: &mut Waiting| waiting.is_empty() && !waiting.closed;
        let mut waiting = self
            .queue
            .arrived
            .wait_while(self.queue.lock(), empty)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// The next event if one waits.
    pub fn try_next(&mut self) -> Option<Event> {
        self.queue.lock().take()
    }

    /// The next event, for an executor: wakes the last context it was given once there is one.
    /// `None` when the session is gone.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut waiting = self.queue.lock();
        match waiting.take() {
            Some(event) => Poll::Ready(Some(event)),
            None if waiting.closed => Poll::Ready(None),
            None => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The session's end of the queue.
#[derive(Debug)]
pub(crate) struct EventQueue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    statistics: Option<Statistics>,
    lost: u64,
    closed: bool,
    waker: Option<Waker>,
}

impl EventQueue {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        let events = VecDeque::with_capacity(capacity + 1);
        let waiting = Mutex::new(Waiting { events, ..Waiting::default() });
        Arc::new(Self { waiting, arrived: Condvar::new(), capacity })
    }

    pub(crate) fn consumer(self: &Arc<Self>) -> Events {
        Events { queue: Arc::clone(self) }
    }

    pub(crate) fn push(&self, event: Event) {
        let mut waiting = self.lock();
        match event {
            Event::Statistics(statistics) => waiting.statistics = Some(statistics),
            event => {
                let newest_counts = |e: &Event| mem::discriminant(e) == mem::discriminant(&event);
                if event.is_wish() {
                    waiting.events.retain(|e| !newest_counts(e));
                }
                waiting.events.push_back(event);
                if waiting.events.len() > self.capacity {
                    waiting.make_room();
                }
            }
        }
        self.tell(waiting);
    }

    /// Events that were dropped because the app did not fetch them.
    pub(crate) fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// The session is gone: nothing will follow.
    pub(crate) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        self.tell(waiting);
    }

    /// Wakes the consumer, who may call back at once: without the lock.
    fn tell(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let waker = waiting.waker.take();
        drop(waiting);
        self.arrived.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.statistics.is_none()
    }

    fn take(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| self.statistics.take().map(Event::Statistics))
    }

    fn make_room(&mut self) {
        // Of equals the first, which is the oldest.
        let oldest = self.events.iter().enumerate().min_by_key(|(_, event)| event.weight());
        if let Some((index, _)) = oldest {
            self.events.remove(index);
            self.lost += 1;
        }
    }
}

#[cfg(test)]
#[path = "event_test.rs"]
mod tests;
