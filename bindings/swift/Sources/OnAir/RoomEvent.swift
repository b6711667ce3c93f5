internal import OnAirFFI

/// How it stands with the connection to a room's server.
public enum RoomState: Hashable, Sendable {
  /// Asking where to go, connecting, or waiting to connect again.
  case connecting
  /// The server has let the client in.
  case online
  /// Nothing more will happen: stopped, refused or put out.
  case ended
}

/// What is asked of a server and may be refused.
public enum RoomCommand: Hashable, Sendable {
  case create, join, leave, close, report, removeComment, mute, block, other
}

/// A server's no.
public struct RoomRefusal: Hashable, Sendable {
  /// Why.
  public enum Kind: Hashable, Sendable {
    case badRequest, badKey, badLength, taken, notOwner, noSuchRoom, notInRoom, rateLimited, serverFull, blocked, lost
  }

  /// Why.
  public let kind: Kind
  /// For people.
  public let reason: String
  /// When it may be tried again, seconds; nil where the server does not say.
  public let retryIn: Double?
}

/// What the server knows of a room when one comes in.
public struct RoomSnapshot: Hashable, Sendable {
  /// Its public name.
  public let key: String
  /// What it is about.
  public let title: String
  /// Since it began.
  public let likes: Int
  /// Now, the host among them.
  public let viewers: Int
  /// Whether the stream runs.
  public let isLive: Bool
  /// Whether it is one's own.
  public let isHost: Bool
  /// Whether one had been in it before.
  public let isResumed: Bool
  /// For the host: proves later that the room is one's own. Never log it.
  public let token: String?
  /// For the host: the name to publish the stream under, where the server gives one. Never log it.
  public let publishKey: String?
}

extension RoomSnapshot: CustomStringConvertible, CustomReflectable {
  public var description: String { "RoomSnapshot(\(key), \(viewers) viewers, \(likes) likes)" }
  public var customMirror: Mirror { Mirror(self, children: ["key": key, "viewers": viewers, "likes": likes]) }
}

/// A gift.
public struct RoomGift: Hashable, Sendable {
  /// The giver's number, random in each start of an app.
  public var sender: UInt32
  /// Which.
  public var gift: UInt32
  /// How many, 1 to 1,000.
  public var count: Int

  public init(sender: UInt32, gift: UInt32, count: Int = 1) {
    (self.sender, self.gift, self.count) = (sender, gift, count)
  }
}

/// A comment or a gift.
public struct RoomMessage: Hashable, Sendable {
  /// Shown once, named in reports. Empty on servers that give none.
  public let id: String
  /// Of the one who said it, to be muted or blocked by. Empty on servers that give none.
  public let sender: String
  /// What they call themselves.
  public let name: String
  /// The comment; empty for a gift.
  public let text: String
  /// Which gift and how many.
  public let gift: RoomGift?
  /// The moment of the stream that it belongs to, seconds.
  public let at: Double?
  /// Whether it is one's own.
  public let isOwn: Bool
  /// Whether it was said before one came.
  public let isHistory: Bool
}

/// What happened in a room.
public enum RoomEvent: Hashable, Sendable {
  /// The connection's state changed.
  case stateChanged(RoomState)
  /// An attempt failed or the connection was lost; `retryIn`, in seconds, is nil when this was the end.
  case lost(LiveError, retryIn: Double?)
  /// In the room: for the first time, or again after the connection was lost.
  case joined(RoomSnapshot)
  /// What was asked of the server it does not do. After create and join one is in no room.
  case refused(RoomCommand, RoomRefusal)
  /// Somebody said or gave something.
  case said(RoomMessage)
  /// Hearts since the last such event, and since the room began when the server counts.
  case likes(Int, total: Int?)
  /// So many people are in the room.
  case viewers(Int)
  /// The room's stream began or stopped.
  case liveChanged(Bool)
  /// The host took the comment with this id away.
  case commentRemoved(String)
  /// For the host: somebody thinks that this comment must not stand.
  case reported(id: String, reason: String)
  /// So many comments were missed while offline.
  case missed(Int)
  /// One's own comment or gift is with the server.
  case delivered(String)
  /// One's own comment or gift is not, and will not be.
  case notDelivered(String, RoomRefusal)
  /// The room is over, in the server's word: `closed`, `owner_lost`, `blocked`.
  case closed(String)
  /// The server answers nothing: nobody owns a room there. Told once.
  case oldServer
  /// Something that this version has no word for.
  case other(String)
}

