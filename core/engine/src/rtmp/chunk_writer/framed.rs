//! Messages that many connections are sent alike: made into chunks once, and shared by all whose chunk streams stand
//! where those of the first one do.

use onair_types::Payload;

use super::{Entry, MessageTooLarge, Outgoing, Previous, Shared, chunk_stream};
use crate::flv::TagType;

/// Media messages as chunks in one piece, to be shared by connections whose chunk streams stand alike:
/// made by [`Outgoing::frame`], sent by [`Outgoing::push_framed`].
#[derive(Clone, Debug)]
pub struct Framed {
    bytes: Payload,
    chunk_bytes: usize,
    /// Of each chunk stream that is used, the message before and the last one.
    stands: [Option<(Option<Previous>, Previous)>; 3],
}

impl Outgoing {
    /// These messages (type, time, body) as they would be sent now, in one piece; nothing is appended.
    ///
    /// # Errors
    /// When a body is above 16,777,215 bytes.
    pub fn frame<'a>(
        &self,
        stream_id: u32,
        messages: impl Iterator<Item = (TagType, u32, &'a Payload)>,
    ) -> Result<Framed, MessageTooLarge> {
        let mut draft =
            Self { chunk_bytes: self.chunk_bytes, previous: self.previous, ..Self::default() };
        let mut stands = [None; 3];
        for (tag_type, timestamp_ms, body) in messages {
            draft.push_media(tag_type, stream_id, timestamp_ms, &[], body)?;
            let (slot, _) = chunk_stream(tag_type);
            stands[slot] = draft.previous[slot].map(|last| (self.previous[slot], last));
        }
        let mut bytes = Vec::with_capacity(draft.len());
        for entry in &draft.queue {
            if let Entry::Shared(shared) = entry {
                shared.pieces(0).for_each(|piece| bytes.extend_from_slice(piece));
            }
        }
        Ok(Framed { bytes: Payload::from_vec(bytes), chunk_bytes: self.chunk_bytes, stands })
    }

    /// Appends messages that were framed, which stay shared. They are not counted by
    /// [`Outgoing::advance`]. False, and nothing is appended, where they would read otherwise here:
    /// other messages were before them, or chunk size or message stream are others.
    pub fn push_framed(&mut self, framed: &Framed, stream_id: u32) -> bool {
        let is_alike = self.follow(framed, stream_id);
        if is_alike {
            self.append(framed);
        }
        is_alike
    }

    /// As [`Outgoing::push_framed`] where nothing waits, for who writes at once: `write` has all bytes and says how
    /// many were taken, and only the others wait. False, and nothing is written, where something waits, too.
    pub fn write_framed(
        &mut self,
        framed: &Framed,
        stream_id: u32,
        write: impl FnOnce(&[u8]) -> usize,
    ) -> bool {
        let is_alike = self.is_empty() && self.follow(framed, stream_id);
        if is_alike {
            let written = write(&framed.bytes);
            if written < framed.bytes.len() {
                self.append(framed);
                self.advance(written);
            } else {
                self.total_bytes += framed.bytes.len() as u64;
            }
        }
        is_alike
    }

    fn append(&mut self, framed: &Framed) {
        self.count(framed.bytes.len());
        self.queue.push_back(Entry::Shared(Shared::framed(framed.bytes.clone())));
    }

    /// Whether the chunk streams stand as they did where it was framed; then they go on behind it.
    fn follow(&mut self, framed: &Framed, stream_id: u32) -> bool {
        let alike = self.chunk_bytes == framed.chunk_bytes
            && self.previous.iter().zip(&framed.stands).all(|(previous, stand)| {
                stand
                    .is_none_or(|(before, last)| *previous == before && last.stream_id == stream_id)
            });
        if alike {
            for (previous, stand) in self.previous.iter_mut().zip(&framed.stands) {
                *previous = stand.map_or(*previous, |(_, last)| Some(last));
            }
        }
        alike
    }
}
