/* An app with an encoder of its own: the look is drawn into its buffers, times are placed, and it stands in itself. */
#define ONAIR_REHEARSAL
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "onair.h"

enum { WIDTH = 64, HEIGHT = 48, STRIDE = 80 };

static void says(onair_status status, onair_status expected, const char *word) {
  char reason[256];
  assert(status == expected);
  assert(onair_last_error(reason, sizeof reason) > 1 && strstr(reason, word));
}

static onair_session make(uint32_t video_source) {
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  assert(onair_audio_preset(0, &audio) == ONAIR_OK && onair_video_preset(0, 0, &video) == ONAIR_OK);
  assert(onair_session_config_init(&config) == ONAIR_OK);
  video.width = WIDTH;
  video.height = HEIGHT;
  config.audio = &audio;
  config.video = &video;
  config.video_source = video_source;
  config.audio_source = ONAIR_SOURCE_ENCODED;
  onair_session session;
  assert(onair_session_create(&config, &session) == ONAIR_OK);
  return session;
}

static onair_target target_in(uint8_t *y, uint8_t *uv) {
  onair_target target = {.pixels = ONAIR_PIXELS_NV12, .width = WIDTH, .height = HEIGHT};
  /* The last row ends without its padding. */
  target.planes[0] = (onair_target_plane){y, STRIDE * (HEIGHT - 1) + WIDTH, STRIDE};
  target.planes[1] = (onair_target_plane){uv, STRIDE * (HEIGHT / 2 - 1) + WIDTH, STRIDE};
  return target;
}

static onair_video_frame gray(uint8_t *pixels, uint8_t luma) {
  memset(pixels, luma, WIDTH * HEIGHT);
  memset(pixels + WIDTH * HEIGHT, 128, WIDTH * HEIGHT / 2);
  onair_video_frame frame = {.pixels = ONAIR_PIXELS_NV12, .width = WIDTH, .height = HEIGHT};
  frame.planes[0] = (onair_plane){pixels, WIDTH * HEIGHT, WIDTH};
  frame.planes[1] = (onair_plane){pixels + WIDTH * HEIGHT, WIDTH * HEIGHT / 2, WIDTH};
  return frame;
}

static void draws(void) {
  onair_session session = make(ONAIR_SOURCE_ENCODED);
  uint8_t *pixels = malloc(WIDTH * HEIGHT * 3 / 2);
  uint8_t *y = malloc(STRIDE * (HEIGHT - 1) + WIDTH), *uv = malloc(STRIDE * (HEIGHT / 2 - 1) + WIDTH);
  onair_video_frame frame = gray(pixels, 60);
  onair_target target = target_in(y, uv);
  onair_placed placed;
  assert(onair_session_place_video(session, 7000, &placed) == ONAIR_OK);
  assert(placed.is_taken && !placed.is_drawn && placed.time_us == 7000);
  assert(onair_session_place_audio(session, 8000, 21333, &placed) == ONAIR_OK);
  assert(placed.is_taken && !placed.is_drawn && placed.time_us == 8000);
  assert(onair_session_draw(session, &frame, &target) == ONAIR_OK && y[0] == 60 && y[STRIDE * 47 + 63] == 60);

  onair_look look;
  onair_effect effect = {.kind = ONAIR_EFFECT_INVERT};
  assert(onair_look_init(&look) == ONAIR_OK);
  look.effects = &effect;
  look.effect_count = 1;
  assert(onair_session_set_look(session, &look) == ONAIR_OK);
  assert(onair_session_place_video(session, 9000, &placed) == ONAIR_OK && placed.is_drawn);
  assert(onair_session_draw(session, &frame, &target) == ONAIR_OK);
  /* Limited range: 16 and 235 change places. */
  assert(abs(y[0] - (16 + 235 - 60)) <= 1 && abs(uv[0] - 128) <= 1 && abs(uv[STRIDE * 23 + 63] - 128) <= 1);

  assert(onair_session_draw_slate(session, 0, &target) == ONAIR_NO_SLATE);
  onair_video_frame slate = gray(pixels, 100);
  assert(onair_session_set_slate(session, &slate) == ONAIR_OK);
  assert(onair_session_draw_slate(session, 0, &target) == ONAIR_OK && abs(y[0] - (16 + 235 - 100)) <= 1);

  says(onair_session_draw(session, &frame, NULL), 220, "target");
  says(onair_session_draw(session, NULL, &target), 220, "frame");
  says(onair_session_place_video(session, 0, NULL), 220, "placed");
  target.pixels = ONAIR_PIXELS_BGRA;
  says(onair_session_draw(session, &frame, &target), 216, "written as");
  target = target_in(y, uv);
  target.planes[1].size -= 1;
  says(onair_session_draw(session, &frame, &target), 216, "plane 1");
  target = target_in(y, uv);
  target.width = 32;
  says(onair_session_draw(session, &frame, &target), 216, "32x48");
  target = target_in(y, y + 8);
  says(onair_session_draw(session, &frame, &target), 220, "overlap");
  target = target_in(y, uv);
  target.planes[1].data = NULL;
  says(onair_session_draw_slate(session, 0, &target), 220, "NULL");
  /* In place: the picture would change while it is read. */
  onair_target own = {.pixels = ONAIR_PIXELS_NV12, .width = WIDTH, .height = HEIGHT};
  own.planes[0] = (onair_target_plane){pixels, WIDTH * HEIGHT, WIDTH};
  own.planes[1] = (onair_target_plane){pixels + WIDTH * HEIGHT, WIDTH * HEIGHT / 2, WIDTH};
  says(onair_session_draw(session, &frame, &own), 220, "overlap");
  assert(onair_session_free(session) == ONAIR_OK);
  says(onair_session_draw(session, &frame, &own), 221, "session");
  free(pixels);
  free(y);
  free(uv);
}

