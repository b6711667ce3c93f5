/* OnAir's C ABI: live broadcasts over RTMP(S). Written by scripts/bindgen from ffi/src/c; not to be edited.
 *
 * Functions return 0 (ONAIR_OK), ONAIR_NO_EVENT, or an error's code from 200 on; then onair_last_error() has its
 * text in the same thread. All functions may be called from any thread; pushes of one track come from one thread
 * at a time, in the order of their times. Times are microseconds. Texts are UTF-8. */

#ifndef ONAIR_H
#define ONAIR_H

#include <stddef.h>
#include <stdint.h>

/*
 The version of this header: a program that was compiled against another one must not go on.
 */
#define ONAIR_ABI_VERSION 1

/*
 Everything went well.
 */
#define ONAIR_OK 0

/*
 No event came in time, or none will follow.
 */
#define ONAIR_NO_EVENT 1

/*
 Pictures or PCM are pushed; the session encodes.
 */
#define ONAIR_SOURCE_RAW 0

/*
 Access units are pushed.
 */
#define ONAIR_SOURCE_ENCODED 1

/*
 H.264.
 */
#define ONAIR_VIDEO_H264 0

/*
 HEVC; pushed encoded.
 */
#define ONAIR_VIDEO_HEVC 1

/*
 AV1; pushed encoded.
 */
#define ONAIR_VIDEO_AV1 2

/*
 AAC.
 */
#define ONAIR_AUDIO_AAC 0

/*
 Opus; pushed encoded.
 */
#define ONAIR_AUDIO_OPUS 1

/*
 Constrained Baseline.
 */
#define ONAIR_PROFILE_BASELINE 0

/*
 Main.
 */
#define ONAIR_PROFILE_MAIN 1

/*
 The bitrate follows the network in OnAir's own way.
 */
#define ONAIR_ADAPT_LAG 0

/*
 The bitrate stays.
 */
#define ONAIR_ADAPT_OFF 1

/*
 LFLiveKit's way.
 */
#define ONAIR_ADAPT_LFLIVEKIT 2

/*
 VideoCore's way.
 */
#define ONAIR_ADAPT_VIDEOCORE 3

/*
 For ever, or any number; for the times and numbers that say so.
 */
#define ONAIR_UNLIMITED -1

/*
 A field holds its `text`.
 */
#define ONAIR_FIELD_TEXT 0

/*
 A field holds its `number`.
 */
#define ONAIR_FIELD_NUMBER 1

/*
 A field holds yes, when its `number` is not 0, or no.
 */
#define ONAIR_FIELD_FLAG 2

/*
 onTextData: the words are the text, and there are no fields.
 */
#define ONAIR_CUE_TEXT 0

/*
 onCuePoint of type "event": the words are its name, the fields its parameters.
 */
#define ONAIR_CUE_POINT 1

/*
 The words are the name of the players' handler, which gets one object of the fields.
 */
#define ONAIR_CUE_DATA 2

/*
 Nothing stands in any more: the device speaks for itself.
 */
#define ONAIR_FLOWING 2

/*
 There is no slate: the last picture stays.
 */
#define ONAIR_NO_SLATE 3

/*
 Not started yet.
 */
#define ONAIR_STATE_READY 0

/*
 The first connection is being made.
 */
#define ONAIR_STATE_PENDING 1

/*
 The server accepted the publish; media flows.
 */
#define ONAIR_STATE_LIVE 2

/*
 Over, by stop or finish.
 */
#define ONAIR_STATE_STOPPED 3

/*
 Over, by an error that was told before.
 */
#define ONAIR_STATE_FAILED 4

/*
 The connection was lost; another attempt follows.
 */
#define ONAIR_STATE_RECONNECTING 5

/*
 Something that this header has no word for: `text`.
 */
#define ONAIR_EVENT_OTHER 0

/*
 `state`.
 */
#define ONAIR_EVENT_STATE 1

/*
 `destination`, its name as `text`, and its own `state`.
 */
#define ONAIR_EVENT_DESTINATION 2

/*
 `destination`; `flag` when the backup's address is taken.
 */
#define ONAIR_EVENT_ADDRESS_CHANGED 3

/*
 `destination`, `code`, `text`, `attempt`, `retry_in_ms`.
 */
#define ONAIR_EVENT_LOST 4

/*
 `destination`; `flag` when its server takes nothing.
 */
#define ONAIR_EVENT_SUSPECT 5

/*
 `flag` when it is the audio encoder, `code`, `text`.
 */
#define ONAIR_EVENT_ENCODER_FAILED 6

/*
 `destination`, `video`, `audio`.
 */
#define ONAIR_EVENT_DROPPED 7

/*
 For the app's own encoder: make the next picture an IDR.
 */
#define ONAIR_EVENT_KEYFRAME_WANTED 8

/*
 For the app's own encoder: `to_bps`.
 */
#define ONAIR_EVENT_VIDEO_BITRATE_WANTED 9

/*
 For the app's own encoder: `to_bps`.
 */
#define ONAIR_EVENT_AUDIO_BITRATE_WANTED 10

/*
 For the app's own encoder: `pace`.
 */
#define ONAIR_EVENT_VIDEO_PACE_WANTED 11

/*
 `destination`, `from_bps`, `to_bps`, and why as `text`.
 */
#define ONAIR_EVENT_BITRATE 12

/*
 `destination`, `pace`, and why as `text`.
 */
#define ONAIR_EVENT_PACE 13

/*
 The server's acknowledgements alone steer the bitrate.
 */
#define ONAIR_EVENT_ACKNOWLEDGEMENTS_ONLY 14

/*
 `video`, `audio`: missing in the recording so far.
 */
#define ONAIR_EVENT_RECORDING_GAP 15

/*
 `code`, `text`.
 */
#define ONAIR_EVENT_RECORDING_FAILED 16

/*
 Once a second: onair_session_figures has them.
 */
#define ONAIR_EVENT_FIGURES 17

/*
 The disk is slow: the file is `behind_ms` behind the stream; nothing is missing yet.
 */
#define ONAIR_EVENT_RECORDING_BEHIND 18

/*
 A file of a recording that goes on in another one is complete: its path as `text`, `video` and
 `audio` in it.
 */
#define ONAIR_EVENT_RECORDING_SPLIT 19

/*
 Encode every picture.
 */
#define ONAIR_PACE_FULL 0

/*
 Every second one, at half the bitrate.
 */
#define ONAIR_PACE_HALF 1

/*
 None; the first after that is an IDR.
 */
#define ONAIR_PACE_NONE 2

/*
 Bytes of an event's text.
 */
#define ONAIR_TEXT_BYTES 256

/*
 No picture that is newer than the last one.
 */
#define ONAIR_NO_PICTURE 2

/*
 A source of another shape fills the picture; what stands out is cut off.
 */
#define ONAIR_FIT_FILL 0

/*
 All of it is seen, with black bars.
 */
#define ONAIR_FIT_FIT 1

/*
 All of it is seen, out of shape.
 */
#define ONAIR_FIT_STRETCH 2

/*
 Without colours.
 */
#define ONAIR_EFFECT_GRAY 0

/*
 Each colour's opposite.
 */
#define ONAIR_EFFECT_INVERT 1

/*
 Brownish gray.
 */
#define ONAIR_EFFECT_SEPIA 2

/*
 A lens that pulls in the corners.
 */
