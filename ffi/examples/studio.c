/* What there is beside a stream: a look, a picture of it, files, a second sound, and a room.
 *
 *   cc studio.c -I ../include -L DIR -lonair_ffi -lpthread -o studio
 *   ./studio FOLDER [ws://127.0.0.1:8080]
 *
 * It publishes nothing: three seconds become files in FOLDER, which is there and has none of them yet. Exit code 0 when
 * all of it went well. The pages in docs show pieces of this. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onair.h"

enum { WIDTH = 640, HEIGHT = 360, FPS = 15, RATE = 48000, SECONDS = 3 };

static char show[512], clip[512], shot[512];

static int failed(const char *what) {
  char reason[256], advice[256];
  onair_last_error(reason, sizeof reason);
  onair_last_advice(advice, sizeof advice);
  fprintf(stderr, "%s: %s; %s\n", what, reason, advice);
  return 1;
}

/* Beauty, sepia, and a text in the corner. */
static onair_status look_good(onair_session session) {
  onair_look look;
  onair_look_init(&look);
  look.beauty = 1;
  onair_effect sepia = {.kind = ONAIR_EFFECT_SEPIA};
  look.effects = &sepia, look.effect_count = 1;
  onair_overlay title;
  onair_overlay_init(&title);
  title.name = "title", title.content = ONAIR_CONTENT_TEXT, title.text = "Hello", title.size_px = 32;
  look.overlays = &title, look.overlay_count = 1;
  return onair_session_set_look(session, &look); /* from the next picture on */
}

/* The next picture as viewers get it. */
static onair_status take_a_picture(onair_session session) {
  onair_asset file;
  size_t size;
  onair_status status = onair_session_snapshot(session, 0, 1000, &file); /* PNG; waits a second for a picture */
  if (status != ONAIR_OK) return status;
  onair_asset_bytes(file, NULL, 0, &size);
  uint8_t *bytes = malloc(size);
  onair_asset_bytes(file, bytes, size, &size);
  onair_asset_free(file);
  FILE *out = fopen(shot, "wb");
  if (out) {
    fwrite(bytes, 1, size, out);
    fclose(out);
  }
  free(bytes);
  return ONAIR_OK;
}

/* Without a stream; with one, onair_session_start_recording takes the same. */
static onair_status record(onair_session session) {
  onair_recording_config file = {.path = show};
  onair_session_keep_clip(session, 2000); /* the newest two seconds stay in memory */
  return onair_session_record_only(session, &file);
}

static onair_status save_what_just_happened(onair_session session) {
  onair_recording_config file = {.path = clip};
  onair_recording made;
  return onair_session_save_clip(session, &file, &made);
}

/* A voice, and music at a third of its loudness. */
static onair_status sound(onair_session session, uint32_t music, int64_t time_us) {
  static int16_t voice[RATE / FPS], song[2 * RATE / FPS];
  onair_status status = onair_session_push_audio(session, voice, RATE / FPS, RATE, 1, time_us);
  if (status == ONAIR_OK)
    status = onair_session_push_audio_to(session, music, song, 2 * RATE / FPS, RATE, 2, time_us);
  return status;
}

static onair_status picture(onair_session session, int number, int64_t time_us) {
  static uint8_t pixels[WIDTH * HEIGHT * 4];
  for (int at = 0; at < WIDTH * HEIGHT; at++) {
    pixels[4 * at] = (uint8_t)(at % WIDTH + 4 * number);
    pixels[4 * at + 1] = (uint8_t)(at / WIDTH);
    pixels[4 * at + 2] = 120;
  }
  onair_video_frame frame = {.pixels = ONAIR_PIXELS_RGBA,
                             .width = WIDTH,
                             .height = HEIGHT,
                             .planes = {{pixels, sizeof pixels, WIDTH * 4}},
                             .time_us = time_us};
  return onair_session_push_video(session, &frame);
}

/* Camera and microphones, in a thread of their own. */
static void *capture(void *argument) {
  onair_session session = *(onair_session *)argument;
  uint32_t music;
  if (onair_session_add_audio_source(session, &music) != ONAIR_OK) return "add a source";
  onair_session_set_audio_source_gain(session, music, 0.3f);
  for (int number = 0; number < SECONDS * FPS; number++) {
    int64_t time_us = (int64_t)number * 1000000 / FPS;
    if (picture(session, number, time_us) != ONAIR_OK) return "push a picture";
    if (sound(session, music, time_us) != ONAIR_OK) return "push sound";
    nanosleep(&(struct timespec){0, 1000000000 / FPS}, NULL);
  }
  return NULL;
}

/* Opens a room and says something in it. */
static int talk(const char *server) {
  onair_room_config config;
  onair_room room;
  onair_room_config_init(&config);
  config.servers = &server, config.server_count = 1;
  config.name = "Ann";
  if (onair_room_create(&config, &room) != ONAIR_OK) return failed("make a room's client");
  onair_room_open(room, "evening", "Songs"); /* one's own; onair_room_join goes into another's */
  onair_room_event event;
  int status = 1;
  while (status && onair_room_next_event(room, 5000, &event) == ONAIR_OK) {
    if (event.kind == ONAIR_ROOM_JOINED) onair_room_comment(room, "hello", ONAIR_NO_TIME, NULL, 0);
    if (event.kind == ONAIR_ROOM_COMMENT) status = printf("%s: %s\n", event.name, event.text) < 0;
  }
  onair_room_stop(room);
  onair_room_free(room);
  return status;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "studio FOLDER [SERVER]\n");
    return 2;
  }
  snprintf(show, sizeof show, "%s/show.mp4", arguments[1]);
  snprintf(clip, sizeof clip, "%s/clip.mp4", arguments[1]);
  snprintf(shot, sizeof shot, "%s/shot.png", arguments[1]);
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  onair_audio_preset(2, &audio);
  onair_video_preset(0, 1, &video);
  video.keyframe_interval_frames = FPS;
  onair_session_config_init(&config);
  config.audio = &audio, config.video = &video;
  onair_session session;
  if (onair_session_create(&config, &session) != ONAIR_OK) return failed("create");
  if (look_good(session) != ONAIR_OK) return failed("set the look");
  if (record(session) != ONAIR_OK) return failed("record");
  pthread_t camera;
  void *problem = NULL;
  if (pthread_create(&camera, NULL, capture, &session)) return 1;
  if (take_a_picture(session) != ONAIR_OK) return failed("take a picture");
  pthread_join(camera, &problem);
  if (problem) return failed(problem);
  if (save_what_just_happened(session) != ONAIR_OK) return failed("save the clip");
  onair_session_finish(session, 5000, NULL);
  onair_recording made;
  if (onair_session_stop_recording(session, &made) != ONAIR_OK) return failed("end the recording");
  printf("%llu pictures, %llu ms\n", (unsigned long long)made.frames, (unsigned long long)made.duration_ms);
  /* After a crash; here there was none, and the file is left as it is. */
  if (onair_recover(show, NULL, &made, NULL) != ONAIR_OK) return failed("recover");
  onair_session_free(session);
  return count > 2 ? talk(arguments[2]) : 0;
}
