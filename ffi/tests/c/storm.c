/* A thousand calls in random order from eight threads on four sessions that come and go: every status is one that the
 * call's documentation names, and nothing hangs or crashes. Arguments: a port that nobody listens on, a seed. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "onair.h"

enum { THREADS = 8, CALLS = 125, SESSIONS = 4 };

static _Atomic onair_session sessions[SESSIONS];
static char url[64];
static unsigned seed;
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

static void *run(void *argument) {
  static uint8_t pixels[360 * 640 * 3 / 2];
  static int16_t samples[2048];
  unsigned state = seed + (unsigned)(size_t)argument;
  for (int call = 0; call < CALLS; call++) {
    int slot = rand_r(&state) % SESSIONS;
    onair_session session = sessions[slot];
    int64_t at_us = (int64_t)call * 10000;
    onair_video_frame frame = {.pixels = ONAIR_PIXELS_NV12, .width = 360, .height = 640,
                               .planes = {{pixels, 360 * 640, 360}, {pixels + 360 * 640, 360 * 320, 360}},
                               .time_us = at_us};
    onair_event event;
    onair_figures figures;
    switch (rand_r(&state) % 9) {
      case 0: EXPECT(onair_session_start_url(session, url), 0, 208, 209, 221); break;
      case 1: EXPECT(onair_session_stop(session), 0, 221); break;
      case 2: EXPECT(onair_session_push_video(session, &frame), 0, 208, 216, 221); break;
      case 3: EXPECT(onair_session_push_audio(session, samples, 2048, 16000, 2, at_us), 0, 208, 216, 221); break;
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
  assert(count == 3);
  snprintf(url, sizeof url, "rtmp://127.0.0.1:%s/live/key", arguments[1]);
  seed = (unsigned)atoi(arguments[2]);
  for (int slot = 0; slot < SESSIONS; slot++) sessions[slot] = make();
  pthread_t threads[THREADS];
  for (size_t thread = 0; thread < THREADS; thread++) pthread_create(&threads[thread], NULL, run, (void *)thread);
  for (int thread = 0; thread < THREADS; thread++) pthread_join(threads[thread], NULL);
  for (int slot = 0; slot < SESSIONS; slot++) assert(onair_session_free(sessions[slot]) == ONAIR_OK);
  return unexpected ? 1 : 0;
}
