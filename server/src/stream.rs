//! One stream: what its publisher pushes becomes shared units in the ring, segments for HLS and a
//! recording. Spec network 2 (rules 2, 4, 11), 4.3.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair_engine::amf0::{self, Value};
use onair_engine::flv::{Body, FlvError, TagType};
use onair_types::{AudioCodec, AudioHeader, HeaderError, Now, VideoCodec, VideoHeader};
use thiserror::Error;
use tokio::sync::Notify;

use crate::crowd::{Crowd, Place};
use crate::hls::Segmenter;
use crate::info::{StreamInfo, StreamState, audio_info, video_info};
use crate::meter::Meter;
use crate::name::StreamName;
use crate::record::Recording;
use crate::ring::{Ring, is_joinable};
use crate::run::Run;
use crate::unit::{Header, Headers, Kind, Unit};

/// Sound is passed on at once when no picture was for so long.
const SOUND_WAITS: Duration = Duration::from_millis(40);
/// So many players are told before other tasks have their turn.
const AT_ONCE: usize = 256;

/// A name that is published or waited for.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: StreamName,
    state: Mutex<State>,
    /// Told when a part or a segment is complete and when the publisher goes.
    pub(crate) parts_changed: Notify,
}

/// What the publisher and the players of a stream share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ring: Ring,
    pub(crate) hls: Segmenter,
    headers: Arc<Headers>,
    live: Option<Live>,
    sessions: u64,
    /// The newest unit's time on the stream's own timeline, and when it came.
    newest: Option<(u32, Now)>,
    pub(crate) crowd: Crowd,
    woken: Option<Now>,
    /// What players were told of last, where several were waiting for it.
    run: Option<Arc<Run>>,
    /// Where what they are told of next begins.
    run_from: u64,
}

/// The publish session.
#[derive(Debug)]
struct Live {
    session: u64,
    since: Now,
    bytes: u64,
    video: Meter,
    audio: Meter,
    /// From the publisher's time stamps to the stream's; known with the first frame.
    offset_ms: Option<u32>,
    /// Pictures before the first key frame cannot be decoded and are not passed on.
    key_seen: bool,
    /// Told when another publisher takes over.
    revoked: Arc<Notify>,
}

