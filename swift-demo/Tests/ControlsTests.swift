import Foundation
import OnAir
import XCTest

@testable import OnAirDemo

/// Everything on the broadcast screen reaches the session.
final class ControlsTests: XCTestCase {
  func testEverySliderAndSwitchReachesTheSession() async throws {
    try await moveEverything()
  }

  func testButtonsMakeFiles() async throws {
    try await pressEveryButton()
  }

  func testWhereToTalkIsReadFromWhereToWatch() {
    let table = [
      ("http://host:8080/live/show/index.m3u8", "ws://host:8080 show"), ("https://host/hls/key.m3u8", "wss://host key"),
    ]
    for (watch, wanted) in table {
      let talk = Place(name: "", publish: "", watch: watch).talk
      XCTAssertEqual(talk.map { "\($0.server) \($0.key)" }, wanted)
    }
  }
}

@MainActor private func moveEverything() throws {
  let broadcast = Broadcast(place: Place(name: "", publish: "", watch: ""), video: .low1)
  let session = try XCTUnwrap(broadcast.session)
  let table: [(String, (inout Controls) -> Void, (LiveSession) -> Bool)] = [
    ("zoom", { $0.zoom = 3 }, { $0.zoomScale == 3 }),
    ("beauty on", { $0.isBeautiful = false }, { !$0.look.beauty.isOn }),
    ("beauty", { $0.beauty = 0.9 }, { $0.look.beauty.level == 0.9 }),
    ("bright", { $0.bright = 0.1 }, { $0.look.beauty.bright == 0.1 }),
    ("tone", { $0.tone = 0.2 }, { $0.look.beauty.tone == 0.2 }),
    ("mirror", { $0.isMirrored = false }, { !$0.mirror }),
    ("torch", { $0.hasTorch = true }, { $0.torch }),
    ("mute", { $0.isMuted = true }, { $0.muted }),
    ("watermark", { $0.hasWatermark = true }, { $0.look.overlays.count == 1 && $0.watermark != nil }),
    ("no watermark", { $0.hasWatermark = false }, { $0.look.overlays.isEmpty && $0.watermark == nil }),
  ]
  for (name, move, isThere) in table {
    XCTAssertFalse(isThere(session), "\(name) stood there before")
    move(&broadcast.controls)
    XCTAssertTrue(isThere(session), name)
  }
  XCTAssertEqual(session.captureDevicePosition, .front)
  broadcast.turn()
  XCTAssertEqual(session.captureDevicePosition, .back)
  XCTAssertNil(broadcast.failure)
}

@MainActor private func pressEveryButton() async throws {
  guard let app = ProcessInfo.processInfo.environment["ONAIR_TEST_RTMP"] else {
    throw XCTSkip("ONAIR_TEST_RTMP names no server")
  }
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onair-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  var options = LiveOptions()
  options.encoder = .core
  let place = Place(name: "", publish: "\(app)/swift-demo", watch: "")
  let broadcast = Broadcast(place: place, video: .low1, options: options, folder: folder)
  let session = try XCTUnwrap(broadcast.session)
  await broadcast.start()
  XCTAssertEqual(session.state, .live)
  await broadcast.toggleRecording()
  XCTAssertTrue(broadcast.isRecording)
  let pushing = Task.detached {
    let pixels = [UInt8](repeating: 100, count: 360 * 640 * 4)
    for number in 0..<600 where !Task.isCancelled {
      let time = CaptureTime(microseconds: Int64(number) * 66_667)
      try pixels.withUnsafeBytes {
        try session.pushVideo(.rgba(width: 360, height: 640, Plane($0, bytesPerRow: 1440)), at: time)
      }
      try session.pushSilence(at: time)
      try? await Task.sleep(for: .milliseconds(10))
    }
  }
  await broadcast.takePicture()
  for _ in 0..<2000 where session.statistics.framesSent < 20 { try await Task.sleep(for: .milliseconds(10)) }
  await broadcast.saveClip()
  pushing.cancel()
  try await pushing.value
  await broadcast.stop()
  XCTAssertFalse(broadcast.isRecording)
  XCTAssertNil(broadcast.failure)
  let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])
  XCTAssertEqual(files.map(\.pathExtension).sorted(), ["jpg", "mp4", "mp4"])
  for file in files { XCTAssertGreaterThan(try Data(contentsOf: file).count, 1000, "\(file)") }
}

extension LiveSession {
  /// As much as a picture lasts.
  fileprivate func pushSilence(at time: CaptureTime) throws {
    try [Int16](repeating: 0, count: 2 * 2940).withUnsafeBufferPointer {
      try pushAudio($0, sampleRate: 44100, channels: 2, at: time)
    }
  }
}
