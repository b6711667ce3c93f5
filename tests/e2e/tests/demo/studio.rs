//! The broadcaster's panel of `onair demo`: in a browser, and for those who have no business there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, free_port, onair, web};
use serde_json::json;

use crate::studio_url;

/// The status of an answer, and its text.
fn ask(port: &str, request: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the server is there");
    socket.write_all(request.as_bytes()).expect("write");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    (answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), answer)
}

const JSON: &str = "Content-Type: application/json\r\n";

/// Tells the panel at this port something, with this token.
fn post((port, token): (&str, &str), host: &str, headers: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let about = format!("Host: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n");
    let about = format!("{about}{headers}Content-Length: {length}");
    ask(port, &format!("POST /api/studio HTTP/1.1\r\n{about}\r\n\r\n{body}"))
}

const SIZE: (usize, usize) = (540, 960);

/// A picture of the show as RGB.
struct Shown(Vec<u8>);

impl Shown {
    /// The first and the last of so many pictures from now on.
    fn look(port: &str, pictures: usize) -> [Self; 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("shown.rgb");
        let name = file.to_str().expect("a plain path");
        let flv = format!("http://127.0.0.1:{port}/live/demo.flv");
        let count = pictures.to_string();
        let raw = ["-frames:v", &count, "-pix_fmt", "rgb24", "-f", "rawvideo", name];
        ffmpeg::run(&[&["-i", &flv][..], &raw].concat()).expect_code(0);
        let bytes = std::fs::read(&file).expect("pictures");
        let size = SIZE.0 * SIZE.1 * 3;
        assert_eq!(bytes.len() / size, pictures, "540x960");
        [&bytes[..size], &bytes[bytes.len() - size..]].map(|bytes| Self(bytes.to_vec()))
    }

    /// Pixels of a part of the picture: from there on, so large.
    fn part(&self, (x, y): (usize, usize), (wide, high): (usize, usize)) -> Vec<[i32; 3]> {
        let rows = (y..y + high).flat_map(|y| (x..x + wide).map(move |x| (y * SIZE.0 + x) * 3));
        rows.map(|at| [0, 1, 2].map(|colour| i32::from(self.0[at + colour]))).collect()
    }

    /// The badge: a red disc at the bottom right.
    fn has_badge(&self) -> bool {
        let disc = self.part((448, 868), (40, 40));
        disc.iter().filter(|[r, g, b]| *r > 140 && g + b < 200).count() * 10 > disc.len() * 9
    }

    /// The line at the bottom left: light letters on a shade.
    fn has_text(&self) -> bool {
        let line = self.part((32, 890), (330, 40));
        let light = line.iter().filter(|[r, g, b]| *r.min(g).min(b) > 170).count();
        light * 50 > line.len()
    }

    /// Skin in the middle of the picture, and how light it is.
    fn skin(&self) -> (usize, f64) {
        let middle = self.part((120, 260), (300, 400));
        let is_skin = |[r, g, b]: &&[i32; 3]| *r > 120 && r - g > 15 && g - b > 5;
        let skin: Vec<_> = middle.iter().filter(is_skin).collect();
        let light: i32 = skin.iter().map(|[r, g, b]| r + g + b).sum();
        (skin.len(), f64::from(light) / 3.0 / skin.len().max(1) as f64)
    }

    fn differs_from(&self, other: &Self) -> f64 {
        let both = self.0.iter().zip(&other.0);
        both.map(|(one, two)| f64::from(one.abs_diff(*two))).sum::<f64>() / self.0.len() as f64
    }
}

/// By the keyboard alone, and what viewers see of it.
#[test]
fn the_panel_switches_the_show_and_tells_the_reasons_of_the_adaptation() {
    if are_missing(&[Tool::Chromium, Tool::Ffmpeg]) {
        return;
    }
    let _turn = web::alone();
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--no-audience"]);
    demo.wait_for_output("live", Duration::from_secs(15));
    let [first, before] = Shown::look(&port, 30);
    assert!(before.has_badge() && before.has_text(), "over the picture");
    assert!(before.skin().0 > 20_000, "a face: {} pixels of skin", before.skin().0);
    assert!(before.differs_from(&first) > 1.0, "it moves: {}", before.differs_from(&first));
    let studio = studio_url(&mut demo);
    let seen = web::run("studio.mjs", &[&studio]);
    let policy = seen["policy"].as_str().unwrap_or_default();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let state = &seen["state"];
    let on = (&state["beauty"], &state["overlay"], &state["text"], &state["muted"]);
    assert_eq!(on, (&json!(false), &json!(false), &json!(false), &json!(true)), "{seen}");
    assert_eq!(state["throttle_bps"], 200_000);
    assert_eq!(seen["address"], format!("http://127.0.0.1:{port}/studio"), "{seen}");
    assert!(seen["reasons"].to_string().contains("kbit/s"), "{seen}");
    for list in ["foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
    // As fast as before, so that there is something to see.
    let (_, token) = studio.split_once("#token=").expect("a token");
    let host = format!("127.0.0.1:{port}");
    let headers = format!("{JSON}Origin: http://{host}\r\n");
    let (code, answer) = post((&port, token), &host, &headers, r#"{"throttle_bps":0}"#);
    assert_eq!(code, 200, "{answer}");
    let [_, after] = Shown::look(&port, 45);
    assert!(!after.has_badge() && !after.has_text(), "switched off for viewers too");
    let [with, without] = [before.skin().1, after.skin().1];
    assert!(with > without + 4.0, "beauty lightens skin: {with}, and {without} without it");
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}

#[test]
fn the_panel_obeys_no_page_of_another_site() {
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--no-audience"]);
    demo.wait_for_output("live", Duration::from_secs(15));
    let studio = studio_url(&mut demo);
    let (_, token) = studio.split_once("#token=").expect("a token");
    let post = |host: &str, headers: &str, body: &str| post((&port, token), host, headers, body);
    let host = format!("127.0.0.1:{port}");
    let mute = r#"{"muted":true}"#;
    assert_eq!(post(&host, &format!("{JSON}Origin: http://evil.example\r\n"), mute).0, 403);
    assert_eq!(post(&host, &format!("{JSON}Origin: null\r\n"), mute).0, 403);
    assert_eq!(post("evil.example", JSON, mute).0, 421, "a name made to resolve here");
    assert_eq!(post(&host, "Content-Type: text/plain\r\n", mute).0, 415, "what a form can send");
    for odd in ["", "{", "[]", r#"{"muted":3}"#, r#"{"other":1}"#, r#"{"throttle_bps":7}"#] {
        assert_eq!(post(&host, JSON, odd).0, 400, "{odd}");
    }
    let long = format!("{{\"muted\":true{}}}", " ".repeat(5_000));
    assert_eq!(post(&host, JSON, &long).0, 413);
    let state = ask(
        &port,
        &format!(
            "GET /api/studio HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        ),
    );
    assert!(
        state.0 == 200 && state.1.contains("\"muted\":false"),
        "nothing has changed: {}",
        state.1
    );
    let (code, answer) = post(&host, &format!("{JSON}Origin: http://{host}\r\n"), mute);
    assert!(code == 200 && answer.contains("\"muted\":true"), "{answer}");
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}
