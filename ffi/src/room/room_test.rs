//! The client that Swift and Kotlin hold, against the embedded server.

use std::net::Ipv4Addr;
use std::time::Duration;

use onair_server::{Config, RunningServer, Server};

use super::*;
use crate::room::event::RefusalKind;

const PATIENCE: Duration = Duration::from_secs(20);

fn server() -> RunningServer {
    let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
    Server::start(Config { rtmp: anywhere, http: anywhere, ..Config::default() })
        .expect("free ports")
}

fn client(server: &RunningServer, name: &str) -> RoomClient {
    let url = format!("ws://{}", server.http_addr());
    let options = RoomOptions { name: name.to_owned(), ..room_options(RoomPlace::Server { url }) };
    RoomClient::new(options).expect("a near address")
}

/// What `find` finds in the events to come.
fn until<T>(client: &RoomClient, find: impl Fn(&RoomEvent) -> Option<T>) -> T {
    let mut seen = Vec::new();
    loop {
        let event = client.room.wait_event(PATIENCE).expect("one waits");
        let Some(event) = event else { panic!("nothing more after {seen:?}") };
        if let Some(found) = find(&event) {
            return found;
        }
        seen.push(event);
    }
}

fn joined(client: &RoomClient) -> RoomSnapshot {
    until(client, |event| match event {
        RoomEvent::Joined { room } => Some(room.clone()),
        _ => None,
    })
}

fn said(client: &RoomClient) -> RoomMessage {
    until(client, |event| match event {
        RoomEvent::Said { message } => Some(message.clone()),
        _ => None,
    })
}

