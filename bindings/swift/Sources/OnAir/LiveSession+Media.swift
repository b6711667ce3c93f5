import Foundation
internal import OnAirFFI

extension LiveSession {
  // MARK: Pictures and sound of the app's own

  /// Takes a picture: checks and copies it, never encodes, never waits. Pictures come from one thread at a time, in the
  /// order of their times. LFLiveKit: pushVideo.
  public func pushVideo(_ frame: VideoFrame, at time: CaptureTime) throws(LiveError) {
    if isEncodedHere(.video) {
      throw LiveError(
        code: 220, reason: "push: the device encodes pixel buffers",
        advice: "push a CVPixelBuffer, or make the session with the core's encoder")
    }
    try handle.push(frame, at: time)
  }

  /// Takes interleaved 16-bit samples; at a time is when the first was captured. LFLiveKit: pushAudio.
  public func pushAudio(
    _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime
  ) throws(LiveError) {
    #if canImport(VideoToolbox) && canImport(AVFoundation)
      if let encoder = encoders.audio {
        let length = Double(samples.count / max(channels, 1)) / Double(max(sampleRate, 1))
        guard let time = try handle.placeSound(at: time, length: length) else { return }
        if encoder.isMixing {
          try encoder.mix(samples, sampleRate: sampleRate, channels: channels, at: time, from: .main)
        } else {
          encoder.encode(samples, sampleRate: sampleRate, channels: channels, at: time, isMuted: muted)
        }
        return
      }
    #endif
    try handle.push(samples, sampleRate: sampleRate, channels: channels, at: time)
  }

  /// Takes a picture of an encoder of the app's own, which obeys ``LiveEvent/keyframeWanted``,
  /// ``LiveEvent/videoBitrateWanted(_:)`` and ``LiveEvent/videoPaceWanted(_:)``.
  public func pushEncodedVideo(_ picture: EncodedVideo) throws(LiveError) {
    try handle.push(picture)
  }

  /// Takes a frame of an audio encoder of the app's own.
  public func pushEncodedAudio(_ sound: EncodedAudio) throws(LiveError) {
    try handle.push(sound)
  }

  /// While muted, silence is sent in the place of sound. LFLiveKit: muted.
  public var muted: Bool {
    get { core.isMuted() }
    set { core.setMuted(isMuted: newValue) }
  }

  // MARK: Steering

  /// Makes the next raw picture an IDR.
  public func requestKeyframe() {
    encoders.obey(.keyframeWanted)
    core.requestKeyframe()
  }

  /// Lets the video bitrate be nothing but this from now on, bit/s, until the broadcast ends.
  public func limitVideoBitrate(to range: ClosedRange<Int>) throws(LiveError) {
    try OnAir.core {
      try core.setVideoBitrateRange(
        minBps: UInt32(clamping: range.lowerBound), maxBps: UInt32(clamping: range.upperBound))
    }
  }

  /// What the system says of the device's way to the network.
  public enum NetworkPath: Hashable, Sendable {
    case up, down, changed
  }

  /// Has a lost or changed way to the network noticed at once instead of after seconds. The capture of this package does
  /// so by itself.
  public func reportPath(_ path: NetworkPath) {
    switch path {
    case .up: core.reportPath(path: .up)
    case .down: core.reportPath(path: .down)
    case .changed: core.reportPath(path: .changed)
    }
  }

  // MARK: Figures

  /// What was counted up to now; after the end, the last broadcast's totals.
  public var statistics: LiveStatistics { LiveStatistics(core.figures()) }

  /// What each destination got, in the order of the start.
  public var destinations: [DestinationStatistics] { core.destinations().map(DestinationStatistics.init) }

  /// What made the engine decide as it did, as a file for `onair lab replay`: no media, no address, no key.
  public var flightRecord: Data { core.flightRecord() }
}

extension LiveSession {
  private func isEncodedHere(_ track: Track) -> Bool {
    #if canImport(VideoToolbox) && canImport(AVFoundation)
      return track == .video ? encoders.video != nil : encoders.audio != nil
    #else
      return false
    #endif
  }
}
