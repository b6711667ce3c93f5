//! looks.json: what a look makes of one picture, or why it is refused. The picture is 64×48 of bytes R G B A:
//! (4x, 5y, 4(x ^ y), 255); what it becomes is known by the FNV-1a of its 64×48 R G B A.
#![expect(unsafe_code, reason = "calls what Swift and Kotlin call")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use onair::Fit;
use onair_e2e::clock;
use onair_ffi::c::look::{ONAIR_NO_PICTURE, onair_session_fetch_preview};
use onair_ffi::c::push::{
    ONAIR_PIXELS_RGBA, onair_plane, onair_session_push_video, onair_video_frame,
};
use onair_ffi::{
    LiveError, LiveSession, LookOptions, OverlayAnchor, OverlayContent, OverlayImage,
    OverlayOptions, PictureEffect, Recorder, RecordingFormat, RecordingOptions, VideoOptions,
    look_options, session_options, video_preset,
};
use onair_types::config::Orientation;
use serde_json::{Value, json};

use crate::c;
use crate::vectors::{bytes, is_set, number, text};

const SIZE: [usize; 2] = [64, 48];
const PATIENCE: Duration = Duration::from_secs(30);

/// What each look ends in: a hash, or code and reason.
pub(crate) fn natively(vectors: &[Value]) -> Vec<Value> {
    let preset = video_preset(onair::VideoQuality::Low1, Orientation::Landscape);
    let [width, height] = SIZE.map(|side| side as u32);
    let video = VideoOptions { width, height, ..preset };
    let session = LiveSession::new(session_options(None, Some(video))).expect("options that fit");
    let session = Arc::new(session);
    let recorder = Recorder::new(Arc::clone(&session));
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("looks.mp4").to_string_lossy().into_owned();
    let (split_after_ms, split_bytes) = (None, None);
    let file =
        RecordingOptions { path, format: RecordingFormat::ByName, split_after_ms, split_bytes };
    recorder.start(file).expect("a new file");
    let mut pictures = 0;
    let ends = vectors.iter().map(|vector| {
        let look = &vector["look"];
        let set = options(look).and_then(|look| session.set_look(look));
        if let Err(error) = set {
            return json!({ "code": error.code(), "reason": error.reason() });
        }
        session.set_preview(true, is_set(look, "mirror"));
        push(&session, pictures);
        pictures += 1;
        json!({ "hash": preview(&session) })
    });
    let ends = ends.collect();
    let made = recorder.stop(5_000).expect("a disk").expect("a recording");
    assert_eq!((made.frames, made.frames_missing), (pictures as u64, 0));
    ends
}

fn picture() -> Vec<u8> {
    let [width, height] = SIZE;
    let pixel = |x: usize, y: usize| [4 * x as u8, 5 * y as u8, 4 * (x ^ y) as u8, 255];
    (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
}

fn push(session: &LiveSession, number: i64) {
    let pixels = picture();
    let empty = onair_plane { data: std::ptr::null(), size: 0, stride: 0 };
    let plane = onair_plane { data: pixels.as_ptr(), size: pixels.len(), stride: SIZE[0] * 4 };
    let frame = onair_video_frame {
        pixels: ONAIR_PIXELS_RGBA,
        width: SIZE[0] as u32,
        height: SIZE[1] as u32,
        planes: [plane, empty, empty],
        time_us: number * 100_000,
        release: None,
        context: std::ptr::null_mut(),
    };
    // SAFETY: the plane is as long as is said.
    assert_eq!(unsafe { onair_session_push_video(session.native_handle(), &raw const frame) }, 0);
}

fn preview(session: &LiveSession) -> String {
    let mut shown = vec![0; SIZE[0] * SIZE[1] * 4];
    let (mut width, mut height) = (0, 0);
    let came = clock::until(PATIENCE, || {
        let (handle, room) = (session.native_handle(), shown.len());
        let (to, wide, high) = (shown.as_mut_ptr(), &raw mut width, &raw mut height);
        // SAFETY: there is as much room as is said.
        let status =
            unsafe { onair_session_fetch_preview(handle, ONAIR_PIXELS_RGBA, to, room, wide, high) };
        assert!(status == 0 || status == ONAIR_NO_PICTURE, "status {status}");
        (status == 0).then_some(())
    });
    assert!(came.is_some(), "no picture came");
    let hash = shown.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    });
    format!("{hash:016x}")
}

