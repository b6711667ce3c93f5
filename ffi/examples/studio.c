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

enum { LONGEST = 512 };
static char show[LONGEST], clip[LONGEST], shot[LONGEST];

static int name(char *path, const char *folder, const char *file) {
  int length = snprintf(path, LONGEST, "%s/%s", folder, file);
  return length > 0 && length < LONGEST;
}

/* Says what failed, in the thread in which it did. */
static void *problem(const char *what) {
  char reason[256] = "", advice[256] = "";
  onair_last_error(reason, sizeof reason);
  onair_last_advice(advice, sizeof advice);
  fprintf(stderr, "%s: %s; %s\n", what, reason, advice);
  return (void *)what;
}

static int failed(const char *what) { return problem(what) != NULL; }

/* What goes wrong outside the library. */
static void out_of_ours(const char *what) {
  perror(what);
  exit(1);
}

static int write_file(const char *path, const uint8_t *bytes, size_t size) {
  FILE *out = fopen(path, "wb");
  if (!out) return 0;
  int whole = fwrite(bytes, 1, size, out) == size;
  return fclose(out) == 0 && whole;
}

/* Beauty, sepia, and a text in the corner. */
static onair_status look_good(onair_session session) {
  onair_look look;
  onair_status status = onair_look_init(&look);
  if (status != ONAIR_OK) return status;
  look.beauty = 1;
  onair_effect sepia = {.kind = ONAIR_EFFECT_SEPIA};
  look.effects = &sepia, look.effect_count = 1;
  onair_overlay title;
  status = onair_overlay_init(&title);
  if (status != ONAIR_OK) return status;
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
  status = onair_asset_bytes(file, NULL, 0, &size);
  uint8_t *bytes = status == ONAIR_OK ? malloc(size) : NULL;
  if (bytes) status = onair_asset_bytes(file, bytes, size, &size);
  int written = bytes && status == ONAIR_OK ? write_file(shot, bytes, size) : 0;
  free(bytes);
  onair_status freed = onair_asset_free(file);
  if (status == ONAIR_OK && !written) out_of_ours("write the picture");
  return status != ONAIR_OK ? status : freed;
}

/* Without a stream; with one, onair_session_start_recording takes the same. */
static onair_status record(onair_session session) {
  onair_recording_config file = {.path = show};
  onair_status status = onair_session_keep_clip(session, 2000); /* the newest two seconds stay in memory */
  return status != ONAIR_OK ? status : onair_session_record_only(session, &file);
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

/* Camera and microphones, in a thread of their own; NULL when all went well. */
static void *capture(void *argument) {
  onair_session session = *(onair_session *)argument;
  uint32_t music;
  if (onair_session_add_audio_source(session, &music) != ONAIR_OK) return problem("add a source");
  if (onair_session_set_audio_source_gain(session, music, 0.3f) != ONAIR_OK) return problem("set a gain");
  for (int number = 0; number < SECONDS * FPS; number++) {
    int64_t time_us = (int64_t)number * 1000000 / FPS;
    if (picture(session, number, time_us) != ONAIR_OK) return problem("push a picture");
    if (sound(session, music, time_us) != ONAIR_OK) return problem("push sound");
    if (nanosleep(&(struct timespec){0, 1000000000 / FPS}, NULL)) return "wait for the next picture";
  }
  return NULL;
}

/* Opens a room, and is done when its own word came back. */
static int say_hello(onair_room room) {
  /* One's own; onair_room_join goes into another's. */
  if (onair_room_open(room, "evening", "Songs") != ONAIR_OK) return failed("open the room");
  onair_room_event event;
  onair_status status;
  while ((status = onair_room_next_event(room, 5000, &event)) == ONAIR_OK) {
    if (event.kind == ONAIR_ROOM_JOINED && onair_room_comment(room, "hello", ONAIR_NO_TIME, NULL, 0) != ONAIR_OK)
      return failed("say something");
    if (event.kind == ONAIR_ROOM_COMMENT) return printf("%s: %s\n", event.name, event.text) < 0;
  }
  if (status != ONAIR_NO_EVENT) return failed("hear the room");
  fprintf(stderr, "the room says nothing\n");
  return 1;
}

/* Makes a room's client, and says something by it. */
static int talk(const char *server) {
  onair_room_config config;
  onair_room room;
  if (onair_room_config_init(&config) != ONAIR_OK) return failed("begin a room's configuration");
  config.servers = &server, config.server_count = 1;
  config.name = "Ann";
  if (onair_room_create(&config, &room) != ONAIR_OK) return failed("make a room's client");
  int status = say_hello(room);
  if (onair_room_stop(room) != ONAIR_OK) status = failed("leave the room");
  if (onair_room_free(room) != ONAIR_OK) status = failed("free the room's client");
  return status;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "studio FOLDER [SERVER]\n");
    return 2;
  }
  if (!name(show, arguments[1], "show.mp4") || !name(clip, arguments[1], "clip.mp4") ||
      !name(shot, arguments[1], "shot.png")) {
    fprintf(stderr, "the folder's name is too long\n");
    return 2;
  }
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  if (onair_audio_preset(2, &audio) != ONAIR_OK || onair_video_preset(0, 1, &video) != ONAIR_OK ||
      onair_session_config_init(&config) != ONAIR_OK)
    return failed("configure");
  video.keyframe_interval_frames = FPS;
  config.audio = &audio, config.video = &video;
  onair_session session;
  if (onair_session_create(&config, &session) != ONAIR_OK) return failed("create");
  if (look_good(session) != ONAIR_OK) return failed("set the look");
  if (record(session) != ONAIR_OK) return failed("record");
  pthread_t camera;
  void *lost = NULL;
  if (pthread_create(&camera, NULL, capture, &session)) out_of_ours("begin a thread");
  if (take_a_picture(session) != ONAIR_OK) return failed("take a picture");
  if (pthread_join(camera, &lost)) out_of_ours("wait for the camera");
  if (lost) return 1;
  if (save_what_just_happened(session) != ONAIR_OK) return failed("save the clip");
  if (onair_session_finish(session, 5000, NULL) != ONAIR_OK) return failed("finish");
  onair_recording made;
  if (onair_session_stop_recording(session, &made) != ONAIR_OK) return failed("end the recording");
  printf("%llu pictures, %llu ms\n", (unsigned long long)made.frames, (unsigned long long)made.duration_ms);
  /* After a crash; here there was none, and the file is left as it is. */
  if (onair_recover(show, NULL, &made, NULL) != ONAIR_OK) return failed("recover");
  if (onair_session_free(session) != ONAIR_OK) return failed("free the session");
  return count > 2 ? talk(arguments[2]) : 0;
}
