//! `onair push --camera --mic`: what this build can open, and what it says otherwise.

use crate::common::onair;

/// A build without the feature names it, and says how to get it; so does a device that is none.
#[test]
fn a_device_that_cannot_be_had_is_said_before_anything_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("show.flv");
    let record = file.to_str().expect("a plain path");
    for (option, device, is_built, feature) in [
        ("--camera", "/dev/video-none", cfg!(feature = "camera"), "--features camera"),
        ("--mic", "no-such-microphone", cfg!(feature = "mic"), "--features mic"),
    ] {
        let ended = onair(&["push", "--record", record, option, device]).assert_code(2);
        let says = if is_built { device } else { feature };
        assert!(ended.stderr.contains(says), "{says}: {ended:?}");
        assert!(ended.stdout.is_empty() && !file.exists(), "{ended:?}");
        // It is a source like any other: one of them.
        onair(&["push", "--record", record, option, device, "--pattern", "bars"]).assert_code(2);
    }
}

#[cfg(feature = "mic")]
mod tape {
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::path::Path;
    use std::process::Command;
    use std::time::Duration;

    use onair_engine::flv::{Reader, TagType};
    use onair_media::decode;
    use onair_types::aac::Asc;
    use onair_types::{AudioHeader, AudioUnit, MediaTime};

    use crate::common::Running;

    const RATE: usize = 44_100;
    const BLOCK: usize = RATE / 100;
    /// A wave of exactly ten milliseconds: every block is the same.
    const CYCLES: f64 = 4.0;

    /// libasound opens, sets up and reads it as any device; its samples come out of a pipe, at the
    /// pace of a microphone, since nobody writes faster.
    fn asoundrc(pipe: &Path) -> String {
        format!(
            "pcm.null {{ type null }}\npcm.tape {{ type file\n slave.pcm \"null\"\n \
             file \"/dev/null\"\n infile \"{}\"\n format \"raw\" }}\n",
            pipe.display()
        )
    }

    /// Plays until nobody listens any more.
    fn play(pipe: &Path) {
        let wave = |n: usize| {
            (16_384.0 * (CYCLES * n as f64 * std::f64::consts::TAU / BLOCK as f64).sin()) as i16
        };
        let block: Vec<u8> =
            (0..BLOCK).flat_map(|n| [wave(n), wave(n)]).flat_map(i16::to_le_bytes).collect();
        // Waits for who reads.
        let mut pipe = OpenOptions::new().write(true).open(pipe).expect("a pipe");
        let pace = crossbeam_channel::tick(Duration::from_millis(10));
        let began = pace.recv().expect("a tick");
        let mut written = 0;
        loop {
            let since = pace.recv().expect("a tick").duration_since(began);
            while Duration::from_millis(10) * written <= since {
                if pipe.write_all(&block).is_err() {
                    return;
                }
                written += 1;
            }
        }
    }

    /// The left channel of a recording.
    fn samples(file: &Path) -> Vec<i16> {
        let bytes = fs::read(file).expect("a recording");
        let (mut bytes, mut reader) = (&bytes[..], Reader::new());
        let (mut config, mut decoder) = (None, decode::aac().expect("a decoder"));
        let mut heard = Vec::new();
        while let Some(tag) = reader.take_from(&mut bytes).expect("flv") {
            match (tag.tag_type, tag.body.get(1)) {
                (TagType::Audio, Some(0)) => config = Asc::from_bytes(&tag.body[2..]).ok(),
                (TagType::Audio, Some(1)) => {
                    let config = AudioHeader::Aac(config.expect("a header first"));
                    let payload = tag.body.part(2..tag.body.len());
                    let unit = AudioUnit { pts: MediaTime::ZERO, config, payload };
                    let pcm = decoder.decode(&unit).expect("aac");
                    heard.extend(pcm.samples.chunks(pcm.channels.into()).map(|frame| frame[0]));
                }
                _ => {}
            }
        }
        heard
    }

    /// ALSA's own path from a device's samples to ours: opened, set up, read and stamped as any
    /// microphone. No sound card is needed.
    #[test]
    fn a_microphone_is_recorded_as_it_sounds_until_its_time_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pipe, config) = (folder.path().join("tape"), folder.path().join("asoundrc"));
        let file = folder.path().join("show.flv");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        fs::write(&config, asoundrc(&pipe)).expect("a configuration");
        let player = std::thread::spawn(move || play(&pipe));
        let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
        let (record, config) = (text(&file), text(&config));
        let push = [
            "push",
            "--mic",
            "tape",
            "--record",
            &record,
            "--duration",
            "3s",
            "--mute-at",
            "2s",
            "--json",
        ];
        let push = Running::start_with_env(&push, ("ALSA_CONFIG_PATH", &config));
        push.end().assert_code(0);
        player.join().expect("the player");

        let heard = samples(&file);
        let seconds = heard.len() as f64 / RATE as f64;
        assert!((2.8..3.6).contains(&seconds), "{seconds} s");
        let peak = |from: f64, to: f64| {
            let part = &heard[(from * RATE as f64) as usize..(to * RATE as f64) as usize];
            part.iter().map(|sample| sample.unsigned_abs()).max().expect("samples")
        };
        assert!((15_000..18_000).contains(&peak(0.2, 1.8)), "{}", peak(0.2, 1.8));
        // Four waves in ten milliseconds, and no seam between blocks.
        let whole = &heard[RATE / 5..RATE / 5 * 9];
        let turns = whole.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        let expected = whole.len() as f64 / BLOCK as f64 * CYCLES;
        assert!((turns as f64 - expected).abs() < 4.0, "{turns} waves, {expected} played");
        assert!(peak(2.3, 2.8) < 20, "muted: {}", peak(2.3, 2.8));
    }
}
