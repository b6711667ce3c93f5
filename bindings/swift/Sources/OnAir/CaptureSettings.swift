import Foundation

/// Which camera.
public enum CameraPosition: Hashable, Sendable {
  case front, back
}

/// How the device is held while the picture is taken. VideoCore: orientationLocked.
public enum CaptureOrientation: Hashable, Sendable {
  case portrait, portraitUpsideDown, landscapeLeft, landscapeRight
}

/// How the preview fills its view. VideoCore: aspectMode.
public enum PreviewMode: Hashable, Sendable {
  /// All of the view, cropping the picture.
  case fill
  /// All of the picture.
  case fit
}

/// A point of the picture: 0, 0 is its left upper corner, 1, 1 the right lower one.
public struct PicturePoint: Hashable, Sendable {
  public var x: Double
  public var y: Double

  public init(x: Double, y: Double) {
    (self.x, self.y) = (min(max(x, 0), 1), min(max(y, 0), 1))
  }
}

/// A picture over the picture.
public struct Watermark: Hashable, Sendable {
  /// PNG or JPEG.
  public var image: Data
  /// Of its left upper corner.
  public var position: PicturePoint
  /// Of the picture's width, from 0 to 1.
  public var width: Double
  /// From 0 to 1.
  public var opacity: Double

  public init(image: Data, position: PicturePoint, width: Double = 0.2, opacity: Double = 1) {
    (self.image, self.position, self.width, self.opacity) = (image, position, width, opacity)
  }
}

/// What camera and microphone are asked for; kept while there is none.
struct CaptureSettings: Hashable, Sendable {
  var isRunning = false
  var position = CameraPosition.front
  var mirror = true
  var torch = false
  var zoom = 1.0
  var orientation: CaptureOrientation?
  var focus: PicturePoint?
  var exposure: PicturePoint?
  var micGain = 1.0
  var previewMode = PreviewMode.fill
  var watermark: Watermark?
}

/// What the system said of the way to the network, and what of it the core has to know.
struct PathWatch: Sendable {
  private var isUp: Bool?
  private var interfaces: [String] = []

  mutating func handle(isUp: Bool, interfaces: [String]) -> LiveSession.NetworkPath? {
    defer { (self.isUp, self.interfaces) = (isUp, interfaces) }
    guard let wasUp = self.isUp else {
      // The first word tells nothing new, unless there is no way at all.
      return isUp ? nil : .down
    }
    guard isUp, wasUp else { return isUp == wasUp ? nil : isUp ? .up : .down }
    return interfaces.first == self.interfaces.first ? nil : .changed
  }
}
