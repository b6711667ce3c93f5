// Stands for Apple's module on Linux: the signatures that the sources use.
// swift-format-ignore-file
@_exported import Foundation

open class CALayer: NSObject, @unchecked Sendable {
  open var frame: CGRect = .zero
  open func addSublayer(_ layer: CALayer) {}
  open func insertSublayer(_ layer: CALayer, at index: UInt32) {}
  open func removeFromSuperlayer() {}
  open func render(in context: CGContext) {}
}

@MainActor open class UIView: NSObject {
  nonisolated public override init() { super.init() }
  public init(frame: CGRect) { super.init() }
  public required init?(coder: NSCoder) { nil }
  open var bounds: CGRect = .zero
  open var frame: CGRect = .zero
  open var alpha: CGFloat = 1
  open private(set) var subviews: [UIView] = []
  open var layer: CALayer { CALayer() }
  open class var layerClass: AnyClass { CALayer.self }
  open func layoutSubviews() {}
  open func setNeedsLayout() {}
  open func insertSubview(_ view: UIView, at index: Int) { subviews.insert(view, at: index) }
  open func removeFromSuperview() {}
}

/// CoreGraphics' on a Mac.
public final class CGContext {}

public final class UIGraphicsImageRendererContext {
  public let cgContext = CGContext()
}

@MainActor public final class UIGraphicsImageRenderer {
  /// What is drawn, whatever it is.
  public static var answer = Data()
  public init(size: CGSize) {}
  public func pngData(actions: (UIGraphicsImageRendererContext) -> Void) -> Data {
    actions(UIGraphicsImageRendererContext())
    return Self.answer
  }
}

/// CoreGraphics' on a Mac.
public final class CGImage {
  /// The pixel buffer that it was made of.
  public let source: AnyObject
  public init(of source: AnyObject) { self.source = source }
}

public final class UIImage: @unchecked Sendable {
  public let cgImage: CGImage?
  public init(cgImage: CGImage) { self.cgImage = cgImage }
}

@MainActor public final class UIApplication {
  public static let shared = UIApplication()
  public var isIdleTimerDisabled = false
  public nonisolated static let didEnterBackgroundNotification = Notification.Name("didEnterBackground")
  public nonisolated static let willEnterForegroundNotification = Notification.Name("willEnterForeground")
  public nonisolated static let didBecomeActiveNotification = Notification.Name("didBecomeActive")
}
