//! RIFF WAVE, 16-bit PCM, 8 to 48 kHz, 1 or 2 channels. A data chunk of size 0 or 2³² − 1, as
//! tools write into pipes, lasts to the end of the file.

use std::io::{self, Read};

use super::FileError;

const FORMAT: &str = "wav";

/// What the format chunk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Hz, 8,000..=48,000.
    pub sample_rate_hz: u32,
    /// Channels: 1 or 2.
    pub channels: u8,
}

/// Reads samples one block after the other.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    bytes_left: u64,
}

impl<R: Read> Reader<R> {
    /// Reads up to the first sample. Give it a buffered reader.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn new(mut input: R) -> Result<Self, FileError> {
        let riff: [u8; 12] = read_array(&mut input)?;
        if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
            return Err(malformed("it is no RIFF WAVE file"));
        }
        let mut header = None;
        loop {
            let [name @ .., a, b, c, d]: [u8; 8] = read_array(&mut input)?;
            let size = u32::from_le_bytes([a, b, c, d]);
            match &name {
                b"fmt " => header = Some(read_format(&mut input, size)?),
                b"data" => {
                    let header = header.ok_or_else(|| malformed("data before the format"))?;
                    let bytes_left =
                        if matches!(size, 0 | u32::MAX) { u64::MAX } else { size.into() };
                    return Ok(Self { input, header, bytes_left });
                }
                _ => skip(&mut input, padded(size))?,
            }
        }
    }

    /// What the format chunk says.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The underlying reader, e.g. to start a file over.
    pub fn into_inner(self) -> R {
        self.input
    }

    /// Fills `out` with interleaved samples; returns how many there were, fewer than asked only
    /// at the end of the file, and always the same number in every channel.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn read(&mut self, out: &mut [i16]) -> Result<usize, FileError> {
        let channels = usize::from(self.header.channels);
        let whole = out.len() - out.len() % channels;
        let mut filled = 0;
        while filled < whole {
            let mut bytes = [0; 4_096];
            let wanted = ((whole - filled) * 2).min(bytes.len());
            let wanted = usize::try_from(self.bytes_left).map_or(wanted, |left| wanted.min(left));
            let got = read_full(&mut self.input, &mut bytes[..wanted])?;
            self.bytes_left -= got as u64;
            let samples = bytes[..got].as_chunks::<2>().0;
            for (&sample, out) in samples.iter().zip(&mut out[filled..]) {
                *out = i16::from_le_bytes(sample);
            }
            filled += samples.len();
            if got == 0 || got < wanted {
                self.bytes_left = 0;
                break;
            }
        }
        Ok(filled - filled % channels)
    }
}

fn read_format(input: &mut impl Read, size: u32) -> Result<Header, FileError> {
    const PCM: u16 = 1;
    const EXTENSIBLE: u16 = 0xfffe;
    if size < 16 {
        return Err(malformed("the format chunk is too short"));
    }
    let chunk: [u8; 16] = read_array(input)?;
    let mut extra = [0; 24];
    let extra_len = extra.len().min(size as usize - 16);
    if read_full(input, &mut extra[..extra_len])? < extra_len {
        return Err(FileError::Truncated { format: FORMAT, what: "the format chunk" });
    }
    skip(input, padded(size) - 16 - extra_len as u64)?;
    let word = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    // The extensible form keeps the old tag in the first two bytes of its GUID.
    let tag = match word(&chunk, 0) {
        EXTENSIBLE if extra_len >= 10 => word(&extra, 8),
        tag => tag,
    };
    let channels = word(&chunk, 2);
    let sample_rate_hz = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
    let bits = word(&chunk, 14);
    if tag != PCM || bits != 16 {
        return Err(FileError::Unsupported {
            format: FORMAT,
            what: format!("format tag {tag} with {bits} bits"),
            supported: "16-bit PCM (ffmpeg -c:a pcm_s16le)",
        });
    }
    match u8::try_from(channels) {
        Ok(channels @ 1..=2) if (8_000..=48_000).contains(&sample_rate_hz) => {
            Ok(Header { sample_rate_hz, channels })
        }
        _ => Err(FileError::Unsupported {
            format: FORMAT,
            what: format!("{sample_rate_hz} Hz with {channels} channels"),
            supported: "8,000 to 48,000 Hz with 1 or 2 channels",
        }),
    }
}

/// Chunks start at even offsets.
fn padded(size: u32) -> u64 {
    u64::from(size) + u64::from(size % 2)
}

fn read_array<const N: usize>(input: &mut impl Read) -> Result<[u8; N], FileError> {
    let mut bytes = [0; N];
    if read_full(input, &mut bytes)? < N {
        return Err(FileError::Truncated { format: FORMAT, what: "a header" });
    }
    Ok(bytes)
}

