//! From push to socket nothing allocates per frame once the pools are warm: every allocation of
//! every thread is counted, but those of the server.

mod support;

use std::sync::Arc;

use onair::{
    AudioEncoder, AudioUnit, CaptureTime, Destinations, EncodeError, EncoderInfo, FrameView,
    MediaTime, Pcm, PixelFormat, Samples, Session, Sound, Source, State, VideoEncoder, VideoUnit,
};
use onair_media::encode::I420;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{FrameKind, Pool};
use support::counting::{self, Counting, leave_out_this_thread};
use support::sink::{Behaviour, Sink};
use support::units::{asc, audio, audio_config, avc_config, video, video_config};
use support::wait_until;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn sink() -> Sink {
    Sink::start_with(&[Behaviour::Accept], leave_out_this_thread)
}

/// Where a broadcast goes, and how many there are.
struct Servers(Vec<Sink>);

impl Servers {
    fn start(count: usize) -> Self {
        Self((0..count).map(|_| sink()).collect())
    }

    fn destinations(&self) -> Destinations {
        Destinations::new(self.0.iter().map(Sink::url))
    }

    fn wait_live(&self, session: &Session) {
        wait_until("all are live", || {
            session.destinations().iter().all(|one| one.state == State::Live)
        });
    }
}

const WARM_UP: i64 = 200;
const COUNTED: i64 = 400;
/// Frames pushed at once while warming up: no encoded picture and no sound goes for want of room.
const BURST: i64 = 8;
/// Samples a channel pushed with a picture: a thirtieth of a second at 44,100 Hz.
const SAMPLES: usize = 1_470;

/// Allocations while frames `WARM_UP..` are pushed, each when everything before it is done, so that
/// a busy machine makes it slower and not different. Before that they come in bursts, so that
/// buffers go round. `sound_done` is how many AAC frames so many pushes make at least.
fn allocations(
    session: &Session,
    servers: &Servers,
    sound_done: impl Fn(i64) -> i64,
    mut push: impl FnMut(i64),
) -> u64 {
    let settle = |pushed: i64| {
        wait_until("what was pushed is sent or counted as gone", || {
            let seen = session.statistics();
            // What is skipped is skipped for all; the rest is counted for each.
            let gone = seen.frames_skipped * servers.0.len() as u64 + seen.frames_dropped;
            seen.frames_sent + gone >= (pushed * servers.0.len() as i64) as u64
                && seen.audio_frames_encoded >= sound_done(pushed) as u64
        });
    };
    for number in 0..WARM_UP {
        push(number);
        if number % BURST == BURST - 1 {
            settle(number + 1);
        }
    }
    let before = (counting::allocations(), session.statistics().frames_sent);
    for number in WARM_UP..WARM_UP + COUNTED {
        push(number);
        settle(number + 1);
    }
    let after = (counting::allocations(), session.statistics().frames_sent);
    let pictures = COUNTED as u64 * servers.0.len() as u64;
    assert_eq!(after.1 - before.1, pictures, "pictures sent");
    after.0 - before.0
}

/// A pool whose buffers all exist and hold as much as `bytes`: how many are in use at once is the
/// scheduler's doing.
fn warm_pool(bytes: &[u8]) -> Pool {
    let mut pool = Pool::new(128);
    drop([(); 128].map(|()| pool.copy_of(bytes)));
    pool
}

/// One test, since all threads of the process are counted, the test harness's too.
#[test]
fn from_push_to_socket_nothing_allocates_per_frame() {
    for destinations in [1, 3] {
        encoded_units(destinations);
        raw_frames(PixelFormat::I420, destinations);
    }
    raw_frames(PixelFormat::Bgra, 1);
    mixed_sound();
}

fn encoded_units(destinations: usize) {
    let servers = Servers::start(destinations);
    let session = Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .build()
        .expect("a session");
    session.start(servers.destinations()).expect("it starts");
    servers.wait_live(&session);
    let config = avc_config();
    let bytes = [0x11; 6_000];
    let (mut pictures, mut sound) = (warm_pool(&bytes), warm_pool(&bytes[..200]));
    let template = video(&config, 0, 0, FrameKind::Idr);
    let frame = audio(0, 0);
    let allocated = allocations(
        &session,
        &servers,
        |pushed| 2 * pushed,
        |number| {
            let pts = MediaTime::from_millis(number * 33);
            let kind = if number % 30 == 0 { FrameKind::Idr } else { FrameKind::Reference };
            let payload = pictures.copy_of(&bytes);
            let unit = VideoUnit { pts, dts: pts, kind, payload, ..template.clone() };
            session.push_encoded_video(unit).expect("a push");
            for half in [0, 16] {
                let payload = sound.copy_of(&bytes[..200]);
                let pts = MediaTime::from_millis(number * 33 + half);
                session.push_encoded_audio(AudioUnit { pts, payload, ..frame }).expect("a push");
            }
        },
    );
    session.stop();
    assert_eq!(allocated, 0, "in {COUNTED} frames to {destinations}");
}

