use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;

use onair_engine::publish::ConnectError;

use super::*;
use crate::clock::SystemClock;
use crate::net::tcp::TcpConnector;
use crate::{Clock, Connector, Target};

const LONG: Duration = Duration::from_secs(20);

fn lull() -> (Wake, Lull) {
    let wake = Wake::default();
    let lull = Lull::new(&wake).expect("a lull");
    wake.bell().listen();
    (wake, lull)
}

/// Our end, and the server's. Inside a runtime.
async fn connected() -> Result<(Box<dyn Connection>, TcpStream), ConnectError> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let target = Target { host: "127.0.0.1".to_owned(), port, tls: false, low_latency: true };
    let ours = TcpConnector::default().connect(target).await?;
    Ok((ours, listener.accept().expect("a connection").0))
}

#[test]
fn a_sleep_ends_when_its_time_has_come() {
    let (clock, (_wake, mut lull)) = (SystemClock::new(), lull());
    for _ in 0..5 {
        let due = clock.now() + Duration::from_millis(7);
        assert_eq!(lull.sleep(Duration::from_millis(7)), Ended::Time);
        assert!(clock.now() >= due);
    }
    assert_eq!(lull.sleep(Duration::ZERO), Ended::Time);
}

#[test]
fn who_rings_ends_a_sleep_and_each_one_until_it_is_heard() {
    let (wake, mut lull) = lull();
    thread::scope(|scope| {
        scope.spawn(|| wake.notify());
        assert_eq!(lull.sleep(LONG), Ended::Bell);
    });
    assert_eq!(lull.sleep(LONG), Ended::Bell, "nobody listened");
    wake.bell().listen();
    assert_eq!(lull.sleep(Duration::from_millis(5)), Ended::Time);
}

#[test]
fn who_rings_while_it_is_awake_is_heard_in_the_runtime_too() {
    let (wake, mut lull) = lull();
    let runtime = crate::net::runtime(1).expect("a runtime");
    wake.notify();
    runtime.block_on(wake.notified());
    assert_eq!(lull.sleep(LONG), Ended::Bell);
}

#[test]
fn the_news_of_a_socket_end_a_sleep_and_are_the_runtimes_to_hear() {
    let runtime = crate::net::runtime(1).expect("a runtime");
    let (_wake, mut lull) = lull();
    let (mut ours, mut theirs) = runtime.block_on(connected()).expect("a connection");
    assert!(lull.watch(&*ours));
    assert_eq!(lull.sleep(Duration::from_millis(5)), Ended::Time, "nothing came");
    theirs.write_all(b"news").expect("a write");
    assert_eq!(lull.sleep(LONG), Ended::Peer);
    let mut buffer = [0; 16];
    let read = runtime.block_on(std::future::poll_fn(|cx| ours.poll_read(cx, &mut buffer)));
    assert_eq!(&buffer[..read.expect("what came")], b"news");
    assert_eq!(lull.sleep(Duration::from_millis(5)), Ended::Time, "it was told once");
    drop(theirs);
    assert_eq!(lull.sleep(LONG), Ended::Peer, "the peer has gone");
    drop(ours);
    assert_eq!(lull.sleep(Duration::from_millis(5)), Ended::Time, "a closed one says nothing");
}
