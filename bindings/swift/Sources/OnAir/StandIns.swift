import Foundation

/// Has something stand in for a track that this side encodes, from an interruption until its device is back: asks the core
/// when, in a thread of its own.
final class StandIns: @unchecked Sendable {
  private let track: Track
  private let handle: CoreHandle
  private let onDue: @Sendable (CaptureTime) -> Void
  private let queue: DispatchQueue
  private let lock = NSLock()
  /// How often there was an interruption, and whether somebody asks already.
  private var asked = 0
  private var isRunning = false

  init(_ track: Track, _ handle: CoreHandle, onDue: @escaping @Sendable (CaptureTime) -> Void) {
    (self.track, self.handle, self.onDue) = (track, handle, onDue)
    queue = DispatchQueue(label: "onair.standin", qos: .userInitiated)
  }

  /// The core knows of an interruption.
  func begin() {
    let isFirst = lock.withLock {
      asked += 1
      defer { isRunning = true }
      return !isRunning
    }
    if isFirst { queue.async { self.run() } }
  }

  private func run() {
    while true {
      let before = lock.withLock { asked }
      let next = (try? handle.waitStandIn(for: track, within: 1)) ?? .over
      if case .due(let time) = next { onDue(time) }
      guard next == .over else { continue }
      // One that came since the core answered is not forgotten.
      let isOver = lock.withLock {
        isRunning = asked != before
        return !isRunning
      }
      if isOver { return }
    }
  }
}
