//! A camera or a microphone that is taken away for a while (a call, the background, a switch to
//! another one): the stream keeps its picture and its time until it is back.
//!
//! ```text
//!  pushes    v v v v ┆ interrupt            resume ┆       v v v
//!  stream    v v v v ┆ h h h h h h h h h h h h h h ┆ h h h v v v     h: the last picture or the
//!                                                                    slate, and true silence
//! ```
//!
//! [`Line`] is one track's time, without a thread or a clock; `onair-hold` runs it, and exists from
//! a broadcast's first interruption to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select};
use onair_media::frame::{FrameError, FrameView, PixelFormat};
use onair_media::sound::{Samples, Sound};
use onair_types::aac::FRAME_SAMPLES;
use onair_types::{CaptureTime, Now, Track};

use crate::edge::audio::{Pushed, micros};
use crate::run::Run;
use crate::{Error, Session, Source, Timing};

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interruption {
    /// The camera: the last picture stays, or the slate.
    Picture,
    /// The microphone of [`Session::push_audio`]: silence. Other sources sound on.
    Sound,
    /// Both.
    Both,
}

impl Interruption {
    fn has(self, track: Track) -> bool {
        match self {
            Self::Picture => track == Track::Video,
            Self::Sound => track == Track::Audio,
            Self::Both => true,
        }
    }
}

impl Session {
    /// A track's device is gone for a while, or another one takes its place: from now on what is
    /// pushed of it is left out, and the stream gets the last picture (or the slate) at the
    /// configured pace, silence at the same cadence. Twice is once. Ends with
    /// [`Session::resume`], and with the broadcast.
    ///
    /// # Errors
    /// [`Error::Misuse`] when nothing runs, [`Error::Config`] when the track is neither pushed raw and
    /// live nor placed by [`Session::place_video`] and its like, [`Error::System`] when there is no
    /// thread to be had.
    pub fn interrupt(&self, what: Interruption) -> Result<(), Error> {
        self.set_held(what, true)
    }

    /// The device is back: what is pushed counts again. Until the first push the stream goes on as
    /// during the interruption. Stamps of another clock than before are moved to where they belong,
    /// so a front camera may have another clock than the back one.
    ///
    /// # Errors
    /// As [`Session::interrupt`].
    pub fn resume(&self, what: Interruption) -> Result<(), Error> {
        self.set_held(what, false)
    }

    /// The picture of interruptions, of any size that may be pushed; `None` for the last one that
    /// was pushed. Survives stop and start.
    ///
    /// # Errors
    /// [`FrameError`] when there is no memory for its copy.
    pub fn set_slate(&self, picture: Option<FrameView<'_>>) -> Result<(), FrameError> {
        let slate = picture.map(|picture| -> Result<Slate, FrameError> {
            let mut data = Vec::new();
            picture.pack_into(&mut data)?;
            let size = [picture.width(), picture.height()];
            Ok(Slate { format: picture.format(), size, data })
        });
        *lock(&self.status().slate) = slate.transpose()?.map(Arc::new);
        Ok(())
    }

    fn set_held(&self, what: Interruption, is_held: bool) -> Result<(), Error> {
        let plan = self.plan();
        for track in [Track::Video, Track::Audio] {
            let is_placed = self.status().easel.is_placed(track) && plan.timing == Timing::AsPushed;
            let is_live = plan.source(track) == Some(Source::Raw) || is_placed;
            if what.has(track) && (!is_live || plan.blocks()) {
                let reason = format!(
                    "interrupt: {track:?} is neither pushed raw and live nor placed before it is encoded"
                );
                return Err(Error::Config(reason));
            }
        }
        // What is encoded elsewhere is stood in for by who encodes it.
        let is_ours = |track| what.has(track) && plan.source(track) == Some(Source::Raw);
        let run = self.start_holding(is_ours(Track::Video) || is_ours(Track::Audio))?;
        for track in [Track::Video, Track::Audio] {
            if what.has(track) {
                run.hold.line(track).set_held(is_held);
            }
        }
        run.hold.wake();
        Ok(())
    }
}

/// A picture to stand in.
#[derive(Debug)]
pub(crate) struct Slate {
    format: PixelFormat,
    size: [u32; 2],
    data: Vec<u8>,
}

/// Where a push lies on the capture clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) captured: CaptureTime,
    /// The device is back with it: what stood in does not end where it begins.
    pub(crate) is_back: bool,
}

impl Slate {
    pub(crate) fn view(&self) -> Result<FrameView<'_>, FrameError> {
        FrameView::packed(self.format, self.size[0], self.size[1], &self.data)
    }
}

/// Both tracks' lines, the thread's bell, and one for who stands in for each track elsewhere.
#[derive(Debug)]
pub(crate) struct Hold {
    lines: [Mutex<Line>; 2],
    bell: Bell,
    elsewhere: [Bell; 2],
}

type Bell = (Sender<()>, Receiver<()>);