static void stands_in(void) {
  onair_placed placed;
  int64_t at = 0;
  assert(onair_rehearsal_begin(1) == ONAIR_OK);
  onair_session session = make(ONAIR_SOURCE_ENCODED);
  assert(onair_rehearsal_end() == ONAIR_OK);
  onair_destination place = {.url = "rtmp://rehearsal.local/live/key"};
  says(onair_session_interrupt(session, ONAIR_INTERRUPT_PICTURE), 200, "Video");
  assert(onair_session_place_video(session, 0, &placed) == ONAIR_OK);
  says(onair_session_interrupt(session, ONAIR_INTERRUPT_PICTURE), 208, "interrupt");
  says(onair_session_wait_stand_in(session, ONAIR_INTERRUPT_PICTURE, 0, &at), 208, "running");
  assert(onair_session_start(session, &place, 1, ONAIR_SHARED_FIRST) == ONAIR_OK);
  assert(onair_session_place_video(session, 1000000, &placed) == ONAIR_OK && placed.is_taken);
  assert(onair_session_wait_stand_in(session, ONAIR_INTERRUPT_PICTURE, 0, &at) == ONAIR_FLOWING);
  assert(onair_session_interrupt(session, ONAIR_INTERRUPT_PICTURE) == ONAIR_OK);
  assert(onair_session_wait_stand_in(session, ONAIR_INTERRUPT_PICTURE, 0, &at) == ONAIR_NO_EVENT);
  assert(onair_rehearsal_pass(session, 1000000) == ONAIR_OK);
  assert(onair_session_place_video(session, 1500000, &placed) == ONAIR_OK && !placed.is_taken);
  int64_t before = 1000000;
  int count = 0;
  while (onair_session_wait_stand_in(session, ONAIR_INTERRUPT_PICTURE, 0, &at) == ONAIR_OK) {
    assert(at > before);
    before = at;
    count++;
  }
  /* The preset has 15 pictures a second. */
  assert(count == 15 && before == 2000000);
  assert(onair_session_resume(session, ONAIR_INTERRUPT_PICTURE) == ONAIR_OK);
  assert(onair_session_place_video(session, 2040000, &placed) == ONAIR_OK);
  assert(placed.is_taken && placed.time_us == 2040000);
  assert(onair_session_wait_stand_in(session, ONAIR_INTERRUPT_PICTURE, 60000, &at) == ONAIR_FLOWING);
  says(onair_session_wait_stand_in(session, ONAIR_INTERRUPT_BOTH, 0, &at), 220, "what");
  says(onair_session_wait_stand_in(session, ONAIR_INTERRUPT_SOUND, 0, NULL), 220, "time_us");
  assert(onair_session_free(session) == ONAIR_OK);

  session = make(ONAIR_SOURCE_RAW);
  says(onair_session_place_video(session, 0, &placed), 216, "Video");
  assert(onair_session_free(session) == ONAIR_OK);
}

