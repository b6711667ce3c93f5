//! Pictures as they are encoded, for the app: a snapshot of the next one, and a preview of each.
//! The encoder's thread copies a picture when one is asked for, and never waits for who asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair_media::frame::{FrameError, FrameView, I420, I420Frame};
use onair_media::overlay::InputError;
use onair_media::still::{self, StillError, StillFormat};
use onair_types::Track;
use thiserror::Error;

use crate::{Session, Source};

/// How a preview differs from the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Preview {
    /// Left and right of what the camera sees change places, as in a mirror, whether or not they do
    /// for viewers. Text and images lie over it unmirrored, where viewers see them.
    pub mirror: bool,
}

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The session does not run, or ended meanwhile.
    #[error("snapshot: the session is not running; start it first")]
    NotRunning,
    /// There are no raw pictures in this session.
    #[error("snapshot: this session gets no raw pictures")]
    NoPictures,
    /// No picture was encoded in time.
    #[error("snapshot: no picture came within {} ms; push pictures, or wait longer", within.as_millis())]
    Timeout {
        /// How long it was waited.
        within: Duration,
    },
    /// There is no memory for a copy.
    #[error("snapshot: {0}")]
    Frame(#[from] FrameError),
    /// The file could not be made.
    #[error("snapshot: {0}")]
    Still(#[from] StillError),
}

impl Session {
    /// The next picture as it is encoded, as the bytes of a file. Waits for it at most `within`, and
    /// makes the file on this thread.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn snapshot(
        &self,
        format: StillFormat,
        within: Duration,
    ) -> Result<Vec<u8>, SnapshotError> {
        format.check()?;
        let picture = self.snapshot_frame(within)?;
        Ok(still::encode(&picture.view(), format)?)
    }

    /// The same as a picture.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn snapshot_frame(&self, within: Duration) -> Result<Arc<I420Frame>, SnapshotError> {
        let is_seen = self.plan().source(Track::Video) == Some(Source::Raw)
            || self.status().easel.is_placed(Track::Video);
        if !is_seen {
            return Err(SnapshotError::NoPictures);
        }
        self.running().map_err(|_| SnapshotError::NotRunning)?;
        self.status.viewfinder.snapshot(within)
    }

    /// Begins or ends to keep a preview of each picture that is encoded; while it is on, a picture
    /// costs one copy more, and its overlays are drawn twice. Applies with the next picture, and
    /// survives stop and start.
    pub fn set_preview(&self, preview: Option<Preview>) {
        self.status.viewfinder.set_preview(preview);
    }

    /// Swaps the newest preview into `target`, whose picture, if any, is drawn into later. False,
    /// and `target` as before, when there is none since the last call. Never waits.
    pub fn fetch_preview(&self, target: &mut Option<I420Frame>) -> bool {
        self.status.viewfinder.fetch_preview(target)
    }

    /// Makes a copy of `frame`, of any size and format, what the overlay `name` of the present look
    /// shows from the next picture on, until the next push. Never waits for the encoder.
    ///
    /// # Errors
    /// [`InputError`] when there is no such overlay, or no memory.
    pub fn push_overlay(&self, name: &str, frame: FrameView<'_>) -> Result<(), InputError> {
        self.status.inputs.push(name, &frame)
    }
}

/// Where the encoder's thread leaves pictures and the app's threads fetch them.
#[derive(Debug, Default)]
pub(crate) struct Viewfinder {
    /// Whether somebody waits for a snapshot; looked at with each picture, without the lock.
    is_asked: AtomicBool,
    views: Mutex<Views>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct Views {
    /// Broadcasts so far, and whether the last one has pictures still.
    broadcast: u64,
    is_on: bool,
    /// Snapshots asked for, and answered, so far.
    asked: u64,
    answered: u64,
    answer: Option<Result<Arc<I420Frame>, SnapshotError>>,
    preview: Option<Preview>,
    /// The newest preview, unless it was fetched.
    newest: Option<I420Frame>,
    is_new: bool,
}

impl Viewfinder {
    // --- the app's threads ---