/// Why a media message ends its publisher's connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum PushError {
    #[error("another publisher took over the stream")]
    Revoked,
    #[error("{0:?} codec byte {1:#04x} is not taken; send H.264 video and AAC audio")]
    Codec(TagType, u8),
    #[error("codec {0} is not taken; send H.264, HEVC or AV1 video and AAC or Opus audio")]
    FourCc(String),
    #[error(transparent)]
    Tag(#[from] FlvError),
    #[error(transparent)]
    Header(#[from] HeaderError),
}

/// Somebody publishes that name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

impl Stream {
    pub(crate) fn new(name: StreamName) -> Self {
        let state = State {
            ring: Ring::default(),
            hls: Segmenter::default(),
            headers: Arc::default(),
            live: None,
            sessions: 0,
            newest: None,
            crowd: Crowd::default(),
            woken: None,
            run: None,
            run_from: 0,
        };
        Self { name, state: Mutex::new(state), parts_changed: Notify::new() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a publish session; `take_over` ends a running one.
    pub(crate) fn publish(
        self: &Arc<Self>,
        take_over: bool,
        now: Now,
    ) -> Result<Publication, Busy> {
        let mut state = self.lock();
        match &state.live {
            Some(_) if !take_over => return Err(Busy),
            Some(live) => live.revoked.notify_one(),
            None => {}
        }
        state.sessions += 1;
        let (session, revoked) = (state.sessions, Arc::new(Notify::new()));
        state.headers = Arc::default();
        state.hls.restart(session);
        state.live = Some(Live {
            session,
            since: now,
            bytes: 0,
            video: Meter::default(),
            audio: Meter::default(),
            offset_ms: None,
            key_seen: false,
            revoked: Arc::clone(&revoked),
        });
        drop(state);
        Ok(Publication {
            stream: Arc::clone(self),
            session,
            revoked,
            recording: None,
            is_news: false,
            walk: Walk::default(),
        })
    }

    /// What the REST list says; `None` when nobody publishes or watches it.
    pub(crate) fn info(&self, now: Now) -> Option<StreamInfo> {
        let mut state = self.lock();
        let state = &mut *state;
        if state.live.is_none() && state.crowd.len() == 0 {
            return None;
        }
        let mut info = StreamInfo {
            app: self.name.app().to_owned(),
            name: self.name.key().to_owned(),
            viewers: state.crowd.len(),
            session: state.sessions,
            ..StreamInfo::default()
        };
        if let Some(live) = &mut state.live {
            info.state = StreamState::Live;
            info.uptime_ms = now.since(live.since).as_millis() as u64;
            info.bytes = live.bytes;
            info.position_ms = live.offset_ms.and(state.newest).map(|(newest_ms, _)| newest_ms);
            info.video = state.headers.video.as_ref().map(|video| {
                let (bitrate_bps, fps) = live.video.rates(now);
                video_info(&video.config, fps, bitrate_bps)
            });
            info.audio = state
                .headers
                .audio
                .as_ref()
                .map(|audio| audio_info(&audio.config, live.audio.rates(now).0));
        }
        Some(info)
    }

    /// Whether nothing would be lost by forgetting the stream. Segments are kept for a while so
    /// that HLS players can fetch the last ones.
    pub(crate) fn is_stale(&self, now: Now) -> bool {
        const KEEP_SEGMENTS_SECONDS: u64 = 20;
        let state = self.lock();
        let idle =
            state.newest.is_none_or(|(_, at)| now.since(at).as_secs() > KEEP_SEGMENTS_SECONDS);
        state.live.is_none() && state.crowd.len() == 0 && idle
    }
}

impl State {
    pub(crate) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Where the newest media lies, ms on the timeline that players get; `None` when nobody publishes.
    pub(crate) fn position_ms(&self) -> Option<u32> {
        self.live.as_ref()?;
        Some(self.newest.map_or(0, |(newest_ms, _)| newest_ms))
    }

    /// What came last, made ready to send, for a player that is at its beginning.
    pub(crate) fn run_at(&self, seq: u64) -> Option<&Arc<Run>> {
        self.run.as_ref().filter(|run| run.from() == seq)
    }

    /// What came since the last time, where it is worth it.
    fn make_run(&mut self, players: usize) -> Option<Arc<Run>> {
        let from = std::mem::replace(&mut self.run_from, self.ring.next_seq());
        let units = (players > 1).then(|| self.ring.since(from)).flatten();
        self.run = units.and_then(|units| Run::new(from, units)).map(Arc::new);
        self.run.clone()
    }
}

/// The right to push into a stream; dropping it ends the publish session.
#[derive(Debug)]
pub(crate) struct Publication {
    stream: Arc<Stream>,
    session: u64,
    revoked: Arc<Notify>,
    pub(crate) recording: Option<Recording>,
    /// Players are to be told of what was taken.
    is_news: bool,
    walk: Walk,
}

/// The way round those who are told of something new.
#[derive(Debug, Default)]
struct Walk {
    told: Vec<Place>,
    /// How many of them were.
    done: usize,
    run: Option<Arc<Run>>,
    /// As far as the ring went.
    until: u64,
}

impl Publication {
    /// Ends when another publisher takes over.
    pub(crate) fn revoked(&self) -> Arc<Notify> {
        Arc::clone(&self.revoked)
    }

    /// Takes `onMetaData`: its values without the leading name.
    pub(crate) fn push_metadata(&mut self, values: &[Value], now: Now) -> Result<(), PushError> {
        let mut body = Vec::new();
        amf0::write(&mut body, &Value::String("onMetaData".to_owned()));
        for value in values {
            amf0::write(&mut body, value);
        }
        let unit = Arc::new(Unit::new(Kind::Data, TagType::Script, 0, body));
        // Sound may come before the first picture's header: metadata tells whether to wait for it.
        let video = values.iter().any(|value| value.get("videocodecid").is_some());
        self.change_headers(unit, now, |headers, unit| {
            headers.metadata = Some(unit);
            headers.video_announced = video;
        })
    }

    /// Takes any other data message, such as a cue, for those who watch by then.
    pub(crate) fn push_data(&mut self, wire_ms: u32, values: &[Value]) -> Result<(), PushError> {
        let mut body = Vec::new();
        values.iter().for_each(|value| amf0::write(&mut body, value));
        let mut state = self.stream.lock();
        let state = &mut *state;
        let live = own(&mut state.live, self.session)?;
        live.bytes += body.len() as u64;
        // Before the first frame nobody watches.
        if let Some(offset_ms) = live.offset_ms {
            let timestamp_ms = wire_ms.wrapping_add(offset_ms);
            let unit = Arc::new(Unit::new(Kind::Data, TagType::Script, timestamp_ms, body));
            if let Some(recording) = &mut self.recording {
                recording.write(&unit, wire_ms);
            }
            state.ring.push(unit, None);
        }
        Ok(())
    }

    /// Tells players of what was taken since the last time, as soon as there is a picture. True while some are left,
    /// of very many: to be called again once others had their turn.
    pub(crate) fn tell(&mut self, now: Now) -> bool {
        if self.walk.told.is_empty() {
            if !std::mem::take(&mut self.is_news) {
                return false;
            }
            self.set_out();
        }
        let Walk { told, done, run, .. } = &mut self.walk;
        // The state is free meanwhile: one may write to a socket at once, or ask for more.
        for place in told.iter_mut().skip(*done).take(AT_ONCE) {
            place.feed(run.as_deref(), now);
        }
        *done += AT_ONCE;
        *done < told.len() || self.come_back()
    }

    fn set_out(&mut self) {
        let mut state = self.stream.lock();
        state.crowd.take_waiting(&mut self.walk.told);
        self.walk.run = state.make_run(self.walk.told.len());
        (self.walk.done, self.walk.until) = (0, state.ring.next_seq());
    }

    /// True when something came meanwhile, from who took over.
    fn come_back(&mut self) -> bool {
        let mut state = self.stream.lock();
        state.crowd.put_back(&mut self.walk.told);
        self.is_news |= state.ring.next_seq() != self.walk.until;
        drop(state);
        self.walk.told.clear();
        self.is_news
    }

    /// Takes an audio or video message as it came; [`Publication::tell`] passes it on.
    ///
    /// # Errors
    /// When its codec is not taken, its bytes break off, or the stream is another publisher's. What
    /// extended tags carry beside units is passed over.
    pub(crate) fn take(
        &mut self,
        tag_type: TagType,
        wire_ms: u32,
        body: Vec<u8>,
        now: Now,
    ) -> Result<(), PushError> {
        // Frame type 5 is a command to the player, without a picture (FLV 10.1 E.4.3.1).
        if tag_type == TagType::Video && body.first().is_some_and(|byte| byte >> 4 == 5) {
            return Ok(());
        }
        match Body::parse(tag_type, &body)? {
            Body::AvcHeader(record) => {
                let config = VideoHeader::from_record(VideoCodec::H264, record)?;
                self.change_video(config, wire_ms, body, now)
            }
            Body::VideoHeader { codec, record } => {
                let config = VideoHeader::from_record(codec, record)?;
                self.change_video(config, wire_ms, body, now)
            }
            Body::AacHeader(asc) => {
                let config = AudioHeader::from_bytes(AudioCodec::Aac, asc)?;
                self.change_audio(config, wire_ms, body, now)
            }
            Body::AudioHeader { codec, head } => {
                let config = AudioHeader::from_bytes(codec, head)?;
                self.change_audio(config, wire_ms, body, now)
            }
            Body::AvcUnit { keyframe, .. } | Body::VideoUnit { keyframe, .. } => {
                let kind = if keyframe { Kind::Key } else { Kind::Delta };
                self.push_frame(kind, tag_type, wire_ms, body, now)
            }
            Body::AacFrame(_) | Body::AudioUnit { .. } => {
                self.push_frame(Kind::Audio, tag_type, wire_ms, body, now)
            }
            Body::Other(byte) => Err(PushError::Codec(tag_type, byte)),
            Body::Foreign(four_cc) => Err(PushError::FourCc(four_cc.escape_ascii().to_string())),
            _ => Ok(()),
        }
    }

    fn change_video(
        &mut self,
        config: VideoHeader,
        wire_ms: u32,
        body: Vec<u8>,
        now: Now,
    ) -> Result<(), PushError> {
        let unit = Arc::new(Unit::new(Kind::Header, TagType::Video, wire_ms, body));
        self.change_headers(unit, now, |headers, unit| {
            headers.video = Some(Header { unit, config });
        })
    }

    fn change_audio(
        &mut self,
        config: AudioHeader,
        wire_ms: u32,
        body: Vec<u8>,
        now: Now,
    ) -> Result<(), PushError> {
        let unit = Arc::new(Unit::new(Kind::Header, TagType::Audio, wire_ms, body));
        self.change_headers(unit, now, |headers, unit| {
            headers.audio = Some(Header { unit, config });
        })
    }

    /// A header takes effect with the next frame; one that changes nothing is not passed on.
    fn change_headers(
        &mut self,
        unit: Arc<Unit>,
        now: Now,
        change: impl FnOnce(&mut Headers, Arc<Unit>),
    ) -> Result<(), PushError> {
        let mut state = self.stream.lock();
        let state = &mut *state;
        let live = own(&mut state.live, self.session)?;
        live.bytes += unit.body.len() as u64;
        if let Some(recording) = &mut self.recording {
            recording.write(&unit, unit.timestamp_ms);
        }
        if state.headers.units().any(|known| known.body == unit.body) {
            return Ok(());
        }
        change(Arc::make_mut(&mut state.headers), Arc::clone(&unit));
        // Players that are there already get it in its place; its own time may be 0.
        let timestamp_ms = match (unit.kind, state.newest) {
            (Kind::Header, Some((newest_ms, _))) => newest_ms,
            _ => unit.timestamp_ms,
        };
        state.newest.get_or_insert((timestamp_ms, now));
        state.ring.push(Arc::new(unit.at(timestamp_ms)), None);
        Ok(())
    }

    fn push_frame(
        &mut self,
        kind: Kind,
        tag_type: TagType,
        wire_ms: u32,
        body: Vec<u8>,
        now: Now,
    ) -> Result<(), PushError> {
        let mut state = self.stream.lock();
        let state = &mut *state;
        let live = own(&mut state.live, self.session)?;
        live.bytes += body.len() as u64;
        let (meter, header_known) = match kind {
            Kind::Audio => (&mut live.audio, state.headers.audio.is_some()),
            _ => (&mut live.video, state.headers.video.is_some()),
        };
        meter.add(body.len(), now);
        live.key_seen |= kind == Kind::Key && header_known;
        if !header_known || (kind == Kind::Delta && !live.key_seen) {
            return Ok(());
        }
        let offset_ms = *live.offset_ms.get_or_insert_with(|| match state.newest {
            // Who watched the session before goes on without a step back.
            Some((newest_ms, at)) if state.crowd.len() > 0 && state.sessions > 1 => {
                let pause_ms = now.since(at).as_millis().clamp(20, 60_000) as u32;
                newest_ms.wrapping_add(pause_ms).wrapping_sub(wire_ms)
            }
            _ => 0,
        });
        let timestamp_ms = wire_ms.wrapping_add(offset_ms);
        state.newest = Some((timestamp_ms, now));
        let unit = Arc::new(Unit::new(kind, tag_type, timestamp_ms, body));
        if let Some(recording) = &mut self.recording {
            recording.write(&unit, wire_ms);
        }
        if state.hls.push(&unit, &state.headers) {
            self.stream.parts_changed.notify_waiters();
        }
        let has_video = state.headers.video.is_some() || state.headers.video_announced;
        let joinable = is_joinable(kind, has_video);
        state.ring.push(unit, joinable.then_some(&state.headers));
        // Sound rides along with the next picture: one write for each player instead of two.
        let picture_is_near = kind == Kind::Audio
            && has_video
            && state.woken.is_some_and(|woken| now.since(woken) < SOUND_WAITS);
        if !picture_is_near {
            state.woken = Some(now);
            self.is_news = true;
        }
        Ok(())
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        let mut state = self.stream.lock();
        if own(&mut state.live, self.session).is_ok() {
            state.live = None;
            state.ring.end();
            state.hls.end();
            state.crowd.take_waiting(&mut self.walk.told);
            drop(state);
            self.stream.parts_changed.notify_waiters();
        } else {
            drop(state);
        }
        // Those too who were still to be told of what came before.
        self.walk.told.drain(..).for_each(Place::wake);
    }
}

fn own(live: &mut Option<Live>, session: u64) -> Result<&mut Live, PushError> {
    live.as_mut().filter(|live| live.session == session).ok_or(PushError::Revoked)
}

#[cfg(test)]
#[path = "stream_test.rs"]
mod tests;
