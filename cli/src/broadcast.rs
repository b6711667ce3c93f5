//! Runs one session with one source until the media ends, somebody stops it or it breaks, and
//! tells what happens on the way. `push` and `demo` are this with different settings.
//!
//! ```text
//!  this thread       events → output
//!  onair-source      waits for "live", then paces and pushes; finishes the session
//!  onair-stop        waits for the command's stop, then stops the session
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded, select};
use onair::{
    DestinationId, DestinationStatistics, Destinations, Error, Events, RecordingConfig, Session,
    State, Statistics,
};

use crate::context::Context;
use crate::decision::millis;
use crate::event::{Event, Stats, Summary, Whose};
use crate::exit::{Exit, Failure};
use crate::look::place::Shot;
use crate::look::shots;
use crate::source::{Ending, Source};

/// What is broadcast, and how patiently.
pub(crate) struct Broadcast {
    pub(crate) session: Arc<Session>,
    pub(crate) destinations: Destinations,
    pub(crate) source: Box<dyn Source>,
    /// Whether media is pushed before the stream is live; the session then drops what is too old.
    pub(crate) from_start: bool,
    /// Otherwise, how long the first connection may take; `None` for as long as the session tries.
    pub(crate) go_live_within: Option<Duration>,
    /// Pictures to be kept.
    pub(crate) snapshots: Vec<Shot>,
    /// The file beside the stream.
    pub(crate) record: Option<RecordingConfig>,
    /// Where to write the flight record at the end.
    pub(crate) flight_record: Option<PathBuf>,
}

/// How the source came to its end.
#[derive(Debug)]
enum SourceEnd {
    /// All media was pushed; whether all of it was sent.
    Media { sent_all: bool },
    /// Somebody stopped it, or the session ended under it.
    Stopped,
    /// The stream was not live in time.
    Late(Duration),
    /// The source itself failed.
    Failed(Failure),
}

/// What the events said.
#[derive(Debug, Default)]
struct Seen {
    was_live: bool,
    /// The state before the end.
    last_state: State,
    last_error: Option<Error>,
    /// Of several destinations, those that failed, and why.
    failed: Vec<(Whose, Error)>,
    warned: bool,
}

const BACKUP: &str = "the backup takes over";
const FIRST: &str = "the first address is tried again";
const SUSPECT: &str = "the server takes nothing; the connection may be dead";
const TRUSTED: &str = "the server takes data again";
const BLIND: &str =
    "this system does not tell what the server received; its acknowledgements steer the bitrate";

/// How long the last frames may take to the server. What was told before may be a second old, and the end takes up to
/// 300 ms: nobody waits ten seconds for a word (row P11).
const DRAIN: Duration = Duration::from_millis(8_500);

