#if canImport(VideoToolbox) && canImport(AVFoundation)
  import AVFoundation
  import VideoToolbox
#endif

/// The encoders of this side of the core, in the order of what they are told.
final class DeviceEncoders: Sendable {
  #if canImport(VideoToolbox) && canImport(AVFoundation)
    let video: VideoToolboxEncoder?
    let audio: AACEncoder?
    private let standIns: [Track: StandIns]

    init(video: VideoToolboxEncoder?, audio: AACEncoder?, handle: CoreHandle) {
      (self.video, self.audio) = (video, audio)
      var standIns: [Track: StandIns] = [:]
      if let video { standIns[.video] = StandIns(.video, handle) { [weak video] in video?.standIn(at: $0) } }
      if let audio { standIns[.audio] = StandIns(.audio, handle) { [weak audio] in audio?.standIn(at: $0) } }
      self.standIns = standIns
    }

    /// The core knows that a device is gone: what this side encodes is stood in for until it is back.
    func standIn(for what: Interruption) {
      if what != .sound { standIns[.video]?.begin() }
      if what != .picture { standIns[.audio]?.begin() }
    }

    /// From now on there is more than one sound.
    func beginMixing() {
      audio?.beginMixing()
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
    func standIn(for what: Interruption) {}
    func beginMixing() {}
    func obey(_ event: LiveEvent) {}
    static func areUsed(_ encoder: LiveOptions.Encoder) -> Bool { false }
  #endif
}
