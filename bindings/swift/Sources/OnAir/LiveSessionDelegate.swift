/// LFLiveKit's callbacks, on the main actor. All are optional.
@MainActor
public protocol LiveSessionDelegate: AnyObject {
  /// The state changed. LFLiveKit: liveSession:liveStateDidChange:.
  func liveSession(_ session: LiveSession, liveStateDidChange state: LiveState)
  /// Once a second while running. LFLiveKit: liveSession:debugInfo:.
  func liveSession(_ session: LiveSession, debugInfo statistics: LiveStatistics)
  /// A connection was lost, or something else failed. LFLiveKit: liveSession:errorCode:.
  func liveSession(_ session: LiveSession, error: LiveError)
  /// Everything that happens, these three as well.
  func liveSession(_ session: LiveSession, event: LiveEvent)
}

extension LiveSessionDelegate {
  public func liveSession(_ session: LiveSession, liveStateDidChange state: LiveState) {}
  public func liveSession(_ session: LiveSession, debugInfo statistics: LiveStatistics) {}
  public func liveSession(_ session: LiveSession, error: LiveError) {}
  public func liveSession(_ session: LiveSession, event: LiveEvent) {}

  func deliver(_ event: LiveEvent, of session: LiveSession) {
    liveSession(session, event: event)
    switch event {
    case .stateChanged(let state): liveSession(session, liveStateDidChange: state)
    case .statistics(let statistics): liveSession(session, debugInfo: statistics)
    case .lost(_, let error, _, _), .encoderFailed(_, let error), .recordingFailed(let error):
      liveSession(session, error: error)
    default: break
    }
  }
}
