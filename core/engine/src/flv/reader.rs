//! Tags out of a file or an HTTP-FLV stream that comes in pieces (annex E.2 to E.4.1). What is read
//! is kept in blocks; the bodies are parts of them and never copied, but for the tag that a block
//! breaks off.
//!
//! ```text
//!  block   │ tag │ tag │ tag │ ta          shared once a tag is whole, then nothing is written to it
//!  block                     │ ta│g │ …    what broke off goes on in the next one
//! ```

use std::ops::Range;

use onair_types::{Lent, Payload, Pool};

use super::plain::{PlainContent, PlainUnit};
use super::{FlvError, Tag, TagType};

/// Reads a file or an HTTP-FLV stream piece by piece: put the next bytes into [`Reader::spare`],
/// say how many with [`Reader::fill`], then call [`Reader::next_tag`] until it has no more.
/// Memory grows with the bytes that came, not with the sizes they claim.
#[derive(Debug)]
pub struct Reader {
    pool: Pool,
    body_limit: usize,
    block: Block,
    /// What was read of the block, and what came.
    at: usize,
    filled: usize,
    /// Bytes behind `at` before which there is nothing new to find.
    needed: usize,
    /// How large the next block is.
    block_bytes: usize,
    place: Place,
    /// Stream offset of `at`.
    offset: u64,
}

#[derive(Debug)]
enum Block {
    /// Nothing came yet.
    None,
    /// Bytes come in.
    Open(Lent),
    /// Tags lie in there.
    Shared(Payload),
}

/// Where `at` is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// At the beginning of the file.
    Start,
    /// Behind a tag of known type, or the file's header: the last tag's size comes, then a header.
    Between,
    /// Behind what was a tag if its size comes now.
    Behind(Unknown),
}

/// A tag of unknown type.
#[derive(Clone, Copy, Debug)]
struct Unknown {
    tag_type: u8,
    size: usize,
    offset: u64,
}

/// What lies at `at`, as far as it came.
enum Found {
    /// So many bytes from `at` on tell more.
    Needs(usize),
    /// Something whole of this size, and where what follows it is.
    Passed(usize, Place),
    /// A tag with a body of this size.
    Tag { tag_type: TagType, timestamp_ms: u32, size: usize },
}

