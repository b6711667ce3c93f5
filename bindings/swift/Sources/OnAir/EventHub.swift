/// From the core's one consumer to any number of ours. Keeps no consumer alive.
final class EventHub: Sendable {
  private struct Inside {
    var state = LiveState.ready
    var states = Mailboxes<LiveState>()
    var events = Mailboxes<LiveEvent>()
  }

  private let inside = Guarded(Inside())

  /// The present state, then each new one.
  func states() -> Mailbox<LiveState> {
    inside.withLock { $0.states.add(.states(first: $0.state)) }
  }

  /// Everything from now on.
  func events() -> Mailbox<LiveEvent> {
    inside.withLock { $0.events.add(.events()) }
  }

  /// Called by one task, in order; failures of encoders come from their threads.
  func publish(_ event: LiveEvent) {
    let (states, events) = inside.withLock { inside in
      guard case .stateChanged(let state) = event else { return ([Mailbox<LiveState>](), inside.events.present) }
      inside.state = state
      return (inside.states.present, inside.events.present)
    }
    if case .stateChanged(let state) = event { for mailbox in states { mailbox.put(state) } }
    for mailbox in events { mailbox.put(event) }
  }

  func finish() {
    let (states, events) = inside.withLock { ($0.states.end(), $0.events.end()) }
    for mailbox in states { mailbox.finish() }
    for mailbox in events { mailbox.finish() }
  }
}
