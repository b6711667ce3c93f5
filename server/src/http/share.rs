//! The address of a watch page for other devices, as a link and as a QR code: drawn here, so that no
//! page asks another host for it. ISO/IEC 18004.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use qrcode::{Color, QrCode};
use serde::Serialize;

use super::guard::is_loopback;
use super::{Site, json, not_found};
use crate::name::StreamName;

/// Modules of light around the code (ISO/IEC 18004 9.1).
const QUIET_ZONE: usize = 4;

/// `/api/share/{app}/{name}`
pub(super) async fn link(
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Ok(name) = StreamName::parse(&app, &name) else {
        return not_found("no stream can have that name");
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let base = match &site.public_url {
        Some(url) => url.to_string(),
        None => format!("http://{}", reachable(host, site.share_host, site.http_port)),
    };
    let url = format!("{base}/watch/{}/{}", name.app(), name.key());
    let (size, path) = QrCode::new(&url).map_or_else(|_| (0, String::new()), |code| drawn(&code));
    json(&Link { url, size, path })
}

#[derive(Serialize)]
struct Link {
    url: String,
    /// Modules on each side, the quiet zone among them; 0 when the link is too long for a code.
    size: usize,
    /// The dark modules as the path of an SVG.
    path: String,
}

/// How others reach this server: as the page did, unless only this machine understands that.
fn reachable(host: &str, share_host: Option<IpAddr>, port: u16) -> String {
    match share_host {
        Some(ip) if is_loopback(host) => SocketAddr::new(ip, port).to_string(),
        _ => host.to_owned(),
    }
}

/// Runs of dark modules, row by row.
fn drawn(code: &QrCode) -> (usize, String) {
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width.max(1)).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                let (from_x, from_y, length) = (x + QUIET_ZONE, y + QUIET_ZONE, run.len());
                let written = write!(path, "M{from_x} {from_y}h{length}v1h-{length}z");
                debug_assert!(written.is_ok(), "writing to a string cannot fail");
            }
            x += run.len();
        }
    }
    (width + 2 * QUIET_ZONE, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rw30_a_page_opened_on_this_machine_is_shared_by_its_address_on_the_network() {
        let lan: IpAddr = [192, 0, 2, 7].into();
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "demo.localhost:8080"] {
            assert_eq!(reachable(host, Some(lan), 8080), "192.0.2.7:8080");
            assert_eq!(reachable(host, None, 8080), host);
        }
        assert_eq!(reachable("198.51.100.4:8080", Some(lan), 8080), "198.51.100.4:8080");
    }

    #[test]
    fn the_path_holds_exactly_the_dark_modules() {
        let code = QrCode::new("http://192.0.2.7:8080/watch/live/demo").unwrap();
        let (size, path) = drawn(&code);
        assert_eq!(size, code.width() + 8);
        let mut dark = vec![Color::Light; code.width() * code.width()];
        for run in path.split('M').skip(1) {
            let numbers: Vec<usize> = run
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            let [x, y, length, ..] = numbers[..] else { panic!("{run}") };
            for module in &mut dark[(y - 4) * code.width() + x - 4..][..length] {
                *module = Color::Dark;
            }
        }
        assert_eq!(dark, code.to_colors());
    }
}
