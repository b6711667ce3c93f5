//! The session as an app sees it.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use onair_engine::publish::{EncoderCommand, Publish};
use onair_engine::rate;
use onair_media::frame::FrameView;
use onair_media::look::Look;
use onair_media::sound::Sound;
use onair_types::{AudioConfig, CaptureTime, ConfigError, Track, VideoConfig};

use crate::builder::SessionBuilder;
use crate::destination::{Destinations, Place};
use crate::net::STOP_WITHIN;
use crate::run::{Plan, Push, Run, Status, Threads};
use crate::sound::Controls;
use crate::statistics::Board;
use crate::{
    DestinationStatistics, Error, Events, NetworkPath, PushError, Recording, RecordingConfig,
    Source, State, Statistics, Timing,
};

/// Interleaved 16-bit samples, native byte order.
#[derive(Clone, Copy, Debug)]
pub struct Pcm<'a> {
    /// All channels' samples; any number of whole sample frames.
    pub samples: &'a [i16],
    /// Hz, 8,000..=192,000; what is not the session's rate is resampled.
    pub sample_rate_hz: u32,
    /// 1 to 8; what is not the session's number is mixed up or down.
    pub channels: u8,
}

/// One broadcast at a time: started, stopped, started again. Dropping it stops it.
///
/// All methods may be called from any thread. Pushes of one track come from one thread at a time,
/// in the order of their times.
pub struct Session {
    plan: Arc<Plan>,
    pub(crate) status: Arc<Status>,
    consumer: Mutex<Option<Events>>,
    /// Held while a broadcast is started or stopped, never while one is awaited.
    active: Mutex<Option<Active>>,
    /// Where pushes go; held only to copy the pointer.
    run: RwLock<Option<Arc<Run>>>,
    /// The figures of the present or the last broadcast.
    board: Mutex<Arc<Board>>,
}

struct Active {
    run: Arc<Run>,
    threads: Threads,
}

impl Session {
    /// Begins to make a session with these tracks.
    pub fn builder(audio: Option<AudioConfig>, video: Option<VideoConfig>) -> SessionBuilder {
        SessionBuilder::new(audio, video)
    }

    pub(crate) fn new(plan: Plan, event_capacity: usize) -> Self {
        let status = Arc::new(Status::new(event_capacity));
        Self {
            plan: Arc::new(plan),
            consumer: Mutex::new(Some(status.events.consumer())),
            status,
            active: Mutex::new(None),
            run: RwLock::new(None),
            board: Mutex::new(Arc::new(Board::default())),
        }
    }

    // --- on and off the air ---

    /// Begins to connect and returns at once; what follows comes as events. Frames may be pushed
    /// from now on. Goes to one address, or to [`crate::Destinations`] at the same time.
    ///
    /// # Errors
    /// [`Error::Address`] when an address cannot be used, [`Error::Plaintext`] when one is not
    /// encrypted and that is not allowed, [`Error::Destinations`] when they do not fit together, [`Error::Misuse`] when the session runs already, [`Error::System`] when there
    /// is no thread to be had. The session's state is as before.
    pub fn start(&self, destinations: impl Into<Destinations>) -> Result<(), Error> {
        let places = destinations.into().check(self.plan.blocks(), self.plan.is_plain_ok)?;
        let mut active = lock(&self.active);
        if let Some(ended) = active.take_if(|active| active.run.is_stopping()) {
            self.clear(ended);
        }
        if active.is_some() {
            return Err(Error::Misuse("start: the session runs already"));
        }
        let known = self.status.known_hosts();
        let config = |place: &Place| {
            self.plan.engine_config(place.url.clone(), place.id.index(), known.clone())
        };
        let engines: Vec<_> = places.all.iter().map(|place| Publish::new(config(place))).collect();
        let ids = places.all.iter().map(|place| place.id.clone()).collect();
        let flights = engines.iter().map(Publish::recorder).collect();
        let (plan, status) = (Arc::clone(&self.plan), Arc::clone(&self.status));
        let run = Arc::new(Run::new(plan, status, ids, flights));
        let (state, error) = (self.status.state(), self.status.error());
        // Whoever hears of it may push at once: a push waits for the threads.
        let mut running = self.run.write().unwrap_or_else(PoisonError::into_inner);
        self.status.set_error(None);
        self.status.set_state(State::Pending);
        self.status.clip.clear();
        let threads = Threads::start(&run, places, engines).inspect_err(|_| {
            self.status.set_error(error);
            self.status.set_state(state);
        })?;
        *lock(&self.board) = Arc::clone(&run.board);
        *running = Some(Arc::clone(&run));
        drop(running);
        *active = Some(Active { run, threads });
        Ok(())
    }

