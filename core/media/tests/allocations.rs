//! Counts what the Rust side allocates for each frame once pools are warm. The codecs' own memory
//! is C++ and does not pass through this allocator.
#![cfg(all(feature = "openh264", feature = "fdk-aac"))]
#![expect(unsafe_code, reason = "a global allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use onair_media::convert::to_i420;
use onair_media::effect::{Effect, Lut};
use onair_media::encode;
use onair_media::frame::{FrameView, I420Frame, PixelFormat};
use onair_media::look::{Beauty, Chain, Framing, Look, Rotation};
use onair_media::overlay::{Content, Image, Inputs, Overlay, Place, Text};
use onair_media::pattern::{Kind, Tone, VideoPattern};
use onair_media::pcm::Framer;
use onair_types::{AudioConfig, MediaTime, VideoConfig};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn pictures_become_units_without_allocating_once_warm() {
    let config = VideoConfig::builder().size(640, 360).build().unwrap();
    let mut encoder = encode::h264(&config).unwrap();
    let mut pattern = VideoPattern::new(Kind::Motion, 640, 360, config.fps()).unwrap();
    let mut drawn = I420Frame::new(640, 360).unwrap();
    let mut frames = 0..;
    let mut converted = I420Frame::new(640, 360).unwrap();
    let mut queue = VecDeque::with_capacity(16);
    let mut second = || {
        for frame in frames.by_ref().take(60) {
            pattern.draw(frame, &mut drawn).unwrap();
            let view = FrameView::packed(PixelFormat::I420, 640, 360, drawn.as_bytes()).unwrap();
            to_i420(&view, &mut converted).unwrap();
            let mut keep = |unit| {
                if queue.len() == 10 {
                    queue.pop_front();
                }
                queue.push_back(unit);
            };
            encoder.encode(&converted.view(), pattern.time_of(frame), &mut keep).unwrap();
        }
    };
    count(&mut second);
    assert_eq!(count(&mut second), 0);
    assert_eq!(count(&mut second), 0);
}

#[test]
fn looks_are_drawn_without_allocating_once_warm() {
    let data = vec![90; 320 * 240 * 4];
    let framing = Framing { rotation: Rotation::Quarter, zoom: 1.3, ..Framing::default() };
    let zoomed = Look { framing, ..Look::default() };
    let beauty = Beauty { is_on: true, ..Beauty::default() };
    for look in [Look::default(), zoomed.clone(), Look { beauty, ..zoomed.clone() }] {
        for format in [PixelFormat::I420, PixelFormat::Nv12, PixelFormat::Bgra] {
            let view = FrameView::packed(format, 320, 240, &data).unwrap();
            let look = Arc::new(look.clone());
            let mut chain = Chain::new(160, 200).unwrap();
            let mut draw = || {
                chain.set(&look);
                chain.draw(&view, MediaTime::ZERO).unwrap();
            };
            count(&mut draw);
            assert_eq!(count(&mut draw), 0, "{format:?} {look:?}");
        }
    }
}

#[test]
fn effects_overlays_and_previews_are_drawn_without_allocating_once_warm() {
    let table = format!("LUT_3D_SIZE 2\n{}", "0.1 0.5 0.9\n".repeat(8));
    let lut = Effect::Lut(Lut::from_cube(table.as_bytes()).unwrap());
    let effects = Effect::names().filter_map(Effect::from_name).chain([lut]).collect();
    let over = |name: &str, content, x| {
        let place = Place { x, y: 7, width: 41, ..Place::default() };
        Overlay { name: name.to_owned(), content, place, opacity: 0.7, z: 0 }
    };
    let image = Image::from_rgba(30, 20, vec![200; 30 * 20 * 4]).unwrap();
    let overlays = vec![
        over("image", Content::Image(image), 3),
        over("text", Content::Text(Text::new("on air", 20.0)), 50),
        over("guest", Content::Input, 99),
    ];
    let inputs = Inputs::default();
    inputs.set(&overlays);
    let look = Arc::new(Look { effects, overlays, ..Look::default() });
    let data = vec![90; 160 * 200 * 3 / 2];
    let view = FrameView::packed(PixelFormat::I420, 160, 200, &data).unwrap();
    let guest = FrameView::packed(PixelFormat::Nv12, 80, 60, &data).unwrap();
    let mut chain = Chain::new(160, 200).unwrap().with_inputs(inputs.clone());
    chain.set_preview(Some(true));
    let mut draw = || {
        inputs.push("guest", &guest).unwrap();
        chain.set(&look);
        chain.draw(&view, MediaTime::ZERO).unwrap();
    };
    // Three buffers of the guest go round.
    (0..3).for_each(|_| _ = count(&mut draw));
    assert_eq!(count(&mut draw), 0);
}

#[test]
fn samples_become_units_without_allocating_once_warm() {
    let config = AudioConfig::new(44_100, 2, 96_000).unwrap();
    let mut encoder = encode::aac(&config).unwrap();
    let mut framer = Framer::new(2).unwrap();
    let tone = Tone::new(44_100, 2);
    let mut pcm = vec![0; 940 * 2];
    let mut queue = VecDeque::with_capacity(16);
    let mut pushed = 0;
    let mut second = || {
        for _ in 0..47 {
            tone.fill(pushed, &mut pcm);
            pushed += 940;
            let push = framer.push(&pcm, |block| {
                let pts = MediaTime::from_micros(block.first_sample as i64 * 1_000_000 / 44_100);
                let mut keep = |unit| {
                    if queue.len() == 10 {
                        queue.pop_front();
                    }
                    queue.push_back(unit);
                };
                encoder.encode(block.pcm, pts, &mut keep).unwrap();
            });
            push.unwrap();
        }
    };
    count(&mut second);
    assert_eq!(count(&mut second), 0);
    assert_eq!(count(&mut second), 0);
}
