//! Clients of rooms that are stopped at any point of their connection, and servers that mean harm.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use onair::rooms::{Lost, RoomClient, RoomConfig, RoomEvent};
use tokio_tungstenite::tungstenite::{Message, accept};

use super::alone;
use crate::support::{LIMIT, open_files, pause, timed, wait_until};

const GREETING: &str = r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// How far a server goes along, before it says nothing more.
#[derive(Clone, Copy, Debug)]
enum Until {
    Accepted,
    Upgraded,
    Greeted,
    LetIn,
}

/// A server for as many clients as come, one after the other; it ends with the test.
fn server(until: Until) -> RoomConfig {
    serve(move |socket| {
        let listen =
            |mut socket: TcpStream| while socket.read(&mut [0; 1_024]).is_ok_and(|n| n > 0) {};
        if matches!(until, Until::Accepted) {
            return listen(socket);
        }
        let Ok(mut socket) = accept(socket) else { return };
        let words = [GREETING, r#"40{"sid":"b"}"#];
        let count = match until {
            Until::Accepted | Until::Upgraded => 0,
            Until::Greeted => 1,
            Until::LetIn => 2,
        };
        for word in &words[..count] {
            // Who has gone hears nothing.
            let _ = socket.send(Message::text(*word));
        }
        if matches!(until, Until::LetIn) {
            // This one says goodbye too.
            while socket.read().is_ok() {}
        } else {
            listen(socket.into_inner());
        }
    })
}

fn serve(meet: impl Fn(TcpStream) + Clone + Send + 'static) -> RoomConfig {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let meet = meet.clone();
            std::thread::spawn(move || meet(socket));
        }
    });
    RoomConfig::server(&format!("ws://{address}"))
}

#[test]
fn rw20_a_thousand_clients_stopped_at_any_point_leave_nothing_behind() {
    let _alone = alone();
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|gone| gone.local_addr()).expect("a port");
    let quick = [
        RoomConfig::server(&format!("ws://{gone}")),
        server(Until::Accepted),
        server(Until::LetIn),
        server(Until::LetIn).queue_offline(true),
    ];
    // A server that does not answer the goodbye costs what is waited for it.
    let silent = [server(Until::Upgraded), server(Until::Greeted)];
    let before = open_files();
    for cycle in 0_usize..1_000 {
        let config = match cycle % 20 {
            19 => silent[cycle / 20 % silent.len()].clone(),
            turn => quick[turn % quick.len()].clone(),
        };
        let (client, events) = RoomClient::start(config).expect("a near address");
        client.join("demo").expect("a key");
        pause(Duration::from_micros(200) * u32::try_from(cycle / 20 % 20).expect("small"));
        let (took, ()) = timed(|| client.stop());
        assert!(took < Duration::from_millis(100), "cycle {cycle}: stop took {took:?}");
        drop(events);
    }
    super::assert_no_thread();
    wait_until("no socket stays", || open_files() <= before);
}

/// What a server must not get away with, after the head that a client waits for.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// A head of HTTP that never ends.
    Head,
    /// A frame of a gigabyte.
    Frame,
    /// A message in pieces that never ends.
    Pieces,
    /// JSON that nests.
    Depth,
    /// Attachments, of which a room has none.
    Attachments,
}

impl Harm {
    const ALL: [Self; 5] = [Self::Head, Self::Frame, Self::Pieces, Self::Depth, Self::Attachments];

    /// What it begins with, and what follows again and again.
    fn bytes(self) -> (Vec<u8>, Vec<u8>) {
        let text = |words: &str| {
            let length = u16::try_from(words.len()).expect("short").to_be_bytes();
            [&[0x81, 126], &length[..], words.as_bytes()].concat()
        };
        match self {
            Self::Head => {
                (b"HTTP/1.1 101 Switching Protocols\r\n".to_vec(), b"X: y\r\n".repeat(1_000))
            }
            Self::Frame => (vec![0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0], vec![b'a'; 16 << 10]),
            Self::Pieces => (vec![0x01, 1, b'4'], [0x00, 1, b'2'].repeat(5_000)),
            Self::Depth => (text(&format!("42{}", "[".repeat(5_000))), text("2").repeat(1_000)),
            Self::Attachments => (text(r#"451000000-["comment",{}]"#), text("2").repeat(1_000)),
        }
    }
}

#[test]
fn s13_a_server_that_means_harm_is_left_soon_and_asked_again_with_patience() {
    /// What the kernels keep between the two, and what a client may have taken before it saw.
    const MOST_BYTES: usize = 12 << 20;
    let _alone = alone();
    for harm in Harm::ALL {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let config = serve(move |mut socket| {
            let (first, more) = harm.bytes();
            if !matches!(harm, Harm::Head) {
                let Ok(mut upgraded) = accept(socket) else { return };
                for word in [GREETING, r#"40{"sid":"b"}"#] {
                    let _ = upgraded.send(Message::text(word));
                }
                socket = upgraded.into_inner();
            }
            let mut taken = socket.write(&first).unwrap_or(0);
            while taken < 2 * MOST_BYTES
                && let Ok(count) = socket.write(&more)
            {
                taken += count;
            }
            counted.fetch_max(taken, Ordering::AcqRel);
        });
        let (client, mut events) = RoomClient::start(config).expect("a near address");
        client.join("demo").expect("a key");
        let (took, (reason, retry_in)) = timed(|| {
            loop {
                let event = events.next_timeout(LIMIT).expect("it is told");
                if let RoomEvent::Lost { reason, retry_in } = event {
                    return (reason, retry_in);
                }
            }
        });
        assert!(took < Duration::from_secs(6), "{harm:?}: after {took:?}");
        assert!(!matches!(reason, Lost::Insecure(_)), "{harm:?}: {reason:?}");
        let wait = retry_in.expect("it is tried again");
        assert!(wait <= Duration::from_millis(7_500), "{harm:?}: {wait:?}");
        client.stop();
        wait_until("the server notices", || sent.load(Ordering::Acquire) > 0);
        let sent = sent.load(Ordering::Acquire);
        assert!(sent < MOST_BYTES, "{harm:?}: {sent} bytes were taken");
    }
}
