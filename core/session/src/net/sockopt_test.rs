//! The kernel's figures, on a real connection.

use std::io::Read;
use std::net::TcpListener;

use tokio::runtime::Builder;

use super::*;

/// A connection to a peer that has not read anything.
fn connected(work: impl AsyncFnOnce(TcpStream, std::net::TcpStream)) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let ours = TcpStream::connect(address).await.expect("a connection");
        let (theirs, _) = listener.accept().expect("its other end");
        tune(&ours, true);
        work(ours, theirs).await;
    });
}

#[test]
fn what_the_peer_has_is_not_unacked() {
    connected(async |ours, mut theirs| {
        ours.writable().await.expect("a socket");
        assert_eq!(ours.try_write(&[7; 10_000]).expect("room"), 10_000);
        theirs.read_exact(&mut [0; 10_000]).expect("all of it");
        let idle = transport(&ours).expect("figures");
        assert_eq!((idle.unacked_bytes, idle.unsent_bytes), (0, 0));
        assert!(!idle.rtt.is_zero() && idle.rtt.as_millis() < 500, "{idle:?}");
    });
}

#[test]
fn what_waits_in_the_kernel_is_counted_and_little_of_it_is_unsent() {
    connected(async |ours, _theirs| {
        ours.writable().await.expect("a socket");
        let mut written = 0u64;
        while let Ok(bytes) = ours.try_write(&[7; 4_096]) {
            written += bytes as u64;
            assert!(written < 64 << 20, "the socket takes no end");
        }
        let full = transport(&ours).expect("figures");
        assert!((1..=written).contains(&full.unacked_bytes), "{full:?} of {written}");
        assert!(full.unsent_bytes <= full.unacked_bytes);
        // What is asked for, and one segment as long as the loopback makes them.
        assert!(full.unsent_bytes <= u64::from(UNSENT_BYTES) + (64 << 10), "{full:?}");
    });
}

#[test]
fn a_descriptor_that_is_no_tcp_connection_tells_nothing() {
    let file = std::fs::File::open("/dev/null").expect("a file");
    assert_eq!(system::transport(file.as_raw_fd()), None);
}

#[test]
fn a_structure_that_an_old_kernel_filled_in_part_has_no_more_than_that() {
    let figures = Figures { bytes: [1; 16], filled: 10 };
    assert_eq!(figures.u32_at(6), Some(0x0101_0101));
    assert_eq!((figures.u32_at(7), figures.u32_at(usize::MAX)), (None, None));
}
