import Foundation
import OnAir
import XCTest

// What the pages show, as it stands there, so that it compiles.

#if canImport(UIKit) && canImport(AVFoundation)
  @MainActor func goLive(preview: LivePreviewView) async throws {
    let session = try LiveSession(audio: .high, video: .medium3)
    session.running = true  // camera and microphone
    preview.session = session  // a LivePreviewView; in SwiftUI LivePreview(session)
    try await session.startLive(to: "rtmps://live.example.com/app/key")  // live when this returns
    await session.stopLive()
  }
#endif

func pushOnesOwn(luma: Plane, chroma: Plane, samples: UnsafeBufferPointer<Int16>, time: CaptureTime) async throws {
  let session = try LiveSession(audio: .high, video: .medium3)
  try await session.startLive(to: "rtmps://live.example.com/app/key")  // live when this returns
  try session.pushVideo(.nv12(width: 540, height: 960, y: luma, uv: chroma), at: time)
  try session.pushAudio(samples, sampleRate: 44_100, channels: 2, at: time)
  await session.stopLive()
}

func lookGood(session: LiveSession) async throws -> Data {
  try session.changeLook { look in
    look.beauty.isOn = true
    look.effects = [.sepia]
    look.overlays = [Overlay("title", .text(OverlayText("Hello", size: 32)))]
  }
  let png = try await session.snapshot()  // the next picture as viewers get it
  return png
}

func keepFiles(session: LiveSession, logo: Data, file: URL, picture: URL) async throws {
  session.beautyLevel = 0.7  // LFLiveKit's names; session.look has the whole
  session.watermark = Watermark(image: logo, position: PicturePoint(x: 0.05, y: 0.05))
  try session.startRecording(to: file)  // beside the stream
  try await session.snapshot(.jpeg(quality: 90)).write(to: picture)
}

func record(session: LiveSession, file: URL, best: URL, crashed: URL) async throws -> [Any?] {
  var settings = RecordingSettings(file: file)  // MP4, or FLV by its name
  settings.splitAfter = 600
  try session.startRecording(settings)
  try session.keepClip(seconds: 30)
  let clip = try await session.saveClip(RecordingSettings(file: best))  // the newest half minute
  let recording = try await session.stopRecording()
  let recovered = try await Recording.recover(crashed)  // after a crash, at the next start
  return [clip, recording, recovered]
}

func mix(session: LiveSession, song: UnsafeBufferPointer<Int16>, time: CaptureTime) throws -> Double {
  let music = try session.addAudioSource()
  try session.setGain(0.3, of: music)
  try session.pushAudio(song, sampleRate: 48_000, channels: 2, at: time, to: music)
  let loud = session.levels.output.peak  // dBFS
  return loud
}

func talk() async throws {
  let room = try Room(RoomOptions(.server("wss://rooms.example.com")))
  try await room.join("evening")  // returns when one is in; create(_:title:) opens one's own
  try room.comment("hello", at: 12.5)  // the second of the stream that it belongs to
  for await event in room.events { print(event) }  // comments, gifts, hearts, viewers, losses
}

final class ExamplesTests: XCTestCase {
  func testEveryExampleInSwiftIsCompiled() throws {
    let source = lines(try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8))
    let docs = root.appendingPathComponent("docs")
    let pages = try FileManager.default.contentsOfDirectory(at: docs, includingPropertiesForKeys: nil)
    var shown = Set<String>()
    for page in pages + [root.appendingPathComponent("README.md")] where page.pathExtension == "md" {
      let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```swift\n").dropFirst()
      for block in blocks {
        let example = lines(block.components(separatedBy: "```")[0])
        XCTAssertTrue(source.contains(example), "\(page.lastPathComponent) shows what is not compiled:\n\(example)")
        shown.insert(page.lastPathComponent)
      }
    }
    XCTAssertTrue(
      shown.isSuperset(of: ["README.md", "swift.md", "picture.md", "recording.md", "sound.md"]), "\(shown)")
  }

  /// Without indents, blank lines and imports.
  private func lines(_ text: String) -> String {
    let all = text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return all.filter { !$0.isEmpty && $0 != "import OnAir" }.joined(separator: "\n")
  }
}