#define ONAIR_EFFECT_FISHEYE 3

/*
 Edges that shine on black.
 */
#define ONAIR_EFFECT_GLOW 4

/*
 `table`.
 */
#define ONAIR_EFFECT_TABLE 5

/*
 An overlay's corner, counted from the picture's; rightwards and down.
 */
#define ONAIR_ANCHOR_TOP_LEFT 0

/*
 Leftwards and down.
 */
#define ONAIR_ANCHOR_TOP_RIGHT 1

/*
 Rightwards and up.
 */
#define ONAIR_ANCHOR_BOTTOM_LEFT 2

/*
 Leftwards and up.
 */
#define ONAIR_ANCHOR_BOTTOM_RIGHT 3

/*
 Its centre, counted from the picture's top left corner.
 */
#define ONAIR_ANCHOR_CENTRE 4

/*
 `image`.
 */
#define ONAIR_CONTENT_IMAGE 0

/*
 `text`, `size_px`, `colour`, `background`, `font`.
 */
#define ONAIR_CONTENT_TEXT 1

/*
 The newest picture of onair_session_push_overlay under the overlay's name.
 */
#define ONAIR_CONTENT_PUSHED 2

/*
 Three planes: Y, U, V; chroma halved both ways.
 */
#define ONAIR_PIXELS_I420 0

/*
 Two planes: Y, then U and V alternating.
 */
#define ONAIR_PIXELS_NV12 1

/*
 Two planes: Y, then V and U alternating.
 */
#define ONAIR_PIXELS_NV21 2

/*
 One plane, bytes R G B A.
 */
#define ONAIR_PIXELS_RGBA 3

/*
 One plane, bytes B G R A.
 */
#define ONAIR_PIXELS_BGRA 4

/*
 NAL units behind their lengths, headers as records (avcC, hvcC, av1C): as Apple's encoders and
 MP4 have them.
 */
#define ONAIR_LAYOUT_LENGTHS 0

/*
 NAL units behind start codes, headers as parameter sets: as Android's encoders make them.
 */
#define ONAIR_LAYOUT_START_CODES 1

/*
 .flv by name is FLV, everything else MP4.
 */
#define ONAIR_FORMAT_BY_NAME 0

/*
 MP4 that plays at any time while it grows, and is a plain one at the end.
 */
#define ONAIR_FORMAT_MP4 1

/*
 FLV.
 */
#define ONAIR_FORMAT_FLV 2

/*
 No moment of the stream.
 */
#define ONAIR_NO_TIME INT64_MIN

/*
 Something that this header has no word for: `text`.
 */
#define ONAIR_ROOM_OTHER 0

/*
 `state`.
 */
#define ONAIR_ROOM_STATE 1

/*
 `code`, `text`, `retry_in_ms`.
 */
#define ONAIR_ROOM_LOST 2

/*
 In the room: `key`, `flags`, `total` (likes), `count` (viewers), its title as `text`, and for the
 host `token` and `publish_key`.
 */
#define ONAIR_ROOM_JOINED 3

/*
 `command`, `refusal`, `text`, `retry_in_ms`. After create and join the client is in no room.
 */
#define ONAIR_ROOM_REFUSED 4

/*
 `id`, `sender`, `name`, `flags`, `at_ms`, `text`.
 */
#define ONAIR_ROOM_COMMENT 5

/*
 `id`, `sender`, `name`, `flags`, `at_ms`, `sender_id`, `gift_id`, `count`.
 */
#define ONAIR_ROOM_GIFT 6

/*
 Hearts: `count`, `total`.
 */
#define ONAIR_ROOM_LIKES 7

/*
 `count`.
 */
#define ONAIR_ROOM_VIEWERS 8

/*
 The stream began or stopped: `flags`.
 */
#define ONAIR_ROOM_LIVE_CHANGED 9

/*
 `id`.
 */
#define ONAIR_ROOM_COMMENT_REMOVED 10

/*
 For the host: `id`, and why as `text`.
 */
#define ONAIR_ROOM_REPORTED 11

/*
 Comments that nobody keeps any more: `count`.
 */
#define ONAIR_ROOM_MISSED 12

/*
 One's own is with the server: `id`.
 */
#define ONAIR_ROOM_DELIVERED 13

/*
 One's own is not, and will not be: `id`, `refusal`, `text`, `retry_in_ms`.
 */
#define ONAIR_ROOM_NOT_DELIVERED 14

/*
 The room is over: why as `text`.
 */
#define ONAIR_ROOM_CLOSED 15

/*
 The server answers nothing: nobody owns a room there.
 */
#define ONAIR_ROOM_OLD_SERVER 16

/*
 Asking where to go, connecting, or waiting to connect again.
 */
#define ONAIR_ROOM_CONNECTING 0

/*
 The server has let the client in.
 */
#define ONAIR_ROOM_ONLINE 1

/*
 Nothing more will happen.
 */
#define ONAIR_ROOM_ENDED 2

/*
 The stream runs.
 */
#define ONAIR_ROOM_IS_LIVE 1

/*
 The room is one's own.
 */
#define ONAIR_ROOM_IS_HOST 2

/*
 One had been in it before.
 */
#define ONAIR_ROOM_IS_RESUMED 4

/*
 One said it oneself.
 */
#define ONAIR_ROOM_IS_OWN 8

/*
 It was said before one came.
 */
#define ONAIR_ROOM_IS_HISTORY 16

/*
 Bytes of an id, a sender and a name, with the NUL.
 */
#define ONAIR_ROOM_ID_BYTES 136

/*
 Bytes of a room's key, with the NUL.
 */
#define ONAIR_ROOM_KEY_BYTES 72

/*
 Bytes of a token and of a publish key, with the NUL.
 */
#define ONAIR_ROOM_SECRET_BYTES 256

/*
 Bytes of a comment, with the NUL.
 */
#define ONAIR_ROOM_TEXT_BYTES 1024

/*
 Of several destinations, the first one's network decides.
 */
#define ONAIR_SHARED_FIRST 0

/*
 The weakest one's.
 */
#define ONAIR_SHARED_WEAKEST 1

/*
 Nobody's.
 */
#define ONAIR_SHARED_FIXED 2

/*
 There is a way to the network again.
 */
#define ONAIR_PATH_UP 0

/*
 There is none.
 */
#define ONAIR_PATH_DOWN 1

/*
 There is another one.
 */
#define ONAIR_PATH_CHANGED 2

/*
 The camera.
 */
#define ONAIR_INTERRUPT_PICTURE 0

/*
 The microphone of the first source.
 */
#define ONAIR_INTERRUPT_SOUND 1

/*
 Both.
 */
#define ONAIR_INTERRUPT_BOTH 2

/*
 Sources of sound that a session can have.
 */
#define ONAIR_AUDIO_SOURCES 8

/*
 0, or an error's code; see LiveError.
 */
typedef int32_t onair_status;

/*
 A still, a font, a table of colours or a file in memory. Never used again for another one; 0 is
 none. What names it keeps what it stands for: it can be freed once a look was set.
 */
typedef uint64_t onair_asset;

/*
 Sound: AAC-LC when the session encodes.
 */
typedef struct {
  /*
   Hz.
   */
  uint32_t sample_rate_hz;
  /*
   1 or 2.
   */
  uint32_t channels;
  /*
   Bit/s.
   */
  uint32_t bitrate_bps;
} onair_audio_config;

