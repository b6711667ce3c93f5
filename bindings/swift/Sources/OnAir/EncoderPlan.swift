/// Which pictures an encoder of this side takes, at what bitrate, and which are IDRs: what the core wishes, as a value.
struct EncoderPlan: Sendable {
  let fps: Int
  private(set) var wanted: Int
  private(set) var pace = VideoPace.full
  private var isKeyWanted = true
  private var takenAt: CaptureTime?

  init(fps: Int, bitrate: Int) {
    self.fps = max(fps, 1)
    wanted = bitrate
  }

  /// Half the pictures get half the bits.
  var bitrate: Int { pace == .half ? wanted / 2 : wanted }

  /// True when the encoder has to be told something.
  mutating func obey(_ event: LiveEvent) -> Bool {
    switch event {
    case .keyframeWanted: isKeyWanted = true
    case .videoBitrateWanted(let bitrate):
      defer { wanted = bitrate }
      return bitrate != wanted
    case .videoPaceWanted(let pace):
      // What follows a pause has nothing to refer to.
      if self.pace == .none, pace != .none { isKeyWanted = true }
      defer { self.pace = pace }
      return pace != self.pace
    default: break
    }
    return false
  }

  /// The next picture is an IDR: after a start, and whenever the encoder was made anew.
  mutating func wantKey() {
    isKeyWanted = true
  }

  /// Nil: leave it out. Else whether it has to be an IDR.
  mutating func take(_ time: CaptureTime) -> Bool? {
    switch pace {
    case .none: return nil
    case .half:
      let oneAndAHalf = Int64(1_500_000 / fps)
      if let takenAt, time.microseconds - takenAt.microseconds <= oneAndAHalf, time > takenAt { return nil }
    case .full: break
    }
    takenAt = time
    defer { isKeyWanted = false }
    return isKeyWanted
  }
}
