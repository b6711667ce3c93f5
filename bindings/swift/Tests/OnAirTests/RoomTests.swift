import XCTest

@testable import OnAir

/// Against a real server of rooms, whose address comes from outside: ONAIR_TEST_ROOMS is `ws://host:port`.
final class RoomTests: XCTestCase {
  private func room(_ name: String) throws -> Room {
    guard let server = ProcessInfo.processInfo.environment["ONAIR_TEST_ROOMS"] else {
      throw XCTSkip("ONAIR_TEST_ROOMS names no server")
    }
    var options = RoomOptions(.server(server))
    options.name = name
    return try Room(options)
  }

  func testAHostAndAViewerMeet() async throws {
    let (host, viewer) = (try room("Ann"), try room("Bob"))
    let heard = host.mailbox()
    let seen = viewer.mailbox()
    let key = "swift-\(UInt32.random(in: 0...UInt32.max))"
    let own = try await host.create(key, title: "Songs")
    XCTAssertEqual([own.key, own.title], [key, "Songs"])
    XCTAssertTrue(own.isHost)
    let token = try XCTUnwrap(own.token)
    var dumped = ""
    dump(own, to: &dumped)
    XCTAssertFalse("\(own) \(String(reflecting: own)) \(dumped)".contains(token), "nobody logs a token")
    let visited = try await viewer.join(key)
    XCTAssertFalse(visited.isHost)
    XCTAssertEqual(viewer.state, .online)

    let id = try viewer.comment("hello", at: 1.25)
    let message = try await said(heard)
    XCTAssertEqual([message.id, message.text, message.name], [id, "hello", "Bob"])
    XCTAssertEqual(message.at, 1.25)
    try await wait(seen) { $0 == .delivered(id) }
    try viewer.like(3)
    try await wait(heard) { if case .likes(3, total: 3) = $0 { true } else { false } }
    let gift = RoomGift(sender: 7, gift: 2, count: 5)
    try viewer.give(gift)
    let given = try await said(heard)
    XCTAssertEqual(given.gift, gift)
    try viewer.report(id, reason: "rude")
    try await wait(heard) { $0 == .reported(id: id, reason: "rude") }
    try host.removeComment(id)
    try await wait(seen) { $0 == .commentRemoved(id) }
    try host.close()
    try await wait(seen) { $0 == .closed("closed") }
    await viewer.stop()
    try await wait(seen) { $0 == .stateChanged(.ended) }
  }

  func testWhatTheServerRefusesIsThrown() async throws {
    let viewer = try room("Bob")
    do {
      try await viewer.join("nobody-opened-this")
      XCTFail("there is no such room")
    } catch let error as LiveError {
      XCTAssertEqual(error.code, 218)
      XCTAssertEqual(error.kind, .refused)
    }
  }

  func testACancelledJoinLeaves() async throws {
    let silent = SilentServer()
    let room = try Room(RoomOptions(.server("ws://127.0.0.1:\(silent.port)")))
    let joining = Task { try await room.join("evening") }
    // Until it is under way, it can be called off before it began: both end in the same.
    await Task.yield()
    joining.cancel()
    do {
      _ = try await joining.value
      XCTFail("nobody answers")
    } catch { XCTAssertTrue(error is CancellationError, "\(error)") }
    await room.stop()
  }

  @MainActor
  func testTheDelegateHearsOnTheMainActor() async throws {
    final class Ears: RoomDelegate {
      var heard: [RoomEvent] = []
      func room(_ room: Room, event: RoomEvent) { heard.append(event) }
    }
    let ears = Ears()
    let room = try room("Ann")
    room.delegate = ears
    try await room.create("delegate-\(UInt32.random(in: 0...UInt32.max))")
    await room.stop()
    for _ in 0..<2000 where !ears.heard.contains(.stateChanged(.ended)) {
      try await Task.sleep(nanoseconds: 5_000_000)
    }
    XCTAssertTrue(ears.heard.contains(.stateChanged(.online)))
    XCTAssertEqual(ears.heard.last, .stateChanged(.ended))
  }

  func testWhatCannotBeIsThrownAtOnce() throws {
    for url in ["ftp://host", "ws://rooms.example.com", "https://user:x@host"] {
      XCTAssertThrowsError(try Room(RoomOptions(.server(url)))) { XCTAssertEqual(($0 as? LiveError)?.code, 202, url) }
    }
    var secret = RoomOptions(.server("wss://host"))
    secret.authToken = "canary"
    secret.roomToken = "canary"
    var dumped = ""
    dump(secret, to: &dumped)
    XCTAssertFalse("\(secret) \(String(reflecting: secret)) \(dumped)".contains("canary"))
    let room = try Room(RoomOptions(.server("ws://127.0.0.1:9")))
    XCTAssertThrowsError(try room.leave()) { XCTAssertEqual(($0 as? LiveError)?.code, 208) }
    XCTAssertThrowsError(try room.comment("x")) { XCTAssertEqual(($0 as? LiveError)?.code, 208) }
    XCTAssertThrowsError(try room.like(0)) { XCTAssertEqual(($0 as? LiveError)?.code, 217) }
  }

  private func said(_ events: Mailbox<RoomEvent>) async throws -> RoomMessage {
    while let event = await events.next() {
      if case .said(let message) = event { return message }
    }
    return try XCTUnwrap(nil, "the events ended without it")
  }

  private func wait(_ events: Mailbox<RoomEvent>, until isIt: (RoomEvent) -> Bool) async throws {
    while let event = await events.next() {
      if isIt(event) { return }
    }
    XCTFail("the events ended without it")
  }
}

final class SoundTests: XCTestCase {
  func testSourcesGainsAndLevels() throws {
    let session = try LiveSession(options: desk)
    let music = try session.addAudioSource()
    try session.setGain(0.5, of: music)
    try session.setMuted(true, of: music)
    try session.setGain(2)
    XCTAssertEqual(session.levels.output, SoundLevel(peak: -100, rms: -100))
    XCTAssertEqual(Set(session.levels.sources.keys), [.main, music])
    for wrong in [-0.1, 8.1, .nan] {
      XCTAssertThrowsError(try session.setGain(wrong)) { XCTAssertEqual(($0 as? LiveError)?.code, 200) }
    }
    XCTAssertThrowsError(try session.removeAudioSource(.main)) { XCTAssertEqual(($0 as? LiveError)?.code, 200) }
    try session.removeAudioSource(music)
    XCTAssertThrowsError(try session.setGain(1, of: music)) { XCTAssertEqual(($0 as? LiveError)?.code, 200) }
  }

  func testASlateAndAnInterruption() async throws {
    let silent = SilentServer()
    let session = try LiveSession(options: desk)
    XCTAssertThrowsError(try session.interrupt(.both)) { XCTAssertEqual(($0 as? LiveError)?.code, 208) }
    let pixels = [UInt8](repeating: 90, count: 64 * 64 * 4)
    try pixels.withUnsafeBytes { bytes in
      try session.setSlate(.bgra(width: 64, height: 64, Plane(bytes, bytesPerRow: 64 * 4)))
    }
    let start = Task { try await session.startLive(to: silent.url) }
    for await state in session.states where state == .pending { break }
    let samples = [Int16](repeating: 16384, count: 2048)
    try samples.withUnsafeBufferPointer {
      try session.pushAudio($0, sampleRate: 44100, channels: 2, at: .seconds(1), to: .main)
    }
    try session.interrupt(.both)
    try session.interrupt(.both)
    try session.resume(.both)
    try session.setSlate(nil)
    await session.stopLive()
    _ = await start.result
  }
}
