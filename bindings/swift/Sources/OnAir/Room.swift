internal import OnAirFFI

/// A client of the room beside a stream: likes, comments and gifts. One connection, and through it one room at a time;
/// it comes back by itself when it was lost. Every call may come from any thread and none waits for the network but those
/// that are `async`.
///
///     let room = try Room(RoomOptions(.server("wss://rooms.example.com")))
///     try await room.join("evening")
///     try room.comment("hello")
public final class Room: Sendable {
  /// Told of everything on the main actor.
  @MainActor public weak var delegate: (any RoomDelegate)?

  let core: RoomClient
  private let hub = RoomHub()

  /// Begins to connect, and goes on until it is stopped, refused or put out.
  public init(_ options: RoomOptions) throws(LiveError) {
    let made = try OnAir.core { try RoomClient(options: options.core) }
    core = made
    Task.detached(priority: .userInitiated) { [core, hub] in
      while let event = await core.nextEvent() { hub.publish(RoomEvent(event)) }
      hub.finish()
    }
    let events = hub.events().stream
    Task { @MainActor [weak self] in
      for await event in events {
        guard let self else { return }
        self.delegate?.room(self, event: event)
      }
    }
  }

  deinit {
    // The task above lets the core go, and with it the connection.
    core.cancelEvents()
  }

  // MARK: In and out

  /// Opens a room of one's own and returns when it stands. `key` is its public name: 1 to 64 letters, digits, `-` and
  /// `_`; `title` has up to 100 characters. It stays one's own after a lost connection.
  ///
  /// - Throws: ``LiveError`` when it does not come to that, `CancellationError` when the task was cancelled.
  @discardableResult
  public func create(_ key: String, title: String = "") async throws -> RoomSnapshot {
    try await enter { try core.create(key: key, title: title) }
  }

  /// Goes into a room and returns when one is in.
  ///
  /// - Throws: ``LiveError`` when it does not come to that, `CancellationError` when the task was cancelled.
  @discardableResult
  public func join(_ key: String) async throws -> RoomSnapshot {
    try await enter { try core.join(key: key) }
  }

  /// Leaves the room. One's own stays open until the server's patience ends.
  public func leave() throws(LiveError) {
    try OnAir.core { try core.leave() }
  }

  /// Closes one's own room for everybody.
  public func close() throws(LiveError) {
    try OnAir.core { try core.closeRoom() }
  }

  /// Leaves for good, and waits until the connection is gone: less than 300 ms.
  public func stop() async {
    await LiveSession.waiting { [core] in core.stop() }
  }

  // MARK: What one says

  /// 1 to 1,000 hearts, told together with others of the next 200 ms; never told late.
  public func like(_ count: Int = 1) throws(LiveError) {
    try OnAir.core { try core.like(count: UInt32(clamping: count)) }
  }

  /// Says something, up to 200 characters. `at` is the moment of the stream that it belongs to, seconds. Returns its id,
  /// which ``RoomEvent/delivered(_:)`` names.
  @discardableResult
  public func comment(_ text: String, at: Double? = nil) throws(LiveError) -> String {
    try OnAir.core { try core.comment(text: text, atMs: at.map(moment)) }
  }

  /// Gives something; otherwise as ``comment(_:at:)``.
  @discardableResult
  public func give(_ gift: RoomGift, at: Double? = nil) throws(LiveError) -> String {
    let given = OnAirFFI.RoomGift(senderId: gift.sender, giftId: gift.gift, count: UInt32(clamping: gift.count))
    return try OnAir.core { try core.gift(gift: given, atMs: at.map(moment)) }
  }

  // MARK: What must not stand

  /// Tells the host that the comment with this id must not stand, and why.
  public func report(_ id: String, reason: String) throws(LiveError) {
    try OnAir.core { try core.report(id: id, reason: reason) }
  }

  /// Does not show what this sender says; when one is the host, to nobody.
  public func mute(_ sender: String) throws(LiveError) {
    try OnAir.core { try core.mute(sender: sender) }
  }

