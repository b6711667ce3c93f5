//! The overlays of the present look, ready to be drawn.

use super::input::Packed;
use super::sprite::Sprite;
use super::{Content, Image, Inputs, Overlay, Rect};
use crate::convert::to_i420;
use crate::frame::{FrameError, FrameView, I420Frame, Plane};
use crate::look::framing::Span;
use crate::scale::{Axis, scale};

/// Draws overlays; keeps each ready for as long as it stays as it is.
#[derive(Debug, Default)]
pub struct Stage {
    /// The lowest first.
    layers: Vec<Layer>,
    inputs: Inputs,
}

#[derive(Debug)]
struct Layer {
    overlay: Overlay,
    /// An image, or a text drawn.
    still: Option<Still>,
    live: Live,
    sprite: Sprite,
    /// The picture size that the sprite is good for.
    ready_for: Option<[u32; 2]>,
}

/// A still, and its pixels premultiplied in the size that was asked for last.
#[derive(Debug)]
struct Still {
    image: Image,
    size: [u32; 2],
    premultiplied: Vec<u16>,
}

/// The newest picture of an input, and it in the size that was asked for last.
#[derive(Debug, Default)]
struct Live {
    number: u64,
    packed: Packed,
    source: Option<I420Frame>,
    axes: Option<Axes>,
    planes: [Vec<u8>; 3],
    row: Vec<u8>,
}

/// How a source's planes come to a size.
#[derive(Debug)]
struct Axes {
    from: [u32; 2],
    to: [u32; 2],
    /// Across and down, for luma and for chroma.
    planes: [[Axis; 2]; 2],
}

impl Axes {
    fn new(from: [u32; 2], to: [u32; 2]) -> Self {
        let planes =
            [1, 2].map(|divisor| [0, 1].map(|axis| whole_axis(from[axis] / divisor, to[axis])));
        Self { from, to, planes }
    }
}

impl Stage {
    /// Overlays that show pushed pictures get them from `inputs`.
    pub fn new(inputs: Inputs) -> Self {
        Self { layers: Vec::new(), inputs }
    }

    /// Draws `overlays`, which were checked, from now on. Those that stay are kept ready; of a
    /// pushed video the last picture stays.
    pub fn set(&mut self, overlays: &[Overlay]) {
        let mut old = std::mem::take(&mut self.layers);
        for overlay in overlays {
            let known = old.iter().position(|layer| layer.overlay.name == overlay.name);
            let layer = match known.map(|index| old.swap_remove(index)) {
                Some(layer) if layer.overlay == *overlay => layer,
                Some(layer) if layer.overlay.content == overlay.content => {
                    Layer { overlay: overlay.clone(), ready_for: None, ..layer }
                }
                _ => Layer::new(overlay),
            };
            self.layers.push(layer);
        }
        self.layers.sort_by_key(|layer| layer.overlay.z);
    }

    /// Whether there is nothing to draw.
    pub fn is_idle(&self) -> bool {
        self.layers.is_empty()
    }

    /// Draws all of them over `picture`. Allocates for what is new, and nothing once warm.
    ///
    /// # Errors
    /// [`FrameError::Memory`] when there is none for a pushed picture; what lies below it is drawn.
    pub fn draw(&mut self, picture: &mut I420Frame) -> Result<(), FrameError> {
        let on = [picture.width(), picture.height()];
        for layer in &mut self.layers {
            let has_new = layer.overlay.content == Content::Input
                && layer.live.take(&layer.overlay.name, &self.inputs)?;
            if has_new || layer.ready_for != Some(on) {
                layer.prepare(on);
            }
            layer.sprite.draw(picture);
        }
        Ok(())
    }
}

impl Layer {
    fn new(overlay: &Overlay) -> Self {
        let image = match &overlay.content {
            Content::Image(image) => Some(image.clone()),
            Content::Text(text) => Some(text.draw()),
            Content::Input => None,
        };
        let overlay = overlay.clone();
        let still = image.map(|image| Still { image, size: [0; 2], premultiplied: Vec::new() });
        Self { overlay, still, live: Live::default(), sprite: Sprite::default(), ready_for: None }
    }

