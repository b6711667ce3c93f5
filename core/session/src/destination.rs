//! Where a broadcast goes: one place, or several from one encode, each with a backup if wanted.
//! Addresses are checked here, all together, before anything starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use onair_engine::url::{StreamUrl, UrlError};
use thiserror::Error as ThisError;

use crate::Error;

/// Where to publish: from a `&str`, a `String` or a [`StreamUrl`].
#[derive(Clone, Debug)]
pub struct Destination {
    url: Result<StreamUrl, UrlError>,
    backup: Option<Result<StreamUrl, UrlError>>,
    backup_after: Option<Duration>,
    name: Option<String>,
}

impl Destination {
    /// As [`StreamUrl::with_key`]: an address without the key, `rtmps://host/app`, and the key as
    /// the service shows it, which may hold spaces and slashes. `app` is for addresses that end
    /// with the host.
    #[must_use]
    pub fn with_key(base: &str, app: Option<&str>, key: &str) -> Self {
        Self::to(StreamUrl::with_key(base, app, key))
    }

    fn to(url: Result<StreamUrl, UrlError>) -> Self {
        Self { url, backup: None, backup_after: None, name: None }
    }

    /// Where the show goes when this address cannot be had: refused for good, or without a live
    /// stream for [`Destinations::backup_after`]. Never both at once. When the backup fails as
    /// well, this address is tried again, and so on in turn. The address alone counts.
    #[must_use]
    pub fn backup(mut self, url: impl Into<Self>) -> Self {
        self.backup = Some(url.into().url);
        self
    }

    /// How long this one's address may be without a live stream before its other one is taken, as
    /// [`Destinations::backup_after`], which it goes before.
    #[must_use]
    pub fn backup_after(mut self, time: Duration) -> Self {
        self.backup_after = Some(time);
        self
    }

    /// What events and statistics call it; the host unless said, with a number where that is taken.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl From<StreamUrl> for Destination {
    fn from(url: StreamUrl) -> Self {
        Self::to(Ok(url))
    }
}

impl From<&str> for Destination {
    fn from(url: &str) -> Self {
        Self::to(StreamUrl::parse(url))
    }
}

impl From<&String> for Destination {
    fn from(url: &String) -> Self {
        Self::from(url.as_str())
    }
}

impl From<String> for Destination {
    fn from(url: String) -> Self {
        Self::from(url.as_str())
    }
}

/// Whose network decides what the one video encoder makes for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BitratePolicy {
    /// The first destination of the list that is live. The others get what it gets, and one whose
    /// network carries less drops pictures by itself.
    #[default]
    First,
    /// The live destination that wants the lowest bitrate: nobody drops, and everybody looks as the
    /// weakest does.
    Weakest,
    /// Nobody's: the bitrate stays where it starts, and each destination drops by itself.
    Fixed,
}

/// Where to publish at the same time, up to [`Destinations::MOST`] places, from one encode.
///
/// Each has its own connection, queue, reconnect and statistics: one that is slow, stalled or dead
/// costs the others nothing. One place alone is a [`Destination`], which is enough for
/// [`crate::Session::start`].
#[derive(Clone, Debug)]
pub struct Destinations {
    all: Vec<Destination>,
    policy: BitratePolicy,
    backup_after: Duration,
    /// Said, not forgotten.
    is_none: bool,
}

impl Destinations {
    /// More are refused: an uplink and a processor carry so many.
    pub const MOST: usize = 8;

    /// In this order; the first one leads where [`BitratePolicy::First`] says so.
    pub fn new(all: impl IntoIterator<Item = impl Into<Destination>>) -> Self {
        Self {
            all: all.into_iter().map(Into::into).collect(),
            policy: BitratePolicy::default(),
            backup_after: BACKUP_AFTER,
            is_none: false,
        }
    }

    /// Nowhere: for a session that only records, or keeps clips. It is live at once, and its
    /// bitrate stays where it starts.
    pub fn none() -> Self {
        Self { is_none: true, ..Self::new(std::iter::empty::<Destination>()) }
    }

