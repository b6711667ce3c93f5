#if canImport(AVFoundation) && canImport(UIKit)
  @preconcurrency import AVFoundation
#endif

/// Camera, microphone and what the system says, of one session. Made when they are first asked for.
final class Stage: Sendable {
  let settings = Guarded(CaptureSettings())
  let look = Guarded(Look())
  #if canImport(AVFoundation) && canImport(UIKit)
    let devices = Guarded<Devices?>(nil)
  #endif

  deinit {
    #if canImport(AVFoundation) && canImport(UIKit)
      devices.withLock { $0?.end() }
    #endif
  }
}