/*
 The picture. Sizes in pixels, both even; bitrates in bit/s.
 */
typedef struct {
  /*
   Pixels.
   */
  uint32_t width;
  /*
   Pixels.
   */
  uint32_t height;
  /*
   Pictures a second.
   */
  uint32_t fps;
  /*
   The lowest that adaptation may choose.
   */
  uint32_t min_fps;
  /*
   The highest that adaptation may choose.
   */
  uint32_t max_fps;
  /*
   Where it starts.
   */
  uint32_t bitrate_bps;
  /*
   The lowest that adaptation may choose.
   */
  uint32_t min_bitrate_bps;
  /*
   The highest that adaptation may choose.
   */
  uint32_t max_bitrate_bps;
  /*
   Frames from one IDR to the next.
   */
  uint32_t keyframe_interval_frames;
  /*
   ONAIR_PROFILE_…
   */
  uint32_t profile;
} onair_video_config;

/*
 A name and what it holds.
 */
typedef struct {
  /*
   In metadata 1 to 64 printable bytes, none of those that say what the stream is.
   */
  const char *name;
  /*
   ONAIR_FIELD_…
   */
  uint32_t kind;
  /*
   Of a text; up to 512 bytes in metadata.
   */
  const char *text;
  /*
   Of a number or a flag.
   */
  double number;
} onair_field;

/*
 What a session is made of. Fill it with onair_session_config_init, then change what differs.
 */
typedef struct {
  /*
   NULL for no sound.
   */
  const onair_audio_config *audio;
  /*
   NULL for no pictures.
   */
  const onair_video_config *video;
  /*
   ONAIR_SOURCE_…
   */
  uint32_t audio_source;
  /*
   ONAIR_SOURCE_…
   */
  uint32_t video_source;
  /*
   ONAIR_AUDIO_…
   */
  uint32_t audio_codec;
  /*
   ONAIR_VIDEO_…
   */
  uint32_t video_codec;
  /*
   ONAIR_ADAPT_…
   */
  uint32_t adaptive_bitrate;
  /*
   Not 0: the very first connection is tried again as well.
   */
  uint32_t retry_first_connection;
  /*
   All time without being live before it gives up, ms; ONAIR_UNLIMITED for ever.
   */
  int64_t reconnect_budget_ms;
  /*
   Attempts before it gives up; ONAIR_UNLIMITED for any number.
   */
  int64_t max_retries;
  /*
   Waits exactly so long before each attempt, ms; ONAIR_UNLIMITED for a time that grows.
   */
  int64_t fixed_delay_ms;
  /*
   Certificate authorities that rtmps:// believes too, PEM; NULL for none.
   */
  const char *roots_pem;
  /*
   Keys of the server, "sha256/" and Base64 each; NULL for none.
   */
  const char *const *pins;
  /*
   How many.
   */
  size_t pin_count;
  /*
   Not 0: rtmp:// may go beyond this machine and private networks, where everybody on the way can
   read the stream key.
   */
  uint32_t allow_plaintext;
  /*
   Fields of the app's own in onMetaData, up to 32; NULL for none.
   */
  const onair_field *metadata;
  /*
   How many.
   */
  size_t metadata_count;
} onair_session_config;

/*
 A session. Never used again for another one; 0 is none.
 */
typedef uint64_t onair_session;

/*
 What becomes of something captured before it is encoded.
 */
typedef struct {
  /*
   The time to encode it with, µs.
   */
  int64_t time_us;
  /*
   0: it is left out, as its device is interrupted.
   */
  uint32_t is_taken;
  /*
   Not 0: the look, a preview or a snapshot wants the picture drawn, by onair_session_draw. Else the
   encoder may have it as it is.
   */
  uint32_t is_drawn;
} onair_placed;

/*
 One plane of a picture: rows of `stride` bytes.
 */
typedef struct {
  /*
   The first row.
   */
  const uint8_t *data;
  /*
   Bytes there: at least stride × (rows − 1) + a row's.
   */
  size_t size;
  /*
   Bytes from one row to the next.
   */
  size_t stride;
} onair_plane;

/*
 Called exactly once, when the session needs the memory no more, within the push and in its
 thread. It must not call into OnAir.
 */
typedef void (*onair_release)(void *context);

/*
 A picture.
 */
typedef struct {
  /*
   ONAIR_PIXELS_…
   */
  uint32_t pixels;
  /*
   Pixels.
   */
  uint32_t width;
  /*
   Pixels.
   */
  uint32_t height;
  /*
   As many as the format has; the others are not looked at.
   */
  onair_plane planes[3];
  /*
   When it was captured, µs on the app's clock.
   */
  int64_t time_us;
  /*
   NULL, or called when the planes are needed no more, whatever the push returns.
   */
  onair_release release;
  /*
   What `release` is given.
   */
  void *context;
} onair_video_frame;

/*
 One plane to write into: rows of `stride` bytes.
 */
typedef struct {
  /*
   The first row.
   */
  uint8_t *data;
  /*
   Bytes there: at least stride × (rows − 1) + a row's.
   */
  size_t size;
  /*
   Bytes from one row to the next.
   */
  size_t stride;
} onair_target_plane;

/*
 Where a picture is drawn: an encoder's input buffer.
 */
typedef struct {
  /*
   ONAIR_PIXELS_I420, _NV12 or _NV21.
   */
  uint32_t pixels;
  /*
   The session's, pixels.
   */
  uint32_t width;
  /*
   The session's, pixels.
   */
  uint32_t height;
  /*
   As many as the format has; the others are not looked at.
   */
  onair_target_plane planes[3];
} onair_target;

/*
 What happened. What `kind` does not speak of is 0.
 */
typedef struct {
  /*
   ONAIR_EVENT_…
   */
  uint32_t kind;
  /*
   ONAIR_STATE_…
   */
  uint32_t state;
  /*
   From 0 in the order of the start.
   */
  uint32_t destination;
  /*
   An error's.
   */
  uint32_t code;
  /*
   The attempt that failed, from 1; 0 when the stream was live.
   */
  uint32_t attempt;
  /*
   Yes or no.
   */
  uint32_t flag;
  /*
   ONAIR_PACE_…
   */
  uint32_t pace;
  /*
   Bit/s.
   */
  uint32_t from_bps;
  /*
   Bit/s.
   */
  uint32_t to_bps;
  /*
   When the next attempt begins, ms; ONAIR_UNLIMITED when none follows.
   */
  int64_t retry_in_ms;
  /*
   How far a recording is behind, ms.
   */
  int64_t behind_ms;
  /*
   Pictures.
   */
  uint64_t video;
  /*
   AAC frames or Opus packets.
   */
  uint64_t audio;
  /*
   For people, NUL-terminated UTF-8, cut where it does not fit.
   */
  char text[ONAIR_TEXT_BYTES];
} onair_event;

/*
 Totals since start, gauges of the moment, and rates over the last full second.
 */
