//! One broadcast from start to end: what its threads and the app's pushes share. Made new by each
//! `start`, so nothing of an ended broadcast can reach the next.

mod ending;
mod gate;
mod rest;
mod sleep;
mod status;
mod threads;
mod wishes;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use onair_engine::flv::MetaData;
use onair_engine::publish::{Alignment, Config, Delivery, EncoderCommand, GoLive, KnownHosts};
use onair_engine::rate::{Adaptation, Range};
use onair_engine::reconnect::Policy;
use onair_engine::record::Recorder;
use onair_engine::url::StreamUrl;
use onair_types::{AudioConfig, CaptureTime, MediaTime, Now, Track, VideoConfig};

use crate::builder::{AudioEncoderFactory, VideoEncoderFactory};
use crate::cue::CueEdge;
use crate::edge::audio::AudioEdge;
use crate::edge::units::UnitEdge;
use crate::edge::video::VideoEdge;
use crate::edge::{Tracks, Waiting};
use crate::further::FurtherEdge;
use crate::hold::{Hold, Placed};
use crate::net::Wake;
use crate::statistics::Board;
use crate::{
    Clock, Connector, DestinationId, Error, Event, NetworkPath, PushError, Source, Timing,
};

pub(crate) use ending::Ending;
pub(crate) use gate::{Entered, Gate};
pub(crate) use rest::Counter;
use rest::Rest;
pub(crate) use sleep::NAP;
use sleep::{Missed, Push as Stamped};
pub(crate) use status::Status;
pub(crate) use threads::Threads;
pub(crate) use wishes::Wishes;

/// What every broadcast of a session is made of; fixed when the session is built.
pub(crate) struct Plan {
    pub(crate) audio: Option<(AudioConfig, Source)>,
    pub(crate) video: Option<(VideoConfig, Source)>,
    pub(crate) audio_encoder: Mutex<AudioEncoderFactory>,
    pub(crate) video_encoder: Mutex<VideoEncoderFactory>,
    pub(crate) metadata: MetaData,
    pub(crate) alignment: Alignment,
    pub(crate) delivery: Delivery,
    pub(crate) timing: Timing,
    pub(crate) adaptation: Adaptation,
    pub(crate) reconnect: Policy,
    pub(crate) first_timestamp: MediaTime,
    pub(crate) seed: Option<u64>,
    pub(crate) is_plain_ok: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) connector: Arc<dyn Connector>,
}

impl Plan {
    /// How the track is pushed, if there is one.
    pub(crate) fn source(&self, track: Track) -> Option<Source> {
        match track {
            Track::Video => self.video.as_ref().map(|(_, source)| *source),
            Track::Audio => self.audio.as_ref().map(|(_, source)| *source),
        }
    }

    /// What the video bitrate may be.
    pub(crate) fn video_bitrate(&self) -> Range {
        self.video.as_ref().map_or_else(Range::default, |(video, _)| {
            Range::new(video.bitrate_bps(), video.min_bitrate_bps(), video.max_bitrate_bps())
        })
    }

    /// What an engine is made from that publishes to `url`, for the destination `index`.
    pub(crate) fn engine_config(&self, url: StreamUrl, index: usize, known: KnownHosts) -> Config {
        let mut config = Config::new(url, self.metadata.clone());
        if self.video.is_some() {
            config.video_bitrate = self.video_bitrate();
        }
        config.alignment = self.alignment;
        config.delivery = self.delivery;
        config.adaptation = self.adaptation;
        config.reconnect = self.reconnect;
        config.known_hosts = known;
        config.go_live = GoLive::OneFlight;
        config.first_timestamp = self.first_timestamp;
        let seed = self.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        config.seed = seed.wrapping_add(index as u64);
        config
    }

    /// Whether pushes wait for room instead of making it.
    pub(crate) fn blocks(&self) -> bool {
        self.delivery == Delivery::Complete
    }

    /// One track is raw and the other encoded: both then lie on the capture clock.
    fn is_mixed(&self) -> bool {
        match (self.source(Track::Video), self.source(Track::Audio)) {
            (Some(video), Some(audio)) => video != audio,
            _ => false,
        }
    }
}

