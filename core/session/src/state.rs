//! Where a session stands, in LFLiveKit's words.

/// Where a session stands. The numbers of [`State::code`] are LFLiveKit's `LFLiveState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Not started yet.
    #[default]
    Ready,
    /// The first connection is being made.
    Pending,
    /// The server accepted the publish; media flows. LFLiveKit: Start.
    Live,
    /// The connection was lost or an attempt failed; another follows. LFLiveKit: Refresh.
    Reconnecting,
    /// Over, by `stop`, `finish` or drop.
    Stopped,
    /// Over, by an error that was reported before. LFLiveKit: Error.
    Failed,
}

impl State {
    /// LFLiveKit's number: Ready 0, Pending 1, Live 2, Stopped 3, Failed 4, Reconnecting 5.
    pub fn code(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::Pending => 1,
            Self::Live => 2,
            Self::Stopped => 3,
            Self::Failed => 4,
            Self::Reconnecting => 5,
        }
    }

    /// Whether pushes are taken: from start until the end.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Pending | Self::Live | Self::Reconnecting)
    }
}