impl Default for Hold {
    fn default() -> Self {
        let elsewhere = [bounded(1), bounded(1)];
        Self { lines: Default::default(), bell: bounded(1), elsewhere }
    }
}

impl Hold {
    /// Where a push of `duration_micros` counts; `None` when it is left out.
    pub(crate) fn handle_push(
        &self,
        track: Track,
        at: CaptureTime,
        duration_micros: i64,
        now: Now,
    ) -> Option<Placed> {
        self.line(track).handle_push(at.as_micros(), duration_micros, now)
    }

    fn line(&self, track: Track) -> MutexGuard<'_, Line> {
        lock(&self.lines[usize::from(track == Track::Audio)])
    }

    /// What stands in next, if it is time, by `push`. The line is held meanwhile: a device that is back
    /// is placed before what stands in, which then does not, or after it was pushed.
    fn stand_in(&self, track: Track, step: Step, now: Now, push: impl FnOnce(CaptureTime)) -> Next {
        let mut line = self.line(track);
        let next = line.poll(step, now);
        if let Next::Due(at) = next {
            push(at);
        }
        next
    }

    fn wake(&self) {
        for bell in self.elsewhere.iter().chain([&self.bell]) {
            // Full: it is awake already.
            let _ = bell.0.try_send(());
        }
    }

    /// Rings when a track that is encoded elsewhere is interrupted or resumed.
    pub(crate) fn rung(&self, track: Track) -> &Receiver<()> {
        &self.elsewhere[usize::from(track == Track::Audio)].1
    }
}

/// What stands in for `track`, which is encoded elsewhere, if it is time.
pub(crate) fn poll(run: &Run, track: Track) -> Next {
    let now = run.plan.clock.now();
    let step = step_of(run, track);
    let mut line = run.hold.line(track);
    match line.poll(step, now) {
        // There is no time to keep yet, but there may be a first push before the device goes.
        Next::Flowing if line.standing == Standing::Held => Next::In(LONG),
        next => next,
    }
}

/// Fills lines until the broadcast ends: the thread `onair-hold`.
pub(crate) fn run(run: &Run) {
    while !run.is_stopping() {
        let Some(wait) = fill(run) else { return };
        let (bell, ending) = (&run.hold.bell.1, run.waiting().ending.rung());
        select! {
            recv(bell) -> _ => {},
            recv(ending) -> _ => return,
            default(wait) => {},
        }
    }
}

/// How long nothing changes when no line is held.
const LONG: Duration = Duration::from_secs(3_600);

/// Pushes what is due; how long until more is. `None` when pushes are over.
fn fill(run: &Run) -> Option<Duration> {
    let mut wait = LONG;
    for track in [Track::Video, Track::Audio] {
        while run.plan.source(track) == Some(Source::Raw) {
            let now = run.plan.clock.now();
            let step = step_of(run, track);
            let mut entered = None;
            let next = run.hold.stand_in(track, step, now, |at| {
                entered = run.enter().ok();
                if entered.is_some() {
                    run.origin(at);
                    match track {
                        Track::Video => push_picture(run, at),
                        Track::Audio => push_silence(run, at),
                    }
                }
            });
            match next {
                Next::Due(_) => drop(entered?),
                Next::In(later) => {
                    wait = wait.min(later);
                    break;
                }
                Next::Flowing => break,
            }
        }
    }
    Some(wait)
}

/// Units a second and how many make one step.
fn step_of(run: &Run, track: Track) -> Step {
    let plan = &run.plan;
    match track {
        Track::Video => {
            let fps = plan.video.as_ref().map_or(30, |(config, _)| config.fps());
            Step { units: 1, per_second: fps, is_heard_at_its_end: false }
        }
        Track::Audio => {
            let rate_hz = plan.audio.as_ref().map_or(48_000, |(config, _)| config.sample_rate_hz());
            Step { units: FRAME_SAMPLES, per_second: rate_hz, is_heard_at_its_end: true }
        }
    }
}

fn push_picture(run: &Run, at: CaptureTime) {
    let Some(edge) = &run.video else { return };
    let slate = lock(&run.status.slate).clone();
    let view = slate.as_ref().and_then(|slate| slate.view().ok());
    let pushed = match view {
        Some(view) => edge.push_newest(&view, at, &run.waiting()),
        None => edge.push_last(at, &run.waiting()),
    };
    if let Err(error) = pushed {
        log::debug!("hold the picture: {error}");
    }
}

fn push_silence(run: &Run, at: CaptureTime) {
    let (Some(edge), Some((config, _))) = (&run.audio, &run.plan.audio) else { return };
    static SILENCE: [i16; FRAME_SAMPLES as usize] = [0; FRAME_SAMPLES as usize];
    let sample_rate_hz = config.sample_rate_hz();
    let sound = Sound { samples: Samples::I16(&SILENCE), sample_rate_hz, channels: 1 };
    let frames = SILENCE.len();
    let pushed = Pushed { source: 0, captured: at, is_back: false, frames, muted: true };
    edge.push_newest(&sound, pushed, &run.waiting());
}

