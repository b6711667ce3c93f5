// Stands for Apple's module on Linux: the signatures that the sources use, and fakes that tests look into.
// swift-format-ignore-file
@_exported import CoreVideo
import Foundation

public typealias CMTimeScale = Int32
public typealias CMItemCount = Int

public struct CMTime: Sendable {
  public var value: Int64
  public var timescale: CMTimeScale
  public var isValid: Bool { timescale > 0 }
  public var seconds: Double { Double(value) / Double(timescale) }
  public init(value: Int64, timescale: CMTimeScale) { (self.value, self.timescale) = (value, timescale) }
  public static let invalid = CMTime(value: 0, timescale: 0)
}

public struct CMTimeRoundingMethod: Sendable {
  public static let `default` = Self()
}

public func CMTimeConvertScale(_ time: CMTime, timescale: CMTimeScale, method: CMTimeRoundingMethod) -> CMTime {
  CMTime(value: time.value * Int64(timescale) / Int64(time.timescale), timescale: timescale)
}

public class CMFormatDescription {
  public var atoms: NSDictionary
  public var channels: UInt32 = 1
  public init(atoms: NSDictionary) { self.atoms = atoms }
}
public typealias CMVideoFormatDescription = CMFormatDescription
public typealias CMVideoCodecType = UInt32
public let kCMVideoCodecType_H264: CMVideoCodecType = 0x6176_6331
public let kCMVideoCodecType_HEVC: CMVideoCodecType = 0x6876_6331
nonisolated(unsafe) public let kCMFormatDescriptionExtension_SampleDescriptionExtensionAtoms: CFString = "Atoms"
nonisolated(unsafe) public let kCMSampleAttachmentKey_NotSync: CFString = "NotSync"

public func CMFormatDescriptionGetExtension(_ description: CMFormatDescription, extensionKey: CFString) -> CFTypeRef? {
  extensionKey == kCMFormatDescriptionExtension_SampleDescriptionExtensionAtoms ? description.atoms : nil
}

public final class CMBlockBuffer {
  let bytes: UnsafeMutablePointer<CChar>
  let count: Int
  public init(_ all: [UInt8]) {
    bytes = .allocate(capacity: all.count)
    count = all.count
    for (index, byte) in all.enumerated() { bytes[index] = CChar(bitPattern: byte) }
  }
  deinit { bytes.deallocate() }
}

public func CMBlockBufferGetDataPointer(
  _ buffer: CMBlockBuffer, atOffset: Int, lengthAtOffsetOut: UnsafeMutablePointer<Int>?,
  totalLengthOut: UnsafeMutablePointer<Int>?, dataPointerOut: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> OSStatus {
  lengthAtOffsetOut?.pointee = buffer.count
  totalLengthOut?.pointee = buffer.count
  dataPointerOut?.pointee = buffer.bytes
  return noErr
}

public func CMBlockBufferCopyDataBytes(
  _ buffer: CMBlockBuffer, atOffset: Int, dataLength: Int, destination: UnsafeMutableRawPointer
) -> OSStatus {
  destination.copyMemory(from: buffer.bytes + atOffset, byteCount: dataLength)
  return noErr
}

public final class CMSampleBuffer {
  public var image: CVImageBuffer?
  public var time: CMTime
  public var format: CMFormatDescription?
  public var data: CMBlockBuffer?
  public var isKey = false
  /// Of sound: planes, one after the other.
  public var floats: [Float] = []
  public init(image: CVImageBuffer?, time: CMTime) { (self.image, self.time) = (image, time) }
}

public func CMSampleBufferGetImageBuffer(_ sample: CMSampleBuffer) -> CVImageBuffer? { sample.image }
public func CMSampleBufferGetPresentationTimeStamp(_ sample: CMSampleBuffer) -> CMTime { sample.time }
public func CMSampleBufferGetDecodeTimeStamp(_ sample: CMSampleBuffer) -> CMTime { .invalid }
public func CMSampleBufferGetFormatDescription(_ sample: CMSampleBuffer) -> CMFormatDescription? { sample.format }
public func CMSampleBufferGetDataBuffer(_ sample: CMSampleBuffer) -> CMBlockBuffer? { sample.data }
public func CMSampleBufferDataIsReady(_ sample: CMSampleBuffer) -> Bool { true }
public func CMSampleBufferGetNumSamples(_ sample: CMSampleBuffer) -> CMItemCount {
  sample.floats.count / Int(sample.format?.channels ?? 1)
}
public func CMSampleBufferGetSampleAttachmentsArray(_ sample: CMSampleBuffer, createIfNecessary: Bool) -> CFArray? {
  NSArray(object: NSDictionary(object: NSNumber(value: !sample.isKey), forKey: kCMSampleAttachmentKey_NotSync))
}
public func CMSampleBufferCopyPCMDataIntoAudioBufferList(
  _ sample: CMSampleBuffer, at offset: Int32, frameCount: Int32, into list: UnsafeMutablePointer<AudioBufferList>
) -> OSStatus {
  list.pointee.floats.update(from: sample.floats, count: sample.floats.count)
  return noErr
}
public struct AudioBufferList {
  let floats: UnsafeMutablePointer<Float>
  public init(floats: UnsafeMutablePointer<Float>) { self.floats = floats }
}

public final class CMClock: @unchecked Sendable {}
public func CMClockGetHostTimeClock() -> CMClock { CMClock() }
public func CMClockGetTime(_ clock: CMClock) -> CMTime {
  CMTime(value: Int64(ProcessInfo.processInfo.systemUptime * 1_000_000), timescale: 1_000_000)
}
