import XCTest

@testable import OnAir

#if canImport(VideoToolbox)
  import AVFoundation
  import ReplayKit
  import VideoToolbox
#endif

private let nowhere = "rtmp://rehearsal.local/live/key"

/// Encoders of this side: the session's look, one timeline, and what stands in.
final class EaselTests: XCTestCase {
  /// Its network and clock are the test's.
  private func rehearsed(_ options: LiveOptions, _ rehearsal: Rehearsal) throws -> LiveSession {
    XCTAssertEqual(rehearsal.begin(7), 0)
    defer { XCTAssertEqual(rehearsal.end(), 0) }
    var small = VideoConfiguration.low3
    (small.width, small.height) = (64, 48)
    return try LiveSession(audio: .high, video: small, options: options)
  }

  private var encodedByTheApp: LiveOptions {
    var options = LiveOptions()
    (options.videoSource, options.audioSource, options.encoder) = (.encoded, .encoded, .core)
    return options
  }

  func testAnAppsEncoderGetsTheLookAndTheTimes() async throws {
    guard let rehearsal = Rehearsal() else { throw XCTSkip("the library was built without rehearsals") }
    let session = try rehearsed(encodedByTheApp, rehearsal)
    let (luma, chroma) = ([UInt8](repeating: 60, count: 64 * 48), [UInt8](repeating: 128, count: 64 * 24))
    var (y, uv) = ([UInt8](repeating: 0, count: 72 * 48), [UInt8](repeating: 0, count: 72 * 24))
    func drawn(_ draw: (VideoFrame, PictureTarget) throws -> Void) rethrows -> UInt8 {
      try luma.withUnsafeBytes { luma in
        try chroma.withUnsafeBytes { chroma in
          try y.withUnsafeMutableBytes { y in
            try uv.withUnsafeMutableBytes { uv in
              try draw(
                .nv12(width: 64, height: 48, y: Plane(luma, bytesPerRow: 64), uv: Plane(chroma, bytesPerRow: 64)),
                .nv12(
                  width: 64, height: 48, y: TargetPlane(y, bytesPerRow: 72), uv: TargetPlane(uv, bytesPerRow: 72)))
            }
          }
        }
      }
      return y[0]
    }
    let time = CaptureTime(microseconds: 1_000_000)
    XCTAssertEqual(try session.placePicture(at: time), PlacedPicture(time: time, isDrawn: false))
    XCTAssertEqual(try drawn { try session.draw($0, at: time, into: $1) }, 60)
    try session.changeLook { $0.effects = [.invert] }
    XCTAssertEqual(try session.placePicture(at: time), PlacedPicture(time: time, isDrawn: true))
    XCTAssertEqual(Double(try drawn { try session.draw($0, at: time, into: $1) }), 191, accuracy: 1)
    _ = try drawn { frame, target in
      XCTAssertFalse(try session.drawSlate(at: time, into: target))
      try session.setSlate(frame)
      XCTAssertTrue(try session.drawSlate(at: time, into: target))
    }
    XCTAssertEqual(Double(y[0]), 191, accuracy: 1)

    let start = Task { try await session.startLive(to: nowhere) }
    _ = await collect(session.states) { $0 == .pending }
    await until { (try? session.interrupt(.picture)) != nil }
    try session.resume(.picture)
    XCTAssertNotNil(try session.placePicture(at: time))
    XCTAssertEqual(try session.placeSound(at: time, length: 0.02), time)
    try session.interrupt(.both)
    XCTAssertNil(try session.placePicture(at: CaptureTime(microseconds: 1_033_333)))
    XCTAssertEqual(rehearsal.pass(session.handle.number, 100_000), 0)
    for (track, first) in [(Track.video, 1_033_333), (.audio, 1_020_000)] as [(Track, Int64)] {
      XCTAssertEqual(try session.waitStandIn(for: track, within: 0), .due(CaptureTime(microseconds: first)))
    }
    try session.resume(.both)
    XCTAssertNotNil(try session.placePicture(at: CaptureTime(microseconds: 1_140_000)))
    XCTAssertEqual(try session.waitStandIn(for: .video, within: 20), .over)
    await session.stopLive()
    _ = await start.result
    await expect(208, .call) { _ = try session.waitStandIn(for: .video, within: 20) }
    let raw = try LiveSession(options: desk)
    await expect(216, .call) { _ = try raw.placePicture(at: time) }
  }

