import Foundation
import XCTest

@testable import OnAir

/// The vectors of tests/conformance: what they end in natively, they end in here.
final class ConformanceTests: XCTestCase {
  func testConfigurationsAreJudgedAlike() throws {
    for vector in try vectors("configurations") {
      let audio = (vector["audio"] as? Vector).map(AudioConfiguration.init(vector:))
      let video = (vector["video"] as? Vector).map(VideoConfiguration.init(vector:))
      let said = code { () throws(LiveError) in _ = try LiveSession(audio: audio, video: video, options: desk) }
      XCTAssertEqual(said, vector.int("code"), "\(vector)")
    }
  }

  func testAddressesAreTakenApartAlike() throws {
    for vector in try vectors("addresses") {
      let url = try XCTUnwrap(vector["url"] as? String)
      do {
        let parts = try Address(url)
        XCTAssertEqual(parts.isSecure, vector["is_secure"] as? Bool, url)
        XCTAssertEqual(
          [parts.host, parts.app, parts.tcURL], ["host", "app", "tc_url"].map { vector[$0] as? String }, url)
        XCTAssertEqual(parts.port, vector.int("port"), url)
      } catch {
        XCTAssertEqual(error.code, vector.int("code"), url)
      }
    }
  }

  func testSessionsPutTheSameBytesOnTheWire() async throws {
    guard let rehearsal = Rehearsal() else { throw XCTSkip("the library was built without rehearsals") }
    let outcomes = try XCTUnwrap(try json("outcomes") as? Vector)
    let scripts = try vectors("sessions")
    for script in scripts {
      let name = try XCTUnwrap(script["name"] as? String)
      let player = try Player(script, rehearsal)
      for step in script["steps"] as? [Vector] ?? [] {
        let code = try await player.play(step)
        XCTAssertEqual(code, step.int("expect_code") ?? 0, "\(name): \(step["do"] ?? "")")
      }
      let outcome = try await player.outcome()
      let wanted = try XCTUnwrap(outcomes[name] as? Vector)
      XCTAssertEqual(outcome.states, wanted["states"] as? [String], name)
      XCTAssertEqual(outcome.lost, wanted["lost"] as? [Int], name)
      compare(outcome.wire, wanted["wire"] as? [String] ?? [], name)
    }
    XCTAssertEqual(scripts.count, outcomes.count)
  }

  func testNetworksLeadToTheSameDecisions() async throws {
    guard let rehearsal = Rehearsal() else { throw XCTSkip("the library was built without rehearsals") }
    let decisions = try XCTUnwrap(try json("decisions") as? Vector)
    let traces = try vectors("adaptation")
    for trace in traces {
      let name = try XCTUnwrap(trace["name"] as? String)
      let player = try Player(trace, rehearsal)
      for step in trace["steps"] as? [Vector] ?? [] {
        let code = try await player.play(step)
        XCTAssertEqual(code, 0, "\(name): \(step["do"] ?? "")")
      }
      let states = try await player.outcome().states
      let wanted = try XCTUnwrap(decisions[name] as? Vector)
      XCTAssertEqual(player.decisions, wanted["decisions"] as? [String], name)
      XCTAssertEqual(states, wanted["states"] as? [String], name)
    }
    XCTAssertEqual(traces.count, decisions.count)
  }

  private func compare(_ wire: [String], _ wanted: [String], _ name: String) {
    XCTAssertEqual(wire.count, wanted.count, "\(name): connections")
    for (index, (one, other)) in zip(wire, wanted).enumerated() where one != other {
      let same = one.commonPrefix(with: other).count / 2
      XCTFail(
        "\(name): connection \(index) is other from byte \(same) on: \(one.dropFirst(2 * same).prefix(120)) of \(one.count / 2)"
          + " for \(other.dropFirst(2 * same).prefix(120)) of \(other.count / 2)")
    }
  }

}

/// Plays one script on one session.
private final class Player {
  private let session: LiveSession
  private let rehearsal: Rehearsal
  private let events: Mailbox<LiveEvent>
  private var states: [String] = []
  private var lost: [Int] = []
  private var pushed = 0
  private var streamed = 0
  /// Of bitrate and pace, with the reasons.
  private(set) var decisions: [String] = []

  init(_ script: Vector, _ rehearsal: Rehearsal) throws {
    let options = try XCTUnwrap(script["options"] as? Vector)
    var settings = LiveOptions()
    settings.audioSource = options["audio_source"] as? String == "Encoded" ? .encoded : .raw
    settings.videoSource = options["video_source"] as? String == "Encoded" ? .encoded : .raw
    settings.allowsPlaintext = options["allow_plaintext"] as? Bool ?? false
    settings.metadata = fields(options["metadata"])
    settings.reconnect.count = options.int("max_retries")
    settings.reconnect.interval = options.int("fixed_delay_ms").map { Double($0) / 1000 }
    XCTAssertEqual(options["adaptive_bitrate"] as? String, "Lag")
    self.rehearsal = rehearsal
    XCTAssertEqual(rehearsal.begin(UInt32(script.int("seed") ?? 0)), 0)
    defer { XCTAssertEqual(rehearsal.end(), 0) }
    session = try LiveSession(
      audio: (options["audio"] as? Vector).map(AudioConfiguration.init(vector:)),
      video: (options["video"] as? Vector).map(VideoConfiguration.init(vector:)), options: settings)
    events = session.hub.events()
  }

