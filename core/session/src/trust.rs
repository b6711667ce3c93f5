//! Whom `rtmps://` believes beyond what the device does: certificate authorities of the app's own,
//! and pins. There is no way to accept every certificate.

use std::fmt;
use std::str::FromStr;

use thiserror::Error as ThisError;

/// Whose certificates are believed. The default is the device's own judgement.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// DER.
    roots: Vec<Vec<u8>>,
    pins: Vec<Pin>,
}

/// Why a certificate or a pin cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum TrustError {
    /// The file holds none.
    #[error("there is no certificate in it; give a CA's certificate in PEM or DER")]
    NoCertificate,
    /// One of them is damaged or no certificate.
    #[error("it is no certificate; give a CA's certificate in PEM or DER")]
    Certificate,
    /// Not `sha256/` and 44 characters of Base64.
    #[error("a pin is sha256/ and the Base64 of 32 bytes, as in sha256/AAAA…AAA=")]
    Pin,
}

impl Trust {
    /// What the device believes, and nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// Believes these certificate authorities too: PEM with any number of certificates, or one in
    /// DER.
    ///
    /// # Errors
    /// [`TrustError`] when there is none, or one cannot be read.
    pub fn with_roots(mut self, certificates: &[u8]) -> Result<Self, TrustError> {
        self.roots.extend(crate::net::tls::trust::certificates(certificates)?);
        Ok(self)
    }

    /// Talks only to servers whose own key is pinned. More pins are more keys: the one in use, and
    /// those kept in reserve. The certificate is verified all the same.
    pub fn with_pin(mut self, pin: Pin) -> Self {
        self.pins.push(pin);
        self
    }

    pub(crate) fn roots(&self) -> impl Iterator<Item = &[u8]> {
        self.roots.iter().map(Vec::as_slice)
    }

    pub(crate) fn pins(&self) -> &[Pin] {
        &self.pins
    }
}

/// The SHA-256 of a server's public key (its SubjectPublicKeyInfo, RFC 7469), written
/// `sha256/` and Base64. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    /// From the hash itself.
    pub fn from_sha256(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

impl FromStr for Pin {
    type Err = TrustError;

    /// # Errors
    /// [`TrustError::Pin`] when it is written in any other way.
    fn from_str(text: &str) -> Result<Self, TrustError> {
        let encoded = text.strip_prefix("sha256/").ok_or(TrustError::Pin)?;
        let digits: Vec<u32> = encoded
            .strip_suffix('=')
            .ok_or(TrustError::Pin)?
            .bytes()
            .map(|byte| ALPHABET.iter().position(|letter| *letter == byte))
            .map(|digit| digit.map(|digit| digit as u32).ok_or(TrustError::Pin))
            .collect::<Result<_, _>>()?;
        if digits.len() != 43 {
            return Err(TrustError::Pin);
        }
        let mut hash = [0; 32];
        for (bytes, digits) in hash.chunks_mut(3).zip(digits.chunks(4)) {
            let bits = (0..4).fold(0, |bits, at| bits << 6 | digits.get(at).unwrap_or(&0));
            bytes.copy_from_slice(&bits.to_be_bytes()[1..][..bytes.len()]);
        }
        // The last digit's spare bits are zero, so that a hash has one spelling.
        let pin = Self(hash);
        (pin.to_string() == text).then_some(pin).ok_or(TrustError::Pin)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256/")?;
        for chunk in self.0.chunks(3) {
            let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for at in 0..=chunk.len() {
                let letter = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
                write!(f, "{}", char::from(letter))?;
            }
        }
        f.write_str("=")
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '' | openssl dgst -sha256 -binary | openssl base64`
    const OF_NOTHING: &str = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn s04_a_pin_is_read_and_written_as_tools_write_it() {
        let pin: Pin = OF_NOTHING.parse().expect("a pin");
        assert_eq!(pin.0[..4], [0xe3, 0xb0, 0xc4, 0x42]);
        assert_eq!(pin.0[28..], [0x78, 0x52, 0xb8, 0x55]);
        assert_eq!(pin.to_string(), OF_NOTHING);
    }

    #[test]
    fn s04_what_is_no_pin_is_refused() {
        for text in [
            "",
            "sha256/",
            "sha1/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
            "sha256/47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256/AAAA47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256/ä7DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ] {
            assert_eq!(text.parse::<Pin>(), Err(TrustError::Pin), "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
        for (file, error) in [
            ("", TrustError::Certificate),
            ("not a certificate", TrustError::Certificate),
            (pem, TrustError::Certificate),
            (key, TrustError::NoCertificate),
        ] {
            assert_eq!(Trust::new().with_roots(file.as_bytes()).err(), Some(error), "{file}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_hash_has_one_spelling(hash: [u8; 32]) {
            let pin = Pin::from_sha256(hash);
            proptest::prop_assert_eq!(pin.to_string().parse(), Ok(pin));
        }
    }
}
