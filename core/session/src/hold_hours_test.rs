//! Virtual hours of one show: cameras and microphones that are changed for others with other clocks
//! and rates, calls, stalls, lost servers, crystals 100 ppm off in both directions. The seams and the
//! codecs are the session's own ([`Line`], the timelines, the desk, the engine); stand-ins are the
//! devices, whose flash and beep say when they were really made, and the network ([`wire`]).

use onair_engine::timeline::VideoTimeline;

use super::*;
use crate::edge::audio::Chunk;
use crate::encoding::desk::Desk;
use crate::sound::Controls;

#[path = "hold_wire_test.rs"]
mod wire;

use wire::Wire;

const FPS: u32 = 15;
const RATE: u32 = 8_000;
const SECOND: i64 = 1_000_000;
/// A flash and a beep each so often.
const MARK_MICROS: i64 = 5 * SECOND;
const BEEP_MICROS: i64 = 200_000;
/// A block of the microphone, by its own clock.
const BLOCK_MICROS: i64 = 100_000;
/// How long a device keeps what it has, at least, and how much more it may.
const LATENCY_MICROS: i64 = 30_000;
const JITTER_MICROS: u64 = 12_000;
/// Of a thirtieth of a second.
const FRAME_MS: i64 = 33;

/// xorshift64*, seeded: the same show each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as i64 % end as i64
    }
}

/// A device's capture clock against the world, and from when on it delivers.
#[derive(Clone, Copy)]
struct Device {
    clock_micros: i64,
    speaks_at: i64,
    rate_hz: u32,
    ppm: i64,
}

impl Device {
    fn new(clock_micros: i64, speaks_at: i64) -> Self {
        Self { clock_micros, speaks_at, rate_hz: RATE, ppm: 100 }
    }
}

/// When things happen, by the world's clock; the session's runs with it.
struct Show {
    random: Random,
    video: (Line, VideoTimeline, Device),
    audio: (Line, Device),
    desk: Desk,
    controls: Controls,
    origin: CaptureTime,
    samples: u64,
    last_place: i64,
    wire: Wire,
}

impl Show {
    fn new(seed: u64) -> Self {
        let clock = 7 * SECOND;
        let origin = CaptureTime::from_micros(clock);
        let mut wire = Wire::new();
        wire.start(Now::from_millis(0));
        Self {
            random: Random(seed),
            video: (Line::default(), VideoTimeline::new(origin), Device::new(clock, 0)),
            audio: (Line::default(), Device::new(clock, 0)),
            desk: Desk::new(1, RATE).expect("a desk"),
            controls: Controls::default(),
            origin,
            samples: 0,
            last_place: -1,
            wire,
        }
    }

    fn arrival(&mut self, at: i64) -> Now {
        let late = LATENCY_MICROS + self.random.below(JITTER_MICROS);
        Now::from_millis(0).offset_micros(at + late)
    }

    /// What stood in up to now.
    fn fill(&mut self, now: Now) {
        let pictures = Step { units: 1, per_second: FPS, is_heard_at_its_end: false };
        while let Next::Due(at) = self.video.0.poll(pictures, now) {
            self.show(Placed { captured: at, is_back: false }, false, now);
        }
        let sound = Step { units: FRAME_SAMPLES, per_second: RATE, is_heard_at_its_end: true };
        while let Next::Due(at) = self.audio.0.poll(sound, now) {
            let placed = Placed { captured: at, is_back: false };
            self.sound(placed, RATE, vec![0.0; FRAME_SAMPLES as usize], now);
        }
    }

    fn show(&mut self, placed: Placed, is_flash: bool, now: Now) {
        let Some(place) = self.video.1.place(placed.captured) else { return };
        assert!(place.as_micros() > self.last_place, "pictures go forward");
        self.last_place = place.as_micros();
        self.wire.show(is_flash, place, now);
    }

    fn sound(&mut self, placed: Placed, rate_hz: u32, pcm: Vec<f32>, now: Now) {
        let Placed { captured, is_back } = placed;
        let first_sample = self.samples;
        self.samples += pcm.len() as u64;
        let chunk = Chunk { source: 0, captured, rate_hz, first_sample, is_back, pcm };
        let wire = &mut self.wire;
        self.desk.take(&chunk, self.origin, &self.controls, false, &mut |block, at| {
            wire.sound(block, at, now);
        });
    }

    fn picture(&mut self, world: i64) {
        let now = self.arrival(world);
        self.fill(now);
        let device = self.video.2;
        if world < device.speaks_at {
            return;
        }
        let stamp = world + device.clock_micros;
        let Some(placed) = self.video.0.handle_push(stamp, 0, now) else { return };
        self.show(placed, world % MARK_MICROS < SECOND / i64::from(FPS), now);
    }

