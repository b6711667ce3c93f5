//! What `push` does to raw sound on the way.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::units;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What to do to raw sound")]
pub(crate) struct SoundArgs {
    /// Silence from this time of the media on, or for so long; repeat it
    #[arg(long, value_name = "TIME[,LENGTH]", value_parser = interval, conflicts_with = "flv")]
    pub(crate) mute_at: Vec<Interval>,

    /// How loud all of it is: 0 to 8, 1 is as it comes
    #[arg(long, value_name = "FACTOR", value_parser = gain, conflicts_with = "flv")]
    pub(crate) gain: Option<f32>,

    /// Mix another WAV file in, of any rate, so loud; repeat it, up to seven times
    #[arg(long, value_name = "FILE[@FACTOR]", value_parser = mixed, conflicts_with = "flv")]
    pub(crate) mix: Vec<MixFile>,
}

/// A stretch of the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) from: Duration,
    /// Without end when there is none.
    pub(crate) length: Option<Duration>,
}

impl Interval {
    pub(crate) fn has(&self, at: Duration) -> bool {
        at >= self.from && self.length.is_none_or(|length| at - self.from < length)
    }
}

/// A file, and how loud it is in the mix.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MixFile {
    pub(crate) path: PathBuf,
    pub(crate) gain: f32,
}

fn interval(text: &str) -> Result<Interval, String> {
    let (from, length) = match text.split_once(',') {
        Some((from, length)) => (from, Some(units::positive_duration(length)?)),
        None => (text, None),
    };
    Ok(Interval { from: units::duration(from)?, length })
}

fn gain(text: &str) -> Result<f32, String> {
    let gain = text.trim().parse().ok().filter(|gain| (0.0..=8.0).contains(gain));
    gain.ok_or_else(|| "use a factor from 0 to 8, like 0.5".to_owned())
}

/// What follows the last @ is the factor, if it is a number; else it belongs to the name.
fn mixed(text: &str) -> Result<MixFile, String> {
    let with_gain = text.rsplit_once('@').filter(|(_, factor)| factor.parse::<f32>().is_ok());
    let (path, gain) = match with_gain {
        Some((path, factor)) => (path, gain(factor)?),
        None => (text, 1.0),
    };
    Ok(MixFile { path: path.into(), gain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_has_an_end_or_not() {
        let five = Duration::from_secs(5);
        let stretch = interval("5s,10s").expect("a stretch");
        assert_eq!(stretch, Interval { from: five, length: Some(Duration::from_secs(10)) });
        let inside =
            [4_999, 5_000, 14_999, 15_000].map(|ms| stretch.has(Duration::from_millis(ms)));
        assert_eq!(inside, [false, true, true, false]);
        assert!(interval("5s").expect("a stretch").has(Duration::from_secs(99_999)));
        for bad in ["", "5s,", "5s,0s", ",5s", "5s,1s,1s"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_may_have_an_at_in_its_name() {
        let file = |path: &str, gain| Ok(MixFile { path: path.into(), gain });
        assert_eq!(mixed("a.wav"), file("a.wav", 1.0));
        assert_eq!(mixed("a.wav@0.5"), file("a.wav", 0.5));
        assert_eq!(mixed("me@home.wav"), file("me@home.wav", 1.0));
        assert_eq!(mixed("me@home.wav@2"), file("me@home.wav", 2.0));
        for bad in ["a.wav@9", "a.wav@-1", "a.wav@NaN", "a.wav@inf"] {
            assert!(mixed(bad).is_err(), "{bad}");
        }
    }
}