    /// Whose network decides the video bitrate.
    #[must_use]
    pub fn bitrate_policy(mut self, policy: BitratePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How long an address may be without a live stream before the destination's other one is
    /// taken; 5 s unless said, and where [`Destination::backup_after`] says nothing. One that was
    /// just taken has a second at least.
    #[must_use]
    pub fn backup_after(mut self, time: Duration) -> Self {
        self.backup_after = time;
        self
    }

    /// Checked: places with different names and addresses.
    pub(crate) fn check(self, delivers_all: bool, is_plain_ok: bool) -> Result<Places, Error> {
        let Self { all, policy, backup_after, is_none } = self;
        let count = all.len();
        if count == 0 && !is_none {
            return Err(DestinationsError::None.into());
        }
        if count > Self::MOST {
            return Err(DestinationsError::TooMany { count, most: Self::MOST }.into());
        }
        let mut places: Vec<Place> = Vec::with_capacity(count);
        for (index, to) in all.into_iter().enumerate() {
            let Destination { url, backup, backup_after: own, name } = to;
            let named = |what| named(index, count, what);
            let address = |url: Result<StreamUrl, UrlError>| {
                url.map_err(|error| Error::Address(named(error.to_string())))
            };
            let (url, backup) = (address(url)?, backup.map(address).transpose()?);
            if delivers_all && (count > 1 || backup.is_some()) {
                return Err(DestinationsError::Complete.into());
            }
            let name = match name {
                Some(name) if places.iter().any(|place| *place.id.name == *name) => {
                    return Err(DestinationsError::SameName(name).into());
                }
                Some(name) => name,
                None => free_name(url.host(), index, &places),
            };
            let id = DestinationId { index, name: name.into() };
            places.push(Place { id, url, backup, backup_after: own.unwrap_or(backup_after) });
        }
        check_addresses(&places)?;
        if !is_plain_ok {
            check_privacy(&places)?;
        }
        Ok(Places { all: places, policy })
    }
}

/// What is said of one of so many destinations.
fn named(index: usize, count: usize, what: String) -> String {
    match count {
        1 => what,
        _ => format!("destination {}: {what}", index + 1),
    }
}

/// Nothing goes in the clear beyond private networks.
fn check_privacy(places: &[Place]) -> Result<(), Error> {
    for (index, place) in places.iter().enumerate() {
        let mut urls = [Some(&place.url), place.backup.as_ref()].into_iter().flatten();
        if let Some(url) = urls.find(|url| !is_private(url)) {
            return Err(Error::Plaintext(named(index, places.len(), url.host().to_owned())));
        }
    }
    Ok(())
}

impl<T: Into<Destination>> From<T> for Destinations {
    fn from(one: T) -> Self {
        Self::new([one])
    }
}

/// Why destinations cannot be published to together. Never holds an address.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum DestinationsError {
    /// An empty list.
    #[error("there is no destination")]
    None,
    /// Too long a list.
    #[error("{count} destinations are more than {most}")]
    TooMany {
        /// How many.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// An address, or a backup's, that another destination has already.
    #[error("destinations {first} and {second} have the same address")]
    SameAddress {
        /// From 1.
        first: usize,
        /// From 1; the same as `first` when a backup is its own primary.
        second: usize,
    },
    /// A name that another destination has already.
    #[error("two destinations are named {0:?}")]
    SameName(String),
    /// [`crate::Delivery::Complete`] waits for its server: two servers would wait for each other.
    #[error("what is sent complete goes to one destination without a backup")]
    Complete,
}

/// One of the present broadcast's destinations. Shown, it is its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DestinationId {
    index: usize,
    name: Arc<str>,
}

impl DestinationId {
    #[cfg(test)]
    pub(crate) fn new(index: usize, name: &str) -> Self {
        Self { index, name: name.into() }
    }

    /// Its place in the list that was started, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its name: given, or its host.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a start was given, checked.
pub(crate) struct Places {
    pub(crate) all: Vec<Place>,
    pub(crate) policy: BitratePolicy,
}

/// One destination, checked.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: DestinationId,
    pub(crate) url: StreamUrl,
    pub(crate) backup: Option<StreamUrl>,
    pub(crate) backup_after: Duration,
}

/// Whether nobody beyond a private network reads along.
pub(crate) fn is_private(url: &StreamUrl) -> bool {
    url.is_tls() || url.is_near()
}

/// Long enough for a reconnect that works, short enough for viewers to wait.
const BACKUP_AFTER: Duration = Duration::from_secs(5);

fn free_name(host: &str, index: usize, taken: &[Place]) -> String {
    if taken.iter().any(|place| *place.id.name == *host) {
        format!("{host} ({})", index + 1)
    } else {
        host.to_owned()
    }
}

/// Two publishers under one name would throw each other out.
fn check_addresses(places: &[Place]) -> Result<(), DestinationsError> {
    let all = || places.iter().flat_map(|p| [Some(&p.url), p.backup.as_ref()].map(|u| (p, u)));
    let all = || all().filter_map(|(place, url)| Some((place.id.index + 1, url?)));
    for (at, (second, url)) in all().enumerate() {
        if let Some((first, _)) = all().take(at).find(|(_, before)| is_same(before, url)) {
            return Err(DestinationsError::SameAddress { first, second });
        }
    }
    Ok(())
}

/// The server sees the same name; who asks does not matter.
fn is_same(one: &StreamUrl, other: &StreamUrl) -> bool {
    one.host().eq_ignore_ascii_case(other.host())
        && (one.port(), one.app(), one.key()) == (other.port(), other.app(), other.key())
}

#[cfg(test)]
#[path = "destination_test.rs"]
mod tests;
