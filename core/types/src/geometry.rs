//! Picture geometry: which size a picture gets and which part of a camera's picture is used.
//! `spec lflivekit-and-friends` 1.4. Pixels are moved elsewhere.

/// Width and height, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A part of a picture, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crop {
    /// Left edge; even.
    pub x: u32,
    /// Upper edge; even.
    pub y: u32,
    /// Even when the picture's is.
    pub width: u32,
    /// Even when the picture's is.
    pub height: u32,
}

impl Size {
    /// The largest size of this aspect inside `bounds`: rounded up, then down to even
    /// (LFLiveKit's `videoSizeRespectingAspectRatio`, statement 6). Zero sides stay zero.
    #[must_use]
    pub fn fit_even(self, bounds: Self) -> Self {
        let scaled = |side: u32, along: u32, own_along: u32| {
            let product = u64::from(side) * u64::from(along);
            product.div_ceil(u64::from(own_along).max(1)).min(u64::from(u32::MAX)) as u32
        };
        // Compare bounds.width / width with bounds.height / height without dividing.
        let by_width = u64::from(bounds.width) * u64::from(self.height)
            <= u64::from(bounds.height) * u64::from(self.width);
        let (width, height) = if by_width {
            (bounds.width, scaled(self.height, bounds.width, self.width))
        } else {
            (scaled(self.width, bounds.height, self.height), bounds.height)
        };
        Self { width: width & !1, height: height & !1 }
    }

    /// The middle part of aspect 16:9, or 9:16 when taller than wide (statement 7: 480×640 is cut
    /// to 360×640). A picture of that aspect is kept whole.
    #[must_use]
    pub fn crop_to_16_9(self) -> Crop {
        let (long, short) = if self.width > self.height {
            (self.width, self.height)
        } else {
            (self.height, self.width)
        };
        let cut = |side: u32, parts: u64, of: u64| (u64::from(side) * parts / of) as u32 & !1;
        let (kept_long, kept_short) = match (u64::from(long) * 9).cmp(&(u64::from(short) * 16)) {
            std::cmp::Ordering::Equal => (long, short),
            std::cmp::Ordering::Less => (long, cut(long, 9, 16)),
            std::cmp::Ordering::Greater => (cut(short, 16, 9), short),
        };
        let (width, height) = if self.width > self.height {
            (kept_long, kept_short)
        } else {
            (kept_short, kept_long)
        };
        let margin = |whole: u32, kept: u32| ((whole - kept) / 2) & !1;
        Crop { x: margin(self.width, width), y: margin(self.height, height), width, height }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    #[test]
    fn lf06_a_fitted_size_keeps_the_aspect_and_is_even() {
        assert_eq!(size(720, 1_280).fit_even(size(500, 500)), size(282, 500));
        assert_eq!(size(1_280, 720).fit_even(size(500, 500)), size(500, 282));
        assert_eq!(size(720, 1_280).fit_even(size(360, 640)), size(360, 640));
        assert_eq!(size(100, 100).fit_even(size(33, 1_000)), size(32, 32));
    }

    #[test]
    fn lf07_the_middle_of_a_4_to_3_camera_is_used() {
        let portrait = size(480, 640).crop_to_16_9();
        assert_eq!(portrait, Crop { x: 60, y: 0, width: 360, height: 640 });
        assert_eq!((portrait.x * 8, (portrait.x + portrait.width) * 8), (480, 480 * 7)); // 0.125..0.875
        let landscape = size(640, 480).crop_to_16_9();
        assert_eq!(landscape, Crop { x: 0, y: 60, width: 640, height: 360 });
    }

    #[test]
    fn a_picture_of_the_right_aspect_is_not_cropped_and_a_longer_one_at_its_ends() {
        let whole = |width, height| Crop { x: 0, y: 0, width, height };
        assert_eq!(size(720, 1_280).crop_to_16_9(), whole(720, 1_280));
        assert_eq!(size(1_920, 1_080).crop_to_16_9(), whole(1_920, 1_080));
        assert_eq!(
            size(2_000, 900).crop_to_16_9(),
            Crop { x: 200, y: 0, width: 1_600, height: 900 }
        );
    }

    proptest! {
        #[test]
        fn a_fit_stays_inside_and_touches_an_edge(
            width in 1..5_000u32, height in 1..5_000u32,
            max_width in 1..5_000u32, max_height in 1..5_000u32,
        ) {
            let fit = size(width, height).fit_even(size(max_width, max_height));
            prop_assert!(fit.width <= max_width && fit.height <= max_height);
            prop_assert!(fit.width == max_width & !1 || fit.height == max_height & !1);
            prop_assert!(fit.width.is_multiple_of(2) && fit.height.is_multiple_of(2));
        }

        #[test]
        fn a_crop_stays_inside(width: u32, height: u32) {
            let crop = size(width, height).crop_to_16_9();
            prop_assert!(u64::from(crop.x) + u64::from(crop.width) <= width.into());
            prop_assert!(u64::from(crop.y) + u64::from(crop.height) <= height.into());
        }

        #[test]
        fn no_sizes_panic(width: u32, height: u32, max_width: u32, max_height: u32) {
            let _ = size(width, height).fit_even(size(max_width, max_height));
        }
    }
}
