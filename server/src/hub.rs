//! All streams by name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onair_rooms::Secret;
use onair_types::Now;

use crate::config::SecondPublisher;
use crate::info::StreamInfo;
use crate::name::StreamName;
use crate::player::Player;
use crate::record::{Recording, Writers};
use crate::rooms::PublishKeys;
use crate::stream::{Busy, Publication, Stream};

/// Where publishers and players find each other.
#[derive(Debug)]
pub(crate) struct Hub {
    streams: Mutex<BTreeMap<StreamName, Arc<Stream>>>,
    second_publisher: SecondPublisher,
    record_dir: Option<PathBuf>,
    writers: Writers,
    keys: PublishKeys,
}

impl Hub {
    pub(crate) fn new(
        second_publisher: SecondPublisher,
        record_dir: Option<PathBuf>,
        writers: Writers,
    ) -> Self {
        let keys = PublishKeys::default();
        Self { streams: Mutex::default(), second_publisher, record_dir, writers, keys }
    }

    /// From now on publishers need this token.
    pub(crate) fn take_publishers_with(&mut self, token: Option<Secret>) {
        self.keys.set_token(token);
    }

    /// Begins to publish `name`.
    ///
    /// # Errors
    /// [`Busy`] when somebody does already and the policy is to refuse the second one.
    pub(crate) fn publish(&self, name: StreamName, now: Now) -> Result<Publication, Busy> {
        let take_over = self.second_publisher == SecondPublisher::TakeOver;
        let mut publication = self.stream(name.clone()).publish(take_over, now)?;
        publication.recording =
            self.record_dir.as_ref().and_then(|dir| Recording::start(dir, &name, &self.writers));
        Ok(publication)
    }

    /// Who may publish under which name.
    pub(crate) fn keys(&self) -> &PublishKeys {
        &self.keys
    }

    /// A player for `name`, which need not be live yet.
    pub(crate) fn play(&self, name: StreamName) -> Player {
        Player::new(self.stream(name))
    }

    /// The stream of that name, when it is known.
    pub(crate) fn find(&self, name: &StreamName) -> Option<Arc<Stream>> {
        self.lock().get(name).cloned()
    }

    /// What is live or waited for, by name.
    pub(crate) fn list(&self, now: Now) -> Vec<StreamInfo> {
        self.lock().values().filter_map(|stream| stream.info(now)).collect()
    }

    /// Forgets streams that nobody needs any more.
    pub(crate) fn sweep(&self, now: Now) {
        self.lock().retain(|_, stream| Arc::strong_count(stream) > 1 || !stream.is_stale(now));
    }

    fn stream(&self, name: StreamName) -> Arc<Stream> {
        let mut streams = self.lock();
        let new = || Arc::new(Stream::new(name.clone()));
        Arc::clone(streams.entry(name.clone()).or_insert_with(new))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<StreamName, Arc<Stream>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
