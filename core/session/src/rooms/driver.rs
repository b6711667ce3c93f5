//! `onair-room`: does what the client decides, on one WebSocket at a time.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use onair_rooms::client::Output;
use onair_rooms::{Lost, limits};
use tokio::time::{sleep, timeout};

use super::websocket::{self, Heard, WebSocket};
use super::{Shared, http};
use crate::{Connector, Now};

type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// How long an old connection may take to end well.
const GOODBYE: Duration = Duration::from_millis(50);

/// What woke the thread.
enum Woken {
    App,
    Timer,
    Located(Option<String>),
    Opened(Result<Box<WebSocket>, Lost>),
    Heard(Heard),
}

struct Driver<'a> {
    shared: &'a Shared,
    connector: &'a dyn Connector,
    locating: Option<Pending<'a, Option<String>>>,
    opening: Option<Pending<'a, Result<Box<WebSocket>, Lost>>>,
    socket: Option<WebSocket>,
    /// Since when bytes wait that the socket does not take.
    stalled: Option<Now>,
}

/// Runs until the client has ended.
pub(super) async fn run(shared: &Shared, connector: &dyn Connector) {
    let mut driver =
        Driver { shared, connector, locating: None, opening: None, socket: None, stalled: None };
    while let Some(wake_at) = driver.obey().await {
        let woken = driver.wait(wake_at).await;
        driver.handle(woken);
    }
}

impl Driver<'_> {
    /// Does all there is to do; when to look again, or nothing when it is over.
    async fn obey(&mut self) -> Option<Option<Now>> {
        loop {
            let (output, wake_at, is_ended) = {
                let mut client = self.shared.client();
                (client.poll_output(), client.wake_at(), client.is_ended())
            };
            match output {
                Some(Output::Locate { at, path }) => {
                    self.locating = Some(Box::pin(http::get(self.connector, at, path)));
                }
                Some(Output::Connect { server, path }) => {
                    self.locating = None;
                    let connector = self.connector;
                    let opening =
                        async { websocket::open(connector, server, path).await.map(Box::new) };
                    self.opening = Some(Box::pin(opening));
                }
                Some(Output::Send(text)) => {
                    if self.socket.as_mut().is_some_and(|socket| !socket.send(text)) {
                        self.lose(Lost::WriteStall);
                    }
                }
                Some(Output::Ping) => {
                    if let Some(socket) = &mut self.socket {
                        socket.ping();
                    }
                }
                Some(Output::Disconnect) => self.disconnect().await,
                Some(Output::Event(event)) => self.shared.queue.push(event),
                None if is_ended => return None,
                None => return Some(wake_at),
            }
        }
    }

    async fn wait(&mut self, wake_at: Option<Now>) -> Woken {
        let now = self.shared.clock.now();
        let stalled_at = self.stalled.map(|since| since + limits::WRITE_STALL);
        let next = [wake_at, stalled_at].into_iter().flatten().min();
        let timer = async {
            match next {
                Some(at) => sleep(at.since(now)).await,
                None => pending().await,
            }
        };
        let (locating, opening) = (&mut self.locating, &mut self.opening);
        let (socket, stalled) = (&mut self.socket, &mut self.stalled);
        let clock = &self.shared.clock;
        let heard = poll_fn(|cx| {
            let Some(socket) = socket.as_mut() else { return std::task::Poll::Pending };
            let was_stalled = stalled.is_some();
            let heard = socket.poll(cx);
            if !socket.is_waiting() {
                *stalled = None;
            } else if !was_stalled {
                *stalled = Some(clock.now());
                // Once more, with the time in mind.
                cx.waker().wake_by_ref();
            }
            heard
        });
        tokio::select! {
            biased;
            () = self.shared.wake.notified() => Woken::App,
            heard = heard => Woken::Heard(heard),
            opened = optional(opening) => Woken::Opened(opened),
            located = optional(locating) => Woken::Located(located),
            () = timer => Woken::Timer,
        }
    }

    fn handle(&mut self, woken: Woken) {
        let now = self.shared.clock.now();
        match woken {
            Woken::App | Woken::Timer => {}
            Woken::Located(body) => {
                self.locating = None;
                self.shared.client().handle_located(body.as_deref(), now);
            }
            Woken::Opened(Ok(socket)) => {
                self.opening = None;
                self.stalled = None;
                self.socket = Some(*socket);
                self.shared.client().handle_connected(now);
            }
            Woken::Opened(Err(reason)) => {
                self.opening = None;
                self.lose(reason);
            }
            Woken::Heard(Heard::Text(text)) => self.shared.client().handle_frame(&text, now),
            Woken::Heard(Heard::Binary) => self.shared.client().handle_binary(now),
            Woken::Heard(Heard::Pong) => self.shared.client().handle_pong(),
            Woken::Heard(Heard::Lost(reason)) => self.lose(reason),
        }
        if self.stalled.is_some_and(|since| since + limits::WRITE_STALL <= now) {
            self.lose(Lost::WriteStall);
        }
        self.shared.client().handle_timeout(now);
    }

    fn lose(&mut self, reason: Lost) {
        self.socket = None;
        self.stalled = None;
        self.shared.client().handle_lost(reason, self.shared.clock.now());
    }

    async fn disconnect(&mut self) {
        self.locating = None;
        self.opening = None;
        self.stalled = None;
        if let Some(mut socket) = self.socket.take() {
            // One that does not end in time is dropped.
            let _ = timeout(GOODBYE, poll_fn(|cx| socket.poll_close(cx))).await;
        }
    }
}

async fn optional<T>(future: &mut Option<Pending<'_, T>>) -> T {
    match future {
        Some(future) => future.as_mut().await,
        None => pending().await,
    }
}
