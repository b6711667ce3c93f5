//! What an app is told of a room.

use std::fmt;

use onair::rooms::{self, Lost, Refusal};

use crate::LiveError;
use crate::statistics::millis;

/// How it stands with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RoomState {
    /// Asking where to go, connecting, or waiting to connect again.
    Connecting,
    /// The server has let the client in.
    Online,
    /// Nothing more will happen: stopped, refused or put out.
    Ended,
}

/// What is asked of a server and may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RoomCommand {
    /// Open a room of one's own.
    Create,
    /// Go into a room.
    Join,
    /// Leave it.
    Leave,
    /// Close it.
    Close,
    /// Report a comment.
    Report,
    /// Take a comment away.
    RemoveComment,
    /// Have somebody's comments be shown to nobody.
    Mute,
    /// Keep somebody out.
    Block,
    /// Something that this version of the bindings has no word for.
    Other,
}

/// Why a server does not do what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RefusalKind {
    /// The request is not understood, or in a word that this version has no name for.
    BadRequest,
    /// The room's key is none.
    BadKey,
    /// The text is empty or too long.
    BadLength,
    /// Somebody else's room is called so.
    Taken,
    /// Only the host may.
    NotOwner,
    /// There is none.
    NoSuchRoom,
    /// First join.
    NotInRoom,
    /// Too much at once.
    RateLimited,
    /// No more rooms or members.
    ServerFull,
    /// The host does not want one here.
    Blocked,
    /// The connection went before there was an answer.
    Lost,
}

/// A server's no.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RoomRefusal {
    /// Why.
    pub kind: RefusalKind,
    /// For people.
    pub reason: String,
    /// When it may be tried again, ms; none where the server does not say.
    pub retry_in_ms: Option<u64>,
}

/// What the server knows of a room when one comes in. Holds secrets of the host.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomSnapshot {
    /// Its public name.
    pub key: String,
    /// What it is about; may be empty.
    pub title: String,
    /// Since it began.
    pub likes: u64,
    /// Now, the host among them.
    pub viewers: u64,
    /// Whether the stream runs.
    pub is_live: bool,
    /// Whether it is one's own.
    pub is_host: bool,
    /// Whether one had been in it before.
    pub is_resumed: bool,
    /// For the host: proves later that the room is one's own. Never log it.
    pub token: Option<String>,
    /// For the host: the name to publish the stream under, where the server gives one. Never log it.
    pub publish_key: Option<String>,
}

/// A gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RoomGift {
    /// The giver's number, random in each start of an app.
    pub sender_id: u32,
    /// Which.
    pub gift_id: u32,
    /// How many, 1 to 1,000.
    pub count: u32,
}

/// A comment or a gift.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RoomMessage {
    /// Of the message: shown once, named in reports. Empty on servers that give none.
    pub id: String,
    /// Of the one who said it, to be muted or blocked by. Empty on servers that give none.
    pub sender: String,
    /// What they call themselves; may be empty.
    pub name: String,
    /// The comment; empty for a gift.
    pub text: String,
    /// Which gift and how many.
    pub gift: Option<RoomGift>,
    /// The moment of the picture that it belongs to, ms of the stream.
    pub at_ms: Option<i64>,
    /// Whether it is one's own.
    pub is_own: bool,
    /// Whether it was said before one came.
    pub is_history: bool,
}

/// What happened in a room.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum RoomEvent {
    /// The connection's state changed.
    StateChanged {
        /// The new one.
        state: RoomState,
    },
    /// An attempt failed or the connection was lost.
    Lost {
        /// Why.
        error: LiveError,
        /// When the next attempt begins, ms; none when there is none.
        retry_in_ms: Option<u64>,
    },
    /// In the room: for the first time, or again after the connection was lost.
    Joined {
        /// What there is.
        room: RoomSnapshot,
    },
    /// What was asked of the server it does not do. After create and join the client is in no room.
    Refused {
        /// What was asked.
        command: RoomCommand,
        /// Why not.
        refusal: RoomRefusal,
    },
    /// Somebody said or gave something.
    Said {
        /// What.
        message: RoomMessage,
    },
    /// Hearts.
    Likes {
        /// Since the last such event.
        count: u64,
        /// Since the room began, when the server counts.
        total: Option<u64>,
    },
    /// So many people are in the room.
    Viewers {
        /// The host among them.
        count: u64,
    },
    /// The room's stream began or stopped.
    LiveChanged {
        /// Whether it runs.
        is_live: bool,
    },
    /// The host took a comment away.
    CommentRemoved {
        /// Of the comment.
        id: String,
    },
    /// For the host: somebody thinks that this comment must not stand.
    Reported {
        /// Of the comment.
        id: String,
        /// In the viewer's words.
        reason: String,
    },
    /// Comments were missed while offline: more than the server keeps.
    Missed {
        /// How many.
        count: u64,
    },
    /// A comment or gift of one's own is with the server.
    Delivered {
        /// Of the message.
        id: String,
    },
    /// A comment or gift of one's own is not, and will not be.
    NotDelivered {
        /// Of the message.
        id: String,
        /// Why not.
        refusal: RoomRefusal,
    },
    /// The room is over.
    Closed {
        /// In the server's word: `closed`, `owner_lost`, `blocked`.
        reason: String,
    },
    /// The server answers nothing, as the first ones did: everybody may close any room there, and
    /// nobody owns one. Told once.
    OldServer,
    /// Something that this version of the bindings has no word for.
    Other {
        /// For people.
        text: String,
    },
}

