//! The options that change the picture → an [`onair::Look`]. `push`, `demo` and `filter` share them.

pub(crate) mod place;
pub(crate) mod shots;

use std::path::Path;

use clap::Args;
use onair::overlay::{Content, Image, Text};
use onair::{BeautyQuality, Effect, Look, Lut, Overlay, Rotation};

use crate::exit::Failure;
use place::{FileOver, TextOver};

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How it looks")]
pub(crate) struct LookArgs {
    /// LFLiveKit's beauty filter, 0 to 1
    #[arg(long, value_name = "LEVEL")]
    pub(crate) beauty: Option<f32>,

    /// How bright it makes the picture, 0 to 1; 0.5 leaves it
    #[arg(long, value_name = "LEVEL")]
    pub(crate) bright: Option<f32>,

    /// How much colour it adds, 0 to 1
    #[arg(long, value_name = "LEVEL")]
    pub(crate) tone: Option<f32>,

    /// The same filter straight on Y'CbCr: several times as fast, and 46 dB or more beside the exact one
    #[arg(long)]
    pub(crate) beauty_fast: bool,

    /// gray, invert, sepia, fisheye, glow, or a table of colours (.cube); repeat it, in their order
    #[arg(long, value_name = "NAME|FILE.cube")]
    pub(crate) filter: Vec<String>,

    /// A PNG or JPEG over the picture: FILE@x,y[,width,height][,alpha]. Negative x and y count from
    /// right and bottom; c before them is the centre. Repeat it
    #[arg(long, value_name = "FILE@PLACE", value_parser = place::file, allow_hyphen_values = true)]
    pub(crate) overlay: Vec<FileOver>,

    /// Letters over the picture: TEXT[@x,y[,size][,#colour[,#box]]]. Repeat it
    #[arg(long, value_name = "TEXT", value_parser = place::text, allow_hyphen_values = true)]
    pub(crate) text: Vec<TextOver>,

    /// Left and right change places for viewers
    #[arg(long)]
    pub(crate) mirror: bool,

    /// Turn the picture clockwise: 90, 180 or 270
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    pub(crate) rotate: Option<i32>,

    /// Show the middle, so many times as large: 1 to 8
    #[arg(long, value_name = "TIMES")]
    pub(crate) zoom: Option<f32>,
}

impl LookArgs {
    /// Whether none of them was given.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { beauty, bright, tone, filter, overlay, text, mirror, rotate, zoom, .. } = self;
        let has_number = beauty.or(*bright).or(*tone).or(*zoom).is_some() || rotate.is_some();
        let has_list = !filter.is_empty() || !overlay.is_empty() || !text.is_empty();
        !(has_number || has_list || *mirror || self.beauty_fast)
    }

    /// `look` with what was given, for a picture of `height` pixels; reads the files it names.
    ///
    /// # Errors
    /// When a file cannot be read or a value cannot be used.
    pub(crate) fn on(&self, mut look: Look, height: u32) -> Result<Look, Failure> {
        let beauty = &mut look.beauty;
        beauty.is_on |= self.beauty.or(self.bright).or(self.tone).is_some();
        beauty.level = self.beauty.unwrap_or(beauty.level);
        beauty.bright = self.bright.unwrap_or(beauty.bright);
        beauty.tone = self.tone.unwrap_or(beauty.tone);
        if self.beauty_fast {
            (beauty.is_on, beauty.quality) = (true, BeautyQuality::Fast);
        }
        look.framing.mirror |= self.mirror;
        look.framing.zoom = self.zoom.unwrap_or(look.framing.zoom);
        if let Some(degrees) = self.rotate {
            look.framing.rotation = Rotation::from_degrees(degrees)
                .ok_or_else(|| Failure::usage("--rotate: use 90, 180 or 270"))?;
        }
        for filter in &self.filter {
            look.effects.push(effect(filter)?);
        }
        for (index, over) in self.overlay.iter().enumerate() {
            let content = Content::Image(read_image(&over.path)?);
            let (place, opacity) = (over.place, over.opacity);
            let name = format!("image {}", index + 1);
            look.overlays.push(Overlay { name, content, place, opacity, z: 0 });
        }
        for (index, over) in self.text.iter().enumerate() {
            let size_px = over.size_px.unwrap_or(height as f32 / 20.0);
            let (colour, background) = (over.colour, over.background);
            let text = Text { colour, background, ..Text::new(over.text.clone(), size_px) };
            let (content, place) = (Content::Text(text), over.place);
            let name = format!("text {}", index + 1);
            look.overlays.push(Overlay { name, content, place, opacity: 1.0, z: 1 });
        }
        look.check().map_err(Failure::usage)?;
        Ok(look)
    }
}

fn effect(name: &str) -> Result<Effect, Failure> {
    if let Some(effect) = Effect::from_name(name) {
        return Ok(effect);
    }
    if !name.ends_with(".cube") {
        let names: Vec<_> = Effect::names().collect();
        let names = names.join(", ");
        return Err(Failure::usage(format!("--filter {name}: use {names} or a .cube file")));
    }
    let lut = Lut::from_cube(&read(Path::new(name))?);
    lut.map(Effect::Lut).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// A PNG or JPEG file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_image(path: &Path) -> Result<Image, Failure> {
    let image = Image::decode(&read(path)?);
    image.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("open {}: {error}", path.display())))
}
