import XCTest

@testable import OnAir

final class SessionTests: XCTestCase {
  /// LFLiveKit's table.
  func testPresetsAreThoseOfLFLiveKit() {
    let table: [(VideoConfiguration, Int, Int, Int, Int)] = [
      (.low1, 360, 640, 15, 500_000), (.low2, 360, 640, 24, 600_000), (.low3, 360, 640, 30, 800_000),
      (.medium1, 540, 960, 15, 800_000), (.medium2, 540, 960, 24, 800_000), (.medium3, 540, 960, 30, 1_000_000),
      (.high1, 720, 1280, 15, 1_000_000), (.high2, 720, 1280, 24, 1_200_000), (.high3, 720, 1280, 30, 1_200_000),
    ]
    for (preset, width, height, fps, bitrate) in table {
      XCTAssertEqual([preset.width, preset.height, preset.fps, preset.bitrate], [width, height, fps, bitrate])
      XCTAssertEqual(preset.keyframeInterval, 2 * fps)
      XCTAssertTrue(preset.landscape.isLandscape)
    }
    XCTAssertEqual(AudioConfiguration.default, AudioConfiguration(sampleRate: 44100, channels: 2, bitrate: 128_000))
    XCTAssertEqual(VideoConfiguration.default, .low2)
    XCTAssertEqual(VideoConfiguration(quality: .high3, orientation: .landscape), VideoConfiguration.high3.landscape)
  }

  func testWhatDoesNotFitIsNamed() throws {
    var odd = VideoConfiguration.medium3
    odd.width = 541
    expect(200, .configuration, "width") { () throws(LiveError) in _ = try LiveSession(video: odd) }
    let deep = AudioConfiguration(sampleRate: 44100, channels: 7, bitrate: 128_000)
    expect(200, .configuration, "channel") { () throws(LiveError) in _ = try LiveSession(audio: deep) }
    expect(200, .configuration) { () throws(LiveError) in _ = try LiveSession(audio: nil, video: nil) }
    expect(202, .configuration) { () throws(LiveError) in _ = try Address("http://example.com/live/key") }
    let address = try Address("rtmps://user:word@example.com/app/inst/key?secret=1")
    XCTAssertEqual([address.host, address.app, "\(address.port)"], ["example.com", "app/inst", "443"])
    XCTAssertTrue(address.isSecure)
    XCTAssertFalse("\(address)".contains("secret"))
    let place = Destination(
      url: "rtmp://example.com", backupURL: "rtmp://b.example.com", key: "secret", app: "app", backupKey: "secret")
    var dumped = ""
    dump(place, to: &dumped)
    XCTAssertFalse("\(place) \(String(reflecting: place)) \(dumped)".contains("secret"))
  }

  func testCodesOfTheCoreHaveTheSameKindHere() {
    let table: [(Int, LiveError.Kind)] = [
      (200, .configuration), (202, .configuration), (203, .network), (204, .refused), (205, .network),
      (206, .refused), (207, .device), (208, .call), (209, .device), (210, .device), (211, .network), (212, .network),
      (213, .refused), (214, .refused), (215, .configuration), (216, .call), (217, .call), (218, .refused),
      (220, .call), (221, .call),
      (299, .internal),
    ]
    for (code, kind) in table { XCTAssertEqual(LiveError.Kind(code: code), kind, "\(code)") }
  }

  func testAPushBeforeTheStartIsRefusedWithItsCode() throws {
    let session = try LiveSession(options: desk)
    let pattern = Pattern(width: 360, height: 640)
    expect(208, .call) { () throws(LiveError) in try pattern.push(to: session, at: .seconds(1)) }
    let nothing = VideoFrame.bgra(
      width: 360, height: 640, Plane(UnsafeRawBufferPointer(start: nil, count: 0), bytesPerRow: 0))
    XCTAssertThrowsError(try session.pushVideo(nothing, at: .seconds(1)))
    let unit = EncodedAudio(
      header: nil, payload: UnsafeRawBufferPointer(start: nil, count: 0), presentation: .seconds(0))
    XCTAssertThrowsError(try session.pushEncodedAudio(unit))
  }

