#if canImport(AVFoundation) && canImport(UIKit)
  @preconcurrency import AVFoundation
  import Foundation
  import UIKit
  #if canImport(Network)
    import Network
  #endif

  /// What a session has of the device, and what the system says meanwhile. Knows the session weakly.
  final class Devices: @unchecked Sendable {
    let camera: Camera?
    let microphone: Microphone?
    private let last = Guarded<Shared?>(nil)
    private let observers = Guarded<[any NSObjectProtocol]>([])
    #if canImport(Network)
      private let monitor = NWPathMonitor()
    #endif

    /// A picture that anybody may look at.
    struct Shared: @unchecked Sendable {
      let picture: CVPixelBuffer
      let time: CaptureTime
    }

    init(of session: LiveSession) {
      let hub = session.hub
      let last = last
      camera = session.video.map { video in
        Camera(video: video) { [weak session] picture, time in
          last.withLock { $0 = Shared(picture: picture, time: time) }
          // Before the start and after the end nobody takes it, which is right: the preview runs on.
          try? session?.pushVideo(picture, at: time)
        } report: {
          hub.publish(.encoderFailed(.video, $0))
        }
      }
      microphone = session.audio.map { audio in
        Microphone(audio: audio) { [weak session] samples, time in
          try? session?.pushAudio(samples, sampleRate: audio.sampleRate, channels: audio.channels, at: time)
        } report: {
          hub.publish(.encoderFailed(.audio, $0))
        }
      }
      observe(session)
    }

    /// The newest picture of the camera.
    var newest: Shared? { last.withLock { $0 } }

    func apply(_ settings: CaptureSettings) {
      camera?.apply(settings)
      microphone?.run(settings.isRunning, gain: settings.micGain)
      Task { @MainActor in UIApplication.shared.isIdleTimerDisabled = settings.isRunning }
    }

    func end() {
      var settings = CaptureSettings()
      settings.isRunning = false
      apply(settings)
      #if canImport(Network)
        monitor.cancel()
      #endif
      observers.withLock { observers in
        for observer in observers { NotificationCenter.default.removeObserver(observer) }
        observers = []
      }
    }

    private func observe(_ session: LiveSession) {
      // By their texts: Swift has called them differently.
      on(Notification.Name("AVCaptureSessionRuntimeErrorNotification")) { [camera] _ in camera?.restart() }
      on(Notification.Name("AVCaptureSessionInterruptionEndedNotification")) { [camera, weak session] _ in
        camera?.restart()
        session?.stand(in: .picture, isOver: true)
      }
      on(AVAudioSession.interruptionNotification) { [microphone, weak session] note in
        let type = (note.userInfo?[AVAudioSessionInterruptionTypeKey] as? NSNumber)?.uintValue
        let isOver = type == AVAudioSession.InterruptionType.ended.rawValue
        if isOver { microphone?.restart() }
        session?.stand(in: .sound, isOver: isOver)
      }
      // A call, another app in front, or the background take the camera.
      on(Notification.Name("AVCaptureSessionWasInterruptedNotification")) { [weak session] _ in
        session?.stand(in: .picture, isOver: false)
      }
      on(Notification.Name("UIApplicationDidEnterBackgroundNotification")) { [weak session] _ in
        session?.stand(in: .picture, isOver: false)
      }
      on(AVAudioSession.routeChangeNotification) { [microphone] _ in microphone?.restart() }
      on(AVAudioSession.mediaServicesWereResetNotification) { [microphone, weak session] _ in
        microphone?.restart()
        session?.encoders.restart()
      }
      // The system takes the encoder away in the background.
      on(UIApplication.willEnterForegroundNotification) { [camera, weak session] _ in
        session?.encoders.restart()
        camera?.restart()
        session?.stand(in: .picture, isOver: true)
      }
      #if canImport(Darwin)
        on(ProcessInfo.thermalStateDidChangeNotification) { [weak session] _ in
          session?.coolDown(ProcessInfo.processInfo.thermalState.rawValue >= 2)
        }
      #endif
      #if canImport(Network)
        let watch = Guarded(PathWatch())
        monitor.pathUpdateHandler = { [weak session] path in
          let names = path.availableInterfaces.map(\.name)
          let news = watch.withLock { $0.handle(isUp: path.status == .satisfied, interfaces: names) }
          if let news { session?.reportPath(news) }
        }
        monitor.start(queue: DispatchQueue(label: "onair.path"))
      #endif
    }

    private func on(_ name: Notification.Name, _ body: @escaping @Sendable (Notification) -> Void) {
      let observer = NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil, using: body)
      observers.withLock { $0.append(observer) }
    }
  }

  extension LiveSession {
    /// Has the core stand in for a device that the system took, or stop doing so. When nothing runs, or the device encodes
    /// this track itself, there is nothing to stand in for.
    func stand(in what: Interruption, isOver: Bool) {
      try? isOver ? resume(what) : interrupt(what)
    }

    /// A hot device gets half the bits at most, until it has cooled down.
    func coolDown(_ isHot: Bool) {
      guard let video else { return }
      let most = isHot ? max(video.minBitrate, video.bitrate / 2) : video.maxBitrate
      try? limitVideoBitrate(to: video.minBitrate...most)
      hub.publish(.other(isHot ? "the device is hot: half the bitrate at most" : "the device has cooled down"))
    }
  }
#endif
