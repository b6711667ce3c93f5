#if canImport(AVFoundation)
  @preconcurrency import AVFoundation
  import Foundation

  /// The system's AAC encoder: samples in, frames to the core, each with the time of its first sample. Of more than one
  /// source the core makes one sound before it is encoded.
  final class AACEncoder: @unchecked Sendable {
    private let audio: AudioConfiguration
    private let handle: CoreHandle
    private let report: @Sendable (LiveError) -> Void
    private let lock = NSLock()
    private var converter: AVAudioConverter?
    private var source: (sampleRate: Int, channels: Int)?
    private var bitrate: Int
    private var hasFailed = false
    /// Of the next frame's first sample: counted, so that frames stand evenly, until the capture's clock says otherwise.
    private var next: CaptureTime?
    /// Whether there ever was a second source, and room for a block of the mix.
    private var mixes = false
    private var block: [Int16] = []

    init(audio: AudioConfiguration, handle: CoreHandle, report: @escaping @Sendable (LiveError) -> Void) {
      (self.audio, self.handle, self.report) = (audio, handle, report)
      bitrate = audio.bitrate
    }

    func obey(_ event: LiveEvent) {
      lock.lock()
      defer { lock.unlock() }
      switch event {
      case .audioBitrateWanted(let wanted):
        bitrate = wanted
        converter?.bitRate = wanted
      case .stateChanged(.pending): restart(isNewShow: true)
      default: break
      }
    }

    var isMixing: Bool { lock.withLock { mixes } }

    func beginMixing() {
      lock.withLock { mixes = true }
    }

    /// Samples of one source, at a time that the core knows; then encodes what there is of the mix.
    func mix(
      _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime,
      from source: AudioSource
    ) throws(LiveError) {
      try handle.mix(samples, sampleRate: sampleRate, channels: channels, at: time, from: source)
      lock.lock()
      defer { lock.unlock() }
      if block.isEmpty { block = [Int16](repeating: 0, count: 1024 * audio.channels) }
      // Taken under the lock: two sources' threads keep the blocks in order.
      while let time = try handle.takeMixed(into: &block) {
        // The mix is silent already when it shall be.
        block.withUnsafeBufferPointer { encodeNow($0, audio.sampleRate, audio.channels, at: time, isMuted: false) }
      }
    }

    /// A frame of silence in the microphone's place, in the microphone's own form.
    func standIn(at time: CaptureTime) {
      lock.lock()
      let (rate, channels) = source ?? (audio.sampleRate, audio.channels)
      let isMixing = mixes
      lock.unlock()
      let silence = [Int16](repeating: 0, count: 1024 * rate / max(audio.sampleRate, 1) * channels)
      silence.withUnsafeBufferPointer { silence in
        if isMixing {
          // A broadcast that has ended wants none.
          try? mix(silence, sampleRate: rate, channels: channels, at: time, from: .main)
        } else {
          encode(silence, sampleRate: rate, channels: channels, at: time, isMuted: true)
        }
      }
    }

    /// Interleaved 16-bit samples of any rate; silence in their place while muted.
    func encode(
      _ samples: UnsafeBufferPointer<Int16>, sampleRate: Int, channels: Int, at time: CaptureTime, isMuted: Bool
    ) {
      lock.lock()
      defer { lock.unlock() }
      encodeNow(samples, sampleRate, channels, at: time, isMuted: isMuted)
    }

    // --- under the lock ---

    private func encodeNow(
      _ samples: UnsafeBufferPointer<Int16>, _ sampleRate: Int, _ channels: Int, at time: CaptureTime, isMuted: Bool
    ) {
      guard channels > 0, samples.count >= channels, let converter = open(sampleRate, channels),
        let given = buffer(samples, sampleRate, channels, isMuted),
        let output = AVAudioFormat.aac(audio)
      else { return }
      follow(time)
      let pending = Once(given)
      while true {
        let packets = AVAudioCompressedBuffer(
          format: output, packetCapacity: 1, maximumPacketSize: max(converter.maximumOutputPacketSize, 1))
        var error: NSError?
        let status = converter.convert(to: packets, error: &error) { _, status in
          let buffer = pending.take()
          status.pointee = buffer == nil ? .noDataNow : .haveData
          return buffer
        }
        guard status == .haveData, packets.packetCount > 0 else {
          if status == .error { fail(error) }
          return
        }
        push(packets)
      }
    }

    private func open(_ sampleRate: Int, _ channels: Int) -> AVAudioConverter? {
      if let converter, let source, source == (sampleRate, channels) { return converter }
      // Another microphone: what its samples were counted from is over.
      restart(isNewShow: false)
      guard let from = AVAudioFormat.samples(sampleRate, channels), let to = AVAudioFormat.aac(audio),
        let made = AVAudioConverter(from: from, to: to)
      else {
        fail(nil)
        return nil
      }
      made.bitRate = bitrate
      converter = made
      source = (sampleRate, channels)
      return made
    }

    private func restart(isNewShow: Bool) {
      if isNewShow { bitrate = audio.bitrate }
      converter = nil
      source = nil
      next = nil
    }

    private func buffer(
      _ samples: UnsafeBufferPointer<Int16>, _ sampleRate: Int, _ channels: Int, _ isMuted: Bool
    ) -> AVAudioPCMBuffer? {
      let frames = samples.count / channels
      guard let format = AVAudioFormat.samples(sampleRate, channels),
        let buffer = AVAudioPCMBuffer(pcmFormat: format, frameCapacity: AVAudioFrameCount(frames)),
        let target = buffer.int16ChannelData?.pointee, let source = samples.baseAddress
      else { return nil }
      buffer.frameLength = AVAudioFrameCount(frames)
      if isMuted {
        target.update(repeating: 0, count: frames * channels)
      } else {
        target.update(from: source, count: frames * channels)
      }
      return buffer
    }

    /// Small differences are the callbacks' jitter; a large one is a gap.
    private func follow(_ time: CaptureTime) {
      guard let next, abs(next.microseconds - time.microseconds) < 100_000 else {
        next = time
        return
      }
    }

    private func push(_ packets: AVAudioCompressedBuffer) {
      let size = packets.packetDescriptions.map { Int($0.pointee.mDataByteSize) } ?? Int(packets.byteLength)
      let time = next ?? CaptureTime(microseconds: 0)
      next = CaptureTime(microseconds: time.microseconds + Int64(1024 * 1_000_000 / max(audio.sampleRate, 1)))
      withUnsafeBytes(of: audio.specificConfig.bigEndian) { header in
        let frame = EncodedAudio(
          header: header, payload: UnsafeRawBufferPointer(start: packets.data, count: size), presentation: time)
        // One that comes after the end is refused, which is right.
        try? handle.push(frame)
      }
    }

    private func fail(_ error: NSError?) {
      converter = nil
      guard !hasFailed else { return }
      hasFailed = true
      report(
        LiveError(
          code: 207, reason: "the system's AAC encoder fails: \(error?.localizedDescription ?? "no such format")",
          advice: "use 44.1 or 48 kHz, one or two channels"))
    }
  }

  /// What a converter may have once, in the thread that asks it to convert.
  final class Once: @unchecked Sendable {
    private var buffer: AVAudioPCMBuffer?

    init(_ buffer: AVAudioPCMBuffer) {
      self.buffer = buffer
    }

    func take() -> AVAudioPCMBuffer? {
      defer { buffer = nil }
      return buffer
    }
  }

  extension AVAudioFormat {
    static func samples(_ sampleRate: Int, _ channels: Int) -> AVAudioFormat? {
      AVAudioFormat(
        commonFormat: .pcmFormatInt16, sampleRate: Double(sampleRate), channels: AVAudioChannelCount(channels),
        interleaved: true)
    }

    static func aac(_ audio: AudioConfiguration) -> AVAudioFormat? {
      var description = AudioStreamBasicDescription(
        mSampleRate: Double(audio.sampleRate), mFormatID: kAudioFormatMPEG4AAC, mFormatFlags: 0, mBytesPerPacket: 0,
        mFramesPerPacket: 1024, mBytesPerFrame: 0, mChannelsPerFrame: UInt32(audio.channels), mBitsPerChannel: 0,
        mReserved: 0)
      return AVAudioFormat(streamDescription: &description)
    }
  }
#endif