/// How a line is filled.
#[derive(Clone, Copy, Debug)]
struct Step {
    units: u32,
    per_second: u32,
    /// A block of samples is there when its last one was heard; a picture, when it was taken.
    is_heard_at_its_end: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A stand-in of this time is due.
    Due(CaptureTime),
    In(Duration),
    /// The device speaks for itself.
    Flowing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Flowing,
    Held,
    /// Resumed; nothing was pushed since.
    Awaited,
}

/// One track's capture clock, as its pushes show it, and how far the stream has come on it.
#[derive(Debug, Default)]
struct Line {
    standing: Standing,
    clock: Clock,
    /// Where the last push ended, and how many units stood in since.
    end_micros: i64,
    filled: u64,
    /// Added to every stamp: another device's clock.
    moved_micros: i64,
}

/// A capture clock against the session's, both in microseconds, by what was pushed: each push shows it
/// with how late it came, which is never twice the same. Where a device with another clock takes
/// over, the stream's place on the session's clock stays, with what the one before had drifted: how
/// late two single pushes were would add up over a long show.
#[derive(Debug, Default)]
struct Clock {
    /// Where the stream was when the present device took over; none for the first one.
    anchor: Option<i64>,
    /// The mean of the device's first pushes, and of its newest, [`Self::PARTS`] of a microsecond.
    first: i64,
    newest: i64,
    pushes: i64,
}

impl Clock {
    /// Pushes that a mean is of.
    const WINDOW: i64 = 32;
    const PARTS: i64 = 256;

    fn note(&mut self, ends_at: i64, now: Now) {
        let ahead = ends_at.saturating_sub(now.as_micros()).saturating_mul(Self::PARTS);
        let part = (self.pushes + 1).min(Self::WINDOW);
        let off = ahead.saturating_sub(self.newest);
        self.newest = self.newest.saturating_add(off / part);
        if self.pushes < Self::WINDOW {
            self.first = self.newest;
            self.pushes += 1;
        }
    }

    /// What it shows now; none before there was a push.
    fn at(&self, now: Now) -> Option<i64> {
        (self.pushes > 0).then(|| now.as_micros().saturating_add(self.ahead()))
    }

    fn ahead(&self) -> i64 {
        let drift = self.newest.saturating_sub(self.first) / Self::PARTS;
        self.anchor.unwrap_or(self.first / Self::PARTS).saturating_add(drift)
    }

    /// The next push is another device's.
    fn pass_on(&mut self) {
        *self = Self { anchor: Some(self.ahead()), ..Self::default() };
    }
}

/// Stamps that are further off than this after a resume are of another clock.
const SAME_CLOCK_MICROS: i64 = 500_000;

impl Line {
    fn set_held(&mut self, is_held: bool) {
        self.standing = match (is_held, self.standing) {
            (true, _) => Standing::Held,
            (false, Standing::Flowing) => Standing::Flowing,
            (false, _) => Standing::Awaited,
        };
    }

    fn handle_push(&mut self, stamp: i64, duration: i64, now: Now) -> Option<Placed> {
        if self.standing == Standing::Held {
            return None;
        }
        let mut at = stamp.saturating_add(self.moved_micros);
        let is_back = std::mem::take(&mut self.standing) == Standing::Awaited;
        if is_back && let Some(expected) = self.clock.at(now) {
            // A block of samples began its length ago.
            let off = at.saturating_add(duration).saturating_sub(expected);
            if off.abs() > SAME_CLOCK_MICROS {
                self.moved_micros = self.moved_micros.saturating_sub(off);
                at = at.saturating_sub(off);
                self.clock.pass_on();
            }
        }
        self.end_micros = at.saturating_add(duration);
        self.clock.note(self.end_micros, now);
        self.filled = 0;
        Some(Placed { captured: CaptureTime::from_micros(at), is_back })
    }

    /// What stands in next, if it is time.
    fn poll(&mut self, step: Step, now: Now) -> Next {
        if self.standing == Standing::Flowing {
            return Next::Flowing;
        }
        // Nothing was ever pushed: there is no time to keep.
        let Some(clock) = self.clock.at(now) else { return Next::Flowing };
        let place = |count: u64| {
            let units = count.saturating_mul(u64::from(step.units));
            self.end_micros.saturating_add(micros(units, step.per_second))
        };
        // The last picture stands for its own time; samples follow at once.
        let first = u64::from(!step.is_heard_at_its_end);
        let at = place(self.filled + first);
        let due = place(self.filled + 1);
        if due > clock {
            return Next::In(Duration::from_micros(due.abs_diff(clock)));
        }
        self.filled += 1;
        Next::Due(CaptureTime::from_micros(at))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "hold_test.rs"]
mod tests;

#[cfg(all(test, feature = "openh264", feature = "fdk-aac"))]
#[path = "hold_hours_test.rs"]
mod hours;