typedef struct {
  /*
   ONAIR_STATE_…
   */
  uint32_t state;
  /*
   Connections lost while live and made again.
   */
  uint32_t reconnects;
  /*
   What the video encoder aims at, bit/s.
   */
  uint32_t target_bitrate_bps;
  /*
   Access units waiting to be sent.
   */
  uint32_t queue_units;
  /*
   Time since start, ms.
   */
  uint64_t elapsed_ms;
  /*
   Pictures accepted.
   */
  uint64_t frames_in;
  /*
   Pictures dropped before the encoder.
   */
  uint64_t frames_skipped;
  /*
   Pictures encoded.
   */
  uint64_t frames_encoded;
  /*
   Pictures handed to a socket completely.
   */
  uint64_t frames_sent;
  /*
   Encoded pictures dropped because a network was too slow.
   */
  uint64_t frames_dropped;
  /*
   AAC frames or Opus packets handed to a socket completely.
   */
  uint64_t audio_frames_sent;
  /*
   Those dropped because a network was too slow.
   */
  uint64_t audio_frames_dropped;
  /*
   Bytes the sockets took.
   */
  uint64_t bytes_sent;
  /*
   Bytes waiting to be sent.
   */
  uint64_t queue_bytes;
  /*
   Age of the oldest unit waiting, ms.
   */
  uint64_t queue_age_ms;
  /*
   Round trip, µs; 0 where the system does not tell.
   */
  uint64_t rtt_us;
  /*
   Events the app did not fetch in time.
   */
  uint64_t events_lost;
  /*
   Bits sent in the last full second.
   */
  uint64_t bitrate_bps;
  /*
   Pictures sent in the last full second.
   */
  double fps;
} onair_figures;

/*
 A filter of the whole picture.
 */
typedef struct {
  /*
   ONAIR_EFFECT_…
   */
  uint32_t kind;
  /*
   For ONAIR_EFFECT_TABLE, of onair_table_load.
   */
  onair_asset table;
} onair_effect;

/*
 One thing over the picture. Fill it with onair_overlay_init, then change what differs.
 */
typedef struct {
  /*
   Of its own in a look.
   */
  const char *name;
  /*
   ONAIR_CONTENT_…
   */
  uint32_t content;
  /*
   Of onair_image_decode or onair_image_from_rgba.
   */
  onair_asset image;
  /*
   At most 2,000 characters.
   */
  const char *text;
  /*
   Pixels of the em, 4 to 512.
   */
  float size_px;
  /*
   0xRRGGBBAA.
   */
  uint32_t colour;
  /*
   0xRRGGBBAA of a box behind the text; 0 for none.
   */
  uint32_t background;
  /*
   Of onair_font_load; 0 for the one that is built in.
   */
  onair_asset font;
  /*
   ONAIR_ANCHOR_…
   */
  uint32_t anchor;
  /*
   Pixels, −16,384 to 16,384.
   */
  int32_t x;
  /*
   Pixels, −16,384 to 16,384.
   */
  int32_t y;
  /*
   Pixels, to 3,840; 0 leaves it to the height and the content.
   */
  uint32_t width;
  /*
   Pixels, to 3,840; 0 leaves it to the width and the content.
   */
  uint32_t height;
  /*
   Not 0: width and height are filled, whatever the content's shape.
   */
  uint32_t stretch;
  /*
   0 (not there) to 1.
   */
  float opacity;
  /*
   The higher lies over the lower.
   */
  int32_t z;
} onair_overlay;

/*
 How raw pictures look. Fill it with onair_look_init, then change what differs.
 */
typedef struct {
  /*
   ONAIR_FIT_…
   */
  uint32_t fit;
  /*
   Clockwise, a multiple of 90.
   */
  int32_t rotation_degrees;
  /*
   Not 0: left and right change places for viewers.
   */
  uint32_t mirror;
  /*
   1 shows all; clamped to 1…8.
   */
  float zoom;
  /*
   Not 0: LFLiveKit's filter for faces is on.
   */
  uint32_t beauty;
  /*
   0 to 1.
   */
  float beauty_level;
  /*
   0 to 1; 0.5 as it is.
   */
  float bright_level;
  /*
   0 to 1.
   */
  float tone_level;
  /*
   Not 0: at level 0 the filter is left out.
   */
  uint32_t beauty_zero_is_off;
  /*
   Not 0: straight on I420, several times as fast for cameras, and nearly the same.
   */
  uint32_t beauty_fast;
  /*
   In the order in which they are applied; NULL for none.
   */
  const onair_effect *effects;
  /*
   How many.
   */
  size_t effect_count;
  /*
   At most 64; NULL for none.
   */
  const onair_overlay *overlays;
  /*
   How many.
   */
  size_t overlay_count;
} onair_look;

/*
 One access unit of the session's codec.
 */
typedef struct {
  /*
   ONAIR_LAYOUT_…
   */
  uint32_t layout;
  /*
   Not 0: decoding can start here.
   */
  uint32_t is_key;
  /*
   How to decode: needed with the first unit and whenever it changes, else NULL. With start
   codes the key frame may hold it itself.
   */
  const uint8_t *header;
  /*
   Bytes of it.
   */
  size_t header_size;
  /*
   The unit.
   */
  const uint8_t *payload;
  /*
   Bytes of it.
   */
  size_t payload_size;
  /*
   Presentation time, µs.
   */
  int64_t pts_us;
  /*
   Decoding time, µs.
   */
  int64_t dts_us;
} onair_video_unit;

/*
 One AAC frame without ADTS header, or one Opus packet.
 */
typedef struct {
  /*
   AudioSpecificConfig or OpusHead: with the first unit and whenever it changes, else NULL.
   */
  const uint8_t *header;
  /*
   Bytes of it.
   */
  size_t header_size;
  /*
   The frame.
   */
  const uint8_t *payload;
  /*
   Bytes of it.
   */
  size_t payload_size;
  /*
   When its first sample was captured, µs.
   */
  int64_t pts_us;
} onair_audio_unit;

/*
 What is recorded into which files; zeros but for the path are what is usual.
 */
typedef struct {
  /*
   The file, which must not exist; further ones of a split recording are NAME-2.EXT and so on.
   */
  const char *path;
  /*
   ONAIR_FORMAT_…
   */
  uint32_t format;
  /*
   At the first IDR after so long a new file begins, ms, 1,000 or more; 0 for one file.
   */
  uint64_t split_after_ms;
  /*
   At the first IDR after so many bytes a new file begins, 100,000 or more; 0 for one file.
   */
  uint64_t split_bytes;
} onair_recording_config;

/*
 A complete file.
 */
typedef struct {
  /*
   Pictures in it.
   */
  uint64_t frames;
  /*
   AAC frames or Opus packets in it.
   */
  uint64_t audio_frames;
  /*
   Bytes; 0 for a recovered one.
   */
  uint64_t size_bytes;
  /*
   Ms.
   */
  uint64_t duration_ms;
  /*
   Pictures that a slow disk cost.
   */
  uint64_t frames_missing;
  /*
   AAC frames or Opus packets that a slow disk cost.
   */
  uint64_t audio_frames_missing;
} onair_recording;

/*
 What a client of rooms is made of. Fill it with onair_room_config_init, then change what differs.
 */
