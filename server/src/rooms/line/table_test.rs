//! Lines over real sockets: order, bounds, and places that are used again.

use std::net::{Ipv4Addr, TcpListener};

use super::*;

const FRAME_BYTES: usize = 64 << 10;

/// A line and its member's end.
fn open(lines: &mut Lines) -> (LineId, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let member = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    // So that it is full soon.
    socket2::SockRef::from(&socket).set_send_buffer_size(64 << 10).unwrap();
    (lines.open(socket, Now::ZERO).0, member)
}

/// The number, so often that a hundred of them fill the kernel's buffers.
fn frame(number: u8) -> Bytes {
    vec![number; FRAME_BYTES].into()
}

#[test]
fn telling_a_room_touches_few_bytes_of_each_member() {
    assert!(size_of::<Line>() <= 12, "{}", size_of::<Line>());
}

#[test]
fn what_waits_goes_out_in_order_and_whole() {
    let mut lines = Lines::default();
    let (id, mut member) = open(&mut lines);
    let (other, mut reader) = open(&mut lines);
    for number in 0..100 {
        lines.send(id, &frame(number));
    }
    assert_eq!(lines.flush(id), Some(true), "more than the kernel takes");
    lines.send(other, &frame(7));
    assert!(lines.flush(other).is_some());
    let mut came = Vec::new();
    let mut buffer = [0; 65_536];
    while came.len() < 100 * FRAME_BYTES {
        let count = member.read(&mut buffer).unwrap();
        came.extend_from_slice(&buffer[..count]);
        lines.flush(id).unwrap();
    }
    let expected: Vec<u8> = (0..100).flat_map(frame).collect();
    assert!(came == expected, "frames are cut or out of order");
    assert_eq!(lines.flush(id), Some(false));
    // The other one's member did not have to wait for that.
    assert!(reader.read(&mut buffer).unwrap() > 0 && buffer[0] == 7);
}

#[test]
fn a_member_that_does_not_read_is_cut_and_the_next_is_not() {
    let mut lines = Lines::default();
    let (slow, _member) = open(&mut lines);
    let (next, mut reader) = open(&mut lines);
    let news = Arc::clone(&lines.behind[0].news);
    for _ in 0..1_000 {
        lines.send(slow, &frame(1));
        assert!(lines.behind[0].waiting.len() <= WAITING);
    }
    assert_eq!(lines.flush(slow), None, "it is cut");
    assert!(lines.behind[0].waiting.is_empty(), "and nothing is kept for it");
    let mut word = std::pin::pin!(news.notified());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(word.as_mut().poll(&mut context).is_ready(), "its task is told");
    lines.send(next, &Bytes::from_static(b"here"));
    let mut buffer = [0; 8];
    assert_eq!(reader.read(&mut buffer).unwrap(), 4);
}

#[test]
fn a_place_is_used_again_but_not_by_its_former_name() {
    let mut lines = Lines::default();
    let (former, mut member) = open(&mut lines);
    lines.close(former);
    let mut buffer = [0; 8];
    assert_eq!(member.read(&mut buffer).unwrap(), 0, "its socket is closed");
    let (id, mut member) = open(&mut lines);
    assert_eq!((id.place, lines.lines.len()), (former.place, 1));
    lines.send(former, &Bytes::from_static(b"former"));
    lines.close(former);
    assert_eq!(lines.flush(former), None);
    assert_eq!(lines.read(former, &mut buffer).unwrap(), 0);
    lines.send(id, &Bytes::from_static(b"new"));
    assert_eq!(member.read(&mut buffer).unwrap(), 3);
    assert_eq!(buffer[..3], *b"new");
}

/// What has come for a member, all of it pings.
fn pings(member: &mut TcpStream) -> usize {
    member.set_nonblocking(true).unwrap();
    let mut buffer = [0; 4_096];
    let Ok(count) = member.read(&mut buffer) else { return 0 };
    assert_eq!(buffer[..count], frames::text("2").repeat(count / 3));
    count / 3
}

#[test]
fn who_answers_is_pinged_every_ten_seconds_and_who_does_not_is_cut_after_twenty() {
    let mut lines = Lines::default();
    let (answers, mut member) = open(&mut lines);
    let (falls_silent, mut silent) = open(&mut lines);
    let (says_nothing, mut stranger) = open(&mut lines);
    lines.heard(falls_silent);
    let mut pinged = Vec::new();
    for tick in 1..=600 {
        let now = Now::from_millis(tick * 100);
        lines.heard(answers);
        lines.beat(now);
        for _ in 0..pings(&mut member) {
            pinged.push(tick * 100);
        }
        let is_in = now < Now::from_millis(20_000);
        let is_known = now < Now::from_millis(10_000);
        assert!(!is_in || lines.flush(falls_silent).is_some(), "cut at {now:?}");
        assert!(!is_known || lines.flush(says_nothing).is_some(), "cut at {now:?}");
    }
    // Up to half a second later each time, so that those of many go together.
    assert_eq!(pinged, [10_500, 21_000, 31_500, 42_000, 52_500]);
    assert_eq!(pings(&mut silent), 1);
    assert_eq!(pings(&mut stranger), 0);
    assert_eq!(lines.flush(falls_silent), None);
    assert_eq!(lines.flush(says_nothing), None);
    assert_eq!(lines.flush(answers), Some(false));
}
