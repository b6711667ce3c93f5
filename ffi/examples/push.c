/* Goes live with a moving picture and a tone, for some seconds.
 *
 *   cc push.c -I ../include -L DIR -lonair_ffi -lm -o push
 *   ./push rtmp://127.0.0.1/live/key 5
 *
 * A real app pushes what its camera and microphone give, with their times. Exit code 0 when everything was sent. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onair.h"

static int failed(const char *what, onair_status status) {
  char reason[256], advice[256];
  onair_last_error(reason, sizeof reason);
  onair_last_advice(advice, sizeof advice);
  fprintf(stderr, "%s: error %d: %s; %s\n", what, (int)status, reason, advice);
  return 1;
}

static int64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void sleep_until(int64_t time_us) {
  int64_t wait_us = time_us - now_us();
  if (wait_us > 0) {
    struct timespec time = {wait_us / 1000000, wait_us % 1000000 * 1000};
    nanosleep(&time, NULL);
  }
}

/* A bar that walks over a grey ramp. */
static void draw(uint8_t *nv12, uint32_t width, uint32_t height, unsigned number) {
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++)
      nv12[y * width + x] = (uint8_t)((x + 4 * number) % width < 32 ? 235 : 16 + 200 * y / height);
  memset(nv12 + (size_t)width * height, 128, (size_t)width * height / 2);
}

static void print_events(onair_session session) {
  onair_event event;
  while (onair_session_next_event(session, 0, &event) == ONAIR_OK) {
    if (event.kind == ONAIR_EVENT_STATE) printf("state %u\n", event.state);
    if (event.kind == ONAIR_EVENT_LOST) printf("lost: %s (%u)\n", event.text, event.code);
    if (event.kind == ONAIR_EVENT_BITRATE) printf("%s\n", event.text);
  }
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "push URL SECONDS\n");
    return 2;
  }
  if (onair_abi_version() != ONAIR_ABI_VERSION) {
    fprintf(stderr, "onair.h and the library differ\n");
    return 2;
  }
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  onair_status status = onair_audio_preset(2, &audio);
  if (status == ONAIR_OK) status = onair_video_preset(2, 1, &video);
  if (status == ONAIR_OK) status = onair_session_config_init(&config);
  if (status != ONAIR_OK) return failed("configure", status);
  config.audio = &audio;
  config.video = &video;

  onair_session session;
  status = onair_session_create(&config, &session);
  if (status != ONAIR_OK) return failed("create", status);
  status = onair_session_start_url(session, arguments[1]);
  if (status != ONAIR_OK) return failed("start", status);

  size_t size = (size_t)video.width * video.height;
  uint8_t *nv12 = malloc(size * 3 / 2);
  size_t samples_each = audio.sample_rate_hz / video.fps * audio.channels;
  int16_t *samples = malloc(samples_each * sizeof *samples);
  if (!nv12 || !samples) {
    fprintf(stderr, "there is no memory\n");
    return 1;
  }
  int64_t start_us = now_us();
  for (unsigned number = 0; number < (unsigned)atoi(arguments[2]) * video.fps; number++) {
    int64_t at_us = start_us + (int64_t)number * 1000000 / video.fps;
    sleep_until(at_us);
    draw(nv12, video.width, video.height, number);
    onair_video_frame frame = {.pixels = ONAIR_PIXELS_NV12,
                               .width = video.width,
                               .height = video.height,
                               .planes = {{nv12, size, video.width}, {nv12 + size, size / 2, video.width}},
                               .time_us = at_us};
    status = onair_session_push_video(session, &frame);
    if (status != ONAIR_OK) return failed("push a picture", status);
    for (size_t at = 0; at < samples_each; at++) {
      double phase = (double)(number * (samples_each / audio.channels) + at / audio.channels);
      samples[at] = (int16_t)(8000 * sin(phase * 440 * 6.283185307 / audio.sample_rate_hz));
    }
    status = onair_session_push_audio(session, samples, samples_each, audio.sample_rate_hz, audio.channels, at_us);
    if (status != ONAIR_OK) return failed("push sound", status);
    print_events(session);
  }
  uint32_t sent = 0;
  status = onair_session_finish(session, 5000, &sent);
  if (status != ONAIR_OK) return failed("finish", status);
  print_events(session);
  onair_figures figures;
  status = onair_session_figures(session, &figures);
  if (status != ONAIR_OK) return failed("read the figures", status);
  printf("%llu pictures, %llu bytes\n", (unsigned long long)figures.frames_sent, (unsigned long long)figures.bytes_sent);
  status = onair_session_free(session);
  if (status != ONAIR_OK) return failed("free", status);
  free(samples);
  free(nv12);
  return sent ? 0 : 1;
}
