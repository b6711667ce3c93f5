internal import OnAirC

/// When something was captured, µs on a clock of the device that goes on steadily: the same for pictures and sound.
public struct CaptureTime: Hashable, Comparable, Sendable {
  public var microseconds: Int64

  public init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  public static func seconds(_ seconds: Double) -> Self {
    Self(microseconds: Int64(exactly: (seconds * 1_000_000).rounded()) ?? 0)
  }

  public static func < (one: Self, other: Self) -> Bool { one.microseconds < other.microseconds }
}

/// Rows of bytes in memory of the caller's, read during a push only.
public struct Plane {
  /// All rows, at least `bytesPerRow` × (rows − 1) and a row's.
  public var bytes: UnsafeRawBufferPointer
  /// From one row to the next.
  public var bytesPerRow: Int

  public init(_ bytes: UnsafeRawBufferPointer, bytesPerRow: Int) {
    self.bytes = bytes
    self.bytesPerRow = bytesPerRow
  }
}

/// A picture in memory of the caller's: read during the push, copied once, kept by nobody.
public struct VideoFrame {
  let pixels: UInt32
  let width: Int
  let height: Int
  let planes: (Plane, Plane, Plane)

  /// Y, then U and V alternating, as cameras give it.
  public static func nv12(width: Int, height: Int, y: Plane, uv: Plane) -> Self {
    Self(pixels: UInt32(ONAIR_PIXELS_NV12), width: width, height: height, planes: (y, uv, .none))
  }

  /// Y, then V and U alternating.
  public static func nv21(width: Int, height: Int, y: Plane, vu: Plane) -> Self {
    Self(pixels: UInt32(ONAIR_PIXELS_NV21), width: width, height: height, planes: (y, vu, .none))
  }

  /// Y, U, V, chroma halved both ways.
  public static func i420(width: Int, height: Int, y: Plane, u: Plane, v: Plane) -> Self {
    Self(pixels: UInt32(ONAIR_PIXELS_I420), width: width, height: height, planes: (y, u, v))
  }

  /// Bytes B G R A.
  public static func bgra(width: Int, height: Int, _ plane: Plane) -> Self {
    Self(pixels: UInt32(ONAIR_PIXELS_BGRA), width: width, height: height, planes: (plane, .none, .none))
  }

  /// Bytes R G B A.
  public static func rgba(width: Int, height: Int, _ plane: Plane) -> Self {
    Self(pixels: UInt32(ONAIR_PIXELS_RGBA), width: width, height: height, planes: (plane, .none, .none))
  }
}

/// One picture of an encoder of the app's own, in memory of the caller's.
public struct EncodedVideo {
  /// How NAL units are told apart.
  public enum Layout: Hashable, Sendable {
    /// Behind their lengths; the header is a record (avcC, hvcC, av1C), as VideoToolbox has it.
    case lengths
    /// Behind start codes; the header are parameter sets.
    case startCodes
  }

  public var layout: Layout
  /// Whether decoding can start here.
  public var isKey: Bool
  /// How to decode: with the first picture and whenever it changes.
  public var header: UnsafeRawBufferPointer?
  public var payload: UnsafeRawBufferPointer
  /// When it is shown.
  public var presentation: CaptureTime
  /// When it is decoded: the same, unless pictures are reordered.
  public var decoding: CaptureTime

  public init(
    layout: Layout, isKey: Bool, header: UnsafeRawBufferPointer?, payload: UnsafeRawBufferPointer,
    presentation: CaptureTime, decoding: CaptureTime? = nil
  ) {
    self.layout = layout
    self.isKey = isKey
    self.header = header
    self.payload = payload
    self.presentation = presentation
    self.decoding = decoding ?? presentation
  }
}

/// One AAC frame without ADTS header, or one Opus packet, in memory of the caller's.
public struct EncodedAudio {
  /// AudioSpecificConfig or OpusHead: with the first frame and whenever it changes.
  public var header: UnsafeRawBufferPointer?
  public var payload: UnsafeRawBufferPointer
  /// Of its first sample.
  public var presentation: CaptureTime

  public init(header: UnsafeRawBufferPointer?, payload: UnsafeRawBufferPointer, presentation: CaptureTime) {
    self.header = header
    self.payload = payload
    self.presentation = presentation
  }
}

// --- into the core: nothing is allocated here ---

extension Plane {
  fileprivate static var none: Self { Self(UnsafeRawBufferPointer(start: nil, count: 0), bytesPerRow: 0) }

  fileprivate var core: onair_plane {
    onair_plane(
      data: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), size: bytes.count, stride: max(bytesPerRow, 0))
  }
}

extension VideoFrame {
  /// As C has it, without a time.
  @inline(__always)
  var core: onair_video_frame {
    var picture = onair_video_frame()
    picture.pixels = pixels
    picture.width = UInt32(clamping: width)
    picture.height = UInt32(clamping: height)
    picture.planes = (planes.0.core, planes.1.core, planes.2.core)
    return picture
  }
}

extension CoreHandle {
  func push(_ frame: VideoFrame, at time: CaptureTime) throws(LiveError) {
    var picture = frame.core
    picture.time_us = time.microseconds
    try check(onair_session_push_video(number, &picture))
  }

  func push(
    _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime
  ) throws(LiveError) {
    try check(
      onair_session_push_audio(
        number, samples.baseAddress, samples.count, UInt32(clamping: sampleRate), UInt32(clamping: channels),
        time.microseconds))
  }

  func push(_ picture: EncodedVideo) throws(LiveError) {
    var unit = onair_video_unit()
    unit.layout = UInt32(picture.layout == .lengths ? ONAIR_LAYOUT_LENGTHS : ONAIR_LAYOUT_START_CODES)
    unit.is_key = picture.isKey ? 1 : 0
    unit.header = picture.header?.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unit.header_size = picture.header?.count ?? 0
    unit.payload = picture.payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unit.payload_size = picture.payload.count
    unit.pts_us = picture.presentation.microseconds
    unit.dts_us = picture.decoding.microseconds
    try check(onair_session_push_encoded_video(number, &unit))
  }

  func push(_ sound: EncodedAudio) throws(LiveError) {
    var unit = onair_audio_unit()
    unit.header = sound.header?.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unit.header_size = sound.header?.count ?? 0
    unit.payload = sound.payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unit.payload_size = sound.payload.count
    unit.pts_us = sound.presentation.microseconds
    try check(onair_session_push_encoded_audio(number, &unit))
  }
}

/// What C knows a session by.
struct CoreHandle: Sendable {
  let number: UInt64
}
