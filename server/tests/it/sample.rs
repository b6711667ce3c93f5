//! FLV tag bodies of a stream that needs no encoder: real headers (640×360 Baseline of x264,
//! 44,100 Hz stereo AAC-LC), made-up pictures and sound.

const AVC_RECORD: [u8; 41] = [
    0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x19, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f,
    0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x16, 0x2e,
    0x48, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20,
];

/// An AVC sequence header.
pub(crate) fn avc_header() -> Vec<u8> {
    [&[0x17, 0, 0, 0, 0], AVC_RECORD.as_slice()].concat()
}

/// An AAC sequence header.
pub(crate) fn aac_header() -> Vec<u8> {
    vec![0xAF, 0, 0x12, 0x10]
}

/// One AAC frame.
pub(crate) fn audio(mark: u8) -> Vec<u8> {
    vec![0xAF, 1, 0x21, mark]
}

/// An IDR picture of `bytes` bytes.
pub(crate) fn key(bytes: usize) -> Vec<u8> {
    picture(0x17, 5, 0, bytes)
}

/// A picture that needs earlier ones, shown `composition_ms` after it is decoded.
pub(crate) fn delta(composition_ms: u8, bytes: usize) -> Vec<u8> {
    picture(0x27, 1, composition_ms, bytes)
}

fn picture(first: u8, nal_type: u8, composition_ms: u8, bytes: usize) -> Vec<u8> {
    let mut body = vec![first, 1, 0, 0, composition_ms];
    body.extend_from_slice(&(bytes as u32).to_be_bytes());
    body.push(0x60 | nal_type);
    body.resize(9 + bytes, 0xAB);
    body
}
