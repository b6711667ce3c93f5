//! FLV tags from anything that can be read, and their 32-bit times made continuous.

use std::io::Read;

use onair_engine::flv::{FlvError, PlainUnit, Reader, Tag};

/// Reads tags one after the other.
pub(crate) struct TagReader<R> {
    input: R,
    reader: Reader,
}

/// Why there is no next tag.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TagError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Flv(#[from] FlvError),
}

impl<R: Read> TagReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, reader: Reader::new() }
    }

    /// Whether the input ended inside a tag.
    pub(crate) fn is_truncated(&self) -> bool {
        self.reader.unread_bytes() > 0
    }

    /// The next tag; `None` at the end of the input.
    ///
    /// # Errors
    /// When the input cannot be read or is not FLV.
    pub(crate) fn next_tag(&mut self) -> Result<Option<Tag>, TagError> {
        loop {
            if let Some(tag) = self.reader.next_tag()? {
                return Ok(Some(tag));
            }
            match self.input.read(self.reader.spare()) {
                Ok(0) => return Ok(None),
                Ok(count) => self.reader.fill(count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the next tag, or an error, is there without reading on.
    pub(crate) fn has_read_more(&self) -> bool {
        self.reader.has_tag()
    }

    /// The next unit, if it is there without reading on and is plain.
    #[inline]
    pub(crate) fn next_plain_unit(&mut self, video: bool, audio: bool) -> Option<PlainUnit> {
        self.reader.next_plain_unit(video, audio)
    }

    /// The next tag, if it is there without reading on.
    ///
    /// # Errors
    /// When the input is not FLV.
    #[inline]
    pub(crate) fn next_read(&mut self) -> Result<Option<Tag>, FlvError> {
        self.reader.next_tag()
    }
}

/// Times modulo 2^32 ms as times without end: the nearest to the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unwrap {
    last_ms: Option<i64>,
}

impl Unwrap {
    /// The time that `wire_ms` stands for.
    #[inline]
    pub(crate) fn next(&mut self, wire_ms: u32) -> i64 {
        let time = match self.last_ms {
            None => i64::from(wire_ms),
            // Serial number arithmetic (RFC 1982): the difference modulo 2^32, with its sign.
            Some(last) => last + i64::from(wire_ms.wrapping_sub(last as u32) as i32),
        };
        self.last_ms = Some(time);
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_on_past_the_wrap_and_back_over_it() {
        let mut unwrap = Unwrap::default();
        assert_eq!(unwrap.next(u32::MAX - 10), i64::from(u32::MAX) - 10);
        assert_eq!(unwrap.next(20), (1 << 32) + 20);
        assert_eq!(unwrap.next(u32::MAX), i64::from(u32::MAX));
        assert_eq!(unwrap.next(5), (1 << 32) + 5);
    }

    #[test]
    fn a_step_back_stays_a_step_back() {
        let mut unwrap = Unwrap::default();
        assert_eq!([1_000, 900, 950].map(|ms| unwrap.next(ms)), [1_000, 900, 950]);
    }

    #[test]
    fn an_input_that_breaks_off_inside_a_tag_ends_after_the_last_whole_one() {
        let mut file = onair_engine::flv::file_header(true, true).to_vec();
        let tag = onair_engine::flv::TagType::Audio;
        onair_engine::flv::write_tag(&mut file, tag, 7, &[&[0xAF, 1, 2, 3]]);
        let whole = file.len();
        onair_engine::flv::write_tag(&mut file, tag, 30, &[&[0xAF, 1, 2, 3]]);
        for end in whole..file.len() - 4 {
            let mut reader = TagReader::new(&file[..end]);
            let tag = reader.next_tag().expect("flv").expect("the first tag");
            assert_eq!((tag.timestamp_ms, &*tag.body), (7, &[0xAF, 1, 2, 3][..]));
            assert_eq!(reader.next_tag().expect("flv"), None);
            assert_eq!(reader.is_truncated(), end > whole);
        }
    }
}
