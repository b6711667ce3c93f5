//! A machine's state as bytes and back: what a segment of the flight record begins with. Numbers
//! are varints (7 bits a byte, low ones first); a list is its length and its items. Bytes from
//! outside give an error, never a panic or a large allocation.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::{MediaTime, Now};

/// The bytes are no record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// Bytes not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

/// Numbers above this are nobody's: sums of those below it do not overflow.
const MOST: u64 = 1 << 53;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Corrupt> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Corrupt> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn number(&mut self) -> Result<u64, Corrupt> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return if number <= MOST { Ok(number) } else { Err(Corrupt) };
            }
        }
        Err(Corrupt)
    }

    /// Small whichever sign it has: 0, −1, 1, −2, … are 0, 1, 2, 3, …
    pub(crate) fn signed(&mut self) -> Result<i64, Corrupt> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

pub(crate) fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn write_signed(number: i64, out: &mut Vec<u8>) {
    write_number(((number << 1) ^ (number >> 63)) as u64, out);
}

/// What can be written down and read back.
pub(crate) trait State: Sized {
    fn save(&self, out: &mut Vec<u8>);

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt>;
}

/// Makes a struct [`State`], field by field, or an enum without fields, variant by variant. A
/// field or variant that is missing here does not compile. What no run of the struct's code leaves
/// behind is refused by the condition, if there is one.
macro_rules! state {
    ($name:ident { $($field:ident),* $(,)? }) => {
        $crate::record::state!($name { $($field),* } if |_: &Self| true);
    };
    ($name:ident { $($field:ident),* $(,)? } if $is_sound:expr) => {
        impl $crate::record::State for $name {
            fn save(&self, out: &mut Vec<u8>) {
                $($crate::record::State::save(&self.$field, out);)*
            }

            fn load(
                from: &mut $crate::record::Reader<'_>,
            ) -> Result<Self, $crate::record::Corrupt> {
                let loaded = Self { $($field: $crate::record::State::load(from)?),* };
                if ($is_sound)(&loaded) { Ok(loaded) } else { Err($crate::record::Corrupt) }
            }
        }
    };
    ($name:ident: $($variant:ident),* $(,)?) => {
        impl $crate::record::State for $name {
            fn save(&self, out: &mut Vec<u8>) {
                let of = |sought| [$(stringify!($variant)),*].iter().position(|v| *v == sought);
                let name = match self { $(Self::$variant => stringify!($variant)),* };
                out.push(of(name).map_or(u8::MAX, |index| index as u8));
            }

            fn load(
                from: &mut $crate::record::Reader<'_>,
            ) -> Result<Self, $crate::record::Corrupt> {
                let variants = [$(Self::$variant),*];
                variants.get(usize::from(from.byte()?)).copied().ok_or($crate::record::Corrupt)
            }
        }
    };
}
pub(crate) use state;

impl State for u64 {
    fn save(&self, out: &mut Vec<u8>) {
        write_number(*self, out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        from.number()
    }
}

impl State for u32 {
    fn save(&self, out: &mut Vec<u8>) {
        write_number((*self).into(), out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Self::try_from(from.number()?).map_err(|_| Corrupt)
    }
}

impl State for usize {
    fn save(&self, out: &mut Vec<u8>) {
        write_number(*self as u64, out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Self::try_from(from.number()?).map_err(|_| Corrupt)
    }
}

impl State for bool {
    fn save(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Corrupt),
        }
    }
}

impl State for f64 {
    fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let bytes = from.take(8)?.try_into().map_err(|_| Corrupt)?;
        let value = Self::from_bits(u64::from_le_bytes(bytes));
        if value.is_finite() && value.abs() <= MOST as Self { Ok(value) } else { Err(Corrupt) }
    }
}

impl State for Duration {
    fn save(&self, out: &mut Vec<u8>) {
        write_number(u64::try_from(self.as_nanos()).unwrap_or(u64::MAX), out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Ok(Self::from_nanos(from.number()?))
    }
}

impl State for Now {
    fn save(&self, out: &mut Vec<u8>) {
        write_signed(self.as_micros(), out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Ok(Self::from_micros(from.signed()?))
    }
}

impl State for MediaTime {
    fn save(&self, out: &mut Vec<u8>) {
        write_signed(self.as_micros(), out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Ok(Self::from_micros(from.signed()?))
    }
}

impl<T: State> State for Option<T> {
    fn save(&self, out: &mut Vec<u8>) {
        self.is_some().save(out);
        if let Some(value) = self {
            value.save(out);
        }
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        if bool::load(from)? { T::load(from).map(Some) } else { Ok(None) }
    }
}

impl<A: State, B: State> State for (A, B) {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
        self.1.save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Ok((A::load(from)?, B::load(from)?))
    }
}

impl<T: State + Copy + Default, const N: usize> State for [T; N] {
    fn save(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.save(out));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::load(from)?;
        }
        Ok(items)
    }
}

impl<T: State> State for VecDeque<T> {
    fn save(&self, out: &mut Vec<u8>) {
        self.len().save(out);
        self.iter().for_each(|item| item.save(out));
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let count = usize::load(from)?;
        // An item has a byte or more: a length that was read allocates no more than is there.
        if count > from.rest().len() {
            return Err(Corrupt);
        }
        (0..count).map(|_| T::load(from)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in 0..=MOST, signed in -(1i64 << 52)..1 << 52) {
            let mut out = Vec::new();
            write_number(number, &mut out);
            write_signed(signed, &mut out);
            let mut from = Reader::new(&out);
            prop_assert_eq!((from.number(), from.signed()), (Ok(number), Ok(signed)));
            prop_assert!(from.is_empty());
        }

        #[test]
        fn no_bytes_make_a_load_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let from = &mut Reader::new(&bytes);
            let _ = VecDeque::<(Now, Option<f64>)>::load(from);
            let _ = <[u64; 9]>::load(from);
        }
    }

    #[test]
    fn what_no_one_writes_is_corrupt() {
        assert_eq!(Reader::new(&[0xFF; 9]).number(), Err(Corrupt));
        assert_eq!(bool::load(&mut Reader::new(&[2])), Err(Corrupt));
        assert_eq!(f64::load(&mut Reader::new(&f64::NAN.to_bits().to_le_bytes())), Err(Corrupt));
        assert_eq!(VecDeque::<u64>::load(&mut Reader::new(&[200, 1, 1])), Err(Corrupt));
    }
}
