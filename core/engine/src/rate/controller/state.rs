//! The controller's whole state, for the flight record.

use super::Controller;
use crate::record::state;

state!(Controller {
    range,
    adaptation,
    audio_bps,
    target_bps,
    announced_bps,
    reason,
    flight,
    capacity,
    min_rtt,
    source,
    server_is_silent,
    acknowledged,
    output,
    carries_bps,
    full,
    lag,
    calm,
    connected_at,
    looked_at,
    progress_at,
    progress_acked,
    cut_at,
    raised_at,
    probed_at,
    unproven,
    fell_at,
    rested_at,
    queued_at,
    passed_ticks,
    hold,
    hold_since,
    next_tick,
} if |it: &Self| it.passed_ticks <= 1 << 30);
