//! A room beside a stream that this command sends: opened before the stream, closed after it.

use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use onair::rooms::{RoomClient, RoomConfig, RoomEvent, RoomEvents, Secret};

use super::failure;
use crate::clock::StopSignal;
use crate::exit::Failure;

/// For the room to stand: a connection, and the answer of an old server that gives none.
const OPEN_WITHIN: Duration = Duration::from_secs(12);
/// For the others to hear that it is over.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
/// From one line of the audience to the next.
const BETWEEN_LINES: Duration = Duration::from_secs(3);

/// An open room.
pub(crate) struct Beside {
    client: RoomClient,
    events: RoomEvents,
    publish_key: Option<Secret>,
}

impl Beside {
    /// Opens the room and waits until it stands.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(crate) fn open(config: RoomConfig, key: &str, title: &str) -> Result<Self, Failure> {
        let (client, mut events) = RoomClient::start(config).map_err(|error| failure(&error))?;
        client.create(key, title).map_err(|error| failure(&error))?;
        let mut last_error = format!("the room server did not answer within {OPEN_WITHIN:?}");
        let step = Duration::from_millis(50);
        for _ in 0..OPEN_WITHIN.as_millis() / step.as_millis() {
            match events.next_timeout(step) {
                Some(RoomEvent::Joined(room)) => {
                    return Ok(Self { client, events, publish_key: room.publish_key });
                }
                Some(RoomEvent::Refused { refusal, .. }) => {
                    return Err(Failure::connect(format!("open the room: {refusal}")));
                }
                Some(RoomEvent::Lost { reason, retry_in: None }) => {
                    return Err(Failure::connect(format!("open the room: {reason}")));
                }
                Some(RoomEvent::Lost { reason, .. }) => last_error = reason.to_string(),
                _ => {}
            }
        }
        Err(Failure::connect(format!("open the room: {last_error}")))
    }

    /// The name to publish the room's stream under, where the server gives one.
    pub(crate) fn publish_key(&self) -> Option<&Secret> {
        self.publish_key.as_ref()
    }

    /// Closes the room, if there is a connection, and waits a moment for the server's word.
    pub(crate) fn close(mut self) {
        if self.client.close().is_ok() {
            while let Some(event) = self.events.next_timeout(CLOSE_WITHIN) {
                if matches!(event, RoomEvent::Closed(_)) {
                    break;
                }
            }
        }
        self.client.stop();
    }
}

/// What nobody really said.
const LINES: [(&str, &str); 6] = [
    ("Ada", "Hello from the simulated audience!"),
    ("Lin", "The picture is crisp"),
    ("Ada", "How far behind is it for you?"),
    ("Lin", "Well under a second with the low-latency player"),
    ("Ada", "The beep is in time with the clock"),
    ("Lin", "Try it on a phone: onair demo --lan"),
];

/// Two viewers of a demo that say something now and then, until the stop.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn audience(url: &str, key: &str, stop: StopSignal) -> Result<JoinHandle<()>, Failure> {
    let (url, key) = (url.to_owned(), key.to_owned());
    let play = move || {
        let viewer = |name: &str| {
            let (client, events) = RoomClient::start(RoomConfig::server(&url).name(name)).ok()?;
            client.join(&key).ok()?;
            Some((client, events))
        };
        let Some(viewers) = ["Ada", "Lin"].map(viewer).into_iter().collect::<Option<Vec<_>>>()
        else {
            return;
        };
        for (turn, (name, line)) in LINES.iter().cycle().enumerate() {
            if stop.wait(BETWEEN_LINES) {
                break;
            }
            let (client, _) = &viewers[usize::from(*name == "Lin")];
            // After the first round they only like: nobody needs the lines twice.
            if turn < LINES.len() {
                let _ = client.comment(line, None);
            }
            let _ = client.like(1 + u32::try_from(turn % 3).unwrap_or(0));
        }
    };
    Builder::new().name("onair-audience".to_owned()).spawn(play).map_err(Failure::local)
}
