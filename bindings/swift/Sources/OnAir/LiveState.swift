internal import OnAirFFI

/// Where a session or a destination stands. LFLiveKit: LFLiveState.
public enum LiveState: Hashable, Sendable, CaseIterable {
  /// Not started yet.
  case ready
  /// The first connection is being made.
  case pending
  /// The server accepted the publish; media flows. LFLiveKit: Start.
  case live
  /// The connection was lost; another attempt follows. LFLiveKit: Refresh.
  case reconnecting
  /// Over, by stop or finish. LFLiveKit: Stop.
  case stopped
  /// Over, by an error. LFLiveKit: Error.
  case failed

  init(_ state: OnAirFFI.LiveState) {
    switch state {
    case .ready: self = .ready
    case .pending: self = .pending
    case .live: self = .live
    case .reconnecting: self = .reconnecting
    case .stopped: self = .stopped
    case .failed: self = .failed
    }
  }
}
