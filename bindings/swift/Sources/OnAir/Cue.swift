internal import OnAirFFI

/// A name and what it holds, in metadata or a cue.
public struct Field: Hashable, Sendable {
  /// What a field holds.
  public enum Value: Hashable, Sendable {
    /// Up to 512 bytes in metadata.
    case text(String)
    /// Finite.
    case number(Double)
    case flag(Bool)
  }

  /// In metadata 1 to 64 printable bytes, none of those that say what the stream is.
  public var name: String
  /// What it holds.
  public var value: Value

  public init(_ name: String, _ value: Value) {
    (self.name, self.value) = (name, value)
  }
}

/// A message for viewers' players, 16 KiB at most.
public enum Cue: Hashable, Sendable {
  /// `onTextData` with this text, such as a caption.
  case text(String)
  /// `onCuePoint` of type `event`; its time is the one on the wire.
  case point(String, parameters: [Field] = [])
  /// A message that players hand to `handler`, with one object of these fields.
  case data(handler: String, fields: [Field])
}

extension LiveSession {
  /// Sends a cue with the media captured at that time, on the clock of the pushes: in the order of their times, or with
  /// the next unit when that went already. It waits up to 10 s for its media and holds nothing up. Every destination gets
  /// it; a recording does not.
  public func send(_ cue: Cue, at time: CaptureTime) throws(LiveError) {
    try OnAir.core { try core.sendCue(cue: cue.core, timeUs: time.microseconds) }
  }
}

// --- into the core ---

extension Field {
  var core: OnAirFFI.Field { OnAirFFI.Field(name: name, value: value.core) }
}

extension Field.Value {
  fileprivate var core: FieldValue {
    switch self {
    case .text(let text): .text(value: text)
    case .number(let number): .number(value: number)
    case .flag(let flag): .flag(value: flag)
    }
  }
}

extension Cue {
  fileprivate var core: LiveCue {
    switch self {
    case .text(let text): .text(text: text)
    case .point(let name, let parameters): .point(name: name, parameters: parameters.map(\.core))
    case .data(let handler, let fields): .data(handler: handler, fields: fields.map(\.core))
    }
  }
}