typedef struct {
  /*
   Servers, any of which is asked: "wss://host", or "ws://" on this machine and private networks.
   */
  const char *const *servers;
  /*
   How many.
   */
  size_t server_count;
  /*
   Instead of servers: an HTTP address that names the server before each connection; or NULL.
   */
  const char *locator;
  /*
   What others see beside one's comments, up to 32 characters; or NULL.
   */
  const char *name;
  /*
   What the server wants to hear before it lets anybody in; or NULL.
   */
  const char *auth_token;
  /*
   The token of an earlier visit: the room is one's own again; or NULL.
   */
  const char *room_token;
  /*
   Not 0: comments and gifts wait while there is no connection, up to 100.
   */
  uint32_t queue_offline;
  /*
   Not 0: everybody on the way may read and change what is said.
   */
  uint32_t allow_plaintext;
  /*
   From one sign of life of one's own to the next, ms: at least 100, or 0 for none.
   */
  uint32_t ping_every_ms;
  /*
   Not 0: the protocol of Socket.IO 1 and 2.
   */
  uint32_t engine_io_3;
  /*
   Certificate authorities that wss:// believes too, PEM; NULL for none.
   */
  const char *roots_pem;
  /*
   Keys of the server, "sha256/" and Base64 each; NULL for none.
   */
  const char *const *pins;
  /*
   How many.
   */
  size_t pin_count;
} onair_room_config;

/*
 A client of rooms. Never used again for another one; 0 is none.
 */
typedef uint64_t onair_room;

/*
 What happened. What `kind` does not speak of is 0; texts are NUL-terminated UTF-8, cut where they
 do not fit.
 */
typedef struct {
  /*
   ONAIR_ROOM_OTHER to ONAIR_ROOM_OLD_SERVER.
   */
  uint32_t kind;
  /*
   ONAIR_ROOM_CONNECTING, _ONLINE or _ENDED.
   */
  uint32_t state;
  /*
   An error's.
   */
  uint32_t code;
  /*
   What was asked: 0 create, 1 join, 2 leave, 3 close, 4 report, 5 remove, 6 mute, 7 block, 8 other.
   */
  uint32_t command;
  /*
   Why not: 0 bad request, 1 bad key, 2 bad length, 3 taken, 4 not the owner, 5 no such room, 6 not
   in the room, 7 too much at once, 8 full, 9 blocked, 10 the connection was lost.
   */
  uint32_t refusal;
  /*
   ONAIR_ROOM_IS_…, or 0.
   */
  uint32_t flags;
  /*
   The giver's number.
   */
  uint32_t sender_id;
  /*
   Which gift.
   */
  uint32_t gift_id;
  /*
   When it is tried again, or may be, ms; ONAIR_UNLIMITED when it is not, or nobody says.
   */
  int64_t retry_in_ms;
  /*
   The moment of the stream, ms; ONAIR_NO_TIME for none.
   */
  int64_t at_ms;
  /*
   How many.
   */
  uint64_t count;
  /*
   Hearts since the room began; ONAIR_UNLIMITED when the server does not count.
   */
  int64_t total;
  /*
   Of a message.
   */
  char id[ONAIR_ROOM_ID_BYTES];
  /*
   Of the one who said it.
   */
  char sender[ONAIR_ROOM_ID_BYTES];
  /*
   What they call themselves.
   */
  char name[ONAIR_ROOM_ID_BYTES];
  /*
   Of a room.
   */
  char key[ONAIR_ROOM_KEY_BYTES];
  /*
   Proves later that the room is one's own. Never log it.
   */
  char token[ONAIR_ROOM_SECRET_BYTES];
  /*
   To publish the stream under. Never log it.
   */
  char publish_key[ONAIR_ROOM_SECRET_BYTES];
  /*
   A comment, a title, or for people.
   */
  char text[ONAIR_ROOM_TEXT_BYTES];
} onair_room_event;

/*
 A place to publish to.
 */
typedef struct {
  /*
   "rtmp://host/app/key", or rtmps. With `key` it ends with the app, with `app` too with the
   host.
   */
  const char *url;
  /*
   Taken when `url` cannot be had, and of the same form; NULL for none.
   */
  const char *backup_url;
  /*
   NULL for the host.
   */
  const char *name;
  /*
   The stream key as the service shows it, which may hold spaces and slashes; NULL where the
   address holds it.
   */
  const char *key;
  /*
   The app with its instance, for both addresses, with `key` only; NULL where they hold it.
   */
  const char *app;
  /*
   The stream key of `backup_url`; NULL where it is `key`.
   */
  const char *backup_key;
  /*
   How long one address may be without a live stream before the other one is taken, ms; 0 for
   5000. One that was just taken has a second at least.
   */
  uint64_t backup_after_ms;
} onair_destination;

/*
 How loud the last tenth of a second was, dBFS; 0 is full scale, -100 silence.
 */
typedef struct {
  /*
   The largest sample.
   */
  float peak_dbfs;
  /*
   The root of the mean square.
   */
  float rms_dbfs;
} onair_level;

/*
 How loud everything was.
 */
typedef struct {
  /*
   What goes to the encoder: after mixing, gain and mute.
   */
  onair_level output;
  /*
   So many of the following are there.
   */
  uint32_t count;
  /*
   Their numbers.
   */
  uint32_t sources[ONAIR_AUDIO_SOURCES];
  /*
   Their levels, before their own gain and mute.
   */
  onair_level levels[ONAIR_AUDIO_SOURCES];
} onair_levels;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version that the library was built with: compare it with ONAIR_ABI_VERSION.
 */
uint32_t onair_abi_version(void);

/*
 Decodes a PNG or JPEG file, of 4,096 pixels each way at most, for overlays.

 # Safety
 `file` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
 */
onair_status onair_image_decode(const uint8_t *file, size_t size, onair_asset *asset);

/*
 Takes bytes R G B A with straight alpha, rows without padding, for overlays.

 # Safety
 `rgba` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
 */
onair_status onair_image_from_rgba(uint32_t width,
                                   uint32_t height,
                                   const uint8_t *rgba,
                                   size_t size,
                                   onair_asset *asset);

/*
 Reads a TrueType or OpenType file, for text overlays.

 # Safety
 `file` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
 */
onair_status onair_font_load(const uint8_t *file, size_t size, onair_asset *asset);

/*
 Reads a .cube file with a 3D table, for effects.

 # Safety
 `file` is NULL or points to `size` bytes, and `asset` is NULL or points to room for a number.
 */
onair_status onair_table_load(const uint8_t *file, size_t size, onair_asset *asset);

/*
 Copies as much of a file in memory as `buffer` holds; `*size` is all of it. `buffer` may be NULL
 when `capacity` is 0.

 # Safety
 `buffer` is NULL or has room for `capacity` bytes, and `size` is NULL or points to room for one.
 */
onair_status onair_asset_bytes(onair_asset asset, uint8_t *buffer, size_t capacity, size_t *size);

/*
 Gives an asset back; looks that named it keep what they need.
 */
onair_status onair_asset_free(onair_asset asset);

/*
 A quality of sound: 0 low, 1 medium, 2 high, 3 very high.

 # Safety
 `config` is NULL or points to a configuration.
 */
onair_status onair_audio_preset(uint32_t quality, onair_audio_config *config);

/*
 A quality of pictures: 0 to 8 are LFLiveKit's, 9 to 11 are 1080p; upright, or wide when
 `landscape` is not 0.

 # Safety
 `config` is NULL or points to a configuration.
 */
onair_status onair_video_preset(uint32_t quality, uint32_t landscape, onair_video_config *config);

/*
 A configuration without tracks and with everything else as it usually is.

 # Safety
 `config` is NULL or points to room for a configuration.
 */
onair_status onair_session_config_init(onair_session_config *config);