  /// 0, or an error's code.
  func play(_ step: Vector) async throws -> Int {
    let handle = session.handle.number
    switch step["do"] as? String {
    case "start":
      let url = step["url"] as? String ?? ""
      return code { () throws(LiveError) in
        let place = Destination(
          url: url, backupURL: step["backup_url"] as? String, key: step["key"] as? String, app: step["app"] as? String,
          backupKey: step["backup_key"] as? String, backupAfter: step.int("backup_after_ms").map { Double($0) / 1000 })
        try core { try session.core.start(to: [place.core], sharedBitrate: .first) }
      }
    case "await":
      while states.last != step["state"] as? String { try await hear() }
    case "video":
      return push(step) { header, payload throws(LiveError) in
        try session.pushEncodedVideo(
          EncodedVideo(
            layout: step["layout"] as? String == "start_codes" ? .startCodes : .lengths,
            isKey: step["is_key"] as? Bool ?? false, header: header, payload: payload,
            presentation: CaptureTime(microseconds: Int64(step.int("pts_us") ?? 0)),
            decoding: CaptureTime(microseconds: Int64(step.int("dts_us") ?? 0))))
      }
    case "audio":
      return push(step) { header, payload throws(LiveError) in
        try session.pushEncodedAudio(
          EncodedAudio(
            header: header, payload: payload,
            presentation: CaptureTime(microseconds: Int64(step.int("pts_us") ?? 0))))
      }
    case "cue":
      let words = step["words"] as? String ?? ""
      let cue: Cue =
        switch step["kind"] as? String {
        case "text": .text(words)
        case "point": .point(words, parameters: fields(step["fields"]))
        default: .data(handler: words, fields: fields(step["fields"]))
        }
      return code { () throws(LiveError) in
        try session.send(cue, at: CaptureTime(microseconds: Int64(step.int("time_us") ?? 0)))
      }
    case "settle":
      XCTAssertEqual(rehearsal.pass(handle, 0), 0)
      XCTAssertEqual(gone, pushed, "not sent")
    case "pass": XCTAssertEqual(rehearsal.pass(handle, UInt32(step.int("us") ?? 0)), 0)
    case "limit": XCTAssertEqual(rehearsal.limit(handle, UInt32(step.int("bps") ?? 0)), 0)
    case "stream": try await stream(step)
    case "cut": XCTAssertEqual(rehearsal.cut(handle), 0)
    case "refuse": XCTAssertEqual(rehearsal.refuse(handle, UInt32(step.int("attempts") ?? 0)), 0)
    case "finish":
      let everything = await session.finishLive()
      XCTAssertTrue(everything, "not everything was sent")
    case "stop": await session.stopLive()
    default: XCTFail("no step \(step)")
    }
    return 0
  }

  /// States and losses are those that were told once the session's own is told too.
  func outcome() async throws -> (states: [String], lost: [Int], wire: [String]) {
    let last = session.state
    if last != .ready { while states.last != name(of: last) { try await hear() } }
    var wire: [String] = []
    while case let next = rehearsal.wire(session.handle.number, wire.count), !next.isEmpty { wire.append(next) }
    return (states, lost, wire)
  }

  private func hear() async throws {
    let event = await events.next()
    switch try XCTUnwrap(event) {
    case .stateChanged(let state): states.append(name(of: state))
    case .lost(_, let error, _, _): lost.append(error.code)
    case .bitrateChanged(_, let from, let to, let reason): decisions.append("bitrate \(from) \(to) \(reason)")
    case .paceChanged(_, let pace, let reason): decisions.append("pace \("\(pace)".capitalized) \(reason)")
    default: break
    }
  }

  private func name(of state: LiveState) -> String {
    "\(state)".prefix(1).uppercased() + "\(state)".dropFirst()
  }

  /// Pictures at an even pace; the clock goes on when each was taken.
  private func stream(_ step: Vector) async throws {
    let (interval, size) = (step.int("interval_us") ?? 0, step.int("size") ?? 0)
    for _ in 0..<(step.int("frames") ?? 0) {
      XCTAssertEqual(rehearsal.pass(session.handle.number, UInt32(interval)), 0)
      let isKey = streamed % (step.int("key_every") ?? 1) == 0
      var payload = [UInt8](repeating: 0x55, count: size)
      for index in 0..<4 { payload[index] = UInt8(truncatingIfNeeded: (size - 4) >> (24 - 8 * index)) }
      payload[4] = isKey ? 0x65 : 0x41
      let header = isKey ? bytes(step["header"]) : []
      let time = CaptureTime(microseconds: Int64(streamed * interval))
      try header.withUnsafeBytes { header in
        try payload.withUnsafeBytes { payload in
          try session.pushEncodedVideo(
            EncodedVideo(
              layout: .lengths, isKey: isKey, header: header.isEmpty ? nil : header, payload: payload,
              presentation: time, decoding: time))
        }
      }
      pushed += 1
      streamed += 1
    }
  }

