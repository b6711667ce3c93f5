import XCTest

@testable import OnAir

#if canImport(VideoToolbox) && !canImport(Darwin)
  import AVFoundation
  import VideoToolbox

  /// The device's encoders, against fakes that keep what they were told.
  final class DeviceTests: XCTestCase {
    func testTheVideoEncoderDoesWhatTheCoreWishes() throws {
      let failures = Guarded<[LiveError]>([])
      let encoder = VideoToolboxEncoder(video: .low3, codec: .h264, handle: CoreHandle(number: 0)) { error in
        failures.withLock { $0.append(error) }
      }
      let made = VTCompressionSession.made.count
      let picture = CVBuffer(nv12Width: 360, height: 640)
      var number: Int64 = 0
      func push(_ count: Int) {
        for _ in 0..<count {
          encoder.encode(picture, at: CaptureTime(microseconds: number * 33_333))
          number += 1
        }
      }
      func newest() throws -> VTCompressionSession { try XCTUnwrap(VTCompressionSession.made.last) }

      push(3)
      XCTAssertEqual(VTCompressionSession.made.count, made + 1)
      let first = try newest()
      XCTAssertEqual(first.forced, [true, false, false], "begins with an IDR")
      XCTAssertEqual([first.width, first.height], [360, 640])
      XCTAssertEqual(first.properties["AllowFrameReordering"] as? NSNumber, NSNumber(value: false))
      XCTAssertEqual(first.properties["RealTime"] as? NSNumber, NSNumber(value: true))
      XCTAssertEqual(first.properties["MaxKeyFrameInterval"] as? NSNumber, 60)
      XCTAssertEqual(first.properties["AverageBitRate"] as? NSNumber, 800_000)

      encoder.obey(.videoBitrateWanted(640_000))
      XCTAssertEqual(first.properties["AverageBitRate"] as? NSNumber, 640_000)
      XCTAssertEqual((first.properties["DataRateLimits"] as? NSArray)?.firstObject as? NSNumber, 120_000)
      encoder.obey(.keyframeWanted)
      push(2)
      XCTAssertEqual(first.forced.suffix(2), [true, false])

      encoder.obey(.videoPaceWanted(.half))
      XCTAssertEqual(first.properties["AverageBitRate"] as? NSNumber, 320_000, "half the pictures, half the bits")
      var before = first.forced.count
      push(10)
      XCTAssertEqual(first.forced.count - before, 5)
      encoder.obey(.videoPaceWanted(.none))
      before = first.forced.count
      push(5)
      XCTAssertEqual(first.forced.count, before)
      encoder.obey(.videoPaceWanted(.full))
      push(2)
      XCTAssertEqual(first.forced.suffix(2), [true, false], "the first after none is an IDR")

      first.status = -12903
      push(1)
      XCTAssertTrue(first.isInvalidated)
      XCTAssertEqual(failures.withLock { $0 }.map(\.code), [207])
      push(1)
      let second = try newest()
      XCTAssertFalse(first === second)
      XCTAssertEqual(second.forced, [true])
      XCTAssertEqual(
        second.properties["AverageBitRate"] as? NSNumber, 640_000, "an encoder made anew keeps the bitrate")

      encoder.restart()
      push(1)
      XCTAssertEqual(try newest().forced, [true], "after the background")
    }

    /// What is wished for stays so until an IDR came out.
    func testAnIDRIsNotUsedUpByAPictureThatIsNotSent() throws {
      let encoder = VideoToolboxEncoder(video: .low3, codec: .h264, handle: CoreHandle(number: 0)) { _ in }
      let made = VTCompressionSession.made.count
      encoder.standIn(at: CaptureTime(microseconds: 1))
      XCTAssertEqual(VTCompressionSession.made.count, made, "there is neither a slate nor a last picture")
      let picture = CVBuffer(nv12Width: 360, height: 640)
      func push(_ number: Int64) { encoder.encode(picture, at: CaptureTime(microseconds: number * 33_333)) }
      push(1)
      let session = try XCTUnwrap(VTCompressionSession.made.last)
      XCTAssertEqual(session.forced, [true], "the first that is sent")
      encoder.obey(.keyframeWanted)
      session.leavesOut = true
      push(2)
      session.leavesOut = false
      push(3)
      push(4)
      XCTAssertEqual(session.forced, [true, true, true, false], "the one after the one that the encoder left out")
    }

    func testSpecificConfigsAreLFLiveKits() {
      let table: [(Int, Int, UInt16)] = [
        (44100, 2, 0x1210), (44100, 1, 0x1208), (48000, 2, 0x1190), (48000, 1, 0x1188), (16000, 2, 0x1410),
        (32000, 2, 0x1290), (8000, 1, 0x1588),
      ]
      for (rate, channels, config) in table {
        let audio = AudioConfiguration(sampleRate: rate, channels: channels, bitrate: 64_000)
        XCTAssertEqual(audio.specificConfig, config, "\(rate)/\(channels)")
      }
    }

    /// As far as the core, which takes the units as its own: what they hold is a fake's.
    func testWhatTheDeviceEncodesReachesTheCore() async throws {
      var options = LiveOptions()
      options.encoder = .device
      let session = try LiveSession(audio: .high, video: .low3, options: options)
      let server = SilentServer()
      let start = Task { try await session.startLive(to: server.url) }
      _ = await collect(session.states) { $0 == .pending }
      AVAudioConverter.answer = [0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]
      let avcC: [UInt8] = [1, 0x4d, 0x40, 0x1e, 0xff, 0xe1, 0, 4, 0x67, 0x4d, 0x40, 0x1e, 1, 0, 2, 0x68, 0xee]
      let slice: [UInt8] = [0, 0, 0, 3, 0x65, 0x88, 0x84]
      VTCompressionSession.answer = { image, time, isKey in
        let sample = CMSampleBuffer(image: image, time: time)
        sample.isKey = isKey
        sample.data = CMBlockBuffer(slice)
        let record = avcC.withUnsafeBytes { NSData(bytes: $0.baseAddress, length: $0.count) }
        sample.format = CMFormatDescription(atoms: NSDictionary(object: record, forKey: "avcC" as NSString))
        return sample
      }
      defer { VTCompressionSession.answer = { _, _, _ in nil } }
      let tone = Tone(sampleRate: 44100)
      let samples = [Int16](repeating: 100, count: 2048)
      let picture = CVBuffer(nv12Width: 360, height: 640)
      try await whenRunning { try tone.push(samples, to: session, at: .seconds(0)) }
      for number in 0..<10 {
        try tone.push(samples, to: session, at: CaptureTime(microseconds: Int64(number + 2) * 23_220))
        try session.pushVideo(picture, at: CaptureTime(microseconds: Int64(number) * 33_333))
      }
      let figures = session.statistics
      XCTAssertEqual(figures.framesIn, 10)
      let plain = VideoFrame.bgra(
        width: 2, height: 2, Plane(UnsafeRawBufferPointer(start: nil, count: 0), bytesPerRow: 8))
      await expect(220, .call) { try session.pushVideo(plain, at: .seconds(1)) }
      await session.stopLive()
      _ = await start.result
    }

    func testTheCoreTakesPixelBuffersToo() async throws {
      let session = try LiveSession(audio: nil, video: .low1)
      let server = SilentServer()
      let start = Task { try await session.startLive(to: server.url) }
      _ = await collect(session.states) { $0 == .pending }
      try await whenRunning { try session.pushVideo(CVBuffer(nv12Width: 360, height: 640), at: .seconds(1)) }
      XCTAssertEqual(session.statistics.framesIn, 1)
      await session.stopLive()
      _ = await start.result
    }

    /// There is no camera and no microphone here: that is told, and nothing hangs.
    func testCaptureWithoutDevicesSaysSo() async throws {
      let session = try LiveSession(video: .medium3)
      session.zoomScale = 3
      session.torch = true
      session.captureDevicePosition = .back
      XCTAssertFalse(session.running)
      let events = session.events
      session.running = true
      let seen = await collect(events) { if case .encoderFailed(.video, _) = $0 { true } else { false } }
      guard case .encoderFailed(.video, let error) = seen.last else { return XCTFail("nothing was told") }
      XCTAssertEqual(error.code, 209)
      XCTAssertEqual(session.zoomScale, 3)
      XCTAssertEqual(session.captureDevicePosition, .back)
      session.running = false
    }
  }
#endif

/// A session says that it is pending a moment before it takes anything.
private func whenRunning(_ push: () throws -> Void) async throws {
  while true {
    do { return try push() } catch let error as LiveError where error.code == 208 { await Task.yield() }
  }
}

final class PathTests: XCTestCase {
  func testOnlyNewsGoesToTheCore() {
    var watch = PathWatch()
    XCTAssertNil(watch.handle(isUp: true, interfaces: ["en0"]))
    XCTAssertNil(watch.handle(isUp: true, interfaces: ["en0", "pdp_ip0"]))
    XCTAssertEqual(watch.handle(isUp: true, interfaces: ["pdp_ip0"]), .changed)
    XCTAssertEqual(watch.handle(isUp: false, interfaces: []), .down)
    XCTAssertNil(watch.handle(isUp: false, interfaces: []))
    XCTAssertEqual(watch.handle(isUp: true, interfaces: ["en0"]), .up)
    var lost = PathWatch()
    XCTAssertEqual(lost.handle(isUp: false, interfaces: []), .down)
  }
}