/*
 Sends a cue to the players with the media captured at `time_us`, µs on the clock of the pushes: in
 the order of their times, or with the next unit when that went already. It waits up to 10 s for its
 media and holds nothing up. Every destination gets it; a recording does not. 16 KiB at most.

 # Safety
 `words` is NULL or a text, `fields` is NULL or points to `count` fields whose pointers are NULL or
 texts.
 */
onair_status onair_session_send_cue(onair_session session,
                                    uint32_t kind,
                                    const char *words,
                                    const onair_field *fields,
                                    size_t count,
                                    int64_t time_us);

/*
 Where a picture that the app encodes itself lies on the timeline: to be called with each before it is
 encoded, whether the session runs or not.

 # Safety
 `placed` is NULL or points to room for the answer.
 */
onair_status onair_session_place_video(onair_session session, int64_t time_us, onair_placed *placed);

/*
 The same for sound of `length_us`, whose first sample was captured at `time_us`.

 # Safety
 `placed` is NULL or points to room for the answer.
 */
onair_status onair_session_place_audio(onair_session session,
                                       int64_t time_us,
                                       uint32_t length_us,
                                       onair_placed *placed);

/*
 Draws a picture of any size and format by the session's look into `target`: what viewers shall see,
 and what snapshots and previews show. Allocates nothing once look and geometry have been seen.
 Planes of the target lie apart, and apart from the picture's.

 # Safety
 `frame` and `target` are NULL or point to such, whose planes are NULL or as long as they say; nobody
 else uses the target's meanwhile.
 */
onair_status onair_session_draw(onair_session session,
                                const onair_video_frame *frame,
                                const onair_target *target);

/*
 Draws the slate of interruptions as onair_session_draw does; ONAIR_NO_SLATE when there is none.

 # Safety
 As onair_session_draw.
 */
onair_status onair_session_draw_slate(onair_session session, int64_t time_us, const onair_target *target);

/*
 Waits until something has to stand in for a track that the app encodes itself: `what` is
 ONAIR_INTERRUPT_PICTURE or _SOUND. ONAIR_OK: encode the slate or the last picture, or 1,024 samples of
 silence, with `*time_us`. ONAIR_NO_EVENT: nothing was due within `timeout_ms`. ONAIR_FLOWING: over.
 One thread for each track calls this from onair_session_interrupt on.

 # Safety
 `time_us` is NULL or points to room for a time.
 */
onair_status onair_session_wait_stand_in(onair_session session,
                                         uint32_t what,
                                         uint32_t timeout_ms,
                                         int64_t *time_us);

/*
 Takes sound of one source to be mixed for the app's own encoder; onair_session_take_mixed then has what
 came of it. Of source 0 `time_us` is what onair_session_place_audio or _wait_stand_in said; others, of
 onair_session_add_audio_source, have their stamps as they are.

 # Safety
 `samples` is NULL or points to `count` samples.
 */
onair_status onair_session_mix_audio(onair_session session,
                                     uint32_t source,
                                     const int16_t *samples,
                                     size_t count,
                                     uint32_t sample_rate_hz,
                                     uint32_t channels,
                                     int64_t time_us);

/*
 The oldest block of the mix that was not taken yet: 1,024 samples of each of the session's channels in
 turn, and in `*time_us` when the first sounds. ONAIR_NO_EVENT when there is none yet: a mix waits up to
 100 ms for a source that is late. One thread at a time takes them; `capacity` is at least such a block.

 # Safety
 `samples` is NULL or points to room for `capacity` samples, `time_us` is NULL or points to room for a
 time; nobody else uses either meanwhile.
 */
onair_status onair_session_take_mixed(onair_session session,
                                      int16_t *samples,
                                      size_t capacity,
                                      int64_t *time_us);

/*
 The next event; waits up to `timeout_ms`. ONAIR_NO_EVENT when none came, and at once when none
 will follow. One thread at a time.

 # Safety
 `event` is NULL or points to room for an event.
 */
onair_status onair_session_next_event(onair_session session, uint64_t timeout_ms, onair_event *event);

/*
 Whoever waits for an event gets what waits already, then ONAIR_NO_EVENT, from now on.
 */
onair_status onair_session_cancel_events(onair_session session);

/*
 Where the session stands: ONAIR_STATE_…

 # Safety
 `state` is NULL or points to room for a state.
 */
onair_status onair_session_state(onair_session session, uint32_t *state);

/*
 What was counted up to now; after the end, the last broadcast's totals.

 # Safety
 `figures` is NULL or points to room for figures.
 */
onair_status onair_session_figures(onair_session session, onair_figures *figures);

/*
 The look that changes nothing.

 # Safety
 `look` is NULL or points to room for a look.
 */
onair_status onair_look_init(onair_look *look);

/*
 An overlay without a name, in the top left corner as its content is.

 # Safety
 `overlay` is NULL or points to room for an overlay.
 */
onair_status onair_overlay_init(onair_overlay *overlay);

/*
 How raw pictures look from the next one on; stays over stop, start and every reconnect. After an
 error the look is as before.

 # Safety
 `look` is NULL or points to a look whose pointers are NULL or valid.
 */
onair_status onair_session_set_look(onair_session session, const onair_look *look);

/*
 Makes a copy of `frame`, of any size, what the overlay `name` shows from the next picture on. Its
 time is not looked at.

 # Safety
 `name` is NULL or a text; `frame` is as onair_session_push_video takes it.
 */
onair_status onair_session_push_overlay(onair_session session,
                                        const char *name,
                                        const onair_video_frame *frame);

/*
 The next raw picture as it is encoded, as a file in memory: PNG, or JPEG when `jpeg_quality` is 1
 to 100. Waits for it, `within_ms` at most. onair_asset_bytes reads it; free it.

 # Safety
 `file` is NULL or points to room for a number.
 */
onair_status onair_session_snapshot(onair_session session,
                                    uint32_t jpeg_quality,
                                    uint64_t within_ms,
                                    onair_asset *file);

/*
 Begins or ends to keep each picture that is encoded for onair_session_fetch_preview. With
 `mirror` what the camera sees is mirrored in it, whatever viewers get; overlays never are.
 */
onair_status onair_session_set_preview(onair_session session, uint32_t on, uint32_t mirror);

/*
 Writes the newest preview into `buffer`, rows without padding: `pixels` is ONAIR_PIXELS_I420,
 _RGBA or _BGRA. ONAIR_NO_PICTURE when there is none since the last call. Never waits.

 # Safety
 `buffer` is NULL or has room for `capacity` bytes, `width` and `height` are NULL or point to room
 for a number each.
 */
onair_status onair_session_fetch_preview(onair_session session,
                                         uint32_t pixels,
                                         uint8_t *buffer,
                                         size_t capacity,
                                         uint32_t *width,
                                         uint32_t *height);

/*
 Takes a picture: checks and copies it, never encodes.

 # Safety
 `frame` is NULL or points to a frame whose planes are NULL or as long as they say.
 */
onair_status onair_session_push_video(onair_session session, const onair_video_frame *frame);

/*
 Takes interleaved 16-bit samples in native byte order; `count` counts those of all channels.

 # Safety
 `samples` is NULL or points to `count` samples.
 */
onair_status onair_session_push_audio(onair_session session,
                                      const int16_t *samples,
                                      size_t count,
                                      uint32_t sample_rate_hz,
                                      uint32_t channels,
                                      int64_t time_us);

/*
 Takes one access unit of an encoder of the app's own.

 # Safety
 `unit` is NULL or points to a unit whose pointers are NULL or as long as they say.
 */
