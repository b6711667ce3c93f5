import Foundation
import XCTest

@testable import OnAir

/// Looks, snapshots and files of a session that runs, as an app uses them. Its files go to ONAIR_TEST_FILES, where
/// whoever gave that looks at them with other eyes.
final class PictureTests: XCTestCase {
  func testAShowIsLookedAtSnappedRecordedSplitClippedAndRecovered() async throws {
    guard let app = ProcessInfo.processInfo.environment["ONAIR_TEST_RTMP"] else {
      throw XCTSkip("ONAIR_TEST_RTMP names no server")
    }
    let folder = try Files()
    let session = try LiveSession(audio: .high, video: video, options: desk)
    let events = session.events
    try session.setLook(decorated())
    try session.keepClip(seconds: 1)
    session.setPreview(true)
    try await session.startLive(to: "\(app)/swift-looked")
    var settings = RecordingSettings(file: folder.file("show.mp4"))
    settings.splitAfter = 1
    try session.startRecording(settings)
    let pushing = Task { try await show(session, seconds: 4) }

    let decorated = try await session.snapshot(within: 5)
    try decorated.write(to: folder.file("decorated.png"))
    XCTAssertEqual(try OverlayImage(file: decorated).width, video.width)
    var seen = try await preview(of: session, width: video.width, height: video.height)
    XCTAssertTrue(near(pixel(seen, 10, 10), [255, 0, 0]), "the image lies there: \(pixel(seen, 10, 10))")
    let letters = (0..<40).contains { near(pixel(seen, 100 + $0, 110), [255, 255, 0]) }
    XCTAssertTrue(letters, "the text lies in its box")

    try session.changeLook { look in
      look.effects = [.gray]
      look.overlays = []
    }
    let gray = try await session.snapshot(within: 5)
    try gray.write(to: folder.file("gray.png"))
    XCTAssertNotEqual(gray, decorated)
    // The one that waits may be of the look before.
    _ = try await preview(of: session, width: video.width, height: video.height)
    seen = try await preview(of: session, width: video.width, height: video.height)
    let colours = (0..<16).map { pixel(seen, 20 * $0, 30 * $0) }
    XCTAssertTrue(colours.allSatisfy { abs($0[0] - $0[1]) < 8 && abs($0[1] - $0[2]) < 8 }, "\(colours)")

    expect(200, .configuration, "zoom") { () throws(LiveError) in try session.changeLook { $0.zoom = .nan } }
    XCTAssertEqual(session.look.zoom, 1)
    XCTAssertEqual(session.look.effects.count, 1)
    let jpeg = try await session.snapshot(.jpeg(quality: 80), within: 5)
    XCTAssertEqual(Array(jpeg.prefix(2)), [0xFF, 0xD8])
    try jpeg.write(to: folder.file("gray.jpg"))

    // Two seconds are in files: more than the clip wants.
    for _ in 0..<2000 where !folder.names.contains("show-3.mp4") { try await Task.sleep(for: .milliseconds(10)) }
    let clip = try await session.saveClip(RecordingSettings(file: folder.file("clip.mp4")))
    XCTAssertTrue((0.9...2.2).contains(clip.duration), "\(clip)")
    try await pushing.value
    // What a crash of now would leave of the newest file.
    let growing = try XCTUnwrap(folder.names.filter { $0.hasPrefix("show-") }.max())
    let crashed = folder.file("crashed.mp4")
    try FileManager.default.copyItem(at: folder.file(growing), to: crashed)
    let recovered = try await Recording.recover(crashed, to: folder.file("recovered.mp4"))
    XCTAssertFalse(recovered.wasComplete)
    XCTAssertGreaterThan(recovered.frames, 0)
    let inPlace = try await Recording.recover(crashed)
    XCTAssertEqual(inPlace.frames, recovered.frames)
    let again = try await Recording.recover(crashed)
    XCTAssertTrue(again.wasComplete)

    let everything = await session.finishLive()
    XCTAssertTrue(everything)
    let stopped = try await session.stopRecording()
    let last = try XCTUnwrap(stopped)
    let told = await collect(events) { $0 == .stateChanged(.stopped) }
    let split = told.compactMap { if case .recordingSplit(let file) = $0 { file } else { nil } }
    XCTAssertGreaterThanOrEqual(split.count, 2)
    XCTAssertEqual(last.file.lastPathComponent, "show-\(split.count + 1).mp4")
    XCTAssertTrue((split + [last, clip]).allSatisfy { $0.frames > 0 && $0.audioFrames > 0 && $0.framesMissing == 0 })
  }

  func testARecorderNeedsNoServerAndRefusesAFileThatIsThere() async throws {
    let folder = try Files()
    let session = try LiveSession(audio: .high, video: video, options: desk)
    let recorder = Recorder(session)
    let file = folder.file("alone.mp4")
    try Data().write(to: file)
    await expect(210, .device) { try recorder.start(RecordingSettings(file: file)) }
    try FileManager.default.removeItem(at: file)
    try recorder.start(RecordingSettings(file: file))
    _ = await collect(session.states) { $0 == .live }
    try await show(session, seconds: 1)
    let stopped = try await recorder.stop()
    let made = try XCTUnwrap(stopped)
    XCTAssertEqual(made.framesMissing, 0)
    XCTAssertEqual(made.size, try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int)
    await expect(210, .device) { _ = try await Recording.recover(folder.file("nothing.mp4")) }
  }

  private var video: VideoConfiguration {
    var video = VideoConfiguration.low1
    video.keyframeInterval = 8
    return video
  }

  private func decorated() throws -> Look {
    var mark = Overlay("mark", .image(try OverlayImage(width: 1, height: 1, rgba: Data([255, 0, 0, 255]))))
    (mark.width, mark.height, mark.stretch) = (40, 40, true)
    var letters = OverlayText("Ön air", size: 40)
    (letters.colour, letters.background) = (0xFFFF_00FF, 0x0000_00FF)
    var title = Overlay("title", .text(letters))
    (title.x, title.y, title.z) = (90, 90, 1)
    var look = Look()
    look.beauty.isOn = true
    look.overlays = [mark, title]
    return look
  }

  private func pixel(_ bgra: [UInt8], _ x: Int, _ y: Int) -> [Int] {
    let at = 4 * (y * video.width + x)
    return [bgra[at + 2], bgra[at + 1], bgra[at]].map(Int.init)
  }

  private func near(_ one: [Int], _ other: [Int]) -> Bool {
    zip(one, other).reduce(0) { $0 + abs($1.0 - $1.1) } < 60
  }
}

/// A folder: the one of ONAIR_TEST_FILES, which stays, or one that goes with this.
private final class Files {
  private let url: URL
  private let isOwn: Bool

  init() throws {
    let given = ProcessInfo.processInfo.environment["ONAIR_TEST_FILES"]
    isOwn = given == nil
    url =
      given.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("onair-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    if isOwn { try? FileManager.default.removeItem(at: url) }
  }

  func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] }
}
