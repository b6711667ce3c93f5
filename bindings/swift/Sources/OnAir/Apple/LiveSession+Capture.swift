#if canImport(AVFoundation) && canImport(UIKit)
  @preconcurrency import AVFoundation
  #if canImport(VideoToolbox)
    import VideoToolbox
  #endif

  /// Camera and microphone, under LFLiveKit's names and VideoCore's. All may be set at any time from any thread.
  extension LiveSession {
    /// Camera and microphone are on; what they see and hear goes out while the session is live. The audio session is
    /// set up for it, the screen stays on, and the encoders survive interruptions, other routes and the background.
    public var running: Bool {
      get { setting(\.isRunning) }
      set { set(\.isRunning, newValue) }
    }

    public var captureDevicePosition: CameraPosition {
      get { setting(\.position) }
      set { set(\.position, newValue) }
    }

    /// The front camera's picture as in a mirror, for viewers too; at once.
    public var mirror: Bool {
      get { setting(\.mirror) }
      set { set(\.mirror, newValue) }
    }

    /// Ignored where there is none.
    public var torch: Bool {
      get { setting(\.torch) }
      set { set(\.torch, newValue) }
    }

    /// From 1 to what the camera can, 8 at most; what is beyond is cut off.
    public var zoomScale: Double {
      get { setting(\.zoom) }
      set { set(\.zoom, newValue) }
    }

    /// Where the camera focuses; nil for where it likes. VideoCore: focusPointOfInterest.
    public var focusPoint: PicturePoint? {
      get { setting(\.focus) }
      set { set(\.focus, newValue) }
    }

    /// By what the camera exposes; nil for where it likes. VideoCore: exposurePointOfInterest.
    public var exposurePoint: PicturePoint? {
      get { setting(\.exposure) }
      set { set(\.exposure, newValue) }
    }

    /// Holds the picture so, however the device is turned; nil for as the configuration lies.
    public var lockedOrientation: CaptureOrientation? {
      get { setting(\.orientation) }
      set { set(\.orientation, newValue) }
    }

    /// From 0 to 1, where the microphone has a gain. VideoCore: micGain.
    public var micGain: Double {
      get { setting(\.micGain) }
      set { set(\.micGain, newValue) }
    }

    /// How previews fill their views.
    public var previewMode: PreviewMode {
      get { setting(\.previewMode) }
      set { set(\.previewMode, newValue) }
    }

    #if canImport(VideoToolbox)
      /// The camera's newest picture as viewers get it: in the configured size, with the look. Drawn in the caller's thread:
      /// for a button, not for each picture.
      public var currentImage: CGImage? {
        guard let video, let newest = stage.devices.withLock({ $0 })?.newest else { return nil }
        let drawn = LookBuffers(video: video, handle: handle).drawn(newest.picture, at: newest.time)
        var image: CGImage?
        _ = VTCreateCGImageFromCVPixelBuffer(drawn ?? newest.picture, options: nil, imageOut: &image)
        return image
      }
    #endif

    /// The camera's session, for a preview: made on the first call.
    var cameraSession: AVCaptureSession? { devices().camera?.session }

    private func devices() -> Devices {
      stage.devices.withLock { devices in
        if let devices { return devices }
        let made = Devices(of: self)
        devices = made
        return made
      }
    }

    private func setting<Value>(_ path: KeyPath<CaptureSettings, Value>) -> Value {
      stage.settings.withLock { $0[keyPath: path] }
    }

    private func set<Value>(_ path: WritableKeyPath<CaptureSettings, Value>, _ value: Value) {
      let settings = stage.settings.withLock { settings in
        settings[keyPath: path] = value
        return settings
      }
      // Nothing is made for a session that never captures.
      let devices: Devices? = settings.isRunning ? self.devices() : stage.devices.withLock { $0 }
      devices?.apply(settings)
    }
  }
#endif