onair_status onair_session_push_encoded_video(onair_session session, const onair_video_unit *unit);

/*
 Takes one unit of an audio encoder of the app's own.

 # Safety
 `unit` is NULL or points to a unit whose pointers are NULL or as long as they say.
 */
onair_status onair_session_push_encoded_audio(onair_session session, const onair_audio_unit *unit);

/*
 Writes what is streamed into a new file too, from the next IDR on.

 # Safety
 `config` is NULL or points to a configuration whose path is NULL or a text.
 */
onair_status onair_session_start_recording(onair_session session, const onair_recording_config *config);

/*
 Completes the file and waits for the disk. `*made` (may be NULL) says what is in it; zeros, and no
 error, when there was no recording since the last call.

 # Safety
 `made` is NULL or points to room for it.
 */
onair_status onair_session_stop_recording(onair_session session, onair_recording *made);

/*
 A file without a stream: the session is live at once, with no network. onair_session_finish and
 onair_session_stop_recording end it.

 # Safety
 As onair_session_start_recording.
 */
onair_status onair_session_record_only(onair_session session, const onair_recording_config *config);

/*
 Keeps the newest so many ms of what is streamed in memory, for onair_session_save_clip: 1,000 to
 300,000, 64 MiB at most; 0 keeps nothing.
 */
onair_status onair_session_keep_clip(onair_session session, uint64_t length_ms);

/*
 Writes what is kept into a new file, and waits for the disk. `made` may be NULL.

 # Safety
 As onair_session_start_recording; `made` is NULL or points to room for it.
 */
onair_status onair_session_save_clip(onair_session session,
                                     const onair_recording_config *config,
                                     onair_recording *made);

/*
 Completes an MP4 recording that a crash or a power cut ended: in its place when `to` is NULL, else
 as a new file there. `*bytes_lost` (may be NULL) are
 those at the end that were of no use: 0 too when it was complete.

 # Safety
 `path` and `to` are NULL or texts, `made` and `bytes_lost` are NULL or point to room for them.
 */
onair_status onair_recover(const char *path, const char *to, onair_recording *made, uint64_t *bytes_lost);

#if defined(ONAIR_REHEARSAL)
/*
 Sessions that are made from now on, in this process and whatever the language, are rehearsals.
 The same seed and the same calls make the same bytes.
 */
onair_status onair_rehearsal_begin(uint32_t seed);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 Sessions that are made from now on are real.
 */
onair_status onair_rehearsal_end(void);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The session's clock goes on by so much, µs, 0 too; returns when all that is due then is done.
 */
onair_status onair_rehearsal_pass(onair_session session, uint32_t micros);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The session's connection breaks.
 */
onair_status onair_rehearsal_cut(onair_session session);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The session's next so many attempts to connect are refused.
 */
onair_status onair_rehearsal_refuse(onair_session session, uint32_t attempts);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The session's way to the server carries so many bit/s from now on; 0: everything at once, as in
 the beginning.
 */
onair_status onair_rehearsal_limit(onair_session session, uint32_t rate_bps);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 What the server was sent on the session's connection number `connection`, from 0: as much as
 fits into `capacity` bytes; `*size` is how much there is, 0 when there was no such connection.

 # Safety
 `buffer` is NULL or has room for `capacity` bytes; `size` is NULL or points to room for a size.
 */
onair_status onair_rehearsal_wire(onair_session session,
                                  uint32_t connection,
                                  uint8_t *buffer,
                                  size_t capacity,
                                  size_t *size);
#endif

/*
 A configuration without servers and with everything else as it usually is.

 # Safety
 `config` is NULL or points to room for a configuration.
 */
onair_status onair_room_config_init(onair_room_config *config);

/*
 Begins to connect, and goes on until it is freed, refused or put out. Free it with onair_room_free.

 # Safety
 `config` is NULL or points to a configuration whose pointers are NULL or valid, and `room` is NULL
 or points to room for a client.
 */
onair_status onair_room_create(const onair_room_config *config, onair_room *room);

/*
 Leaves, waits until the connection is gone (less than 300 ms), and gives the client back. Whoever
 waits for its events gets what waits already, then ONAIR_NO_EVENT or an error.
 */
onair_status onair_room_free(onair_room room);

/*
 Leaves, and waits until the connection is gone: less than 300 ms. Its last events can be fetched
 still.
 */
onair_status onair_room_stop(onair_room room);

/*
 Opens a room of one's own, as soon as there is a connection and again after each loss. `key` is its
 public name: 1 to 64 letters, digits, - and _; `title` up to 100 characters, or NULL.

 # Safety
 `key` and `title` are NULL or texts.
 */
onair_status onair_room_open(onair_room room, const char *key, const char *title);

/*
 Goes into a room, as soon as there is a connection and again after each loss.

 # Safety
 `key` is NULL or a text.
 */
onair_status onair_room_join(onair_room room, const char *key);

/*
 Leaves the room. One's own stays open until the server's patience ends.
 */
onair_status onair_room_leave(onair_room room);

/*
 Closes one's own room for everybody.
 */
onair_status onair_room_close(onair_room room);

/*
 1 to 1,000 hearts, told together with others of the next 200 ms; never told late.
 */
onair_status onair_room_like(onair_room room, uint32_t count);

/*
 Says something, up to 200 characters. `at_ms` is the position on the stream's timeline that it
 belongs to, or ONAIR_NO_TIME. Its id goes to `id`, which may be NULL, cut to `capacity` bytes;
 ONAIR_ROOM_ID_BYTES are enough.

 # Safety
 `text` is NULL or a text, `id` is NULL or has room for `capacity` bytes.
 */
onair_status onair_room_comment(onair_room room, const char *text, int64_t at_ms, char *id, size_t capacity);

/*
 Gives something, 1 to 1,000 of it; otherwise as onair_room_comment. `sender_id` is random in each
 start of an app.

 # Safety
 `id` is NULL or has room for `capacity` bytes.
 */
onair_status onair_room_gift(onair_room room,
                             uint32_t sender_id,
                             uint32_t gift_id,
                             uint32_t count,
                             int64_t at_ms,
                             char *id,
                             size_t capacity);

/*
 Tells the host that the comment with this id must not stand, and why.

 # Safety
 `id` and `reason` are NULL or texts.
 */
onair_status onair_room_report(onair_room room, const char *id, const char *reason);

/*
 Does not show what this sender says; when one is the host, to nobody.

 # Safety
 `sender` is NULL or a text.
 */
onair_status onair_room_mute(onair_room room, const char *sender);

/*
 Shows it again, to oneself.

 # Safety
 `sender` is NULL or a text.
 */
onair_status onair_room_unmute(onair_room room, const char *sender);

/*
 As onair_room_mute; when one is the host, the sender must leave the room too.

 # Safety
 `sender` is NULL or a text.
 */
onair_status onair_room_block(onair_room room, const char *sender);

/*
 Takes the comment with this id away from everybody.

 # Safety
 `id` is NULL or a text.
 */
onair_status onair_room_remove_comment(onair_room room, const char *id);

/*
 The network changed for the better: does not wait to connect any longer.
 */
onair_status onair_room_network_is_back(onair_room room);

/*
 The next event; waits up to `timeout_ms`. ONAIR_NO_EVENT when none came, and at once when none will
 follow. One thread at a time.

 # Safety
 `event` is NULL or points to room for an event.
 */
