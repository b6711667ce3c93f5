import Foundation

/// Where a session stands.
#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveState: UInt, Sendable {
  case ready = 0
  case pending = 1
  case start = 2
  case stop = 3
  case error = 4
  case refresh = 5
}

/// What went wrong. What LFLiveKit had no number for is the nearest of these; ``LFLiveSession/lastError`` has the rest.
#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveSocketErrorCode: UInt, Sendable {
  case preView = 201
  case getStreamInfo = 202
  case connectSocket = 203
  case verification = 204
  case reConnectTimeOut = 205
}

/// Bit positions of ``LFLiveCaptureTypeMask``.
#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveCaptureType: UInt, Sendable {
  case captureAudio = 0
  case captureVideo = 1
  case inputAudio = 2
  case inputVideo = 3
}

/// Who gives sound and picture: microphone and camera, or the app.
public struct LFLiveCaptureTypeMask: OptionSet, Hashable, Sendable {
  public let rawValue: UInt

  public init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  public static let captureMaskAudio = Self(rawValue: 1)
  public static let captureMaskVideo = Self(rawValue: 2)
  public static let inputMaskAudio = Self(rawValue: 4)
  public static let inputMaskVideo = Self(rawValue: 8)
  public static let captureMaskAll = Self(rawValue: 3)
  public static let inputMaskAll = Self(rawValue: 12)
  public static let captureMaskAudioInputVideo = Self(rawValue: 9)
  public static let captureMaskVideoInputAudio = Self(rawValue: 6)
  public static let captureDefaultMask = Self(rawValue: 3)
}

/// Bit/s.
#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveAudioBitRate: UInt, Sendable {
  case rate32Kbps = 32000
  case rate64Kbps = 64000
  case rate96Kbps = 96000
  case rate128Kbps = 128_000

  public static var `default`: Self { .rate96Kbps }
}

/// Hz.
#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveAudioSampleRate: UInt, Sendable {
  case rate16000Hz = 16000
  case rate44100Hz = 44100
  case rate48000Hz = 48000

  public static var `default`: Self { .rate44100Hz }
}

#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveAudioQuality: UInt, Sendable {
  case low = 0
  case medium = 1
  case high = 2
  case veryHigh = 3

  public static var `default`: Self { .high }
}

#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveVideoSessionPreset: UInt, Sendable {
  case preset360x640 = 0
  case preset540x960 = 1
  case preset720x1280 = 2
}

#if canImport(ObjectiveC)
  @objc
#endif
public enum LFLiveVideoQuality: UInt, Sendable {
  case low1 = 0
  case low2 = 1
  case low3 = 2
  case medium1 = 3
  case medium2 = 4
  case medium3 = 5
  case high1 = 6
  case high2 = 7
  case high3 = 8

  public static var `default`: Self { .low2 }
}