  func testABadAddressEndsTheStartAndChangesNothing() async throws {
    let session = try LiveSession()
    await expect(202, .configuration) { try await session.startLive(to: "rtmp://") }
    await expect(202, .configuration) { try await session.startLive(to: "rtmp://plain.example.com/app/key") }
    XCTAssertEqual(session.state, .ready)
    let twice = Destination(url: "rtmp://127.0.0.1:1/live/key")
    await expect(215, .configuration) { try await session.startLive(to: [twice, twice]) }
    let keyless = Destination(url: "rtmp://127.0.0.1:1", app: "live")
    await expect(220, .call) { try await session.startLive(to: [keyless]) }
    let twoApps = Destination(url: "rtmp://127.0.0.1:1/live", key: "my key", app: "live")
    await expect(202, .configuration) { try await session.startLive(to: [twoApps]) }
    let alone = Destination(url: "rtmp://127.0.0.1:1/live/key", backupAfter: 2)
    await expect(220, .call) { try await session.startLive(to: [alone]) }
    XCTAssertEqual(session.state, .ready)
  }

  func testARefusedConnectionThrowsWhatItWas() async throws {
    let session = try LiveSession()
    let states = session.states
    await expect(203, .network) { try await session.startLive(to: refusedURL()) }
    XCTAssertEqual(session.state, .failed)
    XCTAssertEqual(session.lastError?.code, 203)
    let seen = await collect(states) { $0 == .failed }
    XCTAssertEqual(seen, [.ready, .pending, .failed])
    // And once more: what was said of the first time does not end the second.
    let server = SilentServer()
    let second = Task { try await session.startLive(to: server.url) }
    _ = await collect(session.states) { $0 == .pending }
    await expect(208, .call) { try await session.startLive(to: server.url) }
    await session.stopLive()
    await expect(208, .call) { try await second.value }
    XCTAssertEqual(session.state, .stopped)
  }

  func testACancelledStartStopsTheSession() async throws {
    let session = try LiveSession()
    let server = SilentServer()
    let start = Task { try await session.startLive(to: server.url) }
    _ = await collect(session.states) { $0 == .pending }
    start.cancel()
    let result = await start.result
    XCTAssertThrowsError(try result.get()) { XCTAssertTrue($0 is CancellationError, "\($0)") }
    XCTAssertEqual(session.state, .stopped)
  }

  func testStreamsEndWithTheSessionAndDoNotKeepIt() async throws {
    var session: LiveSession? = try LiveSession()
    weak var kept = session
    let (states, events) = (try XCTUnwrap(session).states, try XCTUnwrap(session).events)
    session = nil
    let seen = await collect(states) { _ in false }
    XCTAssertEqual(seen, [.ready])
    for await _ in events {}
    XCTAssertNil(kept)
  }

  func testAPreflightSaysWhichStepFailed() async throws {
    let found = try await Preflight.look(at: refusedURL())
    XCTAssertFalse(found.isReady)
    XCTAssertNotNil(found.failedStep)
    XCTAssertEqual(found.error?.kind, .network)
    await expect(202, .configuration) { _ = try await Preflight.look(at: "nonsense") }
    let plain = try await Preflight.look(at: "rtmp://plain.example.com/app/key")
    XCTAssertEqual([plain.failedStep ?? "", "\(plain.error?.code ?? 0)"], ["secure", "202"])
  }

  /// A 720p picture crosses the border in 20 µs or less: pointers go over, not pixels. What takes the picture then
  /// copies it once; here nobody does. What is measured is this thread's own time on a processor, since waiting for one
  /// says nothing of the border, and the median of a hundred rounds.
  func testTheBorderCostsNoCopy() throws {
    let session = try LiveSession(video: .high3, options: desk)
    let pattern = Pattern(width: 720, height: 1280)
    let rounds = (0..<100).map { _ in
      let began = threadTime()
      for _ in 0..<100 { try? pattern.push(to: session, at: .seconds(0)) }
      return (threadTime() - began) / 100
    }
    let each = rounds.sorted()[50]
    print("a refused 720p picture: \(each) ns")
    XCTAssertLessThan(each, 20_000)
  }
}

/// How long this thread has computed, ns.
private func threadTime() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// What a body throws is an error of ours with this code.
func expect(
  _ code: Int, _ kind: LiveError.Kind, _ word: String = "", line: UInt = #line, _ body: () throws(LiveError) -> Void
) {
  do {
    try body()
    XCTFail("nothing was thrown", line: line)
  } catch {
    XCTAssertEqual(error.code, code, "\(error)", line: line)
    XCTAssertEqual(error.kind, kind, line: line)
    XCTAssertTrue(word.isEmpty || error.reason.contains(word), "\(error)", line: line)
  }
}

func expect(_ code: Int, _ kind: LiveError.Kind, line: UInt = #line, _ body: () async throws -> Void) async {
  do {
    try await body()
    XCTFail("nothing was thrown", line: line)
  } catch {
    XCTAssertEqual((error as? LiveError)?.code, code, "\(error)", line: line)
    XCTAssertEqual((error as? LiveError)?.kind, kind, "\(error)", line: line)
  }
}
