//! Scripts of rooms: in the process by the objects that Swift and Kotlin have, and as a program in C. Both end in the lines
//! that the client sent and the events that the app got.
#![expect(unsafe_code, reason = "calls what Swift and Kotlin call")]

use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};

use onair_ffi::c::rehearsal::{onair_rehearsal_begin, onair_rehearsal_end};
use onair_ffi::c::room_rehearsal::{
    onair_rehearsal_room_cut, onair_rehearsal_room_hear, onair_rehearsal_room_locate,
    onair_rehearsal_room_log, onair_rehearsal_room_open, onair_rehearsal_room_pass,
    onair_rehearsal_room_pong,
};
use onair_ffi::{
    LiveError, RoomClient, RoomEvent, RoomGift, RoomMessage, RoomOptions, RoomPlace, RoomRefusal,
    RoomSnapshot, room_options,
};
use serde_json::{Value, json};

use crate::native::block_on;
use crate::vectors::{is_set, number, text};

/// What a script ends in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Played {
    pub(crate) log: Vec<String>,
    pub(crate) events: Vec<String>,
}

impl Played {
    pub(crate) fn json(&self) -> Value {
        json!({ "log": self.log, "events": self.events })
    }
}

pub(crate) fn native(script: &Value) -> Played {
    onair_rehearsal_begin(u32::try_from(number(script, "seed", 0)).expect("a seed"));
    let client = RoomClient::new(options(&script["options"])).expect("options that fit");
    onair_rehearsal_end();
    for step in script["steps"].as_array().expect("steps") {
        let expected = u16::try_from(number(step, "expect_code", 0)).expect("a code");
        assert_eq!(play(&client, step), expected, "{step}");
    }
    let log = log(client.native_handle());
    client.cancel_events();
    let events = std::iter::from_fn(|| block_on(client.next_event()));
    Played { log: log.lines().map(str::to_owned).collect(), events: events.map(line).collect() }
}

fn play(client: &RoomClient, step: &Value) -> u16 {
    let said = |name: &str| text(step, name).to_owned();
    let count = |name: &str| u32::try_from(number(step, name, 0)).expect("32 bits");
    let at = step.get("at_ms").and_then(Value::as_i64);
    let handle = client.native_handle();
    let done = match text(step, "do") {
        "create" => client.create(said("key"), said("title")),
        "join" => client.join(said("key")),
        "leave" => client.leave(),
        "close" => client.close_room(),
        "like" => client.like(count("count")),
        "comment" => client.comment(said("text"), at).map(drop),
        "gift" => {
            let (sender_id, gift_id) = (count("sender_id"), count("gift_id"));
            client.gift(RoomGift { sender_id, gift_id, count: count("count") }, at).map(drop)
        }
        "report" => client.report(said("id"), said("reason")),
        "mute" => client.mute(said("sender")),
        "unmute" => client.unmute(said("sender")),
        "block" => client.block(said("sender")),
        "remove_comment" => client.remove_comment(said("id")),
        "network_is_back" => {
            client.network_is_back();
            Ok(())
        }
        "stop" => {
            client.stop();
            Ok(())
        }
        world => {
            assert_eq!(meet(handle, world, step), 0, "{step}");
            Ok(())
        }
    };
    done.err().map_or(0, |error: LiveError| error.code())
}

/// What comes from the server and the clock.
fn meet(handle: u64, what: &str, step: &Value) -> i32 {
    let words = |name| {
        step.get(name)
            .and_then(Value::as_str)
            .map(|said| CString::new(said).expect("a text without NUL"))
    };
    let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
    match what {
        "open" => onair_rehearsal_room_open(handle),
        "pass" => {
            onair_rehearsal_room_pass(handle, u32::try_from(number(step, "us", 0)).expect("µs"))
        }
        "cut" => onair_rehearsal_room_cut(handle),
        "pong" => onair_rehearsal_room_pong(handle),
        "hear" => {
            let frame = words("frame");
            // SAFETY: a text that ends with NUL.
            unsafe { onair_rehearsal_room_hear(handle, pointer(&frame)) }
        }
        "locate" => {
            let body = words("body");
            // SAFETY: NULL or a text that ends with NUL.
            unsafe { onair_rehearsal_room_locate(handle, pointer(&body)) }
        }
        other => panic!("no step {other}"),
    }
}

