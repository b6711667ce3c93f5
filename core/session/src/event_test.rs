//! Order and bounds of the event queue.

use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Wake;
use std::thread;
use std::time::Duration;

use super::*;

fn drain(events: &mut Events) -> Vec<Event> {
    std::iter::from_fn(|| events.try_next()).collect()
}

fn dropped(video: u32) -> Event {
    Event::Dropped { destination: DestinationId::new(0, "a"), video, audio: 0 }
}

#[test]
fn states_and_errors_come_in_order_and_statistics_last() {
    let queue = EventQueue::new(32);
    let mut events = queue.consumer();
    queue.push(Event::State(State::Pending));
    queue.push(Event::Statistics(Statistics { frames_in: 1, ..Statistics::default() }));
    queue.push(dropped(1));
    queue.push(Event::Statistics(Statistics { frames_in: 2, ..Statistics::default() }));
    queue.push(Event::State(State::Live));
    let newest = Event::Statistics(Statistics { frames_in: 2, ..Statistics::default() });
    let expected =
        [Event::State(State::Pending), dropped(1), Event::State(State::Live), newest].to_vec();
    assert_eq!(drain(&mut events), expected);
}

#[test]
fn m05_an_app_that_never_looks_loses_old_events_but_not_the_present_state() {
    let queue = EventQueue::new(32);
    let mut events = queue.consumer();
    queue.push(Event::State(State::Pending));
    for index in 0..100 {
        queue.push(dropped(index));
    }
    queue.push(Event::State(State::Live));
    let waiting = drain(&mut events);
    assert_eq!(waiting.len(), 32);
    assert_eq!(waiting.first(), Some(&Event::State(State::Pending)), "no state is lost");
    assert_eq!(waiting.last(), Some(&Event::State(State::Live)));
    assert_eq!(queue.lost(), 70);
}

#[test]
fn m05_what_is_said_often_goes_before_what_is_said_once() {
    let queue = EventQueue::new(8);
    let mut events = queue.consumer();
    let error = Error::Connection("lost".to_owned());
    let destination = DestinationId::new(0, "a");
    let lost = Event::Lost { destination, error, attempt: 0, retry_in: None };
    queue.push(lost.clone());
    queue.push(Event::KeyframeWanted);
    for index in 0..100 {
        queue.push(dropped(index));
    }
    let waiting = drain(&mut events);
    assert_eq!(waiting[..2], [lost, Event::KeyframeWanted]);
    assert_eq!((waiting.len(), waiting.last()), (8, Some(&dropped(99))));
}

#[test]
fn among_states_only_the_oldest_go() {
    let queue = EventQueue::new(8);
    let mut events = queue.consumer();
    for _ in 0..20 {
        queue.push(Event::State(State::Live));
        queue.push(Event::State(State::Reconnecting));
    }
    queue.push(Event::State(State::Stopped));
    let waiting = drain(&mut events);
    assert_eq!(waiting.len(), 8);
    assert_eq!(waiting.last(), Some(&Event::State(State::Stopped)));
}

#[test]
fn what_is_wanted_of_an_encoder_waits_once() {
    let queue = EventQueue::new(8);
    let mut events = queue.consumer();
    queue.push(Event::KeyframeWanted);
    queue.push(Event::VideoBitrateWanted(900_000));
    queue.push(Event::VideoBitrateWanted(800_000));
    queue.push(Event::KeyframeWanted);
    assert_eq!(drain(&mut events), [Event::VideoBitrateWanted(800_000), Event::KeyframeWanted]);
}

#[test]
fn a_waiting_consumer_hears_the_event_and_the_end() {
    let queue = EventQueue::new(8);
    let mut events = queue.consumer();
    let consumer = thread::spawn(move || (events.next_blocking(), events.next_blocking()));
    queue.push(Event::State(State::Live));
    queue.close();
    let (first, second) = consumer.join().expect("the consumer ends");
    assert_eq!((first, second), (Some(Event::State(State::Live)), None));
}

#[test]
fn waiting_ends_with_the_timeout() {
    let queue = EventQueue::new(8);
    assert_eq!(queue.consumer().next_timeout(Duration::from_millis(5)), None);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn an_executor_is_woken_by_an_event_and_by_the_end() {
    let queue = EventQueue::new(8);
    let mut events = queue.consumer();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let count = || woken.0.load(Ordering::Relaxed);
    assert_eq!(events.poll_next(&mut context), Poll::Pending);
    queue.push(dropped(1));
    assert_eq!(count(), 1);
    queue.push(dropped(2));
    assert_eq!(count(), 1, "it was told already");
    assert_eq!(events.poll_next(&mut context), Poll::Ready(Some(dropped(1))));
    assert_eq!(events.poll_next(&mut context), Poll::Ready(Some(dropped(2))));
    assert_eq!(events.poll_next(&mut context), Poll::Pending);
    queue.close();
    assert_eq!(count(), 2);
    assert_eq!(events.poll_next(&mut context), Poll::Ready(None));
}
