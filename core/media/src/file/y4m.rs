//! YUV4MPEG2: 8-bit 4:2:0 only.

use std::io::Read;

use super::FileError;
use crate::frame::I420Frame;

/// What the stream header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames in `fps_den` seconds.
    pub fps_num: u32,
    /// Seconds for `fps_num` frames.
    pub fps_den: u32,
}

/// Reads pictures one after the other.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
}

impl<R: Read> Reader<R> {
    /// Reads the stream header. Give it a buffered reader.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn new(input: R) -> Result<Self, FileError> {
        let _ = input;
        todo!("media")
    }

    /// What the stream header says.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The underlying reader, e.g. to start a file over.
    pub fn into_inner(self) -> R {
        self.input
    }

    /// Reads the next picture into `target`; false at the end of the file.
    ///
    /// # Errors
    /// [`FileError`]; also when `target` is of another size.
    pub fn read_frame(&mut self, target: &mut I420Frame) -> Result<bool, FileError> {
        let _ = target;
        todo!("media")
    }
}
