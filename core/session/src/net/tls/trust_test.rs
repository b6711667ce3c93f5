//! Who judges when: what is quick to ask first, everything before a refusal, pins last.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;

struct Authority(Issuer<'static, KeyPair>, CertificateDer<'static>);

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self(Issuer::new(params, key), certificate)
    }

    /// A server's certificate.
    fn sign(&self, host: &str) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
        params.signed_by(&key, &self.0).expect("a certificate").der().clone()
    }

    fn trust(&self) -> Trust {
        Trust::new().with_roots(&self.1).expect("a root")
    }
}

/// A verifier that first asks one that knows `roots` and nothing else.
fn verifier(roots: &[&Authority], trust: &Trust) -> Verifier {
    let provider = Arc::new(provider::default_provider());
    let mut store = RootCertStore::empty();
    for Authority(_, certificate) in roots {
        store.add(certificate.clone()).expect("a root");
    }
    let quick = webpki(store, &Trust::new(), &provider).expect("a verifier");
    Verifier::new(Some(quick), trust, &provider).expect("a verifier")
}

fn verify(verifier: &Verifier, server: &CertificateDer<'_>) -> Result<(), Error> {
    let name = ServerName::try_from("a.example").expect("a name");
    verifier.verify_server_cert(server, &[], &name, &[], UnixTime::now()).map(|_| ())
}

fn unknown() -> Error {
    Error::InvalidCertificate(CertificateError::UnknownIssuer)
}

#[test]
fn s03_what_the_quick_look_believes_costs_no_other() {
    let known = Authority::new();
    let verifier = verifier(&[&known], &Trust::new());
    assert_eq!(verify(&verifier, &known.sign("a.example")), Ok(()));
    assert!(verifier.whole.get().is_none(), "the rest was read for nothing");
}

#[test]
fn s03_what_it_does_not_know_is_judged_by_everything() {
    let (known, other) = (Authority::new(), Authority::new());
    let server = other.sign("a.example");
    assert_eq!(verify(&verifier(&[&known], &other.trust()), &server), Ok(()));
    assert_eq!(verify(&verifier(&[&known], &Trust::new()), &server), Err(unknown()));
}

#[test]
fn s03_a_refusal_is_in_the_words_of_the_whole() {
    let known = Authority::new();
    for trust in [known.trust(), Trust::new()] {
        let refused = verify(&verifier(&[&known], &trust), &known.sign("b.example"));
        let alone = Verifier::new(None, &trust, &Arc::new(provider::default_provider()));
        let alone = verify(&alone.expect("a verifier"), &known.sign("b.example"));
        assert_eq!(refused.is_err(), alone.is_err());
        assert_eq!(refused.map_err(kind), alone.map_err(kind));
    }
}

/// What an error says beside the names and times in it.
fn kind(error: Error) -> std::mem::Discriminant<CertificateError> {
    let Error::InvalidCertificate(error) = error else { panic!("{error:?}") };
    std::mem::discriminant(&error)
}

#[test]
fn s04_a_pin_narrows_whoever_judged() {
    let (known, other) = (Authority::new(), Authority::new());
    let (by_known, by_other) = (known.sign("a.example"), other.sign("a.example"));
    let pinned = other.trust().with_pin(pin(&by_other).expect("a key"));
    let verifier = verifier(&[&known], &pinned);
    assert_eq!(verify(&verifier, &by_other), Ok(()));
    let refused = verify(&verifier, &by_known).expect_err("another key");
    let Error::InvalidCertificate(CertificateError::Other(cause)) = &refused else {
        panic!("{refused:?}")
    };
    assert!(cause.0.is::<UnknownKey>());
}
