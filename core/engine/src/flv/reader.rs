//! Tags out of a file or an HTTP-FLV stream that comes in pieces (annex E.2 to E.4.1). Bodies are
//! read straight into pooled buffers and never copied.

use onair_types::{Lent, Payload, Pool};

use super::{FlvError, Tag, TagType};

/// Reads a file or an HTTP-FLV stream piece by piece: put the next bytes into [`Reader::spare`],
/// say how many with [`Reader::fill`], then call [`Reader::next_tag`] until it has no more.
/// Memory grows with the bytes that came, not with the sizes they claim.
#[derive(Debug)]
pub struct Reader {
    pool: Pool,
    body_limit: usize,
    state: State,
    /// What is read of a header.
    head: [u8; HEAD_BYTES],
    head_len: usize,
    /// Stream offset of the first byte that is not part of a whole tag.
    offset: u64,
}

#[derive(Debug)]
enum State {
    FileHeader,
    /// The last tag's size and the next one's header. `None` for the size that was no tag's.
    Between {
        skipped: Option<Unknown>,
    },
    Body {
        header: Header,
        size: usize,
        buffer: Lent,
        filled: usize,
    },
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug)]
enum Header {
    File,
    Tag { tag_type: TagType, timestamp_ms: u32 },
    Unknown(Unknown),
}