  private var gone: Int {
    let all = session.statistics
    return all.framesSent + all.audioFramesSent + all.framesDropped + all.audioFramesDropped
  }

  private func push(
    _ step: Vector, _ body: (UnsafeRawBufferPointer?, UnsafeRawBufferPointer) throws(LiveError) -> Void
  ) -> Int {
    let (header, payload) = (bytes(step["header"]), bytes(step["payload"]))
    let said = header.withUnsafeBytes { header in
      payload.withUnsafeBytes { payload in
        code { () throws(LiveError) in try body(header.isEmpty ? nil : header, payload) }
      }
    }
    guard said == 0 else { return said }
    pushed += 1
    return 0
  }

}

/// The functions `onair_rehearsal_…` of onair.h, where the library has them: packages leave them out.
struct Rehearsal {
  typealias Handle = UInt64
  typealias Wire = @convention(c) (Handle, UInt32, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>) ->
    Int32

  let begin: @convention(c) (UInt32) -> Int32
  let end: @convention(c) () -> Int32
  let pass: @convention(c) (Handle, UInt32) -> Int32
  let cut: @convention(c) (Handle) -> Int32
  let refuse: @convention(c) (Handle, UInt32) -> Int32
  let limit: @convention(c) (Handle, UInt32) -> Int32
  private let readWire: Wire

  init?() {
    func function<Type>(_ name: String, _ type: Type.Type) -> Type? {
      dlsym(nil, "onair_rehearsal_\(name)").map { unsafeBitCast($0, to: type) }
    }
    guard let begin = function("begin", (@convention(c) (UInt32) -> Int32).self),
      let end = function("end", (@convention(c) () -> Int32).self),
      let pass = function("pass", (@convention(c) (Handle, UInt32) -> Int32).self),
      let cut = function("cut", (@convention(c) (Handle) -> Int32).self),
      let refuse = function("refuse", (@convention(c) (Handle, UInt32) -> Int32).self),
      let limit = function("limit", (@convention(c) (Handle, UInt32) -> Int32).self),
      let wire = function("wire", Wire.self)
    else { return nil }
    (self.begin, self.end, self.pass, self.cut, self.refuse) = (begin, end, pass, cut, refuse)
    (self.limit, readWire) = (limit, wire)
  }

  /// What the server was sent on a connection, in hex; empty when there was none.
  func wire(_ handle: Handle, _ connection: Int) -> String {
    var size = 0
    XCTAssertEqual(readWire(handle, UInt32(connection), nil, 0, &size), 0)
    var bytes = [UInt8](repeating: 0, count: size)
    XCTAssertEqual(readWire(handle, UInt32(connection), &bytes, size, &size), 0)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// 0, or the code of what is thrown.
private func code(_ body: () throws(LiveError) -> Void) -> Int {
  do { try body() } catch { return error.code }
  return 0
}

extension AudioConfiguration {
  fileprivate init(vector: [String: Any]) {
    self = .default
    sampleRate = vector.int("sample_rate_hz") ?? sampleRate
    channels = vector.int("channels") ?? channels
    bitrate = vector.int("bitrate_bps") ?? bitrate
  }
}

extension VideoConfiguration {
  fileprivate init(vector: [String: Any]) {
    self = .default
    width = vector.int("width") ?? width
    height = vector.int("height") ?? height
    fps = vector.int("fps") ?? fps
    minFps = vector.int("min_fps") ?? minFps
    maxFps = vector.int("max_fps") ?? maxFps
    bitrate = vector.int("bitrate_bps") ?? bitrate
    minBitrate = vector.int("min_bitrate_bps") ?? minBitrate
    maxBitrate = vector.int("max_bitrate_bps") ?? maxBitrate
    keyframeInterval = vector.int("keyframe_interval_frames") ?? keyframeInterval
    if let said = vector["profile"] as? String { profile = said == "Baseline" ? .baseline : .main }
  }
}

private func fields(_ list: Any?) -> [Field] {
  (list as? [Vector] ?? []).map { field in
    let name = field["name"] as? String ?? ""
    if let text = field["text"] as? String { return Field(name, .text(text)) }
    if let flag = field["flag"] as? Bool { return Field(name, .flag(flag)) }
    return Field(name, .number((field["number"] as? NSNumber)?.doubleValue ?? 0))
  }
}
