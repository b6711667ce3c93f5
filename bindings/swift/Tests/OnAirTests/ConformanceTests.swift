import Foundation
import XCTest

@testable import OnAir

/// The vectors of tests/conformance: what they end in natively, they end in here.
final class ConformanceTests: XCTestCase {
  typealias Object = [String: Any]

  func testConfigurationsAreJudgedAlike() throws {
    for vector in try load("configurations.json") as [Object] {
      let code = code {
        _ = try LiveSession(
          audio: (vector["audio"] as? Object).map(audio), video: (vector["video"] as? Object).map(video))
      }
      XCTAssertEqual(code, vector["code"] as? Int, "\(vector)")
    }
  }

  func testAddressesAreTakenApartAlike() throws {
    for vector in try load("addresses.json") as [Object] {
      let url = try XCTUnwrap(vector["url"] as? String)
      var expected = vector
      expected["url"] = nil
      var said: Object = [:]
      do {
        let parts = try StreamAddress(url)
        said = [
          "is_secure": parts.isSecure, "host": parts.host, "port": parts.port, "app": parts.app,
          "tc_url": parts.tcURL,
        ]
      } catch {
        said = ["code": error.code]
      }
      XCTAssertEqual(said as NSDictionary, expected as NSDictionary, url)
    }
  }

  func testSessionsPutTheSameBytesOnTheWire() async throws {
    let outcomes = try load("outcomes.json") as [String: Object]
    let scripts = try load("sessions.json") as [Object]
    XCTAssertEqual(scripts.count, outcomes.count)
    for script in scripts {
      let name = try XCTUnwrap(script["name"] as? String)
      let player = try Player(script)
      for step in try XCTUnwrap(script["steps"] as? [Object]) {
        let code = try await player.play(step)
        XCTAssertEqual(code, step["expect_code"] as? Int ?? 0, "\(name): \(step)")
      }
      let outcome = await player.outcome()
      let expected = try XCTUnwrap(outcomes[name])
      XCTAssertEqual(outcome.states, expected["states"] as? [String], name)
      XCTAssertEqual(outcome.lost, expected["lost"] as? [Int], name)
      XCTAssertEqual(outcome.wire, expected["wire"] as? [String], name)
    }
  }

  private func load<Vectors>(_ name: String) throws -> Vectors {
    var folder = URL(fileURLWithPath: #filePath)
    while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
      folder.deleteLastPathComponent()
    }
    let data = try Data(contentsOf: folder.appendingPathComponent("tests/conformance/\(name)"))
    return try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? Vectors)
  }
}

/// Plays a session's script.
private final class Player {
  struct Outcome: Sendable {
    var states: [String] = []
    var lost: [Int] = []
    var wire: [String] = []
  }

  private let session: LiveSession
  private let told = Guarded(Outcome())
  private var starts: [Task<Void, any Error>] = []
  private var pushed = 0

  init(_ script: ConformanceTests.Object) throws {
    let options = try XCTUnwrap(script["options"] as? ConformanceTests.Object)
    var live = LiveOptions()
    live.audioSource = options["audio_source"] as? String == "Encoded" ? .encoded : .raw
    live.videoSource = options["video_source"] as? String == "Encoded" ? .encoded : .raw
    live.reconnect.count = options["max_retries"] as? Int
    live.reconnect.interval = (options["fixed_delay_ms"] as? Int).map { Double($0) / 1000 }
    XCTAssertEqual(options["adaptive_bitrate"] as? String, "Lag")
    XCTAssertEqual(rehearsalBegin(UInt32(try XCTUnwrap(script["seed"] as? Int))), 0)
    defer { XCTAssertEqual(rehearsalEnd(), 0) }
    session = try LiveSession(
      audio: (options["audio"] as? ConformanceTests.Object).map(audio),
      video: (options["video"] as? ConformanceTests.Object).map(video), options: live)
    let events = session.events
    Task.detached { [told] in
      for await event in events {
        told.withLock { told in
          switch event {
          case .stateChanged(let state): told.states.append(word(state))
          case .lost(_, let error, _, _): told.lost.append(error.code)
          default: break
          }
        }
      }
    }
  }

