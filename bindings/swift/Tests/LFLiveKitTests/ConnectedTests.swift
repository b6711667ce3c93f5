import LFLiveKit
import XCTest

@testable import OnAir

#if canImport(UIKit) && !canImport(Darwin)
  import AVFoundation
  import CoreVideo
  import UIKit

  /// What is set by LFLiveKit's names reaches OnAir's session; the system's frameworks are stubs.
  final class ConnectedTests: XCTestCase {
    func testEveryPropertyReachesTheSession() async throws {
      try await setEverything()
    }

    func testWhatIsSetBeforeThereIsASessionIsSetOnIt() async throws {
      try await setBefore()
    }

    func testAStreamIsSavedAndStopCompletesTheFile() async throws {
      try await save()
    }

    func testAFileIsBegunOnceAndNoneStaysOfAStartThatFailed() async throws {
      try await begin()
    }

    func testTheCurrentImageIsWhatViewersGet() async throws {
      try await look()
    }
  }

  @MainActor private func made(captureType: UInt = 3) throws -> LFLiveSession {
    try XCTUnwrap(
      LFLiveSession(
        audioConfiguration: .default(), videoConfiguration: .defaultConfiguration(for: .low1), captureType: captureType)
    )
  }

  @MainActor private func setEverything() throws {
    let shim = try made()
    let session = try XCTUnwrap(shim.session)
    UIGraphicsImageRenderer.answer = try XCTUnwrap(Data(base64Encoded: redPixel))
    let mark = UIView(frame: .zero)
    mark.frame = CGRect(x: 36, y: 64, width: 90, height: 90)
    mark.alpha = 0.5
    let table: [(String, () -> Void, () -> Bool)] = [
      ("muted", { shim.muted = true }, { session.muted }),
      (
        "captureDevicePosition", { shim.captureDevicePositionIsFront = false },
        { session.captureDevicePosition == .back }
      ),
      ("mirror", { shim.mirror = false }, { !session.mirror }),
      ("torch", { shim.torch = true }, { session.torch }),
      ("zoomScale", { shim.zoomScale = 2 }, { session.zoomScale == 2 }),
      ("beautyFace", { shim.beautyFace = false }, { !session.look.beauty.isOn }),
      ("beautyLevel", { shim.beautyLevel = 0.75 }, { session.look.beauty.level == 0.75 }),
      ("brightLevel", { shim.brightLevel = 0.25 }, { session.look.beauty.bright == 0.25 }),
      ("warterMarkView", { shim.warterMarkView = mark }, { session.look.overlays.count == 1 }),
      ("running", { shim.running = true }, { session.running }),
    ]
    for (name, set, isSet) in table {
      XCTAssertFalse(isSet(), "\(name) was so before")
      set()
      XCTAssertTrue(isSet(), name)
    }
    let overlay = try XCTUnwrap(session.look.overlays.first)
    XCTAssertEqual([overlay.x, overlay.y, overlay.width], [36, 64, 90])
    XCTAssertEqual(overlay.opacity, 0.5)
    shim.warterMarkView = nil
    XCTAssertTrue(session.look.overlays.isEmpty)
    UIGraphicsImageRenderer.answer = Data([1, 2, 3])
    shim.warterMarkView = mark
    XCTAssertTrue(shim.lastError?.contains("PNG") == true, "what cannot be drawn is told: \(shim.lastError ?? "")")
    let view = UIView(frame: .zero)
    shim.preView = view
    XCTAssertTrue((view.subviews.first as? LivePreviewView)?.session === session)
    shim.running = false
    XCTAssertFalse(session.running)
  }

  @MainActor private func setBefore() throws {
    let shim = try made()
    (shim.beautyLevel, shim.zoomScale, shim.muted) = (0.9, 3, true)
    (shim.reconnectInterval, shim.reconnectCount, shim.adaptiveBitrate) = (2, 7, true)
    let session = try XCTUnwrap(shim.session)
    XCTAssertEqual([session.look.beauty.level, session.zoomScale], [0.9, 3])
    XCTAssertTrue(session.muted && session.look.beauty.isOn)
    XCTAssertEqual(session.options.reconnect.interval, 2)
    XCTAssertEqual(session.options.reconnect.count, 7)
    XCTAssertEqual(session.options.adaptiveBitrate, .lag)
    let plain = try XCTUnwrap(try made(captureType: 12).session)
    XCTAssertFalse(plain.look.beauty.isOn, "what the app pushes goes out as it is")
    XCTAssertEqual(plain.options.adaptiveBitrate, .off)
  }

  @MainActor private func save() async throws {
    guard let app = ProcessInfo.processInfo.environment["ONAIR_TEST_RTMP"] else {
      throw XCTSkip("ONAIR_TEST_RTMP names no server")
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("onair-\(UUID().uuidString).mp4")
    defer { try? FileManager.default.removeItem(at: file) }
    let shim = try made(captureType: 12)
    let listener = Listener()
    shim.delegate = listener
    shim.showDebugInfo = true
    (shim.saveLocalVideo, shim.saveLocalVideoPath) = (true, file)
    let info = LFLiveStreamInfo()
    info.url = "\(app)/swift-lflivekit"
    shim.startLive(info)
    for _ in 0..<4000 where shim.state != .start { try await Task.sleep(for: .milliseconds(5)) }
    XCTAssertEqual(shim.state, .start)
    let picture = CVBuffer(nv12Width: 360, height: 640)
    for _ in 0..<300 where listener.figures == 0 {
      shim.pushVideo(picture)
      shim.pushAudio(Data(count: 4 * 2940))
      try await Task.sleep(for: .milliseconds(20))
    }
    XCTAssertGreaterThan(listener.figures, 0)
    // A start that is refused, since one goes on, leaves the file alone.
    shim.startLive(info)
    for _ in 0..<1000 where listener.codes.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    XCTAssertTrue(shim.lastError?.contains("start:") == true, shim.lastError ?? "nothing was refused")
    shim.pushVideo(picture)
    shim.stopLive()
    // Complete when the table of its samples is there.
    func isComplete() -> Bool { (try? Data(contentsOf: file))?.dropFirst(36).prefix(4) == Data("mdat".utf8) }
    for _ in 0..<1000 where !isComplete() { try await Task.sleep(for: .milliseconds(10)) }
    XCTAssertTrue(isComplete())
    XCTAssertEqual(shim.state, .stop)
    XCTAssertEqual(listener.states, [.pending, .start, .stop])
    XCTAssertEqual(listener.codes, [.connectSocket], "the refused start alone: stop had a file to complete")
  }

  @MainActor private func begin() async throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("onair-\(UUID().uuidString).mp4")
    defer { try? FileManager.default.removeItem(at: file) }
    let shim = try made(captureType: 12)
    let listener = Listener()
    shim.delegate = listener
    let session = try XCTUnwrap(shim.session)
    (shim.saveLocalVideoPath, shim.saveLocalVideo) = (file, true)
    let early = try await session.stopRecording()
    XCTAssertNil(early, "what is only previewed is not saved")
    let info = LFLiveStreamInfo()
    // Nobody listens there.
    info.url = "rtmp://127.0.0.1:1/live/key"
    shim.startLive(info)
    for _ in 0..<4000 where listener.codes.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    for _ in 0..<1000 where FileManager.default.fileExists(atPath: file.path) {
      try await Task.sleep(for: .milliseconds(5))
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: file.path), "nothing came: no file stays")
    // A file that is begun a second time would be told of, too.
    XCTAssertEqual(Set(listener.codes), [.connectSocket], shim.lastError ?? "")
    XCTAssertTrue(shim.lastError?.contains("connect:") == true, shim.lastError ?? "")
  }

  @MainActor private func look() throws {
    let shim = try made()
    XCTAssertNil(shim.currentImage, "there is no camera yet")
    let session = try XCTUnwrap(shim.session)
    shim.beautyFace = false
    shim.running = true
    let camera = try XCTUnwrap(session.stage.devices.withLock { $0 }?.camera)
    let seen = CVBuffer(nv12Width: 720, height: 1280)
    let sample = CMSampleBuffer(image: seen, time: CMTime(value: 1, timescale: 30))
    camera.captureOutput(AVCaptureOutput(), didOutput: sample, from: AVCaptureConnection())
    func shown() throws -> CVBuffer { try XCTUnwrap(shim.currentImage?.cgImage?.source as? CVBuffer) }
    XCTAssertEqual([try shown().width, try shown().height], [360, 640], "in the configured size")
    XCTAssertEqual(Double(try shown().bytes(0)[360 * 320]), 90, accuracy: 1)
    try session.changeLook { $0.effects = [.invert] }
    XCTAssertEqual(Double(try shown().bytes(0)[360 * 320]), 161, accuracy: 1, "with the look")
    shim.running = false
  }

  @MainActor private final class Listener: LFLiveSessionDelegate {
    var states: [LFLiveState] = []
    var codes: [LFLiveSocketErrorCode] = []
    var figures = 0

    func liveSession(_ session: LFLiveSession?, liveStateDidChange state: LFLiveState) { states.append(state) }
    func liveSession(_ session: LFLiveSession?, debugInfo: LFLiveDebug?) { figures += 1 }
    func liveSession(_ session: LFLiveSession?, errorCode: LFLiveSocketErrorCode) { codes.append(errorCode) }
  }

  /// A PNG of one pixel.
  private let redPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
#endif
