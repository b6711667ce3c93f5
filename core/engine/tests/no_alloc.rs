//! The way of an access unit through the engine allocates nothing once it is warm: from
//! `handle_unit` to `handle_written`, encoders' pools included.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::IoSlice;
use std::sync::Arc;

use onair_engine::amf0::Value;
use onair_engine::flv::{AudioMeta, MetaData, VideoMeta};
use onair_engine::publish::{Config, Output, Publish, State};
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::handshake;
use onair_engine::url::StreamUrl;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Now, Pool, VideoUnit};

/// Counts what the test's own thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends may still free and allocate; nobody counts then.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "a counting allocator is the only way to see an allocation")]
// SAFETY: every call goes to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An encoder's side: pooled payloads, shared parameter sets.
struct Source {
    video: Pool,
    audio: Pool,
    config: Arc<AvcConfig>,
    asc: Asc,
    picture: i64,
    sound: i64,
}

impl Source {
    fn new() -> Self {
        let sps = [0x67, 0x42, 0xC0, 0x15, 0xD9, 1, 0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10];
        let pps = [0x68, 0xCB, 0x83, 0xCB, 0x20];
        Self {
            video: Pool::new(64),
            audio: Pool::new(256),
            config: Arc::new(AvcConfig::from_parameter_sets(&sps, &pps).expect("valid")),
            asc: Asc::aac_lc(44_100, 2).expect("a known rate"),
            picture: 0,
            sound: 0,
        }
    }

    /// The next unit and when it is pushed.
    fn next(&mut self) -> (AccessUnit, i64) {
        let video_micros = self.picture * 1_000_000 / 30;
        let audio_micros = self.sound * 1_024_000_000 / 44_100;
        if audio_micros <= video_micros {
            self.sound += 1;
            let pts = MediaTime::from_micros(audio_micros);
            let payload = self.audio.copy_of(&[0x22; 300]);
            (AccessUnit::Audio(AudioUnit { pts, config: self.asc.into(), payload }), audio_micros)
        } else {
            let is_idr = self.picture % 60 == 0;
            self.picture += 1;
            let dts = MediaTime::from_micros(video_micros);
            let size = if is_idr { 40_000 } else { 4_000 + (self.picture as usize * 37) % 3_000 };
            let payload = self.video.copy_of(&PIXELS[..size]);
            let unit = VideoUnit {
                pts: dts,
                dts,
                kind: if is_idr { FrameKind::Idr } else { FrameKind::Reference },
                config: Arc::clone(&self.config).into(),
                payload,
            };
            (AccessUnit::Video(unit), video_micros)
        }
    }
}

static PIXELS: [u8; 40_000] = [0x11; 40_000];

/// Drains outputs and lets the socket take up to `limit` bytes a write until nothing waits.
fn turn(publish: &mut Publish, limit: usize, now: Now) {
    loop {
        while !matches!(publish.poll_output(now), Output::Wait(_)) {}
        let mut slices = [IoSlice::new(&[]); 32];
        let filled = publish.outgoing(&mut slices);
        let bytes: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
        if bytes == 0 {
            break;
        }
        publish.handle_written(bytes.min(limit), now);
    }
}

fn live(chunk_size_bytes: u32) -> Publish {
    let url = StreamUrl::parse("rtmp://live.example/app/key").expect("a good address");
    let video = VideoMeta {
        width: 640,
        height: 360,
        fps: 30.0,
        bitrate_bps: 1_000_000,
        ..VideoMeta::default()
    };
    let audio = AudioMeta {
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_bps: 96_000,
        ..AudioMeta::default()
    };
    let encoder = "test".to_owned();
    let mut config = Config::new(
        url,
        MetaData { video: Some(video), audio: Some(audio), encoder, ..MetaData::default() },
    );
    config.chunk_size_bytes = chunk_size_bytes;
    let mut publish = Publish::new(config);
    publish.start(Now::ZERO);
    turn(&mut publish, usize::MAX, Now::ZERO);
    publish.handle_connected(Now::ZERO);

    // A server's half, said without listening: S0 S1 S2 to any C0 C1, then the three answers.
    let mut hello = Vec::new();
    let mut shaker = handshake::Server::new(1);
    shaker.handle(&[&[3][..], &[0; 1_536]].concat(), &mut hello).expect("a good C0");
    publish.handle_received(&hello, Now::ZERO);
    let (mut writer, mut out) = (CommandWriter::new(), Outgoing::new());
    let code = |code: &str| {
        let text = |text: &str| Value::String(text.to_owned());
        Value::Object(vec![("level".to_owned(), text("status")), ("code".to_owned(), text(code))])
    };
    let (null, one) = (Value::Null, Value::Number(1.0));
    let success = [null.clone(), code("NetConnection.Connect.Success")];
    writer.command(0, "_result", 1.0, &success, &mut out);
    writer.command(0, "_result", 4.0, &[null.clone(), one], &mut out);
    writer.command(1, "onStatus", 0.0, &[null, code("NetStream.Publish.Start")], &mut out);
    let mut slices = [IoSlice::new(&[]); 16];
    let filled = out.io_slices(&mut slices);
    for slice in &slices[..filled] {
        publish.handle_received(slice, Now::ZERO);
    }
    turn(&mut publish, usize::MAX, Now::ZERO);
    assert_eq!(publish.state(), State::Live);
    publish
}

/// Streams `seconds` and returns the allocations made on the way.
fn stream(publish: &mut Publish, source: &mut Source, limit: usize, seconds: i64) -> u64 {
    let before = ALLOCATIONS.get();
    let end = source.picture + seconds * 30;
    while source.picture < end {
        let (unit, micros) = source.next();
        let now = Now::from_micros(micros);
        publish.handle_unit(unit, now);
        turn(publish, limit, now);
    }
    ALLOCATIONS.get() - before
}

#[test]
fn a_warm_stream_allocates_nothing() {
    for (chunk_size_bytes, limit) in [(65_536, usize::MAX), (128, usize::MAX), (4_096, 700)] {
        let mut publish = live(chunk_size_bytes);
        let mut source = Source::new();
        let warm_up = stream(&mut publish, &mut source, limit, 10);
        assert!(warm_up > 0, "the counter counts");
        let allocations = stream(&mut publish, &mut source, limit, 60);
        assert_eq!(allocations, 0, "with chunks of {chunk_size_bytes} and writes of {limit}");
        let counts = publish.snapshot(Now::from_millis(70_000));
        assert_eq!(counts.video_units_sent, 2_100);
        assert_eq!((counts.video_units_dropped, counts.audio_units_dropped), (0, 0));
    }
}

#[test]
fn shedding_in_a_jam_allocates_nothing() {
    let mut publish = live(65_536);
    let mut source = Source::new();
    for jam in 0..4 {
        stream(&mut publish, &mut source, usize::MAX, 2);
        let mut allocations = 0;
        for _ in 0..300 {
            // Nothing is written for about four seconds; pictures keep more of the pool busy.
            let (unit, micros) = source.next();
            let before = ALLOCATIONS.get();
            publish.handle_unit(unit, Now::from_micros(micros));
            while !matches!(publish.poll_output(Now::from_micros(micros)), Output::Wait(_)) {}
            allocations += ALLOCATIONS.get() - before;
        }
        assert!(jam == 0 || allocations == 0, "{allocations} allocations in jam {jam}");
    }
    assert!(publish.snapshot(Now::ZERO).video_units_dropped > 0);
}
