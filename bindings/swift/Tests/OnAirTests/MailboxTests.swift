import XCTest

@testable import OnAir

final class MailboxTests: XCTestCase {
  func testAStateIsNotLostToASlowConsumer() async {
    let hub = EventHub()
    let mailbox = hub.events()
    hub.publish(.stateChanged(.pending))
    for number in 0..<1000 { hub.publish(.dropped(destination: 0, video: number, audio: 0)) }
    hub.publish(.stateChanged(.live))
    hub.publish(.keyframeWanted)
    hub.finish()
    let seen = await collect(mailbox.stream) { _ in false }
    XCTAssertEqual(seen.first, .stateChanged(.pending))
    XCTAssertEqual(Array(seen.suffix(2)), [.stateChanged(.live), .keyframeWanted])
    XCTAssertEqual(seen.count, 128)
  }

  func testOfManyStatesTheNewestStay() async {
    let hub = EventHub()
    let states = hub.states()
    for number in 0..<100 { hub.publish(.stateChanged(number % 2 == 0 ? .reconnecting : .live)) }
    hub.publish(.stateChanged(.failed))
    hub.finish()
    let seen = await collect(states.stream) { _ in false }
    XCTAssertEqual(seen.count, 32)
    XCTAssertEqual(seen.last, .failed)
  }

  func testALaterConsumerBeginsWithThePresentState() async {
    let hub = EventHub()
    hub.publish(.stateChanged(.pending))
    hub.publish(.stateChanged(.live))
    let late = hub.states()
    hub.finish()
    let seen = await collect(late.stream) { _ in false }
    XCTAssertEqual(seen, [.live])
    let after = await collect(hub.events().stream) { _ in false }
    XCTAssertEqual(after, [])
  }

  func testACancelledConsumerLetsGo() async {
    let hub = EventHub()
    let stream = hub.states().stream
    let consumer = Task { await collect(stream) { _ in false } }
    hub.publish(.stateChanged(.pending))
    consumer.cancel()
    let seen = await consumer.value
    XCTAssertLessThanOrEqual(seen.count, 2)
  }
}
