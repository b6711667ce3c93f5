#if canImport(ReplayKit) && canImport(AVFoundation)
  @preconcurrency import AVFoundation
  import ReplayKit

  /// The screen: hand it what `RPBroadcastSampleHandler.processSampleBuffer` gets, or `RPScreenRecorder`'s capture. A
  /// broadcast extension may use 50 MB: make the session with low3 or less.
  ///
  /// Where the core encodes the sound (``LiveOptions/Encoder/core``), the microphone is its first source and the app's sound
  /// a second one, mixed, each with its own gain. Where the device encodes it, one of the two goes out: the microphone, until
  /// ``prefersAppSound`` says otherwise.
  public final class ReplayKitSource: Sendable {
    private let session: LiveSession
    private let isAppPreferred = Guarded(false)

    /// The app's sound in the mix, for ``LiveSession/setGain(_:of:)`` and the like; nil where the device encodes.
    public let appSound: AudioSource?

    public init(_ session: LiveSession) {
      self.session = session
      appSound = session.encoders.audio == nil ? try? session.addAudioSource() : nil
    }

    deinit {
      if let appSound { try? session.removeAudioSource(appSound) }
    }

    /// Where nothing is mixed, the app's sound goes out in the place of the microphone's.
    public var prefersAppSound: Bool {
      get { isAppPreferred.withLock { $0 } }
      set { isAppPreferred.withLock { $0 = newValue } }
    }

    /// Pictures and sound go out as they come.
    public func process(_ sample: CMSampleBuffer, _ type: RPSampleBufferType) throws(LiveError) {
      guard CMSampleBufferDataIsReady(sample) else { return }
      let time = CaptureTime(CMSampleBufferGetPresentationTimeStamp(sample))
      switch type {
      case .video:
        guard let picture = CMSampleBufferGetImageBuffer(sample) else { return }
        try session.pushVideo(picture, at: time)
      case .audioMic: try hear(sample, at: time, as: appSound != nil || !prefersAppSound ? .main : nil)
      case .audioApp: try hear(sample, at: time, as: appSound ?? (prefersAppSound ? .main : nil))
      @unknown default: return
      }
    }

    private func hear(_ sample: CMSampleBuffer, at time: CaptureTime, as source: AudioSource?) throws(LiveError) {
      guard let source, session.audio != nil, let pcm = sample.pcm else { return }
      try session.pushAudio(pcm, at: time, to: source)
    }
  }
#endif
