//! stunnel: a TLS terminator that is not ours, in front of a plain server, with a certificate from an authority that
//! is made for it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData,
};
use tempfile::TempDir;

use crate::process::{self, Running};
use crate::{free_port, is_listening, tools};

/// A running stunnel.
pub struct Stunnel {
    port: u16,
    folder: TempDir,
    process: Running,
}

impl Stunnel {
    /// In front of a port of 127.0.0.1, for `localhost`.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(backend: u16) -> Self {
        Self::start_with(backend, "")
    }

    /// With more options of the service, such as `sslVersionMax = TLSv1.1`.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_with(backend: u16, options: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        make_certificates(&folder);
        // A port that was free may be another's by the time stunnel binds it.
        let started = (0..3).find_map(|_| {
            let port = free_port();
            write_config(&folder, port, backend, options);
            Some((port, run(&folder, port)?))
        });
        let (port, process) = started.expect("stunnel comes up");
        Self { port, folder, process }
    }

    /// Ends it as a crash would, with all its connections, and starts it again on the same port.
    ///
    /// # Panics
    /// When it does not come up again.
    pub fn crash_and_start_again(&mut self) {
        self.process.signal("KILL");
        let again = crate::clock::until(Duration::from_secs(10), || {
            if self.process.is_alive() { None } else { run(&self.folder, self.port) }
        });
        self.process = again.expect("stunnel comes up again");
    }

    /// Where to publish.
    pub fn url(&self, app: &str, key: &str) -> String {
        format!("rtmps://localhost:{}/{app}/{key}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority's certificate, PEM.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The pin of its key, as openssl makes it.
    ///
    /// # Panics
    /// When there is no openssl.
    pub fn pin(&self) -> String {
        let pipeline = format!(
            "openssl dgst -sha256 -binary {} | openssl base64",
            self.folder.path().join("key.spki").display()
        );
        let ended =
            process::run(Command::new("sh").args(["-c", &pipeline]), Duration::from_secs(10));
        ended.expect_code(0);
        format!("sha256/{}", ended.stdout.trim())
    }
}

/// Started, and listening; `None` when it could not.
fn run(folder: &TempDir, port: u16) -> Option<Running> {
    let program = tools::stunnel().expect("the test asked for stunnel");
    let mut process = Running::start(Command::new(program).arg(folder.path().join("stunnel.conf")));
    let is_up = is_listening(port) && process.is_alive();
    if !is_up {
        eprintln!("stunnel: {}", process.stderr());
    }
    is_up.then_some(process)
}

fn write_config(folder: &TempDir, port: u16, backend: u16, options: &str) {
    let here = folder.path().display();
    let config = format!(
        "foreground = yes
pid =
[rtmps]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{backend}
cert = {here}/server.pem
key = {here}/key.pem
{options}
"
    );
    fs::write(folder.path().join("stunnel.conf"), config).expect("a file in a temporary folder");
}

fn make_certificates(folder: &TempDir) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "the test's authority");
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let server = server.signed_by(&key, &authority).expect("a certificate");
    for (name, content) in [
        ("ca.pem", authority.pem().into_bytes()),
        ("server.pem", server.pem().into_bytes()),
        ("key.pem", key.serialize_pem().into_bytes()),
        ("key.spki", key.subject_public_key_info()),
    ] {
        fs::write(folder.path().join(name), content).expect("a file in a temporary folder");
    }
}
