import Foundation
import XCTest

@testable import OnAir

/// The rooms of tests/conformance: what the client says and tells natively, it says and tells in here.
final class RoomConformanceTests: XCTestCase {
  func testRoomsSayTheSameAndTellTheSame() async throws {
    guard let stage = RoomStage() else { throw XCTSkip("the library was built without rehearsals") }
    let scripts = try XCTUnwrap(try json("rooms") as? [Vector])
    let outcomes = try XCTUnwrap(try json("rooms-outcomes") as? [String: Vector])
    for script in scripts {
      let name = try XCTUnwrap(script["name"] as? String)
      let options = try XCTUnwrap(script["options"] as? Vector)
      XCTAssertEqual(stage.begin(UInt32(script["seed"] as? Int ?? 0)), 0)
      let room = try Room(self.options(options))
      XCTAssertEqual(stage.end(), 0)
      let events = room.mailbox()
      for step in script["steps"] as? [Vector] ?? [] {
        XCTAssertEqual(stage.play(step, room), step["expect_code"] as? Int ?? 0, "\(name): \(step)")
      }
      XCTAssertEqual(stage.log(room), outcomes[name]?["log"] as? [String], name)
      let wanted = try XCTUnwrap(outcomes[name]?["events"] as? [String])
      var told: [String] = []
      while told.last != wanted.last, let event = await events.next() { told.append(line(event)) }
      // That it begins to connect is told while it is made: who listens from then on may not hear it.
      XCTAssertEqual(wanted.first, "state|0", name)
      XCTAssertEqual(told.first == wanted.first ? told : [wanted[0]] + told, wanted, name)
    }
    XCTAssertEqual(scripts.count, outcomes.count)
  }

  private func options(_ value: Vector) -> RoomOptions {
    let locator = (value["locator"] as? String).map(RoomOptions.Place.locator)
    var options = RoomOptions(locator ?? .servers(value["servers"] as? [String] ?? []))
    options.name = value["name"] as? String ?? ""
    options.authToken = value["auth_token"] as? String
    options.roomToken = value["room_token"] as? String
    options.queuesOffline = value["queue_offline"] as? Bool ?? false
    options.speaksEngineIO3 = value["engine_io_3"] as? Bool ?? false
    options.pingInterval = (value["ping_every_ms"] as? Int).map { Double($0) / 1000 } ?? options.pingInterval
    return options
  }
}

/// An event as the vectors have it.
private func line(_ event: RoomEvent) -> String {
  switch event {
  case .stateChanged(let state): "state|\(place(state, [.connecting, .online, .ended]))"
  case .lost(let error, let retry): "lost|\(error.code)|\(ms(retry))|\(error.reason)"
  case .joined(let room):
    [
      "joined", room.key, room.title, "\(room.likes)", "\(room.viewers)", flag(room.isLive), flag(room.isHost),
      flag(room.isResumed), room.token ?? "-", room.publishKey ?? "-",
    ].joined(separator: "|")
  case .refused(let command, let refusal): "refused|\(place(command, commands))|\(no(refusal))"
  case .said(let message):
    [
      "said", message.id, message.sender, message.name, message.text,
      message.gift.map { "\($0.sender)/\($0.gift)/\($0.count)" } ?? "-", ms(message.at), flag(message.isOwn),
      flag(message.isHistory),
    ].joined(separator: "|")
  case .likes(let count, let total): "likes|\(count)|\(total.map(String.init) ?? "-")"
  case .viewers(let count): "viewers|\(count)"
  case .liveChanged(let isLive): "live|\(flag(isLive))"
  case .commentRemoved(let id): "removed|\(id)"
  case .reported(let id, let reason): "reported|\(id)|\(reason)"
  case .missed(let count): "missed|\(count)"
  case .delivered(let id): "delivered|\(id)"
  case .notDelivered(let id, let refusal): "not_delivered|\(id)|\(no(refusal))"
  case .closed(let reason): "closed|\(reason)"
  case .oldServer: "old_server"
  case .other(let text): "other|\(text)"
  }
}

private let commands: [RoomCommand] = [
  .create, .join, .leave, .close, .report, .removeComment, .mute, .block, .other,
]
private let refusals: [RoomRefusal.Kind] = [
  .badRequest, .badKey, .badLength, .taken, .notOwner, .noSuchRoom, .notInRoom, .rateLimited, .serverFull, .blocked,
  .lost,
]