  /// Plays a step: 0, or an error's code.
  func play(_ step: ConformanceTests.Object) async throws -> Int {
    let handle = session.handle.number
    switch step["do"] as? String {
    case "start":
      let url = try XCTUnwrap(step["url"] as? String)
      let start = Task { [session] in try await session.startLive(to: url) }
      if step["expect_code"] != nil {
        let ended = await start.result
        return code { try ended.get() }
      }
      starts.append(start)
      // It returns when the session is live; that it began is enough.
      try await wait { [session] in session.state != .ready }
    case "await":
      try await wait { [told] in told.withLock { $0.states.last } == step["state"] as? String }
    case "video":
      return counted(
        code {
          try bytes(step["header"]).withUnsafeBytes { header in
            try bytes(step["payload"]).withUnsafeBytes { payload in
              try session.pushEncodedVideo(
                EncodedVideo(
                  layout: step["layout"] as? String == "lengths" ? .lengths : .startCodes,
                  isKey: step["is_key"] as? Bool == true, header: header, payload: payload,
                  presentation: time(step["pts_us"]), decoding: time(step["dts_us"])))
            }
          }
        })
    case "audio":
      return counted(
        code {
          try bytes(step["header"]).withUnsafeBytes { header in
            try bytes(step["payload"]).withUnsafeBytes { payload in
              try session.pushEncodedAudio(
                EncodedAudio(header: header, payload: payload, presentation: time(step["pts_us"])))
            }
          }
        })
    case "settle":
      try await wait { [session, pushed] in
        let seen = session.statistics
        return seen.framesSent + seen.audioFramesSent + seen.framesDropped + seen.audioFramesDropped == pushed
      }
    case "pass": XCTAssertEqual(rehearsalPass(handle, UInt32(try XCTUnwrap(step["us"] as? Int))), 0)
    case "cut": XCTAssertEqual(rehearsalCut(handle), 0)
    case "refuse": XCTAssertEqual(rehearsalRefuse(handle, UInt32(try XCTUnwrap(step["attempts"] as? Int))), 0)
    case "finish":
      let isSent = await session.finishLive()
      XCTAssertTrue(isSent, "not everything was sent")
    case "stop": await session.stopLive()
    default: XCTFail("no step \(step)")
    }
    return 0
  }

  /// What it ended in, once the last state was told.
  func outcome() async -> Outcome {
    let last = session.state
    if last != .ready {
      try? await wait { [told] in told.withLock { $0.states.last } == word(last) }
    }
    for start in starts { _ = await start.result }
    var outcome = told.withLock { $0 }
    while true {
      var size = 0
      let (handle, connection) = (session.handle.number, UInt32(outcome.wire.count))
      XCTAssertEqual(rehearsalWire(handle, connection, nil, 0, &size), 0)
      if size == 0 { return outcome }
      var wire = [UInt8](repeating: 0, count: size)
      XCTAssertEqual(rehearsalWire(handle, connection, &wire, size, &size), 0)
      outcome.wire.append(wire.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
  }

  private func counted(_ code: Int) -> Int {
    if code == 0 { pushed += 1 }
    return code
  }

  private func wait(for condition: () -> Bool) async throws {
    let began = ContinuousClock.now
    while !condition() {
      guard ContinuousClock.now - began < .seconds(30) else { return XCTFail("it does not come to it") }
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}

private func code(of body: () throws -> Void) -> Int {
  do {
    try body()
    return 0
  } catch let error as LiveError {
    return error.code
  } catch {
    return -1
  }
}

private func word(_ state: LiveState) -> String { "\(state)".capitalized }

private func time(_ micros: Any?) -> CaptureTime { CaptureTime(microseconds: Int64(micros as? Int ?? 0)) }

private func bytes(_ hex: Any?) -> [UInt8] {
  let digits = Array((hex as? String ?? "").utf8).map { UInt8($0 > 57 ? $0 - 87 : $0 - 48) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func audio(_ value: ConformanceTests.Object) -> AudioConfiguration {
  var audio = AudioConfiguration.default
  audio.sampleRate = value["sample_rate_hz"] as? Int ?? audio.sampleRate
  audio.channels = value["channels"] as? Int ?? audio.channels
  audio.bitrate = value["bitrate_bps"] as? Int ?? audio.bitrate
  return audio
}

private func video(_ value: ConformanceTests.Object) -> VideoConfiguration {
  var video = VideoConfiguration.default
  video.width = value["width"] as? Int ?? video.width
  video.height = value["height"] as? Int ?? video.height
  video.fps = value["fps"] as? Int ?? video.fps
  video.minFps = value["min_fps"] as? Int ?? video.minFps
  video.maxFps = value["max_fps"] as? Int ?? video.maxFps
  video.bitrate = value["bitrate_bps"] as? Int ?? video.bitrate
  video.minBitrate = value["min_bitrate_bps"] as? Int ?? video.minBitrate
  video.maxBitrate = value["max_bitrate_bps"] as? Int ?? video.maxBitrate
  video.keyframeInterval = value["keyframe_interval_frames"] as? Int ?? video.keyframeInterval
  if value["profile"] as? String == "Baseline" { video.profile = .baseline }
  return video
}

// Of onair.h, which shows them to who defines ONAIR_REHEARSAL.
@_silgen_name("onair_rehearsal_begin") private func rehearsalBegin(_ seed: UInt32) -> Int32
@_silgen_name("onair_rehearsal_end") private func rehearsalEnd() -> Int32
@_silgen_name("onair_rehearsal_pass") private func rehearsalPass(_ session: UInt64, _ micros: UInt32) -> Int32
@_silgen_name("onair_rehearsal_cut") private func rehearsalCut(_ session: UInt64) -> Int32
@_silgen_name("onair_rehearsal_refuse") private func rehearsalRefuse(_ session: UInt64, _ attempts: UInt32) -> Int32
@_silgen_name("onair_rehearsal_wire") private func rehearsalWire(
  _ session: UInt64, _ connection: UInt32, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int,
  _ size: UnsafeMutablePointer<Int>
) -> Int32
