//! YUV4MPEG2, 8-bit 4:2:0, one picture at a time. Chroma siting and interlacing are ignored.

use std::io::{self, Read};

use super::FileError;
use crate::frame::I420Frame;

const FORMAT: &str = "y4m";

/// No header that tools write comes near.
const MAX_LINE_BYTES: usize = 512;

/// What the stream header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Pixels; even, 16..=3840.
    pub width: u32,
    /// Pixels; even, 16..=3840.
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
    pub fn new(mut input: R) -> Result<Self, FileError> {
        let line = read_line(&mut input)?
            .ok_or(FileError::Truncated { format: FORMAT, what: "the stream header" })?;
        let header = parse_header(&line)?;
        Ok(Self { input, header })
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
        let Header { width, height, .. } = self.header;
        if (target.width(), target.height()) != (width, height) {
            return Err(malformed(format!(
                "pictures are {width}x{height}, the target is {}x{}",
                target.width(),
                target.height()
            )));
        }
        let Some(line) = read_line(&mut self.input)? else {
            return Ok(false);
        };
        if line != "FRAME" && !line.starts_with("FRAME ") {
            return Err(malformed("a picture does not begin with FRAME".to_owned()));
        }
        self.input.read_exact(target.as_bytes_mut()).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                FileError::Truncated { format: FORMAT, what: "a picture" }
            }
            _ => FileError::Io { format: FORMAT, source: error },
        })?;
        Ok(true)
    }
}

/// `None` at the end of the file.
fn read_line(input: &mut impl Read) -> Result<Option<String>, FileError> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        match input.read(&mut byte) {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => return Err(FileError::Truncated { format: FORMAT, what: "a header line" }),
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() == MAX_LINE_BYTES => {
                return Err(malformed(format!("a header line exceeds {MAX_LINE_BYTES} bytes")));
            }
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(FileError::Io { format: FORMAT, source }),
        }
    }
    String::from_utf8(line).map(Some).map_err(|_| malformed("a header line is no text".to_owned()))
}

fn parse_header(line: &str) -> Result<Header, FileError> {
    let mut tags = line.split(' ');
    if tags.next() != Some("YUV4MPEG2") {
        return Err(malformed("it does not begin with YUV4MPEG2".to_owned()));
    }
    let (mut width, mut height, mut fps) = (None, None, None);
    for tag in tags.filter(|tag| !tag.is_empty()) {
        let (name, value) = tag.split_at_checked(1).unwrap_or((tag, ""));
        match name {
            "W" => width = value.parse().ok(),
            "H" => height = value.parse().ok(),
            "F" => {
                fps = value
                    .split_once(':')
                    .and_then(|(num, den)| Some((num.parse().ok()?, den.parse().ok()?)));
            }
            "C" if !matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => {
                return Err(FileError::Unsupported {
                    format: FORMAT,
                    what: format!("colour space {value:?}"),
                    supported: "8-bit 4:2:0 (ffmpeg -pix_fmt yuv420p)",
                });
            }
            _ => {}
        }
    }
    let (Some(width), Some(height)) = (width, height) else {
        return Err(malformed("the header has no size".to_owned()));
    };
    let Some((fps_num @ 1.., fps_den @ 1..)) = fps else {
        return Err(malformed("the header has no frame rate".to_owned()));
    };
    I420Frame::check_size(width, height).map_err(|_| FileError::Unsupported {
        format: FORMAT,
        what: format!("size {width}x{height}"),
        supported: "even sizes from 16 to 3840",
    })?;
    Ok(Header { width, height, fps_num, fps_den })
}

fn malformed(reason: String) -> FileError {
    FileError::Malformed { format: FORMAT, reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(header: &str, frames: &[u8], trailer: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{header}\n").into_bytes();
        for &value in frames {
            bytes.extend_from_slice(b"FRAME Ixyz\n");
            bytes.extend_from_slice(&[value; 16 * 16 * 3 / 2]);
        }
        bytes.extend_from_slice(trailer);
        bytes
    }

    #[test]
    fn pictures_come_in_order_until_the_end() {
        let bytes = file("YUV4MPEG2 W16 H16 F30000:1001 Ip A1:1 C420mpeg2 XYZ", &[1, 2, 3], &[]);
        let mut reader = Reader::new(&bytes[..]).unwrap();
        let header = Header { width: 16, height: 16, fps_num: 30_000, fps_den: 1_001 };
        assert_eq!(reader.header(), header);
        let mut frame = I420Frame::new(16, 16).unwrap();
        for value in 1..=3 {
            assert!(reader.read_frame(&mut frame).unwrap());
            assert!(frame.as_bytes().iter().all(|&byte| byte == value));
        }
        assert!(!reader.read_frame(&mut frame).unwrap());
    }

    #[test]
    fn a_picture_cut_short_is_an_error_of_its_own() {
        let bytes = file("YUV4MPEG2 W16 H16 F30:1", &[1], b"FRAME\n12345");
        let mut reader = Reader::new(&bytes[..]).unwrap();
        let mut frame = I420Frame::new(16, 16).unwrap();
        assert!(reader.read_frame(&mut frame).unwrap());
        let error = reader.read_frame(&mut frame).unwrap_err();
        assert!(matches!(error, FileError::Truncated { what: "a picture", .. }));
    }

    #[test]
    fn what_is_not_taken_says_what_is() {
        let error = |header: &str| Reader::new(&file(header, &[], &[])[..]).unwrap_err();
        assert!(matches!(error("YUV4MPEG2 W16 H16 F30:1 C444"), FileError::Unsupported { .. }));
        assert!(matches!(error("YUV4MPEG2 W16 H16 F30:1 C420p10"), FileError::Unsupported { .. }));
        assert!(matches!(error("YUV4MPEG2 W17 H16 F30:1"), FileError::Unsupported { .. }));
        assert!(matches!(error("YUV4MPEG2 W16 H16 F0:1"), FileError::Malformed { .. }));
        assert!(matches!(error("YUV4MPEG2 W16 F30:1"), FileError::Malformed { .. }));
        assert!(matches!(error("RIFF"), FileError::Malformed { .. }));
        assert!(matches!(error(&"Y".repeat(10_000)), FileError::Malformed { .. }));
        assert!(matches!(Reader::new(&b""[..]), Err(FileError::Truncated { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(header in "(YUV4MPEG2)?( [WHFCA]?[0-9:p]{0,5}){0,6}\n", tail: Vec<u8>) {
            let bytes = [header.as_bytes(), &tail].concat();
            if let Ok(mut reader) = Reader::new(&bytes[..]) {
                let Header { width, height, .. } = reader.header();
                let mut frame = I420Frame::new(width, height).unwrap();
                let _ = reader.read_frame(&mut frame);
            }
        }
    }
}
