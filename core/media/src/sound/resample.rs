//! One source's samples → the session's rate, from pushes of any size and of rates that change.
//!
//! A windowed sinc (Kaiser, about 90 dB) is read at exact positions: the place of the next sample is
//! counted in fractions of a millionth of an output sample, so the number of samples that come out
//! is right for ever. At the session's own rate samples pass untouched.
//!
//! ```text
//!  48,000 Hz ──────────────┤ 16,000 Hz ────────     a route change: the old sound is predicted past
//!       old filter ··predicted                       its end, the new filter sees the old sound
//!                resampled··│ new filter             before its begin; positions go on as they were
//! ```

use super::predict;

/// What a push made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// Samples a channel appended.
    pub frames: usize,
    /// Where the first of them lies after the push's first sample, microseconds; negative, as the
    /// filter looks ahead.
    pub lead_micros: i64,
}

/// See the module's text. Allocates when it meets a rate, and until the largest push was seen.
#[derive(Debug)]
pub struct Converter {
    channels: usize,
    out_hz: u32,
    in_hz: u32,
    kernel: Kernel,
    /// A plane for each channel: what the filter may still look at, then what has no output yet.
    past: Vec<Vec<f32>>,
    /// Where the next output sample lies in `past`: before `at + 1`,
    at: usize,
    /// and so many `unit()`s after `at`.
    part: u64,
    /// More output than the rates say, parts in a million.
    stretch_ppm: i32,
    taps: Vec<f32>,
}

/// Samples that are kept behind the position for a route change.
const KEPT: usize = 2_048;
/// Samples that may pile up before they are moved out of the way.
const PILE: usize = 8_192;
/// Stretching by more would be heard.
const MOST_PPM: i32 = 2_000;
/// At this pace a source at the session's rate goes back to whole samples, and to exactness.
const HOME_PPM: u64 = 200;

impl Converter {
    /// To `channels` (interleaved in and out) at `out_hz`.
    pub fn new(channels: u8, out_hz: u32) -> Self {
        let channels = usize::from(channels.max(1));
        let out_hz = out_hz.max(1);
        let past = vec![vec![0.0; KEPT]; channels];
        let kernel = Kernel::default();
        let (at, part, stretch_ppm, taps) = (KEPT, 0, 0, Vec::new());
        Self { channels, out_hz, in_hz: 0, kernel, past, at, part, stretch_ppm, taps }
    }

    /// Makes more (positive) or fewer samples than the rates say, parts in a million: at most 2,000.
    pub fn set_stretch(&mut self, ppm: i32) {
        self.stretch_ppm = ppm.clamp(-MOST_PPM, MOST_PPM);
    }

    /// Takes interleaved samples at `in_hz` and appends to `out` what they complete.
    pub fn push(&mut self, samples: &[f32], in_hz: u32, out: &mut Vec<f32>) -> Converted {
        let before = out.len();
        let lead_micros = self.lead_micros();
        if in_hz != self.in_hz {
            self.change_route(in_hz.max(1), out);
        }
        for (channel, plane) in self.past.iter_mut().enumerate() {
            plane.extend(samples.iter().skip(channel).step_by(self.channels));
        }
        self.run(out, None);
        self.forget();
        Converted { frames: (out.len() - before) / self.channels, lead_micros }
    }

