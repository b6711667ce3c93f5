//! `onair probe`: what it cannot reach, what it finds broken, and that its keys are written down.

use std::collections::BTreeSet;

use crate::common::{Port, Running, Serve, onair};
use onair_engine::flv::{self, TagType};
use serde_json::Value;
use std::net::TcpListener;

/// Sound with a step back in time.
fn broken_file() -> Vec<u8> {
    let mut file = flv::file_header(true, false).to_vec();
    flv::write_tag(&mut file, TagType::Audio, 0, &[&flv::AAC_HEADER_PREFIX, &[0x12, 0x10]]);
    for ms in [0, 23, 46, 10, 33] {
        // One channel element of silence, so that a decoder has nothing to say.
        let silence = [0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C];
        flv::write_tag(&mut file, TagType::Audio, ms, &[&flv::AAC_RAW_PREFIX, &silence]);
    }
    file
}

#[test]
fn what_is_broken_is_5_and_said_in_words() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("broken.flv");
    std::fs::write(&path, broken_file()).expect("write");
    let path = path.to_str().expect("path");
    let page = onair(&["probe", path]).assert_code(5);
    assert!(page.stdout.contains("step back 1 times"), "{page:?}");
    let report = onair(&["probe", path, "--json"]).assert_code(5).last();
    assert_eq!(report["ok"], false);
    let codes: Vec<&Value> =
        report["problems"].as_array().expect("problems").iter().map(|p| &p["code"]).collect();
    assert!(codes.contains(&&Value::from("audio_steps_back")), "{report}");
}

#[test]
fn what_is_no_stream_is_5() {
    let folder = tempfile::tempdir().expect("folder");
    for (bytes, word) in [(&b"<html></html>"[..], "not an FLV file"), (b"", "neither")] {
        let path = folder.path().join("no.flv");
        std::fs::write(&path, bytes).expect("write");
        let ended = onair(&["probe", path.to_str().expect("path")]).assert_code(5);
        assert!(ended.stdout.contains(word), "{ended:?}");
    }
}

#[test]
fn what_cannot_be_reached_is_3() {
    let Port { address: free, .. } = &Port::reserve();
    for target in [
        "/nowhere/a.flv".to_owned(),
        "rtmp:/127.0.0.1/live/canary".to_owned(),
        format!("rtmp://{free}/live/canary"),
        format!("http://{free}/live/canary.flv"),
    ] {
        let ended = onair(&["probe", &target]).assert_code(3).assert_without("canary");
        assert!(ended.stderr.len() > 20, "{ended:?}");
    }
    let serve = Serve::start();
    let missing = format!("{}.not", serve.flv_url("canary"));
    onair(&["probe", &missing]).assert_code(3).assert_without("canary");
}

#[test]
fn ctrl_c_ends_the_wait_for_a_stream() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("rtmp://{}/live/canary", listener.local_addr().expect("address"));
    let probing = Running::start(&["probe", &url]);
    let _connection = listener.accept().expect("it connects");
    probing.signal("-INT");
    probing.end().assert_code(130);
}

#[test]
fn every_key_of_the_report_is_in_the_documentation() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
    let docs = std::fs::read_to_string(docs).expect("docs/cli.md");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("broken.flv");
    std::fs::write(&path, broken_file()).expect("write");
    let report = onair(&["probe", path.to_str().expect("path"), "--json"]).last();
    let mut keys = BTreeSet::new();
    collect(&report, &mut keys);
    assert!(keys.len() > 20, "{keys:?}");
    let missing: Vec<&String> =
        keys.iter().filter(|key| !docs.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/cli.md does not explain {missing:?}");
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(pairs) => pairs.iter().for_each(|(key, value)| {
            keys.insert(key.clone());
            collect(value, keys);
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}