fn options(look: &Value) -> Result<LookOptions, LiveError> {
    let mut options = look_options();
    if let Some(fit) = look["fit"].as_str() {
        options.fit = [Fit::Fill, Fit::Fit, Fit::Stretch][place(FITS, fit)];
    }
    options.rotation_degrees = number(look, "rotation_degrees", 0) as i32;
    options.mirror = is_set(look, "mirror");
    options.zoom = real(look, "zoom", options.zoom);
    options.beauty.is_on = is_set(look, "beauty");
    options.beauty.level = real(look, "level", options.beauty.level);
    options.beauty.bright = real(look, "bright", options.beauty.bright);
    options.beauty.tone = real(look, "tone", options.beauty.tone);
    options.beauty.zero_is_off = is_set(look, "zero_is_off");
    options.beauty.is_fast = is_set(look, "fast");
    let known = [
        PictureEffect::Gray,
        PictureEffect::Invert,
        PictureEffect::Sepia,
        PictureEffect::Fisheye,
        PictureEffect::Glow,
    ];
    let effects = names(look, "effects");
    options.effects = effects.map(|name| known[place(EFFECTS, name)].clone()).collect();
    options.overlays = list(look, "overlays").iter().map(overlay).collect::<Result<_, _>>()?;
    Ok(options)
}

fn overlay(overlay: &Value) -> Result<OverlayOptions, LiveError> {
    let whole = |name: &str| number(overlay, name, 0);
    let content = if overlay.get("rgba").is_some() {
        let (width, height) = (whole("width") as u32, whole("height") as u32);
        let image = OverlayImage::from_rgba(width, height, bytes(overlay, "rgba"))?;
        OverlayContent::Still { image: Arc::new(image) }
    } else if let Some(letters) = overlay["text"].as_str() {
        OverlayContent::Letters {
            text: letters.to_owned(),
            size_px: real(overlay, "size_px", 24.0),
            colour: colour(overlay, "colour").unwrap_or(u32::MAX),
            background: colour(overlay, "background"),
            font: None,
        }
    } else {
        OverlayContent::Pushed
    };
    let anchors = [
        OverlayAnchor::TopLeft,
        OverlayAnchor::TopRight,
        OverlayAnchor::BottomLeft,
        OverlayAnchor::BottomRight,
        OverlayAnchor::Centre,
    ];
    Ok(OverlayOptions {
        name: text(overlay, "name").to_owned(),
        content,
        anchor: overlay["anchor"].as_str().map_or(anchors[0], |name| anchors[place(ANCHORS, name)]),
        x: whole("x") as i32,
        y: whole("y") as i32,
        width: whole("out_width") as u32,
        height: whole("out_height") as u32,
        stretch: is_set(overlay, "stretch"),
        opacity: real(overlay, "opacity", 1.0),
        z: whole("z") as i32,
    })
}

