#if canImport(VideoToolbox)
  import Foundation
  @preconcurrency import VideoToolbox

  /// Draws the session's look into buffers for the device's encoder, which go round in a pool. Belongs to the encoder's
  /// queue.
  final class LookBuffers {
    private let video: VideoConfiguration
    private let handle: CoreHandle
    private var pool: CVPixelBufferPool?

    init(video: VideoConfiguration, handle: CoreHandle) {
      (self.video, self.handle) = (video, handle)
    }

    /// The picture as viewers shall see it. Nil when it cannot be read, or there is no memory.
    func drawn(_ image: CVImageBuffer, at time: CaptureTime) -> CVImageBuffer? {
      guard let buffer = buffer() else { return nil }
      let isDrawn = image.withFrame { frame in
        Self.withTarget(buffer) { target in (try? handle.draw(frame, at: time, into: target)) != nil }
      }
      guard isDrawn == true else { return nil }
      // Which colours the numbers stand for stays as the camera says; what is not its matrix becomes BT.709.
      CVBufferPropagateAttachments(image, buffer)
      if CVPixelBufferGetPixelFormatType(image) == kCVPixelFormatType_32BGRA {
        CVBufferSetAttachment(
          buffer, kCVImageBufferYCbCrMatrixKey, kCVImageBufferYCbCrMatrix_ITU_R_709_2, .shouldPropagate)
      }
      return buffer
    }

    /// The slate of interruptions; nil when there is none.
    func slate(at time: CaptureTime) -> CVImageBuffer? {
      guard let buffer = buffer() else { return nil }
      let isDrawn = Self.withTarget(buffer) { target in (try? handle.drawSlate(at: time, into: target)) == true }
      return isDrawn ? buffer : nil
    }

    private func buffer() -> CVImageBuffer? {
      if pool == nil {
        let attributes: [NSString: Any] = [
          kCVPixelBufferPixelFormatTypeKey as NSString: NSNumber(
            value: kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange),
          kCVPixelBufferWidthKey as NSString: NSNumber(value: video.width),
          kCVPixelBufferHeightKey as NSString: NSNumber(value: video.height),
          // What the encoder takes without a copy.
          kCVPixelBufferIOSurfacePropertiesKey as NSString: NSDictionary(),
        ]
        _ = CVPixelBufferPoolCreate(nil, nil, attributes as CFDictionary, &pool)
      }
      var made: CVPixelBuffer?
      guard let pool, CVPixelBufferPoolCreatePixelBuffer(nil, pool, &made) == kCVReturnSuccess else { return nil }
      return made
    }

    private static func withTarget(_ buffer: CVImageBuffer, _ body: (PictureTarget) -> Bool) -> Bool {
      guard CVPixelBufferLockBaseAddress(buffer, []) == kCVReturnSuccess else { return false }
      defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
      let plane = { (index: Int) in
        let row = CVPixelBufferGetBytesPerRowOfPlane(buffer, index)
        let size = row * CVPixelBufferGetHeightOfPlane(buffer, index)
        let bytes = UnsafeMutableRawBufferPointer(start: CVPixelBufferGetBaseAddressOfPlane(buffer, index), count: size)
        return TargetPlane(bytes, bytesPerRow: row)
      }
      let (width, height) = (CVPixelBufferGetWidth(buffer), CVPixelBufferGetHeight(buffer))
      return body(.nv12(width: width, height: height, y: plane(0), uv: plane(1)))
    }
  }
#endif
