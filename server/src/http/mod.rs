//! HTTP/1.1: the page and its parts, the REST list, HTTP-FLV and HLS. Spec rooms-web 4 and 6;
//! network S07, S11, S14.
//!
//! | path | what |
//! |---|---|
//! | `/` | live streams |
//! | `/watch/{app}/{name}` | the watch page |
//! | `/assets/{file}` | what the pages are made of, out of the binary |
//! | `/api/streams` | the list as JSON |
//! | `/{app}/{name}.flv` | HTTP-FLV, or the same by a WebSocket |
//! | `/{app}/{name}/index.m3u8` | HLS |
//! | `/socket.io/` | rooms |
//! | `/rooms`, `/rooms/{key}` | rooms as JSON |
//! | `/servers/least-loaded` | for clients that ask where to connect |
//! | `/api/share/{app}/{name}` | the watch page's address for other devices, and its QR code |
//! | `/studio`, `/api/studio` | the broadcaster's panel, for who has the host token |
//! | `/metrics` | figures for Prometheus |
//!
//! Paths name streams and embedded files; no request reaches the file system.

mod assets;
mod flv;
mod flv_socket;
mod guard;
mod hls;
mod listener;
mod share;
mod studio;
pub(crate) mod websocket;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use onair_rooms::Secret;
use serde::Serialize;
use socketioxide::layer::SocketIoLayer;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::hub::Hub;
use crate::info::StreamInfo;
use crate::limit::Connections;
use crate::name::StreamName;
use crate::public_url::PublicUrl;
use crate::rooms::line::{self, Entrance};
use crate::rooms::{self, Rooms, rest};
use crate::studio::Studio;

/// What every request may need.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) hub: Arc<Hub>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) clock: Clock,
    /// For the address that the page shows to publishers.
    pub(crate) rtmp_port: u16,
    /// For the address that the page shows to viewers.
    pub(crate) http_port: u16,
    pub(crate) share_host: Option<IpAddr>,
    pub(crate) public_url: Option<PublicUrl>,
    /// Publishers need a token, which the page asks for.
    pub(crate) needs_token: bool,
    pub(crate) studio: Option<Arc<dyn Studio>>,
    /// Who has it may use the studio.
    pub(crate) host_token: Option<Secret>,
    /// Names beside `localhost` and IP addresses that a browser may use.
    pub(crate) host_names: Vec<String>,
    /// Origins beside this server's own whose pages may talk to rooms.
    pub(crate) origins: Vec<String>,
}

/// Accepts until it is dropped.
pub(crate) async fn serve(listener: TcpListener, site: Arc<Site>, connections: Connections) {
    let listener = listener::Limited::new(listener, connections);
    let rooms = Arc::clone(&site.rooms);
    let (layer, io) = rooms::layer(&rooms);
    let entrance = Entrance { rooms: Arc::clone(&rooms), io: io.clone() };
    let pages = router(site, layer, entrance);
    let pages = pages.into_make_service_with_connect_info::<listener::Line>();
    tokio::select! {
        served = axum::serve(listener, pages) => {
            if let Err(error) = served {
                log::error!("serve HTTP: {error}");
            }
        }
        () = rooms::run(rooms, io) => {}
    }
}

fn router(site: Arc<Site>, rooms: SocketIoLayer, entrance: Entrance) -> Router {
    let panel = get(studio::state).post(studio::command);
    let panel = panel.layer(DefaultBodyLimit::max(studio::MOST_BYTES));
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { assets::page("index.html", &headers) }))
        .route("/watch/{app}/{name}", get(watch))
        .route("/assets/{file}", get(asset))
        .route("/api/streams", get(streams))
        .route("/api/share/{app}/{name}", get(share::link))
        .route("/studio", get(studio::page))
        .route("/api/studio", panel)
        .route("/rooms", get(rest::list))
        .route("/rooms/{key}", get(rest::one))
        .route("/servers/least-loaded", get(rest::least_loaded))
        .route("/metrics", get(rest::metrics))
        .route("/{app}/{file}", get(flv::stream))
        .route("/{app}/{name}/{file}", get(hls::file))
        .fallback(|| async { not_found("there is no such page") })
        .layer(rooms)
        .layer(middleware::from_fn_with_state(entrance, line::take))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard::check_origin))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard::check_host))
        .layer(middleware::map_response(guard::add_headers))
        .with_state(site)
}

async fn watch(Path((app, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match StreamName::parse(&app, &name) {
        Ok(_) => assets::page("watch.html", &headers),
        Err(_) => not_found("no stream can have that name"),
    }
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    assets::asset(&file, &headers)
}

async fn streams(State(site): State<Arc<Site>>) -> Response {
    #[derive(Serialize)]
    struct List {
        rtmp_port: u16,
        needs_token: bool,
        streams: Vec<StreamInfo>,
    }
    let (rtmp_port, needs_token) = (site.rtmp_port, site.needs_token);
    let list = List { rtmp_port, needs_token, streams: site.hub.list(site.clock.now()) };
    json(&list)
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(json) => uncached("application/json", json),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Something live: never kept by a cache.
pub(crate) fn uncached(content_type: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")];
    (headers, body.into()).into_response()
}

pub(crate) fn not_found(what: &'static str) -> Response {
    (StatusCode::NOT_FOUND, what).into_response()
}
