//! What a frame costs at the border: no allocation in the thread that pushes, whichever way it comes.
#![expect(
    unsafe_code,
    reason = "calls the C functions and Java's, and counts what the allocator is asked for"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, TcpListener};
use std::ptr::{null, null_mut};
use std::time::Duration;

use jni_sys::{JNIEnv, JNINativeInterface_, jlong, jobject};
use onair_e2e::clock;
use onair_ffi::c::ONAIR_OK;
use onair_ffi::c::easel::{
    onair_placed, onair_session_draw, onair_session_place_video, onair_target, onair_target_plane,
};
use onair_ffi::c::push::{
    ONAIR_PIXELS_NV12, onair_plane, onair_session_push_audio, onair_session_push_video,
    onair_video_frame,
};
use onair_ffi::jni::Java_io_onair_ffi_Frames_pushYuv420;
use onair_ffi::{
    DestinationOptions, LiveSession, SharedBitrate, audio_preset, session_options, video_preset,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends counts no more.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A direct buffer, as far as the border asks.
struct Direct {
    data: *const u8,
    size: jlong,
}

unsafe extern "system" fn address(_: *mut JNIEnv, buffer: jobject) -> *mut c_void {
    // SAFETY: the test passes nothing else.
    unsafe { (*buffer.cast::<Direct>()).data.cast_mut().cast() }
}

unsafe extern "system" fn capacity(_: *mut JNIEnv, buffer: jobject) -> jlong {
    // SAFETY: the test passes nothing else.
    unsafe { (*buffer.cast::<Direct>()).size }
}

extern "system" fn unexpected() {
    std::process::abort();
}

/// Java's functions, two of which are there.
fn java() -> Box<JNINativeInterface_> {
    let mut table = Box::new(MaybeUninit::<JNINativeInterface_>::uninit());
    let functions = size_of::<JNINativeInterface_>() / size_of::<extern "system" fn()>();
    // SAFETY: the table is made of pointers to functions, and gets that many.
    unsafe {
        let slots = table.as_mut_ptr().cast::<extern "system" fn()>();
        (0..functions).for_each(|index| slots.add(index).write(unexpected));
        let mut table = table.assume_init();
        table.v1_4.GetDirectBufferAddress = address;
        table.v1_4.GetDirectBufferCapacity = capacity;
        table
    }
}

#[test]
fn a_frame_crosses_the_border_without_an_allocation() {
    // Somebody who takes the connection and never answers: the session waits, and takes frames.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = silent.local_addr().expect("a bound socket has an address").port();
    let audio = audio_preset(onair::AudioQuality::Medium);
    let video =
        video_preset(onair::VideoQuality::High1, onair_types::config::Orientation::Landscape);
    let session = LiveSession::new(session_options(Some(audio), Some(video)));
    let session = session.expect("presets fit");
    let url = format!("rtmp://127.0.0.1:{port}/live/key");
    let place = DestinationOptions { url, ..Default::default() };
    session.start(vec![place], SharedBitrate::First).expect("it starts");

    let luma = vec![90; 1280 * 720];
    let chroma = vec![128; 1280 * 360];
    let samples = vec![0; 2 * 1024];
    let plane = |data: &[u8]| onair_plane { data: data.as_ptr(), size: data.len(), stride: 1280 };
    let table = java();
    let functions: JNIEnv = &raw const *table;
    let direct = |data: &[u8]| Direct { data: data.as_ptr(), size: data.len() as jlong };
    let (java_luma, java_chroma) = (direct(&luma), direct(&chroma));
    let push_java = |time_us: i64| {
        let handle = session.native_handle().cast_signed();
        let buffer = |of: &Direct| (&raw const *of).cast_mut().cast();
        let (luma, chroma) = (buffer(&java_luma), buffer(&java_chroma));
        // SAFETY: the table and the buffers are what Java's would be.
        let status = unsafe {
            Java_io_onair_ffi_Frames_pushYuv420(
                (&raw const functions).cast_mut(),
                null_mut(),
                handle,
                luma,
                0,
                1280,
                chroma,
                0,
                chroma,
                1,
                1280,
                2,
                1280,
                720,
                time_us,
            )
        };
        assert_eq!(status, ONAIR_OK);
    };
    let push_c = |time_us: i64| {
        let no_plane = onair_plane { data: null(), size: 0, stride: 0 };
        let frame = onair_video_frame {
            pixels: ONAIR_PIXELS_NV12,
            width: 1280,
            height: 720,
            planes: [plane(&luma), plane(&chroma), no_plane],
            time_us,
            release: None,
            context: std::ptr::null_mut(),
        };
        let handle = session.native_handle();
        // SAFETY: the planes are as long as is said.
        assert_eq!(unsafe { onair_session_push_video(handle, &raw const frame) }, ONAIR_OK);
    };
    let push = |number: i64| {
        let time_us = number * 23_220;
        if number % 2 == 0 {
            push_c(time_us)
        } else {
            push_java(time_us)
        }
        let (handle, samples) = (session.native_handle(), &samples);
        let (data, count) = (samples.as_ptr(), samples.len());
        // SAFETY: the samples are as many as is said.
        let sound = unsafe { onair_session_push_audio(handle, data, count, 44_100, 2, time_us) };
        assert_eq!(sound, ONAIR_OK);
    };
    // In bursts, so that buffers go round; then each when those before it are encoded, so that a busy
    // machine needs no more of them.
    (0..BURSTS).for_each(push);
    let mut allocations = 0;
    for number in BURSTS..BURSTS + 100 {
        let settled = clock::until(Duration::from_secs(30), || {
            let seen = session.figures();
            (seen.frames_encoded + seen.frames_skipped == number as u64).then_some(())
        });
        assert!(settled.is_some(), "the encoder does not get on");
        let before = ALLOCATIONS.get();
        push(number);
        allocations += ALLOCATIONS.get() - before;
    }
    assert_eq!(allocations, 0);
    session.stop();
}

const BURSTS: i64 = 200;

#[test]
fn a_look_drawn_for_an_apps_encoder_allocates_nothing_once_it_is_warm() {
    let video =
        video_preset(onair::VideoQuality::High1, onair_types::config::Orientation::Landscape);
    let mut options = session_options(None, Some(video));
    options.video_source = onair::Source::Encoded;
    let session = LiveSession::new(options).expect("presets fit");
    let mut look = onair_ffi::look_options();
    look.mirror = true;
    (look.beauty.is_on, look.beauty.is_fast) = (true, true);
    look.effects = vec![onair_ffi::PictureEffect::Gray];
    session.set_look(look).expect("a look");
    session.set_preview(true, false);

    let (luma, chroma) = (vec![90; 1280 * 720], vec![128; 1280 * 360]);
    let plane = |data: &[u8]| onair_plane { data: data.as_ptr(), size: data.len(), stride: 1280 };
    let frame = onair_video_frame {
        pixels: ONAIR_PIXELS_NV12,
        width: 1280,
        height: 720,
        planes: [plane(&luma), plane(&chroma), onair_plane { data: null(), size: 0, stride: 0 }],
        time_us: 0,
        release: None,
        context: null_mut(),
    };
    let (mut y, mut uv) = (vec![0; 1280 * 720], vec![0; 1280 * 360]);
    let room = |data: &mut [u8]| onair_target_plane {
        data: data.as_mut_ptr(),
        size: data.len(),
        stride: 1280,
    };
    let nowhere = onair_target_plane { data: null_mut(), size: 0, stride: 0 };
    let target = onair_target {
        pixels: ONAIR_PIXELS_NV12,
        width: 1280,
        height: 720,
        planes: [room(&mut y), room(&mut uv), nowhere],
    };
    let handle = session.native_handle();
    let draw = |time_us| {
        let mut placed = onair_placed::default();
        // SAFETY: the planes are as long as is said, and nobody else uses them.
        let statuses = unsafe {
            [
                onair_session_place_video(handle, time_us, &raw mut placed),
                onair_session_draw(handle, &raw const frame, &raw const target),
            ]
        };
        assert_eq!((statuses, placed.is_drawn), ([ONAIR_OK; 2], 1));
    };
    (0..3).for_each(draw);
    let before = ALLOCATIONS.get();
    (3..8).for_each(draw);
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_ne!(y[0], 0, "it was drawn");
}
