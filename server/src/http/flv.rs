//! HTTP-FLV: the stream as one endless FLV file, beginning at the newest key frame. Every tag is
//! written once and shared by all players.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http_body::Frame;
use onair_engine::flv;

use super::{Site, not_found, uncached};
use crate::name::StreamName;
use crate::player::{Delivery, Player};
use crate::ring::Join;

/// `/{app}/{name}.flv`
pub(super) async fn stream(
    State(site): State<Arc<Site>>,
    Path((app, file)): Path<(String, String)>,
) -> Response {
    let name = file.strip_suffix(".flv").and_then(|name| StreamName::parse(&app, name).ok());
    let Some(name) = name else { return not_found("there is no such page") };
    let live = site.hub.find(&name).is_some_and(|stream| stream.lock().is_live());
    if !live {
        return not_found("nobody publishes that stream now");
    }
    let tags = Tags { player: site.hub.play(name), begun: false };
    uncached("video/x-flv", Body::new(tags))
}

/// The body of the answer; ends when the publisher goes.
struct Tags {
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
}

impl http_body::Body for Tags {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        this.player.poll_next(context).map(|delivery| {
            let bytes = match delivery {
                Delivery::Start(join) => this.headers(&join),
                Delivery::Unit(unit) => unit.flv_tag(),
                Delivery::End => return None,
            };
            Some(Ok(Frame::data(bytes)))
        })
    }
}
