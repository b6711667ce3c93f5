internal import OnAirC
internal import OnAirFFI

/// What was wrong and what to do. The same `code` means the same in every language; 202 to 205 are LFLiveKit's. No text
/// holds a stream key.
public struct LiveError: Error, Hashable, Sendable {
  /// What the caller can do next.
  public enum Kind: Hashable, Sendable {
    /// Change the named setting or address.
    case configuration
    /// Wait for the network, or look after it.
    case network
    /// The server said no; trying again does not help.
    case refused
    /// An encoder, the camera, the disk or the system failed.
    case device
    /// The call does not fit: mend the app.
    case call
    /// A fault inside OnAir: stop the session and report it.
    case `internal`
  }

  /// What the caller can do next.
  public let kind: Kind
  /// The stable number.
  public let code: Int
  /// What was wrong.
  public let reason: String
  /// What to do.
  public let advice: String

  /// Of an encoder or a device on this side of the core.
  package init(code: Int, reason: String, advice: String) {
    self.init(Kind(code: code), code: UInt16(clamping: code), reason, advice)
  }

  private init(_ kind: Kind, code: UInt16, _ reason: String, _ advice: String) {
    self.kind = kind
    self.code = Int(code)
    self.reason = reason
    self.advice = advice
  }
}

extension LiveError: CustomStringConvertible {
  public var description: String { "\(reason); \(advice)" }
}

extension LiveError.Kind {
  /// The core's table.
  init(code: Int) {
    switch code {
    case 200, 202, 215: self = .configuration
    case 203, 205, 211, 212: self = .network
    case 204, 206, 213, 214, 218: self = .refused
    case 207, 209, 210: self = .device
    case 299: self = .internal
    default: self = .call
    }
  }
}

extension LiveError {
  init(_ error: OnAirFFI.LiveError) {
    switch error {
    case .Configuration(let code, let reason, let advice):
      self.init(.configuration, code: code, reason, advice)
    case .Network(let code, let reason, let advice):
      self.init(.network, code: code, reason, advice)
    case .Refused(let code, let reason, let advice):
      self.init(.refused, code: code, reason, advice)
    case .Device(let code, let reason, let advice):
      self.init(.device, code: code, reason, advice)
    case .Call(let code, let reason, let advice):
      self.init(.call, code: code, reason, advice)
    case .Internal(let code, let reason, let advice):
      self.init(.internal, code: code, reason, advice)
    }
  }

  /// Whatever a generated function throws: its own error, or a panic that it caught.
  init(caught error: any Error) {
    if let error = error as? OnAirFFI.LiveError {
      self.init(error)
    } else {
      self.init(code: 299, reason: "a fault inside OnAir: \(error)", advice: "stop the session, and report this")
    }
  }

  /// What the last C function of this thread complained of.
  init(status: onair_status) {
    self.init(
      code: Int(status), reason: Self.text(onair_last_error), advice: Self.text(onair_last_advice))
  }

  private static func text(_ read: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> String {
    let size = read(nil, 0)
    return String(unsafeUninitializedCapacity: size) { bytes in
      bytes.withMemoryRebound(to: CChar.self) { _ = read($0.baseAddress, size) }
      return max(size - 1, 0)
    }
  }
}

/// Runs a generated function and throws our error.
func core<Value>(_ body: () throws -> Value) throws(LiveError) -> Value {
  do { return try body() } catch { throw LiveError(caught: error) }
}

/// A C function's status as an error.
@inline(__always)
func check(_ status: onair_status) throws(LiveError) {
  if status != ONAIR_OK { throw LiveError(status: status) }
}
