//! Where the session stands, and the events that say so; outlives the broadcasts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onair_engine::publish::KnownHosts;
use onair_media::look::Look;
use onair_media::overlay::Inputs;

use crate::easel::Easel;
use crate::event::EventQueue;
use crate::hold::Slate;
use crate::record::{Clip, Recorder};
use crate::sound::Controls;
use crate::viewfinder::Viewfinder;
use crate::{Error, Event, State};

/// State, last error, mute switch, the picture's look, the sources of sound, the recording, what is
/// known of servers, and the app's events.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) events: Arc<EventQueue>,
    pub(crate) recorder: Recorder,
    pub(crate) sound: Controls,
    pub(crate) clip: Clip,
    /// What stands in for the camera.
    pub(crate) slate: Mutex<Option<Arc<Slate>>>,
    muted: AtomicBool,
    look: Mutex<Arc<Look>>,
    /// Pictures that the app pushes for overlays.
    pub(crate) inputs: Inputs,
    pub(crate) viewfinder: Viewfinder,
    /// Draws for encoders of the app's own.
    pub(crate) easel: Easel,
    state: Mutex<State>,
    error: Mutex<Option<Error>>,
    known_hosts: Mutex<KnownHosts>,
}

impl Status {
    pub(crate) fn new(event_capacity: usize) -> Self {
        let events = EventQueue::new(event_capacity);
        Self {
            recorder: Recorder::new(Arc::clone(&events)),
            clip: Clip::default(),
            events,
            sound: Controls::default(),
            slate: Mutex::default(),
            muted: AtomicBool::new(false),
            look: Mutex::default(),
            inputs: Inputs::default(),
            viewfinder: Viewfinder::default(),
            easel: Easel::default(),
            state: Mutex::new(State::Ready),
            error: Mutex::new(None),
            known_hosts: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> State {
        *lock(&self.state)
    }

    /// Changes the state and says so, once.
    pub(crate) fn set_state(&self, new: State) {
        // Held over the report: the app sees the states in the order they were set.
        let mut state = lock(&self.state);
        if *state != new {
            *state = new;
            self.events.push(Event::State(new));
        }
    }

    pub(crate) fn report(&self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn error(&self) -> Option<Error> {
        lock(&self.error).clone()
    }

    pub(crate) fn set_error(&self, error: Option<Error>) {
        *lock(&self.error) = error;
    }

    /// What servers took, as far as broadcasts of this session know.
    pub(crate) fn known_hosts(&self) -> KnownHosts {
        lock(&self.known_hosts).clone()
    }

    pub(crate) fn learn_hosts(&self, known: &KnownHosts) {
        lock(&self.known_hosts).learn(known);
    }

    pub(crate) fn is_muted(&self) -> bool {
        self.muted.load(Ordering::Acquire)
    }

    pub(crate) fn set_muted(&self, muted: bool) {
        self.muted.store(muted, Ordering::Release);
    }

    pub(crate) fn look(&self) -> Arc<Look> {
        Arc::clone(&lock(&self.look))
    }

    pub(crate) fn set_look(&self, look: Look) {
        let mut current = lock(&self.look);
        self.inputs.set(&look.overlays);
        *current = Arc::new(look);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
