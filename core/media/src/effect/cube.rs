//! `.cube` files → a table: text, a keyword or three numbers a line (Adobe, Cube LUT Specification
//! 1.0), and the keyword by which DaVinci Resolve writes the domain. Takes any bytes.

use thiserror::Error;

use super::lut::{Lut, Table};

/// Why a `.cube` file was refused. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CubeError {
    /// One curve for each channel, which is another kind of table.
    #[error("cube file, line {line}: one-dimensional tables are not supported; export a 3D LUT")]
    OneDimensional {
        /// Where.
        line: usize,
    },
    /// A size that is no number or outside [`Lut::SIZES`].
    #[error("cube file, line {line}: LUT_3D_SIZE must be a number from 2 to 65")]
    Size {
        /// Where.
        line: usize,
    },
    /// Numbers before the size.
    #[error("cube file, line {line}: LUT_3D_SIZE must stand before the table")]
    SizeMissing {
        /// Where.
        line: usize,
    },
    /// A keyword for the second time, or after the table has begun.
    #[error("cube file, line {line}: this keyword stood before, or the table has begun")]
    Misplaced {
        /// Where.
        line: usize,
    },
    /// Not three finite numbers.
    #[error("cube file, line {line}: three numbers expected")]
    Numbers {
        /// Where.
        line: usize,
    },
    /// The domain is empty or turned round.
    #[error("cube file: DOMAIN_MIN must be below DOMAIN_MAX in each channel")]
    Domain,
    /// A line that is neither keyword nor numbers.
    #[error("cube file, line {line}: neither a keyword of this format nor three numbers")]
    Unknown {
        /// Where.
        line: usize,
    },
    /// More or fewer entries than size × size × size.
    #[error("cube file: the table has {given} entries, its size asks for {expected}")]
    Entries {
        /// Entries asked for; 0 when there is no size.
        expected: usize,
        /// Entries there; reading ends with the first that is too many.
        given: usize,
    },
}

#[derive(Default)]
struct Reader {
    size: Option<usize>,
    min: Option<[f32; 3]>,
    max: Option<[f32; 3]>,
    entries: Vec<[f32; 4]>,
}

pub(super) fn parse(file: &[u8]) -> Result<Table, CubeError> {
    let mut reader = Reader::default();
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    // Old Macs end a line by a carriage return alone; beside a line feed it makes an empty line,
    // which must not count.
    let lines = file.split(|&byte| byte == b'\n').enumerate();
    for (index, line) in lines {
        for line in line.split(|&byte| byte == b'\r') {
            reader.take(line.trim_ascii(), index + 1)?;
        }
    }
    reader.finish()
}

impl Reader {
    fn take(&mut self, text: &[u8], line: usize) -> Result<(), CubeError> {
        // A title may be in any encoding, and says nothing to us.
        if text.is_empty() || text.starts_with(b"#") || text.starts_with(b"TITLE") {
            return Ok(());
        }
        let text = str::from_utf8(text).map_err(|_| CubeError::Unknown { line })?;
        let mut words = text.split_ascii_whitespace();
        let keyword = words.next().unwrap_or_default();
        if !keyword.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return self.entry(text, line);
        }
        let is_misplaced = !self.entries.is_empty();
        let rest = text[keyword.len()..].trim_ascii();
        match keyword {
            "LUT_1D_SIZE" | "LUT_1D_INPUT_RANGE" => Err(CubeError::OneDimensional { line }),
            _ if is_misplaced => Err(CubeError::Misplaced { line }),
            "LUT_3D_SIZE" => {
                let size = rest.parse().ok().filter(|size| Lut::SIZES.contains(size));
                once(&mut self.size, size.ok_or(CubeError::Size { line })?, line)
            }
            "DOMAIN_MIN" => once(&mut self.min, numbers(rest, line)?, line),
            "DOMAIN_MAX" => once(&mut self.max, numbers(rest, line)?, line),
            "LUT_3D_INPUT_RANGE" => {
                let [min, max] = numbers(rest, line)?;
                once(&mut self.min, [min; 3], line)?;
                once(&mut self.max, [max; 3], line)
            }
            _ => Err(CubeError::Unknown { line }),
        }
    }

    fn entry(&mut self, text: &str, line: usize) -> Result<(), CubeError> {
        let [r, g, b] = numbers(text, line)?;
        let size = self.size.ok_or(CubeError::SizeMissing { line })?;
        let (expected, given) = (size.pow(3), self.entries.len() + 1);
        if given > expected {
            return Err(CubeError::Entries { expected, given });
        }
        let [r, g, b] = [r, g, b].map(|c| c.clamp(0.0, 1.0));
        self.entries.push([r, g, b, 0.0]);
        Ok(())
    }

    fn finish(self) -> Result<Table, CubeError> {
        let given = self.entries.len();
        let size = self.size.ok_or(CubeError::Entries { expected: 0, given })?;
        let expected = size.pow(3);
        if given != expected {
            return Err(CubeError::Entries { expected, given });
        }
        let (min, max) = (self.min.unwrap_or([0.0; 3]), self.max.unwrap_or([1.0; 3]));
        let domain = [0, 1, 2].map(|channel| [min[channel], max[channel]]);
        // The narrowest that divides without overflow.
        if domain.iter().any(|[min, max]| max - min < 1e-6 || !(max - min).is_finite()) {
            return Err(CubeError::Domain);
        }
        Ok(Table { size, domain, entries: self.entries })
    }
}

fn once<T>(slot: &mut Option<T>, value: T, line: usize) -> Result<(), CubeError> {
    if slot.replace(value).is_some() { Err(CubeError::Misplaced { line }) } else { Ok(()) }
}

/// Exactly `N` finite numbers.
fn numbers<const N: usize>(text: &str, line: usize) -> Result<[f32; N], CubeError> {
    let mut words = text.split_ascii_whitespace();
    let mut values = [0.0; N];
    for value in &mut values {
        let number = words.next().and_then(|word| word.parse::<f32>().ok());
        *value = number.filter(|n| n.is_finite()).ok_or(CubeError::Numbers { line })?;
    }
    if words.next().is_some() { Err(CubeError::Numbers { line }) } else { Ok(values) }
}
