//! Names of qualities, orientations and profiles, both ways: for command lines and logs.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::{AudioQuality, ConfigError, Orientation, Profile, VideoQuality};

impl VideoQuality {
    /// "low1" … "fullhd3".
    pub fn name(self) -> &'static str {
        match self {
            Self::Low1 => "low1",
            Self::Low2 => "low2",
            Self::Low3 => "low3",
            Self::Medium1 => "medium1",
            Self::Medium2 => "medium2",
            Self::Medium3 => "medium3",
            Self::High1 => "high1",
            Self::High2 => "high2",
            Self::High3 => "high3",
            Self::FullHd1 => "fullhd1",
            Self::FullHd2 => "fullhd2",
            Self::FullHd3 => "fullhd3",
        }
    }

    /// "360p15" … "1080p30".
    pub fn size_and_rate(self) -> &'static str {
        match self {
            Self::Low1 => "360p15",
            Self::Low2 => "360p24",
            Self::Low3 => "360p30",
            Self::Medium1 => "540p15",
            Self::Medium2 => "540p24",
            Self::Medium3 => "540p30",
            Self::High1 => "720p15",
            Self::High2 => "720p24",
            Self::High3 => "720p30",
            Self::FullHd1 => "1080p15",
            Self::FullHd2 => "1080p24",
            Self::FullHd3 => "1080p30",
        }
    }
}

impl AudioQuality {
    /// "low" … "veryhigh".
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "veryhigh",
        }
    }
}

impl Orientation {
    /// "portrait" or "landscape".
    pub fn name(self) -> &'static str {
        match self {
            Self::Portrait => "portrait",
            Self::Landscape => "landscape",
        }
    }
}

impl Profile {
    /// "baseline" or "main".
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Main => "main",
        }
    }
}

/// Lower case, without the separators that people put in: "Very-High" is "veryhigh".
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

impl FromStr for VideoQuality {
    type Err = ConfigError;
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        let name = plain(name);
        let is_it = |quality: &Self| quality.name() == name || quality.size_and_rate() == name;
        Self::ALL.into_iter().find(is_it).ok_or(ConfigError::UnknownName {
            field: "video quality",
            allowed: "low1–3, medium1–3, high1–3, fullhd1–3, or 360p15 … 1080p30",
        })
    }
}

impl FromStr for AudioQuality {
    type Err = ConfigError;
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        let name = plain(name);
        let allowed = "low, medium, high or veryhigh";
        let unknown = ConfigError::UnknownName { field: "audio quality", allowed };
        Self::ALL.into_iter().find(|quality| quality.name() == name).ok_or(unknown)
    }
}

impl FromStr for Orientation {
    type Err = ConfigError;
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        let name = plain(name);
        let allowed = "portrait or landscape";
        let unknown = ConfigError::UnknownName { field: "orientation", allowed };
        [Self::Portrait, Self::Landscape].into_iter().find(|o| o.name() == name).ok_or(unknown)
    }
}

impl FromStr for Profile {
    type Err = ConfigError;
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        let name = plain(name);
        let unknown =
            ConfigError::UnknownName { field: "H.264 profile", allowed: "baseline or main" };
        [Self::Baseline, Self::Main].into_iter().find(|p| p.name() == name).ok_or(unknown)
    }
}

impl Display for VideoQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Display for AudioQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
