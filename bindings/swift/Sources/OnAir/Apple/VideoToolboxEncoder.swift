#if canImport(VideoToolbox)
  import Foundation
  @preconcurrency import VideoToolbox

  /// The device's encoder: pictures in, access units to the core, at the bitrate and pace that the core wishes, and as the
  /// session's look says; without one they go in as they are. Pictures are never reordered. An encoder that fails is made
  /// anew, and begins with an IDR.
  final class VideoToolboxEncoder: @unchecked Sendable {
    private let video: VideoConfiguration
    private let codec: VideoCodec
    private let handle: CoreHandle
    private let report: @Sendable (LiveError) -> Void
    /// Owns everything below: one at a time, in the order of capture.
    private let queue = DispatchQueue(label: "onair.encoder.video", qos: .userInteractive)
    private var plan: EncoderPlan
    private var session: VTCompressionSession?
    private var failures = 0
    private var scratch: [UInt8] = []
    private let look: LookBuffers
    /// What stays when the camera goes.
    private var last: CVImageBuffer?

    init(
      video: VideoConfiguration, codec: VideoCodec, handle: CoreHandle, report: @escaping @Sendable (LiveError) -> Void
    ) {
      (self.video, self.codec, self.handle, self.report) = (video, codec, handle, report)
      plan = EncoderPlan(fps: video.fps, bitrate: video.bitrate)
      look = LookBuffers(video: video, handle: handle)
    }

    deinit {
      if let session { VTCompressionSessionInvalidate(session) }
    }

    /// In the caller's thread; what is encoded comes out in the encoder's.
    func encode(_ image: CVImageBuffer, at time: CaptureTime) {
      queue.sync {
        // What the core has no word on (its session is gone) is refused when it is pushed.
        guard let placed = placed(time) else { return }
        last = image
        guard let isKey = plan.take(placed.time) else { return }
        let drawn = placed.isDrawn ? look.drawn(image, at: placed.time) : nil
        encode(drawn ?? image, at: placed.time, isKey)
      }
    }

    /// The slate, or the last picture, in the camera's place.
    func standIn(at time: CaptureTime) {
      queue.sync {
        let before = plan
        guard let isKey = plan.take(time) else { return }
        guard let picture = look.slate(at: time) ?? last.map({ look.drawn($0, at: time) ?? $0 }) else {
          // Nothing to show: an IDR that is wished for is the next picture's.
          plan = before
          return
        }
        encode(picture, at: time, isKey)
      }
    }

    func obey(_ event: LiveEvent) {
      queue.sync {
        if plan.obey(event) { aim() }
        // The core forgets its wishes with each start; so does this.
        if event == .stateChanged(.pending) {
          plan = EncoderPlan(fps: video.fps, bitrate: video.bitrate)
          aim()
        }
      }
    }

    /// After the system took the encoder away: in the background, or with the media services.
    func restart() {
      queue.sync { close() }
    }

    // --- on the queue ---

    private func placed(_ time: CaptureTime) -> PlacedPicture? {
      do { return try handle.placePicture(at: time) } catch { return PlacedPicture(time: time, isDrawn: false) }
    }

    private func encode(_ image: CVImageBuffer, at time: CaptureTime, _ isKey: Bool) {
      guard let session = session ?? open() else { return }
      let properties =
        isKey
        ? NSDictionary(object: NSNumber(value: true), forKey: kVTEncodeFrameOptionKey_ForceKeyFrame as NSString)
        : nil
      let status = VTCompressionSessionEncodeFrame(
        session, imageBuffer: image, presentationTimeStamp: CMTime(value: time.microseconds, timescale: 1_000_000),
        duration: .invalid, frameProperties: properties.map { $0 as CFDictionary }, infoFlagsOut: nil
      ) { [weak self] status, flags, sample in
        // The encoder left it out; who waits for an IDR still does.
        if isKey, flags.contains(.frameDropped) { self?.wantKey() }
        self?.deliver(status, sample)
      }
      if status != noErr { fail(status) }
    }

    private func open() -> VTCompressionSession? {
      var made: VTCompressionSession?
      let status = VTCompressionSessionCreate(
        allocator: nil, width: Int32(video.width), height: Int32(video.height),
        codecType: codec == .hevc ? kCMVideoCodecType_HEVC : kCMVideoCodecType_H264, encoderSpecification: nil,
        imageBufferAttributes: nil, compressedDataAllocator: nil, outputCallback: nil, refcon: nil,
        compressionSessionOut: &made)
      guard status == noErr, let made else {
        fail(status)
        return nil
      }
      let profile =
        codec == .hevc
        ? kVTProfileLevel_HEVC_Main_AutoLevel
        : video.profile == .baseline ? kVTProfileLevel_H264_Baseline_AutoLevel : kVTProfileLevel_H264_Main_AutoLevel
      session = made
      tell(kVTCompressionPropertyKey_RealTime, NSNumber(value: true))
      tell(kVTCompressionPropertyKey_ProfileLevel, profile)
      tell(kVTCompressionPropertyKey_AllowFrameReordering, NSNumber(value: false))
      tell(kVTCompressionPropertyKey_ExpectedFrameRate, NSNumber(value: video.fps))
      tell(kVTCompressionPropertyKey_MaxKeyFrameInterval, NSNumber(value: video.keyframeInterval))
      tell(
        kVTCompressionPropertyKey_MaxKeyFrameIntervalDuration,
        NSNumber(value: Double(video.keyframeInterval) / Double(max(video.fps, 1))))
      aim()
      VTCompressionSessionPrepareToEncodeFrames(made)
      return made
    }

    private func aim() {
      tell(kVTCompressionPropertyKey_AverageBitRate, NSNumber(value: plan.bitrate))
      // At most one and a half times as much in any one second, in bytes.
      let limits = [NSNumber(value: plan.bitrate * 3 / 2 / 8), NSNumber(value: 1.0)]
      tell(kVTCompressionPropertyKey_DataRateLimits, NSArray(array: limits))
    }

    private func tell(_ key: CFString, _ value: CFTypeRef) {
      guard let session else { return }
      // A wish that this device's encoder does not know is none.
      _ = VTSessionSetProperty(session, key: key, value: value)
    }

    private func fail(_ status: OSStatus) {
      failures += 1
      close()
      // Once for each row of failures: they come with each picture.
      guard failures == 1 else { return }
      report(
        LiveError(
          code: 207, reason: "the device's video encoder says \(status)",
          advice: "nothing, if pictures go on: it was made anew; else choose another size or codec"))
    }

    private func close() {
      plan.wantKey()
      guard let session else { return }
      VTCompressionSessionInvalidate(session)
      self.session = nil
    }

    // --- in the encoder's thread, one picture after the other ---

    private func wantKey() {
      queue.async { self.plan.wantKey() }
    }

    private func deliver(_ status: OSStatus, _ sample: CMSampleBuffer?) {
      guard status == noErr else {
        queue.async { self.fail(status) }
        return
      }
      // None: the encoder left the picture out.
      guard let sample, let data = CMSampleBufferGetDataBuffer(sample) else { return }
      let isKey = Self.isKey(sample)
      let header = isKey ? self.header(of: sample) : nil
      var (length, start): (Int, UnsafeMutablePointer<CChar>?) = (0, nil)
      var whole = 0
      guard
        CMBlockBufferGetDataPointer(
          data, atOffset: 0, lengthAtOffsetOut: &length, totalLengthOut: &whole, dataPointerOut: &start) == noErr
      else { return }
      let shown = CMSampleBufferGetPresentationTimeStamp(sample)
      let decoded = CMSampleBufferGetDecodeTimeStamp(sample)
      let (presentation, decoding) = (CaptureTime(shown), decoded.isValid ? CaptureTime(decoded) : nil)
      if length == whole, let start {
        let payload = UnsafeRawBufferPointer(start: start, count: whole)
        push(payload, header: header, isKey, presentation, decoding)
        return
      }
      if scratch.count < whole { scratch = [UInt8](repeating: 0, count: whole) }
      scratch.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress,
          CMBlockBufferCopyDataBytes(data, atOffset: 0, dataLength: whole, destination: base) == noErr
        else { return }
        push(UnsafeRawBufferPointer(rebasing: bytes[..<whole]), header: header, isKey, presentation, decoding)
      }
    }

    private func push(
      _ payload: UnsafeRawBufferPointer, header: NSData?, _ isKey: Bool, _ presentation: CaptureTime,
      _ decoding: CaptureTime?
    ) {
      let record = header.map { UnsafeRawBufferPointer(start: $0.bytes, count: $0.length) }
      let unit = EncodedVideo(
        layout: .lengths, isKey: isKey, header: record, payload: payload, presentation: presentation,
        decoding: decoding)
      // One that comes after the end is refused, which is right.
      try? handle.push(unit)
      withExtendedLifetime(header) {}
      queue.async { self.failures = 0 }
    }

    /// avcC or hvcC.
    private func header(of sample: CMSampleBuffer) -> NSData? {
      guard let format = CMSampleBufferGetFormatDescription(sample) else { return nil }
      let atoms =
        CMFormatDescriptionGetExtension(
          format, extensionKey: kCMFormatDescriptionExtension_SampleDescriptionExtensionAtoms) as? NSDictionary
      return atoms?.object(forKey: codec == .hevc ? "hvcC" : "avcC") as? NSData
    }

    private static func isKey(_ sample: CMSampleBuffer) -> Bool {
      guard let all = CMSampleBufferGetSampleAttachmentsArray(sample, createIfNecessary: false),
        let first = (all as NSArray).firstObject as? NSDictionary
      else { return true }
      let isNotSync = first.object(forKey: kCMSampleAttachmentKey_NotSync as NSString) as? NSNumber
      return isNotSync?.boolValue != true
    }
  }
#endif
