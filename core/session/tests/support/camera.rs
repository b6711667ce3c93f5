//! Encoded pictures in real time that say which they are, and when they were pushed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use onair::{PushError, Session};
use onair_types::FrameKind;
use onair_types::h264::AvcConfig;

use super::pause;
use super::sink::{Media, Seen};
use super::units::{avc_config, nal, video};

/// Pushes pictures of so many bytes, at 30 a second and each tenth an IDR.
pub(crate) struct Camera {
    config: Arc<AvcConfig>,
    bytes: usize,
    next: u32,
}

impl Camera {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { config: avc_config(), bytes, next: 0 }
    }

    pub(crate) fn push(&mut self, session: &Session) -> Result<Instant, PushError> {
        let number = self.next;
        self.next += 1;
        let kind = if number.is_multiple_of(10) { FrameKind::Idr } else { FrameKind::Reference };
        let mut unit = video(&self.config, number, i64::from(number) * 33, kind);
        let nal_type = if kind == FrameKind::Idr { 5 } else { 1 };
        let mut bytes = vec![0x11; self.bytes];
        bytes.extend(number.to_be_bytes());
        unit.payload = nal(nal_type, &bytes);
        let at = now();
        session.push_encoded_video(unit).map(|()| at)
    }

    /// In real time; when each was pushed.
    pub(crate) fn run(&mut self, session: &Session, time: Duration) -> Vec<Instant> {
        let began = now();
        let mut pushed = Vec::new();
        while began.elapsed() < time {
            pushed.push(self.push(session).expect("a push"));
            let next = Duration::from_micros(33_333) * pushed.len() as u32;
            pause(next.saturating_sub(began.elapsed()));
        }
        pushed
    }
}

#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
fn now() -> Instant {
    Instant::now()
}

/// Numbers of the pictures that arrived, and when.
pub(crate) fn pictures(seen: &Seen) -> Vec<(u32, Instant)> {
    let both = seen.media.iter().zip(&seen.arrivals);
    both.filter_map(|(media, at)| match media {
        Media::Video { data, .. } => {
            data.last_chunk().map(|number| (u32::from_be_bytes(*number), *at))
        }
        _ => None,
    })
    .collect()
}

pub(crate) fn numbers(seen: &Seen) -> Vec<u32> {
    pictures(seen).into_iter().map(|(number, _)| number).collect()
}
