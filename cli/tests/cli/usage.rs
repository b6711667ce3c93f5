//! What the command line refuses, and what it says about itself.

use crate::common::{Running, onair};

#[test]
fn what_cannot_be_understood_ends_with_2_and_a_sentence() {
    for arguments in [
        &[][..],
        &["fly"],
        &["push"],
        &["push", "rtmp://127.0.0.1/live/canary", "--fly"],
        &["push", "rtmp://127.0.0.1/live/canary", "--duration", "soon"],
        &["push", "rtmp://127.0.0.1/live/canary", "--duration", "0s"],
        &["push", "rtmp://127.0.0.1/live/canary", "--size", "big"],
        &["push", "rtmp://127.0.0.1/live/canary", "--size", "641x360"],
        &["push", "rtmp://127.0.0.1/live/canary", "--fps", "0"],
        &["push", "rtmp://127.0.0.1/live/canary", "--video-bitrate", "fast"],
        &["push", "rtmp://127.0.0.1/live/canary", "--audio-bitrate", "1"],
        &["push", "rtmp://127.0.0.1/live/canary", "--quality", "best"],
        &["push", "rtmp://127.0.0.1/live/canary", "--min-bitrate", "2M", "--max-bitrate", "1M"],
        &["push", "rtmp://127.0.0.1/live/canary", "--min-bitrate", "2M", "--video-bitrate", "1M"],
        &["push", "rtmp://127.0.0.1/live/canary", "--max-bitrate", "little"],
        &["push", "rtmp://127.0.0.1/live/canary", "--fixed", "--min-bitrate", "300k"],
        &["push", "rtmp://127.0.0.1/live/canary", "--fixed", "--adaptation", "lflivekit"],
        &["push", "rtmp://127.0.0.1/live/canary", "--adaptation", "guess"],
        &["push", "rtmp://127.0.0.1/live/canary", "--fixed", "--max-bitrate", "3M"],
        &["push", "rtmp://127.0.0.1/live/canary", "--flv", "a.flv", "--max-bitrate", "1M"],
        &["push", "rtmp://127.0.0.1/live/canary", "--flv", "a.flv", "--fixed"],
        &["push", "rtmp://127.0.0.1/live/canary", "--audio-only", "--video-only"],
        &["push", "rtmp://127.0.0.1/live/canary", "--fast"],
        &["push", "rtmp://127.0.0.1/live/canary", "--flv", "a.flv", "--pattern", "bars"],
        &["push", "rtmp://127.0.0.1/live/canary", "--flv", "/nowhere/a.flv"],
        &["push", "rtmp://127.0.0.1/live/canary", "--y4m", "/nowhere/a.y4m"],
        &["push", "rtmp://127.0.0.1/live/canary", "--wav", "/nowhere/a.wav"],
        &["push", "http://127.0.0.1/live/canary"],
        &["push", "rtmp://127.0.0.1/canary"],
        &["push", "rtmp://127.0.0.1:0/live/canary"],
        &["push", "canary"],
        &["push", "rtmp://127.0.0.1/live", "--key", ""],
        &["push", "--size", "rtmp://127.0.0.1/live/canary"],
        &["push", "rtmp://127.0.0.1/live/canary", "rtmp://127.0.0.1/live/canary"],
        &["serve", "--rtmp", "here"],
        &["demo", "--port", "70000"],
        &["demo", "--quality", "best"],
        &["probe"],
        &["probe", "ftp://127.0.0.1/canary"],
        &["probe", "rtmp://127.0.0.1"],
    ] {
        let ended = onair(arguments);
        assert!(ended.stderr.trim().len() > 20, "{arguments:?} says too little: {ended:?}");
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        // S01, here for usage errors: addresses and keys are never repeated.
        ended.assert_without("canary").assert_code(2);
    }
}

#[test]
fn s01_an_address_from_the_environment_s_key_is_not_repeated_either() {
    // A build without codecs does not come as far as the connection.
    let refused = if cfg!(all(feature = "openh264", feature = "fdk-aac")) { 3 } else { 1 };
    for (arguments, code) in
        [(["push", "rtmp://127.0.0.1"], 2), (["push", "rtmp://127.0.0.1:1/live"], refused)]
    {
        let running = Running::start_with_env(&arguments, ("ONAIR_STREAM_KEY", "canary"));
        running.end().assert_without("canary").assert_code(code);
    }
}

#[test]
fn plain_text_beyond_private_networks_wants_a_word() {
    let looks: [&[&str]; 2] = [
        &["push", "rtmp://nowhere.invalid/live/canary", "--pattern", "bars"],
        &["check", "rtmp://nowhere.invalid/live/canary"],
    ];
    for arguments in looks {
        let refused = onair(arguments);
        assert!(refused.stderr.contains("--allow-plaintext"), "{refused:?}");
        assert!(refused.stderr.contains("not encrypted"), "{refused:?}");
        refused.assert_without("canary").assert_code(2);
    }
    let allowed = onair(&["check", "rtmp://nowhere.invalid/live/canary", "--allow-plaintext"]);
    assert!(allowed.stderr.contains("leads nowhere"), "{allowed:?}");
    allowed.assert_without("canary").assert_code(3);
}

#[test]
fn help_names_every_option_of_the_contract_examples_and_exit_codes() {
    let help = |arguments: &[&str]| onair(arguments).assert_code(0).stdout;
    let all = help(&["--help"]);
    for command in ["demo", "push", "serve", "probe", "lab", "Exit codes:"] {
        assert!(all.contains(command), "{all}");
    }
    for (command, options) in [
        ("demo", "--lan --public-url --port --duration --quality"),
        (
            "push",
            "--pattern --y4m --wav --flv --quality --landscape --size --fps --video-bitrate \
             --audio-bitrate --keyint --profile --duration --audio-only --video-only --retry \
             --fast --flight-record --start-time --json --key ONAIR_STREAM_KEY \
             --allow-plaintext",
        ),
        ("serve", "--rtmp --http --lan --public-url --record --json ONAIR_PUBLISH_TOKEN"),
        ("probe", "--duration --json"),
    ] {
        let page = help(&[command, "--help"]);
        for option in options.split_whitespace() {
            assert!(page.contains(option), "{option} is not in {page}");
        }
        assert!(page.contains("Examples:"), "{page}");
    }
    assert!(help(&["--version"]).starts_with("onair "));
}
