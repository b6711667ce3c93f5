#if canImport(AVFoundation) && canImport(UIKit)
  @preconcurrency import AVFoundation
  import Foundation

  /// The camera: pictures as the configuration wants them, each with the time of its exposure.
  final class Camera: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable {
    let session = AVCaptureSession()
    private let video: VideoConfiguration
    private let push: @Sendable (CVPixelBuffer, CaptureTime) -> Void
    private let report: @Sendable (LiveError) -> Void
    /// Owns the session's configuration: changing it blocks for long.
    private let queue = DispatchQueue(label: "onair.camera")
    private let frames = DispatchQueue(label: "onair.camera.frames", qos: .userInteractive)
    private let output = AVCaptureVideoDataOutput()
    private var device: AVCaptureDevice?
    private var applied = CaptureSettings()

    init(
      video: VideoConfiguration, push: @escaping @Sendable (CVPixelBuffer, CaptureTime) -> Void,
      report: @escaping @Sendable (LiveError) -> Void
    ) {
      (self.video, self.push, self.report) = (video, push, report)
      super.init()
      session.automaticallyConfiguresApplicationAudioSession = false
      output.alwaysDiscardsLateVideoFrames = true
      output.videoSettings = [
        kCVPixelBufferPixelFormatTypeKey as String: NSNumber(value: kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange)
      ]
      output.setSampleBufferDelegate(self, queue: frames)
    }

    func apply(_ settings: CaptureSettings) {
      queue.async { self.change(to: settings) }
    }

    /// After an error of the system's.
    func restart() {
      queue.async {
        guard self.applied.isRunning else { return }
        self.session.startRunning()
      }
    }

    func captureOutput(
      _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection
    ) {
      guard let image = CMSampleBufferGetImageBuffer(sampleBuffer) else { return }
      push(image, CaptureTime(CMSampleBufferGetPresentationTimeStamp(sampleBuffer)))
    }

    // --- on the queue ---

    private func change(to settings: CaptureSettings) {
      if settings.isRunning, device == nil || settings.position != applied.position {
        open(settings.position)
      }
      turn(settings)
      adjust(settings)
      if settings.isRunning != applied.isRunning {
        if settings.isRunning { session.startRunning() } else { session.stopRunning() }
      }
      applied = settings
    }

    private func open(_ position: CameraPosition) {
      let wanted = AVCaptureDevice.default(
        .builtInWideAngleCamera, for: .video, position: position == .front ? .front : .back)
      guard let wanted, let input = try? AVCaptureDeviceInput(device: wanted) else {
        report(
          LiveError(
            code: 209, reason: "there is no such camera, or the app may not use it",
            advice: "ask for the permission, and name NSCameraUsageDescription"))
        return
      }
      session.beginConfiguration()
      defer { session.commitConfiguration() }
      for old in session.inputs { session.removeInput(old) }
      // A camera that cannot do the size gives what it has; the encoder scales.
      session.sessionPreset = [preset, .hd1280x720, .high].first { session.canSetSessionPreset($0) } ?? .high
      guard session.canAddInput(input) else { return }
      session.addInput(input)
      if session.canAddOutput(output) { session.addOutput(output) }
      device = wanted
      adjust(wanted) { device in
        let duration = CMTime(value: 1, timescale: CMTimeScale(video.fps))
        device.activeVideoMinFrameDuration = duration
        device.activeVideoMaxFrameDuration = duration
      }
    }

    private var preset: AVCaptureSession.Preset {
      switch min(video.width, video.height) {
      case ...540: .iFrame960x540
      case ...720: .hd1280x720
      default: .hd1920x1080
      }
    }

    /// The picture upright, and the front camera's as in a mirror when that is wished.
    private func turn(_ settings: CaptureSettings) {
      guard let connection = output.connection(with: .video) else { return }
      if connection.isVideoOrientationSupported {
        connection.videoOrientation =
          switch settings.orientation ?? (video.isLandscape ? .landscapeRight : .portrait) {
          case .portrait: .portrait
          case .portraitUpsideDown: .portraitUpsideDown
          case .landscapeLeft: .landscapeLeft
          case .landscapeRight: .landscapeRight
          }
      }
      if connection.isVideoMirroringSupported {
        connection.automaticallyAdjustsVideoMirroring = false
        connection.isVideoMirrored = settings.mirror && settings.position == .front
      }
    }

    private func adjust(_ settings: CaptureSettings) {
      guard let device else { return }
      adjust(device) { device in
        let most = min(Double(device.activeFormat.videoMaxZoomFactor), 8)
        device.videoZoomFactor = CGFloat(min(max(settings.zoom, 1), most))
        if device.hasTorch, device.isTorchAvailable { device.torchMode = settings.torch ? .on : .off }
        if let point = settings.focus, device.isFocusPointOfInterestSupported {
          device.focusPointOfInterest = CGPoint(x: point.x, y: point.y)
          if device.isFocusModeSupported(.continuousAutoFocus) { device.focusMode = .continuousAutoFocus }
        }
        if let point = settings.exposure, device.isExposurePointOfInterestSupported {
          device.exposurePointOfInterest = CGPoint(x: point.x, y: point.y)
          if device.isExposureModeSupported(.continuousAutoExposure) {
            device.exposureMode = .continuousAutoExposure
          }
        }
      }
    }

    private func adjust(_ device: AVCaptureDevice, _ body: (AVCaptureDevice) -> Void) {
      guard (try? device.lockForConfiguration()) != nil else { return }
      body(device)
      device.unlockForConfiguration()
    }
  }
#endif
