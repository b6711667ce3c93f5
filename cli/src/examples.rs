//! What each command's help ends with: examples, then the exit codes.

use crate::exit::help;

pub(crate) const DEMO_HELP: &str = help!(
    "\
Examples:
  onair demo                     open the address it prints
  onair demo --lan               watch on a phone: scan the code
  onair demo --duration 20s      stop by itself"
);

pub(crate) const PUSH_HELP: &str = help!(
    "\
Examples:
  onair push rtmp://127.0.0.1/live/test --quality high3 --duration 10s
  ONAIR_STREAM_KEY=… onair push rtmps://a.example.com/app --pattern bars --landscape
  onair push rtmp://127.0.0.1/live/test --y4m pictures.y4m --wav sound.wav --video-bitrate 1200k
  onair push rtmp://127.0.0.1/live/test --quality 720p30 --min-bitrate 300k --max-bitrate 4M
  onair push rtmp://127.0.0.1/live/test --flv show.flv --fast
  onair push rtmp://127.0.0.1/live/test --record show.mp4
  onair push rtmps://a.example.com/app/key rtmps://b.example.com/live/other --policy weakest
  onair push rtmps://a.example.com/app/key --backup rtmps://b.example.com/app/key
  onair push rtmp://127.0.0.1/live/test --duration 10s --json | tail -1"
);

pub(crate) const CHECK_HELP: &str = help!(
    "\
Examples:
  onair check rtmp://127.0.0.1/live/test
  ONAIR_STREAM_KEY=… onair check rtmps://a.example.com/app
  onair check rtmp://127.0.0.1/live/test --upload --json"
);

pub(crate) const SERVE_HELP: &str = help!(
    "\
Examples:
  onair serve                                  this machine only
  onair serve --lan                            this network; publishers need the token
  onair serve --public-url https://live.example   behind a proxy that has that name
  onair serve --record recordings"
);

pub(crate) const RECOVER_HELP: &str = help!(
    "\
Examples:
  onair recover show.mp4
  onair recover show.mp4 whole.mp4"
);

pub(crate) const PROBE_HELP: &str = help!(
    "\
Examples:
  onair probe rtmp://127.0.0.1/live/test --duration 10s
  onair probe http://127.0.0.1:8080/live/test.flv --json
  onair probe recording.flv"
);
