#if canImport(AVFoundation) && canImport(UIKit)
  @preconcurrency import AVFoundation
  import Foundation

  /// The microphone: samples as the configuration wants them, each buffer with the time of its first sample.
  final class Microphone: @unchecked Sendable {
    private let audio: AudioConfiguration
    private let push: @Sendable (UnsafeBufferPointer<Int16>, CaptureTime) -> Void
    private let report: @Sendable (LiveError) -> Void
    /// Owns the engine: starting it blocks.
    private let queue = DispatchQueue(label: "onair.microphone", qos: .userInitiated)
    private var engine: AVAudioEngine?

    init(
      audio: AudioConfiguration, push: @escaping @Sendable (UnsafeBufferPointer<Int16>, CaptureTime) -> Void,
      report: @escaping @Sendable (LiveError) -> Void
    ) {
      (self.audio, self.push, self.report) = (audio, push, report)
    }

    func run(_ isRunning: Bool, gain: Double) {
      queue.async {
        if isRunning, self.engine == nil { self.start() }
        if !isRunning { self.stop() }
        let session = AVAudioSession.sharedInstance()
        if isRunning, session.isInputGainSettable { try? session.setInputGain(Float(min(max(gain, 0), 1))) }
      }
    }

    /// After an interruption, another route or lost media services: the format may be another.
    func restart() {
      queue.async {
        guard self.engine != nil else { return }
        self.stop()
        self.start()
      }
    }

    // --- on the queue ---

    private func start() {
      do {
        let session = AVAudioSession.sharedInstance()
        try session.setCategory(
          .playAndRecord, mode: .videoRecording, options: [.allowBluetooth, .defaultToSpeaker, .mixWithOthers])
        try session.setActive(true)
        let engine = AVAudioEngine()
        let input = engine.inputNode
        let from = input.outputFormat(forBus: 0)
        guard from.sampleRate > 0, let to = AVAudioFormat.samples(audio.sampleRate, audio.channels),
          let converter = AVAudioConverter(from: from, to: to)
        else { throw LiveError.noMicrophone }
        let tap = Tap(converter: converter, to: to, push: push)
        input.installTap(onBus: 0, bufferSize: 1024, format: from) { buffer, time in tap.handle(buffer, time) }
        engine.prepare()
        try engine.start()
        self.engine = engine
      } catch {
        report(.noMicrophone)
      }
    }

    private func stop() {
      engine?.inputNode.removeTap(onBus: 0)
      engine?.stop()
      engine = nil
    }
  }

  extension LiveError {
    fileprivate static let noMicrophone = LiveError(
      code: 209, reason: "the microphone cannot be had",
      advice: "ask for the permission, name NSMicrophoneUsageDescription, and see who else uses it")
  }

  /// Called by the engine, one buffer after the other.
  private final class Tap: @unchecked Sendable {
    private let converter: AVAudioConverter
    private let to: AVAudioFormat
    private let push: @Sendable (UnsafeBufferPointer<Int16>, CaptureTime) -> Void

    init(
      converter: AVAudioConverter, to: AVAudioFormat,
      push: @escaping @Sendable (UnsafeBufferPointer<Int16>, CaptureTime) -> Void
    ) {
      (self.converter, self.to, self.push) = (converter, to, push)
    }

    func handle(_ buffer: AVAudioPCMBuffer, _ time: AVAudioTime) {
      let room = Double(buffer.frameLength) * to.sampleRate / max(buffer.format.sampleRate, 1) + 64
      guard let samples = AVAudioPCMBuffer(pcmFormat: to, frameCapacity: AVAudioFrameCount(room)) else { return }
      let given = Once(buffer)
      var error: NSError?
      let status = converter.convert(to: samples, error: &error) { _, status in
        let buffer = given.take()
        status.pointee = buffer == nil ? .noDataNow : .haveData
        return buffer
      }
      guard status != .error, samples.frameLength > 0, let start = samples.int16ChannelData?.pointee else { return }
      let count = Int(samples.frameLength) * Int(to.channelCount)
      let at = time.isHostTimeValid ? CaptureTime.seconds(AVAudioTime.seconds(forHostTime: time.hostTime)) : .now
      push(UnsafeBufferPointer(start: start, count: count), at)
    }
  }
#endif
