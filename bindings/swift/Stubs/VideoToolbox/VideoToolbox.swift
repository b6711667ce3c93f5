// Stands for Apple's module on Linux: the signatures that the sources use, and fakes that tests look into.
// swift-format-ignore-file
@_exported import CoreMedia
import Foundation
import UIKit

public typealias VTSession = VTCompressionSession

/// Keeps what it was told; encodes nothing: what comes out is what a test put into `answer`.
public final class VTCompressionSession {
  public let width: Int32
  public let height: Int32
  public let codec: CMVideoCodecType
  public var properties: [String: AnyObject] = [:]
  public var forced: [Bool] = []
  public var status: OSStatus = noErr
  public var isInvalidated = false
  /// It takes pictures, and makes nothing of them.
  public var leavesOut = false
  nonisolated(unsafe) public static var made: [VTCompressionSession] = []
  nonisolated(unsafe) public static var answer: (CVImageBuffer, CMTime, Bool) -> CMSampleBuffer? = { _, _, _ in nil }

  init(_ width: Int32, _ height: Int32, _ codec: CMVideoCodecType) {
    (self.width, self.height, self.codec) = (width, height, codec)
  }
}

public struct VTEncodeInfoFlags: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static let frameDropped = Self(rawValue: 2)
}

public typealias VTCompressionOutputHandler = @Sendable (OSStatus, VTEncodeInfoFlags, CMSampleBuffer?) -> Void
public typealias VTCompressionOutputCallback = @convention(c) () -> Void

nonisolated(unsafe) public let kVTCompressionPropertyKey_RealTime: CFString = "RealTime"
nonisolated(unsafe) public let kVTCompressionPropertyKey_ProfileLevel: CFString = "ProfileLevel"
nonisolated(unsafe) public let kVTCompressionPropertyKey_AverageBitRate: CFString = "AverageBitRate"
nonisolated(unsafe) public let kVTCompressionPropertyKey_DataRateLimits: CFString = "DataRateLimits"
nonisolated(unsafe) public let kVTCompressionPropertyKey_MaxKeyFrameInterval: CFString = "MaxKeyFrameInterval"
nonisolated(unsafe) public let kVTCompressionPropertyKey_MaxKeyFrameIntervalDuration: CFString = "MaxKeyFrameDuration"
nonisolated(unsafe) public let kVTCompressionPropertyKey_ExpectedFrameRate: CFString = "ExpectedFrameRate"
nonisolated(unsafe) public let kVTCompressionPropertyKey_AllowFrameReordering: CFString = "AllowFrameReordering"
nonisolated(unsafe) public let kVTProfileLevel_H264_Main_AutoLevel: CFString = "H264_Main"
nonisolated(unsafe) public let kVTProfileLevel_H264_Baseline_AutoLevel: CFString = "H264_Baseline"
nonisolated(unsafe) public let kVTProfileLevel_HEVC_Main_AutoLevel: CFString = "HEVC_Main"
nonisolated(unsafe) public let kVTEncodeFrameOptionKey_ForceKeyFrame: CFString = "ForceKeyFrame"

public func VTCompressionSessionCreate(
  allocator: CFAllocator?, width: Int32, height: Int32, codecType: CMVideoCodecType,
  encoderSpecification: CFDictionary?, imageBufferAttributes: CFDictionary?, compressedDataAllocator: CFAllocator?,
  outputCallback: VTCompressionOutputCallback?, refcon: UnsafeMutableRawPointer?,
  compressionSessionOut: UnsafeMutablePointer<VTCompressionSession?>
) -> OSStatus {
  let session = VTCompressionSession(width, height, codecType)
  VTCompressionSession.made.append(session)
  compressionSessionOut.pointee = session
  return noErr
}

public func VTSessionSetProperty(_ session: VTSession, key: CFString, value: CFTypeRef?) -> OSStatus {
  session.properties[String(describing: key)] = value
  return noErr
}

@discardableResult
public func VTCompressionSessionPrepareToEncodeFrames(_ session: VTCompressionSession) -> OSStatus { noErr }

public func VTCompressionSessionEncodeFrame(
  _ session: VTCompressionSession, imageBuffer: CVImageBuffer, presentationTimeStamp: CMTime, duration: CMTime,
  frameProperties: CFDictionary?, infoFlagsOut: UnsafeMutablePointer<VTEncodeInfoFlags>?,
  outputHandler: @escaping VTCompressionOutputHandler
) -> OSStatus {
  guard session.status == noErr else { return session.status }
  let isForced = frameProperties?.object(forKey: kVTEncodeFrameOptionKey_ForceKeyFrame) != nil
  session.forced.append(isForced)
  guard !session.leavesOut else {
    outputHandler(noErr, .frameDropped, nil)
    return noErr
  }
  outputHandler(noErr, [], VTCompressionSession.answer(imageBuffer, presentationTimeStamp, isForced))
  return noErr
}

@discardableResult
public func VTCompressionSessionCompleteFrames(
  _ session: VTCompressionSession, untilPresentationTimeStamp: CMTime
) -> OSStatus { noErr }

public func VTCompressionSessionInvalidate(_ session: VTCompressionSession) { session.isInvalidated = true }

public func VTCreateCGImageFromCVPixelBuffer(
  _ buffer: CVPixelBuffer, options: CFDictionary?, imageOut: UnsafeMutablePointer<CGImage?>
) -> OSStatus {
  imageOut.pointee = CGImage(of: buffer)
  return noErr
}