    /// Fills the sprite for a picture of size `on`.
    fn prepare(&mut self, on: [u32; 2]) {
        let Overlay { place, opacity, .. } = self.overlay;
        if let Some(still) = &mut self.still {
            let rect = place.rect([still.image.width(), still.image.height()], on);
            still.scale([rect.width, rect.height]);
            let pixels = still.premultiplied.as_chunks::<4>().0;
            self.sprite.fill_rgba(pixels, rect, on, opacity);
        } else if let Some(source) = &self.live.source {
            let rect = place.rect([source.width(), source.height()], on);
            self.live.scale(rect);
            let planes = self.live.planes.each_ref().map(Vec::as_slice);
            self.sprite.fill_yuv(planes, rect, on, opacity);
        }
        self.ready_for = Some(on);
    }
}

impl Still {
    fn scale(&mut self, size: [u32; 2]) {
        if self.size == size {
            return;
        }
        self.size = size;
        let own = [self.image.width(), self.image.height()];
        let pixels = self.image.rgba().as_chunks::<4>().0.iter();
        if own == size {
            // 257 makes 255 × 255 into 65,535 with a division by 255, exactly.
            let whole = pixels.flat_map(|&[r, g, b, a]| {
                let of = |part: u8| (u32::from(part) * u32::from(a) * 257 / 255) as u16;
                [of(r), of(g), of(b), u16::from(a) * 257]
            });
            self.premultiplied = whole.collect();
            return;
        }
        // Multiplied before it is scaled: a clear pixel's colour counts for nothing.
        let multiplied = pixels.flat_map(|&[r, g, b, a]| {
            let of = |part: u8| ((u32::from(part) * u32::from(a) + 127) / 255) as u8;
            [of(r), of(g), of(b), a]
        });
        let multiplied: Vec<u8> = multiplied.collect();
        let [across, down] = [0, 1].map(|axis| whole_axis(own[axis], size[axis]));
        let [row_bytes, rows] = [size[0] as usize * 4, size[1] as usize];
        let (mut scaled, mut row) = (vec![0; row_bytes * rows], Vec::new());
        let from = Plane { data: &multiplied, stride_bytes: own[0] as usize * 4 };
        scale::<4>(from, [&across, &down], &mut scaled, row_bytes, &mut row);
        self.premultiplied = scaled.into_iter().map(|part| u16::from(part) * 257).collect();
    }
}

/// All of `whole` pixels as `out`.
fn whole_axis(whole: u32, out: u32) -> Axis {
    Axis::new(whole as usize, Span { start: 0.0, length: f64::from(whole), out })
}

impl Live {
    /// Gets the newest picture; false when it is there already.
    fn take(&mut self, name: &str, inputs: &Inputs) -> Result<bool, FrameError> {
        let Some(number) = inputs.take(name, self.number, &mut self.packed) else {
            return Ok(false);
        };
        self.number = number;
        let Some((format, width, height)) = self.packed.shape else { return Ok(false) };
        let view = FrameView::packed(format, width, height, &self.packed.data)?;
        let fits = |frame: &I420Frame| (frame.width(), frame.height()) == (width, height);
        let source = match self.source.take().filter(fits) {
            Some(source) => source,
            None => I420Frame::new(width, height)?,
        };
        to_i420(&view, self.source.insert(source))?;
        Ok(true)
    }

    /// All three planes in the size of `rect`.
    fn scale(&mut self, rect: Rect) {
        let Some(source) = &self.source else { return };
        let (from, to) = ([source.width(), source.height()], [rect.width, rect.height]);
        let kept = self.axes.take().filter(|axes| (axes.from, axes.to) == (from, to));
        let axes = self.axes.insert(kept.unwrap_or_else(|| Axes::new(from, to)));
        let (view, width) = (source.view(), rect.width as usize);
        for (index, (from, to)) in view.planes().iter().zip(&mut self.planes).enumerate() {
            to.resize(width * rect.height as usize, 0);
            let [across, down] = &axes.planes[index.min(1)];
            let from = Plane { data: from.data, stride_bytes: from.stride_bytes };
            scale::<1>(from, [across, down], to, width, &mut self.row);
        }
    }
}