/// One broadcast.
pub(crate) struct Run {
    pub(crate) plan: Arc<Plan>,
    pub(crate) status: Arc<Status>,
    pub(crate) board: Arc<Board>,
    pub(crate) wishes: Wishes,
    /// Which broadcast this is to the viewfinder.
    pub(crate) views: u64,
    pub(crate) wake: Wake,
    /// When it was started.
    pub(crate) started: Now,
    /// Raw pictures; none when there is no raw video.
    pub(crate) video: Option<VideoEdge>,
    /// Raw samples; none when there is no raw audio.
    pub(crate) audio: Option<AudioEdge>,
    pub(crate) units: UnitEdge,
    pub(crate) cues: CueEdge,
    pub(crate) further: FurtherEdge,
    pub(crate) hold: Hold,
    gate: Gate,
    ending: Ending,
    encoders: AtomicUsize,
    origin: OnceLock<CaptureTime>,
    last_dts: [AtomicI64; 2],
    missed: [Mutex<Missed>; 2],
    /// What the video bitrate may be now.
    allowed: Mutex<Range>,
    /// The same, until the engines know that it is new.
    range: Mutex<Option<Range>>,
    /// The newest word of the way to the network, until the engine has it.
    path: Mutex<Option<NetworkPath>>,
    failure: Mutex<Option<Error>>,
    finish_by: Mutex<Option<Now>>,
    all_sent: AtomicBool,
    /// None on a clock that runs.
    rest: Option<Arc<Rest>>,
}

/// How long a thread waits at a full or a closing queue before it looks whether to stop.
const PATIENCE: Duration = Duration::from_millis(5);

impl Run {
    /// For the destinations `ids`, whose engines decide by what `flights` record.
    pub(crate) fn new(
        plan: Arc<Plan>,
        status: Arc<Status>,
        ids: Vec<DestinationId>,
        flights: Vec<Recorder>,
    ) -> Self {
        let raw = |track| plan.source(track) == Some(Source::Raw);
        let rate_hz = plan.audio.as_ref().map_or(0, |(config, _)| config.sample_rate_hz());
        let wake = Wake::default();
        let audio = plan.audio.as_ref().filter(|_| raw(Track::Audio)).map(|(config, _)| {
            AudioEdge::new(config.channels(), config.sample_rate_hz(), plan.blocks())
        });
        Self {
            board: Arc::new(Board::new(rate_hz, ids, flights)),
            wishes: Wishes::default(),
            views: status.viewfinder.begin(),
            started: plan.clock.now(),
            video: raw(Track::Video).then(VideoEdge::new),
            audio,
            cues: CueEdge::default(),
            hold: Hold::default(),
            further: FurtherEdge::new(&plan.metadata, plan.blocks()),
            units: UnitEdge::new(
                Tracks { video: plan.video.is_some(), audio: plan.audio.is_some() },
                plan.blocks(),
                plan.timing,
                wake.clone(),
            ),
            wake,
            gate: Gate::default(),
            ending: Ending::new(),
            encoders: AtomicUsize::new(0),
            origin: OnceLock::new(),
            last_dts: [AtomicI64::new(i64::MIN), AtomicI64::new(i64::MIN)],
            missed: Default::default(),
            allowed: Mutex::new(plan.video_bitrate()),
            range: Mutex::new(None),
            path: Mutex::new(None),
            failure: Mutex::new(None),
            finish_by: Mutex::new(None),
            all_sent: AtomicBool::new(false),
            rest: plan.clock.is_set_by_hand().then(Arc::default),
            plan,
            status,
        }
    }

    // --- pushes ---

