//! What `push`, `demo` and `serve` tell while they run: one shape for people and one for programs.
//! The JSON keys are part of the command's contract (docs/cli.md).

use std::fmt;

use onair::DestinationId;
use serde::{Serialize, Serializer};

use crate::decision::{Bitrate, Pace};

/// One line of output.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// A server is up.
    Listening {
        /// `host:port`.
        rtmp: String,
        /// `host:port`.
        http: String,
        /// Where to watch, when one stream is meant.
        #[serde(skip_serializing_if = "Option::is_none")]
        watch_url: Option<String>,
    },
    /// The stream came into another state.
    State {
        /// Whose it is, when there are several destinations.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Whose>,
        /// "connecting", "live", "reconnecting", …
        state: &'static str,
        /// Since the command began.
        seconds: f64,
    },
    /// Something failed; the command goes on when `retry_in_seconds` says so.
    Error {
        /// Whose it is, when there are several destinations.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Whose>,
        /// What was wrong and what to do.
        message: String,
        /// When the next attempt begins; null when this was the end.
        retry_in_seconds: Option<f64>,
        /// Since the command began.
        seconds: f64,
    },
    /// Something the user should know; the stream goes on.
    Warning {
        /// What it is.
        message: String,
        /// Since the command began.
        seconds: f64,
    },
    /// The destination's backup is used from now on, or its first address again.
    Backup {
        /// Whose it is, when there are several destinations.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Whose>,
        /// Whether it is the backup.
        backup: bool,
        /// The same in words.
        message: &'static str,
        /// Since the command began.
        seconds: f64,
    },
    /// The video bitrate follows the network.
    Bitrate {
        /// Whose it is, when there are several destinations.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Whose>,
        /// From what to what, and why.
        #[serde(flatten)]
        decision: Bitrate,
        /// Since the command began.
        seconds: f64,
    },
    /// Another part of the pictures is sent.
    Pace {
        /// Whose it is, when there are several destinations.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Whose>,
        /// From what to what, and why.
        #[serde(flatten)]
        change: Pace,
        /// Since the command began.
        seconds: f64,
    },
    /// The server takes nothing, or does again.
    Suspect {
        /// Whose it is, when there are several destinations.
        #[serde(skip_serializing_if = "Option::is_none")]
        destination: Option<Whose>,
        /// Whether it takes nothing.
        suspect: bool,
        /// The same in words.
        message: &'static str,
        /// Since the command began.
        seconds: f64,
    },
    /// Once a second, of the whole and of each of several destinations.
    Stats(Stats),
    /// The file beside the stream is complete.
    Recorded(Recorded),
    /// The last line; before it one for each of several destinations.
    Summary(Summary),
}

/// One of several destinations; its number, from 1 as on the command line, in JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Whose {
    pub(crate) number: usize,
    pub(crate) name: String,
}

impl From<&DestinationId> for Whose {
    fn from(of: &DestinationId) -> Self {
        Self { number: of.index() + 1, name: of.name().to_owned() }
    }
}

impl Serialize for Whose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number.serialize(serializer)
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number, self.name)
    }
}

/// How the stream is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Stats {
    /// Whose they are, when there are several destinations and it is not of the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<Whose>,
    /// "connecting", "live", "reconnecting", …
    pub(crate) state: &'static str,
    /// Since the command began.
    pub(crate) seconds: f64,
    /// Pictures sent a second, since the last such line.
    pub(crate) fps: f64,
    /// Bits sent a second, since the last such line.
    pub(crate) bitrate: u64,
    /// The same.
    pub(crate) bitrate_bps: u64,
    /// What the video encoder aims at, bit/s.
    pub(crate) target_bitrate: u64,
    /// Access units waiting for the network.
    pub(crate) queue: u64,
    /// Age of the oldest of them, milliseconds.
    pub(crate) queue_ms: u64,
    /// Bytes that the socket took and the server is not known to have.
    pub(crate) inflight_bytes: u64,
    /// Round trip as the system tells it, milliseconds; 0 when it does not.
    pub(crate) rtt_ms: f64,
    /// Pictures dropped since the command began.
    pub(crate) dropped: u64,
    /// Pictures encoded since the command began.
    pub(crate) frames_encoded: u64,
    /// Pictures sent since the command began.
    pub(crate) frames_sent: u64,
    /// Bytes sent since the command began.
    pub(crate) bytes_sent: u64,
    /// Times a lost connection was made again.
    pub(crate) reconnects: u64,
}

