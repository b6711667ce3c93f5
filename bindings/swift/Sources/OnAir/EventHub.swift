/// From the core's one consumer to any number of ours. Keeps no consumer alive.
final class EventHub: Sendable {
  private struct Weak<Element: Sendable> {
    weak var mailbox: Mailbox<Element>?
  }

  private struct Inside {
    var state = LiveState.ready
    var isOver = false
    var states: [Weak<LiveState>] = []
    var events: [Weak<LiveEvent>] = []
  }

  private let inside = Guarded(Inside())

  /// The present state, then each new one.
  func states() -> Mailbox<LiveState> {
    inside.withLock { inside in
      let mailbox = Mailbox<LiveState>.states(first: inside.state)
      if inside.isOver { mailbox.finish() }
      inside.states.removeAll { $0.mailbox == nil }
      inside.states.append(Weak(mailbox: mailbox))
      return mailbox
    }
  }

  /// Everything from now on.
  func events() -> Mailbox<LiveEvent> {
    inside.withLock { inside in
      let mailbox = Mailbox<LiveEvent>.events()
      if inside.isOver { mailbox.finish() }
      inside.events.removeAll { $0.mailbox == nil }
      inside.events.append(Weak(mailbox: mailbox))
      return mailbox
    }
  }

  /// Called by one task, in order; failures of encoders come from their threads.
  func publish(_ event: LiveEvent) {
    let (states, events) = inside.withLock { inside in
      guard case .stateChanged(let state) = event else {
        return ([Mailbox<LiveState>](), inside.events.compactMap(\.mailbox))
      }
      inside.state = state
      return (inside.states.compactMap(\.mailbox), inside.events.compactMap(\.mailbox))
    }
    if case .stateChanged(let state) = event { for mailbox in states { mailbox.put(state) } }
    for mailbox in events { mailbox.put(event) }
  }

  func finish() {
    let (states, events) = inside.withLock { inside in
      inside.isOver = true
      return (inside.states.compactMap(\.mailbox), inside.events.compactMap(\.mailbox))
    }
    for mailbox in states { mailbox.finish() }
    for mailbox in events { mailbox.finish() }
  }
}