    /// Ends the broadcast: says goodbye to the server if that works at once. Returns within 300 ms
    /// in every state, with all threads and sockets gone (an app's encoder that does not return is
    /// left behind with its thread until it does; so is a name lookup of the system that hangs).
    pub fn stop(&self) {
        let mut active = lock(&self.active);
        if let Some(ended) = active.take() {
            ended.run.come_to_rest();
            ended.run.stop();
            self.clear(ended);
            self.status.recorder.wait(RECORDING_WITHIN);
        }
    }

    /// Takes no more pushes, waits until everything accepted was encoded and sent or `deadline` has
    /// passed, then stops. True when everything was sent to every destination that had not failed;
    /// each ends as soon as it has everything. With [`Timing::OnTime`] the deadline begins when the
    /// last unit's time has come.
    pub fn finish(&self, deadline: Duration) -> bool {
        let awaited = lock(&self.active)
            .as_ref()
            .map(|active| (Arc::clone(&active.run), active.threads.net_gone()));
        let Some((run, net_gone)) = awaited else { return false };
        if self.plan.timing == Timing::OnTime {
            run.wait_until_due();
        }
        run.come_to_rest();
        run.finish(self.plan.clock.now() + deadline);
        if let Some(net_gone) = net_gone {
            // Nothing is ever received: this ends with the thread, or with the time.
            let _ = net_gone.recv_timeout(deadline + STOP_WITHIN);
        }
        self.stop();
        run.is_all_sent()
    }

    fn clear(&self, ended: Active) {
        *self.run.write().unwrap_or_else(PoisonError::into_inner) = None;
        ended.threads.join();
    }

    // --- a file beside the stream ---

    /// Writes what is streamed into a new file too, from the next IDR on, until
    /// [`Session::stop_recording`] or the broadcast's end: MP4, or FLV where the name or the
    /// settings say so. Connections may come and go meanwhile. Before a start, it waits for that; a
    /// session that only records starts with [`Destinations::none`]. Returns once the file is
    /// there.
    ///
    /// A disk that is slow or full never holds up the stream; events say so. What a crash leaves
    /// can be played, and [`crate::recover`] completes it.
    ///
    /// # Errors
    /// [`Error::Recording`] when the file exists or cannot be made or a setting is out of range,
    /// [`Error::Misuse`] when a recording runs already.
    pub fn start_recording(&self, config: impl Into<RecordingConfig>) -> Result<(), Error> {
        self.status.recorder.start(config.into(), &self.plan.metadata)?;
        if let Ok(run) = self.running() {
            run.command(EncoderCommand::RequestIdr);
        }
        Ok(())
    }

    /// Keeps the newest seconds of what is streamed in memory, for [`Session::save_clip`]: 1 s to
    /// 300 s, 64 MiB at most; zero keeps nothing, as at first. Payloads are shared with the stream.
    ///
    /// # Errors
    /// [`Error::Config`] when the length is out of range.
    pub fn keep_clip(&self, length: Duration) -> Result<(), Error> {
        if !length.is_zero() && !CLIP_LENGTH.contains(&length) {
            return Err(Error::Config("keep 1 to 300 seconds for a clip, or none".to_owned()));
        }
        self.status.clip.keep(length);
        Ok(())
    }

    /// Writes what is kept into a new file, beginning with an IDR: as long as was asked for, and up
    /// to a GOP longer. Waits for the disk; the stream and a recording go on meanwhile. After a
    /// broadcast's end, its last seconds are still there.
    ///
    /// # Errors
    /// [`Error::Recording`] when nothing is kept yet or the file exists or cannot be written; then
    /// there is no file.
    pub fn save_clip(&self, config: impl Into<RecordingConfig>) -> Result<Recording, Error> {
        Ok(self.status.clip.save(&config.into(), &self.plan.metadata)?)
    }

    /// Completes the file, and waits for the disk. `None` when there was no recording since the
    /// last call; after a broadcast's end, what became of its recording.
    ///
    /// # Errors
    /// [`Error::Recording`] when the file could not be written to its end.
    pub fn stop_recording(&self) -> Result<Option<Recording>, Error> {
        self.status.recorder.finish().transpose()
    }

    // --- pushes ---

