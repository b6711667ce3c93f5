import Foundation
internal import OnAirFFI

/// How raw pictures look on their way to the encoder, the core's or the device's: set at any time, from the next
/// picture on.
public struct Look: Sendable {
  /// How a source of another shape becomes the picture.
  public enum Fit: Hashable, Sendable {
    /// The middle is kept, what stands out cut off.
    case fill
    /// All of it is seen, with black bars.
    case fit
    /// All of it is seen, out of shape.
    case stretch
  }

  /// A filter of the whole picture: VideoCore's, or a table.
  public enum Effect: Sendable {
    case gray, invert, sepia, fisheye, glow
    case table(ColourTable)
  }

  public var fit = Fit.fill
  /// Clockwise, a multiple of 90.
  public var rotationDegrees = 0
  /// Left and right change places for viewers.
  public var mirror = false
  /// 1 shows all, 2 the middle half each way; the core clamps it to 1…8.
  public var zoom = 1.0
  public var beauty = Beauty()
  /// In the order in which they are applied.
  public var effects: [Effect] = []
  /// At most 64, each with a name of its own.
  public var overlays: [Overlay] = []

  /// Changes nothing.
  public init() {}
}

/// LFLiveKit's filter for faces, in its arithmetic.
public struct Beauty: Hashable, Sendable {
  /// Off, the levels are kept for later.
  public var isOn = false
  /// LFLiveKit's beautyLevel, how much skin is smoothed: 0 to 1.
  public var level = 0.5
  /// LFLiveKit's brightLevel: 0 darker, 0.5 as it is, 1 brighter.
  public var bright = 0.5
  /// LFLiveKit's toneLevel, how much colour is added: 0 to 1.
  public var tone = 0.5
  /// At level 0 the filter is left out, which it is not in LFLiveKit.
  public var zeroIsOff = false
  /// Straight on Y'CbCr, several times as fast for cameras, and nearly the same.
  public var isFast = false

  public init() {}
}

/// A .cube file, read once.
public final class ColourTable: Sendable {
  let core: OnAirFFI.ColourTable

  /// - Throws: ``LiveError`` with the line that cannot be used.
  public init(cube file: Data) throws(LiveError) {
    core = try OnAir.core { try OnAirFFI.ColourTable(file: file) }
  }
}

extension LiveSession {
  // MARK: The picture

  /// How raw pictures look.
  public var look: Look { stage.look.withLock { $0 } }

  /// Sets all of it, from the next raw picture on; it stays over stop, start and every reconnect.
  ///
  /// - Throws: ``LiveError`` with the value that does not fit; the look is as before.
  public func setLook(_ look: Look) throws(LiveError) {
    try changeLook { $0 = look }
  }

  /// Changes some of it, as one step.
  public func changeLook(_ change: (inout Look) -> Void) throws(LiveError) {
    let result = stage.look.withLock { kept in
      Result { () throws(LiveError) in
        var look = kept
        change(&look)
        try OnAir.core { try core.setLook(look: look.core) }
        kept = look
      }
    }
    try result.get()
  }

  /// Whether faces are smoothed. LFLiveKit had it on unless said.
  public var beautyFace: Bool {
    get { look.beauty.isOn }
    set { quietly { $0.beauty.isOn = newValue } }
  }

  /// From 0 to 1; what is beyond is cut off.
  public var beautyLevel: Double {
    get { look.beauty.level }
    set { quietly { $0.beauty.level = clamped(newValue) } }
  }

  /// From 0 to 1, 0.5 as it is; what is beyond is cut off.
  public var brightLevel: Double {
    get { look.beauty.bright }
    set { quietly { $0.beauty.bright = clamped(newValue) } }
  }

  /// From 0 to 1; what is beyond is cut off. LFLiveKit's filter has it at 0.5, and no property for it.
  public var toneLevel: Double {
    get { look.beauty.tone }
    set { quietly { $0.beauty.tone = clamped(newValue) } }
  }

  /// LFLiveKit: warterMarkView. Nil takes it away; ``setWatermark(_:)`` says what is wrong with one.
  public var watermark: Watermark? {
    get { stage.settings.withLock { $0.watermark } }
    set {
      do { try setWatermark(newValue) } catch { hub.publish(.encoderFailed(.video, error)) }
    }
  }

  /// An image over the picture, above everything else.
  ///
  /// - Throws: ``LiveError`` when it is neither PNG nor JPEG; the one before stays.
  public func setWatermark(_ watermark: Watermark?) throws(LiveError) {
    let size = (width: Double(video?.width ?? 0), height: Double(video?.height ?? 0))
    var overlay: Overlay?
    if let watermark {
      var made = Overlay(Overlay.watermark, .image(try OverlayImage(file: watermark.image)))
      made.x = Int((watermark.position.x * size.width).rounded())
      made.y = Int((watermark.position.y * size.height).rounded())
      made.width = Int((clamped(watermark.width) * size.width).rounded())
      made.opacity = clamped(watermark.opacity)
      made.z = Int(Int32.max)
      overlay = made
    }
    try changeLook { look in
      look.overlays.removeAll { $0.name == Overlay.watermark }
      if let overlay { look.overlays.append(overlay) }
    }
    stage.settings.withLock { $0.watermark = watermark }
  }

  /// For properties: what is set by them always fits.
  private func quietly(_ change: (inout Look) -> Void) {
    do { try changeLook(change) } catch { hub.publish(.encoderFailed(.video, error)) }
  }
}

private func clamped(_ level: Double) -> Double {
  level.isNaN ? 0 : min(max(level, 0), 1)
}

// --- into the core ---

extension Look {
  var core: LookOptions {
    LookOptions(
      fit: fit.core, rotationDegrees: Int32(clamping: rotationDegrees), mirror: mirror, zoom: Float(zoom),
      beauty: beauty.core, effects: effects.map(\.core), overlays: overlays.map(\.core))
  }
}

extension Look.Fit {
  fileprivate var core: OnAirFFI.Fit {
    switch self {
    case .fill: .fill
    case .fit: .fit
    case .stretch: .stretch
    }
  }
}

extension Look.Effect {
  fileprivate var core: PictureEffect {
    switch self {
    case .gray: .gray
    case .invert: .invert
    case .sepia: .sepia
    case .fisheye: .fisheye
    case .glow: .glow
    case .table(let table): .table(table: table.core)
    }
  }
}

extension Beauty {
  fileprivate var core: BeautyOptions {
    BeautyOptions(
      isOn: isOn, level: Float(level), bright: Float(bright), tone: Float(tone), zeroIsOff: zeroIsOff,
      isFast: isFast)
  }
}
