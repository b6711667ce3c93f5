//! What two destinations in trouble cost the third in time. Alone in its file: it measures.

mod support;

use std::time::Duration;

use onair::{Destinations, Session, Source, State};
use support::camera::{Camera, numbers, pictures};
use support::sink::{Behaviour, Sink};
use support::units::video_config;
use support::wait_until;

/// How late pictures are at a sink that is measured, while other sinks have trouble or not.
fn lateness(neighbours: bool) -> Vec<f64> {
    let third = Sink::good();
    let throttled = Sink::start(&[Behaviour::Slow(25_000)]);
    let killed = Sink::start(&[Behaviour::UntilCut, Behaviour::CloseOnPublish]);
    let mut urls = Vec::new();
    if neighbours {
        urls.extend([throttled.url(), killed.url()]);
    }
    urls.push(third.url());
    let session = Session::builder(None, Some(video_config()))
        .video_source(Source::Encoded)
        .build()
        .expect("a session");
    session.start(Destinations::new(urls)).expect("it starts");
    wait_until("all are live", || {
        session.destinations().iter().all(|one| one.state == State::Live)
    });
    let mut camera = Camera::new(6_000); // 1.4 Mbit/s
    let mut pushed = camera.run(&session, Duration::from_secs(2));
    killed.cut_all();
    pushed.extend(camera.run(&session, Duration::from_secs(3)));
    let seen = third.wait_for("all", 0, |seen| numbers(seen).len() == pushed.len());
    assert!(numbers(&seen).into_iter().eq(0..pushed.len() as u32), "every picture, in order");
    let each = session.destinations();
    if neighbours {
        assert!(each[0].frames_dropped > 0, "200 kbit/s carry less: {:?}", each[0]);
        assert_ne!(each[1].state, State::Live, "{:?}", each[1]);
    }
    session.stop();
    assert_eq!(third.connections().len(), 1);
    let late = pictures(&seen).into_iter().zip(pushed);
    late.map(|((_, at), pushed)| at.saturating_duration_since(pushed).as_secs_f64() * 1e3).collect()
}

#[test]
fn of_three_one_throttled_and_one_killed_the_third_loses_nothing_and_is_no_later() {
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        alone.extend(lateness(false));
        together.extend(lateness(true));
    }
    for (what, part) in [("median", 2), ("95th percentile", 20)] {
        let [before, after] = [&mut alone, &mut together].map(|late| {
            late.sort_by(f64::total_cmp);
            late[late.len() - 1 - late.len() / part]
        });
        let gained = after - before;
        let pass = gained <= 20.0;
        println!(
            "{{\"id\":\"DEST\",\"what\":\"three destinations, one at 200 kbit/s, one killed: later \
             at the third, {what}, ms\",\"value\":{gained:.2},\"alone_ms\":{before:.2},\
             \"limit\":[null,20.0],\"pass\":{pass}}}"
        );
        assert!(pass, "{what}: {before} ms alone, {after} ms beside the others");
    }
}
