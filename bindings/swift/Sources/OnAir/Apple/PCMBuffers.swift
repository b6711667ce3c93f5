#if canImport(AVFoundation)
  @preconcurrency import AVFoundation

  extension LiveSession {
    /// Takes what `AVAudioEngine` and `AVAudioConverter` give: floats or 16-bit samples, in turn or a plane for each channel.
    public func pushAudio(
      _ buffer: AVAudioPCMBuffer, at time: CaptureTime, to source: AudioSource = .main
    ) throws(LiveError) {
      let (frames, channels) = (Int(buffer.frameLength), Int(buffer.format.channelCount))
      let rate = Int(buffer.format.sampleRate)
      guard frames > 0 else { return }
      if encoders.audio == nil, !buffer.format.isInterleaved, let planes = buffer.floatChannelData {
        let all = (0..<channels).map { UnsafeBufferPointer(start: UnsafePointer(planes[$0]), count: frames) }
        return try pushAudio(planes: all, sampleRate: rate, at: time, to: source)
      }
      guard let samples = buffer.samples else {
        throw LiveError(
          code: 216, reason: "push: samples of this format cannot be read", advice: "push floats or 16-bit samples")
      }
      let pushed = samples.withUnsafeBufferPointer { samples in
        Result { () throws(LiveError) in
          try pushAudio(samples, sampleRate: rate, channels: channels, at: time, to: source)
        }
      }
      try pushed.get()
    }
  }

  extension AVAudioPCMBuffer {
    /// In turn, 16 bits each. Nil for formats that are neither floats nor that.
    fileprivate var samples: [Int16]? {
      let (frames, channels) = (Int(frameLength), Int(format.channelCount))
      // Where channels lie in turn, the first pointer has all of them.
      let place = { (frame: Int, channel: Int) in
        self.format.isInterleaved ? (0, frame * channels + channel) : (channel, frame)
      }
      var all: [Int16] = []
      all.reserveCapacity(frames * channels)
      if let ints = int16ChannelData {
        for frame in 0..<frames {
          for channel in 0..<channels {
            let (plane, index) = place(frame, channel)
            all.append(ints[plane][index])
          }
        }
        return all
      }
      guard let floats = floatChannelData else { return nil }
      for frame in 0..<frames {
        for channel in 0..<channels {
          let (plane, index) = place(frame, channel)
          let sample = floats[plane][index]
          all.append(Int16(max(-32_768, min(32_767, sample.isFinite ? (sample * 32_768).rounded() : 0))))
        }
      }
      return all
    }
  }

  extension CMSampleBuffer {
    /// Its samples as floats or 16-bit ones of this machine. Nil when it has none.
    var pcm: AVAudioPCMBuffer? {
      let count = AVAudioFrameCount(clamping: CMSampleBufferGetNumSamples(self))
      guard count > 0, let description = CMSampleBufferGetFormatDescription(self) else { return nil }
      let format = AVAudioFormat(cmAudioFormatDescription: description)
      guard let buffer = AVAudioPCMBuffer(pcmFormat: format, frameCapacity: count) else { return nil }
      buffer.frameLength = count
      let copied = CMSampleBufferCopyPCMDataIntoAudioBufferList(
        self, at: 0, frameCount: Int32(clamping: count), into: buffer.mutableAudioBufferList)
      guard copied == noErr else { return nil }
      guard format.commonFormat == .otherFormat else { return buffer }
      // An app's sound may come with the bytes of each sample the other way round.
      guard
        let plain = AVAudioFormat(
          commonFormat: .pcmFormatFloat32, sampleRate: format.sampleRate, channels: format.channelCount,
          interleaved: false),
        let converter = AVAudioConverter(from: format, to: plain),
        let turned = AVAudioPCMBuffer(pcmFormat: plain, frameCapacity: count)
      else { return nil }
      return (try? converter.convert(to: turned, from: buffer)) == nil ? nil : turned
    }
  }
#endif
