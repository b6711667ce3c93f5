//! HTTP-FLV: the stream as one endless FLV file, beginning at the newest key frame. Every tag is
//! written once and shared by all players, and goes to the socket past hyper ([`Wire`]). A WebSocket gets the same in frames of whole tags.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{StatusCode, Version};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::Frame;
use onair_engine::flv;

use super::listener::Line;
use super::wire::Wire;
use super::{Site, flv_socket, not_found, uncached, websocket};
use crate::crowd::Waits;
use crate::name::StreamName;
use crate::player::{Delivery, Player};
use crate::ring::Join;
use crate::run::Run;

/// `/{app}/{name}.flv`
pub(super) async fn stream(
    State(site): State<Arc<Site>>,
    Path((app, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    let name = file.strip_suffix(".flv").and_then(|name| StreamName::parse(&app, name).ok());
    let Some(name) = name else { return not_found("there is no such page") };
    let live = site.hub.find(&name).is_some_and(|stream| stream.lock().is_live());
    if !live {
        return not_found("nobody publishes that stream now");
    }
    let tags = Tags { player: site.hub.play(name), begun: false };
    if websocket::is_asked_for(request.headers()) {
        return websocket::switch(request, |upgraded| flv_socket::play(upgraded, tags));
    }
    let line =
        request.extensions().get().and_then(|ConnectInfo(line): &ConnectInfo<Line>| line.wire());
    let Some(wire) = line else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    // As hyper does it with what has no length.
    let is_chunked = request.version() == Version::HTTP_11;
    uncached("video/x-flv", Body::new(Endless { wire, tags: Some((tags, is_chunked)) }))
}

/// The file, tag by tag; ends when the publisher goes.
pub(super) struct Tags {
    player: Player,
    begun: bool,
}

impl Tags {
    fn headers(&mut self, join: &Join) -> Bytes {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            let headers = &join.headers;
            out.extend(flv::file_header(headers.audio.is_some(), headers.video.is_some()));
        }
        for unit in join.headers.units() {
            out.extend(unit.at(join.timestamp_ms).flv_tag());
        }
        out.into()
    }

    /// Whether the run is what comes next; then it has been given.
    pub(super) fn pass(&mut self, run: &Run, give: impl FnOnce()) -> bool {
        self.player.pass(run, || {
            give();
            true
        })
    }

    /// What comes next: a piece of the file, or its end. When there is nothing, the player waits.
    pub(super) fn next(&mut self, waits: Waits<'_>) -> Option<Option<Bytes>> {
        if let Some(run) = self.player.take_run() {
            return Some(Some(run.flv_tags().clone()));
        }
        self.player.next(waits).map(|delivery| match delivery {
            Delivery::Start(join) => Some(self.headers(&join)),
            Delivery::Unit(unit) => Some(unit.flv_tag()),
            Delivery::End => None,
        })
    }
}

/// The file as an answer of the connection's, and how it begins.
struct Endless {
    wire: Arc<Wire>,
    tags: Option<(Tags, bool)>,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { wire, tags } = self.get_mut();
        let piece = wire.poll_answer(tags.take(), context);
        piece.map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        // Only of an answer that was begun: another one may be there already.
        if self.tags.is_none() {
            self.wire.end_answer();
        }
    }
}
