//! The stock of a file: order, room, and each unit at its time.

use std::sync::atomic::{AtomicUsize, Ordering};

use onair_types::{FrameKind, Track};

use super::*;
use crate::edge::fixture::Units;

const BOTH: Tracks = Tracks { video: true, audio: true };

fn stock(timing: Timing) -> (Stock, Hand) {
    let stock = Stock::new(BOTH, timing, Wake::default());
    let hand = stock.hand();
    (stock, hand)
}

/// Pictures each 33 ms and sound each 23 ms, in order of decoding time.
fn show(from_ms: i64, to_ms: i64) -> Vec<AccessUnit> {
    let units = Units::new();
    let at = |step: i64| (0..).map(move |n| n * step).skip_while(move |ms| *ms < from_ms);
    let video = at(33).take_while(|ms| *ms < to_ms).map(|ms| units.video(ms, FrameKind::Idr));
    let audio = at(23).take_while(|ms| *ms < to_ms).map(|ms| units.audio(ms));
    let mut show: Vec<AccessUnit> =
        video.map(AccessUnit::Video).chain(audio.map(AccessUnit::Audio)).collect();
    show.sort_by_key(AccessUnit::dts);
    show
}

/// Hands over all at once.
fn push_many(stock: &Stock, units: impl IntoIterator<Item = AccessUnit>) -> Result<(), PushError> {
    let mut units: Vec<AccessUnit> = units.into_iter().collect();
    let mut sum = Sum::new();
    units.iter().for_each(|unit| sum.add(unit));
    let result = stock.push_first(&mut units, &sum);
    assert!(units.is_empty(), "what was handed over is gone");
    result
}

fn taken(hand: &mut Hand, now_ms: i64) -> Vec<(Track, i64)> {
    let now = Now::from_millis(now_ms);
    let next = || {
        let unit = if hand.look(now) { hand.next()? } else { return None };
        Some((unit.track(), unit.dts().as_millis_rounded()))
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn b2_what_is_pushed_at_once_comes_out_at_once_and_in_order() {
    let (stock, mut hand) = stock(Timing::AsPushed);
    let pushed = show(0, 1_000);
    let expected: Vec<i64> = pushed.iter().map(|unit| unit.dts().as_millis_rounded()).collect();
    push_many(&stock, pushed).expect("it runs");
    let times: Vec<i64> = taken(&mut hand, 0).into_iter().map(|(_, ms)| ms).collect();
    assert_eq!(times, expected);
    assert!(stock.is_empty() && hand.is_empty() && hand.due().is_none());
}

#[test]
fn b1_a_picture_and_the_sound_before_it_go_together_when_the_picture_is_due() {
    use Track::{Audio, Video};
    let (stock, mut hand) = stock(Timing::OnTime);
    push_many(&stock, show(0, 120)).expect("it runs");
    assert_eq!(taken(&mut hand, 5_000), [(Video, 0), (Audio, 0)]);
    assert_eq!(hand.due(), Some(Now::from_millis(5_033)));
    assert_eq!(taken(&mut hand, 5_032), []);
    assert_eq!(taken(&mut hand, 5_033), [(Audio, 23), (Video, 33)]);
    assert_eq!(hand.due(), Some(Now::from_millis(5_066)));
    // Late, everything that is due goes at once.
    let late = [(Audio, 46), (Video, 66), (Audio, 69), (Audio, 92), (Video, 99)];
    assert_eq!(taken(&mut hand, 5_100), late);
}

#[test]
fn sound_alone_goes_each_60_ms() {
    let (stock, mut hand) = stock(Timing::OnTime);
    let units = Units::new();
    push_many(&stock, (0..20).map(|n| AccessUnit::Audio(units.audio(n * 20)))).expect("it runs");
    let mut wakes = Vec::new();
    let mut now_ms = 0;
    while !hand.is_empty() || wakes.is_empty() {
        wakes.push(taken(&mut hand, now_ms).len());
        now_ms = hand.due().map_or(now_ms, |due| due.as_millis_rounded());
    }
    assert_eq!(wakes, [0, 4, 4, 4, 4, 4]);
}

#[test]
fn on_time_a_second_is_handed_over_ahead() {
    let (stock, mut hand) = stock(Timing::OnTime);
    let pushed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for unit in show(0, 10_000) {
                if stock.push(unit).is_err() {
                    break;
                }
                pushed.fetch_add(1, Ordering::Release);
            }
        });
        // 31 pictures and 44 frames of sound: up to the first of either that is a second ahead.
        while pushed.load(Ordering::Acquire) < 74 {
            std::thread::yield_now();
        }
        assert_eq!(taken(&mut hand, 0).len(), 2);
        stock.stop();
    });
    assert!(pushed.into_inner() <= 2 * 76, "what was taken made room for as much again");
}