/// Reads until `bytes` is full or the file ends.
fn read_full(input: &mut impl Read, bytes: &mut [u8]) -> Result<usize, FileError> {
    let mut filled = 0;
    while filled < bytes.len() {
        match input.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(FileError::Io { format: FORMAT, source }),
        }
    }
    Ok(filled)
}

fn skip(input: &mut impl Read, bytes: u64) -> Result<(), FileError> {
    let skipped = io::copy(&mut input.take(bytes), &mut io::sink())
        .map_err(|source| FileError::Io { format: FORMAT, source })?;
    if skipped < bytes {
        return Err(FileError::Truncated { format: FORMAT, what: "a chunk" });
    }
    Ok(())
}

fn malformed(reason: &str) -> FileError {
    FileError::Malformed { format: FORMAT, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(format: &[u16; 8], data_size: u32, samples: &[i16]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(format.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend_from_slice(b"data");
        bytes.extend_from_slice(&data_size.to_le_bytes());
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    fn pcm(rate: u16, channels: u16) -> [u16; 8] {
        [1, channels, rate, 0, 0, 0, channels * 2, 16]
    }

    #[test]
    fn samples_come_in_blocks_and_stop_where_the_chunk_does() {
        let samples: Vec<i16> = (0..5_000).collect();
        let mut bytes = file(&pcm(44_100, 2), 9_000, &samples);
        bytes.extend_from_slice(b"LIST");
        let mut reader = Reader::new(&bytes[..]).unwrap();
        assert_eq!(reader.header(), Header { sample_rate_hz: 44_100, channels: 2 });
        let mut block = vec![0; 4_000];
        assert_eq!(reader.read(&mut block).unwrap(), 4_000);
        assert_eq!(block, samples[..4_000]);
        assert_eq!(reader.read(&mut block).unwrap(), 500);
        assert_eq!(block[..500], samples[4_000..4_500]);
        assert_eq!(reader.read(&mut block).unwrap(), 0);
    }

    #[test]
    fn a_piped_file_lasts_to_its_end_and_half_a_sample_is_dropped() {
        for size in [0, u32::MAX] {
            let mut bytes = file(&pcm(8_000, 2), size, &[1, 2, 3]);
            bytes.push(9);
            let mut reader = Reader::new(&bytes[..]).unwrap();
            let mut block = [0; 7];
            assert_eq!(reader.read(&mut block).unwrap(), 2);
            assert_eq!(block[..2], [1, 2]);
            assert_eq!(reader.read(&mut block).unwrap(), 0);
        }
    }

    #[test]
    fn the_extensible_form_of_pcm_is_pcm() {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x28\0\0\0".to_vec();
        bytes.extend(
            [0xfffe, 1, 48_000, 0, 0, 0, 2, 16, 22, 16, 4, 0].map(u16::to_le_bytes).concat(),
        );
        bytes.extend_from_slice(&[1, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113]);
        bytes.extend_from_slice(b"data\x02\0\0\0\x05\0");
        let mut reader = Reader::new(&bytes[..]).unwrap();
        let mut block = [0; 2];
        assert_eq!(reader.read(&mut block).unwrap(), 1);
        assert_eq!(block[0], 5);
    }

    #[test]
    fn what_is_not_taken_says_what_is() {
        let error = |format: &[u16; 8]| Reader::new(&file(format, 4, &[1, 2])[..]).unwrap_err();
        assert!(matches!(error(&[3, 2, 44_100, 0, 0, 0, 8, 32]), FileError::Unsupported { .. }));
        assert!(matches!(error(&[1, 6, 44_100, 0, 0, 0, 8, 16]), FileError::Unsupported { .. }));
        assert!(matches!(error(&pcm(7_999, 1)), FileError::Unsupported { .. }));
        assert!(matches!(Reader::new(&b"RIFX12345678"[..]), Err(FileError::Malformed { .. })));
        let cut = file(&pcm(8_000, 1), 4, &[]);
        let cut = Reader::new(&cut[..cut.len() - 10]).unwrap_err();
        assert!(matches!(cut, FileError::Truncated { .. }));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(format: [u16; 8], size: u32, samples: Vec<i16>, cut in 0usize..200) {
            let mut bytes = file(&format, size, &samples);
            bytes.truncate(cut.max(40));
            if let Ok(mut reader) = Reader::new(&bytes[..]) {
                let mut block = [0; 33];
                while reader.read(&mut block).unwrap() > 0 {}
            }
            let _ = Reader::new(&bytes[12.min(bytes.len())..]);
        }
    }
}
