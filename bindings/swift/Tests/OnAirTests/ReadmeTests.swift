import Foundation
import OnAir
import XCTest

#if canImport(UIKit) && canImport(AVFoundation)
  /// The lines of README.md, as they stand there.
  @MainActor func linesOfTheReadme(preview: LivePreviewView) async throws {
    // README begins
    let session = try LiveSession(audio: .high, video: .medium3)
    session.running = true  // camera and microphone
    preview.session = session  // a LivePreviewView; in SwiftUI LivePreview(session)
    try await session.startLive(to: "rtmp://live.example.com/app/key")  // live when this returns
    await session.stopLive()
    // README ends
  }
#endif

final class ReadmeTests: XCTestCase {
  func testTheExampleIsWhatCompilesHere() throws {
    let here = URL(fileURLWithPath: #filePath)
    let root = (0..<5).reduce(here) { folder, _ in folder.deletingLastPathComponent() }
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let source = try String(contentsOf: here, encoding: .utf8)
    let code = try XCTUnwrap(lines(of: source, from: "// README begins", to: "// README ends"))
    let block = try XCTUnwrap(lines(of: readme, from: "```swift", to: "```"))
    XCTAssertEqual(block.filter { !$0.isEmpty && $0 != "import OnAir" }, code)
  }

  private func lines(of text: String, from first: String, to last: String) -> [String]? {
    let all = text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    guard let start = all.firstIndex(of: first), let end = all[(start + 1)...].firstIndex(of: last) else { return nil }
    return Array(all[(start + 1)..<end])
  }
}