impl From<rooms::RoomEvent> for RoomEvent {
    fn from(event: rooms::RoomEvent) -> Self {
        use rooms::RoomEvent as Core;
        match event {
            Core::State(state) => Self::StateChanged { state: state.into() },
            Core::Lost { reason, retry_in } => {
                Self::Lost { error: reason.into(), retry_in_ms: retry_in.map(millis) }
            }
            Core::Joined(room) => Self::Joined { room: room.into() },
            Core::Refused { command, refusal } => {
                Self::Refused { command: command.into(), refusal: refusal.into() }
            }
            Core::Said(message) => Self::Said { message: message.into() },
            Core::Likes { new, total } => Self::Likes { count: new, total },
            Core::Viewers(count) => Self::Viewers { count },
            Core::Live(is_live) => Self::LiveChanged { is_live },
            Core::CommentRemoved(id) => Self::CommentRemoved { id },
            Core::Reported { id, reason } => Self::Reported { id, reason },
            Core::Missed(count) => Self::Missed { count },
            Core::Delivered(id) => Self::Delivered { id },
            Core::NotDelivered { id, refusal } => {
                Self::NotDelivered { id, refusal: refusal.into() }
            }
            Core::Closed(reason) => Self::Closed { reason },
            Core::OldServer => Self::OldServer,
            other => Self::Other { text: format!("{other:?}") },
        }
    }
}

impl From<rooms::RoomState> for RoomState {
    fn from(state: rooms::RoomState) -> Self {
        match state {
            rooms::RoomState::Connecting => Self::Connecting,
            rooms::RoomState::Online => Self::Online,
            _ => Self::Ended,
        }
    }
}

impl From<rooms::RoomCommand> for RoomCommand {
    fn from(command: rooms::RoomCommand) -> Self {
        use rooms::RoomCommand as Core;
        match command {
            Core::Create => Self::Create,
            Core::Join => Self::Join,
            Core::Leave => Self::Leave,
            Core::Close => Self::Close,
            Core::Report => Self::Report,
            Core::RemoveComment => Self::RemoveComment,
            Core::Mute => Self::Mute,
            Core::Block => Self::Block,
            _ => Self::Other,
        }
    }
}

impl From<rooms::RoomSnapshot> for RoomSnapshot {
    fn from(room: rooms::RoomSnapshot) -> Self {
        let text = |secret: rooms::Secret| secret.expose().to_owned();
        Self {
            key: room.key,
            title: room.title,
            likes: room.likes,
            viewers: room.viewers,
            is_live: room.is_live,
            is_host: room.is_host,
            is_resumed: room.is_resumed,
            token: room.token.map(text),
            publish_key: room.publish_key.map(text),
        }
    }
}

/// Without its secrets.
impl fmt::Debug for RoomSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomSnapshot")
            .field("key", &self.key)
            .field("title", &self.title)
            .field("likes", &self.likes)
            .field("viewers", &self.viewers)
            .field("is_live", &self.is_live)
            .field("is_host", &self.is_host)
            .field("is_resumed", &self.is_resumed)
            .finish_non_exhaustive()
    }
}

impl From<rooms::Said> for RoomMessage {
    fn from(said: rooms::Said) -> Self {
        let gift = |gift: rooms::Gift| RoomGift {
            sender_id: gift.sender_id,
            gift_id: gift.gift_id,
            count: gift.count,
        };
        Self {
            id: said.id,
            sender: said.sender,
            name: said.name,
            text: said.text,
            gift: said.gift.map(gift),
            at_ms: said.at.map(|at| at.as_millis_rounded()),
            is_own: said.is_own,
            is_history: said.is_history,
        }
    }
}

impl From<Refusal> for RoomRefusal {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::BadKey => RefusalKind::BadKey,
            Refusal::BadLength => RefusalKind::BadLength,
            Refusal::Taken => RefusalKind::Taken,
            Refusal::NotOwner => RefusalKind::NotOwner,
            Refusal::NoSuchRoom => RefusalKind::NoSuchRoom,
            Refusal::NotInRoom => RefusalKind::NotInRoom,
            Refusal::RateLimited { .. } => RefusalKind::RateLimited,
            Refusal::ServerFull => RefusalKind::ServerFull,
            Refusal::Blocked => RefusalKind::Blocked,
            Refusal::Lost => RefusalKind::Lost,
            _ => RefusalKind::BadRequest,
        };
        let retry_in_ms = match &refusal {
            Refusal::RateLimited { retry_in } => Some(millis(*retry_in)),
            _ => None,
        };
        Self { kind, reason: refusal.to_string(), retry_in_ms }
    }
}

impl From<Lost> for LiveError {
    fn from(lost: Lost) -> Self {
        let (code, advice) = match &lost {
            Lost::Insecure(_) => {
                (211, "check the address and the date, or trust the server's root")
            }
            Lost::Refused(_) | Lost::Kicked => (204, "check the server's token, then start again"),
            _ => (203, "check the network and that the server runs at this address"),
        };
        Self::new(code, lost.to_string(), advice)
    }
}
