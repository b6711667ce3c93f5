/* Every call that is wrong gets an error with a text, whatever it is given, and nothing is touched or lost. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "onair.h"

static int released;

static void release(void *context) {
  released++;
  free(context);
}

static void says(onair_status status, onair_status expected, const char *word) {
  char reason[256], advice[256];
  assert(status == expected);
  assert(onair_last_error(reason, sizeof reason) > 1 && onair_last_advice(advice, sizeof advice) > 1);
  assert(strstr(reason, word) || strstr(advice, word));
}

static onair_session make(uint32_t source) {
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  assert(onair_audio_preset(0, &audio) == ONAIR_OK);
  assert(onair_video_preset(0, 0, &video) == ONAIR_OK);
  assert(onair_session_config_init(&config) == ONAIR_OK);
  config.audio = &audio;
  config.video = &video;
  config.video_source = config.audio_source = source;
  onair_session session;
  assert(onair_session_create(&config, &session) == ONAIR_OK);
  return session;
}

static void configurations(void) {
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  onair_session session = 7;
  says(onair_audio_preset(4, &audio), 220, "quality");
  says(onair_audio_preset(0, NULL), 220, "NULL");
  says(onair_video_preset(12, 0, &video), 220, "quality");
  says(onair_session_config_init(NULL), 220, "NULL");
  onair_session_config_init(&config);
  says(onair_session_create(&config, &session), 200, "audio");
  assert(session == 0);
  says(onair_session_create(NULL, &session), 220, "config");
  says(onair_session_create(&config, NULL), 220, "session");
  onair_video_preset(0, 0, &video);
  video.width = 361;
  config.video = &video;
  says(onair_session_create(&config, &session), 200, "width");
  video.width = 360;
  config.adaptive_bitrate = 9;
  says(onair_session_create(&config, &session), 220, "adaptive_bitrate");
  config.adaptive_bitrate = ONAIR_ADAPT_OFF;
  const char *pins[] = {"sha256/no", NULL};
  config.pins = pins;
  config.pin_count = 1;
  says(onair_session_create(&config, &session), 200, "pin");
  config.pin_count = 2;
  pins[0] = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  says(onair_session_create(&config, &session), 220, "pins");
  config.pin_count = 1;
  assert(onair_session_create(&config, &session) == ONAIR_OK);
  assert(onair_session_free(session) == ONAIR_OK);
}

static void handles(void) {
  onair_session session = make(ONAIR_SOURCE_RAW);
  uint32_t state;
  assert(onair_session_state(session, &state) == ONAIR_OK && state == ONAIR_STATE_READY);
  assert(onair_session_free(session) == ONAIR_OK);
  onair_event event;
  onair_figures figures;
  int16_t sample[2] = {0, 0};
  onair_session gone[] = {session, 0, session + 1000, UINT64_MAX};
  for (int at = 0; at < 4; at++) {
    says(onair_session_free(gone[at]), 221, "handle");
    says(onair_session_stop(gone[at]), 221, "handle");
    says(onair_session_start_url(gone[at], "rtmp://127.0.0.1/live/k"), 221, "handle");
    says(onair_session_finish(gone[at], 1, NULL), 221, "handle");
    says(onair_session_state(gone[at], &state), 221, "handle");
    says(onair_session_figures(gone[at], &figures), 221, "handle");
    says(onair_session_next_event(gone[at], 0, &event), 221, "handle");
    says(onair_session_push_audio(gone[at], sample, 2, 44100, 2, 0), 221, "handle");
  }
  onair_session next = make(ONAIR_SOURCE_RAW);
  assert(next != session && "a number is never used twice");
  assert(onair_session_free(next) == ONAIR_OK);
}

static void pushes(void) {
  onair_session session = make(ONAIR_SOURCE_RAW);
  uint8_t *pixels = calloc(1, 16);
  onair_video_frame frame = {.pixels = ONAIR_PIXELS_NV12, .width = 360, .height = 640,
                             .planes = {{pixels, 16, 360}, {pixels, 16, 360}}, .release = release, .context = pixels};
  says(onair_session_push_video(session, NULL), 220, "frame");
  says(onair_session_push_video(session, &frame), 216, "plane");
  assert(released == 1 && "memory comes back from a push that failed");
  frame.release = NULL;
  frame.planes[0].data = NULL;
  says(onair_session_push_video(session, &frame), 220, "planes");
  frame.planes[0].data = (const uint8_t *)&frame;
  frame.planes[0].size = SIZE_MAX;
  says(onair_session_push_video(session, &frame), 220, "too large");
  frame.pixels = 77;
  says(onair_session_push_video(session, &frame), 220, "pixels");
  int16_t samples[4] = {0};
  says(onair_session_push_audio(session, NULL, 4, 16000, 2, 0), 220, "samples");
  says(onair_session_push_audio(session, (int16_t *)((char *)samples + 1), 2, 16000, 2, 0), 220, "aligned");
  says(onair_session_push_audio(session, samples, 4, 16000, 1000, 0), 220, "channels");
  says(onair_session_push_audio(session, samples, 4, 16000, 2, 0), 208, "start");
  onair_video_unit unit = {.payload = (const uint8_t *)"x", .payload_size = 1};
  says(onair_session_push_encoded_video(session, NULL), 220, "unit");
  says(onair_session_push_encoded_video(session, &unit), 216, "parameter sets");
  unit.header = (const uint8_t *)"nothing good";
  unit.header_size = 12;
  says(onair_session_push_encoded_video(session, &unit), 216, "AVC configuration record");
  says(onair_session_set_video_bitrate_range(session, 450000, 550000), 208, "run");
  says(onair_session_report_path(session, 3), 220, "path");
  says(onair_session_start_recording(session, NULL), 220, "path");
  says(onair_session_start_recording(session, "/nowhere/at/all.flv"), 210, "file");
  assert(onair_session_free(session) == ONAIR_OK);
}

static void addresses(void) {
  onair_session session = make(ONAIR_SOURCE_RAW);
  says(onair_session_start_url(session, NULL), 220, "url");
  says(onair_session_start_url(session, "http://example.org/live/secret-key"), 202, "rtmp");
  says(onair_session_start_url(session, "rtmp://exam\xff/live/k"), 220, "UTF-8");
  says(onair_session_start(session, NULL, 0, ONAIR_SHARED_FIRST), 215, "destination");
  onair_destination two[2] = {{.url = "rtmp://127.0.0.1/live/k"}, {.url = "rtmp://127.0.0.1/live/k"}};
  says(onair_session_start(session, two, 2, ONAIR_SHARED_FIRST), 215, "same address");
  says(onair_session_start(session, two, 2, 9), 220, "shared_bitrate");
  char reason[512];
  onair_session_start_url(session, "ftp://host/live/canary-key");
  onair_last_error(reason, sizeof reason);
  assert(!strstr(reason, "canary"));
  char small[4] = "xyz";
  assert(onair_last_error(small, sizeof small) > 4 && small[3] == 0);
  assert(onair_last_error(NULL, 0) > 4);
  onair_event event;
  says(onair_session_next_event(session, 0, NULL), 220, "event");
  assert(onair_session_next_event(session, 0, &event) == ONAIR_NO_EVENT);
  assert(onair_session_cancel_events(session) == ONAIR_OK);
  assert(onair_session_next_event(session, 60000, &event) == ONAIR_NO_EVENT);
  assert(onair_session_free(session) == ONAIR_OK);
}

int main(void) {
  configurations();
  handles();
  pushes();
  addresses();
  return 0;
}