/// What a tag says before its body.
struct Head<'a> {
    tag_type: TagType,
    timestamp_ms: u32,
    size: usize,
    block: &'a Payload,
    /// The body, and what came behind it.
    body: &'a [u8],
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
            block: Block::None,
            at: 0,
            filled: 0,
            needed: 0,
            block_bytes: LEAST_BLOCK_BYTES,
            place: Place::Start,
            offset: 0,
        }
    }

    /// Where the next bytes go; never empty once [`Reader::next_tag`] had no more.
    pub fn spare(&mut self) -> &mut [u8] {
        let has_room = matches!(&self.block, Block::Open(lent) if self.filled < lent.len());
        if !has_room || self.at > 0 {
            self.make_room();
        }
        match &mut self.block {
            Block::Open(lent) => &mut lent[self.filled..],
            Block::None | Block::Shared(_) => &mut [],
        }
    }

    /// The first `count` bytes of [`Reader::spare`] have come.
    pub fn fill(&mut self, count: usize) {
        self.filled = (self.filled + count).min(self.bytes().len());
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
        let waiting = self.filled - self.at;
        match self.place {
            Place::Start => waiting,
            // The size of the last tag ends a file, and a file may do without.
            Place::Between | Place::Behind(_) => waiting.saturating_sub(PREVIOUS_SIZE_BYTES),
        }
    }

    /// The next whole tag, `None` when more bytes are needed. Tags of unknown type whose size
    /// proves right are skipped.
    ///
    /// # Errors
    /// When the bytes are not FLV; the reader is then of no further use.
    #[inline]
    pub fn next_tag(&mut self) -> Result<Option<Tag<Payload>>, FlvError> {
        match self.next_plain() {
            None => self.find_tag(),
            tag => Ok(tag),
        }
    }

    /// As [`Reader::next_tag`], of what most of a file is: a whole tag of known type behind others
    /// that lie in the same block.
    #[inline]
    fn next_plain(&mut self) -> Option<Tag<Payload>> {
        let Head { tag_type, timestamp_ms, size, block, .. } = self.plain_head()?;
        let start = self.at + HEAD_BYTES;
        let body = block.part(start..start + size);
        self.advance(HEAD_BYTES + size);
        Some(Tag { tag_type, timestamp_ms, body })
    }

    /// The next tag, if it is a plain one of the kinds that are wanted and lies whole in the block at
    /// hand: what most of a file is from end to end. The rest is for [`Reader::next_tag`].
    #[inline]
    pub fn next_plain_unit(&mut self, wants_video: bool, wants_audio: bool) -> Option<PlainUnit> {
        let Head { tag_type, timestamp_ms, size, block, body } = self.plain_head()?;
        // A tag that is shorter, at the end of a block, goes the long way.
        let (content, prefix_bytes) = PlainContent::of(tag_type, *body.first_chunk()?)?;
        if size <= prefix_bytes || !content.is_wanted(wants_video, wants_audio) {
            return None;
        }
        let start = self.at + HEAD_BYTES;
        let payload = block.part(start + prefix_bytes..start + size);
        self.advance(HEAD_BYTES + size);
        Some(PlainUnit { timestamp_ms, content, payload })
    }

    /// The head of the next tag, if that is of known type and lies whole in the block at hand, behind
    /// another one.
    #[inline]
    fn plain_head(&self) -> Option<Head<'_>> {
        let (Place::Between, Block::Shared(block)) = (self.place, &self.block) else { return None };
        let (head, body) = block.get(self.at..self.filled)?.split_first_chunk::<HEAD_BYTES>()?;
        let [_, _, _, _, type_byte, l2, l1, l0, t2, t1, t0, t3, ..] = *head;
        let size = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        if size > body.len() || size > self.body_limit {
            return None;
        }
        let tag_type = TagType::from_id(type_byte & 0x3F)?;
        let timestamp_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        Some(Head { tag_type, timestamp_ms, size, block, body })
    }

    fn find_tag(&mut self) -> Result<Option<Tag<Payload>>, FlvError> {
        loop {
            let came = &self.bytes()[self.at..self.filled];
            if came.len() < self.needed {
                return Ok(None);
            }
            let whole = match self.find(came)? {
                Found::Needs(bytes) => {
                    self.needed = bytes;
                    return Ok(None);
                }
                Found::Passed(size, place) => {
                    self.place = place;
                    self.advance(size);
                    continue;
                }
                Found::Tag { tag_type, timestamp_ms, size } => {
                    let start = self.at + HEAD_BYTES;
                    let body = self.share(start..start + size);
                    self.advance(HEAD_BYTES + size);
                    Tag { tag_type, timestamp_ms, body }
                }
            };
            self.place = Place::Between;
            return Ok(Some(whole));
        }
    }

    /// Whether [`Reader::next_tag`] has something to say already.
    pub fn has_tag(&self) -> bool {
        let came = &self.bytes()[self.at..self.filled];
        came.len() >= self.needed && !matches!(self.find(came), Ok(Found::Needs(_)))
    }

    fn bytes(&self) -> &[u8] {
        match &self.block {
            Block::None => &[],
            Block::Open(lent) => lent,
            Block::Shared(block) => block,
        }
    }

    #[inline]
    fn advance(&mut self, size: usize) {
        self.at += size;
        self.offset += size as u64;
        self.needed = 0;
    }

    /// A part of the block, to which nothing is added any more.
    fn share(&mut self, part: Range<usize>) -> Payload {
        let block = match std::mem::replace(&mut self.block, Block::None) {
            Block::None => return Payload::default(),
            Block::Shared(block) => block,
            Block::Open(lent) => {
                // As large as what comes at once, so that little that came keeps no large block.
                if self.filled == lent.len() {
                    self.block_bytes = (2 * self.block_bytes).min(MOST_BLOCK_BYTES);
                } else if self.filled < lent.len() / 4 {
                    self.block_bytes = (self.block_bytes / 2).max(LEAST_BLOCK_BYTES);
                }
                self.pool.share(lent, self.filled)
            }
        };
        let part = block.part(part);
        self.block = Block::Shared(block);
        part
    }

    /// Room behind what waits, in another block when tags lie in this one.
    fn make_room(&mut self) {
        let waiting = self.at..self.filled;
        let came = waiting.len();
        // A size is only a claim: a block at most doubles what came.
        let wanted = self.needed.max(came) + LEAST_BLOCK_BYTES;
        let size = wanted.min(STEP_BYTES.max(2 * came)).max(self.block_bytes);
        let lent = match std::mem::replace(&mut self.block, Block::None) {
            Block::None => self.pool.lend(size),
            Block::Open(mut lent) => {
                lent.copy_within(waiting, 0);
                lent.grow(size);
                lent
            }
            Block::Shared(block) => {
                let mut lent = self.pool.lend(size);
                lent[..came].copy_from_slice(&block[waiting]);
                lent
            }
        };
        self.block = Block::Open(lent);
        (self.at, self.filled) = (0, came);
    }

    /// What the bytes at `at` are.
    #[inline]
    fn find(&self, came: &[u8]) -> Result<Found, FlvError> {
        match self.place {
            Place::Start => self.file_header(came),
            Place::Between => self.tag(came),
            Place::Behind(unknown) => {
                let Some(previous) = came.first_chunk::<PREVIOUS_SIZE_BYTES>() else {
                    return Ok(Found::Needs(PREVIOUS_SIZE_BYTES));
                };
                if u32::from_be_bytes(*previous) as usize != TAG_HEADER_BYTES + unknown.size {
                    let Unknown { offset, tag_type, .. } = unknown;
                    return Err(FlvError::TagType { offset, tag_type });
                }
                self.tag(came)
            }
        }
    }

    /// E.2.
    fn file_header(&self, came: &[u8]) -> Result<Found, FlvError> {
        let signature = b"FLV\x01";
        let there = came.len().min(signature.len());
        if came[..there] != signature[..there] {
            return Err(FlvError::NotFlv);
        }
        let Some(&[_, _, _, _, _, d3, d2, d1, d0]) = came.first_chunk::<FILE_HEADER_BYTES>() else {
            return Ok(Found::Needs(came.len() + 1));
        };
        let size = u32::from_be_bytes([d3, d2, d1, d0]) as usize;
        if size < FILE_HEADER_BYTES {
            return Err(FlvError::NotFlv);
        }
        if size > self.body_limit {
            return Err(FlvError::TooLarge { offset: 0, size, limit: self.body_limit });
        }
        Ok(if came.len() < size { Found::Needs(size) } else { Found::Passed(size, Place::Between) })
    }

    /// E.4.1, behind the size of the tag before.
    #[inline]
    fn tag(&self, came: &[u8]) -> Result<Found, FlvError> {
        let Some(&[_, _, _, _, type_byte, l2, l1, l0, t2, t1, t0, t3, ..]) =
            came.first_chunk::<HEAD_BYTES>()
        else {
            return Ok(Found::Needs(HEAD_BYTES));
        };
        let size = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let offset = self.offset + PREVIOUS_SIZE_BYTES as u64;
        if size > self.body_limit {
            return Err(FlvError::TooLarge { offset, size, limit: self.body_limit });
        }
        if came.len() < HEAD_BYTES + size {
            return Ok(Found::Needs(HEAD_BYTES + size));
        }
        let timestamp_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        // Bit 5 says "encrypted": the body then means nothing to us.
        let tag_type = type_byte & 0x3F;
        Ok(match TagType::from_id(tag_type) {
            Some(tag_type) => Found::Tag { tag_type, timestamp_ms, size },
            None => {
                Found::Passed(HEAD_BYTES + size, Place::Behind(Unknown { tag_type, size, offset }))
            }
        })
    }
}

const FILE_HEADER_BYTES: usize = 9;
const TAG_HEADER_BYTES: usize = 11;
const PREVIOUS_SIZE_BYTES: usize = 4;
/// What lies between two bodies.
const HEAD_BYTES: usize = PREVIOUS_SIZE_BYTES + TAG_HEADER_BYTES;
/// A block is this large at first, and
const LEAST_BLOCK_BYTES: usize = 4 << 10;
/// this large when so much comes at once.
const MOST_BLOCK_BYTES: usize = 256 << 10;
/// What is kept ready for a size that is only a claim, doubling as its bytes come.
const STEP_BYTES: usize = 256 << 10;
/// Blocks that may be in use at once without an allocation for each.
const POOLED: usize = 64;

#[cfg(test)]
#[path = "reader_test.rs"]
mod tests;