    /// The sound has ended: appends what is left of it.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Converted {
        let (before, lead_micros) = (out.len(), self.lead_micros());
        let end = self.past[0].len();
        for plane in &mut self.past {
            plane.resize(end + self.kernel.half + 1, 0.0);
        }
        self.run(out, Some(end));
        for plane in &mut self.past {
            plane.truncate(end);
        }
        self.at = self.at.min(end);
        self.forget();
        Converted { frames: (out.len() - before) / self.channels, lead_micros }
    }

    fn unit(&self) -> u64 {
        u64::from(self.out_hz) * 1_000_000
    }

    fn lead_micros(&self) -> i64 {
        if self.in_hz == 0 {
            return 0;
        }
        let whole = self.at as i64 - self.past[0].len() as i64;
        // The unit's millionths make this exact.
        let part = self.part as i128 * 1_000_000 / i128::from(self.unit());
        (whole * 1_000_000 + part as i64) / i64::from(self.in_hz)
    }

    fn passes_untouched(&self) -> bool {
        self.in_hz == self.out_hz && self.part == 0 && self.stretch_ppm == 0
    }

    /// Appends all samples that can be made, or those before `end`.
    fn run(&mut self, out: &mut Vec<f32>, end: Option<usize>) {
        let available = self.past[0].len();
        loop {
            if self.passes_untouched() {
                let end = end.unwrap_or(available).min(available);
                for at in self.at..end {
                    out.extend(self.past.iter().map(|plane| plane[at]));
                }
                self.at = self.at.max(end);
                return;
            }
            let is_over = end.is_some_and(|end| self.at >= end);
            if is_over || self.at + self.kernel.half + 1 > available {
                return;
            }
            self.kernel.taps_at(self.part, self.unit(), &mut self.taps);
            let from = self.at + 1 - self.kernel.half;
            for plane in &self.past {
                out.push(dot(&self.taps, &plane[from..from + self.taps.len()]));
            }
            self.step();
        }
    }

    /// On to the next output sample.
    fn step(&mut self) {
        let unit = self.unit();
        let is_home = self.in_hz == self.out_hz && self.stretch_ppm == 0;
        if is_home {
            let most = u64::from(self.out_hz) * HOME_PPM;
            self.at += 1;
            self.part = if self.part * 2 < unit {
                self.part - most.min(self.part)
            } else {
                self.part + most.min(unit - self.part)
            };
        } else {
            let millionths = 1_000_000_i64 - i64::from(self.stretch_ppm);
            self.part += u64::from(self.in_hz) * millionths.unsigned_abs();
        }
        self.at += (self.part / unit) as usize;
        self.part %= unit;
    }

    fn change_route(&mut self, in_hz: u32, out: &mut Vec<f32>) {
        let kernel = Kernel::new(in_hz, self.out_hz);
        if self.in_hz > 0 {
            let bridge = Kernel::new(self.in_hz, in_hz);
            let end = self.past[0].len();
            let ahead = self.kernel.half.max(bridge.half) + 2;
            for plane in &mut self.past {
                predict::extend(plane, ahead);
            }
            self.run(out, Some(end));
            let over = (self.at - end) as u128 * u128::from(self.unit()) + u128::from(self.part);
            let over = over * u128::from(in_hz) / u128::from(self.in_hz);
            let unit = u128::from(self.unit());
            (self.at, self.part) = (KEPT + (over / unit) as usize, (over % unit) as u64);
            for plane in &mut self.past {
                *plane = seen_at(plane, end, self.in_hz, in_hz, &bridge, kernel.half);
            }
        }
        (self.in_hz, self.kernel) = (in_hz, kernel);
    }

    /// Moves what is still needed to the front, now and then.
    fn forget(&mut self) {
        let gone = self.at.min(self.past[0].len()).saturating_sub(KEPT);
        if gone > PILE {
            for plane in &mut self.past {
                plane.copy_within(gone.., 0);
                plane.truncate(plane.len() - gone);
            }
            self.at -= gone;
        }
    }
}

/// The sound that ended at `end`, as `new_hz` would have it: silence, then `seen` samples.
fn seen_at(
    old: &[f32],
    end: usize,
    old_hz: u32,
    new_hz: u32,
    bridge: &Kernel,
    seen: usize,
) -> Vec<f32> {
    let mut new = vec![0.0; KEPT];
    let mut taps = Vec::new();
    let unit = u64::from(new_hz);
    for back in 1..=seen.min(KEPT) {
        // `back` new samples before the end, in units of a new sample's part of an old one.
        let Some(place) = (end as u64 * unit).checked_sub(back as u64 * u64::from(old_hz)) else {
            break;
        };
        let (at, part) = ((place / unit) as usize, place % unit);
        let Some(from) = (at + 1).checked_sub(bridge.half) else { break };
        bridge.taps_at(part, unit, &mut taps);
        if let Some(around) = old.get(from..from + taps.len()) {
            new[KEPT - back] = dot(&taps, around);
        }
    }
    new
}

