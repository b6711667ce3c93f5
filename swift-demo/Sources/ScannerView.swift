import AVFoundation
import SwiftUI
import UIKit

/// A camera that reads one QR code.
struct ScannerView: UIViewRepresentable {
  let found: @MainActor (String) -> Void

  func makeUIView(context: Context) -> ScannerPreview {
    ScannerPreview(found: found)
  }

  func updateUIView(_ view: ScannerPreview, context: Context) {}
}

final class ScannerPreview: UIView {
  private let session = AVCaptureSession()
  private let picture = AVCaptureVideoPreviewLayer()
  private let reader: CodeReader

  init(found: @escaping @MainActor (String) -> Void) {
    reader = CodeReader(found: found)
    super.init(frame: .zero)
    let output = AVCaptureMetadataOutput()
    guard let device = AVCaptureDevice.default(for: .video), let input = try? AVCaptureDeviceInput(device: device),
      session.canAddInput(input), session.canAddOutput(output)
    else { return }
    session.addInput(input)
    session.addOutput(output)
    output.setMetadataObjectsDelegate(reader, queue: .main)
    output.metadataObjectTypes = [.qr]
    picture.session = session
    layer.insertSublayer(picture, at: 0)
    let session = Carried(session)
    DispatchQueue.global().async { session.value.startRunning() }
  }

  @available(*, unavailable)
  required init?(coder: NSCoder) { nil }

  override func layoutSubviews() {
    super.layoutSubviews()
    picture.frame = bounds
  }
}

/// Started on another thread, as its documentation asks for.
private struct Carried: @unchecked Sendable {
  let value: AVCaptureSession

  init(_ value: AVCaptureSession) {
    self.value = value
  }
}

private final class CodeReader: NSObject, AVCaptureMetadataOutputObjectsDelegate, @unchecked Sendable {
  private let found: @MainActor (String) -> Void

  init(found: @escaping @MainActor (String) -> Void) {
    self.found = found
  }

  func metadataOutput(
    _ output: AVCaptureMetadataOutput, didOutput objects: [AVMetadataObject], from connection: AVCaptureConnection
  ) {
    guard let code = objects.first as? AVMetadataMachineReadableCodeObject, let text = code.stringValue else { return }
    Task { @MainActor [found] in found(text) }
  }
}
