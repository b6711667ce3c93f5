/* A thousand calls in random order from eight threads on four sessions that come and go: every status is one that the
 * call's documentation names, and nothing hangs or crashes. Arguments: a port that nobody listens on, a seed, and
 * "raw" or "encoded", which needs no encoder in the library. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onair.h"

enum { THREADS = 8, CALLS = 125, SESSIONS = 4 };

static _Atomic onair_session sessions[SESSIONS];
static char url[64];
static unsigned seed;
static int is_encoded;

/* Of x264, Baseline 64x48; and AAC-LC, 16,000 Hz, stereo. */
static const uint8_t avcc[] = {0x01, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0x00, 0x17, 0x67, 0x42, 0xc0, 0x0a, 0xa6, 0x11,
                               0x11, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x05, 0x03, 0xc4,
                               0x89, 0x84, 0x60, 0x01, 0x00, 0x06, 0x68, 0xc8, 0x42, 0x03, 0x92, 0xc8};
static const uint8_t asc[] = {0x14, 0x10};
static const uint8_t idr[] = {0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21};
static atomic_int unexpected;

static onair_session make(void) {
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  onair_audio_preset(0, &audio);
  onair_video_preset(0, 0, &video);
  onair_session_config_init(&config);
  config.audio = &audio;
  config.video = &video;
  config.audio_source = config.video_source = is_encoded ? ONAIR_SOURCE_ENCODED : ONAIR_SOURCE_RAW;
  onair_session session = 0;
  assert(onair_session_create(&config, &session) == ONAIR_OK);
  return session;
}

static void expect(const char *call, onair_status status, const int *allowed) {
  for (; *allowed >= 0; allowed++)
    if (*allowed == status) return;
  fprintf(stderr, "%s: %d\n", call, (int)status);
  unexpected++;
}

#define EXPECT(call, ...) expect(#call, call, (const int[]){__VA_ARGS__, -1})

static onair_status push_video(onair_session session, int64_t at_us) {
  static uint8_t pixels[360 * 640 * 3 / 2];
  onair_video_unit unit = {.is_key = 1, .header = avcc, .header_size = sizeof avcc, .payload = idr,
                           .payload_size = sizeof idr, .pts_us = at_us, .dts_us = at_us};
  onair_video_frame frame = {.pixels = ONAIR_PIXELS_NV12, .width = 360, .height = 640,
                             .planes = {{pixels, 360 * 640, 360}, {pixels + 360 * 640, 360 * 320, 360}},
                             .time_us = at_us};
  return is_encoded ? onair_session_push_encoded_video(session, &unit) : onair_session_push_video(session, &frame);
}

static onair_status push_audio(onair_session session, int64_t at_us) {
  static int16_t samples[2048];
  onair_audio_unit unit = {.header = asc, .header_size = sizeof asc, .payload = idr, .payload_size = sizeof idr,
                           .pts_us = at_us};
  return is_encoded ? onair_session_push_encoded_audio(session, &unit)
                    : onair_session_push_audio(session, samples, 2048, 16000, 2, at_us);
}

static void *run(void *argument) {
  unsigned state = seed + (unsigned)(size_t)argument;
  for (int call = 0; call < CALLS; call++) {
    int slot = rand_r(&state) % SESSIONS;
    onair_session session = sessions[slot];
    int64_t at_us = (int64_t)call * 10000;
    onair_event event;
    onair_figures figures;
    switch (rand_r(&state) % 9) {
      case 0: EXPECT(onair_session_start_url(session, url), 0, 208, 209, 221); break;
      case 1: EXPECT(onair_session_stop(session), 0, 221); break;
      case 2: EXPECT(push_video(session, at_us), 0, 208, 216, 221); break;
      case 3: EXPECT(push_audio(session, at_us), 0, 208, 216, 221); break;
      case 4: EXPECT(onair_session_next_event(session, 1, &event), 0, 1, 220, 221); break;
      case 5: EXPECT(onair_session_figures(session, &figures), 0, 221); break;
      case 6: EXPECT(onair_session_finish(session, 10, NULL), 0, 221); break;
      case 7: EXPECT(onair_session_set_muted(session, call & 1), 0, 221); break;
      default:
        if (rand_r(&state) % 4 == 0) {
          onair_session old = atomic_exchange(&sessions[slot], make());
          EXPECT(onair_session_free(old), 0);
        }
    }
  }
  return NULL;
}

int main(int count, char **arguments) {
  assert(count == 4);
  snprintf(url, sizeof url, "rtmp://127.0.0.1:%s/live/key", arguments[1]);
  seed = (unsigned)atoi(arguments[2]);
  is_encoded = strcmp(arguments[3], "encoded") == 0;
  for (int slot = 0; slot < SESSIONS; slot++) sessions[slot] = make();
  pthread_t threads[THREADS];
  for (size_t thread = 0; thread < THREADS; thread++) pthread_create(&threads[thread], NULL, run, (void *)thread);
  for (int thread = 0; thread < THREADS; thread++) pthread_join(threads[thread], NULL);
  for (int slot = 0; slot < SESSIONS; slot++) assert(onair_session_free(sessions[slot]) == ONAIR_OK);
  return unexpected ? 1 : 0;
}