  #if canImport(VideoToolbox) && !canImport(Darwin)
    /// The camera's own buffer while nothing is set; else another one with the look in it, and in an interruption the slate
    /// or the last picture, at times that go on.
    func testTheDevicesEncoderGetsTheLookAndTheSlate() async throws {
      guard let rehearsal = Rehearsal() else { throw XCTSkip("the library was built without rehearsals") }
      var options = LiveOptions()
      options.encoder = .device
      let session = try rehearsed(options, rehearsal)
      let encoder = try XCTUnwrap(session.encoders.video)
      let seen = Guarded<[(CVImageBuffer, Int64)]>([])
      VTCompressionSession.answer = { image, time, _ in
        seen.withLock { $0.append((image, time.value)) }
        return nil
      }
      defer { VTCompressionSession.answer = { _, _, _ in nil } }
      let camera = CVBuffer(nv12Width: 64, height: 48)
      camera.attachments["CVImageBufferYCbCrMatrix"] = "ITU_R_601_4"
      let made = CVPixelBufferPool.made

      encoder.encode(camera, at: CaptureTime(microseconds: 1))
      XCTAssertTrue(seen.withLock { $0.last?.0 } === camera, "without a look nothing is copied")
      XCTAssertEqual(CVPixelBufferPool.made, made)

      try session.changeLook { $0.effects = [.invert] }
      encoder.encode(camera, at: CaptureTime(microseconds: 33_334))
      let drawn = try XCTUnwrap(seen.withLock { $0.last?.0 })
      XCTAssertFalse(drawn === camera)
      XCTAssertEqual([drawn.width, drawn.height], [64, 48])
      XCTAssertEqual(Double(drawn.bytes(0)[0]), 161, accuracy: 1)
      XCTAssertEqual(drawn.attachments, camera.attachments)

      let start = Task { try await session.startLive(to: nowhere) }
      _ = await collect(session.states) { $0 == .pending }
      await until { (try? session.interrupt(.picture)) != nil }
      try session.resume(.picture)
      encoder.encode(camera, at: CaptureTime(microseconds: 1_000_000))
      try session.interrupt(.picture)
      encoder.encode(camera, at: CaptureTime(microseconds: 1_010_000))
      XCTAssertEqual(seen.withLock { $0.last?.1 }, 1_000_000, "what an interrupted camera still gives is left out")
      XCTAssertEqual(rehearsal.pass(session.handle.number, 40_000), 0)
      await until { seen.withLock { $0.last?.1 } == 1_033_333 }
      XCTAssertEqual(seen.withLock { $0.last?.0.bytes(0) }, drawn.bytes(0), "the last picture, with the look")

      let white = [UInt8](repeating: 255, count: 16 * 16 * 4)
      try white.withUnsafeBytes { white in
        try session.setSlate(.bgra(width: 16, height: 16, Plane(white, bytesPerRow: 64)))
      }
      XCTAssertEqual(rehearsal.pass(session.handle.number, 33_334), 0)
      await until { seen.withLock { $0.last?.1 } == 1_066_666 }
      XCTAssertEqual(Double(try XCTUnwrap(seen.withLock { $0.last?.0.bytes(0)[0] })), 16, accuracy: 1, "inverted white")

      try session.resume(.picture)
      encoder.encode(camera, at: CaptureTime(microseconds: 1_080_000))
      XCTAssertEqual(seen.withLock { $0.last?.1 }, 1_080_000)
      await session.stopLive()
      _ = await start.result
    }
  #endif

