//! Tags out of a file or an HTTP-FLV stream that comes in pieces (annex E.2 to E.4.1).

use super::{FlvError, Tag, TagType};

/// Reads a file or an HTTP-FLV stream piece by piece. Memory grows with the bytes pushed, not
/// with the sizes they claim.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are read.
    read: usize,
    /// Stream offset of the buffer's first byte.
    buffer_offset: u64,
    body_limit: usize,
    state: ReaderState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReaderState {
    FileHeader,
    /// So many bytes have no meaning here.
    Skip(usize),
    Tag,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the start of a file; bodies of up to 16 MiB.
    pub fn new() -> Self {
        Self::with_body_limit(16 << 20)
    }

    /// A reader at the start of a file that refuses larger bodies.
    pub fn with_body_limit(body_limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            read: 0,
            buffer_offset: 0,
            body_limit,
            state: ReaderState::FileHeader,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        // What is read goes once it is the larger part: each byte is then moved about once.
        if self.read > self.buffer.len() / 2 {
            self.buffer.drain(..self.read);
            self.buffer_offset += self.read as u64;
            self.read = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that wait for the rest of a tag; at the end of a file that is whole there are none.
    pub fn unread_bytes(&self) -> usize {
        self.buffer.len() - self.read
    }

    /// The next whole tag, `None` when more bytes are needed. Tags of unknown type whose size
    /// proves right are skipped.
    ///
    /// # Errors
    /// When the bytes are not FLV; the reader is then of no further use.
    pub fn next_tag(&mut self) -> Result<Option<Tag>, FlvError> {
        loop {
            let rest = &self.buffer[self.read..];
            match self.state {
                ReaderState::FileHeader => {
                    let Some(skip) = self.after_file_header(rest)? else { return Ok(None) };
                    self.read += FILE_HEADER_BYTES;
                    self.state = ReaderState::Skip(skip);
                }
                ReaderState::Skip(count) => {
                    let skipped = count.min(rest.len());
                    self.read += skipped;
                    if skipped < count {
                        self.state = ReaderState::Skip(count - skipped);
                        return Ok(None);
                    }
                    self.state = ReaderState::Tag;
                }
                ReaderState::Tag => {
                    let Some((tag, size)) = self.whole_tag(rest)? else { return Ok(None) };
                    self.read += size;
                    self.state = ReaderState::Skip(PREVIOUS_SIZE_BYTES);
                    if tag.is_some() {
                        return Ok(tag);
                    }
                }
            }
        }
    }

    /// Bytes between the file header's fixed part and the first tag (E.2).
    fn after_file_header(&self, rest: &[u8]) -> Result<Option<usize>, FlvError> {
        let signature = b"FLV\x01";
        let there = rest.len().min(signature.len());
        if rest[..there] != signature[..there] {
            return Err(FlvError::NotFlv);
        }
        let Some(&[_, _, _, _, _, d3, d2, d1, d0]) = rest.first_chunk::<FILE_HEADER_BYTES>() else {
            return Ok(None);
        };
        let data_offset = u32::from_be_bytes([d3, d2, d1, d0]) as usize;
        if data_offset < FILE_HEADER_BYTES {
            return Err(FlvError::NotFlv);
        }
        if data_offset > self.body_limit {
            let limit = self.body_limit;
            return Err(FlvError::TooLarge { offset: self.offset(), size: data_offset, limit });
        }
        Ok(Some(data_offset - FILE_HEADER_BYTES + PREVIOUS_SIZE_BYTES))
    }

    /// The tag at the front, without its PreviousTagSize, and its size; no tag when it is to be
    /// skipped.
    fn whole_tag(&self, rest: &[u8]) -> Result<Option<(Option<Tag>, usize)>, FlvError> {
        let Some((header, behind)) = rest.split_first_chunk::<TAG_HEADER_BYTES>() else {
            return Ok(None);
        };
        let &[type_byte, l2, l1, l0, t2, t1, t0, t3, ..] = header;
        let size = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let offset = self.offset();
        if size > self.body_limit {
            return Err(FlvError::TooLarge { offset, size, limit: self.body_limit });
        }
        let Some((body, behind)) = behind.split_at_checked(size) else { return Ok(None) };
        let tag_bytes = TAG_HEADER_BYTES + size;
        // Bit 5 says "encrypted": the body then means nothing to us.
        let Some(tag_type) = TagType::from_id(type_byte & 0x3F) else {
            let Some(previous_size) = behind.first_chunk() else { return Ok(None) };
            let fits = u32::from_be_bytes(*previous_size) as usize == tag_bytes;
            let tag_type = type_byte & 0x3F;
            return if fits {
                Ok(Some((None, tag_bytes)))
            } else {
                Err(FlvError::TagType { offset, tag_type })
            };
        };
        let timestamp_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        Ok(Some((Some(Tag { tag_type, timestamp_ms, body: body.to_vec() }), tag_bytes)))
    }

    fn offset(&self) -> u64 {
        self.buffer_offset + self.read as u64
    }
}

const FILE_HEADER_BYTES: usize = 9;
const TAG_HEADER_BYTES: usize = 11;
const PREVIOUS_SIZE_BYTES: usize = 4;

#[cfg(test)]
#[path = "reader_test.rs"]
mod tests;
