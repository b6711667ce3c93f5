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
      let pushed = buffer.withFrame { frame in
        Result { () throws(LiveError) in try pushVideo(frame, at: time) }
      }
      guard let pushed else {
        let format = CVPixelBufferGetPixelFormatType(buffer)
        throw LiveError(
          code: 216, reason: "push: a pixel buffer of format \(format) cannot be read",
          advice: "push NV12 or BGRA in memory")
      }
      try pushed.get()
    }
  }

  extension CVBuffer {
    /// The picture where it lies, while `body` runs; nil when it is neither NV12 nor BGRA, or not in memory.
    func withFrame<Answer>(_ body: (VideoFrame) -> Answer) -> Answer? {
      guard CVPixelBufferLockBaseAddress(self, .readOnly) == kCVReturnSuccess else { return nil }
      defer { CVPixelBufferUnlockBaseAddress(self, .readOnly) }
      let (width, height) = (CVPixelBufferGetWidth(self), CVPixelBufferGetHeight(self))
      switch CVPixelBufferGetPixelFormatType(self) {
      case kCVPixelFormatType_32BGRA:
        let row = CVPixelBufferGetBytesPerRow(self)
        let bytes = UnsafeRawBufferPointer(start: CVPixelBufferGetBaseAddress(self), count: row * height)
        return body(.bgra(width: width, height: height, Plane(bytes, bytesPerRow: row)))
      case kCVPixelFormatType_420YpCbCr8BiPlanarFullRange, kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange:
        return body(.nv12(width: width, height: height, y: plane(self, 0), uv: plane(self, 1)))
      default:
        return nil
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
