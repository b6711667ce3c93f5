//! What every request passes: the `Host` check against DNS rebinding (network S11), and the
//! headers that keep pages to themselves.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::websocket::is_asked_for;

const POLICY: &str = "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; \
                      object-src 'none'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Refuses requests that name this server by a name it does not have: a page of another site
/// that made its own name resolve to this machine.
pub(super) async fn check_host(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let in_target = request.uri().authority().map(|authority| authority.as_str());
    let Some(host) = header else {
        return (StatusCode::BAD_REQUEST, "the request has no Host header").into_response();
    };
    if [Some(host), in_target].into_iter().flatten().all(|host| is_ours(host, &site.host_names)) {
        next.run(request).await
    } else {
        let why = "this server does not go by that name; use its IP address or localhost";
        (StatusCode::MISDIRECTED_REQUEST, why).into_response()
    }
}

/// Refuses a page of another site that wants to talk to rooms, to the studio or by a WebSocket, for
/// which a browser asks nobody else. Who is no browser says no origin.
pub(super) async fn check_origin(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origins = headers.get_all(header::ORIGIN);
    let may = |origin: &HeaderValue| {
        origin.to_str().is_ok_and(|origin| is_origin_ours(origin, host, &site.origins))
    };
    let guarded = ["/socket.io", "/api/studio"];
    let is_guarded =
        is_asked_for(headers) || guarded.iter().any(|path| request.uri().path().starts_with(path));
    if !is_guarded || origins.iter().all(may) {
        next.run(request).await
    } else {
        let why =
            "pages of other sites may not talk to rooms, studio and WebSockets of this server";
        (StatusCode::FORBIDDEN, why).into_response()
    }
}

fn is_origin_ours(origin: &str, host: &str, others: &[String]) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        || others.iter().any(|other| other.eq_ignore_ascii_case(origin))
}

/// Whether nobody but this machine goes by that authority.
pub(super) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An IP address cannot be rebound, so any will do.
fn is_ours(authority: &str, host_names: &[String]) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, port)) if port.is_empty() || is_port(port) => {
            return v6.parse::<IpAddr>().is_ok();
        }
        Some(_) => return false,
        None => match authority.rsplit_once(':') {
            Some((host, port)) if is_port(&format!(":{port}")) => host,
            Some(_) => return false,
            None => authority,
        },
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok()
        || host_names.iter().any(|name| name.eq_ignore_ascii_case(&host))
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

pub(super) async fn add_headers(mut response: Response) -> Response {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_only_our_own_pages_and_those_on_the_list_may_talk_to_rooms() {
        let others = ["https://studio.example".to_owned()];
        let is_ours = |origin| is_origin_ours(origin, "127.0.0.1:8080", &others);
        assert!(is_ours("http://127.0.0.1:8080") && is_ours("https://studio.example"));
        for evil in [
            "",
            "null",
            "http://evil.example",
            "http://127.0.0.1",
            "http://127.0.0.1:8081",
            "http://127.0.0.1:8080.evil.example",
            "http://studio.example",
            "file://",
        ] {
            assert!(!is_ours(evil), "{evil}");
        }
    }

    #[test]
    fn s11_only_names_that_cannot_be_rebound_are_ours() {
        let extra = ["studio.example".to_owned()];
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "demo.localhost:1",
            "127.0.0.1",
            "192.168.1.20:8080",
            "[::1]:8080",
            "[fe80::1]",
            "studio.example:80",
            "Studio.Example",
        ] {
            assert!(is_ours(host, &extra), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "[::1",
            "[::1]x",
            "[evil]:80",
            "localhost:x",
            "localhost:99999",
            "a:b:c",
            "null",
            "127.0.0.1@evil.example",
        ] {
            assert!(!is_ours(host, &extra), "{host}");
        }
    }
}
