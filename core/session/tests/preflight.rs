//! A look before going live: each way it can fail is named at its step, in time, and nothing is
//! published without permission.

mod support;

use std::net::TcpListener;
use std::time::Duration;

#[cfg(feature = "tls")]
use onair::Trust;
use onair::{Error, Findings, Preflight, Step, StreamUrl};
use support::sink::{Behaviour, KEY, Media, Sink, asking};
use support::timed;
#[cfg(feature = "tls")]
use support::tls::{Authority, Fate, Front};

fn look(url: &str, uploads: bool) -> Findings {
    let preflight = Preflight::new(StreamUrl::parse(url).expect("a good address"));
    let preflight = if uploads { preflight.with_upload() } else { preflight };
    let (took, findings) = timed(|| preflight.run().expect("a thread"));
    assert!(took < Duration::from_millis(5_500), "{took:?}");
    assert!(!format!("{findings} {findings:?}").contains(KEY), "{findings}");
    findings
}

fn steps(findings: &Findings) -> Vec<Step> {
    findings.steps.iter().map(|(step, _)| *step).collect()
}

#[track_caller]
fn failed(findings: &Findings) -> (Step, &Error) {
    let (step, error) = findings.failure.as_ref().expect("a failure");
    assert!(!findings.is_ready() && findings.quality.is_none());
    (*step, error)
}

const TO_STREAM: [Step; 4] = [Step::Connect, Step::Handshake, Step::App, Step::Stream];

#[test]
fn without_permission_nothing_is_published() {
    let sink = Sink::good();
    let findings = look(&sink.url(), false);
    assert!(findings.is_ready(), "{findings}");
    assert_eq!(steps(&findings), TO_STREAM);
    assert_eq!((findings.upload_bps, findings.quality), (None, None));
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.commands, ["connect", "createStream"], "the key is not said");
    assert!(seen.media.is_empty());
    assert!(findings.to_string().contains("ready as far as was allowed"), "{findings}");
}

#[test]
fn with_permission_test_pictures_go_up_and_a_quality_is_advised() {
    let sink = Sink::good();
    let findings = look(&sink.url(), true);
    assert!(findings.is_ready(), "{findings}");
    assert_eq!(steps(&findings), [&TO_STREAM[..], &[Step::Publish, Step::Upload]].concat());
    assert!(findings.upload_bps > Some(5_000_000), "{findings}");
    let quality = findings.quality.expect("loopback carries all");
    assert!(findings.to_string().contains(quality.name()), "{findings}");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.media[..2], [Media::Metadata, Media::AvcHeader]);
    assert!(seen.media[2..].iter().all(|media| matches!(media, Media::Video { idr: true, .. })));
    let bytes: usize = seen.media.len() * (16 << 10);
    assert!(bytes < 5 << 20, "{bytes} bytes are more than was said");
}

#[test]
fn a_slow_server_shows_in_the_rate() {
    let sink = Sink::start(&[Behaviour::Slow(250_000)]);
    let findings = look(&sink.url(), true);
    // Two megabits; the system's buffers of the other side take some more at once.
    let bps = findings.upload_bps.expect("an upload");
    assert!((500_000..60_000_000).contains(&bps), "{findings}");
}

#[test]
fn each_refusal_is_named_at_its_step() {
    use Behaviour::{CloseOnPublish, Garbage, RejectConnect, RejectPublish};
    for (behaviour, uploads, step, code) in [
        (Garbage, false, Step::Handshake, 212),
        (RejectConnect("NetConnection.Connect.InvalidApp"), false, Step::App, 204),
        (RejectConnect(asking::NEED), false, Step::Authenticate, 214),
        (RejectPublish("NetStream.Publish.BadName"), true, Step::Publish, 206),
        (RejectPublish("NetStream.Publish.Denied"), true, Step::Publish, 204),
        (CloseOnPublish, true, Step::Publish, 204),
        (Behaviour::CloseAfter(1), true, Step::Publish, 204),
    ] {
        let sink = Sink::start(&[behaviour]);
        let findings = look(&sink.url(), uploads);
        let (at, error) = failed(&findings);
        assert_eq!((at, error.code()), (step, code), "{behaviour:?}: {findings}");
        assert!(findings.to_string().contains(error.advice()), "{findings}");
    }
}

#[test]
fn r21_user_and_password_are_a_step_of_their_own() {
    let sink = Sink::asking(Behaviour::Accept);
    let findings = look(&sink.url_with_user(), false);
    let expected = [Step::Connect, Step::Handshake, Step::App, Step::Authenticate, Step::Stream];
    assert_eq!(steps(&findings), expected, "{findings}");

    let sink = Sink::asking(Behaviour::RejectConnect(asking::FAILED));
    let findings = look(&sink.url_with_user(), false);
    let (step, error) = failed(&findings);
    assert_eq!((step, error.code()), (Step::Authenticate, 214), "{findings}");
    assert!(!format!("{findings:?}").contains("s3cret"));
}

#[test]
fn what_lies_below_rtmp_is_named_too() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    drop(taken);
    let findings = look(&format!("rtmp://127.0.0.1:{port}/live/{KEY}"), false);
    assert_eq!(failed(&findings).0, Step::Connect);
    assert!(findings.steps.is_empty(), "{findings:?}");

    let url = format!("rtmp://no-such-host.invalid/live/{KEY}");
    let preflight = Preflight::new(StreamUrl::parse(&url).expect("a good address"));
    let findings = preflight.allow_plaintext(true).run().expect("a thread");
    assert_eq!(failed(&findings).0, Step::Resolve, "{findings}");
}

#[test]
fn plain_text_beyond_private_networks_is_named_and_nothing_is_asked() {
    for uploads in [false, true] {
        let findings = look(&format!("rtmp://no-such-host.invalid/live/{KEY}"), uploads);
        let (step, error) = failed(&findings);
        assert_eq!((step, error.code(), steps(&findings)), (Step::Secure, 202, vec![]));
        assert!(findings.to_string().contains("not secure"), "{findings}");
    }
}

#[test]
#[cfg(feature = "tls")]
fn tls_is_a_step_and_its_refusals_are_named() {
    let sink = Sink::good();
    let authority = Authority::new("ours");
    let front = Front::start(authority.identity(), sink.port(), Fate::Lives, 0);
    let url = front.url("localhost");
    let findings = look(&url, false);
    let (step, error) = failed(&findings);
    assert_eq!((step, error.code()), (Step::Secure, 211), "{findings}");
    assert_eq!(steps(&findings), [Step::Resolve, Step::Connect]);
    let came = front.connections();
    assert!(came.iter().all(|came| came.plain == 0), "nothing was said before: {came:?}");

    let trust = Trust::new().with_roots(authority.pem().as_bytes()).expect("a root");
    let preflight = Preflight::new(StreamUrl::parse(&url).expect("a good address"));
    let findings = preflight.trust(trust).run().expect("a thread");
    assert!(findings.is_ready(), "{findings}");
    let expected = [&[Step::Resolve, Step::Connect, Step::Secure], &TO_STREAM[1..]].concat();
    assert_eq!(steps(&findings), expected);
}

#[test]
fn a_server_that_says_nothing_costs_five_seconds() {
    let sink = Sink::start(&[Behaviour::NeverAnswer]);
    let findings = look(&sink.url(), true);
    let (step, error) = failed(&findings);
    assert_eq!((step, error.code()), (Step::Handshake, 203));
    assert!(findings.took >= Duration::from_millis(4_900), "{:?}", findings.took);
}
