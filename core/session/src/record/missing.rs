//! Units that a recording lacks, counted by whoever leaves them out, and told to the app.

use std::sync::{Mutex, PoisonError};

use onair_types::Track;

use crate::Event;
use crate::event::EventQueue;

#[derive(Debug, Default)]
pub(super) struct Missing(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    video: u64,
    audio: u64,
    /// More of them than the app was told.
    is_news: bool,
}

impl Missing {
    pub(super) fn count(&self, track: Track, units: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.is_news |= units > 0;
        match track {
            Track::Video => counts.video += units,
            Track::Audio => counts.audio += units,
        }
    }

    /// Pictures and frames of sound.
    pub(super) fn counts(&self) -> (u64, u64) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (counts.video, counts.audio)
    }

    /// Tells the app, unless it knows.
    pub(super) fn tell(&self, events: &EventQueue) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut counts.is_news) {
            let Counts { video, audio, .. } = *counts;
            events.push(Event::RecordingGap { video, audio });
        }
    }
}
