//! Vectors in the process itself: control by the objects that Swift and Kotlin have, frames by the functions that they
//! call.
#![expect(unsafe_code, reason = "calls what Swift and Kotlin call")]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use onair::{AudioQuality, Source, VideoQuality};
use onair_e2e::clock::Stopwatch;
use onair_ffi::c::push::{
    onair_audio_unit, onair_session_push_encoded_audio, onair_session_push_encoded_video,
    onair_video_unit,
};
use onair_ffi::c::rehearsal::{
    onair_rehearsal_begin, onair_rehearsal_cut, onair_rehearsal_end, onair_rehearsal_limit,
    onair_rehearsal_pass, onair_rehearsal_refuse, onair_rehearsal_wire,
};
use onair_ffi::{
    AudioOptions, DestinationOptions, Field, FieldValue, LiveCue, LiveError, LiveEvent,
    LiveSession, LiveState, SessionOptions, SharedBitrate, VideoOptions, audio_preset,
    parse_address, session_options, video_preset,
};
use onair_types::config::{Orientation, Profile};
use serde_json::{Value, json};

use crate::vectors::{Outcome, bytes, hex, number, text};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn configuration(vector: &Value) -> Value {
    let (audio, video) = (vector.get("audio").map(audio), vector.get("video").map(video));
    let made = LiveSession::new(session_options(audio, video));
    json!(made.err().map_or(0, |error| error.code()))
}

pub(crate) fn address(url: &str) -> Value {
    match parse_address(url) {
        Ok(parts) => json!({
            "is_secure": parts.is_secure,
            "host": parts.host,
            "port": parts.port,
            "app": parts.app,
            "tc_url": parts.tc_url,
        }),
        Err(error) => json!({ "code": error.code() }),
    }
}

pub(crate) fn session(script: &Value) -> Outcome {
    onair_rehearsal_begin(u32::try_from(number(script, "seed", 0)).expect("a seed"));
    let session = LiveSession::new(options(&script["options"])).expect("options that fit");
    onair_rehearsal_end();
    let mut player = Player { session, outcome: Outcome::default(), pushed: 0, streamed: 0 };
    for step in script["steps"].as_array().expect("steps") {
        let code = player.play(step);
        let expected = u16::try_from(number(step, "expect_code", 0)).expect("a code");
        assert_eq!(code, expected, "{step}");
    }
    player.end()
}

struct Player {
    session: LiveSession,
    outcome: Outcome,
    /// Access units that were taken.
    pushed: u64,
    /// Pictures of `stream` steps so far.
    streamed: i64,
}

impl Player {
    /// Plays a step: 0, or an error's code.
    fn play(&mut self, step: &Value) -> u16 {
        let handle = self.session.native_handle();
        match text(step, "do") {
            "start" => {
                let given = |name: &str| step[name].as_str().map(str::to_owned);
                let place = DestinationOptions {
                    url: text(step, "url").to_owned(),
                    backup_url: given("backup_url"),
                    name: None,
                    key: given("key"),
                    app: given("app"),
                    backup_key: given("backup_key"),
                    backup_after_ms: step["backup_after_ms"].as_u64(),
                };
                let started = self.session.start(vec![place], SharedBitrate::First);
                return started.err().map_or(0, |error: LiveError| error.code());
            }
            "await" => self.await_state(text(step, "state")),
            "video" => return self.push_video(step),
            "audio" => return self.push_audio(step),
            "cue" => {
                let sent = self.session.send_cue(cue(step), number(step, "time_us", 0));
                return sent.err().map_or(0, |error: LiveError| error.code());
            }
            "settle" => {
                onair_rehearsal_pass(handle, 0);
                let seen = self.session.figures();
                let gone = seen.frames_dropped + seen.audio_frames_dropped;
                let here = seen.frames_sent + seen.audio_frames_sent + gone;
                assert_eq!(here, self.pushed, "not sent: {seen:?}");
            }
            "pass" => {
                onair_rehearsal_pass(handle, u32::try_from(number(step, "us", 0)).expect("µs"));
            }
            "limit" => {
                let bps = u32::try_from(number(step, "bps", 0)).expect("bit/s");
                onair_rehearsal_limit(handle, bps);
            }
            "stream" => self.stream(step),
            "cut" => {
                onair_rehearsal_cut(handle);
            }
            "refuse" => {
                let attempts = u32::try_from(number(step, "attempts", 0)).expect("a number");
                onair_rehearsal_refuse(handle, attempts);
            }
            "finish" => assert!(self.session.finish(5_000), "not everything was sent"),
            "stop" => self.session.stop(),
            other => panic!("no step {other}"),
        }
        0
    }

