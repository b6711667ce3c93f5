//! Pictures go to players' sockets from the publisher's side: what that must not change.

use onair_engine::flv::TagType;
use onair_engine::rtmp::message::Incoming;
use onair_server::RunningServer;

use crate::sample;
use crate::support::{Rtmp, server, wait_until};

/// More than the sockets of a connection hold, less than a stream keeps.
const PICTURES: u32 = 100;
const PICTURE_BYTES: usize = 120_000;

/// A player that has had its first picture, and reads no more before the test says so.
fn joined(server: &RunningServer) -> Rtmp {
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    assert_eq!(player.picture().unwrap().1, sample::avc_header());
    assert_eq!(player.picture().unwrap().1, sample::key(1_000));
    player
}

/// A stream whose first picture is there.
fn published(server: &RunningServer) -> Rtmp {
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.media(TagType::Video, 0, sample::key(1_000)).unwrap();
    publisher
}

/// A picture that no other is like, and its sound.
fn send(publisher: &mut Rtmp, number: u32) {
    let picture = sample::delta(0, PICTURE_BYTES + number as usize);
    publisher.media(TagType::Video, number * 20, picture).unwrap();
    publisher.media(TagType::Audio, number * 20, sample::audio(number as u8)).unwrap();
}

/// These pictures and their sound, each once and in order; sound may come with the picture after it.
fn expect(player: &mut Rtmp, numbers: std::ops::RangeInclusive<u32>) {
    let mut wanted = numbers.flat_map(|number| [(9, number), (8, number)]).peekable();
    while let Some(&(type_id, number)) = wanted.peek() {
        match player.next().expect("the player is kept") {
            Incoming::Media(message) => {
                let body = match type_id {
                    9 => sample::delta(0, PICTURE_BYTES + number as usize),
                    _ => sample::audio(number as u8),
                };
                let got = (message.type_id, message.timestamp_ms);
                assert_eq!(got, (type_id, number * 20));
                assert!(message.body == body, "another picture than number {number}");
                wanted.next();
            }
            _ => continue,
        }
    }
}

#[test]
fn a_socket_that_is_full_is_left_to_its_task_and_nothing_is_lost_or_out_of_order() {
    let server = server();
    let mut publisher = published(&server);
    let mut player = joined(&server);
    (1..=PICTURES).for_each(|number| send(&mut publisher, number));
    let sent = PICTURES as usize * PICTURE_BYTES;
    wait_until("everything", || server.streams()[0].bytes as usize > sent);
    expect(&mut player, 1..=PICTURES);
    // And as before, now that it has caught up.
    let next = PICTURES + 1;
    send(&mut publisher, next);
    send(&mut publisher, next + 1);
    expect(&mut player, next..=next);
}

#[test]
fn sockets_that_take_a_part_of_what_all_are_sent_get_the_rest_of_it() {
    // Less than one write may take, so that all are written the same bytes.
    const BYTES: usize = 30_000;
    const COUNT: u32 = 400;
    let picture = |number: u32| sample::delta(0, BYTES + number as usize);
    let server = server();
    let mut publisher = published(&server);
    let mut players = [(); 3].map(|()| joined(&server));
    let mut told = 0;
    for number in 1..=COUNT {
        publisher.media(TagType::Video, number * 20, picture(number)).unwrap();
        // At first they keep up.
        if number <= 20 {
            for player in &mut players {
                assert!(player.picture() == Some((number * 20, picture(number))), "{number}");
            }
            told = number;
        }
    }
    wait_until("everything", || server.streams()[0].bytes as usize > COUNT as usize * BYTES);
    for player in &mut players {
        for number in told + 1..=COUNT {
            assert!(player.picture() == Some((number * 20, picture(number))), "{number}");
        }
    }
    publisher.media(TagType::Video, (COUNT + 1) * 20, picture(COUNT + 1)).unwrap();
    for player in &mut players {
        assert!(player.picture() == Some(((COUNT + 1) * 20, picture(COUNT + 1))));
    }
}

#[test]
fn a_player_that_joins_in_the_middle_of_anothers_write_gets_everything_and_so_does_the_other() {
    let server = server();
    let mut publisher = published(&server);
    let mut slow = joined(&server);
    (1..=PICTURES / 2).for_each(|number| send(&mut publisher, number));
    let sent = PICTURES as usize / 2 * PICTURE_BYTES;
    wait_until("half of it", || server.streams()[0].bytes as usize > sent);
    // The other one's socket holds a part of a picture.
    let mut late = joined(&server);
    (PICTURES / 2 + 1..=PICTURES).for_each(|number| send(&mut publisher, number));
    expect(&mut late, 1..=PICTURES);
    expect(&mut slow, 1..=PICTURES);
}

#[test]
fn a_slow_player_costs_others_nothing_and_goes_on_at_a_key_frame() {
    let server = server();
    let mut publisher = published(&server);
    let (mut slow, mut quick) = (joined(&server), joined(&server));
    // Each picture before the next one is sent, for far longer than the stream is kept.
    let mut newest = 0;
    for number in 1..=PICTURES * 2 {
        let at = number * 40;
        let key = number % 25 == 0;
        let picture =
            if key { sample::key(PICTURE_BYTES) } else { sample::delta(0, PICTURE_BYTES) };
        publisher.media(TagType::Video, at, picture.clone()).unwrap();
        assert!(quick.picture() == Some((at, picture)), "picture {number}");
        newest = if key { at } else { newest };
    }
    // What its sockets and its task held comes first, then all from a key frame on.
    let mut before = 0;
    let (at, header) = loop {
        let (at, body) = slow.picture().expect("it is kept for ten seconds");
        if at != before + 40 {
            break (at, body);
        }
        before = at;
    };
    assert_eq!((at, header), (newest, sample::avc_header()));
    assert!(slow.picture() == Some((newest, sample::key(PICTURE_BYTES))));
    assert!(before < newest);
}
