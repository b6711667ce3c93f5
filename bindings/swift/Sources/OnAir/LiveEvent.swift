internal import OnAirFFI

/// Pictures or sound.
public enum Track: Hashable, Sendable {
  case video, audio
}

/// Which pictures are encoded.
public enum VideoPace: Hashable, Sendable {
  /// Every one.
  case full
  /// Every second one, at half the bitrate.
  case half
  /// None; the first after that is an IDR.
  case none
}

/// What happened. `destination` counts from 0 in the order of the start.
public enum LiveEvent: Hashable, Sendable {
  /// The session's state changed.
  case stateChanged(LiveState)
  /// One of several destinations is in another state.
  case destinationChanged(destination: Int, name: String, state: LiveState)
  /// A destination's other address is taken from now on.
  case addressChanged(destination: Int, isBackup: Bool)
  /// An attempt failed or the live connection was lost. `attempt` counts from 1 and is 0 when the stream was live;
  /// `retryIn`, in seconds, is nil when this was the end.
  case lost(destination: Int, error: LiveError, attempt: Int, retryIn: Double?)
  /// The server takes nothing of what waits for it, or takes it again.
  case suspect(destination: Int, isSuspect: Bool)
  /// An encoder failed; the stream goes on unless a state says otherwise.
  case encoderFailed(Track, LiveError)
  /// Encoded units were dropped since the last such event.
  case dropped(destination: Int, video: Int, audio: Int)
  /// For an encoder of the app's own: make the next picture an IDR.
  case keyframeWanted
  /// For a video encoder of the app's own: aim at this, bit/s.
  case videoBitrateWanted(Int)
  /// For an audio encoder of the app's own: aim at this, bit/s.
  case audioBitrateWanted(Int)
  /// For a video encoder of the app's own: encode these pictures.
  case videoPaceWanted(VideoPace)
  /// The video bitrate follows the network, bit/s; `reason` is for people.
  case bitrateChanged(destination: Int, from: Int, to: Int, reason: String)
  /// Another part of the pictures is sent; `reason` is for people.
  case paceChanged(destination: Int, pace: VideoPace, reason: String)
  /// The system does not tell what the server received; its acknowledgements steer instead.
  case acknowledgementsOnly
  /// The disk did not keep up: the recording goes on after a gap of so many pictures and AAC frames so far.
  case recordingGap(video: Int, audio: Int)
  /// The disk is slow: the file is so many seconds behind the stream. Nothing is missing yet.
  case recordingBehind(Double)
  /// A file of a recording that goes on in another one is complete.
  case recordingSplit(Recording)
  /// The recording ended before its time.
  case recordingFailed(LiveError)
  /// Once a second while running. LFLiveKit: debugInfo.
  case statistics(LiveStatistics)
  /// Something that this version has no word for.
  case other(String)
}

extension LiveEvent {
  init(_ event: OnAirFFI.LiveEvent) {
    switch event {
    case .stateChanged(let state): self = .stateChanged(LiveState(state))
    case .destinationChanged(let destination, let name, let state):
      self = .destinationChanged(destination: Int(destination), name: name, state: LiveState(state))
    case .addressChanged(let destination, let isBackup):
      self = .addressChanged(destination: Int(destination), isBackup: isBackup)
    case .lost(let destination, let error, let attempt, let retryInMs):
      self = .lost(
        destination: Int(destination), error: LiveError(error), attempt: Int(attempt),
        retryIn: retryInMs.map { Double($0) / 1000 })
    case .suspect(let destination, let isSuspect):
      self = .suspect(destination: Int(destination), isSuspect: isSuspect)
    case .encoderFailed(let track, let error):
      self = .encoderFailed(track == .video ? .video : .audio, LiveError(error))
    case .dropped(let destination, let video, let audio):
      self = .dropped(destination: Int(destination), video: Int(video), audio: Int(audio))
    case .keyframeWanted: self = .keyframeWanted
    case .videoBitrateWanted(let bitrate): self = .videoBitrateWanted(Int(bitrate))
    case .audioBitrateWanted(let bitrate): self = .audioBitrateWanted(Int(bitrate))
    case .videoPaceWanted(let pace): self = .videoPaceWanted(VideoPace(pace))
    case .bitrateChanged(let destination, let from, let to, let reason):
      self = .bitrateChanged(destination: Int(destination), from: Int(from), to: Int(to), reason: reason)
    case .paceChanged(let destination, let pace, let reason):
      self = .paceChanged(destination: Int(destination), pace: VideoPace(pace), reason: reason)
    case .acknowledgementsOnly: self = .acknowledgementsOnly
    case .recordingGap(let video, let audio):
      self = .recordingGap(video: Int(clamping: video), audio: Int(clamping: audio))
    case .recordingBehind(let byMs): self = .recordingBehind(Double(byMs) / 1000)
    case .recordingSplit(let file): self = .recordingSplit(Recording(file))
    case .recordingFailed(let error): self = .recordingFailed(LiveError(error))
    case .figures(let figures): self = .statistics(LiveStatistics(figures))
    case .other(let text): self = .other(text)
    }
  }
}

extension VideoPace {
  init(_ pace: OnAirFFI.VideoPace) {
    switch pace {
    case .full: self = .full
    case .half: self = .half
    case .none: self = .none
    }
  }
}