/// What the file beside the stream holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Recorded {
    /// Where it is.
    pub(crate) path: String,
    /// Pictures in it.
    pub(crate) frames: u64,
    /// AAC frames in it.
    pub(crate) audio_frames: u64,
    /// Pictures left out because the disk did not keep up.
    pub(crate) frames_missing: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its length.
    pub(crate) seconds: f64,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Whose they are, when there are several destinations and it is not of the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<Whose>,
    /// Pictures that left the encoder, or the file.
    pub(crate) frames_encoded: u64,
    /// Pictures the socket took.
    pub(crate) frames_sent: u64,
    /// Pictures dropped anywhere: before the encoder, or for a slow network.
    pub(crate) frames_dropped: u64,
    /// AAC frames the socket took.
    pub(crate) audio_frames_sent: u64,
    /// Bytes the socket took.
    pub(crate) bytes_sent: u64,
    /// From the first connection's start to the end.
    pub(crate) seconds: f64,
    /// Times a lost connection was made again.
    pub(crate) reconnects: u64,
    /// "stopped" or "failed".
    pub(crate) state: &'static str,
}

impl Event {
    /// What was decided or went wrong, in words, and when; nothing for the rest.
    pub(crate) fn decision(&self) -> Option<(f64, &str)> {
        match self {
            Self::Warning { message, seconds } | Self::Error { message, seconds, .. } => {
                Some((*seconds, message))
            }
            Self::Backup { message, seconds, .. } | Self::Suspect { message, seconds, .. } => {
                Some((*seconds, message))
            }
            Self::Bitrate { decision, seconds, .. } => Some((*seconds, decision.message())),
            Self::Pace { change, seconds, .. } => Some((*seconds, change.message())),
            _ => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { rtmp, http, watch_url } => {
                writeln!(f, "RTMP    {rtmp}")?;
                write!(f, "HTTP    {http}")?;
                watch_url.iter().try_for_each(|url| write!(f, "\nwatch   {url}"))
            }
            Self::State { destination, state, seconds } => {
                write!(f, "{}{state}", Head(*seconds, destination))
            }
            Self::Error { destination, message, retry_in_seconds: Some(delay), seconds } => {
                let head = Head(*seconds, destination);
                write!(f, "{head}{message}; next attempt in {delay:.1} s")
            }
            Self::Error { destination, message, seconds, .. } => {
                write!(f, "{}{message}", Head(*seconds, destination))
            }
            Self::Warning { message, seconds } => write!(f, "{}{message}", Head(*seconds, &None)),
            Self::Backup { destination, message, seconds, .. }
            | Self::Suspect { destination, message, seconds, .. } => {
                write!(f, "{}{message}", Head(*seconds, destination))
            }
            Self::Bitrate { destination, decision, seconds } => {
                write!(f, "{}{}", Head(*seconds, destination), decision.message())
            }
            Self::Pace { destination, change, seconds } => {
                write!(f, "{}{}", Head(*seconds, destination), change.message())
            }
            Self::Stats(stats) => stats.fmt(f),
            Self::Recorded(recorded) => recorded.fmt(f),
            Self::Summary(summary) => summary.fmt(f),
        }
    }
}