/// What each look ends in through C; `None` where there is no compiler.
pub(crate) fn through_c(vectors: &[Value]) -> Option<Vec<Value>> {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("looks.mp4");
    let [width, height] = SIZE;
    let mut body = format!(
        "  onair_video_config video;\n  onair_session_config config;\n  onair_session session;\n  \
         onair_video_preset(0, 1, &video);\n  onair_session_config_init(&config);\n  \
         video.width = {width};\n  video.height = {height};\n  config.video = &video;\n  \
         expect(onair_session_create(&config, &session), 0);\n  \
         onair_recording_config file = {{.path = {path:?}}};\n  \
         expect(onair_session_record_only(session, &file), 0);\n"
    );
    for (index, vector) in vectors.iter().enumerate() {
        let look = &vector["look"];
        let _ = write!(
            body,
            "  {{\n{}    look_at(session, &look, {index}, status);\n  }}\n",
            written(look)
        );
    }
    body += "  expect(onair_session_finish(session, 5000, NULL), 0);\n  onair_recording made;\n  \
             expect(onair_session_stop_recording(session, &made), 0);\n  \
             if (made.frames == 0) return 1;\n  expect(onair_session_free(session), 0);\n";
    let said = c::run(&format!("{PRELUDE}\nint main(void) {{\n{body}  return 0;\n}}\n"))?;
    let ends = said.lines().map(|line| match line.split_once(' ').expect("a word and a value") {
        ("hash", hash) => json!({ "hash": hash }),
        (code, reason) => json!({ "code": code.parse::<u16>().expect("a code"), "reason": reason }),
    });
    Some(ends.collect())
}

/// `look`, `status` of its images, in C.
fn written(look: &Value) -> String {
    let mut code =
        "    onair_status status = ONAIR_OK;\n    onair_look look;\n    onair_look_init(&look);\n"
            .to_owned();
    let mut set = |field: &str, value: String| {
        let _ = writeln!(code, "    look.{field} = {value};");
    };
    let fit = look["fit"].as_str().map_or(0, |fit| place(FITS, fit));
    set("fit", fit.to_string());
    set("rotation_degrees", number(look, "rotation_degrees", 0).to_string());
    set("mirror", flag(look, "mirror"));
    set("beauty", flag(look, "beauty"));
    set("beauty_zero_is_off", flag(look, "zero_is_off"));
    set("beauty_fast", flag(look, "fast"));
    let reals = [
        ("zoom", "zoom"),
        ("level", "beauty_level"),
        ("bright", "bright_level"),
        ("tone", "tone_level"),
    ];
    for (name, field) in reals {
        if let Some(value) = look[name].as_str() {
            set(field, format!("strtof({value:?}, NULL)"));
        }
    }
    let effects: Vec<String> =
        names(look, "effects").map(|name| format!("{{{}, 0}}", place(EFFECTS, name))).collect();
    set("effect_count", effects.len().to_string());
    let overlays = list(look, "overlays");
    set("overlay_count", overlays.len().to_string());
    let _ = writeln!(
        code,
        "    onair_effect effects[] = {{{}}};",
        [effects, vec!["{0, 0}".into()]].concat().join(", ")
    );
    let _ = writeln!(
        code,
        "    onair_overlay overlays[{}];\n    look.effects = effects;\n    look.overlays = overlays;",
        overlays.len() + 1
    );
    for (index, overlay) in overlays.iter().enumerate() {
        code += &written_overlay(index, overlay);
    }
    code + "    (void)status;\n"
}

fn written_overlay(index: usize, overlay: &Value) -> String {
    let mut code = format!("    onair_overlay_init(&overlays[{index}]);\n");
    let mut set = |field: &str, value: String| {
        let _ = writeln!(code, "    overlays[{index}].{field} = {value};");
    };
    set("name", c::quoted(text(overlay, "name")));
    let content = match (overlay.get("rgba"), overlay["text"].as_str()) {
        (Some(_), _) => 0,
        (_, Some(letters)) => {
            set("text", c::quoted(letters));
            1
        }
        _ => 2,
    };
    set("content", content.to_string());
    for (name, field) in [("size_px", "size_px"), ("opacity", "opacity")] {
        if let Some(value) = overlay[name].as_str() {
            set(field, format!("strtof({value:?}, NULL)"));
        }
    }
    for (name, field) in
        [("x", "x"), ("y", "y"), ("out_width", "width"), ("out_height", "height"), ("z", "z")]
    {
        set(field, number(overlay, name, 0).to_string());
    }
    set("stretch", flag(overlay, "stretch"));
    if let Some(name) = overlay["anchor"].as_str() {
        set("anchor", place(ANCHORS, name).to_string());
    }
    for name in ["colour", "background"] {
        if let Some(colour) = colour(overlay, name) {
            set(name, format!("{colour}u"));
        }
    }
    if content == 0 {
        let (width, height) = (number(overlay, "width", 0), number(overlay, "height", 0));
        let _ = writeln!(
            code,
            "    if (status == ONAIR_OK) status = onair_image_from_rgba({width}, {height}, {}, &overlays[{index}].image);",
            c::literal(&bytes(overlay, "rgba"))
        );
    }
    code
}

