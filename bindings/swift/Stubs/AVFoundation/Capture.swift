// Stands for Apple's module on Linux: the signatures that the sources use. There is no camera here.
// swift-format-ignore-file
@_exported import CoreMedia
import Foundation
@_exported import UIKit

public struct AVMediaType: Hashable, Sendable {
  public static let video = Self()
}

open class AVCaptureDevice: NSObject {
  public enum Position: Int, Sendable { case unspecified, back, front }
  public enum TorchMode: Int, Sendable { case off, on, auto }
  public enum FocusMode: Int, Sendable { case locked, autoFocus, continuousAutoFocus }
  public enum ExposureMode: Int, Sendable { case locked, autoExpose, continuousAutoExposure }
  public struct DeviceType: Hashable, Sendable { public static let builtInWideAngleCamera = Self() }
  public final class Format: NSObject { public var videoMaxZoomFactor: CGFloat { 1 } }

  public class func `default`(_ type: DeviceType, for media: AVMediaType?, position: Position) -> AVCaptureDevice? {
    nil
  }
  public class func requestAccess(for media: AVMediaType, completionHandler: @escaping @Sendable (Bool) -> Void) {
    completionHandler(false)
  }
  public func lockForConfiguration() throws {}
  public func unlockForConfiguration() {}
  public var position: Position { .unspecified }
  public var hasTorch: Bool { false }
  public var isTorchAvailable: Bool { false }
  public var torchMode: TorchMode = .off
  public var videoZoomFactor: CGFloat = 1
  public var activeFormat: Format { Format() }
  public var activeVideoMinFrameDuration = CMTime.invalid
  public var activeVideoMaxFrameDuration = CMTime.invalid
  public var isFocusPointOfInterestSupported: Bool { false }
  public var focusPointOfInterest = CGPoint.zero
  public func isFocusModeSupported(_ mode: FocusMode) -> Bool { false }
  public var focusMode = FocusMode.locked
  public var isExposurePointOfInterestSupported: Bool { false }
  public var exposurePointOfInterest = CGPoint.zero
  public func isExposureModeSupported(_ mode: ExposureMode) -> Bool { false }
  public var exposureMode = ExposureMode.locked
}

open class AVCaptureInput: NSObject {}
public final class AVCaptureDeviceInput: AVCaptureInput {
  public init(device: AVCaptureDevice) throws {}
}
open class AVCaptureOutput: NSObject {
  public func connection(with media: AVMediaType) -> AVCaptureConnection? { nil }
}
public enum AVCaptureVideoOrientation: Int, Sendable {
  case portrait = 1
  case portraitUpsideDown, landscapeRight, landscapeLeft
}
public final class AVCaptureConnection: NSObject {
  public var isVideoOrientationSupported: Bool { false }
  public var videoOrientation = AVCaptureVideoOrientation.portrait
  public var isVideoMirroringSupported: Bool { false }
  public var automaticallyAdjustsVideoMirroring = true
  public var isVideoMirrored = false
}
public protocol AVCaptureVideoDataOutputSampleBufferDelegate: NSObjectProtocol {
  func captureOutput(
    _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection)
}
public final class AVCaptureVideoDataOutput: AVCaptureOutput {
  public var videoSettings: [String: Any]! = [:]
  public var alwaysDiscardsLateVideoFrames = true
  public func setSampleBufferDelegate(
    _ delegate: (any AVCaptureVideoDataOutputSampleBufferDelegate)?, queue: DispatchQueue?
  ) {}
}
public final class AVCaptureSession: NSObject {
  public struct Preset: Hashable, Sendable {
    public static let vga640x480 = Self(), iFrame960x540 = Self(), hd1280x720 = Self(), hd1920x1080 = Self()
    public static let high = Self()
  }
  public var sessionPreset = Preset.high
  public var inputs: [AVCaptureInput] { [] }
  public var automaticallyConfiguresApplicationAudioSession = true
  public func canSetSessionPreset(_ preset: Preset) -> Bool { true }
  public func beginConfiguration() {}
  public func commitConfiguration() {}
  public func canAddInput(_ input: AVCaptureInput) -> Bool { true }
  public func addInput(_ input: AVCaptureInput) {}
  public func removeInput(_ input: AVCaptureInput) {}
  public func canAddOutput(_ output: AVCaptureOutput) -> Bool { true }
  public func addOutput(_ output: AVCaptureOutput) {}
  public func startRunning() {}
  public func stopRunning() {}
}
public enum AVLayerVideoGravity: Sendable { case resizeAspect, resizeAspectFill }
public final class AVCaptureVideoPreviewLayer: CALayer, @unchecked Sendable {
  public var session: AVCaptureSession?
  public var videoGravity = AVLayerVideoGravity.resizeAspect
  public func captureDevicePointConverted(fromLayerPoint point: CGPoint) -> CGPoint { point }
}

// What the demo's scanner uses.
public final class AVCaptureMetadataOutput: AVCaptureOutput {
  public var metadataObjectTypes: [AVMetadataObject.ObjectType]! = []
  public func setMetadataObjectsDelegate(
    _ delegate: (any AVCaptureMetadataOutputObjectsDelegate)?, queue: DispatchQueue?
  ) {}
}
open class AVMetadataObject: NSObject {
  public struct ObjectType: Hashable, Sendable { public static let qr = Self() }
}
public final class AVMetadataMachineReadableCodeObject: AVMetadataObject {
  public var stringValue: String? { nil }
}
public protocol AVCaptureMetadataOutputObjectsDelegate: NSObjectProtocol {
  func metadataOutput(
    _ output: AVCaptureMetadataOutput, didOutput metadataObjects: [AVMetadataObject], from connection: AVCaptureConnection)
}
extension AVCaptureDevice {
  public class func `default`(for media: AVMediaType) -> AVCaptureDevice? { nil }
}
