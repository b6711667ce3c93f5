//! Where a broadcast goes, as a record.

use std::time::Duration;

use onair::{BitratePolicy, Destination, Destinations};

use crate::LiveError;

/// A place to publish to.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct DestinationOptions {
    /// `rtmp[s]://host[:port]/app/key`, which holds the stream key: never log it. With `key` it
    /// ends with the app, with `app` too with the host.
    pub url: String,
    /// Taken when `url` cannot be had; of the same form.
    #[uniffi(default = None)]
    pub backup_url: Option<String>,
    /// What events call it; its host unless said.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// The stream key as the service shows it, which may hold spaces and slashes. Never log it.
    #[uniffi(default = None)]
    pub key: Option<String>,
    /// The app with its instance, for both addresses; with `key` only.
    #[uniffi(default = None)]
    pub app: Option<String>,
    /// The stream key of `backup_url`, where it is not `key`. Never log it.
    #[uniffi(default = None)]
    pub backup_key: Option<String>,
    /// How long one address may be without a live stream before the other one is taken, ms; 5000
    /// unless said. One that was just taken has a second at least.
    #[uniffi(default = None)]
    pub backup_after_ms: Option<u64>,
}

/// Whose network decides what the one encoder makes for several destinations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum SharedBitrate {
    /// The first one's that is live.
    #[default]
    First,
    /// The one's that wants the lowest bitrate.
    Weakest,
    /// Nobody's.
    Fixed,
}

/// The places of a start, for the core to check.
///
/// # Errors
/// [`LiveError::Call`] for what leads nowhere: an app without a key, or what belongs to a backup
/// without one.
pub(crate) fn destinations(
    all: Vec<DestinationOptions>,
    policy: SharedBitrate,
) -> Result<Destinations, LiveError> {
    let all = all.iter().map(destination).collect::<Result<Vec<_>, LiveError>>()?;
    Ok(Destinations::new(all).bitrate_policy(match policy {
        SharedBitrate::First => BitratePolicy::First,
        SharedBitrate::Weakest => BitratePolicy::Weakest,
        SharedBitrate::Fixed => BitratePolicy::Fixed,
    }))
}

fn destination(place: &DestinationOptions) -> Result<Destination, LiveError> {
    let (key, app) = (place.key.as_deref(), place.app.as_deref());
    let wrong = |reason, advice| Err(LiveError::new(220, reason, advice));
    if app.is_some() && key.is_none() {
        return wrong("the app is given apart, and the key is not", "give the key apart as well");
    }
    let at = |url: &str, key: Option<&str>| match key {
        Some(key) => Destination::with_key(url, app, key),
        None => Destination::from(url),
    };
    let mut destination = at(&place.url, key);
    if let Some(backup) = &place.backup_url {
        destination = destination.backup(at(backup, place.backup_key.as_deref().or(key)));
        if let Some(time) = place.backup_after_ms {
            destination = destination.backup_after(Duration::from_millis(time));
        }
    } else if place.backup_key.is_some() {
        return wrong(
            "a key is given for a backup that has no address",
            "give its address as well",
        );
    } else if place.backup_after_ms.is_some() {
        return wrong(
            "a time is given for a backup that has no address",
            "give its address as well",
        );
    }
    Ok(match &place.name {
        Some(name) => destination.named(name),
        None => destination,
    })
}
