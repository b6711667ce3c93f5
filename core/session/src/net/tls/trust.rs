//! Whom a connection believes: the certificates of this device, those the app adds, and pins.
//!
//! The system judges where it can (Apple's and Windows' own verifiers, the certificate files of
//! Linux); Mozilla's list stands in on Android, whose verifier needs Java around it, and where a
//! Linux system has no certificates at all. On Linux a chain that ends at the app's certificates or
//! in the system's one file of them is believed without a look at the rest, which costs more than a
//! handshake: to read all others can only add to what is believed, and is asked before a refusal.

use std::fmt;
use std::sync::{Arc, OnceLock};

use onair_engine::publish::TlsError;
use ring::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::trust::{Pin, Trust, TrustError};

/// The certificates in `file`: PEM with any number of them, or one in DER.
///
/// # Errors
/// When there is none, or one cannot be a root.
pub(crate) fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, TrustError> {
    const PEM: &[u8] = b"-----BEGIN ";
    let is_pem = file.windows(PEM.len()).any(|window| window == PEM);
    let found: Vec<CertificateDer<'static>> = if is_pem {
        CertificateDer::pem_slice_iter(file)
            .collect::<Result<_, _>>()
            .map_err(|_| TrustError::Certificate)?
    } else {
        vec![CertificateDer::from(file.to_vec())]
    };
    let mut roots = RootCertStore::empty();
    for certificate in &found {
        roots.add(certificate.clone()).map_err(|_| TrustError::Certificate)?;
    }
    if found.is_empty() {
        return Err(TrustError::NoCertificate);
    }
    Ok(found.into_iter().map(|certificate| certificate.to_vec()).collect())
}

/// What every connection of a session has in common. Reads the system's certificates: it may
/// take some milliseconds.
pub(super) fn config(trust: &Trust) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(provider::default_provider());
    let broken = |error: Error| TlsError::Protocol(error.to_string());
    let quick = quick(trust, &provider).map_err(broken)?;
    let verifier = Verifier::new(quick, trust, &provider).map_err(broken)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(broken)?
        // "Dangerous" only if the verifier were: it asks one of rustls' own first.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The app's certificates and the system's one file of them, where it has one.
#[cfg(target_os = "linux")]
fn quick(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Option<Webpki>, Error> {
    super::bundle::bundle().map(|roots| webpki(roots, trust, provider)).transpose()
}

/// The system judges at once.
#[cfg(not(target_os = "linux"))]
fn quick(_: &Trust, _: &Arc<CryptoProvider>) -> Result<Option<Webpki>, Error> {
    Ok(None)
}

type Webpki = Arc<WebPkiServerVerifier>;

#[cfg(not(target_os = "android"))]
fn system(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let roots = trust.roots().map(|der| CertificateDer::from(der.to_vec()));
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(provider));
    match verifier {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => {
            log::info!("{error}; using Mozilla's list of certificate authorities");
            mozilla(trust, provider)
        }
    }
}

#[cfg(target_os = "android")]
use mozilla as system;

/// Mozilla's list and the app's certificates.
fn mozilla(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    Ok(webpki(roots, trust, provider)?)
}

/// These roots and the app's.
fn webpki(
    mut roots: RootCertStore,
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Webpki, Error> {
    for der in trust.roots() {
        roots.add(CertificateDer::from(der.to_vec()))?;
    }
    WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider))
        .build()
        .map_err(|error| Error::General(error.to_string()))
}

/// The chain first, then the pins: a pin narrows what is believed and never widens it.
#[derive(Debug)]
struct Verifier {
    /// Believes a part of what the other does; asked first.
    quick: Option<Webpki>,
    whole: OnceLock<Result<Arc<dyn ServerCertVerifier>, Error>>,
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(
        quick: Option<Webpki>,
        trust: &Trust,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let (trust, provider) = (trust.clone(), Arc::clone(provider));
        let verifier = Self { quick, whole: OnceLock::new(), trust, provider };
        if verifier.quick.is_none() {
            verifier.whole()?;
        }
        Ok(verifier)
    }

    /// Who has the last word.
    fn whole(&self) -> Result<&dyn ServerCertVerifier, Error> {
        let made = self.whole.get_or_init(|| system(&self.trust, &self.provider));
        made.as_ref().map(|verifier| &**verifier).map_err(Error::clone)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |verifier: &dyn ServerCertVerifier| {
            verifier.verify_server_cert(server, intermediates, name, ocsp, now)
        };
        let verified = match self.quick.as_ref().map(|quick| verify(&**quick)) {
            Some(Ok(verified)) => verified,
            // This thread reads files here, once: what it waits for is about to end otherwise.
            Some(Err(_)) | None => verify(self.whole()?)?,
        };
        let pins = self.trust.pins();
        if !pins.is_empty() {
            let found = pin(server)?;
            if !pins.contains(&found) {
                let other = OtherError(Arc::new(UnknownKey(found)));
                return Err(Error::InvalidCertificate(CertificateError::Other(other)));
            }
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, server, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, server, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The pin of a certificate's public key (RFC 7469, 2.4).
fn pin(certificate: &CertificateDer<'_>) -> Result<Pin, Error> {
    let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &key).as_ref());
    Ok(Pin::from_sha256(hash))
}

/// The certificate is right and the key is not.
#[derive(Debug)]
pub(super) struct UnknownKey(pub(super) Pin);

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key {} is not pinned", self.0)
    }
}

impl std::error::Error for UnknownKey {}

#[cfg(all(test, target_os = "linux"))]
#[path = "trust_test.rs"]
mod tests;
