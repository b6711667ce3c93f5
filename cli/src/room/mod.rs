//! `onair room`: a client of a room on the desk, for people and for scripts.

pub(crate) mod args;
pub(crate) mod beside;
pub(crate) mod event;

use std::io::BufRead;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use onair::rooms::{
    CommandError, RoomClient, RoomConfig, RoomError, RoomEvent, RoomEvents, RoomState,
};

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output;
use args::{PlaceArgs, RoomArgs, RoomCommand};
use event::Line;

/// How often a stop is looked for.
const TICK: Duration = Duration::from_millis(50);
/// How long one comment may take from start to end.
const DELIVER_WITHIN: Duration = Duration::from_secs(20);
/// Likes leave the client a little later than they came; and a server that answers nothing may overlook
/// what comes together with a goodbye.
const BEFORE_GOODBYE: Duration = Duration::from_millis(300);

/// Does it until it is done or somebody stops it.
///
/// # Errors
/// With the exit code: what the user can do about it is in the message.
pub(crate) fn run(args: &RoomArgs, context: &Context) -> Result<Exit, Failure> {
    let place = args.command.place();
    let (client, events) = RoomClient::start(config(place)?).map_err(|error| failure(&error))?;
    let room = &place.room;
    let mut visit = Visit { client, events, context, json: place.json, show_publish_key: false };
    match &args.command {
        RoomCommand::Create(args) => {
            visit.show_publish_key = args.show_publish_key;
            visit.client.create(room, &args.title).map_err(|error| failure(&error))?;
            visit.stay(None)
        }
        RoomCommand::Watch(_) => {
            visit.client.join(room).map_err(|error| failure(&error))?;
            visit.stay(None)
        }
        RoomCommand::Join(_) => {
            visit.client.join(room).map_err(|error| failure(&error))?;
            visit.stay(Some(stdin_lines()?))
        }
        RoomCommand::Comment(args) => {
            visit.client.join(room).map_err(|error| failure(&error))?;
            visit.until_joined()?;
            let id = visit.client.comment(&args.text, None).map_err(|error| failure(&error))?;
            visit.until(|event| match event {
                RoomEvent::Delivered(delivered) if *delivered == id => Some(Ok(())),
                RoomEvent::NotDelivered { refusal, .. } => Some(Err(Failure::connect(refusal))),
                _ => None,
            })?;
            context.stop_signal.wait(BEFORE_GOODBYE);
            Ok(Exit::Ok)
        }
        RoomCommand::Like(args) => {
            visit.client.join(room).map_err(|error| failure(&error))?;
            visit.until_joined()?;
            visit.client.like(args.count).map_err(|error| failure(&error))?;
            context.stop_signal.wait(BEFORE_GOODBYE);
            Ok(Exit::Ok)
        }
    }
}

/// What the command line says about the server.
///
/// # Errors
/// When a certificate cannot be used.
fn config(place: &PlaceArgs) -> Result<RoomConfig, Failure> {
    let config = if place.locator {
        RoomConfig::locator(&place.url)
    } else {
        RoomConfig::server(&place.url)
    };
    let config = with_tokens(config)
        .name(&place.name)
        .queue_offline(place.queue)
        .allow_plaintext(place.allow_plaintext)
        .engine_io_3(place.engine_io_3);
    #[cfg(feature = "tls")]
    let config = config.trust(crate::push::trust::read(&place.tls)?);
    Ok(config)
}

/// With what the environment knows.
pub(crate) fn with_tokens(mut config: RoomConfig) -> RoomConfig {
    if let Ok(token) = std::env::var("ONAIR_ROOM_AUTH") {
        config = config.auth_token(&token);
    }
    if let Ok(token) = std::env::var("ONAIR_ROOM_TOKEN") {
        config = config.room_token(&token);
    }
    config
}

/// The exit code that an error deserves.
pub(crate) fn failure(error: &RoomError) -> Failure {
    let exit = match error {
        RoomError::System(_) => Exit::Local,
        RoomError::Command(CommandError::Offline | CommandError::Ended) => Exit::Connect,
        _ => Exit::Usage,
    };
    Failure::new(exit, error)
}

struct Visit<'a> {
    client: RoomClient,
    events: RoomEvents,
    context: &'a Context,
    json: bool,
    show_publish_key: bool,
}

impl Visit<'_> {
    /// Tells what happens until the room is over or somebody stops it; says what comes in `lines`.
    fn stay(mut self, lines: Option<Receiver<String>>) -> Result<Exit, Failure> {
        let mut refused = None;
        while !self.context.stop_signal.wait(Duration::ZERO) {
            if let Some(event) = self.events.next_timeout(TICK) {
                match &event {
                    RoomEvent::Refused { refusal, .. } => refused = Some(refusal.to_string()),
                    RoomEvent::Lost { reason, retry_in: None } => {
                        refused = Some(reason.to_string())
                    }
                    _ => {}
                }
                let is_over =
                    matches!(event, RoomEvent::Closed(_) | RoomEvent::State(RoomState::Ended));
                self.tell(event);
                if let Some(message) = refused {
                    return Err(Failure::connect(message));
                }
                if is_over {
                    return Ok(Exit::Ok);
                }
            }
            for line in lines.iter().flat_map(Receiver::try_iter) {
                if let Err(error) = self.client.comment(&line, None) {
                    output::complain(&format!("onair: {error}"));
                }
            }
        }
        if self.client.close().is_ok() {
            // Whether the others are told is seen here; a server that is gone tells nobody.
            let _ = self.until(|event| matches!(event, RoomEvent::Closed(_)).then_some(Ok(())));
        }
        self.client.stop();
        Ok(Exit::Ok)
    }

    fn until_joined(&mut self) -> Result<(), Failure> {
        self.until(|event| matches!(event, RoomEvent::Joined(_)).then_some(Ok(())))
    }

    /// Tells what happens until `is_it` says what to make of it.
    fn until(
        &mut self,
        is_it: impl Fn(&RoomEvent) -> Option<Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let begun = self.context.clock.now();
        while self.context.clock.now().since(begun) < DELIVER_WITHIN {
            let Some(event) = self.events.next_timeout(TICK) else {
                if self.events.is_over() {
                    break;
                }
                continue;
            };
            let found = is_it(&event);
            let is_end = match &event {
                RoomEvent::Refused { refusal, .. } => Some(refusal.to_string()),
                RoomEvent::Lost { reason, retry_in: None } => Some(reason.to_string()),
                _ => None,
            };
            self.tell(event);
            if let Some(found) = found {
                return found;
            }
            if let Some(message) = is_end {
                return Err(Failure::connect(message));
            }
        }
        Err(Failure::connect(format!("the room did not answer within {DELIVER_WITHIN:?}")))
    }

    fn tell(&self, event: RoomEvent) {
        let Some(line) = Line::new(event, self.show_publish_key) else { return };
        if self.json {
            self.context.output.json(&line);
        } else if line.is_complaint() {
            output::complain(&line.to_string());
        } else if line.is_for_people() {
            self.context.output.words(&line.to_string());
        }
    }
}

/// Lines from stdin, on a thread that ends with the process.
fn stdin_lines() -> Result<Receiver<String>, Failure> {
    let (send, lines) = bounded(16);
    let read = move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    };
    Builder::new().name("onair-stdin".to_owned()).spawn(read).map_err(Failure::local)?;
    Ok(lines)
}