fn dot(taps: &[f32], samples: &[f32]) -> f32 {
    // Eight sums, so that the processor's lanes can be used.
    let mut sums = [0.0_f32; 8];
    let (taps, taps_rest) = taps.as_chunks::<8>();
    let (samples, samples_rest) = samples.as_chunks::<8>();
    for (taps, samples) in taps.iter().zip(samples) {
        for lane in 0..8 {
            sums[lane] += taps[lane] * samples[lane];
        }
    }
    let rest: f32 = taps_rest.iter().zip(samples_rest).map(|(tap, sample)| tap * sample).sum();
    sums.iter().sum::<f32>() + rest
}

/// A low-pass as a table: a row of taps for each of so many positions between two samples.
#[derive(Debug, Default)]
struct Kernel {
    /// Samples it looks at on each side.
    half: usize,
    phases: usize,
    table: Vec<f32>,
}

/// Zero crossings on each side.
const CROSSINGS: f64 = 32.0;
/// Of the lower rate's band; the filter reaches its stop band at the band's end.
const PASSED: f64 = 0.92;
/// Kaiser's β for 90 dB.
const BETA: f64 = 8.96;
/// Rows; between them taps are interpolated, which is good for 106 dB.
const PHASES: f64 = 512.0;

impl Kernel {
    fn new(in_hz: u32, out_hz: u32) -> Self {
        let scale = (f64::from(out_hz) / f64::from(in_hz)).min(1.0);
        let half = (CROSSINGS / scale).ceil() as usize;
        let phases = (PHASES * scale).max(32.0) as usize;
        let band = PASSED * scale;
        let window = Kaiser::new(BETA);
        let mut table = Vec::with_capacity((phases + 1) * 2 * half);
        for phase in 0..=phases {
            let shift = phase as f64 / phases as f64;
            let row = table.len();
            let distance = |tap: usize| tap as f64 - (half as f64 - 1.0) - shift;
            table.extend((0..2 * half).map(|tap| {
                let at = distance(tap);
                (band * sinc(band * at) * window.at(at / half as f64)) as f32
            }));
            let sum: f32 = table[row..].iter().sum();
            table[row..].iter_mut().for_each(|tap| *tap /= sum);
        }
        Self { half, phases, table }
    }

    /// The taps for a position `part` of `unit` after a sample.
    fn taps_at(&self, part: u64, unit: u64, taps: &mut Vec<f32>) {
        let scaled = part * self.phases as u64;
        let (row, between) = ((scaled / unit) as usize, (scaled % unit) as f32 / unit as f32);
        let len = 2 * self.half;
        let rows = &self.table[row * len..(row + 2) * len];
        let (low, high) = rows.split_at(len);
        taps.clear();
        taps.extend(low.iter().zip(high).map(|(low, high)| low + (high - low) * between));
    }
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// Kaiser's window.
struct Kaiser {
    beta: f64,
    whole: f64,
}

impl Kaiser {
    fn new(beta: f64) -> Self {
        Self { beta, whole: bessel(beta) }
    }

    fn at(&self, x: f64) -> f64 {
        let inside = 1.0 - x * x;
        if inside <= 0.0 { 0.0 } else { bessel(self.beta * inside.sqrt()) / self.whole }
    }
}

/// The modified Bessel function of order zero, by its series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    let quarter = x * x / 4.0;
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-12 {
            break;
        }
    }
    sum
}

#[cfg(test)]
#[path = "resample_test.rs"]
mod tests;
