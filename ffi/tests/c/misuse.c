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

static void recordings(onair_session session) {
  onair_recording made;
  onair_recording_config config = {.path = NULL};
  says(onair_session_start_recording(session, NULL), 220, "config");
  says(onair_session_start_recording(session, &config), 220, "path");
  config.path = "/nowhere/at/all.mp4";
  says(onair_session_start_recording(session, &config), 210, "folder");
  says(onair_session_record_only(session, &config), 210, "folder");
  config.split_after_ms = 999;
  says(onair_session_start_recording(session, &config), 210, "one second");
  config.format = 3;
  says(onair_session_start_recording(session, &config), 220, "format");
  config.format = ONAIR_FORMAT_FLV;
  config.split_after_ms = 0;
  says(onair_session_save_clip(session, &config, NULL), 210, "kept");
  says(onair_session_keep_clip(session, 999), 200, "300 seconds");
  assert(onair_session_keep_clip(session, 0) == ONAIR_OK);
  made.frames = 9;
  assert(onair_session_stop_recording(session, &made) == ONAIR_OK && made.frames == 0);
  says(onair_recover(NULL, NULL, &made, NULL), 220, "path");
  says(onair_recover("/nowhere/at/all.mp4", NULL, NULL, NULL), 220, "made");
  says(onair_recover("/nowhere/at/all.mp4", NULL, &made, NULL), 210, "no such file");
  says(onair_recover("/nowhere/at/all.mp4", "/tmp/other.mp4", &made, NULL), 210, "no such file");
}

static void looks(onair_session session) {
  onair_look look;
  onair_overlay overlay;
  says(onair_look_init(NULL), 220, "look");
  says(onair_overlay_init(NULL), 220, "overlay");
  assert(onair_look_init(&look) == ONAIR_OK && onair_overlay_init(&overlay) == ONAIR_OK);
  assert(onair_session_set_look(session, &look) == ONAIR_OK);
  says(onair_session_set_look(session, NULL), 220, "look");
  look.overlay_count = 1;
  says(onair_session_set_look(session, &look), 220, "overlays");
  look.overlays = &overlay;
  says(onair_session_set_look(session, &look), 220, "name");
  overlay.name = "mark";
  says(onair_session_set_look(session, &look), 221, "asset");
  onair_asset image, font;
  uint8_t clear[16] = {0}, byte;
  size_t size;
  says(onair_image_decode(clear, sizeof clear, &image), 200, "PNG");
  says(onair_image_from_rgba(2, 3, clear, sizeof clear, &image), 200, "16 bytes");
  says(onair_font_load(NULL, 9, &font), 220, "NULL");
  says(onair_table_load(clear, sizeof clear, NULL), 220, "asset");
  assert(onair_image_from_rgba(2, 2, clear, sizeof clear, &image) == ONAIR_OK);
  says(onair_asset_bytes(image, &byte, 1, &size), 220, "file");
  overlay.image = image;
  assert(onair_session_set_look(session, &look) == ONAIR_OK);
  assert(onair_asset_free(image) == ONAIR_OK);
  says(onair_asset_free(image), 221, "asset");
  says(onair_session_set_look(session, &look), 221, "asset");
  overlay.content = ONAIR_CONTENT_TEXT;
  says(onair_session_set_look(session, &look), 220, "text");
  overlay.text = "on air";
  overlay.font = session;
  says(onair_session_set_look(session, &look), 221, "asset");
  overlay.font = 0;
  overlay.anchor = 5;
  says(onair_session_set_look(session, &look), 220, "anchor");
  overlay.anchor = ONAIR_ANCHOR_CENTRE;
  overlay.size_px = 3;
  says(onair_session_set_look(session, &look), 200, "size_px is 3");
  overlay.content = ONAIR_CONTENT_PUSHED;
  look.zoom = 0.0f / 0.0f;
  says(onair_session_set_look(session, &look), 200, "zoom");
  look.zoom = 1;
  onair_effect effect = {.kind = 6};
  look.effects = &effect;
  look.effect_count = 1;
  says(onair_session_set_look(session, &look), 220, "effect");
  effect.kind = ONAIR_EFFECT_TABLE;
  says(onair_session_set_look(session, &look), 221, "asset");
  look.effect_count = 0;
  assert(onair_session_set_look(session, &look) == ONAIR_OK);
  uint8_t *pixels = calloc(64 * 32, 1);
  onair_video_frame frame = {.pixels = ONAIR_PIXELS_RGBA, .width = 16, .height = 16,
                             .planes = {{pixels, 64 * 16, 64}}, .release = release, .context = pixels};
  int before = released;
  assert(onair_session_push_overlay(session, "mark", &frame) == ONAIR_OK && released == before + 1);
  frame.release = NULL;
  says(onair_session_push_overlay(session, NULL, &frame), 220, "name");
  says(onair_session_push_overlay(session, "mark", NULL), 220, "frame");
  frame.width = 15;
  says(onair_session_push_overlay(session, "mark", &frame), 216, "even");
  uint8_t room[64 * 16] = {0};
  frame.width = 16;
  frame.planes[0].data = room;
  says(onair_session_push_overlay(session, "nobody", &frame), 216, "nobody");
  onair_asset file = 7;
  says(onair_session_snapshot(session, 0, 1, &file), 208, "start");
  assert(file == 0);
  says(onair_session_snapshot(session, 101, 1, &file), 200, "quality");
  says(onair_session_snapshot(session, 0, 1, NULL), 220, "file");
  uint32_t width, height;
  assert(onair_session_set_preview(session, 1, 1) == ONAIR_OK);
  says(onair_session_fetch_preview(session, 9, room, sizeof room, &width, &height), 220, "pixels");
  says(onair_session_fetch_preview(session, ONAIR_PIXELS_I420, NULL, 9, &width, &height), 220, "buffer");
  assert(onair_session_fetch_preview(session, ONAIR_PIXELS_I420, room, sizeof room, &width, &height) ==
         ONAIR_NO_PICTURE);
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
  recordings(session);
  looks(session);
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
  onair_destination apart = {.url = "rtmp://127.0.0.1", .app = "live"};
  says(onair_session_start(session, &apart, 1, ONAIR_SHARED_FIRST), 220, "key");
  apart.key = "\xff";
  says(onair_session_start(session, &apart, 1, ONAIR_SHARED_FIRST), 220, "key is not UTF-8");
  apart.key = "";
  says(onair_session_start(session, &apart, 1, ONAIR_SHARED_FIRST), 202, "stream key");
  apart.key = "my key", apart.url = "rtmp://127.0.0.1/live";
  says(onair_session_start(session, &apart, 1, ONAIR_SHARED_FIRST), 202, "app");
  apart.app = NULL, apart.backup_after_ms = 1;
  says(onair_session_start(session, &apart, 1, ONAIR_SHARED_FIRST), 220, "backup");
  apart.backup_after_ms = 0, apart.backup_key = "k";
  says(onair_session_start(session, &apart, 1, ONAIR_SHARED_FIRST), 220, "backup");
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