    /// Takes a picture of any size: checks and copies it, never encodes. It becomes what the
    /// encoder was made for as [`Session::set_look`] says, by default filled from its middle. With [`crate::Delivery::Live`] at
    /// most two pictures wait for the encoder; the newest win and the others are counted.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_video(&self, frame: FrameView<'_>, at: CaptureTime) -> Result<(), PushError> {
        self.check_kind(Track::Video, Source::Raw)?;
        let run = self.running()?;
        let push = run.enter()?;
        check_time(at.as_micros())?;
        let Some(placed) = run.place_push(Track::Video, at, 0) else { return Ok(()) };
        let at = placed.captured;
        run.origin(at);
        let Some(edge) = &run.video else { return Err(PushError::NotRunning) };
        if run.plan.blocks() {
            edge.push_when_free(&frame, at, &run.waiting())?;
        } else {
            edge.push_newest(&frame, at, &run.waiting())?;
        }
        count_frame(&push);
        Ok(())
    }

    /// Takes samples of any rate and layout, the first of which was captured `at`; a [`Pcm`], or a
    /// [`Sound`] for other forms. The rate may change from push to push, as with another
    /// microphone. At most 500 ms wait for the encoder; the oldest go, and silence of their length
    /// takes their place.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_audio<'a>(
        &self,
        sound: impl Into<Sound<'a>>,
        at: CaptureTime,
    ) -> Result<(), PushError> {
        self.take_sound(&sound.into(), 0, at)
    }

    pub(crate) fn desk(&self) -> &Controls {
        &self.status.sound
    }

    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// The broadcast that runs; when it is ours to stand in for devices, with a thread that does.
    pub(crate) fn start_holding(&self, is_ours: bool) -> Result<Arc<Run>, Error> {
        let mut active = lock(&self.active);
        let running = active.as_mut().filter(|active| !active.run.is_stopping());
        let Active { run, threads } =
            running.ok_or(Error::Misuse("interrupt: the session does not run"))?;
        if is_ours {
            threads.start_holding(run)?;
        }
        Ok(Arc::clone(run))
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The broadcast that runs; at rest where its clock stands.
    pub(crate) fn running(&self) -> Result<Arc<Run>, PushError> {
        let run = self.run.read().unwrap_or_else(PoisonError::into_inner).clone();
        let run = run.ok_or(PushError::NotRunning)?;
        run.come_to_rest();
        Ok(run)
    }

    pub(crate) fn check_kind(&self, track: Track, given: Source) -> Result<(), PushError> {
        match self.plan.source(track) {
            Some(source) if source == given => Ok(()),
            source => Err(PushError::WrongKind {
                track,
                expected: word(source),
                given: word(Some(given)),
            }),
        }
    }

    // --- controls ---

    /// While muted, raw sound is sent as silence, and so is what [`Session::mix_audio`] mixes; its
    /// cadence stays. Survives stop and start. Sound that is pushed encoded is not touched.
    pub fn set_muted(&self, muted: bool) {
        self.status.set_muted(muted);
    }

    /// Whether raw sound is sent as silence.
    pub fn is_muted(&self) -> bool {
        self.status.is_muted()
    }

    /// How raw pictures look from the next one on. Survives stop and start, and every reconnect;
    /// encoded pictures are not touched.
    ///
    /// # Errors
    /// [`Error::Config`] with the first value that cannot be used; the look is as before.
    pub fn set_look(&self, look: Look) -> Result<(), Error> {
        look.check()?;
        self.status.set_look(look);
        Ok(())
    }

    /// How raw pictures look.
    pub fn look(&self) -> Arc<Look> {
        self.status.look()
    }

    /// Makes the next raw picture an IDR.
    pub fn request_keyframe(&self) {
        if let Ok(run) = self.running() {
            run.wishes.want_idr();
        }
    }

    /// Lets the video bitrate be nothing but `min_bps..=max_bps` from now on, until the broadcast
    /// ends: within 100 ms while live. The same value twice fixes it.
    ///
    /// # Errors
    /// [`Error::Config`] when `min_bps` is above `max_bps`, either is outside the configuration's
    /// range, or the session has nothing to steer (no video, [`crate::Delivery::Complete`]);
    /// [`Error::Misuse`] when it does not run.
    pub fn set_video_bitrate_range(&self, min_bps: u32, max_bps: u32) -> Result<(), Error> {
        let Some((config, _)) = self.plan.video.as_ref().filter(|_| !self.plan.blocks()) else {
            let reason = "there is no video bitrate to steer in this session";
            return Err(Error::Config(reason.to_owned()));
        };
        check_bitrates(config, min_bps, max_bps)?;
        let run = self.running();
        let run = run.map_err(|_| Error::Misuse("set the bitrates: the session does not run"))?;
        run.allow(rate::Range::new(config.bitrate_bps(), min_bps, max_bps));
        Ok(())
    }

    /// What the system says of the device's way to the network (`ConnectivityManager`,
    /// `NWPathMonitor`); to be passed on while a broadcast runs. Without it a change is found out by
    /// silence, which takes 8 s; with it 2 s, and nothing is tried while there is no network.
    pub fn report_path(&self, path: NetworkPath) {
        if let Ok(run) = self.running() {
            run.report_path(path);
        }
    }

    // --- reading ---

    /// What was counted up to now; after the end, the last broadcast's totals.
    pub fn statistics(&self) -> Statistics {
        let board = Arc::clone(&lock(&self.board));
        let level = self.status.sound.output_level();
        board.statistics(self.status.state(), self.status.events.lost(), level)
    }

    /// What each destination of the present or the last broadcast got, in the order of the start.
    pub fn destinations(&self) -> Vec<DestinationStatistics> {
        let board = Arc::clone(&lock(&self.board));
        board.destinations()
    }

    /// What made the engine decide as it did in the last five to six minutes of the present
    /// broadcast, or of the last one, as a file for `onair lab replay`: times, sizes, byte counts
    /// and decisions. No media, no address, no key. Empty before the first start. Of several
    /// destinations, the first one's.
    ///
    /// At most about a megabyte; the network thread waits for the copy at worst.
    pub fn flight_record(&self) -> Vec<u8> {
        self.flight_record_of(0)
    }

    /// The same of the destination at `index`, since its present address was taken; empty when
    /// there is none.
    pub fn flight_record_of(&self, index: usize) -> Vec<u8> {
        let flight = lock(&self.board).flight(index);
        flight.map_or_else(Vec::new, |recorder| recorder.save())
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.status.state()
    }

    /// What ended the last broadcast, when it was an error.
    pub fn last_error(&self) -> Option<Error> {
        self.status.error()
    }

    /// The queue of events, for one consumer: the first call gets it, later ones `None`.
    pub fn events(&self) -> Option<Events> {
        lock(&self.consumer).take()
    }

    /// Whoever waits for an event gets what waits already, then `None`, from now on.
    pub fn end_events(&self) {
        self.status.events.close();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop();
        self.status.recorder.close();
        self.status.events.close();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// How long a stop waits for the disk; a file that needs longer is completed all the same.
const RECORDING_WITHIN: Duration = Duration::from_millis(50);
const CLIP_LENGTH: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(300);

/// A capture time from seconds, as many platforms give it.
///
/// # Errors
/// [`PushError::Time`] when it is negative, infinite or not a number.
pub fn capture_time_from_secs(seconds: f64) -> Result<CaptureTime, PushError> {
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| PushError::Time)?;
    let micros = i64::try_from(duration.as_micros()).map_err(|_| PushError::Time)?;
    Ok(CaptureTime::from_micros(micros))
}

fn check_bitrates(config: &VideoConfig, min_bps: u32, max_bps: u32) -> Result<(), ConfigError> {
    let ((low_field, low), (high_field, high)) =
        (("min bitrate", min_bps.into()), ("max bitrate", max_bps.into()));
    if min_bps > max_bps {
        return Err(ConfigError::Contradiction { low_field, low, high_field, high });
    }
    let configured = config.min_bitrate_bps()..=config.max_bitrate_bps();
    for (field, bitrate_bps) in [(low_field, min_bps), (high_field, max_bps)] {
        if !configured.contains(&bitrate_bps) {
            let allowed = "a value within the configuration's bitrate range";
            return Err(ConfigError::OutOfRange { field, value: bitrate_bps.into(), allowed });
        }
    }
    Ok(())
}

/// Times beyond this would overflow arithmetic with real ones: 146,000 years.
const LATEST_MICROS: i64 = i64::MAX / 2;

#[inline]
pub(crate) fn check_time(micros: i64) -> Result<(), PushError> {
    if (0..=LATEST_MICROS).contains(&micros) { Ok(()) } else { Err(PushError::Time) }
}

fn count_frame(push: &Push<'_>) {
    push.run.board.counters.frames_in.fetch_add(1, Ordering::Relaxed);
}

fn word(source: Option<Source>) -> &'static str {
    match source {
        Some(Source::Raw) => "raw",
        Some(Source::Encoded) => "encoded",
        None => "not at all",
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "session_test.rs"]
mod tests;
