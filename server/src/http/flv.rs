//! HTTP-FLV: the stream as one endless FLV file, beginning at the newest key frame. Every tag is
//! written once and shared by all players. A WebSocket gets the same in frames of whole tags.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http_body::Frame;
use onair_engine::flv;

use super::{Site, flv_socket, not_found, uncached, websocket};
use crate::name::StreamName;
use crate::player::{Delivery, Player};
use crate::ring::Join;

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
    uncached("video/x-flv", Body::new(tags))
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

    /// What comes next; nothing at the end.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(run) = self.player.take_run() {
            return Poll::Ready(Some(run.flv_tags()));
        }
        self.player.poll_next(context).map(|delivery| match delivery {
            Delivery::Start(join) => Some(self.headers(&join)),
            Delivery::Unit(unit) => Some(unit.flv_tag()),
            Delivery::End => None,
        })
    }
}

impl http_body::Body for Tags {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.get_mut().poll_next(context).map(|tag| tag.map(|bytes| Ok(Frame::data(bytes))))
    }
}
