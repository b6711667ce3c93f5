//! What people type (`1h30m`, `1200k`, `640x360`) to numbers with units. Errors say what would be
//! accepted. Parsing is exact: no floating point, so `0.1s` is 100,000 µs.

use std::time::Duration;

/// A length of time: `500ms`, `10s`, `1.5s`, `2m`, `4h39m30s`; a bare number is seconds.
///
/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "use a length of time like 500ms, 10s, 1.5s, 2m or 1h30m";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(EXPECTED.into());
    }
    let mut micros: u64 = 0;
    let mut previous_unit = u64::MAX;
    while !rest.is_empty() {
        let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_len);
        let unit_len = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        let unit_micros = match unit {
            "ms" => 1_000,
            "s" => 1_000_000,
            "" if previous_unit == u64::MAX => 1_000_000,
            "m" | "min" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return Err(EXPECTED.into()),
        };
        // `30s1h` is a slip of the hand more often than a wish.
        if unit_micros >= previous_unit {
            return Err(EXPECTED.into());
        }
        previous_unit = unit_micros;
        let part = decimal(number, unit_micros).ok_or(EXPECTED)?;
        micros = micros.checked_add(part).ok_or(EXPECTED)?;
        rest = tail;
    }
    Ok(Duration::from_micros(micros))
}

/// A length of time that is not zero.
///
/// # Errors
/// As [`duration`], and for zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("use a length of time above zero, like 10s".into()),
        length => Ok(length),
    }
}

/// Bits a second: `1200k`, `1.2M`, `96000`; k is 1,000.
///
/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn bitrate_bps(text: &str) -> Result<u32, String> {
    const EXPECTED: &str = "use bits a second like 1200k, 1.2M or 96000";
    let text = text.trim();
    let (number, scale) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1_000),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    let bps = decimal(number, scale).ok_or(EXPECTED)?;
    u32::try_from(bps).ok().filter(|bps| *bps > 0).ok_or_else(|| EXPECTED.into())
}

/// A picture's size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// `WIDTHxHEIGHT`: `640x360`. Whether an encoder takes it is the configuration's to say.
///
/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn size(text: &str) -> Result<Size, String> {
    let parse = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?;
    text.trim()
        .split_once(['x', 'X'])
        .and_then(|(width, height)| Some(Size { width: parse(width)?, height: parse(height)? }))
        .ok_or_else(|| "use WIDTHxHEIGHT in pixels, like 640x360".into())
}

/// After how much a recording goes on in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    Time(Duration),
    Bytes(u64),
}

/// A length of time as [`duration`], or a size: `100MB`, `1.5GB`; M is 1,000,000.
///
/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn split(text: &str) -> Result<Split, String> {
    const EXPECTED: &str = "use a length of time like 60s or 10m, or a size like 100MB";
    let text = text.trim();
    let scales = [("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let size = scales.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)));
    match size {
        Some((number, scale)) => {
            decimal(number, scale).map(Split::Bytes).ok_or_else(|| EXPECTED.into())
        }
        None => positive_duration(text).map(Split::Time).map_err(|_| EXPECTED.into()),
    }
}

/// `number × scale` for a decimal number without sign; `None` unless it is a whole number of
/// the smallest unit.
fn decimal(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(scale)?;
    let mut place = scale;
    for digit in fraction.bytes().map(|b| u64::from(b - b'0')) {
        if digit != 0 && !place.is_multiple_of(10) {
            return None;
        }
        place /= 10;
        total = total.checked_add(digit * place)?;
    }
    Some(total)
}

/// A field of the metadata: `title=Evening show`, `episode=7`, `live=true`.
///
/// # Errors
/// A sentence that names what is accepted.
pub(crate) fn field(text: &str) -> Result<(String, onair::DataValue), String> {
    let (name, value) = text.split_once('=').ok_or("use NAME=VALUE, like title=Evening")?;
    let value = match (value, value.parse::<f64>()) {
        ("true", _) => true.into(),
        ("false", _) => false.into(),
        (_, Ok(number)) if number.is_finite() => number.into(),
        _ => value.into(),
    };
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_recording_is_split_by_time_or_size() {
        assert_eq!(split("60s"), Ok(Split::Time(Duration::from_secs(60))));
        assert_eq!(split("1.5GB"), Ok(Split::Bytes(1_500_000_000)));
        assert_eq!(split("100MB"), Ok(Split::Bytes(100_000_000)));
        assert!(split("MB").is_err() && split("0").is_err() && split("5 apples").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9.]{0,25}[a-zA-Z]{0,3}[0-9x.]{0,25}\\PC{0,3}") {
            let _ = (duration(&text), bitrate_bps(&text), size(&text));
        }

        #[test]
        fn every_millisecond_is_read_back(ms in 0..10_000_000_000u64) {
            let (hours, rest) = (ms / 3_600_000, ms % 3_600_000);
            let expected = Ok(Duration::from_millis(ms));
            prop_assert_eq!(duration(&format!("{ms}ms")), expected.clone());
            let text = format!("{hours}h{}m{}.{:03}s", rest / 60_000, rest / 1_000 % 60, ms % 1_000);
            prop_assert_eq!(duration(&text), expected);
        }
    }

    #[test]
    fn durations_add_up_their_parts() {
        for (text, millis) in [
            ("10s", 10_000),
            ("10", 10_000),
            ("1.5s", 1_500),
            ("0.1s", 100),
            ("500ms", 500),
            ("2m", 120_000),
            ("2min", 120_000),
            ("1h30m", 5_400_000),
            ("4h39m30s", 16_770_000),
            ("1m0.5s", 60_500),
            (" 3s ", 3_000),
            ("0", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_hint() {
        for text in
            ["", "s", "10x", "-1s", "1s1s", "1s1h", "1m30", "1..5s", ".", "1e3s", "inf", "∞"]
        {
            let error = duration(text).expect_err(text);
            assert!(error.contains("1h30m"), "{text}: {error}");
        }
        assert!(duration("99999999999999999999h").is_err());
        assert!(duration("18446744073709551615h").is_err());
    }

    #[test]
    fn zero_is_a_duration_but_not_a_positive_one() {
        assert!(duration("0s").is_ok());
        assert!(positive_duration("0s").is_err());
        assert!(positive_duration("1ms").is_ok());
    }

    #[test]
    fn bitrates_take_decimal_thousands() {
        for (text, bps) in [
            ("1200k", 1_200_000),
            ("1.2M", 1_200_000),
            ("96000", 96_000),
            ("96K", 96_000),
            ("2m", 2_000_000),
            ("0.5k", 500),
        ] {
            assert_eq!(bitrate_bps(text), Ok(bps), "{text}");
        }
        for text in ["", "k", "-1k", "0", "5G", "1.2", "1 200k", "5000M", "éM"] {
            assert!(bitrate_bps(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!(size("640x360"), Ok(Size { width: 640, height: 360 }));
        assert_eq!(size("360X640"), Ok(Size { width: 360, height: 640 }));
        for text in
            ["", "x", "640", "640x", "x360", "640x360x2", "+640x360", "640 x 360", "99999999999x1"]
        {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_are_numbers_booleans_or_texts() {
        use onair::DataValue;
        for (text, value) in [
            ("a=7", DataValue::Number(7.0)),
            ("a=true", DataValue::Boolean(true)),
            ("a=b=c", DataValue::String("b=c".into())),
            ("a=NaN", DataValue::String("NaN".into())),
            ("a=", DataValue::String(String::new())),
        ] {
            assert_eq!(field(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(field("title").is_err());
    }
}
