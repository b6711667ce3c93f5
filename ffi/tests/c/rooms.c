/* Rooms and sound as C has them: a rehearsed room from its first frame to its last, and every call that is wrong. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONAIR_REHEARSAL
#include "onair.h"

static void says(onair_status status, onair_status expected, const char *word) {
  char reason[256], advice[256];
  assert(status == expected);
  assert(onair_last_error(reason, sizeof reason) > 1 && onair_last_advice(advice, sizeof advice) > 1);
  assert(strstr(reason, word) || strstr(advice, word));
}

static onair_room make(const char *server, uint32_t queue) {
  onair_room_config config;
  onair_room room;
  assert(onair_room_config_init(&config) == ONAIR_OK);
  config.servers = &server;
  config.server_count = 1;
  config.name = "Ann";
  config.queue_offline = queue;
  assert(onair_room_create(&config, &room) == ONAIR_OK && room);
  return room;
}

static onair_room_event next(onair_room room, uint32_t kind) {
  onair_room_event event;
  memset(&event, 7, sizeof event);
  assert(onair_room_next_event(room, 0, &event) == ONAIR_OK);
  if (event.kind != kind) fprintf(stderr, "event %u instead of %u: %s\n", event.kind, kind, event.text);
  assert(event.kind == kind);
  return event;
}

static void hear(onair_room room, const char *frame) {
  assert(onair_rehearsal_room_hear(room, frame) == ONAIR_OK);
}

static void played(void) {
  char id[ONAIR_ROOM_ID_BYTES], log[4096];
  size_t size;
  assert(onair_rehearsal_begin(7) == ONAIR_OK);
  onair_room room = make("ws://127.0.0.1:9", 1);
  assert(onair_rehearsal_end() == ONAIR_OK);
  assert(onair_room_open(room, "evening", "Songs") == ONAIR_OK);
  assert(onair_room_comment(room, "first", 1500, id, sizeof id) == ONAIR_OK && !strcmp(id, "0000000000000007-1"));
  says(onair_room_like(room, 1), 203, "room");
  assert(onair_rehearsal_room_open(room) == ONAIR_OK);
  hear(room, "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}");
  hear(room, "40{\"sid\":\"b\"}");
  hear(room, "431[{\"ok\":true,\"title\":\"Songs\",\"likes\":3,\"viewers\":2,\"live\":true,\"host\":true,\"epoch\":\"e\","
             "\"seq\":0,\"comments\":[],\"token\":\"T0K\",\"publish_key\":\"pk-1\"}]");
  assert(next(room, ONAIR_ROOM_STATE).state == ONAIR_ROOM_CONNECTING);
  assert(next(room, ONAIR_ROOM_STATE).state == ONAIR_ROOM_ONLINE);
  onair_room_event joined = next(room, ONAIR_ROOM_JOINED);
  assert(joined.flags == (ONAIR_ROOM_IS_LIVE | ONAIR_ROOM_IS_HOST) && joined.total == 3 && joined.count == 2);
  assert(!strcmp(joined.key, "evening") && !strcmp(joined.text, "Songs"));
  assert(!strcmp(joined.token, "T0K") && !strcmp(joined.publish_key, "pk-1"));
  hear(room, "42[\"gift\",{\"roomKey\":\"evening\",\"senderId\":7,\"giftId\":2,\"giftCount\":5,\"name\":\"Bob\","
             "\"at\":250,\"id\":\"b0b-1\",\"seq\":1}]");
  onair_room_event gift = next(room, ONAIR_ROOM_GIFT);
  assert(gift.sender_id == 7 && gift.gift_id == 2 && gift.count == 5 && gift.at_ms == 250);
  assert(!strcmp(gift.sender, "b0b") && !strcmp(gift.name, "Bob") && !gift.flags);
  assert(onair_room_mute(room, "b0b") == ONAIR_OK && onair_room_unmute(room, "b0b") == ONAIR_OK);
  assert(onair_room_like(room, 3) == ONAIR_OK && onair_rehearsal_room_pass(room, 200000) == ONAIR_OK);
  assert(onair_rehearsal_room_log(room, log, sizeof log, &size) == ONAIR_OK && size == strlen(log) + 1);
  assert(strstr(log, "0 connect 127.0.0.1:9 ") && strstr(log, "\"at\":1500") && strstr(log, "200000 send 42"));
  assert(onair_rehearsal_room_cut(room) == ONAIR_OK);
  onair_room_event refused = next(room, ONAIR_ROOM_REFUSED);
  assert(refused.command == 6 && refused.refusal == 10);
  onair_room_event lost = next(room, ONAIR_ROOM_LOST);
  assert(lost.code == 203 && lost.retry_in_ms > 0 && lost.text[0]);
  assert(next(room, ONAIR_ROOM_STATE).state == ONAIR_ROOM_CONNECTING);
  assert(onair_room_stop(room) == ONAIR_OK && onair_room_stop(room) == ONAIR_OK);
  onair_room_event undelivered = next(room, ONAIR_ROOM_NOT_DELIVERED);
  assert(!strcmp(undelivered.id, id) && undelivered.text[0] && undelivered.retry_in_ms == ONAIR_UNLIMITED);
  assert(next(room, ONAIR_ROOM_STATE).state == ONAIR_ROOM_ENDED);
  onair_room_event none;
  assert(onair_room_next_event(room, 1000, &none) == ONAIR_NO_EVENT);
  says(onair_room_like(room, 1), 208, "ended");
  assert(onair_room_free(room) == ONAIR_OK);
}

static void wrong(void) {
  onair_room_config config;
  onair_room room = 7;
  onair_room_event event;
  const char *server = "ws://127.0.0.1:9";
  says(onair_room_config_init(NULL), 220, "NULL");
  assert(onair_room_config_init(&config) == ONAIR_OK);
  says(onair_room_create(&config, &room), 220, "servers");
  assert(room == 0);
  says(onair_room_create(NULL, &room), 220, "config");
  says(onair_room_create(&config, NULL), 220, "room");
  config.servers = &server;
  config.server_count = 1;
  config.name = "\xff";
  says(onair_room_create(&config, &room), 220, "name");
  config.name = NULL;
  server = "ws://rooms.example.com";
  says(onair_room_create(&config, &room), 202, "wss://");
  server = NULL;
  says(onair_room_create(&config, &room), 220, "servers");

  room = make("ws://127.0.0.1:9", 0);
  says(onair_room_open(room, NULL, NULL), 220, "key");
  says(onair_room_join(room, "no/key"), 217, "key");
  says(onair_room_leave(room), 208, "room");
  says(onair_room_close(room), 208, "room");
  says(onair_room_comment(room, NULL, 0, NULL, 0), 220, "text");
  says(onair_room_comment(room, "a", ONAIR_NO_TIME, NULL, 0), 208, "room");
  says(onair_room_gift(room, 1, 1, 0, ONAIR_NO_TIME, NULL, 0), 217, "number");
  says(onair_room_report(room, "a", NULL), 220, "reason");
  says(onair_room_block(room, NULL), 220, "sender");
  says(onair_room_remove_comment(room, NULL), 220, "id");
  says(onair_room_next_event(room, 0, NULL), 220, "event");
  says(onair_rehearsal_room_open(room), 220, "rehearsal");
  uint64_t lost = 7;
  assert(onair_room_events_lost(room, &lost) == ONAIR_OK && lost == 0);
  says(onair_room_events_lost(room, NULL), 220, "count");
  says(onair_session_stop(room), 221, "session");
  assert(onair_room_network_is_back(room) == ONAIR_OK && onair_room_cancel_events(room) == ONAIR_OK);
  assert(onair_room_free(room) == ONAIR_OK);
  says(onair_room_free(room), 221, "room");
  says(onair_room_like(room, 1), 221, "room");
  says(onair_room_next_event(room, 0, &event), 221, "room");
  says(onair_room_like(0, 1), 221, "room");
}

static void sound(void) {
  onair_audio_config audio;
  onair_video_config video;
  onair_session_config config;
  onair_session session;
  onair_levels levels;
  uint32_t source, others[7];
  int16_t samples[2048] = {0};
  onair_audio_preset(2, &audio);
  onair_video_preset(0, 0, &video);
  onair_session_config_init(&config);
  config.audio = &audio;
  config.video = &video;
  assert(onair_session_create(&config, &session) == ONAIR_OK);
  says(onair_session_add_audio_source(session, NULL), 220, "source");
  assert(onair_session_add_audio_source(session, &source) == ONAIR_OK && source);
  assert(onair_session_set_audio_source_gain(session, source, 0.5f) == ONAIR_OK);
  assert(onair_session_set_audio_source_muted(session, source, 1) == ONAIR_OK);
  assert(onair_session_set_gain(session, 8) == ONAIR_OK);
  says(onair_session_set_gain(session, NAN), 200, "gain");
  says(onair_session_set_gain(session, 8.5f), 200, "gain");
  says(onair_session_set_audio_source_gain(session, source, -1), 200, "gain");
  says(onair_session_levels(session, NULL), 220, "levels");
  assert(onair_session_levels(session, &levels) == ONAIR_OK && levels.count == 2);
  assert(levels.sources[0] == 0 && levels.sources[1] == source && levels.output.peak_dbfs == -100);
  for (int i = 0; i < 6; i++) assert(onair_session_add_audio_source(session, &others[i]) == ONAIR_OK);
  says(onair_session_add_audio_source(session, &others[6]), 200, "8");
  assert(onair_session_levels(session, &levels) == ONAIR_OK && levels.count == ONAIR_AUDIO_SOURCES);
  says(onair_session_remove_audio_source(session, 0), 200, "first");
  assert(onair_session_remove_audio_source(session, source) == ONAIR_OK);
  says(onair_session_remove_audio_source(session, source), 200, "source");
  says(onair_session_set_audio_source_muted(session, source, 0), 200, "source");
  says(onair_session_push_audio_to(session, others[0], samples, 2048, 48000, 2, 0), 208, "start");
  says(onair_session_push_audio_to(session, others[0], NULL, 2048, 48000, 2, 0), 220, "NULL");
  float floats[2048] = {0};
  const float *planes[9] = {floats, floats, floats};
  says(onair_session_push_audio_float(session, 0, planes, 2, 1024, 48000, 2, 0), 208, "start");
  says(onair_session_push_audio_float(session, others[0], planes, 1, 1024, 48000, 2, 0), 208, "start");
  says(onair_session_push_audio_float(session, 0, planes, 3, 1024, 48000, 2, 0), 220, "plane_count");
  says(onair_session_push_audio_float(session, 0, planes, 9, 1024, 48000, 9, 0), 220, "plane_count");
  says(onair_session_push_audio_float(session, 0, NULL, 1, 1024, 48000, 2, 0), 220, "planes");
  planes[1] = NULL;
  says(onair_session_push_audio_float(session, 0, planes, 2, 1024, 48000, 2, 0), 220, "planes[]");
  says(onair_session_interrupt(session, 3), 220, "what");
  says(onair_session_interrupt(session, ONAIR_INTERRUPT_BOTH), 208, "start");
  says(onair_session_resume(session, ONAIR_INTERRUPT_SOUND), 208, "start");
  uint8_t *pixels = malloc(64 * 64 * 4);
  memset(pixels, 9, 64 * 64 * 4);
  onair_video_frame slate = {.pixels = ONAIR_PIXELS_BGRA, .width = 64, .height = 64};
  slate.planes[0] = (onair_plane){pixels, 64 * 64 * 4, 64 * 4};
  slate.release = free;
  slate.context = pixels;
  assert(onair_session_set_slate(session, &slate) == ONAIR_OK);
  slate.release = NULL;
  slate.planes[0] = (onair_plane){NULL, 0, 0};
  says(onair_session_set_slate(session, &slate), 216, "plane");
  assert(onair_session_set_slate(session, NULL) == ONAIR_OK);
  assert(onair_session_free(session) == ONAIR_OK);
  says(onair_session_set_gain(session, 1), 221, "session");
}

int main(void) {
  played();
  wrong();
  sound();
}
