//! The camera's edge: newest wins live, the push waits for files, buffers go round.

use std::sync::atomic::Ordering;
use std::thread;

use onair_media::frame::Plane;

use super::*;
use crate::edge::fixture::Around;

fn picture(fill: u8) -> Vec<u8> {
    vec![fill; 16 * 16 * 3 / 2]
}

fn push(edge: &VideoEdge, fill: u8, around: &Around) {
    let data = picture(fill);
    let frame = FrameView::packed(PixelFormat::I420, 16, 16, &data).expect("a valid picture");
    let at = CaptureTime::from_millis(fill.into());
    edge.push_newest(&frame, at, &around.waiting()).expect("memory");
}

fn next_fill(edge: &VideoEdge, around: &Around) -> Option<u8> {
    match edge.next(&around.waiting()) {
        Next::Item(frame) => {
            let fill = frame.data[0];
            edge.release(frame);
            Some(fill)
        }
        Next::Drained | Next::Stop => None,
    }
}

#[test]
fn the_newest_two_wait_and_the_others_are_counted() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    for fill in 1..=5 {
        push(&edge, fill, &around);
    }
    assert_eq!(around.counters.frames_skipped.load(Ordering::Relaxed), 3);
    assert_eq!(next_fill(&edge, &around), Some(4));
    assert_eq!(next_fill(&edge, &around), Some(5));
}

#[test]
fn buffers_go_round() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    let mut addresses = Vec::new();
    for fill in 1..=20 {
        push(&edge, fill, &around);
        let Next::Item(frame) = edge.next(&around.waiting()) else { panic!("a picture waits") };
        addresses.push(frame.data.as_ptr());
        edge.release(frame);
    }
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 2, "one in turn, and the last picture's");
}

#[test]
fn the_last_picture_can_be_had_again() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    edge.push_last(CaptureTime::ZERO, &around.waiting()).expect("nothing to push");
    for fill in [3, 4] {
        push(&edge, fill, &around);
        assert_eq!(next_fill(&edge, &around), Some(fill));
    }
    for millis in [40, 80] {
        let at = CaptureTime::from_millis(millis);
        edge.push_last(at, &around.waiting()).expect("a push");
        let Next::Item(frame) = edge.next(&around.waiting()) else { panic!("a picture waits") };
        assert_eq!((frame.data[0], frame.captured), (4, at));
        edge.release(frame);
    }
}

#[test]
fn padding_of_rows_is_left_out() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    let (luma, chroma) = (vec![7; 20 * 16], vec![9; 24 * 8]);
    let planes = [
        Plane { data: &luma, stride_bytes: 20 },
        Plane { data: &chroma, stride_bytes: 24 },
        Plane { data: &chroma, stride_bytes: 24 },
    ];
    let frame = FrameView::new(PixelFormat::I420, 16, 16, &planes).expect("a valid picture");
    edge.push_newest(&frame, CaptureTime::ZERO, &around.waiting()).expect("memory");
    let Next::Item(copy) = edge.next(&around.waiting()) else { panic!("a picture waits") };
    let mut expected = vec![7; 16 * 16];
    expected.resize(16 * 16 * 3 / 2, 9);
    assert_eq!(copy.data, expected);
}

#[test]
fn a_file_waits_for_room_and_stop_sets_it_free() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    let data = picture(1);
    let frame = FrameView::packed(PixelFormat::I420, 16, 16, &data).expect("a valid picture");
    let pushed = thread::scope(|scope| {
        let file = scope.spawn(|| {
            let mut pushed = 0;
            while edge.push_when_free(&frame, CaptureTime::ZERO, &around.waiting()).is_ok() {
                pushed += 1;
            }
            pushed
        });
        for _ in 0..10 {
            assert_eq!(next_fill(&edge, &around), Some(1));
        }
        around.ending.stop();
        file.join().expect("the push ends")
    });
    assert!((10..=10 + FRAMES).contains(&pushed), "{pushed} were accepted");
    assert_eq!(around.counters.frames_skipped.load(Ordering::Relaxed), 0);
}

#[test]
fn at_the_end_what_waits_comes_first() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    push(&edge, 1, &around);
    push(&edge, 2, &around);
    around.gate.close();
    around.ending.finish();
    assert_eq!(next_fill(&edge, &around), Some(1));
    assert_eq!(next_fill(&edge, &around), Some(2));
    assert!(matches!(edge.next(&around.waiting()), Next::Drained));
}

#[test]
fn at_the_end_a_push_under_way_is_waited_for() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    let inside = around.gate.enter();
    around.gate.close();
    around.ending.finish();
    let last = thread::scope(|scope| {
        let consumer = scope.spawn(|| next_fill(&edge, &around));
        push(&edge, 3, &around);
        drop(inside);
        consumer.join().expect("the consumer ends")
    });
    assert_eq!(last, Some(3));
}

#[test]
fn a_stop_leaves_what_waits() {
    let (edge, around) = (VideoEdge::new(), Around::new());
    push(&edge, 1, &around);
    around.ending.stop();
    assert!(matches!(edge.next(&around.waiting()), Next::Stop));
}
