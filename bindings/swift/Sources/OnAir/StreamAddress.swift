internal import OnAirFFI

/// An address, taken apart; the stream key is left out.
public struct StreamAddress: Hashable, Sendable {
  /// Whether it is `rtmps://`.
  public let isSecure: Bool
  public let host: String
  /// Said or not.
  public let port: Int
  /// With its instance.
  public let app: String
  /// What the server is told, without a key.
  public let tcURL: String

  /// Says what is wrong with an address that cannot be published to.
  public init(_ url: String) throws(LiveError) {
    let parts = try core { try parseAddress(url: url) }
    isSecure = parts.isSecure
    host = parts.host
    port = Int(parts.port)
    app = parts.app
    tcURL = parts.tcUrl
  }
}
