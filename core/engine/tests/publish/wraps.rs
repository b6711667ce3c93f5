//! Sixty days of one connection: its times pass 2^31 and 2^32 milliseconds, and the bytes that the
//! server acknowledges pass 2^31 and 2^32 several times, by each convention that servers have.

use std::io::IoSlice;
use std::time::Duration;

use onair_engine::publish::State;
use onair_engine::rate::Range;
use onair_types::{AccessUnit, FrameKind, MediaTime, Payload, VideoUnit};

use crate::rig::{Rig, avc_config, video_only};

/// What a server says after `total` bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Convention {
    /// Modulo 2^32, as the specification has it.
    Full,
    /// Modulo 2^31, as Twitch does.
    Signed,
    /// From zero again above 0xF000_0000, as librtmp's kin do.
    Reset,
}

impl Convention {
    fn number(self, total: u64) -> u32 {
        match self {
            Self::Full => total as u32,
            Self::Signed => (total & 0x7FFF_FFFF) as u32,
            Self::Reset => (total % 0xF000_0000) as u32,
        }
    }
}

const UNITS: i64 = 9_000;
const UNIT_BYTES: usize = 1 << 20;
const SIXTY_DAYS_MS: i64 = 60 * 86_400_000;

/// The socket takes what it is offered. Nobody reads it: it is 9 GB, and it is not copied.
fn write(rig: &mut Rig) {
    loop {
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = rig.publish.outgoing(&mut slices);
        let bytes: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
        if bytes == 0 {
            return;
        }
        rig.publish.handle_written(bytes, rig.now);
        rig.settle();
    }
}

#[test]
fn d11_sixty_days_pass_the_wraps_of_times_and_acknowledgements() {
    for convention in [Convention::Full, Convention::Reset] {
        sixty_days(convention);
    }
}

/// Streams to a server that acknowledges by `convention`; `services` has the third.
pub(crate) fn sixty_days(convention: Convention) {
    let mut config = video_only();
    // The gate opens for as much as that needs: a picture goes in one write.
    config.video_bitrate = Range::fixed(2_000_000_000);
    let mut rig = Rig::live(config);
    rig.credit = Some(0);
    let zero = rig.now;
    let config = avc_config(0x15);
    let payload = Payload::from_vec(vec![0x11; UNIT_BYTES]);
    for number in 0..UNITS {
        let at_ms = number * (SIXTY_DAYS_MS / UNITS);
        rig.now = zero.offset_micros(at_ms * 1_000);
        let dts = MediaTime::from_millis(at_ms);
        let (kind, config) = (FrameKind::Idr, config.clone().into());
        let unit = VideoUnit { pts: dts, dts, kind, config, payload: payload.clone() };
        rig.push(AccessUnit::Video(unit));
        // A server that acknowledges each 256 KiB or so, as asked.
        let mut acknowledged = rig.publish.snapshot(rig.now).bytes_sent;
        for _ in 0..8 {
            write(&mut rig);
            let counts = rig.publish.snapshot(rig.now);
            if counts.queue_units == 0 && acknowledged == counts.bytes_sent {
                break;
            }
            acknowledged = counts.bytes_sent;
            let word = convention.number(acknowledged);
            rig.server().acknowledge(word);
            rig.settle();
        }
        let counts = rig.publish.snapshot(rig.now);
        assert_eq!(counts.queue_units, 0, "{convention:?}: stuck at {}", counts.bytes_sent);
        // All is acknowledged; each reset may hide its own step for good.
        let resets = counts.bytes_sent / 0xF000_0000;
        let hidden = if let Convention::Reset = convention { resets << 21 } else { 0 };
        assert!(counts.inflight_bytes <= hidden, "{convention:?}: {counts:?}");
    }
    let counts = rig.publish.snapshot(rig.now);
    assert!(counts.bytes_sent > 2 << 32, "{} bytes", counts.bytes_sent);
    assert_eq!((rig.publish.state(), rig.losses()), (State::Live, vec![]), "{convention:?}");
    assert_eq!(counts.video_units_sent, UNITS as u64);
    assert_eq!(counts.video_units_dropped, 0);
    assert!(counts.queue_age == Duration::ZERO);
}
