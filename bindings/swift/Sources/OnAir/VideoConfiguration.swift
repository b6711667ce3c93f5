internal import OnAirFFI

/// The picture: sizes in pixels, both even; bitrates in bit/s. LFLiveKit: LFLiveVideoConfiguration.
public struct VideoConfiguration: Hashable, Sendable {
  /// LFLiveKit's qualities (360×640, 540×960 and 720×1280 with 15, 24 and 30 pictures a second), and 1080p beyond them.
  public enum Quality: Hashable, Sendable, CaseIterable {
    case low1, low2, low3
    case medium1, medium2, medium3
    case high1, high2, high3
    case fullHd1, fullHd2, fullHd3
  }

  /// How the picture stands.
  public enum Orientation: Hashable, Sendable {
    case portrait, landscape
  }

  /// H.264 profile.
  public enum Profile: Hashable, Sendable {
    case baseline, main
  }

  /// Pixels.
  public var width: Int
  /// Pixels.
  public var height: Int
  /// Pictures a second.
  public var fps: Int
  /// The lowest that adaptation may choose.
  public var minFps: Int
  /// The highest that adaptation may choose.
  public var maxFps: Int
  /// Where the bitrate starts, bit/s.
  public var bitrate: Int
  /// The lowest that adaptation may choose, bit/s.
  public var minBitrate: Int
  /// The highest that adaptation may choose, bit/s.
  public var maxBitrate: Int
  /// Pictures from one IDR to the next.
  public var keyframeInterval: Int
  /// H.264 profile.
  public var profile: Profile

  /// A quality, upright or wide; change what differs.
  public init(quality: Quality, orientation: Orientation = .portrait) {
    let options = videoPreset(quality: quality.core, orientation: orientation == .portrait ? .portrait : .landscape)
    width = Int(options.width)
    height = Int(options.height)
    fps = Int(options.fps)
    minFps = Int(options.minFps)
    maxFps = Int(options.maxFps)
    bitrate = Int(options.bitrateBps)
    minBitrate = Int(options.minBitrateBps)
    maxBitrate = Int(options.maxBitrateBps)
    keyframeInterval = Int(options.keyframeIntervalFrames)
    profile = options.profile == .baseline ? .baseline : .main
  }

  /// LFLiveKit's: low2.
  public static var `default`: Self { low2 }
  public static var low1: Self { Self(quality: .low1) }
  public static var low2: Self { Self(quality: .low2) }
  public static var low3: Self { Self(quality: .low3) }
  public static var medium1: Self { Self(quality: .medium1) }
  public static var medium2: Self { Self(quality: .medium2) }
  public static var medium3: Self { Self(quality: .medium3) }
  public static var high1: Self { Self(quality: .high1) }
  public static var high2: Self { Self(quality: .high2) }
  public static var high3: Self { Self(quality: .high3) }
  public static var fullHd1: Self { Self(quality: .fullHd1) }
  public static var fullHd2: Self { Self(quality: .fullHd2) }
  public static var fullHd3: Self { Self(quality: .fullHd3) }

  /// The same, lying on its side.
  public var landscape: Self {
    var turned = self
    (turned.width, turned.height) = (max(width, height), min(width, height))
    return turned
  }

  /// Whether it is wider than high. LFLiveKit: landscape.
  public var isLandscape: Bool { width > height }
}

extension VideoConfiguration {
  /// For the core, which says what does not fit.
  var core: VideoOptions {
    VideoOptions(
      width: UInt32(clamping: width), height: UInt32(clamping: height), fps: UInt32(clamping: fps),
      minFps: UInt32(clamping: minFps), maxFps: UInt32(clamping: maxFps), bitrateBps: UInt32(clamping: bitrate),
      minBitrateBps: UInt32(clamping: minBitrate), maxBitrateBps: UInt32(clamping: maxBitrate),
      keyframeIntervalFrames: UInt32(clamping: keyframeInterval), profile: profile == .baseline ? .baseline : .main)
  }
}

extension VideoConfiguration.Quality {
  fileprivate var core: OnAirFFI.VideoQuality {
    switch self {
    case .low1: .low1
    case .low2: .low2
    case .low3: .low3
    case .medium1: .medium1
    case .medium2: .medium2
    case .medium3: .medium3
    case .high1: .high1
    case .high2: .high2
    case .high3: .high3
    case .fullHd1: .fullHd1
    case .fullHd2: .fullHd2
    case .fullHd3: .fullHd3
    }
  }

  init(_ quality: OnAirFFI.VideoQuality) {
    self = Self.allCases.first { $0.core == quality } ?? .low2
  }
}
