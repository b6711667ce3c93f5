import Foundation
import XCTest

@testable import OnAir

/// The looks of tests/conformance: the same pixels as natively, or the same words.
final class LookConformanceTests: XCTestCase {
  func testLf82LooksMakeTheSamePixelsOrAreRefusedWithTheSameWords() async throws {
    let (looks, ends) = (try vectors("looks"), try vectors("looked"))
    XCTAssertEqual(looks.count, ends.count)
    var video = VideoConfiguration.low1.landscape
    (video.width, video.height) = (64, 48)
    let session = try LiveSession(audio: nil, video: video, options: desk)
    let recorder = Recorder(session)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("onair-\(UUID().uuidString).mp4")
    defer { try? FileManager.default.removeItem(at: file) }
    try recorder.start(RecordingSettings(file: file))
    var pixels: [UInt8] = []
    for y in 0..<48 { for x in 0..<64 { pixels += [UInt8(4 * x), UInt8(5 * y), UInt8(4 * (x ^ y)), 255] } }
    var pictures = 0
    for (vector, wanted) in zip(looks, ends) {
      let name = "\(vector["name"] ?? "")"
      let look = try XCTUnwrap(vector["look"] as? Vector)
      do {
        try session.setLook(try Look(vector: look))
      } catch let error as LiveError {
        XCTAssertEqual(error.code, wanted.int("code"), name)
        XCTAssertEqual(error.reason, wanted["reason"] as? String, name)
        continue
      }
      session.setPreview(true, mirror: look["mirror"] as? Bool ?? false)
      try pixels.withUnsafeBytes {
        let frame = VideoFrame.rgba(width: 64, height: 48, Plane($0, bytesPerRow: 256))
        try session.pushVideo(frame, at: CaptureTime(microseconds: Int64(pictures) * 100_000))
      }
      pictures += 1
      let shown = try await preview(of: session, width: 64, height: 48)
      XCTAssertEqual(hash(shown), wanted["hash"] as? String, name)
    }
    let made = try await recorder.stop()
    XCTAssertEqual(made?.frames, pictures)
    XCTAssertEqual(made?.framesMissing, 0)
  }

  /// FNV-1a of the bytes R G B A, as the vectors have it.
  private func hash(_ bgra: [UInt8]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for pixel in stride(from: 0, to: bgra.count, by: 4) {
      for byte in [pixel + 2, pixel + 1, pixel, pixel + 3] {
        hash = (hash ^ UInt64(bgra[byte])) &* 0x100_0000_01B3
      }
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The next preview, bytes B G R A.
func preview(of session: LiveSession, width: Int, height: Int) async throws -> [UInt8] {
  var shown = [UInt8](repeating: 0, count: width * height * 4)
  for _ in 0..<6000 {
    if let size = try shown.withUnsafeMutableBytes({ try session.fetchPreview(into: $0) }) {
      XCTAssertEqual([size.width, size.height], [width, height])
      return shown
    }
    try await Task.sleep(for: .milliseconds(5))
  }
  XCTFail("no picture came")
  return shown
}

extension Look {
  fileprivate init(vector: Vector) throws {
    self.init()
    let fits: [String: Fit] = ["Fill": .fill, "Fit": .fit, "Stretch": .stretch]
    fit = try (vector["fit"] as? String).map { try XCTUnwrap(fits[$0]) } ?? fit
    rotationDegrees = vector.int("rotation_degrees") ?? 0
    mirror = vector["mirror"] as? Bool ?? false
    zoom = vector.real("zoom") ?? zoom
    beauty.isOn = vector["beauty"] as? Bool ?? false
    beauty.level = vector.real("level") ?? beauty.level
    beauty.bright = vector.real("bright") ?? beauty.bright
    beauty.tone = vector.real("tone") ?? beauty.tone
    beauty.zeroIsOff = vector["zero_is_off"] as? Bool ?? false
    beauty.isFast = vector["fast"] as? Bool ?? false
    let known: [String: Effect] = ["Gray": .gray, "Invert": .invert, "Sepia": .sepia]
    effects = try (vector["effects"] as? [String] ?? []).map { try XCTUnwrap(known[$0]) }
    overlays = try (vector["overlays"] as? [Vector] ?? []).map(Overlay.init(vector:))
  }
}

extension Overlay {
  fileprivate init(vector: Vector) throws {
    var content = Content.pushed
    if vector["rgba"] != nil {
      let (width, height) = (vector.int("width") ?? 0, vector.int("height") ?? 0)
      content = .image(try OverlayImage(width: width, height: height, rgba: Data(bytes(vector["rgba"]))))
    } else if let letters = vector["text"] as? String {
      var text = OverlayText(letters, size: vector.real("size_px") ?? 24)
      text.colour = colour(vector["colour"]) ?? text.colour
      text.background = colour(vector["background"])
      content = .text(text)
    }
    self.init(vector["name"] as? String ?? "", content)
    let anchors: [String: Anchor] = ["BottomRight": .bottomRight, "Centre": .centre]
    anchor = try (vector["anchor"] as? String).map { try XCTUnwrap(anchors[$0]) } ?? anchor
    (x, y, z) = (vector.int("x") ?? 0, vector.int("y") ?? 0, vector.int("z") ?? 0)
    (width, height) = (vector.int("out_width") ?? 0, vector.int("out_height") ?? 0)
    stretch = vector["stretch"] as? Bool ?? false
    opacity = vector.real("opacity") ?? opacity
  }
}

/// RRGGBBAA.
private func colour(_ digits: Any?) -> UInt32? {
  (digits as? String).flatMap { UInt32($0, radix: 16) }
}