fn list(value: &Value, name: &str) -> Vec<Value> {
    value.get(name).map_or_else(Vec::new, |list| list.as_array().expect("a list").clone())
}

fn names<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    let list = value.get(name).and_then(Value::as_array);
    list.into_iter().flatten().map(|name| name.as_str().expect("a name"))
}

/// Numbers stand as texts, so that there can be some that are none.
fn real(value: &Value, name: &str, usual: f32) -> f32 {
    value.get(name).map_or(usual, |_| text(value, name).parse().expect("a number"))
}

fn colour(value: &Value, name: &str) -> Option<u32> {
    value.get(name).map(|_| u32::from_str_radix(text(value, name), 16).expect("RRGGBBAA"))
}

fn flag(value: &Value, name: &str) -> String {
    u32::from(is_set(value, name)).to_string()
}

fn place(all: &[&str], name: &str) -> usize {
    all.iter().position(|known| *known == name).unwrap_or_else(|| panic!("no {name}"))
}

const FITS: &[&str] = &["Fill", "Fit", "Stretch"];
const EFFECTS: &[&str] = &["Gray", "Invert", "Sepia", "Fisheye", "Glow"];
const ANCHORS: &[&str] = &["TopLeft", "TopRight", "BottomLeft", "BottomRight", "Centre"];

const PRELUDE: &str = r#"
static int64_t pictures;

static void look_at(onair_session session, const onair_look *look, int number, onair_status status) {
  static uint8_t pixels[64 * 48 * 4], shown[64 * 48 * 4];
  if (status == ONAIR_OK) status = onair_session_set_look(session, look);
  if (status != ONAIR_OK) {
    char reason[256];
    onair_last_error(reason, sizeof reason);
    printf("%d %s\n", (int)status, reason);
    return;
  }
  for (int y = 0; y < 48; y++)
    for (int x = 0; x < 64; x++) {
      uint8_t *pixel = pixels + 4 * (64 * y + x);
      pixel[0] = 4 * x, pixel[1] = 5 * y, pixel[2] = 4 * (x ^ y), pixel[3] = 255;
    }
  expect(onair_session_set_preview(session, 1, look->mirror), 0);
  onair_video_frame frame = {.pixels = ONAIR_PIXELS_RGBA, .width = 64, .height = 48,
                             .planes = {{pixels, sizeof pixels, 256}}, .time_us = 100000 * pictures++};
  expect(onair_session_push_video(session, &frame), 0);
  uint32_t width, height;
  for (int tries = 0; tries < 6000; tries++) {
    onair_status fetched =
        onair_session_fetch_preview(session, ONAIR_PIXELS_RGBA, shown, sizeof shown, &width, &height);
    if (fetched == ONAIR_OK) {
      uint64_t hash = 0xCBF29CE484222325u;
      for (size_t at = 0; at < sizeof shown; at++) hash = (hash ^ shown[at]) * 0x100000001B3u;
      printf("hash %016llx\n", (unsigned long long)hash);
      return;
    }
    expect(fetched, ONAIR_NO_PICTURE);
    nanosleep(&(struct timespec){0, 5000000}, NULL);
  }
  fprintf(stderr, "no picture of look %d\n", number);
  exit(1);
}
"#;