/// Broadcasts to the end; tells everything there is to tell but the failure that it returns.
///
/// # Errors
/// With the exit code, when the stream did not go live, broke, or the source failed.
pub(crate) fn run(broadcast: Broadcast, context: &Context) -> Result<Exit, Failure> {
    let Broadcast { session, destinations, mut source, record, flight_record, .. } = broadcast;
    let snapshots = broadcast.snapshots;
    snapshots.iter().try_for_each(|shot| shots::format(&shot.path).map(drop))?;
    let (from_start, go_live_within) = (broadcast.from_start, broadcast.go_live_within);
    let mut events = session.events().ok_or_else(|| Failure::local("the session has no events"))?;
    if let Some(config) = record {
        session.start_recording(config).map_err(|error| failure(&error, false))?;
    }
    session.start(destinations).map_err(|error| failure(&error, false))?;

    let (live, gone_live) = bounded(1);
    let (end, seen, is_interrupted, taken) = std::thread::scope(|scope| {
        let session = &*session;
        let snapshots = (!snapshots.is_empty()).then(|| {
            let take = || shots::take(&snapshots, session, context);
            Builder::new().name("onair-snapshot".into()).spawn_scoped(scope, take)
        });
        let source = Builder::new().name("onair-source".into()).spawn_scoped(scope, move || {
            let _stop = StopOnDrop(session);
            let gone_live = (!from_start).then_some(&gone_live);
            feed(session, source.as_mut(), gone_live, go_live_within, context)
        });
        let stopper = Builder::new().name("onair-stop".into()).spawn_scoped(scope, || {
            context.stop_signal.wait_for_ever();
            session.stop();
        });
        if source.is_err() || stopper.is_err() {
            context.stop.stop();
            session.stop();
        }
        let seen = follow(&mut events, session, context, || {
            // Full: the source knows.
            let _ = live.try_send(());
        });
        // Ends both threads; somebody else stopped the command when this is not the first stop.
        let is_interrupted = !context.stop.stop();
        let end = match source.map(|source| source.join()) {
            Ok(Ok(end)) => end,
            Ok(Err(_)) => SourceEnd::Failed(Failure::local("the source panicked; this is a bug")),
            Err(error) => SourceEnd::Failed(Failure::local(format!("start a thread: {error}"))),
        };
        let taken = match snapshots.transpose() {
            Ok(taker) => taker.map_or(Ok(()), |taker| {
                let bug = |_| Err(Failure::local("the snapshot panicked; this is a bug"));
                taker.join().unwrap_or_else(bug)
            }),
            Err(error) => Err(Failure::local(format!("start a thread: {error}"))),
        };
        (end, seen, is_interrupted, taken)
    });
    let recorded = session.stop_recording();
    // A slow disk tells of complete files when the stream is over.
    while let Some(event) = events.try_next() {
        if let onair::Event::RecordingSplit(recording) = event {
            context.output.event(&Event::Recorded((&recording).into()));
        }
    }
    if let Ok(Some(recording)) = &recorded {
        context.output.event(&Event::Recorded(recording.into()));
    }
    let noted = flight_record.map_or(Ok(()), |path| {
        std::fs::write(&path, session.flight_record())
            .map_err(|error| Failure::local(format!("write {}: {error}", path.display())))
    });
    let (all, each) = (session.statistics(), session.destinations());
    for one in each.iter().filter(|_| each.len() > 1) {
        context.output.event(&Event::Summary(summary_of(one, &all)));
    }
    context.output.event(&Event::Summary(summary(&all)));
    let exit = outcome(end, &seen, is_interrupted)?;
    missed(&seen)?;
    noted?;
    taken?;
    recorded.map(|_| exit).map_err(|error| failure(&error, true))
}

/// A source that fails or panics takes its session with it.
struct StopOnDrop<'a>(&'a Session);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The source's thread.
fn feed(
    session: &Session,
    source: &mut dyn Source,
    gone_live: Option<&Receiver<()>>,
    go_live_within: Option<Duration>,
    context: &Context,
) -> SourceEnd {
    if let Err(failure) = source.prepare() {
        return SourceEnd::Failed(failure);
    }
    if let Some(gone_live) = gone_live {
        let patience = go_live_within.unwrap_or(Duration::MAX);
        select! {
            recv(gone_live) -> live => if live.is_err() { return SourceEnd::Stopped },
            recv(context.stop_signal.receiver()) -> _ => return SourceEnd::Stopped,
            default(patience) => return SourceEnd::Late(patience),
        }
    }
    match source.run(session, context) {
        Ok(Ending::Media) => SourceEnd::Media { sent_all: session.finish(DRAIN) },
        Ok(Ending::Stopped) => SourceEnd::Stopped,
        Err(failure) => SourceEnd::Failed(failure),
    }
}

