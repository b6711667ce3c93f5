//! What `onair room` tells: one shape for people and one for programs.

use std::fmt;

use onair::rooms::{RoomEvent, RoomSnapshot, RoomState, Said};
use serde::Serialize;

/// One line of output. The JSON keys are part of the command's contract (docs/cli.md).
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line {
    Room {
        state: &'static str,
    },
    Lost {
        message: String,
        retry_in_seconds: Option<f64>,
    },
    Joined {
        room: String,
        title: String,
        likes: u64,
        viewers: u64,
        live: bool,
        host: bool,
        resumed: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        publish_key: Option<String>,
    },
    Refused {
        message: String,
    },
    Comment {
        id: String,
        sender: String,
        name: String,
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        at_ms: Option<i64>,
        own: bool,
        history: bool,
    },
    Gift {
        id: String,
        sender: String,
        name: String,
        gift: u32,
        count: u32,
        own: bool,
        history: bool,
    },
    Likes {
        new: u64,
        total: Option<u64>,
    },
    Viewers {
        viewers: u64,
    },
    Live {
        live: bool,
    },
    Removed {
        id: String,
    },
    Reported {
        id: String,
        reason: String,
    },
    Missed {
        comments: u64,
    },
    Delivered {
        id: String,
    },
    Closed {
        reason: String,
    },
    Warning {
        message: String,
    },
}

impl Line {
    /// What there is to tell of it; `show_publish_key` when a publish key may be seen.
    pub(crate) fn new(event: RoomEvent, show_publish_key: bool) -> Option<Self> {
        Some(match event {
            RoomEvent::State(state) => Self::Room {
                state: match state {
                    RoomState::Connecting => "connecting",
                    RoomState::Online => "online",
                    _ => "ended",
                },
            },
            RoomEvent::Lost { reason, retry_in } => Self::Lost {
                message: reason.to_string(),
                retry_in_seconds: retry_in.map(|wait| wait.as_secs_f64()),
            },
            RoomEvent::Joined(snapshot) => Self::joined(snapshot, show_publish_key),
            RoomEvent::Refused { refusal, .. } | RoomEvent::NotDelivered { refusal, .. } => {
                Self::Refused { message: refusal.to_string() }
            }
            RoomEvent::Said(said) => Self::said(said),
            RoomEvent::Likes { new, total } => Self::Likes { new, total },
            RoomEvent::Viewers(viewers) => Self::Viewers { viewers },
            RoomEvent::Live(live) => Self::Live { live },
            RoomEvent::CommentRemoved(id) => Self::Removed { id },
            RoomEvent::Reported { id, reason } => Self::Reported { id, reason },
            RoomEvent::Missed(comments) => Self::Missed { comments },
            RoomEvent::Delivered(id) => Self::Delivered { id },
            RoomEvent::Closed(reason) => Self::Closed { reason },
            RoomEvent::OldServer => {
                let message = "the server answers nothing: nobody owns a room there, and anybody \
                               may close it";
                Self::Warning { message: message.to_owned() }
            }
            _ => return None,
        })
    }

    fn joined(snapshot: RoomSnapshot, show_publish_key: bool) -> Self {
        let key = snapshot.publish_key.filter(|_| show_publish_key);
        Self::Joined {
            room: snapshot.key,
            title: snapshot.title,
            likes: snapshot.likes,
            viewers: snapshot.viewers,
            live: snapshot.is_live,
            host: snapshot.is_host,
            resumed: snapshot.is_resumed,
            publish_key: key.map(|key| key.expose().to_owned()),
        }
    }

    fn said(said: Said) -> Self {
        let Said { id, sender, name, text, .. } = said;
        let (own, history) = (said.is_own, said.is_history);
        match said.gift {
            Some(it) => {
                let (gift, count) = (it.gift_id, it.count);
                Self::Gift { id, sender, name, gift, count, own, history }
            }
            None => {
                let at_ms = said.at.map(|at| at.as_millis_rounded());
                Self::Comment { id, sender, name, text, at_ms, own, history }
            }
        }
    }

    /// Whether it goes to stderr when people read.
    pub(crate) fn is_complaint(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Refused { .. } | Self::Warning { .. })
    }

    /// Whether people want to read it.
    pub(crate) fn is_for_people(&self) -> bool {
        !matches!(self, Self::Room { .. } | Self::Delivered { .. })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let somebody = |name: &str| if name.is_empty() { "somebody" } else { name }.to_owned();
        match self {
            Self::Room { state } => f.write_str(state),
            Self::Lost { message, retry_in_seconds: Some(wait) } => {
                write!(f, "{message}; trying again in {wait:.1} s")
            }
            Self::Lost { message, retry_in_seconds: None }
            | Self::Refused { message }
            | Self::Warning { message } => f.write_str(message),
            Self::Joined { room, title, likes, viewers, live, publish_key, .. } => {
                let live = if *live { "live" } else { "not live" };
                write!(f, "in {room}: {title} ({live}, {viewers} here, {likes} likes)")?;
                match publish_key {
                    Some(key) => write!(f, "\npublish its stream as {key}"),
                    None => Ok(()),
                }
            }
            Self::Comment { name, text, .. } => write!(f, "{}: {text}", somebody(name)),
            Self::Gift { name, gift, count, .. } => {
                write!(f, "{} gives {count} of gift {gift}", somebody(name))
            }
            Self::Likes { new, total: Some(total) } => write!(f, "{new} likes, {total} in all"),
            Self::Likes { new, total: None } => write!(f, "{new} likes"),
            Self::Viewers { viewers } => write!(f, "{viewers} here"),
            Self::Live { live: true } => f.write_str("the stream is live"),
            Self::Live { live: false } => f.write_str("the stream stopped"),
            Self::Removed { .. } => f.write_str("the host took a comment away"),
            Self::Reported { id, reason } => write!(f, "comment {id} was reported: {reason}"),
            Self::Missed { comments } => write!(f, "{comments} comments were missed"),
            Self::Delivered { .. } => f.write_str("delivered"),
            Self::Closed { reason } => write!(f, "the room is over: {reason}"),
        }
    }
}