  /// Shows it again, to oneself.
  public func unmute(_ sender: String) throws(LiveError) {
    try OnAir.core { try core.unmute(sender: sender) }
  }

  /// As ``mute(_:)``; when one is the host, the sender must leave the room too.
  public func block(_ sender: String) throws(LiveError) {
    try OnAir.core { try core.block(sender: sender) }
  }

  /// Takes the comment with this id away from everybody.
  public func removeComment(_ id: String) throws(LiveError) {
    try OnAir.core { try core.removeComment(id: id) }
  }

  // MARK: What happens

  /// The network changed for the better: does not wait to connect any longer.
  public func networkIsBack() { core.networkIsBack() }

  /// How it stands with the connection.
  public var state: RoomState { hub.state }

  /// Everything that happens from now on. Every call makes a stream of its own, which ends with the room and does not
  /// keep it. Of a slow consumer's, likes and numbers of viewers go first, then the oldest.
  public var events: AsyncStream<RoomEvent> { hub.events().stream }

  /// Events of the core's that were dropped since nobody fetched them, likes and numbers of viewers aside.
  public var eventsLost: Int { Int(clamping: core.eventsLost()) }

  /// The same, for the package's own tests.
  func mailbox() -> Mailbox<RoomEvent> { hub.events() }

  private func enter(_ begin: () throws -> Void) async throws -> RoomSnapshot {
    try Task.checkCancellation()
    // Before the call, so that nothing is missed.
    let events = hub.events()
    try OnAir.core(begin)
    return try await withTaskCancellationHandler {
      while let event = await events.next() {
        switch event {
        case .joined(let room): return room
        case .refused(.create, let refusal), .refused(.join, let refusal): throw LiveError(refusal)
        case .lost(let error, nil): throw error
        case .stateChanged(.ended): throw LiveError.roomEnded
        default: continue
        }
      }
      if Task.isCancelled { try? core.leave() }
      try Task.checkCancellation()
      throw LiveError.roomEnded
    } onCancel: {
      events.finish()
    }
  }
}

/// Told of what happens in a room, on the main actor.
@MainActor
public protocol RoomDelegate: AnyObject {
  func room(_ room: Room, event: RoomEvent)
}

private func moment(_ seconds: Double) -> Int64 {
  Int64(exactly: (seconds * 1000).rounded()) ?? 0
}

extension LiveError {
  fileprivate init(_ refusal: RoomRefusal) {
    self.init(code: 218, reason: refusal.reason, advice: "choose another room, or ask its host")
  }

  fileprivate static let roomEnded = LiveError(
    code: 208, reason: "the room's client has ended", advice: "make another one")
}

/// From the core's one consumer to any number of ours.
final class RoomHub: Sendable {
  private struct Inside {
    var state = RoomState.connecting
    var mailboxes = Mailboxes<RoomEvent>()
  }

  private let inside = Guarded(Inside())

  var state: RoomState { inside.withLock { $0.state } }

  /// Everything from now on.
  func events() -> Mailbox<RoomEvent> {
    inside.withLock { $0.mailboxes.add(.roomEvents()) }
  }

  /// Called by one task, in order.
  func publish(_ event: RoomEvent) {
    let mailboxes = inside.withLock { inside in
      if case .stateChanged(let state) = event { inside.state = state }
      return inside.mailboxes.present
    }
    for mailbox in mailboxes { mailbox.put(event) }
  }

  func finish() {
    for mailbox in inside.withLock({ $0.mailboxes.end() }) { mailbox.finish() }
  }
}

extension Mailbox<RoomEvent> {
  /// Of more than fit, hearts and numbers of viewers go first, then the oldest.
  fileprivate static func roomEvents() -> Mailbox<RoomEvent> {
    Mailbox { event, waiting in
      if waiting.count >= 512 {
        let light = waiting.firstIndex {
          switch $0 {
          case .likes, .viewers: true
          default: false
          }
        }
        waiting.remove(at: light ?? 0)
      }
      waiting.append(event)
    }
  }
}