onair_status onair_room_next_event(onair_room room, uint64_t timeout_ms, onair_room_event *event);

/*
 How many events were dropped since nobody fetched them, likes and numbers of viewers aside.

 # Safety
 `count` is NULL or points to room for a number.
 */
onair_status onair_room_events_lost(onair_room room, uint64_t *count);

/*
 Whoever waits for an event gets what waits already, then ONAIR_NO_EVENT, from now on.
 */
onair_status onair_room_cancel_events(onair_room room);

#if defined(ONAIR_REHEARSAL)
/*
 The room's clock goes on by so much, µs; what falls due meanwhile happens at its time.
 */
onair_status onair_rehearsal_room_pass(onair_room room, uint32_t micros);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The locator answers this, or nothing when it is NULL.

 # Safety
 `body` is NULL or a text.
 */
onair_status onair_rehearsal_room_locate(onair_room room, const char *body);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The room's WebSocket is open.
 */
onair_status onair_rehearsal_room_open(onair_room room);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The server sends this text frame.

 # Safety
 `frame` is NULL or a text.
 */
onair_status onair_rehearsal_room_hear(onair_room room, const char *frame);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The server answers a ping.
 */
onair_status onair_rehearsal_room_pong(onair_room room);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 The connection closes.
 */
onair_status onair_rehearsal_room_cut(onair_room room);
#endif

#if defined(ONAIR_REHEARSAL)
/*
 What the client did so far, a line each: its time in µs, then "locate HOST PATH", "connect HOST
 PATH", "send FRAME", "ping" or "disconnect". Cut to `capacity` bytes; `*size` is what the whole text
 needs, with its NUL.

 # Safety
 `buffer` is NULL or has room for `capacity` bytes; `size` is NULL or points to room for a size.
 */
onair_status onair_rehearsal_room_log(onair_room room, char *buffer, size_t capacity, size_t *size);
#endif

/*
 A session made as `config` says. Free it with onair_session_free.

 # Safety
 `config` is NULL or points to a configuration whose pointers are NULL or valid, and `session` is
 NULL or points to room for a session.
 */
onair_status onair_session_create(const onair_session_config *config, onair_session *session);

/*
 Begins to connect to all of them, from one encode, and returns at once.

 # Safety
 `all` is NULL or points to `count` destinations whose pointers are NULL or valid.
 */
onair_status onair_session_start(onair_session session,
                                 const onair_destination *all,
                                 size_t count,
                                 uint32_t shared_bitrate);

/*
 Begins to connect to one address, and returns at once.

 # Safety
 `url` is NULL or a text.
 */
onair_status onair_session_start_url(onair_session session, const char *url);

/*
 Ends the broadcast; returns within 300 ms in every state.
 */
onair_status onair_session_stop(onair_session session);

/*
 Takes no more pushes, waits until everything accepted was sent or `deadline_ms` has passed, then
 stops. `*sent` (may be NULL) is 1 when everything was sent.

 # Safety
 `sent` is NULL or points to room for a number.
 */
onair_status onair_session_finish(onair_session session, uint64_t deadline_ms, uint32_t *sent);

/*
 Stops the session and gives it back. Whoever waits for its events gets what waits already, then
 ONAIR_NO_EVENT or an error; a push in another thread ends first.
 */
onair_status onair_session_free(onair_session session);

/*
 While muted, raw sound is sent as silence.
 */
onair_status onair_session_set_muted(onair_session session, uint32_t muted);

/*
 Makes the next raw picture an IDR.
 */
onair_status onair_session_request_keyframe(onair_session session);

/*
 Lets the video bitrate be nothing but this from now on, bit/s, until the broadcast ends.
 */
onair_status onair_session_set_video_bitrate_range(onair_session session, uint32_t min_bps, uint32_t max_bps);

/*
 What the system says of the device's way to the network: ONAIR_PATH_…
 */
onair_status onair_session_report_path(onair_session session, uint32_t path);

/*
 Adds a source of sound that is mixed with the first one: its own rate, channels, gain and mute,
 stamps on the same clock. Stays over stop and start until it is removed; eight in all. `*source`
 is its number; 0 is the first source.

 # Safety
 `source` is NULL or points to room for a number.
 */
onair_status onair_session_add_audio_source(onair_session session, uint32_t *source);

/*
 Removes a source. The first one cannot be removed.
 */
onair_status onair_session_remove_audio_source(onair_session session, uint32_t source);

/*
 How loud a source is in the mix: 0 is silence, 1 as it comes, 8 the most.
 */
onair_status onair_session_set_audio_source_gain(onair_session session, uint32_t source, float gain);

/*
 Mutes one source in the mix; its time runs on.
 */
onair_status onair_session_set_audio_source_muted(onair_session session, uint32_t source, uint32_t muted);

/*
 How loud all of it is: 0 to 8, 1 unless said. Survives stop and start.
 */
onair_status onair_session_set_gain(onair_session session, float gain);

/*
 How loud the last tenth of a second was; silence when nothing runs. Of sound that the core mixes.

 # Safety
 `levels` is NULL or points to room for levels.
 */
onair_status onair_session_levels(onair_session session, onair_levels *levels);

/*
 As onair_session_push_audio, for a source of its own number.

 # Safety
 `samples` is NULL or points to `count` samples.
 */
onair_status onair_session_push_audio_to(onair_session session,
                                         uint32_t source,
                                         const int16_t *samples,
                                         size_t count,
                                         uint32_t sample_rate_hz,
                                         uint32_t channels,
                                         int64_t time_us);

/*
 Samples as floats, -1 to 1, of the source of this number; 0 is the first one. `planes` points to
 `plane_count` pointers: one for each channel, to `frames` samples, or one alone to `frames` of all
 channels in turn.

 # Safety
 `planes` is NULL or points to so many pointers, each NULL or to so many samples.
 */
onair_status onair_session_push_audio_float(onair_session session,
                                            uint32_t source,
                                            const float *const *planes,
                                            uint32_t plane_count,
                                            size_t frames,
                                            uint32_t sample_rate_hz,
                                            uint32_t channels,
                                            int64_t time_us);

/*
 A track's device is gone for a while, or another one takes its place: ONAIR_INTERRUPT_… The stream
 gets the last picture (or the slate), and silence, until onair_session_resume and the first push
 after it.
 */
onair_status onair_session_interrupt(onair_session session, uint32_t what);

/*
 The device is back: what is pushed counts again.
 */
onair_status onair_session_resume(onair_session session, uint32_t what);

/*
 The picture of interruptions, copied, of any size that may be pushed; its time is not looked at.
 NULL for the last one that was pushed. Survives stop and start.

 # Safety
 As onair_session_push_video.
 */
onair_status onair_session_set_slate(onair_session session, const onair_video_frame *frame);

/*
 What was wrong with the last call of this thread that failed, as NUL-terminated UTF-8, cut to
 `capacity` bytes. Returns the bytes that the whole text needs, with its NUL; 1 for an empty one.

 # Safety
 `buffer` is NULL or has room for `capacity` bytes.
 */
size_t onair_last_error(char *buffer, size_t capacity);

/*
 What to do about that error, in the same way.

 # Safety
 `buffer` is NULL or has room for `capacity` bytes.
 */
size_t onair_last_advice(char *buffer, size_t capacity);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ONAIR_H */
