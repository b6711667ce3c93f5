//! Where pictures step back for sound: they are overtaken when late, left out where the link carries
//! sound alone, and given up when the system slept (`spec network` 1.3.7, 2.5, 2.7).

use std::time::Duration;

use onair_types::Now;

use super::Media;
use crate::publish::Delivery;
use crate::rate::VideoPace;

impl Media {
    /// The controller wants this pace. Without pictures those that wait go, and none is taken;
    /// after that they begin at an IDR.
    pub(in crate::publish) fn set_pace(&mut self, pace: VideoPace) {
        self.is_sound_alone = pace == VideoPace::None;
        if self.is_sound_alone {
            self.drop_pictures();
            self.reported = self.all_dropped();
        }
    }

    /// The pictures that wait are too old by far: video goes on at the next IDR.
    pub(in crate::publish) fn handle_sleep(&mut self) {
        self.drop_pictures();
    }

    fn drop_pictures(&mut self) {
        if let Some(ordered) = &mut self.ordered {
            ordered.give_back(&mut self.buffer);
        }
        while self.buffer.has_video() {
            self.buffer.skip_gop();
        }
        self.buffer.restart_at_idr();
        self.buffer.forget_idr_request();
    }

    /// Whether sound overtakes pictures: late ones do not make it late as well.
    pub(super) fn is_sound_first(&self, now: Now) -> bool {
        let is_late = |at: Now| now.since(at) > LATE_PICTURE;
        self.delivery == Delivery::Live
            && self.sent.video.is_some()
            && self.buffer.video_since().is_some_and(is_late)
    }
}

/// Beyond this age of a picture sound overtakes it.
const LATE_PICTURE: Duration = Duration::from_millis(300);
