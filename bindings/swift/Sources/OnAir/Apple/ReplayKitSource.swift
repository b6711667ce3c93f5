#if canImport(ReplayKit) && canImport(AVFoundation)
  @preconcurrency import AVFoundation
  import ReplayKit

  /// The screen: hand it what `RPBroadcastSampleHandler.processSampleBuffer` gets, or `RPScreenRecorder`'s capture. A
  /// broadcast extension may use 50 MB: make the session with low3 or less, and never with the core's encoder.
  public struct ReplayKitSource: Sendable {
    private let session: LiveSession

    public init(_ session: LiveSession) {
      self.session = session
    }

    /// Pictures go out as they come. Sound of the app and of the microphone is not mixed in this version: push the one
    /// that is wanted with ``LiveSession/pushAudio(_:sampleRate:channels:at:)``.
    public func process(_ sample: CMSampleBuffer, _ type: RPSampleBufferType) throws(LiveError) {
      guard type == .video, CMSampleBufferDataIsReady(sample), let picture = CMSampleBufferGetImageBuffer(sample)
      else { return }
      try session.pushVideo(picture, at: CaptureTime(CMSampleBufferGetPresentationTimeStamp(sample)))
    }
  }
#endif