#[test]
fn a_host_and_a_viewer_meet_in_the_embedded_server() {
    let server = server();
    let (host, viewer) = (client(&server, "Ann"), client(&server, "Bob"));
    host.create("evening".to_owned(), "Songs".to_owned()).expect("a key and a title");
    let room = joined(&host);
    assert_eq!((room.key.as_str(), room.title.as_str()), ("evening", "Songs"));
    assert!(room.is_host && !room.is_resumed && !room.is_live);
    let token = room.token.clone().expect("a host gets its token");
    let publish_key = room.publish_key.clone().expect("and a key to publish with");
    assert!(!format!("{room:?}").contains(&token) && !format!("{room:?}").contains(&publish_key));

    viewer.join("evening".to_owned()).expect("a key");
    let room = joined(&viewer);
    assert!(!room.is_host && room.token.is_none() && room.publish_key.is_none());

    let id = viewer.comment("hello".to_owned(), Some(1_234)).expect("online");
    let heard = said(&host);
    assert_eq!((heard.text.as_str(), heard.name.as_str()), ("hello", "Bob"));
    assert_eq!((heard.id.as_str(), heard.at_ms, heard.is_own), (id.as_str(), Some(1_234), false));
    until(&viewer, |event| (*event == RoomEvent::Delivered { id: id.clone() }).then_some(()));

    viewer.like(3).expect("online");
    let likes = until(&host, |event| match event {
        RoomEvent::Likes { count, total } => Some((*count, *total)),
        _ => None,
    });
    assert_eq!(likes, (3, Some(3)));

    let gift = RoomGift { sender_id: 7, gift_id: 2, count: 5 };
    viewer.gift(gift, None).expect("online");
    assert_eq!(said(&host).gift, Some(gift));

    viewer.report(id.clone(), "rude".to_owned()).expect("online");
    let reported = until(&host, |event| match event {
        RoomEvent::Reported { id, reason } => Some((id.clone(), reason.clone())),
        _ => None,
    });
    assert_eq!(reported, (id.clone(), "rude".to_owned()));
    host.remove_comment(id.clone()).expect("the host");
    until(&viewer, |event| (*event == RoomEvent::CommentRemoved { id: id.clone() }).then_some(()));

    host.mute(heard.sender.clone()).expect("in a room");
    // What a connection says is heard in order: the server has the mute when it has this.
    let own = host.comment("quiet, please".to_owned(), None).expect("online");
    until(&host, |event| (*event == RoomEvent::Delivered { id: own.clone() }).then_some(()));
    let id = viewer.comment("again".to_owned(), None).expect("online");
    let refusal = until(&viewer, |event| match event {
        RoomEvent::NotDelivered { id: which, refusal } if *which == id => Some(refusal.clone()),
        _ => None,
    });
    assert_eq!(refusal.kind, RefusalKind::Blocked);

    host.close_room().expect("the host");
    let reason = until(&viewer, |event| match event {
        RoomEvent::Closed { reason } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason, "closed");
}

#[test]
fn a_room_is_ones_own_again_with_its_token_and_nobody_elses_without() {
    let server = server();
    let host = client(&server, "Ann");
    host.create("mine".to_owned(), String::new()).expect("a key");
    let token = joined(&host).token;
    host.stop();
    let refused = client(&server, "Eve");
    refused.create("mine".to_owned(), String::new()).expect("a key");
    let refusal = until(&refused, |event| match event {
        RoomEvent::Refused { command, refusal } => Some((*command, refusal.kind)),
        _ => None,
    });
    assert_eq!(refusal, (RoomCommand::Create, RefusalKind::Taken));
    let url = format!("ws://{}", server.http_addr());
    let options = RoomOptions { room_token: token, ..room_options(RoomPlace::Server { url }) };
    let again = RoomClient::new(options).expect("a near address");
    again.create("mine".to_owned(), String::new()).expect("a key");
    assert!(joined(&again).is_host);
}

#[test]
fn a_client_waits_for_its_server_and_says_what_was_queued() {
    // A port that nobody has, until the server takes it.
    let port = onair_e2e::free_port();
    let url = format!("ws://127.0.0.1:{port}");
    let place = RoomPlace::Servers { urls: vec![url] };
    let options = RoomOptions { queue_offline: true, ..room_options(place) };
    let client = RoomClient::new(options).expect("a near address");
    client.create("early".to_owned(), String::new()).expect("a key");
    let id = client.comment("first".to_owned(), None).expect("queued");
    assert_eq!(client.like(1).map_err(|error| error.code()), Err(203));
    let lost = until(&client, |event| match event {
        RoomEvent::Lost { error, retry_in_ms } => Some((error.clone(), *retry_in_ms)),
        _ => None,
    });
    assert!(matches!(lost.0, LiveError::Network { code: 203, .. }) && lost.1.is_some());
    let (rtmp, http) = ((Ipv4Addr::LOCALHOST, 0).into(), (Ipv4Addr::LOCALHOST, port).into());
    let _server = Server::start(Config { rtmp, http, ..Config::default() }).expect("a free port");
    client.network_is_back();
    until(&client, |event| (*event == RoomEvent::Delivered { id: id.clone() }).then_some(()));
}

#[test]
fn what_is_wrong_is_one_of_six_errors_and_says_what_to_do() {
    let made = |place| RoomClient::new(room_options(place)).err().map(|error| error.code());
    let at = |url: &str| RoomPlace::Server { url: url.to_owned() };
    assert_eq!(made(at("ftp://host")), Some(202));
    assert_eq!(made(at("ws://rooms.example.com")), Some(202), "everybody could read it");
    assert_eq!(made(RoomPlace::Locator { url: "https://user:x@host".to_owned() }), Some(202));
    let open = RoomOptions { allow_plaintext: true, ..room_options(at("ws://192.0.2.1:9")) };
    assert!(RoomClient::new(open).is_ok());

    let server = server();
    let client = client(&server, "Ann");
    let code = |result: Result<(), LiveError>| {
        let error = result.expect_err("wrong");
        assert!(!error.reason().is_empty() && !error.advice().is_empty());
        error.code()
    };
    assert_eq!(code(client.join("no/key".to_owned())), 217);
    assert_eq!(code(client.leave()), 208);
    assert_eq!(code(client.like(1)), 208);
    assert_eq!(code(client.like(0)), 217);
    client.create("mine".to_owned(), String::new()).expect("a key");
    joined(&client);
    assert_eq!(code(client.join("other".to_owned())), 208);
    assert_eq!(code(client.comment("x".repeat(201), None).map(drop)), 217);
    client.stop();
    client.stop();
    assert_eq!(code(client.leave()), 208);
    client.network_is_back();
}

#[test]
fn a_number_of_a_room_is_no_session_and_leads_nowhere_afterwards() {
    let server = server();
    let client = client(&server, "Ann");
    let handle = client.native_handle();
    assert!(handles::room(handle).is_ok());
    assert_eq!(handles::session(handle).err().map(|error| error.code()), Some(221));
    drop(client);
    assert_eq!(handles::room(handle).err().map(|error| error.code()), Some(221));
}

#[test]
fn events_end_when_the_client_does_or_the_app_wants() {
    let server = server();
    let stopped = client(&server, "Ann");
    until(&stopped, |event| {
        (*event == RoomEvent::StateChanged { state: RoomState::Online }).then_some(())
    });
    stopped.stop();
    until(&stopped, |event| {
        (*event == RoomEvent::StateChanged { state: RoomState::Ended }).then_some(())
    });
    assert_eq!(stopped.room.wait_event(PATIENCE), Ok(None));
    let cancelled = client(&server, "Bob");
    cancelled.cancel_events();
    while cancelled.room.wait_event(PATIENCE).expect("one waits").is_some() {}
}
