//! Rooms over HTTP: the list, one room, the least-loaded server (this one), and figures for
//! Prometheus. No token, publish key or address of anybody is in them.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use onair_rooms::RoomKey;
use serde_json::{Value, json};

use crate::http::{Site, not_found, uncached};

use super::Rooms;
use super::room::Room;

/// `/rooms`
pub(crate) async fn list(State(site): State<Arc<Site>>) -> Response {
    let book = site.rooms.book();
    let rooms: Vec<Value> = book.rooms.iter().map(|(key, room)| about(key, room)).collect();
    json_of(&Value::Array(rooms))
}

/// `/rooms/{key}`
pub(crate) async fn one(State(site): State<Arc<Site>>, Path(key): Path<String>) -> Response {
    let book = site.rooms.book();
    let found = key.parse().ok().and_then(|key: RoomKey| book.rooms.get_key_value(&key));
    match found {
        Some((key, room)) => json_of(&about(key, room)),
        None => not_found("there is no such room"),
    }
}

/// `/servers/least-loaded`: there is one.
pub(crate) async fn least_loaded(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    // The Host header was checked: it is a name that this server goes by.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let clients = site.rooms.book().member_count();
    let url = match &site.public_url {
        Some(url) => url.rooms(),
        None => format!("{}://{host}", scheme(&headers)),
    };
    json_of(&json!({ "url": url, "clients": clients }))
}

/// As the client came, by the word of who took its TLS off on the way here. It is told to nobody but the
/// one who asks.
fn scheme(headers: &HeaderMap) -> &'static str {
    let forwarded = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok());
    let outermost = forwarded.and_then(|schemes| schemes.split(',').next()).unwrap_or_default();
    if outermost.trim().eq_ignore_ascii_case("https") { "wss" } else { "ws" }
}

/// `/metrics`
pub(crate) async fn metrics(State(site): State<Arc<Site>>) -> Response {
    let streams = site.hub.list(site.clock.now());
    let live = streams.iter().filter(|stream| stream.state == crate::StreamState::Live).count();
    let viewers: usize = streams.iter().map(|stream| stream.viewers).sum();
    let bytes: u64 = streams.iter().map(|stream| stream.bytes).sum();
    let mut text = site.rooms.figures();
    for (name, kind, help, value) in [
        ("streams_live", "gauge", "Streams that are published now.", live as u64),
        ("stream_viewers", "gauge", "RTMP and HTTP-FLV players.", viewers as u64),
        ("stream_bytes", "gauge", "Media received from present publishers.", bytes),
    ] {
        figure(&mut text, name, kind, help, value);
    }
    uncached("text/plain; version=0.0.4; charset=utf-8", text)
}

impl Rooms {
    fn figures(&self) -> String {
        let book = self.book();
        let counts = book.counts;
        let mut text = String::new();
        for (name, kind, help, value) in [
            ("rooms", "gauge", "Rooms that are open.", book.rooms.len() as u64),
            ("room_connections", "gauge", "Socket.IO connections.", book.member_count() as u64),
            ("room_comments_total", "counter", "Comments taken.", counts.comments),
            ("room_gifts_total", "counter", "Gifts taken.", counts.gifts),
            ("room_likes_total", "counter", "Likes taken.", counts.likes),
            ("room_refused_total", "counter", "Requests refused.", counts.refused),
            ("room_broadcasts_total", "counter", "Events told to a whole room.", counts.broadcasts),
        ] {
            figure(&mut text, name, kind, help, value);
        }
        text
    }
}

fn figure(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "# HELP onair_{name} {help}\n# TYPE onair_{name} {kind}\nonair_{name} {value}\n"
    );
}

fn about(key: &RoomKey, room: &Room) -> Value {
    json!({
        "key": key.as_str(),
        "title": room.title,
        "viewers": room.members.len(),
        "likes": room.likes,
        "live": room.is_live,
        "host": room.owner.is_some(),
    })
}

fn json_of(value: &Value) -> Response {
    uncached("application/json", value.to_string())
}
