internal import OnAirC

/// What becomes of a picture before an encoder of the app's own gets it.
public struct PlacedPicture: Hashable, Sendable {
  /// The time to encode it with.
  public let time: CaptureTime
  /// The look, a preview or a snapshot wants it drawn (``LiveSession/draw(_:at:into:)``). Otherwise the encoder may have it
  /// as it is.
  public let isDrawn: Bool
}

/// Whether something stands in for a device.
public enum StandIn: Hashable, Sendable {
  /// Encode the slate or the last picture, or 1,024 samples of silence, with this time now.
  case due(CaptureTime)
  /// Nothing was due in time.
  case later
  /// The device speaks for itself.
  case over
}

/// Rows of bytes to write into, in memory of the caller's.
public struct TargetPlane {
  /// All rows, at least `bytesPerRow` × (rows − 1) and a row's.
  public var bytes: UnsafeMutableRawBufferPointer
  /// From one row to the next.
  public var bytesPerRow: Int

  public init(_ bytes: UnsafeMutableRawBufferPointer, bytesPerRow: Int) {
    self.bytes = bytes
    self.bytesPerRow = bytesPerRow
  }
}

/// Where a picture is drawn: an encoder's input buffer of the session's size.
public struct PictureTarget {
  var core: onair_target

  /// Y, then U and V alternating.
  public static func nv12(width: Int, height: Int, y: TargetPlane, uv: TargetPlane) -> Self {
    Self(ONAIR_PIXELS_NV12, width, height, [y, uv])
  }

  /// Y, U, V, chroma halved both ways.
  public static func i420(width: Int, height: Int, y: TargetPlane, u: TargetPlane, v: TargetPlane) -> Self {
    Self(ONAIR_PIXELS_I420, width, height, [y, u, v])
  }

  private init(_ pixels: Int32, _ width: Int, _ height: Int, _ planes: [TargetPlane]) {
    core = onair_target()
    core.pixels = UInt32(pixels)
    core.width = UInt32(clamping: width)
    core.height = UInt32(clamping: height)
    let at = { (index: Int) in index < planes.count ? planes[index].core : onair_target_plane() }
    core.planes = (at(0), at(1), at(2))
  }
}

/// For an encoder of the app's own (``LiveOptions/Source/encoded``): its pictures look as the session says, and
/// interruptions are filled as the core's own are. The device's encoders do so by themselves.
extension LiveSession {
  /// To be called with each picture before it is encoded, whether the session runs or not. Nil: leave it out, as the
  /// camera is interrupted.
  public func placePicture(at time: CaptureTime) throws(LiveError) -> PlacedPicture? {
    try handle.placePicture(at: time)
  }

  /// The same for sound of this length, s: the time of its first sample.
  public func placeSound(at time: CaptureTime, length: Double) throws(LiveError) -> CaptureTime? {
    try handle.placeSound(at: time, length: length)
  }

  /// Takes sound of one source to be mixed; ``takeMixed(into:)`` then has what came of it. Of ``AudioSource/main`` the time
  /// is that of ``placeSound(at:length:)`` or ``waitStandIn(for:within:)``, of others their own.
  public func mixSound(
    _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime,
    from source: AudioSource = .main
  ) throws(LiveError) {
    try handle.mix(samples, sampleRate: sampleRate, channels: channels, at: time, from: source)
  }

  /// The oldest block of the mix that was not taken yet, 1,024 samples of each of the session's channels in turn, into the
  /// beginning of `block`; and when it begins. Nil when there is none yet. One thread at a time takes them.
  public func takeMixed(into block: inout [Int16]) throws(LiveError) -> CaptureTime? {
    try handle.takeMixed(into: &block)
  }

  /// Draws a picture of any size and format by the session's look. Nothing is allocated once look and geometry have been
  /// seen.
  public func draw(_ frame: VideoFrame, at time: CaptureTime, into target: PictureTarget) throws(LiveError) {
    try handle.draw(frame, at: time, into: target)
  }

  /// Draws the slate of interruptions; false when there is none: the last picture stays.
  public func drawSlate(at time: CaptureTime, into target: PictureTarget) throws(LiveError) -> Bool {
    try handle.drawSlate(at: time, into: target)
  }

  /// Waits, so long at most, until something has to stand in. One thread for each track calls this from
  /// ``interrupt(_:)`` on until it is over.
  public func waitStandIn(for track: Track, within seconds: Double) throws(LiveError) -> StandIn {
    try handle.waitStandIn(for: track, within: seconds)
  }
}

extension CoreHandle {
  func placePicture(at time: CaptureTime) throws(LiveError) -> PlacedPicture? {
    var placed = onair_placed()
    try check(onair_session_place_video(number, time.microseconds, &placed))
    guard placed.is_taken != 0 else { return nil }
    return PlacedPicture(time: CaptureTime(microseconds: placed.time_us), isDrawn: placed.is_drawn != 0)
  }

  func placeSound(at time: CaptureTime, length: Double) throws(LiveError) -> CaptureTime? {
    var placed = onair_placed()
    let micros = UInt32(clamping: Int64(exactly: (length * 1_000_000).rounded()) ?? 0)
    try check(onair_session_place_audio(number, time.microseconds, micros, &placed))
    return placed.is_taken != 0 ? CaptureTime(microseconds: placed.time_us) : nil
  }

  func draw(_ frame: VideoFrame, at time: CaptureTime, into target: PictureTarget) throws(LiveError) {
    var (picture, place) = (frame.core, target.core)
    picture.time_us = time.microseconds
    try check(onair_session_draw(number, &picture, &place))
  }

  func drawSlate(at time: CaptureTime, into target: PictureTarget) throws(LiveError) -> Bool {
    var place = target.core
    let status = onair_session_draw_slate(number, time.microseconds, &place)
    if status == ONAIR_NO_SLATE { return false }
    try check(status)
    return true
  }

  func mix(
    _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime,
    from source: AudioSource
  ) throws(LiveError) {
    try check(
      onair_session_mix_audio(
        number, source.number, samples.baseAddress, samples.count, UInt32(clamping: sampleRate),
        UInt32(clamping: channels), time.microseconds))
  }

  /// When the block begins that it put into `block`; nil when there is none yet.
  func takeMixed(into block: inout [Int16]) throws(LiveError) -> CaptureTime? {
    var time: Int64 = 0
    let status = block.withUnsafeMutableBufferPointer { block in
      onair_session_take_mixed(number, block.baseAddress, block.count, &time)
    }
    if status == ONAIR_NO_EVENT { return nil }
    try check(status)
    return CaptureTime(microseconds: time)
  }

  func waitStandIn(for track: Track, within seconds: Double) throws(LiveError) -> StandIn {
    let what = track == .video ? ONAIR_INTERRUPT_PICTURE : ONAIR_INTERRUPT_SOUND
    var time: Int64 = 0
    let within = UInt32(clamping: milliseconds(seconds))
    let status = onair_session_wait_stand_in(number, UInt32(what), within, &time)
    switch status {
    case ONAIR_NO_EVENT: return .later
    case ONAIR_FLOWING: return .over
    default:
      try check(status)
      return .due(CaptureTime(microseconds: time))
    }
  }
}

extension TargetPlane {
  fileprivate var core: onair_target_plane {
    onair_target_plane(
      data: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), size: bytes.count, stride: max(bytesPerRow, 0))
  }
}
