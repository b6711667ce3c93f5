import Foundation
internal import OnAirC
internal import OnAirFFI

/// A file format for stills.
public enum SnapshotFormat: Hashable, Sendable {
  /// Every pixel as it is.
  case png
  /// Smaller; a quality of 1 to 100.
  case jpeg(quality: Int)
}

extension LiveSession {
  // MARK: Pictures beside the camera's

  /// Makes a copy of `frame`, of any size, what the overlay `name` of the look shows from the next picture on. Never
  /// waits.
  public func pushOverlay(_ name: String, _ frame: VideoFrame) throws(LiveError) {
    var picture = frame.core
    let status = name.withCString { onair_session_push_overlay(handle.number, $0, &picture) }
    try check(status)
  }

  /// The next raw picture as it is encoded, as a file. LFLiveKit: currentImage.
  ///
  /// - Throws: ``LiveError`` when none came in so many seconds (219), or the core gets none (208).
  public func snapshot(_ format: SnapshotFormat = .png, within seconds: Double = 1) async throws(LiveError) -> Data {
    let made = await Self.waiting { [core] in
      Result { try core.snapshot(format: format.core, withinMs: milliseconds(seconds)) }
    }
    return try OnAir.core { try made.get() }
  }

  /// Begins or ends to keep each picture that the core encodes for ``fetchPreview(into:)``. What the camera sees is
  /// mirrored in it or not, whatever viewers get; overlays never are.
  public func setPreview(_ isOn: Bool, mirror: Bool = false) {
    core.setPreview(isOn: isOn, mirror: mirror)
  }

  /// Writes the newest preview into memory of the caller's as bytes B G R A, rows without padding. Nil when there is
  /// none since the last call. Never waits.
  public func fetchPreview(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(LiveError) -> (width: Int, height: Int)? {
    var (width, height) = (UInt32(0), UInt32(0))
    let bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let status = onair_session_fetch_preview(
      handle.number, UInt32(ONAIR_PIXELS_BGRA), bytes, buffer.count, &width, &height)
    if status == ONAIR_NO_PICTURE { return nil }
    try check(status)
    return (Int(width), Int(height))
  }
}

extension SnapshotFormat {
  fileprivate var core: OnAirFFI.SnapshotFormat {
    switch self {
    case .png: .png
    case .jpeg(let quality): .jpeg(quality: UInt8(clamping: quality))
    }
  }
}