    /// The next picture that is encoded.
    pub(crate) fn snapshot(&self, within: Duration) -> Result<Arc<I420Frame>, SnapshotError> {
        let mut views = self.lock();
        if !views.is_on {
            return Err(SnapshotError::NotRunning);
        }
        views.asked += 1;
        let ticket = views.asked;
        self.is_asked.store(true, Ordering::Release);
        let waits = |views: &mut Views| views.answered < ticket;
        let waited = self.answered.wait_timeout_while(views, within, waits);
        let (views, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if views.answered < ticket {
            return Err(SnapshotError::Timeout { within });
        }
        views.answer.clone().unwrap_or(Err(SnapshotError::NotRunning))
    }

    pub(crate) fn set_preview(&self, preview: Option<Preview>) {
        let mut views = self.lock();
        if preview != views.preview {
            // One that was drawn the other way must not be shown any more.
            (views.preview, views.is_new) = (preview, false);
        }
        if preview.is_none() {
            views.newest = None;
        }
    }

    /// Swaps the newest preview into `target`; false when it was fetched already.
    pub(crate) fn fetch_preview(&self, target: &mut Option<I420Frame>) -> bool {
        let mut views = self.lock();
        if !std::mem::take(&mut views.is_new) {
            return false;
        }
        std::mem::swap(&mut views.newest, target);
        true
    }

    // --- the encoder's thread ---

    /// Whether somebody waits for pictures.
    pub(crate) fn wants_pictures(&self) -> bool {
        self.is_asked.load(Ordering::Acquire) || self.preview().is_some()
    }

    pub(crate) fn preview(&self) -> Option<Preview> {
        self.lock().preview
    }

    /// Takes a preview that was drawn as `drawn` says, and gives a buffer for another back.
    pub(crate) fn show_preview(&self, drawn: Preview, frame: &mut Option<I420Frame>) {
        let mut views = self.lock();
        if views.preview == Some(drawn) {
            std::mem::swap(&mut views.newest, frame);
            views.is_new = views.newest.is_some();
        }
    }

    /// Takes a copy when somebody waits for one.
    pub(crate) fn show(&self, picture: &I420<'_>) {
        if self.is_asked.swap(false, Ordering::AcqRel) {
            // Who asks from now on waits for the next one.
            let asked = self.lock().asked;
            let copy = I420Frame::copy_of(picture).map(Arc::new);
            self.answer(asked, copy.map_err(SnapshotError::from));
        }
    }

    /// A broadcast begins; it ends by the number that it gets.
    pub(crate) fn begin(&self) -> u64 {
        let mut views = self.lock();
        views.broadcast += 1;
        views.is_on = true;
        views.broadcast
    }

    /// No picture of this broadcast follows: who waits is told. An encoder that was left behind may
    /// end after the next broadcast began.
    pub(crate) fn end(&self, broadcast: u64) {
        let mut views = self.lock();
        if views.broadcast == broadcast {
            views.is_on = false;
            let asked = views.asked;
            drop(views);
            self.answer(asked, Err(SnapshotError::NotRunning));
        }
    }

    fn answer(&self, asked: u64, answer: Result<Arc<I420Frame>, SnapshotError>) {
        let mut views = self.lock();
        views.answered = asked;
        views.answer = Some(answer);
        self.answered.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn frame(luma: u8) -> I420Frame {
        let mut frame = I420Frame::new(16, 16).unwrap();
        frame.planes_mut()[0].fill(luma);
        frame
    }

    #[test]
    fn who_asks_gets_the_next_picture_not_an_older_one() {
        let finder = Viewfinder::default();
        finder.begin();
        finder.show(&frame(1).view());
        thread::scope(|scope| {
            let asked = [(); 3].map(|()| scope.spawn(|| finder.snapshot(LONG)));
            while finder.lock().asked < 3 {
                thread::yield_now();
            }
            finder.show(&frame(2).view());
            finder.show(&frame(3).view());
            for asked in asked {
                assert_eq!(asked.join().unwrap().unwrap().as_bytes()[0], 2);
            }
        });
    }

    #[test]
    fn without_a_picture_it_ends_in_time_and_at_the_broadcasts_end() {
        let finder = Viewfinder::default();
        finder.end(finder.begin());
        let on = finder.begin();
        finder.end(on - 1);
        let within = Duration::from_millis(1);
        assert_eq!(finder.snapshot(within), Err(SnapshotError::Timeout { within }));
        thread::scope(|scope| {
            let asked = scope.spawn(|| finder.snapshot(LONG));
            while finder.lock().asked < 2 {
                thread::yield_now();
            }
            finder.end(on);
            assert_eq!(finder.snapshot(LONG), Err(SnapshotError::NotRunning));
            assert_eq!(asked.join().unwrap(), Err(SnapshotError::NotRunning));
        });
    }

    #[test]
    fn a_preview_is_fetched_once_and_the_newest_wins() {
        let (finder, plain) = (Viewfinder::default(), Preview::default());
        let mut fetched = None;
        finder.show_preview(plain, &mut Some(frame(1)));
        assert!(!finder.fetch_preview(&mut fetched), "nobody asked for it");
        finder.set_preview(Some(plain));
        finder.show_preview(plain, &mut Some(frame(2)));
        finder.show_preview(plain, &mut Some(frame(3)));
        assert!(finder.fetch_preview(&mut fetched));
        assert_eq!(fetched.as_ref().unwrap().as_bytes()[0], 3);
        assert!(!finder.fetch_preview(&mut fetched));
        assert_eq!(fetched.as_ref().unwrap().as_bytes()[0], 3);
        // What was drawn before the mirror was turned is not shown after it.
        finder.show_preview(plain, &mut Some(frame(4)));
        finder.set_preview(Some(Preview { mirror: true }));
        finder.show_preview(plain, &mut Some(frame(5)));
        assert!(!finder.fetch_preview(&mut fetched));
    }
}