/// Writes into pooled buffers, as a good encoder does.
struct Pooled {
    config: Arc<AvcConfig>,
    asc: Asc,
    pool: Pool,
    encoded: u32,
}

impl Pooled {
    fn new() -> Self {
        Self { config: avc_config(), asc: asc(), pool: warm_pool(&[0; 500]), encoded: 0 }
    }
}

impl VideoEncoder for Pooled {
    fn encode(
        &mut self,
        picture: &I420<'_>,
        pts: MediaTime,
        out: &mut dyn FnMut(VideoUnit),
    ) -> Result<(), EncodeError> {
        let payload = self.pool.copy_of(&picture.planes()[0].data[..500]);
        let is_idr = self.encoded.is_multiple_of(30);
        let kind = if is_idr { FrameKind::Idr } else { FrameKind::Reference };
        self.encoded += 1;
        out(VideoUnit { pts, dts: pts, kind, config: Arc::clone(&self.config).into(), payload });
        Ok(())
    }

    fn request_idr(&mut self) {}

    fn set_bitrate(&mut self, _bitrate_bps: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn set_fps(&mut self, _fps: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn flush(&mut self, _out: &mut dyn FnMut(VideoUnit)) -> Result<(), EncodeError> {
        Ok(())
    }

    fn info(&self) -> EncoderInfo {
        EncoderInfo { name: String::new(), warning: None }
    }
}

impl AudioEncoder for Pooled {
    fn encode(
        &mut self,
        pcm: &[i16],
        pts: MediaTime,
        out: &mut dyn FnMut(AudioUnit),
    ) -> Result<(), EncodeError> {
        let payload = self.pool.copy_of(&[pcm[0] as u8; 100]);
        out(AudioUnit { pts, config: self.asc.into(), payload });
        Ok(())
    }

    fn set_bitrate(&mut self, _bitrate_bps: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn flush(&mut self, _out: &mut dyn FnMut(AudioUnit)) -> Result<(), EncodeError> {
        Ok(())
    }

    fn asc(&self) -> Asc {
        self.asc
    }

    fn info(&self) -> EncoderInfo {
        EncoderInfo { name: String::new(), warning: None }
    }
}

fn raw_frames(format: PixelFormat, destinations: usize) {
    let servers = Servers::start(destinations);
    let session = Session::builder(Some(audio_config()), Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Pooled::new()))))
        .audio_encoder(Box::new(|_| Ok(Box::new(Pooled::new()))))
        .build()
        .expect("a session");
    session.start(servers.destinations()).expect("it starts");
    servers.wait_live(&session);
    let data = vec![128; 64 * 48 * 4];
    let frame = FrameView::packed(format, 64, 48, &data).expect("a picture");
    let samples = [5; SAMPLES * 2];
    let aac_frames = |pushed| pushed * SAMPLES as i64 / 1_024;
    let allocated = allocations(&session, &servers, aac_frames, |number| {
        let at = CaptureTime::from_micros(number * 1_000_000 / 30);
        session.push_video(frame, at).expect("a push");
        let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
        session.push_audio(pcm, at).expect("a push");
    });
    session.stop();
    assert_eq!(allocated, 0, "in {COUNTED} frames of {format:?} to {destinations}");
}

/// Two sources of sound, neither at the session's rate nor in its channels.
fn mixed_sound() {
    let servers = Servers::start(1);
    let session = Session::builder(Some(audio_config()), Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Pooled::new()))))
        .audio_encoder(Box::new(|_| Ok(Box::new(Pooled::new()))))
        .build()
        .expect("a session");
    let music = session.add_audio_source().expect("room for a source");
    session.set_audio_source_gain(music, 0.5).expect("a gain");
    session.start(servers.destinations()).expect("it starts");
    servers.wait_live(&session);
    let data = vec![128; 64 * 48 * 3 / 2];
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    let (voice, surround) = ([0.1; 1_600], [5; 533 * 6]);
    // The filters and the mix hold a little back.
    let aac_frames = |pushed| (pushed * SAMPLES as i64 - 3_000) / 1_024;
    let allocated = allocations(&session, &servers, aac_frames, |number| {
        let at = CaptureTime::from_micros(number * 1_000_000 / 30);
        session.push_video(frame, at).expect("a push");
        let samples = Samples::F32(&voice);
        let sound = Sound { samples, sample_rate_hz: 48_000, channels: 1 };
        session.push_audio(sound, at).expect("a push");
        let pcm = Pcm { samples: &surround, sample_rate_hz: 16_000, channels: 6 };
        session.push_audio_to(music, pcm, at).expect("a push");
    });
    session.stop();
    assert_eq!(allocated, 0, "in {COUNTED} frames with two sources of sound");
}
