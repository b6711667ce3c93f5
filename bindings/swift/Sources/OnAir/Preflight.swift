internal import OnAirFFI

/// What a look before going live found.
public struct Preflight: Hashable, Sendable {
  /// Whether a broadcast would work, as far as was looked.
  public let isReady: Bool
  /// In a sentence.
  public let verdict: String
  /// The step that failed, in a word.
  public let failedStep: String?
  /// Why it failed.
  public let error: LiveError?
  /// What the network carried, bit/s; with an upload only.
  public let uploadBitrate: Int?
  /// The best quality that fits.
  public let quality: VideoConfiguration.Quality?
  /// Seconds.
  public let took: Double

  /// Looks at name, connection, TLS, handshake, app and user of an address; with `uploads` publishes black pictures for
  /// about a second and a half under its stream key. 5 s at most. `allowsPlaintext` as in ``LiveOptions``.
  public static func look(
    at url: String, uploads: Bool = false, allowsPlaintext: Bool = false, trust: Trust = Trust()
  ) async throws(LiveError) -> Self {
    let found = await LiveSession.waiting {
      Result { try preflight(url: url, uploads: uploads, allowPlaintext: allowsPlaintext, trust: trust.core) }
    }
    return Self(try core { try found.get() })
  }

  private init(_ found: PreflightFigures) {
    isReady = found.isReady
    verdict = found.verdict
    failedStep = found.failedStep
    error = found.error.map(LiveError.init)
    uploadBitrate = found.uploadBps.map { Int(clamping: $0) }
    quality = found.quality.map(VideoConfiguration.Quality.init)
    took = Double(found.tookMs) / 1000
  }
}

/// An address, taken apart; the key is left out.
public struct Address: Hashable, Sendable {
  /// Whether it is `rtmps://`.
  public let isSecure: Bool
  public let host: String
  public let port: Int
  /// The app, with its instance.
  public let app: String
  /// What the server is told, without a key.
  public let tcURL: String

  /// Takes an address apart, or says what is wrong with it.
  public init(_ url: String) throws(LiveError) {
    let parts = try core { try parseAddress(url: url) }
    isSecure = parts.isSecure
    host = parts.host
    port = Int(parts.port)
    app = parts.app
    tcURL = parts.tcUrl
  }
}
