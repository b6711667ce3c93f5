#if canImport(CoreMedia)
  @preconcurrency import CoreMedia

  extension CaptureTime {
    /// Of a sample buffer; an invalid time is the clock's zero.
    public init(_ time: CMTime) {
      self.init(
        microseconds: time.isValid
          ? CMTimeConvertScale(time, timescale: 1_000_000, method: .default).value : 0)
    }

    /// Now, on the clock that camera and microphone stamp with.
    public static var now: Self { Self(CMClockGetTime(CMClockGetHostTimeClock())) }
  }

  extension LiveSession {
    /// Takes a picture in NV12 or BGRA. The device's encoder scales it to the configured size. LFLiveKit: pushVideo.
    public func pushVideo(_ buffer: CVPixelBuffer, at time: CaptureTime = .now) throws(LiveError) {
      #if canImport(VideoToolbox) && canImport(AVFoundation)
        if let encoder = encoders.video {
          encoder.encode(buffer, at: time)
          return
        }
      #endif
      guard CVPixelBufferLockBaseAddress(buffer, .readOnly) == kCVReturnSuccess else {
        throw LiveError(code: 216, reason: "push: the pixel buffer cannot be read", advice: "push one in memory")
      }
      defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
      let (width, height) = (CVPixelBufferGetWidth(buffer), CVPixelBufferGetHeight(buffer))
      switch CVPixelBufferGetPixelFormatType(buffer) {
      case kCVPixelFormatType_32BGRA:
        let row = CVPixelBufferGetBytesPerRow(buffer)
        let bytes = UnsafeRawBufferPointer(start: CVPixelBufferGetBaseAddress(buffer), count: row * height)
        try pushVideo(.bgra(width: width, height: height, Plane(bytes, bytesPerRow: row)), at: time)
      case kCVPixelFormatType_420YpCbCr8BiPlanarFullRange, kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange:
        let frame = VideoFrame.nv12(width: width, height: height, y: plane(buffer, 0), uv: plane(buffer, 1))
        try pushVideo(frame, at: time)
      case let other:
        throw LiveError(code: 216, reason: "push: pixel format \(other)", advice: "push NV12 or BGRA")
      }
    }
  }

  private func plane(_ buffer: CVPixelBuffer, _ index: Int) -> Plane {
    let row = CVPixelBufferGetBytesPerRowOfPlane(buffer, index)
    let size = row * CVPixelBufferGetHeightOfPlane(buffer, index)
    let bytes = UnsafeRawBufferPointer(start: CVPixelBufferGetBaseAddressOfPlane(buffer, index), count: size)
    return Plane(bytes, bytesPerRow: row)
  }
#endif
