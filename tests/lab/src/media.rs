//! The encoder's and the microphone's side: sizes and times of access units, without content.

use std::time::Duration;

use onair_types::Now;

use crate::rng::Rng;

/// How the modelled encoder behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderConfig {
    /// Pictures captured each second.
    pub fps: u32,
    /// Time from one natural IDR to the next.
    pub key_interval: Duration,
    /// Size of an IDR in sizes of other pictures.
    pub idr_factor: f64,
    /// How fast the produced rate follows the asked one: time constant of a first-order lag.
    pub response: Duration,
    /// Deviation of single pictures' sizes, part of their mean.
    pub noise: f64,
    /// Deviation of the produced rate over seconds, part of the asked one.
    pub drift: f64,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            fps: 30,
            key_interval: Duration::from_secs(2),
            idr_factor: 5.0,
            response: Duration::from_millis(300),
            noise: 0.2,
            drift: 0.08,
        }
    }
}

/// One encoded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Counts encoded pictures from 0.
    pub id: u32,
    /// When it was captured, which is when it is encoded.
    pub captured: Now,
    /// Coded size.
    pub bytes: u32,
    /// Decoding can start here.
    pub is_idr: bool,
}

/// An encoder that obeys commands.
#[derive(Debug)]
pub struct Encoder {
    config: EncoderConfig,
    target_bps: f64,
    produced_bps: f64,
    activity: f64,
    fps: u32,
    captured: u64,
    encoded: u32,
    frame_debt: u32,
    since_idr: u32,
    idr_wanted: bool,
    drift: f64,
    rng: Rng,
}

impl Encoder {
    /// Starts at `bitrate_bps` with an IDR.
    pub fn new(config: EncoderConfig, bitrate_bps: u32, seed: u64) -> Self {
        Self {
            fps: config.fps,
            config,
            target_bps: f64::from(bitrate_bps),
            produced_bps: f64::from(bitrate_bps),
            activity: 1.0,
            captured: 0,
            encoded: 0,
            frame_debt: 0,
            since_idr: 0,
            idr_wanted: true,
            drift: 0.0,
            rng: Rng::new(seed, 0xE4C0),
        }
    }

    /// Aims at `bps` from now on.
    pub fn set_bitrate(&mut self, bps: u32) {
        self.target_bps = f64::from(bps);
    }

    /// Encodes only `fps` of the captured pictures each second.
    pub fn set_fps(&mut self, fps: u32) {
        self.fps = fps.clamp(1, self.config.fps);
    }

    /// Makes the next picture an IDR.
    pub fn request_idr(&mut self) {
        self.idr_wanted = true;
    }

    /// What the scene needs of the asked rate: 1 for motion, less for a static one.
    pub fn set_activity(&mut self, activity: f64) {
        self.activity = activity;
    }

    /// Time between captures.
    pub fn capture_interval(&self) -> Duration {
        Duration::from_secs(1) / self.config.fps
    }

    /// A capture at `now`; `None` when the lowered frame rate leaves it out.
    pub fn capture(&mut self, now: Now) -> Option<Picture> {
        self.captured += 1;
        let step = self.capture_interval().as_secs_f64() / self.config.response.as_secs_f64();
        self.produced_bps += (self.target_bps - self.produced_bps) * step.min(1.0);
        self.drift = 0.985 * self.drift + 0.17 * self.config.drift * self.rng.normal();
        let noise = 1.0 + self.config.noise * self.rng.normal();

        self.frame_debt += self.fps;
        if self.frame_debt < self.config.fps {
            return None;
        }
        self.frame_debt -= self.config.fps;

        let gop = self.config.key_interval.as_secs_f64() * f64::from(self.config.fps);
        let is_idr = self.idr_wanted || f64::from(self.since_idr) >= gop;
        self.since_idr =
            if is_idr { 0 } else { self.since_idr } + self.config.fps.div_ceil(self.fps);
        self.idr_wanted = false;

        let pictures = self.config.key_interval.as_secs_f64() * f64::from(self.fps);
        let mean = self.produced_bps / 8.0 / f64::from(self.fps);
        let other = mean * pictures / (pictures - 1.0 + self.config.idr_factor);
        let factor = if is_idr { self.config.idr_factor } else { 1.0 };
        let bytes = other * factor * self.activity * noise.clamp(0.4, 2.5) * (1.0 + self.drift);
        let picture =
            Picture { id: self.encoded, captured: now, bytes: bytes.max(60.0) as u32, is_idr };
        self.encoded += 1;
        Some(picture)
    }
}

/// AAC frames of a constant rate.
#[derive(Clone, Copy, Debug)]
pub struct Microphone {
    /// Coded bit/s.
    pub bitrate_bps: u32,
    /// Hz; a frame has 1,024 samples.
    pub sample_rate: u32,
}

impl Microphone {
    /// When frame `index` is whole.
    pub fn frame_at(&self, index: u64) -> Now {
        let micros = (index + 1) * 1_024 * 1_000_000 / u64::from(self.sample_rate);
        Now::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// Coded size of a frame.
    pub fn frame_bytes(&self) -> u32 {
        self.bitrate_bps * 128 / self.sample_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(encoder: &mut Encoder, from_s: u32, seconds: u32) -> Vec<Picture> {
        (from_s * 30..(from_s + seconds) * 30)
            .filter_map(|i| encoder.capture(Now::from_micros(i64::from(i) * 33_333)))
            .collect()
    }

    fn bps(pictures: &[Picture], seconds: u32) -> f64 {
        pictures.iter().map(|p| f64::from(p.bytes) * 8.0).sum::<f64>() / f64::from(seconds)
    }

    #[test]
    fn keeps_the_asked_rate_and_key_interval() {
        let mut encoder = Encoder::new(EncoderConfig::default(), 2_000_000, 1);
        let pictures = run(&mut encoder, 0, 120);
        assert!((bps(&pictures, 120) / 2e6 - 1.0).abs() < 0.05, "{}", bps(&pictures, 120));
        let idrs: Vec<u32> = pictures.iter().filter(|p| p.is_idr).map(|p| p.id).collect();
        assert!(idrs.iter().enumerate().all(|(i, id)| *id == i as u32 * 60), "{idrs:?}");
    }

    #[test]
    fn follows_a_new_rate_within_a_second_and_a_wanted_idr_at_once() {
        let mut encoder = Encoder::new(EncoderConfig::default(), 4_000_000, 1);
        run(&mut encoder, 0, 10);
        encoder.set_bitrate(1_000_000);
        run(&mut encoder, 10, 1);
        assert!((bps(&run(&mut encoder, 11, 20), 20) / 1e6 - 1.0).abs() < 0.1);
        encoder.request_idr();
        assert!(encoder.capture(Now::from_millis(31_000)).is_some_and(|p| p.is_idr));
    }

    #[test]
    fn a_lower_frame_rate_makes_fewer_and_larger_pictures() {
        let mut encoder = Encoder::new(EncoderConfig::default(), 1_000_000, 1);
        encoder.set_fps(10);
        let pictures = run(&mut encoder, 0, 60);
        assert_eq!(pictures.len(), 600);
        assert!((bps(&pictures, 60) / 1e6 - 1.0).abs() < 0.08, "{}", bps(&pictures, 60));
        assert_eq!(pictures.iter().filter(|p| p.is_idr).count(), 30);
    }
}
