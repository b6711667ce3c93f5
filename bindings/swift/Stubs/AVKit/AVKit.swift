// Stands for Apple's module on Linux: the signatures that the sources use.
// swift-format-ignore-file
@_exported import AVFoundation
import SwiftUI

@MainActor public final class AVPlayer: NSObject {
  nonisolated public init(url: URL) {}
  public func play() {}
  public func pause() {}
}

public struct VideoPlayer: View {
  public init(player: AVPlayer?) {}
  public var body: Never { return fatalError("a primitive view has no body") }
}
