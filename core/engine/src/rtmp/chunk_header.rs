//! Chunk headers as they arrive (RTMP 1.0 5.3.1): bytes in any pieces until one is whole, and its
//! fields. What they mean on their chunk stream is `chunk_reader`'s business.

/// The 24-bit time field's value that says "extended" (5.3.1.3).
pub(super) const EXTENDED: u32 = 0xFF_FFFF;

/// A chunk header. Fields that its format does not have are zero.
pub(super) struct Header {
    /// 0 to 3.
    pub(super) format: u8,
    pub(super) csid: u32,
    /// Absolute in format 0, else a delta; from the extended field where there is one.
    pub(super) time_ms: u32,
    pub(super) is_extended: bool,
    pub(super) length: usize,
    pub(super) type_id: u8,
    pub(super) stream_id: u32,
}

/// The bytes of a header that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct HeaderBytes {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl HeaderBytes {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes are missing, as far as those that are there tell: 0 when it is whole, else
    /// perhaps more once these have come.
    pub(super) fn missing(&self) -> usize {
        let Some(basic) = self.basic_bytes() else { return 1 };
        let fixed = basic + self.message_bytes();
        let extended = if self.is_extended(basic) { 4 } else { 0 };
        (fixed + extended).saturating_sub(self.len)
    }

    /// At most [`HeaderBytes::missing`] bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// The whole header; the next one begins.
    pub(super) fn take(&mut self) -> Header {
        let (format, basic) = (self.format(), self.basic_bytes().unwrap_or(1));
        let is_extended = self.is_extended(basic);
        let time_ms = match format {
            3 => 0,
            _ if is_extended => self.number(basic + self.message_bytes(), 4),
            _ => self.number(basic, 3),
        };
        let header = Header {
            format,
            csid: match (basic, self.bytes) {
                (1, [first, ..]) => u32::from(first & 0x3F),
                (2, [_, low, ..]) => 64 + u32::from(low),
                (_, [_, low, high, ..]) => 64 + u32::from(low) + 256 * u32::from(high),
            },
            time_ms,
            is_extended,
            length: if format < 2 { self.number(basic + 3, 3) as usize } else { 0 },
            type_id: if format < 2 { self.bytes[basic + 6] } else { 0 },
            // The one little-endian field of RTMP.
            stream_id: if format == 0 { self.number(basic + 7, 4).swap_bytes() } else { 0 },
        };
        self.len = 0;
        header
    }

    fn format(&self) -> u8 {
        self.bytes[0] >> 6
    }

    /// 5.3.1.1: the low bits 0 and 1 say that one or two bytes follow.
    fn basic_bytes(&self) -> Option<usize> {
        let low_bits = self.bytes[..self.len].first()? & 0x3F;
        Some(match low_bits {
            0 => 2,
            1 => 3,
            _ => 1,
        })
    }

    /// 5.3.1.2.
    fn message_bytes(&self) -> usize {
        [11, 7, 3, 0][usize::from(self.format())]
    }

    fn is_extended(&self, basic: usize) -> bool {
        self.format() < 3 && self.len >= basic + 3 && self.number(basic, 3) == EXTENDED
    }

    fn number(&self, at: usize, bytes: usize) -> u32 {
        self.bytes[at..at + bytes].iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
    }
}

/// Basic header, message header, extended time stamp.
const MAX_BYTES: usize = 3 + 11 + 4;