    /// Lets a push of `track` in.
    pub(crate) fn enter(&self) -> Result<Push<'_>, PushError> {
        let entered = self.gate.enter().ok_or(PushError::NotRunning)?;
        Ok(Push { run: self, _entered: entered })
    }

    /// Whether all encoded units keep their times: a file's, beside which nothing is raw.
    pub(crate) fn keeps_times(&self) -> bool {
        (self.plan.blocks() || self.plan.timing == Timing::OnTime) && !self.plan.is_mixed()
    }

    /// What a push of `track` stamped `stamp_micros` lacks of the time that the device slept,
    /// microseconds. Files have times of their own and lack nothing.
    pub(crate) fn missed_micros(&self, track: Track, stamp_micros: i64) -> i64 {
        if self.plan.blocks() || self.plan.timing == Timing::OnTime {
            return 0;
        }
        let clock = &self.plan.clock;
        let push = Stamped { stamp_micros, now: clock.now(), slept: clock.slept() };
        let (missed, woke) = lock(&self.missed[usize::from(track == Track::Audio)]).handle(push);
        if woke {
            self.wake.notify(); // the engine asks for an IDR when it knows
        }
        missed
    }

    /// Where a push of `track` of this length lies on the capture clock; `None` when it is left out,
    /// as its device is interrupted.
    pub(crate) fn place_push(
        &self,
        track: Track,
        at: CaptureTime,
        length_micros: i64,
    ) -> Option<Placed> {
        if self.plan.blocks() {
            return Some(Placed { captured: at, is_back: false });
        }
        let at = at.offset_micros(self.missed_micros(track, at.as_micros()));
        self.hold.handle_push(track, at, length_micros, self.plan.clock.now())
    }

    /// The capture time that is zero on the timeline: the first pushed.
    pub(crate) fn origin(&self, first: CaptureTime) -> CaptureTime {
        *self.origin.get_or_init(|| first)
    }

    /// An encoded unit's time on the timeline. It stays as it is, unless the other track is raw
    /// and its timeline begins at the first push.
    pub(crate) fn place_encoded(&self, time: MediaTime) -> MediaTime {
        if !self.plan.is_mixed() {
            return time;
        }
        let captured = CaptureTime::from_micros(time.as_micros());
        MediaTime::from_micros(captured.micros_since(self.origin(captured)))
    }

    /// A cue's time on the timeline: as it stands where all tracks are encoded, else counted from
    /// the first push.
    pub(crate) fn place_cue(&self, at: CaptureTime) -> MediaTime {
        let is_raw = |track| self.plan.source(track) == Some(Source::Raw);
        if !is_raw(Track::Video) && !is_raw(Track::Audio) {
            return MediaTime::from_micros(at.as_micros());
        }
        let first = self.origin.get().copied().unwrap_or(at);
        MediaTime::from_micros(at.micros_since(first).max(0))
    }

    /// Whether `dts` follows the one before it on its track; remembers it if so.
    #[inline]
    pub(crate) fn follows(&self, track: Track, dts: MediaTime) -> bool {
        let last = &self.last_dts[usize::from(track == Track::Audio)];
        last.fetch_max(dts.as_micros(), Ordering::AcqRel) < dts.as_micros()
    }

    pub(crate) fn waiting(&self) -> Waiting<'_> {
        Waiting {
            ending: &self.ending,
            gate: &self.gate,
            counters: &self.board.counters,
            patience: PATIENCE,
        }
    }

    // --- the engine's wishes, and the app's of the engine ---

    /// Passes on what the engine wants, to our encoders or to the app's.
    pub(crate) fn command(&self, command: EncoderCommand) {
        let track = match command {
            EncoderCommand::SetAudioBitrate(_) => Track::Audio,
            _ => Track::Video,
        };
        let event = match (command, self.plan.source(track)) {
            (command, Some(Source::Raw)) => return self.wishes.handle(command),
            (EncoderCommand::SetAudioBitrate(bps), Some(Source::Encoded)) => {
                Event::AudioBitrateWanted(bps)
            }
            (EncoderCommand::RequestIdr, Some(Source::Encoded)) => Event::KeyframeWanted,
            (EncoderCommand::SetVideoBitrate(bps), Some(Source::Encoded)) => {
                Event::VideoBitrateWanted(bps)
            }
            (EncoderCommand::SetVideoPace(pace), Some(Source::Encoded)) => {
                Event::VideoPaceWanted(pace)
            }
            _ => return,
        };
        self.status.report(event);
    }

    /// The video bitrate may be other than configured from now on.
    pub(crate) fn allow(&self, range: Range) {
        *lock(&self.allowed) = range;
        *lock(&self.range) = Some(range);
        self.wake.notify();
    }

    /// What the video bitrate may be now.
    pub(crate) fn allowed(&self) -> Range {
        *lock(&self.allowed)
    }

    /// What the engines must be told of that.
    pub(crate) fn take_range(&self) -> Option<Range> {
        lock(&self.range).take()
    }

    /// The system said something of the way to the network.
    pub(crate) fn report_path(&self, path: NetworkPath) {
        *lock(&self.path) = Some(path);
        self.wake.notify();
    }

    /// What the engines must be told of that.
    pub(crate) fn take_path(&self) -> Option<NetworkPath> {
        lock(&self.path).take()
    }

    // --- a clock that is set by hand ---

    /// Waits until `onair-net` has done all that is due, where the clock stands meanwhile.
    pub(crate) fn come_to_rest(&self) {
        if let Some(rest) = &self.rest {
            rest.wait();
        }
    }

    /// What `onair-net` counts its wake-ups by there.
    pub(crate) fn counter(&self) -> Option<Counter> {
        self.rest.as_ref().map(|rest| Counter::new(Arc::clone(rest)))
    }

    /// `onair-net` looks no more.
    pub(crate) fn end_looks(&self) {
        if let Some(rest) = &self.rest {
            rest.end();
        }
    }

    // --- the way to the end ---

    /// No more pushes; waits until what was accepted is with the engine, each unit at its time, or
    /// all is over.
    pub(crate) fn wait_until_due(&self) {
        self.gate.close();
        self.wake.notify();
        self.units.wait_until_taken();
    }

    /// No more pushes; what was accepted is sent, until `deadline`.
    pub(crate) fn finish(&self, deadline: Now) {
        *lock(&self.finish_by) = Some(deadline);
        self.gate.close();
        self.ending.finish();
        self.wake.notify();
    }

    /// No more of anything.
    pub(crate) fn stop(&self) {
        self.gate.close();
        self.ending.stop();
        self.units.stop();
        if self.video.is_none() {
            // No thread of ours ends with the pictures.
            self.status.viewfinder.end(self.views);
        }
        self.wake.notify();
    }

    /// An encoder is beyond help: the broadcast ends.
    pub(crate) fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.wake.notify();
    }

    pub(crate) fn failure(&self) -> Option<Error> {
        lock(&self.failure).clone()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.ending.is_stopping()
    }

    pub(crate) fn finish_by(&self) -> Option<Now> {
        *lock(&self.finish_by)
    }

    /// Everything accepted has left the pushes and the encoders.
    pub(crate) fn is_encoded(&self) -> bool {
        self.gate.is_quiet()
            && self.encoders.load(Ordering::Acquire) == 0
            && self.units.is_empty()
            && self.further.is_empty()
    }

    /// Notes that all that was accepted has been sent.
    pub(crate) fn mark_all_sent(&self) {
        self.all_sent.store(true, Ordering::Release);
    }

    pub(crate) fn is_all_sent(&self) -> bool {
        self.all_sent.load(Ordering::Acquire)
    }

    pub(crate) fn encoder_begins(&self) {
        self.encoders.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn encoder_ends(&self) {
        self.encoders.fetch_sub(1, Ordering::AcqRel);
        self.wake.notify();
    }

    /// Reports a failure of the encoder of `track`, unless all is over anyway.
    pub(crate) fn report_encoder(&self, track: Track, error: Error) {
        if !self.is_stopping() {
            self.status.report(Event::EncoderFailed { track, error });
        }
    }
}

/// A push under way. When it leaves a closed gate, `onair-net` may be waiting for that.
pub(crate) struct Push<'a> {
    pub(crate) run: &'a Run,
    _entered: Entered<'a>,
}

impl Drop for Push<'_> {
    fn drop(&mut self) {
        if self.run.gate.is_closed() {
            self.run.wake.notify();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
