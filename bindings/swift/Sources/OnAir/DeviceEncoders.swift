#if canImport(VideoToolbox) && canImport(AVFoundation)
  import AVFoundation
  import VideoToolbox
#endif

/// The encoders of this side of the core, in the order of what they are told.
final class DeviceEncoders: Sendable {
  #if canImport(VideoToolbox) && canImport(AVFoundation)
    let video: VideoToolboxEncoder?
    let audio: AACEncoder?

    init(video: VideoToolboxEncoder?, audio: AACEncoder?) {
      (self.video, self.audio) = (video, audio)
    }

    /// Before the app hears of it.
    func obey(_ event: LiveEvent) {
      video?.obey(event)
      audio?.obey(event)
    }

    /// After the system took them away.
    func restart() {
      video?.restart()
    }

    /// Whether this side encodes, as the options say and the system can.
    static func areUsed(_ encoder: LiveOptions.Encoder) -> Bool {
      switch encoder {
      case .core: return false
      case .device: return true
      case .automatic:
        #if canImport(Darwin)
          return true
        #else
          return false
        #endif
      }
    }
  #else
    func obey(_ event: LiveEvent) {}
    static func areUsed(_ encoder: LiveOptions.Encoder) -> Bool { false }
  #endif
}
