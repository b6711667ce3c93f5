import Foundation
internal import OnAirFFI

/// One thing over the picture, in the stream, the recording and snapshots. VideoCore: a pixel buffer source.
public struct Overlay: Sendable {
  /// What is shown.
  public enum Content: Sendable {
    /// With its alpha.
    case image(OverlayImage)
    case text(OverlayText)
    /// The newest picture of ``LiveSession/pushOverlay(_:_:)`` under the overlay's name.
    case pushed
  }

  /// Which point of the overlay is placed, and from which corner of the picture it counts.
  public enum Anchor: Hashable, Sendable {
    /// Inwards from the picture's corner of the same name.
    case topLeft, topRight, bottomLeft, bottomRight
    /// The overlay's centre, from the picture's top left corner, as VideoCore does.
    case centre
  }

  /// Of its own in a look.
  public var name: String
  public var content: Content
  public var anchor = Anchor.topLeft
  /// Pixels of the picture, −16,384 to 16,384.
  public var x = 0
  /// Pixels of the picture, −16,384 to 16,384.
  public var y = 0
  /// Pixels, to 3,840; 0 leaves it to the height and the content.
  public var width = 0
  /// Pixels, to 3,840; 0 leaves it to the width and the content.
  public var height = 0
  /// With width and height given: fills them, whatever the content's shape.
  public var stretch = false
  /// 0 (not there) to 1.
  public var opacity = 1.0
  /// The higher lies over the lower.
  public var z = 0

  public init(_ name: String, _ content: Content) {
    (self.name, self.content) = (name, content)
  }

  /// What ``LiveSession/watermark`` calls its overlay.
  static let watermark = "OnAir.watermark"
}

/// Letters, from left to right; a line break begins a new line.
public struct OverlayText: Sendable {
  /// At most 2,000 characters.
  public var text: String
  /// Pixels of the em, 4 to 512.
  public var size: Double
  /// 0xRRGGBBAA.
  public var colour: UInt32 = 0xFFFF_FFFF
  /// 0xRRGGBBAA of a box behind them.
  public var background: UInt32?
  /// Nil for the one that is built in: Latin, Greek and Cyrillic.
  public var font: OverlayFont?

  public init(_ text: String, size: Double = 24) {
    (self.text, self.size) = (text, size)
  }
}

/// A still for overlays, decoded once.
public final class OverlayImage: Sendable {
  let core: OnAirFFI.OverlayImage

  /// Decodes a PNG or JPEG file, of 4,096 pixels each way at most.
  public init(file: Data) throws(LiveError) {
    core = try OnAir.core { try OnAirFFI.OverlayImage(file: file) }
  }

  /// Takes bytes R G B A with straight alpha, rows without padding.
  public init(width: Int, height: Int, rgba: Data) throws(LiveError) {
    core = try OnAir.core {
      try OnAirFFI.OverlayImage.fromRgba(
        width: UInt32(clamping: width), height: UInt32(clamping: height), rgba: rgba)
    }
  }

  /// Pixels.
  public var width: Int { Int(core.width()) }
  /// Pixels.
  public var height: Int { Int(core.height()) }
}

/// A TrueType or OpenType font, read once.
public final class OverlayFont: Sendable {
  let core: OnAirFFI.OverlayFont

  public init(file: Data) throws(LiveError) {
    core = try OnAir.core { try OnAirFFI.OverlayFont(file: file) }
  }
}

// --- into the core ---

extension Overlay {
  var core: OverlayOptions {
    OverlayOptions(
      name: name, content: content.core, anchor: anchor.core, x: Int32(clamping: x), y: Int32(clamping: y),
      width: UInt32(clamping: width), height: UInt32(clamping: height), stretch: stretch, opacity: Float(opacity),
      z: Int32(clamping: z))
  }
}

extension Overlay.Content {
  fileprivate var core: OverlayContent {
    switch self {
    case .image(let image): .still(image: image.core)
    case .text(let text):
      .letters(
        text: text.text, sizePx: Float(text.size), colour: text.colour, background: text.background,
        font: text.font?.core)
    case .pushed: .pushed
    }
  }
}

extension Overlay.Anchor {
  fileprivate var core: OverlayAnchor {
    switch self {
    case .topLeft: .topLeft
    case .topRight: .topRight
    case .bottomLeft: .bottomLeft
    case .bottomRight: .bottomRight
    case .centre: .centre
    }
  }
}
