import Foundation
import XCTest

/// One of tests/conformance.
typealias Vector = [String: Any]

func vectors(_ name: String) throws -> [Vector] {
  try XCTUnwrap(try json(name) as? [Vector])
}

func json(_ name: String) throws -> Any {
  try JSONSerialization.jsonObject(
    with: Data(contentsOf: root.appendingPathComponent("tests/conformance/\(name).json")))
}

/// Of hexadecimal digits.
func bytes(_ hex: Any?) -> [UInt8] {
  let digits = Array((hex as? String ?? "").utf8)
  return stride(from: 0, to: digits.count - 1, by: 2).map { index in
    UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
  }
}

/// The repository's.
let root = (0..<5).reduce(URL(fileURLWithPath: #filePath)) { folder, _ in folder.deletingLastPathComponent() }

extension [String: Any] {
  func int(_ name: String) -> Int? { (self[name] as? NSNumber)?.intValue }

  /// Numbers that may be none stand as texts.
  func real(_ name: String) -> Double? { (self[name] as? String).flatMap(Double.init) }
}