    fn push_video(&mut self, step: &Value) -> u16 {
        let (header, payload) = (bytes(step, "header"), bytes(step, "payload"));
        let unit = onair_video_unit {
            layout: u32::from(text(step, "layout") == "start_codes"),
            is_key: u32::from(step["is_key"] == json!(true)),
            header: header.as_ptr(),
            header_size: header.len(),
            payload: payload.as_ptr(),
            payload_size: payload.len(),
            pts_us: number(step, "pts_us", 0),
            dts_us: number(step, "dts_us", 0),
        };
        // SAFETY: the unit's pointers are as long as it says.
        let code = unsafe {
            onair_session_push_encoded_video(self.session.native_handle(), &raw const unit)
        };
        self.pushed += u64::from(code == 0);
        u16::try_from(code).expect("a code")
    }

    /// Pictures at an even pace; the clock goes on when each was taken.
    fn stream(&mut self, step: &Value) {
        let handle = self.session.native_handle();
        let [interval, size, every] =
            ["interval_us", "size", "key_every"].map(|name| number(step, name, 1));
        for _ in 0..number(step, "frames", 0) {
            onair_rehearsal_pass(handle, u32::try_from(interval).expect("µs"));
            let is_key = self.streamed % every == 0;
            let nal_size = size - 4;
            let mut payload = format!("{nal_size:08x}{}", if is_key { "65" } else { "41" });
            payload += &"55".repeat(usize::try_from(nal_size - 1).expect("a size"));
            let header = if is_key { text(step, "header") } else { "" };
            let pts_us = self.streamed * interval;
            let code = self.push_video(&json!({ "layout": "lengths", "is_key": is_key,
                "header": header, "payload": payload, "pts_us": pts_us, "dts_us": pts_us }));
            assert_eq!(code, 0);
            self.streamed += 1;
        }
    }

    fn push_audio(&mut self, step: &Value) -> u16 {
        let (header, payload) = (bytes(step, "header"), bytes(step, "payload"));
        let unit = onair_audio_unit {
            header: header.as_ptr(),
            header_size: header.len(),
            payload: payload.as_ptr(),
            payload_size: payload.len(),
            pts_us: number(step, "pts_us", 0),
        };
        // SAFETY: the unit's pointers are as long as it says.
        let code = unsafe {
            onair_session_push_encoded_audio(self.session.native_handle(), &raw const unit)
        };
        self.pushed += u64::from(code == 0);
        u16::try_from(code).expect("a code")
    }

    fn await_state(&mut self, state: &str) {
        while self.outcome.states.last().is_none_or(|last| last != state) {
            let event = block_on(self.session.next_event());
            self.note(&event.expect("events go on"));
        }
    }

    fn note(&mut self, event: &LiveEvent) {
        match event {
            LiveEvent::StateChanged { state } => self.outcome.states.push(word(*state)),
            LiveEvent::Lost { error, .. } => self.outcome.lost.push(error.code().into()),
            LiveEvent::BitrateChanged { from_bps, to_bps, reason, .. } => {
                self.outcome.decisions.push(format!("bitrate {from_bps} {to_bps} {reason}"));
            }
            LiveEvent::PaceChanged { pace, reason, .. } => {
                self.outcome.decisions.push(format!("pace {pace:?} {reason}"));
            }
            _ => {}
        }
    }

