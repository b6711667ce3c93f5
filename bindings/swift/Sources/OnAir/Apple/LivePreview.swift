#if canImport(UIKit) && canImport(AVFoundation)
  @preconcurrency import AVFoundation
  import UIKit
  #if canImport(SwiftUI)
    import SwiftUI
  #endif

  /// What the camera sees. Give it a session, and set the session's `running`.
  @MainActor
  public final class LivePreviewView: UIView {
    private let picture = AVCaptureVideoPreviewLayer()

    public var session: LiveSession? {
      didSet {
        picture.session = session?.cameraSession
        layer.insertSublayer(picture, at: 0)
        setNeedsLayout()
      }
    }

    public override func layoutSubviews() {
      super.layoutSubviews()
      picture.frame = bounds
      picture.videoGravity = session?.previewMode == .fit ? .resizeAspect : .resizeAspectFill
    }

    /// Focuses and exposes by what lies under a point of this view.
    public func focus(at point: CGPoint) {
      let there = picture.captureDevicePointConverted(fromLayerPoint: point)
      let chosen = PicturePoint(x: Double(there.x), y: Double(there.y))
      session?.focusPoint = chosen
      session?.exposurePoint = chosen
    }
  }

  #if canImport(SwiftUI)
    /// The same for SwiftUI.
    public struct LivePreview: UIViewRepresentable {
      private let session: LiveSession

      public init(_ session: LiveSession) {
        self.session = session
      }

      public func makeUIView(context: Context) -> LivePreviewView {
        let view = LivePreviewView()
        view.session = session
        return view
      }

      public func updateUIView(_ view: LivePreviewView, context: Context) {
        if view.session !== session { view.session = session }
        view.setNeedsLayout()
      }
    }
  #endif
#endif
