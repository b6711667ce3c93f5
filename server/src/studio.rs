//! What a broadcaster's side panel shows and changes: implemented by the app that embeds the server,
//! asked by its page `/studio`.

use std::fmt;

/// The app's side of the panel. Its methods are called on the server's thread: they must not wait.
///
/// Only who has the rooms' host token reaches them.
pub trait Studio: fmt::Debug + Send + Sync {
    /// What there is to see, as one JSON object.
    fn state(&self) -> String;

    /// Obeys a command of the page, a JSON object of at most 4 KiB.
    ///
    /// # Errors
    /// What is wrong with it, in words; then nothing has changed.
    fn command(&self, json: &[u8]) -> Result<(), String>;
}
