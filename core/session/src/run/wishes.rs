//! What the engine or the app wants of the encoders of raw pictures and sound: written by one
//! thread, looked at with the next picture or block by another, without a lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use onair_engine::publish::EncoderCommand;
use onair_engine::rate::VideoPace;

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    idr: AtomicBool,
    /// bit/s; 0 for none.
    bitrate_bps: AtomicU32,
    /// Index in [`PACES`].
    pace: AtomicU8,
    /// bit/s; 0 for none.
    audio_bitrate_bps: AtomicU32,
}

const PACES: [VideoPace; 3] = [VideoPace::Full, VideoPace::Half, VideoPace::None];

impl Wishes {
    /// What the engine wants.
    pub(crate) fn handle(&self, command: EncoderCommand) {
        match command {
            EncoderCommand::RequestIdr => self.want_idr(),
            EncoderCommand::SetVideoBitrate(bps) => self.bitrate_bps.store(bps, Ordering::Release),
            EncoderCommand::SetVideoPace(pace) => self.pace.store(pace as u8, Ordering::Release),
            EncoderCommand::SetAudioBitrate(bps) => {
                self.audio_bitrate_bps.store(bps, Ordering::Release);
            }
            other => log::debug!("the engine wants {other:?}, which this session cannot"),
        }
    }

    pub(crate) fn want_idr(&self) {
        self.idr.store(true, Ordering::Release);
    }

    pub(crate) fn take_idr(&self) -> bool {
        self.idr.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn take_bitrate(&self) -> Option<u32> {
        take(&self.bitrate_bps)
    }

    pub(crate) fn take_audio_bitrate(&self) -> Option<u32> {
        take(&self.audio_bitrate_bps)
    }

    pub(crate) fn pace(&self) -> VideoPace {
        let index = usize::from(self.pace.load(Ordering::Acquire));
        PACES.get(index).copied().unwrap_or_default()
    }
}

fn take(bitrate_bps: &AtomicU32) -> Option<u32> {
    Some(bitrate_bps.swap(0, Ordering::AcqRel)).filter(|&bitrate_bps| bitrate_bps > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pace_comes_back_as_itself() {
        let wishes = Wishes::default();
        assert_eq!(wishes.pace(), VideoPace::Full);
        for pace in PACES {
            wishes.handle(EncoderCommand::SetVideoPace(pace));
            assert_eq!(wishes.pace(), pace);
        }
    }
}
