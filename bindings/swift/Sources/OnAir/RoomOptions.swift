internal import OnAirFFI

/// What a ``Room`` is made of. Tokens in it are secrets: it does not print them.
public struct RoomOptions: Hashable, Sendable {
  /// Whom to ask for a room. Addresses are `wss://host[:port]` or `https://…`; `ws://` and `http://` for this machine
  /// and private networks, elsewhere only with ``RoomOptions/allowsPlaintext``.
  public enum Place: Hashable, Sendable {
    /// One server.
    case server(String)
    /// Any of these.
    case servers([String])
    /// The server that this HTTP endpoint names before each connection.
    case locator(String)
  }

  /// Whom to ask.
  public var place: Place
  /// What others see beside one's comments, up to 32 characters.
  public var name = ""
  /// What the server wants to hear before it lets anybody in.
  public var authToken: String?
  /// The token of an earlier ``RoomSnapshot``: the room is one's own again.
  public var roomToken: String?
  /// Whether comments and gifts wait while there is no connection, up to 100; likes are refused in any case.
  public var queuesOffline = false
  /// Whether everybody on the way may read and change what is said, to servers beyond private networks.
  public var allowsPlaintext = false
  /// From one sign of life of one's own to the next, seconds: at least 0.1, or 0 to leave it to the server's heartbeat.
  public var pingInterval = 5.0
  /// Whether the protocol of Socket.IO 1 and 2 is spoken.
  public var speaksEngineIO3 = false
  /// Whom `wss://` believes.
  public var trust = Trust()

  public init(_ place: Place) {
    self.place = place
  }
}

extension RoomOptions: CustomStringConvertible, CustomReflectable {
  public var description: String { "RoomOptions(\(place), name: \(name))" }
  public var customMirror: Mirror { Mirror(self, children: ["place": place, "name": name]) }
}

extension RoomOptions {
  var core: OnAirFFI.RoomOptions {
    OnAirFFI.RoomOptions(
      place: place.core, name: name, authToken: authToken, roomToken: roomToken, queueOffline: queuesOffline,
      allowPlaintext: allowsPlaintext, pingEveryMs: UInt32(clamping: milliseconds(pingInterval)),
      engineIo3: speaksEngineIO3, trust: trust.core)
  }
}

extension RoomOptions.Place {
  fileprivate var core: RoomPlace {
    switch self {
    case .server(let url): .server(url: url)
    case .servers(let urls): .servers(urls: urls)
    case .locator(let url): .locator(url: url)
    }
  }
}
