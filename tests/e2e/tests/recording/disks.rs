//! Disks that are full and that cannot be written, as real file systems.

use std::path::Path;
use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{disk, ffmpeg, onair, process};
use serde_json::Value;

/// Noise of 14 Mbit/s, which fills 8 MB in five seconds, and a tone.
fn make_heavy(file: &Path) {
    let picture = "nullsrc=size=640x360:rate=30,geq=random(1)*255:128:128";
    let input = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=sample_rate=44100"];
    let rates = ["-b:v", "14M", "-minrate", "14M", "-maxrate", "14M", "-bufsize", "2M"];
    let video = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30"];
    let rest = ["-c:a", "aac", "-t", "7", "-f", "flv", text(file)];
    ffmpeg::run(&[&input[..], &video, &rates, &rest].concat()).expect_code(0);
}

#[test]
fn f04_a_full_disk_of_8_mb_ends_the_file_well_and_costs_the_stream_nothing() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (source, mount, out) = (path("source.flv"), path("disk"), path("out.mp4"));
    std::fs::create_dir(&mount).expect("a folder");
    make_heavy(&source);
    assert!(std::fs::metadata(&source).expect("it is there").len() > 10_000_000);
    let nginx = Nginx::start();
    let push = "\"$ONAIR\" push \"$1\" --flv \"$2\" --record \"$DISK/show.mp4\" --json; code=$?; \
                cp \"$DISK/show.mp4\" \"$3\"; exit $code";
    let arguments = [&nginx.url("live", "full"), text(&source), text(&out)];
    let Some(mut command) = disk::script(&mount, push, &arguments) else { return };
    let ended = process::run(&mut command, onair::PATIENCE);
    // What was asked for as a file is not all there.
    ended.expect_code(1);
    assert!(ended.stderr.contains("show.mp4") && ended.stderr.contains("full"), "{}", ended.stderr);

    let summary = onair::summary(&ended);
    assert_eq!(summary["frames_dropped"], 0, "{summary}");
    for track in ["v", "a"] {
        let hashes = |file: &Path| -> Vec<String> {
            ffmpeg::packets(file, track).into_iter().map(|packet| packet.hash).collect()
        };
        let (sent, came) = (hashes(&source), hashes(&nginx.recording("full")));
        assert!(sent == came, "{track}: {} of {} arrived", came.len(), sent.len());
    }

    ffmpeg::decode(text(&out));
    let found = onair::run(&["recover", text(&out), "--json"]);
    let found: Value = serde_json::from_str(&found.expect_code(0).stdout).expect("JSON");
    assert_eq!(found["was_complete"], true, "finalised: {found}");
    let duration = ffmpeg::ffprobe(text(&out), &["-show_entries", "format=duration"]);
    let duration = duration["format"]["duration"].as_str().and_then(|text| text.parse().ok());
    let duration: f64 = duration.expect("a complete file has a length");
    assert!((3.0..6.5).contains(&duration), "{duration} s");

    // Told within a second of the first picture that found no room, which waited half a second for its fragment.
    let lines = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<_> = lines.collect();
    let seconds = |is_it: &dyn Fn(&Value) -> bool| {
        let line = lines.iter().find(|line| is_it(line));
        line.and_then(|line| line["seconds"].as_f64()).unwrap_or_else(|| panic!("{lines:?}"))
    };
    let live = seconds(&|line| line["state"] == "live");
    let told = seconds(&|line| {
        let message = line["message"].as_str().unwrap_or_default();
        line["event"] == "warning" && message.contains("show.mp4")
    });
    let late = told - live - duration;
    assert!(late <= 1.5, "live at {live}, {duration} s recorded, told at {told}");
}

/// That nothing is overwritten, and that an earlier attempt's `.part` goes, is shown beside the code; here the folder is
/// one that even root cannot write.
#[test]
fn f08_in_a_folder_that_cannot_be_written_nothing_starts_and_a_copy_can_be_had_elsewhere() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (mount, growing, copy) = (path("disk"), path("growing.mp4"), path("copy.mp4"));
    std::fs::create_dir(&mount).expect("a folder");
    let mut push =
        onair::start(&["push", "--record", text(&growing), "--quality", "low1", "--json"]);
    push.wait_for_output("\"seconds\":2", Duration::from_secs(20));
    push.signal("KILL");
    push.wait(onair::PATIENCE);
    let script = "cp \"$1\" \"$DISK/show.mp4\"; mount -o remount,ro \"$DISK\"; \
                  \"$ONAIR\" push --record \"$DISK/new.mp4\" --duration 1s; echo \"new $?\"; \
                  \"$ONAIR\" recover \"$DISK/show.mp4\"; echo \"in place $?\"; \
                  cmp \"$1\" \"$DISK/show.mp4\"; echo \"as it was $?\"; \
                  \"$ONAIR\" recover \"$DISK/show.mp4\" \"$2\"; echo \"elsewhere $?\"; ls \"$DISK\"";
    let arguments = [text(&growing), text(&copy)];
    let Some(mut command) = disk::script(&mount, script, &arguments) else { return };
    let ended = process::run(&mut command, Duration::from_secs(30));
    ended.expect_code(0);
    let said: Vec<_> = ended.stdout.lines().collect();
    for line in ["new 2", "as it was 0", "elsewhere 0"] {
        assert!(said.contains(&line), "{line}: {}", ended.output());
    }
    assert!(!said.contains(&"in place 0"), "{}", ended.output());
    assert_eq!(said.last(), Some(&"show.mp4"), "nothing else is on the disk");
    assert!(ended.stderr.contains("new.mp4"), "{}", ended.stderr);
    assert!(ended.stderr.matches("read-only").count() >= 2, "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ffmpeg::decode(text(&copy));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
