//! The locator's answer: one HTTP/1.0 GET, whose body ends with the connection.

use std::future::poll_fn;
use std::io::IoSlice;

use onair_rooms::ServerAddress;

use super::websocket::target;
use crate::{Connection, Connector};

/// Longest answer that is read.
const MOST_BYTES: usize = 64 << 10;

/// The body; `None` when there is none to be had.
pub(super) async fn get(
    connector: &dyn Connector,
    at: ServerAddress,
    path: String,
) -> Option<String> {
    let mut connection = connector.connect(target(&at)).await.ok()?;
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {}\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
        at.authority()
    );
    let mut left = request.as_bytes();
    while !left.is_empty() {
        let slice = [IoSlice::new(left)];
        let count = poll_fn(|cx| connection.poll_write_vectored(cx, &slice)).await.ok()?;
        left = left.get(count..).filter(|_| count > 0)?;
    }
    let answer = read(connection.as_mut()).await?;
    body(&answer).map(str::to_owned)
}

/// Until the other side closes, or has said all that it announced.
async fn read(connection: &mut dyn Connection) -> Option<String> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4 << 10];
    loop {
        let count = poll_fn(|cx| connection.poll_read(cx, &mut buffer)).await.ok()?;
        answer.extend_from_slice(buffer.get(..count)?);
        if answer.len() > MOST_BYTES {
            return None;
        }
        if count == 0 || is_complete(&answer) {
            return String::from_utf8(answer).ok();
        }
    }
}

fn is_complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    length.is_some_and(|length| body.len() >= length)
}

fn body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?;
    (head.starts_with("HTTP/1.") && status == "200").then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_what_follows_the_head_of_an_answer_that_is_fine() {
        assert_eq!(body("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{}"), Some("{}"));
        for bad in [
            "",
            "{}",
            "HTTP/1.1 302 Found\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nA: b\r\n",
            "X 200\r\n\r\n",
        ] {
            assert_eq!(body(bad), None, "{bad:?}");
        }
        assert!(is_complete(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"));
        assert!(!is_complete(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"));
    }
}