    fn end(mut self) -> Outcome {
        self.session.cancel_events();
        while let Some(event) = block_on(self.session.next_event()) {
            self.note(&event);
        }
        for connection in 0.. {
            let mut size = 0;
            let handle = self.session.native_handle();
            let ask = |buffer: &mut [u8], size: &mut usize| {
                let (pointer, room) = (buffer.as_mut_ptr(), buffer.len());
                // SAFETY: the buffer has the room that is said.
                let status =
                    unsafe { onair_rehearsal_wire(handle, connection, pointer, room, size) };
                assert_eq!(status, 0);
            };
            ask(&mut [], &mut size);
            if size == 0 {
                break;
            }
            let mut wire = vec![0; size];
            ask(&mut wire, &mut size);
            self.outcome.wire.push(hex(&wire));
        }
        self.outcome
    }
}

fn word(state: LiveState) -> String {
    format!("{state:?}")
}

fn options(value: &Value) -> SessionOptions {
    let (sound, picture) = (&value["audio"], &value["video"]);
    let mut options = session_options(
        (!sound.is_null()).then(|| audio(sound)),
        (!picture.is_null()).then(|| video(picture)),
    );
    let source = |name: &str| match text(value, name) {
        "Encoded" => Source::Encoded,
        _ => Source::Raw,
    };
    (options.audio_source, options.video_source) = (source("audio_source"), source("video_source"));
    options.reconnect.max_retries =
        value["max_retries"].as_u64().and_then(|n| u32::try_from(n).ok());
    options.reconnect.fixed_delay_ms = value["fixed_delay_ms"].as_u64();
    assert_eq!(text(value, "adaptive_bitrate"), "Lag");
    options.metadata = fields(&value["metadata"]);
    options.allow_plaintext = value["allow_plaintext"] == true;
    options
}

fn cue(step: &Value) -> LiveCue {
    let (words, fields) = (text(step, "words").to_owned(), fields(&step["fields"]));
    match text(step, "kind") {
        "text" => LiveCue::Text { text: words },
        "point" => LiveCue::Point { name: words, parameters: fields },
        _ => LiveCue::Data { handler: words, fields },
    }
}

fn fields(list: &Value) -> Vec<Field> {
    let field = |field: &Value| {
        let value = match (field["text"].as_str(), field["flag"].as_bool()) {
            (Some(text), _) => FieldValue::Text { value: text.to_owned() },
            (None, Some(value)) => FieldValue::Flag { value },
            _ => FieldValue::Number { value: field["number"].as_f64().expect("a number") },
        };
        Field { name: text(field, "name").to_owned(), value }
    };
    list.as_array().into_iter().flatten().map(field).collect()
}

fn audio(value: &Value) -> AudioOptions {
    let usual = audio_preset(AudioQuality::High);
    AudioOptions {
        sample_rate_hz: unsigned(value, "sample_rate_hz", usual.sample_rate_hz),
        channels: u8::try_from(number(value, "channels", usual.channels.into())).expect("a byte"),
        bitrate_bps: unsigned(value, "bitrate_bps", usual.bitrate_bps),
    }
}

fn video(value: &Value) -> VideoOptions {
    let usual = video_preset(VideoQuality::Low2, Orientation::Portrait);
    VideoOptions {
        width: unsigned(value, "width", usual.width),
        height: unsigned(value, "height", usual.height),
        fps: unsigned(value, "fps", usual.fps),
        min_fps: unsigned(value, "min_fps", usual.min_fps),
        max_fps: unsigned(value, "max_fps", usual.max_fps),
        bitrate_bps: unsigned(value, "bitrate_bps", usual.bitrate_bps),
        min_bitrate_bps: unsigned(value, "min_bitrate_bps", usual.min_bitrate_bps),
        max_bitrate_bps: unsigned(value, "max_bitrate_bps", usual.max_bitrate_bps),
        keyframe_interval_frames: unsigned(
            value,
            "keyframe_interval_frames",
            usual.keyframe_interval_frames,
        ),
        profile: match value.get("profile").and_then(Value::as_str) {
            Some("Baseline") => Profile::Baseline,
            _ => usual.profile,
        },
    }
}

fn unsigned(value: &Value, name: &str, usual: u32) -> u32 {
    u32::try_from(number(value, name, usual.into())).expect("32 bits")
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let stopwatch = Stopwatch::start();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        assert!(stopwatch.elapsed() < PATIENCE, "nothing comes");
        thread::park_timeout(PATIENCE);
    }
}