/// The live line, bits sent and aimed at; fits 80 columns.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>7}  {:<12} {:>3.0} fps {:>5}/{} kbit/s, {} ms lag, dropped {}",
            Time(self.seconds),
            self.state,
            self.fps,
            self.bitrate / 1_000,
            self.target_bitrate / 1_000,
            self.queue_ms,
            self.dropped,
        )
    }
}

impl From<&onair::Recording> for Recorded {
    fn from(of: &onair::Recording) -> Self {
        Self {
            path: of.path.display().to_string(),
            frames: of.frames,
            audio_frames: of.audio_frames,
            frames_missing: of.frames_missing,
            bytes: of.size_bytes,
            seconds: of.duration.as_secs_f64(),
        }
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "recorded {} pictures and {} AAC frames, {:.1} s, {:.1} MB: {}",
            self.frames,
            self.audio_frames,
            self.seconds,
            self.bytes as f64 / 1e6,
            self.path,
        )?;
        match self.frames_missing {
            0 => Ok(()),
            missing => write!(f, " ({missing} pictures are missing)"),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.destination.iter().try_for_each(|whose| write!(f, "{whose}: "))?;
        write!(
            f,
            "{} after {:.1} s: sent {} pictures and {} AAC frames, {:.1} MB; \
             encoded {}, dropped {}, reconnected {} times",
            self.state,
            self.seconds,
            self.frames_sent,
            self.audio_frames_sent,
            self.bytes_sent as f64 / 1e6,
            self.frames_encoded,
            self.frames_dropped,
            self.reconnects,
        )
    }
}

/// What a line of words begins with: when, and whose it is.
struct Head<'a>(f64, &'a Option<Whose>);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>7}  ", Time(self.0))?;
        self.1.iter().try_for_each(|whose| write!(f, "{whose}: "))
    }
}

/// Minutes and seconds.
struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.max(0.0) as u64;
        f.pad(&format!("{:02}:{:02}", seconds / 60, seconds % 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_lines_name_their_event_and_summary_has_the_contract_s_keys() {
        let state = Event::State { destination: None, state: "live", seconds: 1.5 };
        let json = serde_json::to_value(&state).expect("json");
        assert_eq!(json, serde_json::json!({"event": "state", "state": "live", "seconds": 1.5}));

        let summary = serde_json::to_value(Event::Summary(Summary::default())).expect("json");
        let keys: Vec<&str> = summary.as_object().expect("object").keys().map(|k| &**k).collect();
        let mut expected = [
            "event",
            "frames_encoded",
            "frames_sent",
            "frames_dropped",
            "audio_frames_sent",
            "bytes_sent",
            "seconds",
            "reconnects",
            "state",
        ];
        expected.sort_unstable();
        let mut keys = keys;
        keys.sort_unstable();
        assert_eq!(keys, expected);
        assert_eq!(summary["event"], "summary");
    }

    #[test]
    fn of_several_destinations_each_line_says_whose_it_is() {
        let destination = Some(Whose { number: 2, name: "b.example".to_owned() });
        let state = Event::State { destination, state: "live", seconds: 61.5 };
        assert_eq!(state.to_string(), "  01:01  2 (b.example): live");
        let json = serde_json::to_value(&state).expect("json");
        assert_eq!(json["destination"], 2);
        let none = serde_json::to_value(Event::Stats(Stats::default())).expect("json");
        assert_eq!(none.get("destination"), None);
    }

    #[test]
    fn the_live_line_fits_a_terminal() {
        let stats = Stats {
            state: "reconnecting",
            seconds: 359_999.0,
            fps: 120.0,
            bitrate: 50_000_000,
            target_bitrate: 50_000_000,
            queue_ms: 3_000,
            dropped: 99_999_999,
            ..Stats::default()
        };
        let line = stats.to_string();
        assert!(line.len() < 80, "{line}");
        assert!(line.contains("reconnecting") && line.contains("50000/50000 kbit/s"), "{line}");
    }
}
