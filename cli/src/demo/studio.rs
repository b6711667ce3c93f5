//! The demo's side of the broadcaster's panel: what is on in the show, the figures, the decisions with
//! their reasons, and a slow network to make them happen.

use std::sync::{Arc, Mutex, PoisonError};

use onair::{Look, Session};
use onair_server::Studio;
use serde::{Deserialize, Serialize};

use super::show;
use super::throttle::Throttle;
use crate::broadcast;
use crate::decision::millis;
use crate::output::{Journal, Told};

/// Slower than this nothing of a show is left.
const SLOWEST_BPS: u64 = 64_000;

/// What the panel shows and changes.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) session: Arc<Session>,
    pub(super) throttle: Throttle,
    pub(super) journal: Journal,
    /// With everything that can be switched on.
    pub(super) whole: Look,
    pub(super) on: Mutex<On>,
    /// The watch page.
    pub(super) watch: String,
}

/// What is on.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct On {
    pub(super) beauty: bool,
    pub(super) overlay: bool,
    pub(super) text: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    beauty: Option<bool>,
    overlay: Option<bool>,
    text: Option<bool>,
    muted: Option<bool>,
    throttle_bps: Option<u64>,
}

#[derive(Serialize)]
struct State<'a> {
    state: &'static str,
    #[serde(flatten)]
    on: On,
    muted: bool,
    throttle_bps: u64,
    watch: &'a str,
    stats: Stats,
    decisions: Vec<Told>,
}

#[derive(Serialize)]
struct Stats {
    seconds: f64,
    bitrate_bps: u64,
    target_bps: u32,
    fps: f64,
    queue_ms: u64,
    rtt_ms: u64,
    dropped: u64,
    reconnects: u32,
}

impl Panel {
    /// The look with what is on.
    pub(super) fn look(&self, on: On) -> Look {
        let mut look = self.whole.clone();
        look.beauty.is_on = on.beauty;
        look.overlays.retain(|overlay| match overlay.name.as_str() {
            show::BADGE => on.overlay,
            show::TEXT => on.text,
            _ => true,
        });
        look
    }
}

impl Studio for Panel {
    fn state(&self) -> String {
        let of = self.session.statistics();
        let stats = Stats {
            seconds: of.elapsed.as_secs_f64(),
            bitrate_bps: of.bitrate_bps,
            target_bps: of.target_bitrate_bps,
            fps: of.fps,
            queue_ms: millis(of.queue_age),
            rtt_ms: millis(of.rtt),
            dropped: broadcast::dropped(&of),
            reconnects: of.reconnects,
        };
        let state = State {
            state: broadcast::name(of.state),
            on: *self.on.lock().unwrap_or_else(PoisonError::into_inner),
            muted: self.session.is_muted(),
            throttle_bps: self.throttle.rate_bps(),
            watch: &self.watch,
            stats,
            decisions: self.journal.all(),
        };
        serde_json::to_string(&state).unwrap_or_default()
    }

    fn command(&self, json: &[u8]) -> Result<(), String> {
        let command: Command = serde_json::from_slice(json)
            .map_err(|error| format!("the command cannot be understood: {error}"))?;
        if let Some(rate @ 1..SLOWEST_BPS) = command.throttle_bps {
            return Err(format!(
                "throttle_bps {rate}: use 0 for no limit, or {SLOWEST_BPS} and more"
            ));
        }
        let mut on = self.on.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = On {
            beauty: command.beauty.unwrap_or(on.beauty),
            overlay: command.overlay.unwrap_or(on.overlay),
            text: command.text.unwrap_or(on.text),
        };
        self.session.set_look(self.look(wanted)).map_err(|error| error.to_string())?;
        *on = wanted;
        if let Some(muted) = command.muted {
            self.session.set_muted(muted);
        }
        if let Some(rate_bps) = command.throttle_bps {
            self.throttle.set_rate_bps(rate_bps);
        }
        Ok(())
    }
}
