/// What waits for one consumer of a stream: bounded, pulled on demand. The newest state and the newest statistics always
/// get there, however slow the consumer is.
final class Mailbox<Element: Sendable>: Sendable {
  private struct Inside {
    var waiting: [Element] = []
    var consumer: CheckedContinuation<Element?, Never>?
    var isOver = false
  }

  /// Puts an element among those that wait.
  typealias Rule = @Sendable (Element, inout [Element]) -> Void

  private let inside = Guarded(Inside())
  private let rule: Rule

  init(first: Element? = nil, rule: @escaping Rule) {
    self.rule = rule
    if let first { put(first) }
  }

  func put(_ element: Element) {
    let consumer = inside.withLock { inside -> CheckedContinuation<Element?, Never>? in
      guard !inside.isOver else { return nil }
      if let consumer = inside.consumer {
        inside.consumer = nil
        return consumer
      }
      rule(element, &inside.waiting)
      return nil
    }
    consumer?.resume(returning: element)
  }

  /// What waits already is still handed out, then nil.
  func finish() {
    let consumer = inside.withLock { inside in
      inside.isOver = true
      defer { inside.consumer = nil }
      return inside.consumer
    }
    consumer?.resume(returning: nil)
  }

  /// The oldest that waits, or the next that comes. One consumer at a time: a second one sends the first away.
  func next() async -> Element? {
    await withCheckedContinuation { consumer in
      let (resumed, element) = inside.withLock { inside -> (CheckedContinuation<Element?, Never>?, Element?) in
        if !inside.waiting.isEmpty { return (consumer, inside.waiting.removeFirst()) }
        if inside.isOver { return (consumer, nil) }
        defer { inside.consumer = consumer }
        return (inside.consumer, nil)
      }
      resumed?.resume(returning: element)
    }
  }

  /// A stream that keeps this mailbox and nothing else.
  var stream: AsyncStream<Element> {
    AsyncStream(unfolding: { await self.next() }, onCancel: { self.finish() })
  }
}

/// Who listens to one thing. Keeps nobody alive; for use behind a lock.
struct Mailboxes<Element: Sendable> {
  private struct Weak {
    weak var mailbox: Mailbox<Element>?
  }

  private var all: [Weak] = []
  private var isOver = false

  /// What is told from now on is to be put into these.
  var present: [Mailbox<Element>] { all.compactMap(\.mailbox) }

  /// One more listener; when all is over, one that hears no more.
  mutating func add(_ mailbox: Mailbox<Element>) -> Mailbox<Element> {
    if isOver { mailbox.finish() }
    all.removeAll { $0.mailbox == nil }
    all.append(Weak(mailbox: mailbox))
    return mailbox
  }

  /// All is over for these.
  mutating func end() -> [Mailbox<Element>] {
    isOver = true
    return present
  }
}

extension Mailbox<LiveState> {
  /// States in order; of more than fit, the oldest go.
  static func states(first: LiveState) -> Mailbox<LiveState> {
    Mailbox(first: first) { state, waiting in
      if waiting.count == 32 { waiting.removeFirst() }
      waiting.append(state)
    }
  }
}

extension Mailbox<LiveEvent> {
  /// Statistics take the place of older ones; of more than fit, what is no state goes first.
  static func events() -> Mailbox<LiveEvent> {
    Mailbox { event, waiting in
      if case .statistics = event {
        waiting.removeAll { if case .statistics = $0 { true } else { false } }
      }
      if waiting.count >= 128 {
        let unimportant = waiting.firstIndex { if case .stateChanged = $0 { false } else { true } }
        waiting.remove(at: unimportant ?? 0)
      }
      waiting.append(event)
    }
  }
}
