#if canImport(ReplayKit) && canImport(AVFoundation)
  @preconcurrency import AVFoundation
  import ReplayKit

  /// The screen: hand it what `RPBroadcastSampleHandler.processSampleBuffer` gets, or `RPScreenRecorder`'s capture. A
  /// broadcast extension may use 50 MB: make the session with low3 or less.
  ///
  /// Where the session has sound, the microphone is its first source and the app's sound a second one: the core mixes them,
  /// whoever encodes, each with its own gain.
  public final class ReplayKitSource: Sendable {
    private let session: LiveSession

    /// The app's sound in the mix, for ``LiveSession/setGain(_:of:)`` and the like; nil in a session without sound.
    public let appSound: AudioSource?

    public init(_ session: LiveSession) {
      self.session = session
      appSound = session.audio == nil ? nil : try? session.addAudioSource()
    }

    deinit {
      if let appSound { try? session.removeAudioSource(appSound) }
    }

    /// Pictures and sound go out as they come.
    public func process(_ sample: CMSampleBuffer, _ type: RPSampleBufferType) throws(LiveError) {
      guard CMSampleBufferDataIsReady(sample) else { return }
      let time = CaptureTime(CMSampleBufferGetPresentationTimeStamp(sample))
      switch type {
      case .video:
        guard let picture = CMSampleBufferGetImageBuffer(sample) else { return }
        try session.pushVideo(picture, at: time)
      case .audioMic: try hear(sample, at: time, as: .main)
      case .audioApp: try hear(sample, at: time, as: appSound)
      @unknown default: return
      }
    }

    private func hear(_ sample: CMSampleBuffer, at time: CaptureTime, as source: AudioSource?) throws(LiveError) {
      guard let source, session.audio != nil, let pcm = sample.pcm else { return }
      try session.pushAudio(pcm, at: time, to: source)
    }
  }
#endif