    /// A block that begins now and is there when it has been heard; its end.
    fn block(&mut self, world: i64) -> i64 {
        let device = self.audio.1;
        let samples = BLOCK_MICROS as u64 * u64::from(device.rate_hz) / SECOND as u64;
        let takes = BLOCK_MICROS * (SECOND - device.ppm) / SECOND;
        let now = self.arrival(world + takes);
        self.fill(now);
        let stamp = world + device.clock_micros;
        if world >= device.speaks_at
            && let Some(placed) = self.audio.0.handle_push(stamp, BLOCK_MICROS, now)
        {
            // The begin of what follows silence that stood in may lie under it.
            let sounds = |time: i64| {
                let begin = time - time % MARK_MICROS;
                time - begin < BEEP_MICROS && begin > device.speaks_at + 150_000
            };
            let pcm = (0..samples as i64).map(|number| {
                let time = world + takes * number / samples as i64;
                let turn = (time % 2_000) as f32 / 2_000.0 * std::f32::consts::TAU;
                if sounds(time) { 0.8 * turn.cos() } else { 0.0 }
            });
            self.sound(placed, device.rate_hz, pcm.collect(), now);
        }
        world + takes
    }

    /// Something that happens in a long show.
    fn happen(&mut self, world: i64) {
        let after = |random: &mut Random| world + 200_000 + random.below(700_000);
        let clock = |random: &mut Random| random.below(1 << 30) * 1_000;
        match self.random.below(6) {
            // Front and back: another clock.
            0 => {
                self.video.0.set_held(true);
                self.video.0.set_held(false);
                self.video.2 = Device::new(clock(&mut self.random), after(&mut self.random));
            }
            // A headset: another rate, another clock, another crystal.
            1 => {
                self.audio.0.set_held(true);
                self.audio.0.set_held(false);
                let mut device = Device::new(clock(&mut self.random), after(&mut self.random));
                device.rate_hz = [RATE, 11_025, 16_000][self.random.below(3) as usize];
                device.ppm = [100, -100][self.random.below(2) as usize];
                self.audio.1 = device;
            }
            // A route change that nobody announces.
            2 => self.audio.1.rate_hz = [RATE, 16_000][self.random.below(2) as usize],
            // A call or a pause; both are back, each in its time. Until then nothing speaks.
            3 => {
                let rings = 5 * SECOND + self.random.below(20 * SECOND as u64);
                for line in [&mut self.video.0, &mut self.audio.0] {
                    line.set_held(true);
                }
                self.video.2.speaks_at = after(&mut self.random) + rings;
                self.audio.1.speaks_at = after(&mut self.random) + rings;
            }
            // Neither says anything for a while.
            4 => {
                let silent = 1_500_000 + self.random.below(5 * SECOND as u64);
                self.video.2.speaks_at = world + silent;
                self.audio.1.speaks_at = world + silent;
            }
            _ => self.wire.lose(Now::from_millis(0).offset_micros(world)),
        }
    }

    /// Devices that speak again after a call are back.
    fn come_back(&mut self, world: i64) {
        if world + 100_000 >= self.video.2.speaks_at.min(self.audio.1.speaks_at) {
            self.video.0.set_held(false);
            self.audio.0.set_held(false);
        }
    }

    /// So many seconds, in which something happens each `every` to four times that.
    fn run(&mut self, seconds: i64, every: i64) {
        let (mut picture, mut world_audio, mut next_event) = (0_i64, 0_i64, 20 * SECOND);
        loop {
            let world = picture * SECOND / i64::from(FPS);
            if world >= seconds * SECOND {
                return;
            }
            // A block is pushed at its end.
            while world_audio + BLOCK_MICROS <= world {
                world_audio = self.block(world_audio);
            }
            if world >= next_event {
                self.happen(world);
                next_event =
                    world + every * SECOND + self.random.below(3 * every as u64 * SECOND as u64);
            }
            self.come_back(world);
            self.picture(world);
            picture += 1;
        }
    }

    /// How far each beep is behind its flash, milliseconds, in the order of the show.
    fn skews(&self) -> Vec<i64> {
        let mut skews = Vec::new();
        for (flashes, beeps) in &self.wire.seen {
            for flash in flashes {
                let is_near = |skew: &i64| skew.abs() < MARK_MICROS / 2_000;
                let near = beeps.iter().map(|beep| beep - flash).filter(is_near);
                skews.extend(near.min_by_key(|skew| skew.abs()));
            }
        }
        skews
    }
}

/// Ten hours with `scripts/nightly`, half an hour otherwise, in which more happens.
#[test]
fn switches_calls_losses_and_crystals_keep_decoded_picture_and_sound_within_a_frame() {
    let is_long = std::env::var_os("ONAIR_NIGHTLY").is_some();
    let (seconds, every) = if is_long { (36_000, 60) } else { (1_800, 12) };
    let mut show = Show::new(1);
    show.run(seconds, every);
    let skews = show.skews();
    let worst = skews.iter().map(|skew| skew.abs()).max().expect("marks");
    let (marks, losses) = (skews.len(), show.wire.seen.len() - 1);
    println!(
        "{{\"id\":\"AV\",\"what\":\"decoded sound beside its picture, {seconds} s, {marks} marks, \
         {losses} lost servers, ms\",\"value\":{worst},\"limit\":{FRAME_MS},\"pass\":{}}}",
        worst <= FRAME_MS
    );
    assert!(marks as i64 > seconds / 5 / 2, "{marks} flashes with their beeps");
    assert!(losses as i64 >= seconds / every / 40, "{losses} lost servers");
    assert!(worst <= FRAME_MS, "{skews:?}");
}
