//! What a server says about connect and publish: level, code and description, made fit to be shown.
//! The stream key is struck out, control characters go, length is bounded.

use super::auth::Demand;
use super::{Closed, PublishError};
use crate::amf0::Value;
use crate::url::StreamUrl;

/// The information object of `onStatus`, `_error` and their like.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub(super) level: String,
    pub(super) code: String,
    pub(super) description: String,
    /// How the server wants to be answered before it takes a publisher.
    pub(super) demand: Option<Demand>,
    /// Where a publisher should go, as the server wrote it.
    tc_url: Option<String>,
}

impl Status {
    /// Reads the first object among `arguments` that has a code; empty when none has.
    pub(super) fn read(arguments: &[Value], url: &StreamUrl) -> Self {
        let info = arguments.iter().find(|value| value.get("code").is_some());
        let text = |key| {
            let value = info.and_then(|info| info.get(key)).and_then(Value::as_str);
            value.map(|text| presentable(text, url)).unwrap_or_default()
        };
        let words = info.and_then(|info| info.get("description")).and_then(Value::as_str);
        let tc_url = info.and_then(|info| info.get("tcUrl")).and_then(Value::as_str);
        Self {
            level: text("level"),
            code: text("code"),
            description: text("description"),
            demand: words.and_then(Demand::read),
            tc_url: tc_url.filter(|url| url.len() <= MAX_ADDRESS_BYTES).map(str::to_owned),
        }
    }

    /// Where to, if the server asks its publisher to connect anew (E-RTMP v2, ReconnectRequest):
    /// an address, or none for the present one.
    pub(super) fn wants_reconnect(&self) -> Option<Option<String>> {
        (self.code == "NetConnection.Connect.ReconnectRequest").then(|| self.tc_url.clone())
    }

    /// Whether it refuses something; some servers forget the level.
    pub(super) fn is_error(&self) -> bool {
        self.level == "error" || REFUSALS.iter().any(|end| self.code.ends_with(end))
    }

    /// Whether it says that a live stream is over.
    pub(super) fn ends_the_stream(&self) -> bool {
        ["NetConnection.Connect.Closed", "NetStream.Unpublish.Success"]
            .contains(&self.code.as_str())
    }

    pub(super) fn app_rejected(&self) -> PublishError {
        let Self { code, description, .. } = self;
        PublishError::AppRejected { code: code.clone(), description: description.clone() }
    }

    pub(super) fn publish_rejected(&self) -> PublishError {
        let Self { code, description, .. } = self;
        if self.is_name_in_use() {
            let (code, description) = (code.clone(), description.clone());
            return PublishError::NameInUse { code, description };
        }
        PublishError::PublishRejected { code: code.clone(), description: description.clone() }
    }

    /// What it means for a live stream that it ends.
    pub(super) fn closed(self) -> PublishError {
        let Self { code, description, .. } = self;
        PublishError::ClosedLive(Closed::Told { code, description })
    }

    fn is_name_in_use(&self) -> bool {
        self.code.ends_with(".BadName")
            || self.code.contains("StreamBusy")
            || self.description.contains("StreamBusy")
            || self.description.to_lowercase().contains("already publish")
    }
}

/// Control characters go first: a key with one inside would be whole again without it.
fn presentable(text: &str, url: &StreamUrl) -> String {
    let plain: String = text.chars().filter(|character| !character.is_control()).collect();
    url.redact(&plain).chars().take(MAX_TEXT_CHARS).collect()
}

const REFUSALS: [&str; 6] =
    [".BadName", ".Denied", ".Rejected", ".Failed", ".InvalidApp", ".Closed"];
const MAX_TEXT_CHARS: usize = 200;
const MAX_ADDRESS_BYTES: usize = 1_024;
