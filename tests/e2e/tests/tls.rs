//! RTMPS against stunnel in front of nginx-rtmp: published, recorded and decoded, and refused where the server cannot
//! show who it is.

use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::process::Ended;
use onair_e2e::stunnel::Stunnel;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair, pattern, process};

/// A key that must not come back.
const CANARY: &str = "canary-7c20e9";

/// Pushes at a server that must be refused; nothing may reach the one behind it.
#[track_caller]
fn push_is_refused(nginx: &Nginx, url: &str, arguments: &[&str], words: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let key_log = folder.path().join("keys.log");
    let push = [&["push", url, "--duration", "3s", "-vv"], arguments].concat();
    let ended = process::run(onair::command(&push).env("SSLKEYLOGFILE", &key_log), onair::PATIENCE);
    ended.expect_code(3);
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
    assert!(!ended.output().contains(CANARY), "{}", ended.output());
    let (_, message) = ended.stderr.rsplit_once("onair: ").unwrap_or_default();
    assert!(message.contains(words), "not {words:?}: {message}");
    assert!(!ended.stderr.contains("ERROR"), "it is said twice: {}", ended.stderr);
    assert!(!nginx.recording(CANARY).exists(), "media came through");
    assert!(!nginx.error_log().contains(CANARY), "the key came through: {}", nginx.error_log());
    assert!(!key_log.exists(), "the session's keys were written down");
    ended
}

#[test]
fn lf60_a_stream_through_stunnel_decodes_clean() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    for (name, options) in
        [("tls13", "sslVersionMin = TLSv1.3"), ("tls12", "sslVersionMax = TLSv1.2")]
    {
        let stunnel = Stunnel::start_with(nginx.rtmp_port(), options);
        let (url, ca) = (stunnel.url("live", name), stunnel.ca());
        let push = [
            "push",
            &url,
            "--tls-ca",
            ca.to_str().unwrap(),
            "--tls-pin",
            &stunnel.pin(),
            "--quality",
            "low3",
            "--duration",
            "6s",
            "--json",
        ];
        let key_log = ca.with_file_name("keys.log");
        let ended =
            process::run(onair::command(&push).env("SSLKEYLOGFILE", &key_log), onair::PATIENCE);
        ended.expect_code(0);
        let summary = onair::summary(&ended);
        assert_eq!((&summary["frames_sent"], &summary["frames_dropped"]), (&180.into(), &0.into()));
        let recording = nginx.recording(name);
        ffmpeg::decode(recording.to_str().unwrap());
        let numbers = pattern::frame_numbers(&recording, 360, 640);
        assert_eq!(numbers, (0..180).map(Some).collect::<Vec<_>>(), "{name}");
        assert!(!key_log.exists(), "{name}: the session's keys were written down");
    }
}

#[test]
fn lf60_a_file_arrives_the_same_as_fast_as_the_socket_takes_it() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("long.flv");
    ffmpeg::make_flv(&source, "640x360", 30, 30, 2);
    let nginx = Nginx::start();
    let stunnel = Stunnel::start(nginx.rtmp_port());
    let (url, ca) = (stunnel.url("live", "copy"), stunnel.ca());
    let arguments = ["--tls-ca", ca.to_str().unwrap(), "--flv", source.to_str().unwrap(), "--fast"];
    let ended = onair::run(&[&["push", &url][..], &arguments].concat());
    ended.expect_code(0);
    assert!(ended.took < Duration::from_secs(10), "30 s of media took {:?}", ended.took);
    for track in ["v", "a"] {
        let (copy, source) = (nginx.recording("copy"), ffmpeg::packets(&source, track));
        assert!(ffmpeg::packets(&copy, track) == source, "{track}: not what was sent");
    }
}

#[test]
fn s03_an_unknown_authority_is_refused() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel]) {
        return;
    }
    let nginx = Nginx::start();
    let stunnel = Stunnel::start(nginx.rtmp_port());
    let url = stunnel.url("live", CANARY);
    push_is_refused(&nginx, &url, &[], "authority");
    let another = Stunnel::start(nginx.rtmp_port());
    let ca = another.ca();
    let arguments = ["--tls-ca", ca.to_str().unwrap()];
    push_is_refused(&nginx, &url, &arguments, "certificate");
}

#[test]
fn s03_another_host_is_refused_by_name() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel]) {
        return;
    }
    let nginx = Nginx::start();
    let stunnel = Stunnel::start(nginx.rtmp_port());
    let url = format!("rtmps://127.0.0.1:{}/live/{CANARY}", stunnel.port());
    let ca = stunnel.ca();
    let arguments = ["--tls-ca", ca.to_str().unwrap()];
    push_is_refused(&nginx, &url, &arguments, "for localhost, not for 127.0.0.1");
}

#[test]
fn s03_old_versions_of_tls_are_refused() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel]) {
        return;
    }
    let nginx = Nginx::start();
    let options = "sslVersionMin = TLSv1\nsslVersionMax = TLSv1.1\nsecurityLevel = 0";
    let stunnel = Stunnel::start_with(nginx.rtmp_port(), options);
    let ca = stunnel.ca();
    let arguments = ["--tls-ca", ca.to_str().unwrap()];
    push_is_refused(&nginx, &stunnel.url("live", CANARY), &arguments, "TLS from 1.2");
}

#[test]
fn s03_plain_and_secure_servers_are_told_apart() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel]) {
        return;
    }
    let nginx = Nginx::start();
    let plain = format!("rtmps://127.0.0.1:{}/live/{CANARY}", nginx.rtmp_port());
    push_is_refused(&nginx, &plain, &[], "TLS");
    let stunnel = Stunnel::start(nginx.rtmp_port());
    let secure = format!("rtmp://127.0.0.1:{}/live/{CANARY}", stunnel.port());
    push_is_refused(&nginx, &secure, &[], "handshake");
}

#[test]
fn s04_another_key_than_the_pinned_one_is_refused() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel]) {
        return;
    }
    let nginx = Nginx::start();
    let stunnel = Stunnel::start(nginx.rtmp_port());
    let (ca, pin) = (stunnel.ca(), Stunnel::start(nginx.rtmp_port()).pin());
    let arguments = ["--tls-ca", ca.to_str().unwrap(), "--tls-pin", &pin];
    let url = stunnel.url("live", CANARY);
    push_is_refused(&nginx, &url, &arguments, &format!("it has {}", stunnel.pin()));
    let ended = onair::run(&["push", &url, "--tls-pin", "sha256/abc"]);
    ended.expect_code(2);
    assert!(!ended.output().contains(CANARY), "{}", ended.output());
}

#[test]
fn r02_a_stream_comes_back_when_stunnel_does() {
    if are_missing(&[Tool::NginxRtmp, Tool::Stunnel, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let mut stunnel = Stunnel::start(nginx.rtmp_port());
    let (url, ca) = (stunnel.url("live", CANARY), stunnel.ca());
    let push = onair::start(&[
        "push",
        &url,
        "--tls-ca",
        ca.to_str().unwrap(),
        "--duration",
        "9s",
        "--json",
    ]);
    clock::until(Duration::from_secs(15), || nginx.stat(CANARY)).expect("it is live");
    clock::pause(Duration::from_secs(3));
    stunnel.crash_and_start_again();
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);
    assert!(!ended.output().contains(CANARY), "{}", ended.output());
    assert_eq!(onair::summary(&ended)["reconnects"], 1, "{}", ended.stdout);
    ffmpeg::decode(nginx.recording(CANARY).to_str().unwrap());
}