/// A tag of unknown type; it was one if its size stands behind it.
#[derive(Clone, Copy, Debug)]
struct Unknown {
    tag_type: u8,
    size: usize,
    offset: u64,
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
            pool: Pool::new(POOLED),
            body_limit,
            state: State::FileHeader,
            head: [0; HEAD_BYTES],
            head_len: 0,
            offset: 0,
        }
    }

    /// Where the next bytes go; empty only when [`Reader::next_tag`] was not called until it had
    /// no more. A body's space goes on a little behind it: one read of a file brings a tag's body
    /// and the next one's header.
    pub fn spare(&mut self) -> &mut [u8] {
        match &mut self.state {
            State::FileHeader => &mut self.head[self.head_len..FILE_HEADER_BYTES],
            State::Between { .. } => &mut self.head[self.head_len..],
            State::Body { size, buffer, filled, .. } => {
                let end = (*size + HEAD_BYTES).min(STEP_BYTES.max(2 * *filled));
                buffer.grow(end);
                &mut buffer[*filled..end]
            }
        }
    }

    /// The first `count` bytes of [`Reader::spare`] have come.
    pub fn fill(&mut self, count: usize) {
        match &mut self.state {
            State::FileHeader | State::Between { .. } => {
                self.head_len = (self.head_len + count).min(HEAD_BYTES);
            }
            State::Body { size, filled, .. } => *filled = (*filled + count).min(*size + HEAD_BYTES),
        }
    }

    /// Takes bytes from the front of `bytes` until a tag is whole or none are left; for those who
    /// have them already.
    ///
    /// # Errors
    /// As [`Reader::next_tag`].
    pub fn take_from(&mut self, bytes: &mut &[u8]) -> Result<Option<Tag<Payload>>, FlvError> {
        loop {
            if let Some(tag) = self.next_tag()? {
                return Ok(Some(tag));
            }
            let spare = self.spare();
            let (taken, rest) = bytes.split_at(spare.len().min(bytes.len()));
            if taken.is_empty() {
                return Ok(None);
            }
            spare[..taken.len()].copy_from_slice(taken);
            *bytes = rest;
            self.fill(taken.len());
        }
    }

    /// Bytes that wait for the rest of a tag; at the end of a file that is whole there are none.
    pub fn unread_bytes(&self) -> usize {
        match &self.state {
            State::FileHeader => self.head_len,
            // The size of the last tag ends a file, and a file may do without.
            State::Between { .. } if self.head_len <= PREVIOUS_SIZE_BYTES => 0,
            State::Between { .. } => self.head_len - PREVIOUS_SIZE_BYTES,
            State::Body { header: Header::File, filled, .. } => FILE_HEADER_BYTES + filled,
            State::Body { filled, .. } => TAG_HEADER_BYTES + filled,
        }
    }

    /// The next whole tag, `None` when more bytes are needed. Tags of unknown type whose size
    /// proves right are skipped.
    ///
    /// # Errors
    /// When the bytes are not FLV; the reader is then of no further use.
    pub fn next_tag(&mut self) -> Result<Option<Tag<Payload>>, FlvError> {
        loop {
            match &mut self.state {
                State::FileHeader => {
                    let Some(size) = self.file_header()? else { return Ok(None) };
                    self.begin_body(Header::File, size);
                }
                State::Between { skipped } => {
                    let skipped = *skipped;
                    let Some((header, size)) = self.tag_header(skipped)? else { return Ok(None) };
                    self.begin_body(header, size);
                }
                State::Body { size, filled, .. } if *filled < *size => return Ok(None),
                State::Body { header, size, buffer, filled } => {
                    let (header, size, buffer) = (*header, *size, std::mem::take(buffer));
                    let behind = &buffer[size..*filled];
                    self.head_len = behind.len();
                    self.head[..behind.len()].copy_from_slice(behind);
                    let skipped = match header {
                        Header::Unknown(unknown) => Some(unknown),
                        _ => None,
                    };
                    self.state = State::Between { skipped };
                    if let Header::Tag { tag_type, timestamp_ms } = header {
                        self.offset += (PREVIOUS_SIZE_BYTES + TAG_HEADER_BYTES + size) as u64;
                        let body = self.pool.share(buffer, size);
                        return Ok(Some(Tag { tag_type, timestamp_ms, body }));
                    }
                    self.offset += match header {
                        Header::File => FILE_HEADER_BYTES + size,
                        _ => PREVIOUS_SIZE_BYTES + TAG_HEADER_BYTES + size,
                    } as u64;
                }
            }
        }
    }

    fn begin_body(&mut self, header: Header, size: usize) {
        self.head_len = 0;
        let buffer = self.pool.lend((size + HEAD_BYTES).min(STEP_BYTES));
        self.state = State::Body { header, size, buffer, filled: 0 };
    }

    /// Bytes between the file header's fixed part and the size before the first tag (E.2).
    fn file_header(&self) -> Result<Option<usize>, FlvError> {
        let head = &self.head[..self.head_len];
        let signature = b"FLV\x01";
        let there = head.len().min(signature.len());
        if head[..there] != signature[..there] {
            return Err(FlvError::NotFlv);
        }
        let Some(&[_, _, _, _, _, d3, d2, d1, d0]) = head.first_chunk::<FILE_HEADER_BYTES>() else {
            return Ok(None);
        };
        let data_offset = u32::from_be_bytes([d3, d2, d1, d0]) as usize;
        if data_offset < FILE_HEADER_BYTES {
            return Err(FlvError::NotFlv);
        }
        if data_offset > self.body_limit {
            let limit = self.body_limit;
            return Err(FlvError::TooLarge { offset: 0, size: data_offset, limit });
        }
        Ok(Some(data_offset - FILE_HEADER_BYTES))
    }

    /// What the next body belongs to, and its size.
    fn tag_header(&self, skipped: Option<Unknown>) -> Result<Option<(Header, usize)>, FlvError> {
        let head = &self.head[..self.head_len];
        if let (Some(unknown), Some(previous)) = (skipped, head.first_chunk::<4>())
            && u32::from_be_bytes(*previous) as usize != TAG_HEADER_BYTES + unknown.size
        {
            let Unknown { offset, tag_type, .. } = unknown;
            return Err(FlvError::TagType { offset, tag_type });
        }
        let Some(&[_, _, _, _, type_byte, l2, l1, l0, t2, t1, t0, t3, ..]) =
            head.first_chunk::<HEAD_BYTES>()
        else {
            return Ok(None);
        };
        let size = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let offset = self.offset + PREVIOUS_SIZE_BYTES as u64;
        if size > self.body_limit {
            return Err(FlvError::TooLarge { offset, size, limit: self.body_limit });
        }
        let timestamp_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        // Bit 5 says "encrypted": the body then means nothing to us.
        let header = match TagType::from_id(type_byte & 0x3F) {
            Some(tag_type) => Header::Tag { tag_type, timestamp_ms },
            None => Header::Unknown(Unknown { tag_type: type_byte & 0x3F, size, offset }),
        };
        Ok(Some((header, size)))
    }
}

const FILE_HEADER_BYTES: usize = 9;
const TAG_HEADER_BYTES: usize = 11;
const PREVIOUS_SIZE_BYTES: usize = 4;
/// What lies between two bodies.
const HEAD_BYTES: usize = PREVIOUS_SIZE_BYTES + TAG_HEADER_BYTES;
/// Space for a body is made in steps of this size, doubling: a size is only a claim.
const STEP_BYTES: usize = 256 << 10;
/// Bodies that may be in use at once without an allocation for each.
const POOLED: usize = 256;

#[cfg(test)]
#[path = "reader_test.rs"]
mod tests;
