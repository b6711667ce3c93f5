internal import OnAirC
internal import OnAirFFI

/// One of a session's sources of sound.
public struct AudioSource: Hashable, Sendable {
  let number: UInt32

  /// The one of ``LiveSession/pushAudio(_:sampleRate:channels:at:)``, which is always there.
  public static let main = Self(number: 0)
}

/// How loud the last tenth of a second was, dBFS: 0 is full scale, −100 silence.
public struct SoundLevel: Hashable, Sendable {
  /// The largest sample.
  public let peak: Double
  /// The root of the mean square.
  public let rms: Double
}

/// How loud everything was.
public struct SoundLevels: Hashable, Sendable {
  /// What goes to the encoder: after mixing, gain and mute.
  public let output: SoundLevel
  /// Each source, before its own gain and mute.
  public let sources: [AudioSource: SoundLevel]
}

/// A device that is taken away for a while.
public enum Interruption: Hashable, Sendable {
  /// The camera: the last picture stays, or the slate.
  case picture
  /// The microphone: silence. Other sources sound on.
  case sound
  /// Both.
  case both
}

/// Sound that the core mixes, whoever encodes it, and devices that go for a while.
extension LiveSession {
  // MARK: Sources of sound

  /// Adds a source that is mixed with the first one: its own rate, channels, gain and mute, times on the same clock. It
  /// stays over stop and start until it is removed; eight in all.
  public func addAudioSource() throws(LiveError) -> AudioSource {
    let source = AudioSource(number: try OnAir.core { try core.addAudioSource() })
    encoders.beginMixing()
    return source
  }

  /// Removes a source; the first one stays.
  public func removeAudioSource(_ source: AudioSource) throws(LiveError) {
    try OnAir.core { try core.removeAudioSource(source: source.number) }
  }

  /// Takes samples of a source that was added; as ``pushAudio(_:sampleRate:channels:at:)``.
  public func pushAudio(
    _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime, to source: AudioSource
  ) throws(LiveError) {
    if source == .main {
      return try pushAudio(samples, sampleRate: sampleRate, channels: channels, at: time)
    }
    #if canImport(VideoToolbox) && canImport(AVFoundation)
      if let encoder = encoders.audio {
        return try encoder.mix(samples, sampleRate: sampleRate, channels: channels, at: time, from: source)
      }
    #endif
    try check(
      onair_session_push_audio_to(
        handle.number, source.number, samples.baseAddress, samples.count, UInt32(clamping: sampleRate),
        UInt32(clamping: channels), time.microseconds))
  }

  /// Takes floats from −1 to 1, a plane for each channel, as `AVAudioPCMBuffer` has them.
  public func pushAudio(
    planes: [UnsafeBufferPointer<Float>], sampleRate: Int, at time: CaptureTime, to source: AudioSource = .main
  ) throws(LiveError) {
    let frames = planes.map(\.count).min() ?? 0
    let pointers = planes.map(\.baseAddress)
    let status = pointers.withUnsafeBufferPointer { pointers in
      onair_session_push_audio_float(
        handle.number, source.number, pointers.baseAddress, UInt32(clamping: planes.count), frames,
        UInt32(clamping: sampleRate), UInt32(clamping: planes.count), time.microseconds)
    }
    try check(status)
  }

  /// How loud a source is in the mix: 0 is silence, 1 as it comes, 8 the most.
  public func setGain(_ gain: Double, of source: AudioSource) throws(LiveError) {
    try OnAir.core { try core.setAudioSourceGain(source: source.number, gain: Float(gain)) }
  }

  /// Mutes one source in the mix; its time runs on.
  public func setMuted(_ isMuted: Bool, of source: AudioSource) throws(LiveError) {
    try OnAir.core { try core.setAudioSourceMuted(source: source.number, isMuted: isMuted) }
  }

  /// How loud all of it is: 0 to 8, 1 unless said. Survives stop and start.
  public func setGain(_ gain: Double) throws(LiveError) {
    try OnAir.core { try core.setGain(gain: Float(gain)) }
  }

  /// How loud the last tenth of a second was; silence when nothing runs.
  public var levels: SoundLevels {
    let levels = core.levels()
    let sources = levels.sources.map { (AudioSource(number: $0.source), SoundLevel($0.level)) }
    return SoundLevels(
      output: SoundLevel(levels.output), sources: Dictionary(sources, uniquingKeysWith: { first, _ in first }))
  }

  // MARK: Interruptions

  /// A device is gone for a while, or another one takes its place: the stream gets the last picture (or the slate), and
  /// silence, until ``resume(_:)`` and the first push after it. For what is pushed raw, whoever encodes it; an encoder of
  /// the app's own asks ``waitStandIn(for:within:)``.
  public func interrupt(_ what: Interruption) throws(LiveError) {
    try OnAir.core { try core.interrupt(what: what.core) }
    encoders.standIn(for: what)
  }

  /// The device is back: what is pushed counts again.
  public func resume(_ what: Interruption) throws(LiveError) {
    try OnAir.core { try core.resume(what: what.core) }
  }

  /// The picture of interruptions, copied; nil for the last one that was pushed. Survives stop and start.
  public func setSlate(_ picture: VideoFrame?) throws(LiveError) {
    guard let picture else { return try check(onair_session_set_slate(handle.number, nil)) }
    var frame = picture.core
    try check(onair_session_set_slate(handle.number, &frame))
  }
}

extension SoundLevel {
  fileprivate init(_ level: OnAirFFI.SoundLevel) {
    self.init(peak: Double(level.peakDbfs), rms: Double(level.rmsDbfs))
  }
}

extension Interruption {
  fileprivate var core: OnAirFFI.Interruption {
    switch self {
    case .picture: .picture
    case .sound: .sound
    case .both: .both
    }
  }
}
