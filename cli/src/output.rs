//! Where lines go: events to stdout (as words or JSON), one live line and complaints to stderr.
//! Nothing in here panics when the reader has gone; a reader that has gone stops the command.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::clock::StopHandle;
use crate::event::Event;

/// Whether the live line is on the terminal now. One for the process, like the terminal itself.
static LIVE_LINE: AtomicBool = AtomicBool::new(false);

/// Prints what happens.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    live: bool,
    stop: StopHandle,
    journal: Journal,
}

/// The newest decisions and complaints, for whoever asks later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<VecDeque<Told>>>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Told {
    /// From 1 on.
    number: u64,
    /// Since the command began.
    seconds: f64,
    message: String,
}

/// Most that a journal keeps.
const KEPT: usize = 50;

impl Journal {
    /// The oldest first.
    pub(crate) fn all(&self) -> Vec<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn note(&self, seconds: f64, message: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = kept.back().map_or(0, |told| told.number) + 1;
        kept.push_back(Told { number, seconds, message: message.to_owned() });
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

impl Output {
    /// JSON lines, or words; `stop` is told when nobody reads any more.
    pub(crate) fn new(json: bool, stop: StopHandle) -> Self {
        let live = !json && io::stderr().is_terminal();
        Self { json, live, stop, journal: Journal::default() }
    }

    /// What `event` was told of decisions.
    pub(crate) fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// Tells about `event`. Statistics are a line each in JSON, the live line on a terminal, and
    /// nothing elsewhere.
    pub(crate) fn event(&self, event: &Event) {
        if let Some((seconds, message)) = event.decision() {
            self.journal.note(seconds, message);
        }
        match event {
            _ if self.json => self.json(event),
            Event::Stats(stats) if self.live && stats.destination.is_none() => {
                live_line(&stats.to_string());
            }
            Event::Stats(_) => {}
            // The command's own last words tell of an error that ends it.
            Event::Error { destination: None, retry_in_seconds: None, .. } => {}
            // Many and harmless; the live line shows the target.
            Event::Bitrate { .. } => log::info!("{event}"),
            Event::Error { .. }
            | Event::Warning { .. }
            | Event::Backup { .. }
            | Event::Pace { .. }
            | Event::Suspect { .. } => complain(&event.to_string()),
            _ => self.line(&event.to_string()),
        }
    }

    /// Words that programs have no use for.
    pub(crate) fn words(&self, text: &str) {
        if !self.json {
            self.line(text);
        }
    }

    /// One JSON object on a line.
    pub(crate) fn json(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(line) => self.line(&line),
            Err(error) => complain(&format!("onair: write JSON: {error}")),
        }
    }

    fn line(&self, line: &str) {
        clear_live_line();
        let mut stdout = io::stdout().lock();
        if writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err() {
            self.stop.stop();
        }
    }
}

/// A line on stderr, past the live line.
pub(crate) fn complain(line: &str) {
    clear_live_line();
    // Nobody is left to be told that stderr is gone.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Leaves the terminal with an empty line of its own.
pub(crate) fn clear_live_line() {
    if LIVE_LINE.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

fn live_line(line: &str) {
    LIVE_LINE.store(true, Ordering::Relaxed);
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "\r\x1b[K{line}").and_then(|()| stderr.flush());
}

/// Sends the log to stderr: warnings, more with `-v`, or what `RUST_LOG` says.
pub(crate) fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(level))
        // It calls a refused certificate an error of its own; the stream's error says it better.
        .filter_module("rustls_platform_verifier", log::LevelFilter::Off)
        .format(|target, record| writeln!(target, "{}: {}", record.level(), record.args()))
        .target(env_logger::Target::Pipe(Box::new(LogLines)))
        .init();
}

struct LogLines;

impl Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        clear_live_line();
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