fn log(handle: u64) -> String {
    let mut size = 0;
    // SAFETY: no buffer, and room for a size.
    assert_eq!(unsafe { onair_rehearsal_room_log(handle, null_mut(), 0, &raw mut size) }, 0);
    let mut buffer = vec![0_u8; size];
    let room = buffer.as_mut_ptr().cast::<c_char>();
    // SAFETY: the buffer has the room that is said.
    assert_eq!(unsafe { onair_rehearsal_room_log(handle, room, size, &raw mut size) }, 0);
    buffer.pop();
    String::from_utf8(buffer).expect("text")
}

fn options(value: &Value) -> RoomOptions {
    let texts = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let place = match texts("locator") {
        Some(url) => RoomPlace::Locator { url },
        None => RoomPlace::Servers { urls: servers(value) },
    };
    let usual = room_options(place);
    RoomOptions {
        name: texts("name").unwrap_or_default(),
        auth_token: texts("auth_token"),
        room_token: texts("room_token"),
        queue_offline: is_set(value, "queue_offline"),
        engine_io_3: is_set(value, "engine_io_3"),
        ping_every_ms: u32::try_from(number(value, "ping_every_ms", usual.ping_every_ms.into()))
            .expect("ms"),
        ..usual
    }
}

pub(crate) fn servers(value: &Value) -> Vec<String> {
    let all = value.get("servers").and_then(Value::as_array).into_iter().flatten();
    all.map(|url| url.as_str().expect("an address").to_owned()).collect()
}

/// An event as a line: its name and what it has, apart by `|`; `-` where there is nothing.
fn line(event: RoomEvent) -> String {
    let retry = |ms: Option<u64>| ms.map_or("-".to_owned(), |ms| ms.to_string());
    let no =
        |refusal: &RoomRefusal| format!("{}|{}", refusal.kind as u32, retry(refusal.retry_in_ms));
    match event {
        RoomEvent::StateChanged { state } => format!("state|{}", state as u32),
        RoomEvent::Lost { error, retry_in_ms } => {
            format!("lost|{}|{}|{}", error.code(), retry(retry_in_ms), error.reason())
        }
        RoomEvent::Joined { room } => joined(&room),
        RoomEvent::Refused { command, refusal } => {
            format!("refused|{}|{}", command as u32, no(&refusal))
        }
        RoomEvent::Said { message } => said(&message),
        RoomEvent::Likes { count, total } => format!("likes|{count}|{}", retry(total)),
        RoomEvent::Viewers { count } => format!("viewers|{count}"),
        RoomEvent::LiveChanged { is_live } => format!("live|{}", u32::from(is_live)),
        RoomEvent::CommentRemoved { id } => format!("removed|{id}"),
        RoomEvent::Reported { id, reason } => format!("reported|{id}|{reason}"),
        RoomEvent::Missed { count } => format!("missed|{count}"),
        RoomEvent::Delivered { id } => format!("delivered|{id}"),
        RoomEvent::NotDelivered { id, refusal } => format!("not_delivered|{id}|{}", no(&refusal)),
        RoomEvent::Closed { reason } => format!("closed|{reason}"),
        RoomEvent::OldServer => "old_server".to_owned(),
        RoomEvent::Other { text } => format!("other|{text}"),
    }
}

fn joined(room: &RoomSnapshot) -> String {
    let secret = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let flags = [room.is_live, room.is_host, room.is_resumed].map(|is| u32::from(is).to_string());
    format!(
        "joined|{}|{}|{}|{}|{}|{}|{}",
        room.key,
        room.title,
        room.likes,
        room.viewers,
        flags.join("|"),
        secret(&room.token),
        secret(&room.publish_key)
    )
}

fn said(message: &RoomMessage) -> String {
    let gift = message.gift.map_or("-".to_owned(), |gift| {
        format!("{}/{}/{}", gift.sender_id, gift.gift_id, gift.count)
    });
    let at = message.at_ms.map_or("-".to_owned(), |at| at.to_string());
    let flags = [message.is_own, message.is_history].map(|is| u32::from(is).to_string());
    let RoomMessage { id, sender, name, text, .. } = message;
    format!("said|{id}|{sender}|{name}|{text}|{gift}|{at}|{}", flags.join("|"))
}