extension RoomEvent {
  init(_ event: OnAirFFI.RoomEvent) {
    switch event {
    case .stateChanged(let state): self = .stateChanged(RoomState(state))
    case .lost(let error, let retryInMs): self = .lost(LiveError(error), retryIn: retryInMs.map(seconds))
    case .joined(let room): self = .joined(RoomSnapshot(room))
    case .refused(let command, let refusal): self = .refused(RoomCommand(command), RoomRefusal(refusal))
    case .said(let message): self = .said(RoomMessage(message))
    case .likes(let count, let total):
      self = .likes(Int(clamping: count), total: total.map { Int(clamping: $0) })
    case .viewers(let count): self = .viewers(Int(clamping: count))
    case .liveChanged(let isLive): self = .liveChanged(isLive)
    case .commentRemoved(let id): self = .commentRemoved(id)
    case .reported(let id, let reason): self = .reported(id: id, reason: reason)
    case .missed(let count): self = .missed(Int(clamping: count))
    case .delivered(let id): self = .delivered(id)
    case .notDelivered(let id, let refusal): self = .notDelivered(id, RoomRefusal(refusal))
    case .closed(let reason): self = .closed(reason)
    case .oldServer: self = .oldServer
    case .other(let text): self = .other(text)
    }
  }
}

private func seconds(_ ms: UInt64) -> Double { Double(ms) / 1000 }

extension RoomState {
  fileprivate init(_ state: OnAirFFI.RoomState) {
    switch state {
    case .connecting: self = .connecting
    case .online: self = .online
    case .ended: self = .ended
    }
  }
}

extension RoomCommand {
  fileprivate init(_ command: OnAirFFI.RoomCommand) {
    switch command {
    case .create: self = .create
    case .join: self = .join
    case .leave: self = .leave
    case .close: self = .close
    case .report: self = .report
    case .removeComment: self = .removeComment
    case .mute: self = .mute
    case .block: self = .block
    case .other: self = .other
    }
  }
}

extension RoomRefusal {
  fileprivate init(_ refusal: OnAirFFI.RoomRefusal) {
    let kind: Kind =
      switch refusal.kind {
      case .badRequest: .badRequest
      case .badKey: .badKey
      case .badLength: .badLength
      case .taken: .taken
      case .notOwner: .notOwner
      case .noSuchRoom: .noSuchRoom
      case .notInRoom: .notInRoom
      case .rateLimited: .rateLimited
      case .serverFull: .serverFull
      case .blocked: .blocked
      case .lost: .lost
      }
    self.init(kind: kind, reason: refusal.reason, retryIn: refusal.retryInMs.map(seconds))
  }
}

extension RoomSnapshot {
  fileprivate init(_ room: OnAirFFI.RoomSnapshot) {
    self.init(
      key: room.key, title: room.title, likes: Int(clamping: room.likes), viewers: Int(clamping: room.viewers),
      isLive: room.isLive, isHost: room.isHost, isResumed: room.isResumed, token: room.token,
      publishKey: room.publishKey)
  }
}

extension RoomMessage {
  fileprivate init(_ message: OnAirFFI.RoomMessage) {
    self.init(
      id: message.id, sender: message.sender, name: message.name, text: message.text,
      gift: message.gift.map { RoomGift(sender: $0.senderId, gift: $0.giftId, count: Int($0.count)) },
      at: message.atMs.map { Double($0) / 1000 }, isOwn: message.isOwn, isHistory: message.isHistory)
  }
}
