//! What only the inside can set up: a system whose name lookups hang.

use std::net::SocketAddr;
use std::thread;

use super::*;
use crate::Event;
use crate::net::resolve::{LookupError, System};
use crate::net::tcp::TcpConnector;

/// On a system whose lookups block.
fn session(lookup: fn() -> Result<Vec<SocketAddr>, LookupError>) -> Session {
    let resolver = System::asking(move |_, _| lookup());
    let video = VideoConfig::builder().size(64, 48).build().expect("a valid configuration");
    Session::builder(None, Some(video))
        .video_source(Source::Encoded)
        .allow_plaintext(true)
        .connector(Arc::new(TcpConnector { resolver: Arc::new(resolver) }))
        .build()
        .expect("a session")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test measures real time")]
fn r19_a_lookup_that_hangs_does_not_hold_up_stop() {
    let session = session(|| {
        thread::park_timeout(Duration::from_secs(20));
        Ok(Vec::new())
    });
    session.start("rtmp://hangs.invalid/live/key").expect("it starts");
    // Until the lookup is under way.
    thread::park_timeout(Duration::from_millis(50));
    let begin = std::time::Instant::now();
    session.stop();
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(300), "stop took {took:?}");
    assert_eq!(session.state(), State::Stopped);
}

#[test]
fn r10_a_name_that_is_not_known_is_an_error_of_its_own() {
    let session = session(|| Err(LookupError::UnknownHost));
    let mut events = session.events().expect("the first consumer");
    session.start("rtmp://unknown.invalid/live/key").expect("it starts");
    let is_end = |event: &Event| *event == Event::State(State::Failed);
    while !is_end(&events.next_timeout(Duration::from_secs(10)).expect("an event")) {}
    let error = session.last_error().expect("an error");
    assert_eq!(error.code(), 203);
    assert!(error.to_string().contains("resolve the host"), "{error}");
}

#[test]
fn a_session_is_used_from_any_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Session>();
}