/// Tells what happens until the session has ended.
fn follow(
    events: &mut Events,
    session: &Session,
    context: &Context,
    mut on_live: impl FnMut(),
) -> Seen {
    let mut seen = Seen::default();
    let is_shared = session.destinations().len() > 1;
    let whose = |id: &DestinationId| is_shared.then(|| Whose::from(id));
    while let Some(event) = events.next_blocking() {
        let seconds = context.seconds();
        match event {
            onair::Event::State(state) => {
                let (destination, name) = (None, name(state));
                context.output.event(&Event::State { destination, state: name, seconds });
                if !state.is_running() {
                    break;
                }
                if state == State::Live {
                    seen.was_live = true;
                    on_live();
                }
                seen.last_state = state;
            }
            onair::Event::Destination { destination, state } => {
                let (destination, state) = (whose(&destination), name(state));
                context.output.event(&Event::State { destination, state, seconds });
            }
            onair::Event::AddressChanged { destination, is_backup } => {
                let (destination, backup) = (whose(&destination), is_backup);
                let message = if backup { BACKUP } else { FIRST };
                context.output.event(&Event::Backup { destination, backup, message, seconds });
            }
            onair::Event::Lost { destination, error, retry_in, .. } => {
                let destination = whose(&destination);
                if retry_in.is_none() {
                    seen.failed.extend(destination.clone().map(|whose| (whose, error.clone())));
                }
                let retry_in_seconds = retry_in.map(|delay| delay.as_secs_f64());
                let message = error.to_string();
                let event = Event::Error { destination, message, retry_in_seconds, seconds };
                context.output.event(&event);
                seen.last_error = Some(error);
            }
            onair::Event::RecordingFailed(error) => {
                context.output.event(&Event::Warning { message: error.to_string(), seconds });
            }
            onair::Event::RecordingSplit(recording) => {
                context.output.event(&Event::Recorded((&recording).into()));
            }
            onair::Event::RecordingBehind { by } => {
                let seconds_behind = by.as_secs_f64();
                let message = format!("the disk is slow: {seconds_behind:.1} s behind the stream");
                context.output.event(&Event::Warning { message, seconds });
            }
            onair::Event::RecordingGap { video, audio } => {
                let message = format!(
                    "the disk does not keep up: {video} pictures and {audio} AAC frames are \
                     missing in the recording"
                );
                context.output.event(&Event::Warning { message, seconds });
            }
            onair::Event::EncoderFailed { error, .. } => {
                context.output.event(&Event::Warning { message: error.to_string(), seconds });
                seen.last_error = Some(error);
            }
            onair::Event::Statistics(statistics) => {
                let encoders = [&statistics.video_encoder, &statistics.audio_encoder];
                let warnings = encoders.into_iter().flatten().filter_map(|info| info.warning);
                if !std::mem::replace(&mut seen.warned, true) {
                    for message in warnings.map(str::to_owned) {
                        context.output.event(&Event::Warning { message, seconds });
                    }
                }
                if is_shared {
                    for one in session.destinations() {
                        let stats = stats_of(&one, &statistics, seconds);
                        context.output.event(&Event::Stats(stats));
                    }
                }
                context.output.event(&Event::Stats(stats(&statistics, seconds)));
            }
            onair::Event::Bitrate { destination, decision } => {
                let (destination, decision) = (whose(&destination), decision.into());
                context.output.event(&Event::Bitrate { destination, decision, seconds });
            }
            onair::Event::Pace { destination, change } => {
                let (destination, change) = (whose(&destination), change.into());
                context.output.event(&Event::Pace { destination, change, seconds });
            }
            onair::Event::Suspect { destination, is_suspect: suspect } => {
                let destination = whose(&destination);
                let message = if suspect { SUSPECT } else { TRUSTED };
                context.output.event(&Event::Suspect { destination, suspect, message, seconds });
            }
            onair::Event::AcknowledgementsOnly => {
                context.output.event(&Event::Warning { message: BLIND.to_owned(), seconds });
            }
            // Drops are in the statistics; the rest is for apps that encode themselves.
            _ => {}
        }
    }
    seen
}

fn outcome(end: SourceEnd, seen: &Seen, is_interrupted: bool) -> Result<Exit, Failure> {
    let failed = |otherwise: &str| match &seen.last_error {
        // Some servers accept a publish and refuse it with their next breath.
        Some(error @ (Error::Rejected(_) | Error::NameInUse(_)))
            if seen.last_state == State::Live =>
        {
            failure(error, false)
        }
        Some(error) => failure(error, seen.was_live),
        None if seen.was_live => Failure::new(Exit::Broke, otherwise),
        None => Failure::connect(otherwise),
    };
    match end {
        SourceEnd::Failed(failure) => Err(failure),
        _ if is_interrupted && seen.was_live => Ok(Exit::Ok),
        _ if is_interrupted => {
            Err(Failure::new(Exit::Interrupted, "interrupted before the stream was live"))
        }
        SourceEnd::Late(limit) => {
            let last = seen.last_error.as_ref().map(|e| format!("; the last attempt: {e}"));
            let last = last.unwrap_or_default();
            Err(Failure::connect(format!("the stream was not live within {limit:?}{last}")))
        }
        SourceEnd::Media { .. } if seen.last_state != State::Live => {
            Err(failed("the connection was lost before the media ended"))
        }
        SourceEnd::Media { sent_all: true } => Ok(Exit::Ok),
        SourceEnd::Media { sent_all: false } => Err(Failure::new(
            Exit::Broke,
            format!(
                "the server did not take the last frames within {DRAIN:?}; the network is too slow for the bitrate"
            ),
        )),
        SourceEnd::Stopped => Err(failed("the session ended by itself")),
    }
}