/* 200 ms of two sources, 48 kHz, one channel, of which ten blocks less what is waited for come out. */
static void mixes(void) {
  enum { PIECE = 960, BLOCK = 1024 };
  onair_audio_config audio;
  onair_session_config config;
  onair_session session;
  uint32_t music;
  int64_t at = 0;
  int16_t voice[PIECE], song[PIECE], block[2 * BLOCK];
  assert(onair_audio_preset(2, &audio) == ONAIR_OK && onair_session_config_init(&config) == ONAIR_OK);
  config.audio = &audio;
  config.audio_source = ONAIR_SOURCE_ENCODED;
  assert(onair_rehearsal_begin(1) == ONAIR_OK);
  assert(onair_session_create(&config, &session) == ONAIR_OK);
  assert(onair_rehearsal_end() == ONAIR_OK);
  assert(onair_session_add_audio_source(session, &music) == ONAIR_OK);
  assert(onair_session_set_audio_source_gain(session, music, 0.5f) == ONAIR_OK);
  for (int index = 0; index < PIECE; index++) voice[index] = 1000, song[index] = 400;
  says(onair_session_mix_audio(session, 0, voice, PIECE, 48000, 1, 0), 208, "not running");
  onair_destination place = {.url = "rtmp://rehearsal.local/live/key"};
  assert(onair_session_start(session, &place, 1, ONAIR_SHARED_FIRST) == ONAIR_OK);
  assert(onair_session_take_mixed(session, block, 2 * BLOCK, &at) == ONAIR_NO_EVENT);
  for (int64_t time = 1000000; time < 1200000; time += 20000) {
    onair_placed placed;
    assert(onair_session_place_audio(session, time, 20000, &placed) == ONAIR_OK && placed.is_taken);
    assert(onair_session_mix_audio(session, 0, voice, PIECE, 48000, 1, placed.time_us) == ONAIR_OK);
    assert(onair_session_mix_audio(session, music, song, PIECE, 48000, 1, time) == ONAIR_OK);
  }
  int blocks = 0;
  int64_t before = 0;
  while (onair_session_take_mixed(session, block, 2 * BLOCK, &at) == ONAIR_OK) {
    /* Of 44.1 kHz. */
    assert(!blocks || llabs(at - before - 23220) <= 1);
    before = at;
    blocks++;
  }
  assert(blocks >= 6 && abs(block[0] - 1200) <= 2 && abs(block[2 * BLOCK - 1] - 1200) <= 2);
  says(onair_session_take_mixed(session, block, BLOCK, &at), 220, "2048");
  says(onair_session_take_mixed(session, NULL, 2 * BLOCK, &at), 220, "samples");
  says(onair_session_take_mixed(session, block, 2 * BLOCK, NULL), 220, "time_us");
  says(onair_session_mix_audio(session, 99, voice, PIECE, 48000, 1, 0), 216, "source of sound 99");
  says(onair_session_mix_audio(session, 0, NULL, PIECE, 48000, 1, 0), 220, "samples");
  says(onair_session_mix_audio(session, 0, voice, PIECE, 1, 1, 0), 216, "1 Hz");
  assert(onair_session_free(session) == ONAIR_OK);
  says(onair_session_take_mixed(session, block, 2 * BLOCK, &at), 221, "session");
}

int main(void) {
  draws();
  mixes();
  stands_in();
}
