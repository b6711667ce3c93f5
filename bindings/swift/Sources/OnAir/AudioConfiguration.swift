internal import OnAirFFI

/// Sound: AAC-LC, 8,000 to 48,000 Hz, one or two channels. LFLiveKit: LFLiveAudioConfiguration.
public struct AudioConfiguration: Hashable, Sendable {
  /// LFLiveKit's qualities, all in stereo.
  public enum Quality: Hashable, Sendable, CaseIterable {
    /// 16 kHz, 64 kbit/s.
    case low
    /// 44.1 kHz, 96 kbit/s.
    case medium
    /// 44.1 kHz, 128 kbit/s.
    case high
    /// 48 kHz, 128 kbit/s.
    case veryHigh
  }

  /// Samples a second and channel, Hz.
  public var sampleRate: Int
  /// 1 or 2.
  public var channels: Int
  /// Bit/s.
  public var bitrate: Int

  public init(sampleRate: Int, channels: Int, bitrate: Int) {
    self.sampleRate = sampleRate
    self.channels = channels
    self.bitrate = bitrate
  }

  public init(quality: Quality) {
    let options = audioPreset(quality: quality.core)
    self.init(
      sampleRate: Int(options.sampleRateHz), channels: Int(options.channels), bitrate: Int(options.bitrateBps))
  }

  /// High.
  public static var `default`: Self { high }
  public static var low: Self { Self(quality: .low) }
  public static var medium: Self { Self(quality: .medium) }
  public static var high: Self { Self(quality: .high) }
  public static var veryHigh: Self { Self(quality: .veryHigh) }
}

extension AudioConfiguration {
  /// For the core, which says what does not fit.
  var core: AudioOptions {
    AudioOptions(
      sampleRateHz: UInt32(clamping: sampleRate), channels: UInt8(clamping: channels),
      bitrateBps: UInt32(clamping: bitrate))
  }
}

extension AudioConfiguration.Quality {
  fileprivate var core: OnAirFFI.AudioQuality {
    switch self {
    case .low: .low
    case .medium: .medium
    case .high: .high
    case .veryHigh: .veryHigh
    }
  }
}

extension AudioConfiguration {
  /// AudioSpecificConfig of AAC-LC (ISO/IEC 14496-3 1.6.2.1): object type 2, rate, channels. LFLiveKit: asc.
  package var specificConfig: UInt16 {
    let rates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
    let rate = UInt16(rates.firstIndex(of: sampleRate) ?? 15)
    return 2 << 11 | rate << 7 | UInt16(truncatingIfNeeded: channels) << 3
  }
}
