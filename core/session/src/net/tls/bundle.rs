//! The certificate authorities that a Linux system keeps in one file, read quickly.
//!
//! Beside the file most systems have a folder with the same authorities, each in a file of its own:
//! reading that as well takes several times as long, and is left to [`super::trust`] for when it
//! matters. Whatever is odd about the file counts as not there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// The file on this machine; `SSL_CERT_FILE` names another.
pub(super) fn bundle() -> Option<RootCertStore> {
    read(&openssl_probe::probe().cert_file?)
}

/// The authorities of a file; `None` when there are none.
fn read(path: &Path) -> Option<RootCertStore> {
    let mut pem = String::new();
    File::open(path).ok()?.take(MOST_BYTES).read_to_string(&mut pem).ok()?;
    authorities(&pem)
}

/// They have some 200 kB.
const MOST_BYTES: u64 = 4 << 20;

fn authorities(pem: &str) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(pem));
    (!roots.is_empty()).then_some(roots)
}

/// As rustls reads them, which decodes in constant time, as keys want it: authorities are no secret.
fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut base64 = String::new();
    for line in pem.lines().map(str::trim_end) {
        match line {
            "-----BEGIN CERTIFICATE-----" => {
                inside = true;
                base64.clear();
            }
            "-----END CERTIFICATE-----" if inside => {
                inside = false;
                found.extend(STANDARD.decode(&base64).map(CertificateDer::from));
            }
            line if inside => base64.push_str(line),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn authority(name: &str) -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.self_signed(&key).expect("a certificate")
    }

    #[test]
    fn s03_a_bundle_is_read_as_the_library_reads_it() {
        let (first, second) = (authority("first"), authority("second"));
        let plain = format!("# comment\n{}\n{}", first.pem(), second.pem());
        let windows = plain.replace('\n', "\r\n");
        let damaged = plain.replacen("MII", "M!I", 1);
        let cut = plain[..plain.len() - 40].to_owned();
        for (text, count) in [(plain, 2), (windows, 2), (damaged, 1), (cut, 1), (String::new(), 0)]
        {
            let found = certificates(&text);
            assert_eq!(found.len(), count, "{text}");
            let theirs: Vec<_> =
                CertificateDer::pem_slice_iter(text.as_bytes()).flatten().collect();
            assert_eq!(found, theirs);
        }
    }

    #[test]
    fn s03_a_file_without_an_authority_is_none() {
        for odd in ["", "nothing", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"] {
            assert!(authorities(odd).is_none(), "{odd}");
        }
        assert_eq!(authorities(&authority("one").pem()).map(|roots| roots.len()), Some(1));
        assert!(read(Path::new("/nowhere/ca.pem")).is_none());
    }
}
