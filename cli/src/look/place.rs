//! What people type for what lies over the picture: `logo.png@-16,16,120,60,0.8`, `On air@16,16`.

use std::path::PathBuf;
use std::time::Duration;

use onair::overlay::{Anchor, Colour, Place};

use crate::units;

/// A file over the picture: `FILE@x,y[,w,h][,alpha]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileOver {
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
    pub(crate) opacity: f32,
}

/// Letters over the picture: `TEXT[@x,y[,size][,#colour[,#box]]]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextOver {
    pub(crate) text: String,
    pub(crate) place: Place,
    pub(crate) size_px: Option<f32>,
    pub(crate) colour: Colour,
    pub(crate) background: Option<Colour>,
}

/// A picture to be kept: `FILE@time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shot {
    pub(crate) path: PathBuf,
    pub(crate) at: Duration,
}

/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn file(text: &str) -> Result<FileOver, String> {
    const EXPECTED: &str = "use FILE@x,y or FILE@x,y,width,height, and ,alpha from 0 to 1 behind it; \
                            negative x and y count from right and bottom, c before them is the centre";
    let (path, rest) =
        text.rsplit_once('@').filter(|(path, _)| !path.is_empty()).ok_or(EXPECTED)?;
    let parts: Vec<&str> = rest.split(',').map(str::trim).collect();
    let (size, opacity) = match parts[..] {
        [_, _] => (None, None),
        [_, _, opacity] => (None, Some(opacity)),
        [_, _, width, height] => (Some([width, height]), None),
        [_, _, width, height, opacity] => (Some([width, height]), Some(opacity)),
        _ => return Err(EXPECTED.into()),
    };
    let mut place = place(parts[0], parts[1]).ok_or(EXPECTED)?;
    if let Some([width, height]) = size {
        place.width = width.parse().map_err(|_| EXPECTED)?;
        place.height = height.parse().map_err(|_| EXPECTED)?;
    }
    let opacity = opacity.map_or(Ok(1.0), |opacity| opacity.parse().map_err(|_| EXPECTED))?;
    Ok(FileOver { path: path.into(), place, opacity })
}

/// What is behind the last @ is the place when it can be one, and text otherwise.
///
/// # Errors
/// Never: any text can be shown.
pub(crate) fn text(whole: &str) -> Result<TextOver, String> {
    let placed = whole.rsplit_once('@').and_then(|(text, rest)| text_at(text, rest));
    // Escaped, as few shells make a line break easy.
    let over = placed.unwrap_or_else(|| TextOver {
        text: whole.to_owned(),
        place: Place { anchor: Anchor::BottomLeft, x: 16, y: 16, ..Place::default() },
        size_px: None,
        colour: Colour::WHITE,
        background: Some(SHADE),
    });
    Ok(TextOver { text: over.text.replace("\\n", "\n"), ..over })
}

/// What lies behind a text that says nothing about it.
const SHADE: Colour = Colour { red: 0, green: 0, blue: 0, alpha: 128 };

fn text_at(text: &str, rest: &str) -> Option<TextOver> {
    let mut parts = rest.split(',').map(str::trim);
    let place = place(parts.next()?, parts.next()?)?;
    let mut parts = parts.peekable();
    let size_px = parts.next_if(|part| !part.starts_with('#')).map(str::parse).transpose().ok()?;
    let mut colours = parts.map(str::parse::<Colour>);
    let colour = colours.next().transpose().ok()?;
    let background = colours.next().transpose().ok()?;
    if colours.next().is_some() {
        return None;
    }
    let colour = colour.unwrap_or(Colour::WHITE);
    Some(TextOver { text: text.to_owned(), place, size_px, colour, background })
}

/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn shot(text: &str) -> Result<Shot, String> {
    const EXPECTED: &str = "use FILE.png@5s or FILE.jpg@5s";
    let (path, at) = text.rsplit_once('@').filter(|(path, _)| !path.is_empty()).ok_or(EXPECTED)?;
    Ok(Shot { path: path.into(), at: units::duration(at)? })
}

/// A corner: of the left and the top, or, with a minus, of the right and the bottom.
fn place(x: &str, y: &str) -> Option<Place> {
    let (x, is_centre) = x.strip_prefix('c').map_or((x, false), |x| (x, true));
    let [across, down] = [x.parse::<i32>().ok()?, y.parse::<i32>().ok()?];
    let anchor = match (is_centre, x.starts_with('-'), y.starts_with('-')) {
        (true, ..) => Anchor::Centre,
        (_, false, false) => Anchor::TopLeft,
        (_, true, false) => Anchor::TopRight,
        (_, false, true) => Anchor::BottomLeft,
        (_, true, true) => Anchor::BottomRight,
    };
    let [x, y] =
        if is_centre { [across, down] } else { [across.saturating_abs(), down.saturating_abs()] };
    Some(Place { anchor, x, y, ..Place::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_place_a_size_and_an_alpha() {
        let place = |text: &str| file(text).map(|over| over.place);
        let corner = Place { x: 16, y: 20, ..Place::default() };
        assert_eq!(place("logo.png@16,20"), Ok(corner));
        assert_eq!(place("a@b.png@-16,20"), Ok(Place { anchor: Anchor::TopRight, ..corner }));
        assert_eq!(place("l.png@-16,-20"), Ok(Place { anchor: Anchor::BottomRight, ..corner }));
        assert_eq!(place("l.png@16,-20"), Ok(Place { anchor: Anchor::BottomLeft, ..corner }));
        assert_eq!(place("l.png@c16,20"), Ok(Place { anchor: Anchor::Centre, ..corner }));
        let sized = Place { width: 120, height: 60, ..corner };
        let want = FileOver { path: "l.png".into(), place: sized, opacity: 0.5 };
        assert_eq!(file("l.png@16,20,120,60,0.5"), Ok(want.clone()));
        assert_eq!(file("l.png@16,20,0.5"), Ok(FileOver { place: corner, ..want }));
        for bad in ["l.png", "@1,2", "l@1", "l@a,b", "l@1,2,3,4,5,6", "l@1,2,-3,4", "l@1,2,x", ""] {
            assert!(file(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_may_hold_an_at_and_has_a_place_all_the_same() {
        let over = text("me@home.example").expect("any text");
        assert_eq!((over.text.as_str(), over.size_px), ("me@home.example", None));
        let over = text("me@home@16,-20,32,#ff0000,#00000080").expect("any text");
        assert_eq!((over.text.as_str(), over.size_px), ("me@home", Some(32.0)));
        assert_eq!(over.place.anchor, Anchor::BottomLeft);
        assert_eq!((over.colour.red, over.colour.green), (255, 0));
        assert_eq!(over.background.map(|colour| colour.alpha), Some(128));
        assert_eq!(text("a@1,2,#ffffff").map(|over| over.background), Ok(None));
        assert_eq!(text(r"one\ntwo").map(|over| over.text), Ok("one\ntwo".to_owned()));
    }

    #[test]
    fn a_snapshot_has_a_time() {
        let want = Shot { path: "a@b.png".into(), at: Duration::from_secs(5) };
        assert_eq!(shot("a@b.png@5s"), Ok(want));
        assert!(shot("a.png").is_err() && shot("@5s").is_err() && shot("a.png@x").is_err());
    }
}