private func place<Word: Equatable>(_ word: Word, _ all: [Word]) -> Int { all.firstIndex(of: word) ?? -1 }
private func flag(_ isSo: Bool) -> String { isSo ? "1" : "0" }
private func ms(_ seconds: Double?) -> String { seconds.map { "\(Int(($0 * 1000).rounded()))" } ?? "-" }
private func no(_ refusal: RoomRefusal) -> String { "\(place(refusal.kind, refusals))|\(ms(refusal.retryIn))" }

/// The functions `onair_rehearsal_…` of onair.h, where the library has them: packages leave them out.
private struct RoomStage {
  typealias Handle = UInt64
  typealias Plain = @convention(c) (Handle) -> Int32
  typealias Text = @convention(c) (Handle, UnsafePointer<CChar>?) -> Int32
  typealias Log = @convention(c) (Handle, UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int>) -> Int32

  let begin: @convention(c) (UInt32) -> Int32
  let end: @convention(c) () -> Int32
  private let pass: @convention(c) (Handle, UInt32) -> Int32
  private let plain: [String: Plain]
  private let text: [String: Text]
  private let readLog: Log

  init?() {
    func function<Type>(_ name: String, _ type: Type.Type) -> Type? {
      dlsym(nil, "onair_rehearsal_\(name)").map { unsafeBitCast($0, to: type) }
    }
    guard let begin = function("begin", (@convention(c) (UInt32) -> Int32).self),
      let end = function("end", (@convention(c) () -> Int32).self),
      let pass = function("room_pass", (@convention(c) (Handle, UInt32) -> Int32).self),
      let open = function("room_open", Plain.self), let cut = function("room_cut", Plain.self),
      let pong = function("room_pong", Plain.self), let hear = function("room_hear", Text.self),
      let locate = function("room_locate", Text.self), let log = function("room_log", Log.self)
    else { return nil }
    (self.begin, self.end, self.pass, readLog) = (begin, end, pass, log)
    plain = ["open": open, "cut": cut, "pong": pong]
    text = ["hear": hear, "locate": locate]
  }

  /// Plays a step: 0, or an error's code.
  func play(_ step: Vector, _ room: Room) -> Int {
    func word(_ name: String) -> String { step[name] as? String ?? "" }
    func number(_ name: String) -> Int { step[name] as? Int ?? 0 }
    let at = (step["at_ms"] as? Int).map { Double($0) / 1000 }
    let handle = room.core.nativeHandle()
    do {
      switch word("do") {
      // Without waiting for what comes of it.
      case "create": try OnAir.core { try room.core.create(key: word("key"), title: word("title")) }
      case "join": try OnAir.core { try room.core.join(key: word("key")) }
      case "leave": try room.leave()
      case "close": try room.close()
      case "like": try room.like(number("count"))
      case "comment": try room.comment(word("text"), at: at)
      case "gift":
        let (sender, gift) = (UInt32(number("sender_id")), UInt32(number("gift_id")))
        try room.give(RoomGift(sender: sender, gift: gift, count: number("count")), at: at)
      case "report": try room.report(word("id"), reason: word("reason"))
      case "mute": try room.mute(word("sender"))
      case "unmute": try room.unmute(word("sender"))
      case "block": try room.block(word("sender"))
      case "remove_comment": try room.removeComment(word("id"))
      case "network_is_back": room.networkIsBack()
      case "stop": room.core.stop()
      case "pass": return Int(pass(handle, UInt32(number("us"))))
      case "hear": return Int(text["hear"]?(handle, word("frame")) ?? -1)
      case "locate":
        guard let body = step["body"] as? String else { return Int(text["locate"]?(handle, nil) ?? -1) }
        return Int(text["locate"]?(handle, body) ?? -1)
      case let what: return Int(plain[what]?(handle) ?? -1)
      }
    } catch { return error.code }
    return 0
  }

  /// What the client did.
  func log(_ room: Room) -> [String] {
    let handle = room.core.nativeHandle()
    var size = 0
    XCTAssertEqual(readLog(handle, nil, 0, &size), 0)
    var bytes = [CChar](repeating: 0, count: size)
    XCTAssertEqual(readLog(handle, &bytes, size, &size), 0)
    let text = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
  }
}