/// Several destinations were asked for, and one of them failed: the others' success is not all.
fn missed(seen: &Seen) -> Result<(), Failure> {
    let words = |(whose, error): &(Whose, Error)| format!("destination {whose}: {error}");
    let failed: Vec<_> = seen.failed.iter().map(words).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(Exit::Broke, failed.join("\n       ")))
    }
}

/// The session's error with the exit code it deserves and what to do.
pub(crate) fn failure(error: &Error, was_live: bool) -> Failure {
    let exit = match error {
        Error::Config(_) | Error::Address(_) | Error::Plaintext(_) | Error::Destinations(_) => {
            Exit::Usage
        }
        Error::Recording(_) if !was_live => Exit::Usage,
        Error::Encoder(_) | Error::Misuse(_) | Error::Recording(_) => Exit::Local,
        _ if was_live => Exit::Broke,
        _ => Exit::Connect,
    };
    let option = if matches!(error, Error::Plaintext(_)) { " (--allow-plaintext)" } else { "" };
    Failure::new(exit, format!("{error}\n       {}{option}", error.advice()))
}

pub(crate) fn name(state: State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::Pending => "connecting",
        State::Live => "live",
        State::Reconnecting => "reconnecting",
        State::Stopped => "stopped",
        State::Failed => "failed",
        _ => "unknown",
    }
}

fn stats(of: &Statistics, seconds: f64) -> Stats {
    Stats {
        destination: None,
        state: name(of.state),
        seconds,
        fps: of.fps,
        bitrate: of.bitrate_bps,
        bitrate_bps: of.bitrate_bps,
        target_bitrate: of.target_bitrate_bps.into(),
        queue: of.queue_units.into(),
        queue_ms: millis(of.queue_age),
        inflight_bytes: of.inflight_bytes,
        rtt_ms: tenths_ms(of.rtt),
        dropped: dropped(of),
        frames_encoded: of.frames_encoded,
        frames_sent: of.frames_sent,
        bytes_sent: of.bytes_sent,
        reconnects: of.reconnects.into(),
    }
}

fn stats_of(one: &DestinationStatistics, all: &Statistics, seconds: f64) -> Stats {
    Stats {
        destination: Some(Whose::from(&one.destination)),
        state: name(one.state),
        seconds,
        fps: one.fps,
        bitrate: one.bitrate_bps,
        bitrate_bps: one.bitrate_bps,
        target_bitrate: one.wanted_bitrate_bps.into(),
        queue: one.queue_units.into(),
        queue_ms: millis(one.queue_age),
        inflight_bytes: one.inflight_bytes,
        rtt_ms: tenths_ms(one.rtt),
        dropped: one.frames_dropped,
        frames_encoded: all.frames_encoded,
        frames_sent: one.frames_sent,
        bytes_sent: one.bytes_sent,
        reconnects: one.reconnects.into(),
    }
}

fn summary_of(one: &DestinationStatistics, all: &Statistics) -> Summary {
    Summary {
        destination: Some(Whose::from(&one.destination)),
        frames_encoded: all.frames_encoded,
        frames_sent: one.frames_sent,
        frames_dropped: one.frames_dropped,
        audio_frames_sent: one.audio_frames_sent,
        bytes_sent: one.bytes_sent,
        seconds: all.elapsed.as_secs_f64(),
        reconnects: one.reconnects.into(),
        state: name(one.state),
    }
}

fn tenths_ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn summary(of: &Statistics) -> Summary {
    Summary {
        destination: None,
        frames_encoded: of.frames_encoded,
        frames_sent: of.frames_sent,
        frames_dropped: dropped(of),
        audio_frames_sent: of.audio_frames_sent,
        bytes_sent: of.bytes_sent,
        seconds: of.elapsed.as_secs_f64(),
        reconnects: of.reconnects.into(),
        state: name(of.state),
    }
}

/// Before the encoder, in it, or after it.
pub(crate) fn dropped(of: &Statistics) -> u64 {
    of.frames_skipped + of.frames_failed + of.frames_dropped
}

#[cfg(test)]
#[path = "broadcast_test.rs"]
mod tests;