  #if canImport(ReplayKit) && canImport(AVFoundation) && !canImport(Darwin)
    /// A screen's two sounds: mixed by the core, or one of them by the device.
    func testAScreensMicrophoneAndSoundAreMixed() async throws {
      let session = try LiveSession(video: .low1, options: desk)
      let screen = ReplayKitSource(session)
      let app = try XCTUnwrap(screen.appSound)
      let server = SilentServer()
      let start = Task { try await session.startLive(to: server.url) }
      _ = await collect(session.states) { $0 == .pending }
      var levels = session.levels
      for number in 0..<4_000 {
        for (type, loud) in [(RPSampleBufferType.audioMic, Float(0.5)), (.audioApp, 0.25)] {
          try? screen.process(sound(loud, at: Int64(number) * 20_000), type)
        }
        try await Task.sleep(for: .milliseconds(5))
        levels = session.levels
        if levels.output.rms > -3 { break }
      }
      XCTAssertEqual(levels.sources[.main]?.rms ?? 0, -6, accuracy: 0.5)
      XCTAssertEqual(levels.sources[app]?.rms ?? 0, -12, accuracy: 0.5)
      XCTAssertEqual(levels.output.rms, -2.5, accuracy: 0.5, "three quarters of full scale")
      await session.stopLive()
      _ = await start.result

      XCTAssertNil(ReplayKitSource(try LiveSession(audio: nil, options: desk)).appSound)
    }

    /// The device's encoder gets one sound of both, gains and mute included, and silence with the app's sound while the
    /// microphone is away.
    func testAScreensTwoSoundsAreMixedForTheDevicesEncoderToo() async throws {
      guard let rehearsal = Rehearsal() else { throw XCTSkip("the library was built without rehearsals") }
      var options = LiveOptions()
      options.encoder = .device
      let session = try rehearsed(options, rehearsal)
      let screen = ReplayKitSource(session)
      let app = try XCTUnwrap(screen.appSound)
      try session.setGain(2, of: app)
      AVAudioConverter.answer = [0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]
      let start = Task { try await session.startLive(to: nowhere) }
      _ = await collect(session.states) { $0 == .pending }
      await until { (try? screen.process(sound(0, at: 980_000), .audioMic)) != nil }
      func speak(_ numbers: Range<Int64>, _ types: [(RPSampleBufferType, Float)]) throws {
        for number in numbers {
          for (type, loud) in types { try screen.process(sound(loud, at: 1_000_000 + number * 20_000), type) }
        }
      }
      let both: [(RPSampleBufferType, Float)] = [(.audioMic, 0.3), (.audioApp, 0.1)]
      try speak(0..<50, both)
      let converter = try XCTUnwrap(AVAudioConverter.made.last)
      XCTAssertGreaterThan(converter.heard.count, 40_000, "a second of 44.1 kHz, but for what is waited for")
      // Of a square wave the root of the mean square is its height.
      let loudness = { (heard: ArraySlice<Int16>) in
        (heard.map { Double($0) * Double($0) }.reduce(0, +) / Double(heard.count)).squareRoot()
      }
      XCTAssertEqual(loudness(converter.heard[20_000..<30_000]), 0.5 * 32_768, accuracy: 820, "0.3 and twice 0.1")
      XCTAssertEqual(session.levels.sources[app]?.rms ?? 0, -20, accuracy: 0.5)

      let before = converter.heard.count
      try session.interrupt(.sound)
      try speak(50..<100, both)
      XCTAssertEqual(loudness(converter.heard[(before + 10_000)...]), 0.2 * 32_768, accuracy: 330, "the app's alone")
      session.muted = true
      try speak(100..<120, both)
      XCTAssertEqual(loudness(converter.heard.suffix(4_000)), 0)
      await session.stopLive()
      _ = await start.result
    }

    /// 20 ms of the same value, 48 kHz, two planes.
    private func sound(_ value: Float, at microseconds: Int64) -> CMSampleBuffer {
      let sample = CMSampleBuffer(image: nil, time: CMTime(value: microseconds, timescale: 1_000_000))
      sample.format = CMFormatDescription(atoms: NSDictionary())
      sample.format?.channels = 2
      // A square wave of 500 Hz: what does not change is no sound.
      sample.floats = (0..<1920).map { $0 / 48 % 2 == 0 ? value : -value }
      return sample
    }
  #endif

  private func until(_ isDone: () -> Bool, line: UInt = #line) async {
    let end = ContinuousClock.now + .seconds(20)
    while !isDone() {
      guard ContinuousClock.now < end else { return XCTFail("it did not come to that", line: line) }
      await Task.yield()
    }
  }
}
