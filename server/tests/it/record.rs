//! Recordings of publish sessions.

use std::fs;
use std::path::PathBuf;

use onair_engine::flv::{self, Tag, TagType};
use onair_server::{Config, RunningServer, Server};

use crate::sample;
use crate::support::{Rtmp, config, wait_until};

fn recording_server() -> (RunningServer, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let record_dir = Some(dir.path().join("new/recordings"));
    (Server::start(Config { record_dir, ..config() }).unwrap(), dir)
}

/// The files and what is in them, by name.
fn recordings(dir: &tempfile::TempDir) -> Vec<(PathBuf, u8, Vec<Tag>)> {
    let entries = fs::read_dir(dir.path().join("new/recordings")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        let mut reader = flv::Reader::new();
        let mut rest = &bytes[..];
        let tags = std::iter::from_fn(|| reader.take_from(&mut rest).unwrap()).collect();
        (path, bytes[4], tags)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn a_session_is_recorded_as_it_was_sent() {
    let (server, dir) = recording_server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "demo-1");
    publisher.second(16_777_000); // crosses 0xFFFFFF
    wait_until("media", || server.streams()[0].bytes > 20_000);
    drop(publisher);
    server.stop();

    let recordings = recordings(&dir);
    let (path, flags, tags) = &recordings[0];
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("live-demo-1-20") && name.ends_with("Z.flv"), "{name}");
    assert_eq!(*flags, 5, "sound and pictures");
    assert_eq!(tags.len(), 2 + 50);
    let pictures: Vec<&Tag> = tags.iter().filter(|tag| tag.tag_type == TagType::Video).collect();
    assert_eq!(*pictures[0].body, sample::avc_header());
    assert_eq!(*pictures[1].body, sample::key(5_000));
    let times: Vec<u32> = pictures[1..].iter().map(|tag| tag.timestamp_ms).collect();
    assert_eq!(times, (16_777_000..16_778_000).step_by(40).collect::<Vec<u32>>());
}

#[test]
fn each_session_has_a_file_even_within_one_second() {
    let (server, dir) = recording_server();
    for _ in 0..3 {
        let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
        publisher.second(0);
        wait_until("media", || server.streams()[0].bytes > 20_000);
        drop(publisher);
        wait_until("the end of the session", || server.streams().is_empty());
    }
    server.stop();
    let recordings = recordings(&dir);
    assert_eq!(recordings.len(), 3);
    assert!(recordings.iter().all(|(_, _, tags)| tags.len() == 52));
}

#[test]
fn stopping_completes_the_file_of_a_running_session() {
    let (server, dir) = recording_server();
    let mut publisher = Rtmp::ask(server.rtmp_addr(), "publish", "sound");
    publisher.media(TagType::Audio, 0, sample::aac_header()).unwrap();
    publisher.media(TagType::Audio, 23, sample::audio(7)).unwrap();
    wait_until("media", || server.streams().first().is_some_and(|stream| stream.bytes >= 8));
    server.stop();
    let recordings = recordings(&dir);
    assert_eq!((recordings[0].1, recordings[0].2.len()), (4, 2), "sound only, both tags");
}

#[test]
fn a_disk_that_fails_does_not_disturb_the_stream() {
    let (server, dir) = recording_server();
    fs::remove_dir_all(dir.path().join("new")).unwrap();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    assert!(player.picture().is_some());
}
