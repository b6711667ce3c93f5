//! RIFF WAVE: 16-bit PCM, 8 to 48 kHz, 1 or 2 channels.

use std::io::Read;

use super::FileError;

/// What the format chunk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Hz.
    pub sample_rate_hz: u32,
    /// Channels: 1 or 2.
    pub channels: u8,
}

/// Reads samples one block after the other.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    #[expect(dead_code, reason = "skeleton")]
    bytes_left: u64,
}

impl<R: Read> Reader<R> {
    /// Reads up to the first sample. Give it a buffered reader.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn new(input: R) -> Result<Self, FileError> {
        let _ = input;
        todo!("media")
    }

    /// What the format chunk says.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The underlying reader, e.g. to start a file over.
    pub fn into_inner(self) -> R {
        self.input
    }

    /// Fills `out` with interleaved samples; returns how many there were, fewer than asked only
    /// at the end of the file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&mut self, out: &mut [i16]) -> Result<usize, FileError> {
        let _ = out;
        todo!("media")
    }
}
