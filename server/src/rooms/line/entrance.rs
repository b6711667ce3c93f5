//! Takes requests for a WebSocket of Engine.IO 4 out of the way of HTTP. Polling, and what began by polling,
//! goes on to socketioxide.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use socketioxide::SocketIo;

use super::super::Rooms;
use super::open::Open;
use super::task;
use crate::http::websocket::{Upgraded, switch};

/// What the kernel keeps for a member, before its frames wait here.
const KERNEL_BYTES: usize = 64 << 10;

/// Where members come in.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) io: SocketIo,
}

impl std::fmt::Debug for Entrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entrance")
    }
}

/// The middleware.
pub(crate) async fn take(
    State(entrance): State<Entrance>,
    request: Request,
    next: Next,
) -> Response {
    if !is_for_us(&request) {
        return next.run(request).await;
    }
    switch(request, move |Upgraded { stream, slot, early }| async move {
        let socket = socket2::SockRef::from(&stream);
        if let Err(error) = socket.set_send_buffer_size(KERNEL_BYTES) {
            log::debug!("set options of a member's connection: {error}");
        }
        match stream.into_std().and_then(|socket| Open::new(Arc::clone(&entrance.rooms), socket)) {
            Ok(line) => task::run(entrance, line, &early).await,
            Err(error) => log::warn!("a member's connection cannot be watched: {error}"),
        }
        // One connection less.
        drop(slot);
    })
}

fn is_for_us(request: &Request) -> bool {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let is_new = !query.split('&').any(|pair| pair.starts_with("sid="));
    path.trim_end_matches('/') == "/socket.io"
        && has("transport=websocket")
        && has("EIO=4")
        && is_new
}
