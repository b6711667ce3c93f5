internal import OnAirFFI

/// What pictures are coded with.
public enum VideoCodec: Hashable, Sendable {
  case h264, hevc, av1
}

/// What sound is coded with.
public enum AudioCodec: Hashable, Sendable {
  case aac, opus
}

/// What is done when the connection is lost. LFLiveKit: reconnectInterval, reconnectCount.
public struct Reconnect: Hashable, Sendable {
  /// Whether the very first connection is tried again as well.
  public var retriesFirstConnection = false
  /// All time without being live before it gives up, seconds; nil for ever.
  public var budget: Double? = 600
  /// Attempts before it gives up; nil for any number.
  public var count: Int?
  /// Waits exactly so long before each attempt, seconds, instead of a random time that grows.
  public var interval: Double?

  public init() {}
}

/// Whom `rtmps://` believes beyond what the device does. There is no way to accept everybody.
public struct Trust: Hashable, Sendable {
  /// Certificate authorities of the app's own, PEM.
  public var roots: String?
  /// Keys of the server, `sha256/` and Base64 each; any of them is enough.
  public var pins: [String] = []

  public init() {}
}

/// What a session is made of beside sound and picture.
public struct LiveOptions: Sendable {
  /// In which form a track is pushed.
  public enum Source: Hashable, Sendable {
    /// Pictures or samples, which the session encodes.
    case raw
    /// Access units of an encoder of the app's own.
    case encoded
  }

  /// Who encodes what is pushed raw.
  public enum Encoder: Hashable, Sendable {
    /// The device (VideoToolbox, the system's AAC) where there is one, else the core.
    case automatic
    /// The device: pictures are pixel buffers of the configured size.
    case device
    /// The core's own in software, where it was built with them.
    case core
  }

  /// How the video bitrate follows the network.
  public enum AdaptiveBitrate: Hashable, Sendable {
    /// By the age of the oldest byte that the server does not have.
    case lag
    /// Not at all.
    case off
    /// As LFLiveKit did it, by the length of its queue.
    case lfLiveKit
    /// As VideoCore did it, by the bytes that wait.
    case videoCore
  }

  /// How pictures are pushed.
  public var videoSource: Source = .raw
  /// How sound is pushed.
  public var audioSource: Source = .raw
  /// Who encodes what is pushed raw.
  public var encoder: Encoder = .automatic
  /// HEVC and AV1 want a server with Enhanced RTMP. AV1 is pushed encoded; so is HEVC when the core encodes.
  public var videoCodec: VideoCodec = .h264
  /// Opus is pushed encoded, and wants a server with Enhanced RTMP.
  public var audioCodec: AudioCodec = .aac
  /// How the video bitrate follows the network.
  public var adaptiveBitrate: AdaptiveBitrate = .lag
  /// What is done when the connection is lost.
  public var reconnect = Reconnect()
  /// Whom `rtmps://` believes.
  public var trust = Trust()
  /// Whether `rtmp://` may go beyond this device and private networks, where everybody on the way can read the stream key.
  public var allowsPlaintext = false
  /// Fields of the app's own in onMetaData, such as a title; up to 32. They go with every connection, and into recordings.
  public var metadata: [Field] = []

  public init() {}
}

/// A place to publish to. Printed, it says its name only.
public struct Destination: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  /// `rtmp[s]://host[:port]/app/key`, which holds the stream key: never log it. With ``key`` it ends with the app, with
  /// ``app`` too with the host.
  public var url: String
  /// Taken when `url` cannot be had; of the same form.
  public var backupURL: String?
  /// What events call it; its host unless said.
  public var name: String?
  /// The stream key as the service shows it, which may hold spaces and slashes. Never log it.
  public var key: String?
  /// The app with its instance, for both addresses; with ``key`` only.
  public var app: String?
  /// The stream key of ``backupURL``, where it is not ``key``. Never log it.
  public var backupKey: String?
  /// How long one address may be without a live stream before the other one is taken, seconds; 5 unless said. One that
  /// was just taken has a second at least.
  public var backupAfter: Double?

  public init(
    url: String, backupURL: String? = nil, name: String? = nil, key: String? = nil, app: String? = nil,
    backupKey: String? = nil, backupAfter: Double? = nil
  ) {
    (self.url, self.backupURL, self.name) = (url, backupURL, name)
    (self.key, self.app, self.backupKey, self.backupAfter) = (key, app, backupKey, backupAfter)
  }

  public var description: String { "Destination(\(name ?? "unnamed"))" }
  public var customMirror: Mirror { Mirror(self, children: ["name": name as Any]) }

  /// Whose network decides what the one encoder makes for several destinations.
  public enum SharedBitrate: Hashable, Sendable {
    /// The first one's that is live.
    case first
    /// The one's that wants the lowest bitrate.
    case weakest
    /// Nobody's.
    case fixed
  }
}

// --- into the core ---

extension LiveOptions {
  func core(audio: AudioConfiguration?, video: VideoConfiguration?) -> SessionOptions {
    let adaptation: OnAirFFI.AdaptiveBitrate =
      switch adaptiveBitrate {
      case .lag: .lag
      case .off: .off
      case .lfLiveKit: .lfLiveKit
      case .videoCore: .videoCore
      }
    let pictures: OnAirFFI.VideoCodec =
      switch videoCodec {
      case .h264: .h264
      case .hevc: .hevc
      case .av1: .av1
      }
    // What this side encodes is encoded to the core.
    let isRaw = !DeviceEncoders.areUsed(encoder)
    return SessionOptions(
      audio: audio?.core, video: video?.core,
      audioSource: audioSource == .raw && isRaw ? .raw : .encoded,
      videoSource: videoSource == .raw && isRaw ? .raw : .encoded,
      audioCodec: audioCodec == .aac ? .aac : .opus, videoCodec: pictures,
      adaptiveBitrate: adaptation, reconnect: reconnect.core, trust: trust.core, allowPlaintext: allowsPlaintext,
      metadata: metadata.map(\.core))
  }
}

extension Reconnect {
  fileprivate var core: ReconnectOptions {
    ReconnectOptions(
      retryFirstConnection: retriesFirstConnection, budgetMs: budget.map(milliseconds),
      maxRetries: count.map { UInt32(clamping: $0) }, fixedDelayMs: interval.map(milliseconds))
  }
}

extension Trust {
  var core: TrustOptions { TrustOptions(rootsPem: roots, pins: pins) }
}

extension Destination {
  var core: DestinationOptions {
    DestinationOptions(
      url: url, backupUrl: backupURL, name: name, key: key, app: app, backupKey: backupKey,
      backupAfterMs: backupAfter.map(milliseconds))
  }
}

extension Destination.SharedBitrate {
  var core: OnAirFFI.SharedBitrate {
    switch self {
    case .first: .first
    case .weakest: .weakest
    case .fixed: .fixed
    }
  }
}

/// Seconds that are negative, endless or no number are the nearest that there is.
func milliseconds(_ seconds: Double) -> UInt64 {
  UInt64(exactly: (max(seconds, 0) * 1000).rounded()) ?? (seconds > 0 ? .max : 0)
}
