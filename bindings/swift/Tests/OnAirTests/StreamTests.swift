import OnAir
import XCTest

/// Against a real server, whose address comes from outside: ONAIR_TEST_RTMP is `rtmp://host:port/app`. Whoever gave it
/// looks at what arrived under the keys of these tests.
final class StreamTests: XCTestCase {
  private func address(_ key: String) throws -> String {
    guard let app = ProcessInfo.processInfo.environment["ONAIR_TEST_RTMP"] else {
      throw XCTSkip("ONAIR_TEST_RTMP names no server")
    }
    return "\(app)/\(key)"
  }

  func testFiveSecondsOfPatternAndTone() async throws {
    let session = try LiveSession(audio: .high, video: .low3, options: desk)
    let states = session.states
    let (first, second) = (session.events, session.events)
    try await session.startLive(to: address("swift"))
    XCTAssertEqual(session.state, .live)
    try await show(session, seconds: 5)
    let everythingWasSent = await session.finishLive(within: 10)
    XCTAssertTrue(everythingWasSent)

    let figures = session.statistics
    XCTAssertEqual(figures.framesIn, 150)
    XCTAssertEqual(figures.framesFailed, 0)
    XCTAssertEqual(figures.framesDropped, 0)
    XCTAssertEqual(figures.framesSent, figures.framesIn - figures.framesSkipped)
    XCTAssertGreaterThan(figures.audioFramesSent, 200)
    XCTAssertEqual(figures.reconnects, 0)

    let seen = await collect(states) { $0 == .stopped }
    XCTAssertEqual(seen, [.ready, .pending, .live, .stopped])
    for events in [first, second] {
      let seen = await collect(events) { $0 == .stateChanged(.stopped) }
      XCTAssertEqual(seen.first, .stateChanged(.pending))
      XCTAssertTrue(seen.contains { if case .statistics(let figures) = $0 { figures.bitrate > 0 } else { false } })
    }
  }

  func testARecordingBesideTheStreamAndASecondShow() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("onair-\(UUID().uuidString).flv")
    defer { try? FileManager.default.removeItem(at: file) }
    let session = try LiveSession(audio: .high, video: .low1, options: desk)
    try await session.startLive(to: address("swift-first"))
    try session.startRecording(to: file)
    XCTAssertThrowsError(try session.startRecording(to: file)) {
      XCTAssertEqual(($0 as? LiveError)?.kind, .call)
    }
    try await show(session, seconds: 2)
    await session.finishLive()
    let ended = try await session.stopRecording()
    let recording = try XCTUnwrap(ended)
    XCTAssertGreaterThan(recording.frames, 10)
    XCTAssertGreaterThan(recording.audioFrames, 50)
    let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int
    XCTAssertEqual(recording.size, size)

    try await session.startLive(to: address("swift-second"))
    session.muted = true
    XCTAssertTrue(session.muted)
    try await show(session, seconds: 1)
    await session.stopLive()
    XCTAssertEqual(session.state, .stopped)
    XCTAssertFalse(session.flightRecord.isEmpty)
  }

  func testAPreflightFindsTheServerReady() async throws {
    let found = try await Preflight.look(at: address("swift-look"))
    XCTAssertTrue(found.isReady, found.verdict)
    XCTAssertNil(found.error)
  }

  func testTheDelegateIsToldOnTheMainActor() async throws {
    try await showToADelegate(at: address("swift-delegate"))
  }
}

@MainActor private func showToADelegate(at address: String) async throws {
  let session = try LiveSession(audio: .high, video: .low1, options: desk)
  let listener = Listener()
  session.delegate = listener
  let events = session.events
  try await session.startLive(to: address)
  try await show(session, seconds: 2)
  await session.stopLive()
  _ = await collect(events) { $0 == .stateChanged(.stopped) }
  // The same event is on its way to the main actor.
  while listener.states.last != .stopped { await Task.yield() }
  XCTAssertEqual(listener.states, [.pending, .live, .stopped])
  XCTAssertGreaterThan(listener.statistics, 0)
}

@MainActor private final class Listener: LiveSessionDelegate {
  var states: [LiveState] = []
  var statistics = 0

  func liveSession(_ session: LiveSession, liveStateDidChange state: LiveState) { states.append(state) }
  func liveSession(_ session: LiveSession, debugInfo statistics: LiveStatistics) { self.statistics += 1 }
}

/// What a stream says, up to the first that is so.
func collect<Element: Sendable>(
  _ stream: AsyncStream<Element>, until isLast: @Sendable (Element) -> Bool
) async -> [Element] {
  var all: [Element] = []
  for await element in stream {
    all.append(element)
    if isLast(element) { break }
  }
  return all
}
