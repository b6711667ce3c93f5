import Foundation
import OnAir

/// Sound, under LFLiveKit's names.
#if canImport(ObjectiveC)
  @objc(LFLiveAudioConfiguration)@objcMembers
#endif
public final class LFLiveAudioConfiguration: NSObject {
  public var numberOfChannels: UInt
  public var audioSampleRate: LFLiveAudioSampleRate
  public var audioBitrate: LFLiveAudioBitRate

  private init(_ audio: AudioConfiguration) {
    numberOfChannels = UInt(audio.channels)
    audioSampleRate = LFLiveAudioSampleRate(rawValue: UInt(audio.sampleRate)) ?? .default
    audioBitrate = LFLiveAudioBitRate(rawValue: UInt(audio.bitrate)) ?? .default
  }

  public static func `default`() -> LFLiveAudioConfiguration { defaultConfiguration(for: .default) }

  public static func defaultConfiguration(for quality: LFLiveAudioQuality) -> LFLiveAudioConfiguration {
    switch quality {
    case .low: LFLiveAudioConfiguration(.low)
    case .medium: LFLiveAudioConfiguration(.medium)
    case .high: LFLiveAudioConfiguration(.high)
    case .veryHigh: LFLiveAudioConfiguration(.veryHigh)
    }
  }

  /// AudioSpecificConfig, two bytes.
  public var asc: Data { withUnsafeBytes(of: onAir.specificConfig.bigEndian) { Data($0) } }
  /// Bytes of an AAC frame's samples.
  public var bufferLength: UInt { 1024 * 2 * numberOfChannels }

  var onAir: AudioConfiguration {
    AudioConfiguration(
      sampleRate: Int(audioSampleRate.rawValue), channels: Int(numberOfChannels), bitrate: Int(audioBitrate.rawValue))
  }
}

/// The picture, under LFLiveKit's names. Unlike there, the order of assignments does not matter: what does not fit is told
/// when the session starts.
#if canImport(ObjectiveC)
  @objc(LFLiveVideoConfiguration)@objcMembers
#endif
public final class LFLiveVideoConfiguration: NSObject {
  public var videoSize: CGSize
  public var videoFrameRate: UInt
  public var videoMaxFrameRate: UInt
  public var videoMinFrameRate: UInt
  public var videoMaxKeyframeInterval: UInt
  public var videoBitRate: UInt
  public var videoMaxBitRate: UInt
  public var videoMinBitRate: UInt
  public var sessionPreset: LFLiveVideoSessionPreset
  /// Kept: the camera is scaled to the size as it is.
  public var videoSizeRespectingAspectRatio = false
  /// Kept: the picture lies as the size says.
  public var autorotate = false

  private init(_ video: VideoConfiguration) {
    videoSize = CGSize(width: video.width, height: video.height)
    (videoFrameRate, videoMaxFrameRate, videoMinFrameRate) = (UInt(video.fps), UInt(video.maxFps), UInt(video.minFps))
    videoMaxKeyframeInterval = UInt(video.keyframeInterval)
    (videoBitRate, videoMaxBitRate) = (UInt(video.bitrate), UInt(video.maxBitrate))
    videoMinBitRate = UInt(video.minBitrate)
    switch min(video.width, video.height) {
    case ...360: sessionPreset = .preset360x640
    case ...540: sessionPreset = .preset540x960
    default: sessionPreset = .preset720x1280
    }
  }

  public static func `default`() -> LFLiveVideoConfiguration { defaultConfiguration(for: .default) }

  public static func defaultConfiguration(for quality: LFLiveVideoQuality) -> LFLiveVideoConfiguration {
    defaultConfiguration(for: quality, landscape: false)
  }

  /// LFLiveKit asks for an interface orientation; what counts is whether it lies on its side.
  public static func defaultConfiguration(
    for quality: LFLiveVideoQuality, landscape: Bool
  ) -> LFLiveVideoConfiguration {
    let all: [VideoConfiguration] = [
      .low1, .low2, .low3, .medium1, .medium2, .medium3, .high1, .high2, .high3,
    ]
    let video = all[Int(quality.rawValue)]
    return LFLiveVideoConfiguration(landscape ? video.landscape : video)
  }

  public var landscape: Bool { videoSize.width > videoSize.height }

  public var avSessionPreset: String {
    switch sessionPreset {
    case .preset360x640: "AVCaptureSessionPreset640x480"
    case .preset540x960: "AVCaptureSessionPresetiFrame960x540"
    case .preset720x1280: "AVCaptureSessionPreset1280x720"
    }
  }

  var onAir: VideoConfiguration {
    var video = VideoConfiguration.low2
    (video.width, video.height) = (Int(videoSize.width), Int(videoSize.height))
    (video.fps, video.minFps) = (Int(videoFrameRate), Int(videoMinFrameRate))
    video.maxFps = max(Int(videoMaxFrameRate), video.fps)
    video.keyframeInterval = Int(videoMaxKeyframeInterval)
    (video.bitrate, video.minBitrate, video.maxBitrate) = (
      Int(videoBitRate), Int(videoMinBitRate), Int(videoMaxBitRate)
    )
    return video
  }
}

/// Where to publish.
#if canImport(ObjectiveC)
  @objc(LFLiveStreamInfo)@objcMembers
#endif
public final class LFLiveStreamInfo: NSObject {
  public var streamId: String?
  /// Unused, as in LFLiveKit: ``url`` says all.
  public var host: String?
  /// Unused, as in LFLiveKit.
  public var port = 0
  /// With the stream key.
  public var url: String?
  public var audioConfiguration: LFLiveAudioConfiguration?
  public var videoConfiguration: LFLiveVideoConfiguration?
}

/// What was sent, once a second.
#if canImport(ObjectiveC)
  @objc(LFLiveDebug)@objcMembers
#endif
public final class LFLiveDebug: NSObject {
  public internal(set) var streamId: String?
  public internal(set) var uploadUrl: String?
  public internal(set) var videoSize = CGSize.zero
  public internal(set) var isRtmp = true
  /// ms since the last report.
  public internal(set) var elapsedMilli = 0.0
  /// ms since the start.
  public internal(set) var timeStamp = 0.0
  /// Bytes sent.
  public internal(set) var dataFlow = 0.0
  /// Bytes a second.
  public internal(set) var bandwidth = 0.0
  /// Bytes a second.
  public internal(set) var currentBandwidth = 0.0
  public internal(set) var dropFrame = 0
  public internal(set) var totalFrame = 0
  public internal(set) var capturedAudioCount = 0
  public internal(set) var capturedVideoCount = 0
  public internal(set) var currentCapturedAudioCount = 0
  public internal(set) var currentCapturedVideoCount = 0
  public internal(set) var unSendCount = 0
}
