//! Where media goes while a connection is live: the serialiser, and what the network has room for.

use onair_types::Payload;

use crate::flv::{Prefix, TagType};
use crate::record::Rate;
use crate::rtmp::chunk_writer::{MessageTooLarge, Outgoing};

/// Where media goes while a connection is live.
pub(super) struct Link<'a> {
    pub(super) outgoing: &'a mut Outgoing,
    pub(super) stream_id: u32,
    pub(super) rate: &'a mut Rate,
    /// Whether the controller's gate counts.
    pub(super) is_gated: bool,
}

impl Link<'_> {
    /// Whether what is serialised already leaves the network room for more.
    pub(super) fn gate_is_open(&self) -> bool {
        !self.is_gated || self.rate.allowance_bytes() > self.outgoing.len() as u64
    }

    #[inline(always)]
    pub(super) fn media(
        &mut self,
        tag_type: TagType,
        timestamp_ms: u32,
        prefix: Prefix,
        payload: Payload,
    ) -> Result<(), MessageTooLarge> {
        self.outgoing.push_own(tag_type, self.stream_id, timestamp_ms, &prefix, payload)
    }

    pub(super) fn copied(
        &mut self,
        tag_type: TagType,
        timestamp_ms: u32,
        parts: &[&[u8]],
    ) -> Result<(), MessageTooLarge> {
        self.outgoing.push_copied(tag_type, self.stream_id, timestamp_ms, parts)
    }
}