#[test]
fn a_file_waits_for_room_and_stop_sets_it_free() {
    let (stock, mut hand) = stock(Timing::AsPushed);
    let accepted = std::thread::scope(|scope| {
        let file = scope.spawn(|| {
            let mut units = show(0, 60_000).into_iter();
            units.by_ref().take_while(|unit| stock.push(unit.clone()).is_ok()).count()
        });
        let mut seen = Vec::new();
        while seen.len() < 1_000 {
            seen.extend(taken(&mut hand, 0));
        }
        assert!(seen.is_sorted_by_key(|(_, ms)| *ms), "one thread's order stays");
        stock.stop();
        file.join().expect("the push ends")
    });
    assert!(accepted >= 1_000);
}

#[test]
fn batches_wait_for_room_as_a_whole_and_come_out_in_order_with_what_they_hold_out_of_order() {
    let (stock, mut hand) = stock(Timing::AsPushed);
    let (all, mut seen) = (show(0, 20_000), Vec::new());
    let expected: Vec<(Track, i64)> =
        all.iter().map(|unit| (unit.track(), unit.dts().as_millis_rounded())).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Every other batch one track after the other.
            for (index, batch) in all.chunks(100).enumerate() {
                let mut batch = batch.to_vec();
                if index % 2 == 0 {
                    batch.sort_by_key(|unit| (unit.track() as u8, unit.dts()));
                }
                push_many(&stock, batch).expect("it runs");
            }
        });
        while seen.len() < expected.len() {
            let more = taken(&mut hand, 0);
            let shelves = stock.0.lock();
            assert!(shelves.row.count(Track::Video) <= PICTURES && shelves.size_bytes <= BYTES);
            drop(shelves);
            seen.extend(more);
        }
    });
    seen.sort_by_key(|(track, ms)| (*ms, *track as u8));
    assert_eq!(seen, expected);
}

#[test]
fn of_many_units_the_first_go_and_the_rest_stays() {
    let (stock, mut hand) = stock(Timing::AsPushed);
    let mut units = show(0, 200);
    let mut sum = Sum::new();
    units[..4].iter().for_each(|unit| sum.add(unit));
    let rest = units[4..].to_vec();
    stock.push_first(&mut units, &sum).expect("it runs");
    assert_eq!((units, taken(&mut hand, 0).len()), (rest, 4));
    stock.stop();
    let mut units = show(0, 200);
    assert_eq!(stock.push_first(&mut units, &sum), Err(PushError::NotRunning));
}

#[test]
fn the_end_waits_until_the_last_unit_was_taken() {
    let (stock, mut hand) = stock(Timing::OnTime);
    push_many(&stock, show(0, 40)).expect("it runs");
    let is_over = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            stock.wait_until_taken();
            is_over.store(1, Ordering::Release);
        });
        assert_eq!(taken(&mut hand, 0).len(), 2);
        assert_eq!(is_over.load(Ordering::Acquire), 0);
        assert_eq!(taken(&mut hand, 33).len(), 2);
    });
    assert_eq!(is_over.into_inner(), 1);
}
