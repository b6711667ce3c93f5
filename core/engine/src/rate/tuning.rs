//! The controller's constants. Each was chosen in the laboratory on links other than those its
//! tests run on as well; `docs/network-lab.md` says what moving them does.

use std::time::Duration;

/// The capacity is taken over this much time …
pub(super) const WINDOW: Duration = Duration::from_millis(800);
/// … or, when little of it was busy, over this.
pub(super) const LONG_WINDOW: Duration = Duration::from_millis(2_200);
/// Busy time below which a measurement says nothing.
pub(super) const MIN_BUSY: Duration = Duration::from_millis(150);

/// Lag above which the rate may be cut.
pub(super) const CUT_LAG: Duration = Duration::from_millis(250);
/// A link that carries less than this part of the rate is cut for at this lag already …
pub(super) const EARLY_DEEP: f64 = 0.42;
pub(super) const EARLY_LAG: Duration = Duration::from_millis(90);
/// … as soon as so much busy time of the last moments shows it.
pub(super) const EARLY_WINDOW: Duration = Duration::from_millis(150);
pub(super) const EARLY_BUSY: Duration = Duration::from_millis(80);
/// Part of the capacity that a cut aims at.
pub(super) const CUT_KEEP: f64 = 0.92;
/// What waits beyond [`STANDING`] is to drain in this time.
pub(super) const DRAIN: f64 = 1.5;
/// Delay that needs no draining: an IDR on its way.
pub(super) const STANDING: f64 = 0.08;
/// No cut goes below this part of the capacity for the sake of draining.
pub(super) const CUT_LEAST: f64 = 0.45;
/// A cut smaller than this is not worth a command.
pub(super) const CUT_STEP: f64 = 0.93;
/// Time between two cuts.
pub(super) const CUT_SPACING: Duration = Duration::from_millis(300);
/// A cut is a sign of probing too high, not of a falling link, when the capacity still is this
/// part of the rate.
pub(super) const MILD: f64 = 0.75;

/// Without any acknowledgement for this long the link is taken for dead.
pub(super) const STALL: Duration = Duration::from_millis(500);
/// What has waited no longer than this may wait for something else.
pub(super) const RIDE: Duration = Duration::from_millis(100);
/// Without any for this long it carries nothing, and what waited meanwhile is forgiven its age for
/// so long after.
pub(super) const DEAD: Duration = Duration::from_millis(250);
pub(super) const DEAD_MEMORY: Duration = Duration::from_millis(1_800);

/// Lag below which the rate may be raised.
pub(super) const CALM_LAG: Duration = Duration::from_millis(110);
/// Time after a cut before the first raise.
pub(super) const RAISE_AFTER_CUT: Duration = Duration::from_millis(800);
/// Time between two raises towards what the link was seen to carry.
pub(super) const RAISE_SPACING: Duration = Duration::from_millis(700);
/// Part of the measured capacity that is used at once.
pub(super) const RAISE_KEEP: f64 = 0.92;
/// Most that one raise multiplies.
pub(super) const RAISE_MOST: f64 = 2.0;
/// A raise smaller than this is not worth a command.
pub(super) const RAISE_STEP: f64 = 1.13;

/// While the stream lags the link is full and this much time measures it well; the figure is
/// believed for a while after, and remembered as a ceiling for longer.
pub(super) const FULL_WINDOW: Duration = Duration::from_millis(400);
pub(super) const FULL_BUSY: Duration = Duration::from_millis(250);
pub(super) const FULL_KEEP: f64 = 0.88;
pub(super) const FULL_TRUST: Duration = Duration::from_secs(4);
pub(super) const FULL_MEMORY: Duration = Duration::from_secs(20);
/// Below this part of the ceiling, or without one, steps are large.
pub(super) const FAR: f64 = 0.7;
pub(super) const FAR_SPACING: Duration = Duration::from_millis(800);
pub(super) const FAR_PROBE: f64 = 1.4;

/// Time between two probes beyond the measured capacity, and their size.
pub(super) const PROBE_SPACING: Duration = Duration::from_millis(2_500);
pub(super) const PROBE: f64 = 1.16;
/// How long a failed probe keeps the next one away: at first, and at most.
pub(super) const HOLD_MIN: Duration = Duration::from_secs(2);
pub(super) const HOLD_MAX: Duration = Duration::from_secs(5);
/// A cut this soon after a probe is the probe's fault.
pub(super) const PROBE_BLAME: Duration = Duration::from_millis(2_500);
/// Time without a cut after which the hold is halved.
pub(super) const HOLD_DECAY: Duration = Duration::from_secs(12);

/// The gate: bytes in flight never need to exceed this many …
pub(super) const GATE_MIN_BYTES: f64 = 14_000.0;
/// … or this part of what the link carries in a round trip and [`GATE_SLACK`].
pub(super) const GATE_FACTOR: f64 = 1.25;
pub(super) const GATE_SLACK: f64 = 0.07;
/// What a connection may have in flight before anything has arrived.
pub(super) const FIRST_FLIGHT_BYTES: u64 = 16 << 10;
/// Lag above which the gate believes the measurement even if it is below the target.
pub(super) const GATE_LAG: Duration = Duration::from_millis(150);

/// Time between two looks at what the peer has: while the gate holds bytes back, and otherwise.
pub(super) const HELD_BACK_SPACING: Duration = Duration::from_millis(10);
pub(super) const OUT_SPACING: Duration = Duration::from_millis(20);

/// Without an acknowledgement for this long a server's word holds nothing back …
pub(super) const SILENCE: Duration = Duration::from_secs(1);
/// … and after this many bytes more it is not asked again.
pub(super) const DISBELIEF_BYTES: u64 = 512 << 10;

/// Part of the last good rate with which a new connection begins, and for how long it is good.
pub(super) const RESUME: f64 = 0.5;
pub(super) const RESUME_MEMORY: Duration = Duration::from_secs(60);

/// What audio takes of the link with its tags and packets, part of its bitrate.
pub(super) const AUDIO_OVERHEAD: f64 = 1.05;

/// Output beyond this multiple of a ceiling, with nothing late for so many ticks, shows that it
/// was none.
pub(super) const CEILING_PASSED: f64 = 1.05;
pub(super) const CEILING_TICKS: u32 = 10;
/// A measurement beyond this multiple of the ceiling shows the same at once.
pub(super) const CEILING_SURPASSED: f64 = 1.5;
/// For so long nobody knows how fast a new connection's link changes: steps are small.
pub(super) const NEW: Duration = Duration::from_secs(5);
/// And for so long after the link fell from what a raise had reached.
pub(super) const WARY: Duration = Duration::from_secs(20);
/// No lag above the first for the second, a key interval and more, at full output: not even an IDR
/// had to wait, so the ceiling is a matter of the past.
pub(super) const IDLE_LAG: Duration = Duration::from_millis(50);
pub(super) const IDLE: Duration = Duration::from_millis(2_400);

/// A cut looks at the last moments too: a link that falls deep shows there first.
pub(super) const CUT_WINDOW: Duration = Duration::from_millis(400);
pub(super) const CUT_BUSY: Duration = Duration::from_millis(250);
/// While the link still carries [`MILD`] of the rate, one cut leaves at least this part of it.
pub(super) const CUT_MILD: f64 = 0.74;

/// Output below this part of what it was before a raise takes the raise back.
pub(super) const STATIC: f64 = 0.6;
/// After a scene at rest TCP's window is small for so long: one mild cut at most, and no raise.
pub(super) const WAKING: Duration = Duration::from_secs(2);
