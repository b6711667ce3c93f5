internal import OnAirFFI

/// Totals since start, gauges of the moment, and rates over the last full second. LFLiveKit: LFLiveDebug.
public struct LiveStatistics: Hashable, Sendable {
  /// Where the session stands.
  public let state: LiveState
  /// Time since start, seconds.
  public let elapsed: Double
  /// Pictures accepted.
  public let framesIn: Int
  /// Pictures dropped before the encoder.
  public let framesSkipped: Int
  /// Pictures encoded.
  public let framesEncoded: Int
  /// Pictures the encoder refused.
  public let framesFailed: Int
  /// Pictures handed to a socket completely.
  public let framesSent: Int
  /// Encoded pictures dropped because a network was too slow.
  public let framesDropped: Int
  /// Sound dropped before the encoder, seconds.
  public let soundSkipped: Double
  /// AAC frames or Opus packets encoded.
  public let audioFramesEncoded: Int
  /// Those handed to a socket completely.
  public let audioFramesSent: Int
  /// Those dropped because a network was too slow.
  public let audioFramesDropped: Int
  /// Bytes the sockets took.
  public let bytesSent: Int
  /// Bytes received.
  public let bytesReceived: Int
  /// Connections lost while live and made again.
  public let reconnects: Int
  /// Events the app did not fetch in time.
  public let eventsLost: Int
  /// Access units waiting to be sent.
  public let queueUnits: Int
  /// Bytes waiting to be sent.
  public let queueBytes: Int
  /// Age of the oldest unit waiting, seconds.
  public let queueAge: Double
  /// Bytes that the sockets took and the servers are not known to have.
  public let inflightBytes: Int
  /// Round trip, seconds; 0 where the system does not tell.
  public let rtt: Double
  /// Pictures sent in the last full second.
  public let fps: Double
  /// Bits sent in the last full second.
  public let bitrate: Int
  /// What the video encoder aims at, bit/s.
  public let targetBitrate: Int
  /// The session's own video encoder, once open.
  public var videoEncoder: EncoderInfo?
  /// The session's own audio encoder, once open.
  public var audioEncoder: EncoderInfo?

  init(_ all: OnAirFFI.SessionFigures) {
    state = LiveState(all.state)
    elapsed = Double(all.elapsedMs) / 1000
    framesIn = Int(clamping: all.framesIn)
    framesSkipped = Int(clamping: all.framesSkipped)
    framesEncoded = Int(clamping: all.framesEncoded)
    framesFailed = Int(clamping: all.framesFailed)
    framesSent = Int(clamping: all.framesSent)
    framesDropped = Int(clamping: all.framesDropped)
    soundSkipped = Double(all.soundSkippedMs) / 1000
    audioFramesEncoded = Int(clamping: all.audioFramesEncoded)
    audioFramesSent = Int(clamping: all.audioFramesSent)
    audioFramesDropped = Int(clamping: all.audioFramesDropped)
    bytesSent = Int(clamping: all.bytesSent)
    bytesReceived = Int(clamping: all.bytesReceived)
    reconnects = Int(clamping: all.reconnects)
    eventsLost = Int(clamping: all.eventsLost)
    queueUnits = Int(clamping: all.queueUnits)
    queueBytes = Int(clamping: all.queueBytes)
    queueAge = Double(all.queueAgeMs) / 1000
    inflightBytes = Int(clamping: all.inflightBytes)
    rtt = Double(all.rttUs) / 1_000_000
    fps = all.fps
    bitrate = Int(clamping: all.bitrateBps)
    targetBitrate = Int(clamping: all.targetBitrateBps)
    videoEncoder = all.videoEncoder.map { EncoderInfo(name: $0.name, warning: $0.warning) }
    audioEncoder = all.audioEncoder.map { EncoderInfo(name: $0.name, warning: $0.warning) }
  }
}

/// An encoder.
public struct EncoderInfo: Hashable, Sendable {
  /// Which and what it does, for people.
  public let name: String
  /// For the user's eyes.
  public let warning: String?
}

/// What one destination got.
public struct DestinationStatistics: Hashable, Sendable {
  /// Its name: given, or its host.
  public let name: String
  /// Where it stands.
  public let state: LiveState
  /// Whether its backup address is used.
  public let isBackup: Bool
  /// Pictures handed to the socket completely.
  public let framesSent: Int
  /// Encoded pictures that it did not get.
  public let framesDropped: Int
  /// AAC frames or Opus packets handed to the socket completely.
  public let audioFramesSent: Int
  /// Those that it did not get.
  public let audioFramesDropped: Int
  /// Bytes the socket took.
  public let bytesSent: Int
  /// Connections lost while live and made again.
  public let reconnects: Int
  /// Bytes waiting to be sent.
  public let queueBytes: Int
  /// Age of the oldest unit waiting, seconds.
  public let queueAge: Double
  /// Round trip, seconds; 0 where the system does not tell.
  public let rtt: Double
  /// Pictures sent in the last full second.
  public let fps: Double
  /// Bits sent in the last full second.
  public let bitrate: Int
  /// What its network would give the video encoder, bit/s.
  public let wantedBitrate: Int

  init(_ all: OnAirFFI.DestinationFigures) {
    name = all.name
    state = LiveState(all.state)
    isBackup = all.isBackup
    framesSent = Int(clamping: all.framesSent)
    framesDropped = Int(clamping: all.framesDropped)
    audioFramesSent = Int(clamping: all.audioFramesSent)
    audioFramesDropped = Int(clamping: all.audioFramesDropped)
    bytesSent = Int(clamping: all.bytesSent)
    reconnects = Int(clamping: all.reconnects)
    queueBytes = Int(clamping: all.queueBytes)
    queueAge = Double(all.queueAgeMs) / 1000
    rtt = Double(all.rttUs) / 1_000_000
    fps = all.fps
    bitrate = Int(clamping: all.bitrateBps)
    wantedBitrate = Int(clamping: all.wantedBitrateBps)
  }
}
