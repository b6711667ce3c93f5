import Foundation
internal import OnAirFFI

/// What is recorded into which files.
public struct RecordingSettings: Hashable, Sendable {
  public enum Format: Hashable, Sendable {
    /// By the file's name: `.flv` is FLV, everything else MP4.
    case byName
    /// Plays at any time while it grows, and is a plain MP4 at the end.
    case mp4
    case flv
  }

  /// Must not exist. Further ones of a split recording are NAME-2.EXT and so on.
  public var file: URL
  public var format = Format.byName
  /// At the first IDR after so many seconds a new file begins; 1 or more.
  public var splitAfter: Double?
  /// At the first IDR after so many bytes a new file begins; 100,000 or more.
  public var splitBytes: Int?

  public init(file: URL) {
    self.file = file
  }
}

/// A complete file.
public struct Recording: Hashable, Sendable {
  /// Where it is.
  public let file: URL
  /// Pictures in it.
  public let frames: Int
  /// AAC frames or Opus packets in it.
  public let audioFrames: Int
  /// Bytes.
  public let size: Int
  /// Seconds.
  public let duration: Double
  /// Pictures that a slow disk cost.
  public let framesMissing: Int
  /// AAC frames or Opus packets that a slow disk cost.
  public let audioFramesMissing: Int
}

/// What a crash left, complete again.
public struct RecoveredRecording: Hashable, Sendable {
  /// The complete file.
  public let file: URL
  /// It had been complete before, and was left as it is.
  public let wasComplete: Bool
  /// Pictures in it.
  public let frames: Int
  /// AAC frames or Opus packets in it.
  public let audioFrames: Int
  /// Seconds.
  public let duration: Double
  /// Bytes at the end that were of no use.
  public let bytesLost: Int
}

extension LiveSession {
  // MARK: A file beside the stream

  /// Writes what is streamed into a new file too, from the next IDR on: MP4, or FLV by its name. LFLiveKit:
  /// saveLocalVideo.
  public func startRecording(to file: URL) throws(LiveError) {
    try startRecording(RecordingSettings(file: file))
  }

  /// The same, split or in a format of its own.
  public func startRecording(_ settings: RecordingSettings) throws(LiveError) {
    try OnAir.core { try core.startRecording(to: settings.core) }
  }

  /// Completes the file, and waits for the disk. Nil when there was no recording since the last call.
  @discardableResult
  public func stopRecording() async throws(LiveError) -> Recording? {
    let ended = await Self.waiting { [core] in Result { try core.stopRecording() } }
    return try OnAir.core { try ended.get().map(Recording.init) }
  }

  /// Keeps the newest so many seconds of what is streamed in memory, 1 to 300, for ``saveClip(_:)``; 0 keeps nothing.
  public func keepClip(seconds: Double) throws(LiveError) {
    try OnAir.core { try core.keepClip(lengthMs: milliseconds(seconds)) }
  }

  /// Writes what is kept into a new file, beginning with an IDR; the stream and a recording go on.
  @discardableResult
  public func saveClip(_ settings: RecordingSettings) async throws(LiveError) -> Recording {
    let saved = await Self.waiting { [core] in Result { try core.saveClip(to: settings.core) } }
    return try OnAir.core { Recording(try saved.get()) }
  }
}

extension Recording {
  /// Completes an MP4 recording that a crash or a power cut ended: in its place, or as a new file.
  ///
  /// - Throws: ``LiveError`` when it is none of OnAir's or holds nothing; it is as it was then.
  public static func recover(_ file: URL, to copy: URL? = nil) async throws(LiveError) -> RecoveredRecording {
    let found = await LiveSession.waiting {
      Result {
        if let copy { return try recoverRecordingTo(path: file.path, to: copy.path) }
        return try recoverRecording(path: file.path)
      }
    }
    return try OnAir.core { RecoveredRecording(try found.get()) }
  }
}

/// Records without publishing: its session is live at once, with no network. Pushes, look and events are the session's.
public final class Recorder: Sendable {
  /// What is pushed to it is recorded.
  public let session: LiveSession
  private let core: OnAirFFI.Recorder

  public init(_ session: LiveSession) {
    self.session = session
    core = OnAirFFI.Recorder(session: session.core)
  }

  /// Makes the file and takes pushes from now on.
  public func start(_ settings: RecordingSettings) throws(LiveError) {
    try OnAir.core { try core.start(to: settings.core) }
  }

  /// Takes no more pushes, writes what was accepted, and completes the file. Nil when nothing was recorded.
  @discardableResult
  public func stop(within seconds: Double = 5) async throws(LiveError) -> Recording? {
    let ended = await LiveSession.waiting { [core] in
      Result { try core.stop(deadlineMs: milliseconds(seconds)) }
    }
    return try OnAir.core { try ended.get().map(Recording.init) }
  }
}

extension RecordingSettings {
  var core: RecordingOptions {
    let format: RecordingFormat =
      switch format {
      case .byName: .byName
      case .mp4: .mp4
      case .flv: .flv
      }
    return RecordingOptions(
      path: file.path, format: format, splitAfterMs: splitAfter.map(milliseconds),
      splitBytes: splitBytes.map { UInt64(clamping: $0) })
  }
}

extension Recording {
  init(_ figures: RecordingFigures) {
    file = URL(fileURLWithPath: figures.path)
    frames = Int(clamping: figures.frames)
    audioFrames = Int(clamping: figures.audioFrames)
    size = Int(clamping: figures.sizeBytes)
    duration = Double(figures.durationMs) / 1000
    framesMissing = Int(clamping: figures.framesMissing)
    audioFramesMissing = Int(clamping: figures.audioFramesMissing)
  }
}

extension RecoveredRecording {
  init(_ figures: RecoveredFigures) {
    file = URL(fileURLWithPath: figures.path)
    wasComplete = figures.wasComplete
    frames = Int(clamping: figures.frames)
    audioFrames = Int(clamping: figures.audioFrames)
    duration = Double(figures.durationMs) / 1000
    bytesLost = Int(clamping: figures.bytesLost)
  }
}
