import Foundation
import XCTest

@testable import OnAir

/// Calls in any order from anywhere: no crash, no hang, no undocumented error.
final class StormTests: XCTestCase {
  func testAThousandCallsInAnyOrderFromEightThreads() async throws {
    let silent = SilentServer()
    let addresses = [silent.url, refusedURL(), "nonsense", ProcessInfo.processInfo.environment["ONAIR_TEST_RTMP"]]
    let storm = Storm(session: try LiveSession(video: .low1, options: desk), addresses: addresses.compactMap { $0 })
    for number in 0..<8 {
      Thread { storm.blow(seed: UInt64(number) + 1, calls: 125) }.start()
    }
    let isOver = await LiveSession.waiting { storm.wait(threads: 8, seconds: 120) }
    XCTAssertTrue(isOver, "a call hangs")
    XCTAssertEqual(storm.strange.withLock { $0 }, [])
    XCTAssertEqual(storm.calls.withLock { $0 }, 1000)
    let last = storm.session.withLock { $0 }
    await last.stopLive()
    XCTAssertTrue([.ready, .stopped, .failed].contains(last.state), "\(last.state)")
  }
}

private final class Storm: Sendable {
  let session: Guarded<LiveSession>
  let strange = Guarded<[String]>([])
  let calls = Guarded(0)
  private let addresses: [String]
  private let over = DispatchSemaphore(value: 0)
  private let running = DispatchGroup()

  init(session: LiveSession, addresses: [String]) {
    self.session = Guarded(session)
    self.addresses = addresses
  }

  func wait(threads: Int, seconds: Double) -> Bool {
    let deadline = DispatchTime.now() + seconds
    return (0..<threads).allSatisfy { _ in over.wait(timeout: deadline) == .success }
      && running.wait(timeout: deadline) == .success
  }

  func blow(seed: UInt64, calls count: Int) {
    var random = Random(state: seed)
    let pattern = Pattern(width: 360, height: 640)
    let (tone, samples) = (Tone(sampleRate: 44100), [Int16](repeating: 100, count: 2048))
    for number in 0..<count {
      let session = session.withLock { $0 }
      let time = CaptureTime(microseconds: Int64(number) * 10_000)
      switch random.next() % 16 {
      case 0...2:
        let address = addresses[Int(random.next() % UInt64(addresses.count))]
        run(waits: false) { try await session.startLive(to: address.contains("/live/") ? address : "\(address)/storm") }
      case 3: run(waits: true) { await session.stopLive() }
      case 4: run(waits: true) { await session.finishLive(within: 0.05) }
      case 5...8: note { () throws(LiveError) in try pattern.push(to: session, at: time) }
      case 9...10: note { () throws(LiveError) in try tone.push(samples, to: session, at: time) }
      case 11: session.muted.toggle()
      case 12: session.reportPath(number % 2 == 0 ? .changed : .up)
      case 13:
        session.requestKeyframe()
        _ = (session.statistics, session.destinations, session.lastError, session.state)
      case 14: run(waits: false) { for await _ in session.states.prefix(2) { break } }
      default:
        // Nobody closes a session: whoever lets it go does.
        note { () throws(LiveError) in
          let fresh = try LiveSession(video: .low1, options: desk)
          self.session.withLock { $0 = fresh }
        }
      }
      calls.withLock { $0 += 1 }
    }
    over.signal()
  }

  private func run(waits: Bool, _ body: @escaping @Sendable () async throws -> Void) {
    running.enter()
    let done = DispatchSemaphore(value: 0)
    Task {
      do { try await body() } catch { judge(error) }
      running.leave()
      done.signal()
    }
    if waits { done.wait() }
  }

  private func note(_ body: () throws(LiveError) -> Void) {
    do { try body() } catch { judge(error) }
  }

  /// Of what may happen here: a wrong address, no connection, a name in use, a call or a push out of turn.
  private func judge(_ error: any Error) {
    if let error = error as? LiveError, [202, 203, 205, 206, 208, 216].contains(error.code) { return }
    strange.withLock { $0.append("\(error)") }
  }
}

private struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
