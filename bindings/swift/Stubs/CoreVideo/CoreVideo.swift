// Stands for Apple's module on Linux: the signatures that the sources use, and fakes that tests look into.
// swift-format-ignore-file
import Foundation

public typealias OSType = UInt32
public typealias OSStatus = Int32
public typealias CVReturn = Int32
public typealias CFString = NSString
public typealias CFDictionary = NSDictionary
public typealias CFArray = NSArray
public typealias CFNumber = NSNumber
public typealias CFTypeRef = AnyObject
public typealias CFAllocator = NSObject
public let noErr: OSStatus = 0
public let kCVReturnSuccess: CVReturn = 0

public final class CVBuffer {
  public var format: OSType
  public var width: Int
  public var height: Int
  public var planes: [[UInt8]]

  public init(nv12Width width: Int, height: Int) {
    format = kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
    (self.width, self.height) = (width, height)
    planes = [[UInt8](repeating: 90, count: width * height), [UInt8](repeating: 128, count: width * height / 2)]
    addresses = planes.map { plane in
      let address = UnsafeMutableRawPointer.allocate(byteCount: plane.count, alignment: 16)
      address.copyMemory(from: plane, byteCount: plane.count)
      return address
    }
  }

  fileprivate let addresses: [UnsafeMutableRawPointer]
  public var attachments: [String: String] = [:]

  /// What is in a plane now.
  public func bytes(_ plane: Int) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: addresses[plane], count: planes[plane].count))
  }

  deinit { for address in addresses { address.deallocate() } }
}

public typealias CVImageBuffer = CVBuffer
public typealias CVPixelBuffer = CVBuffer

public struct CVPixelBufferLockFlags: OptionSet, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let readOnly = Self(rawValue: 1)
}

public let kCVPixelFormatType_420YpCbCr8BiPlanarFullRange: OSType = 0x3432_3066
public let kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange: OSType = 0x3432_3076
public let kCVPixelFormatType_32BGRA: OSType = 0x4247_5241
/// CFString on a Mac; used as a String only.
public let kCVPixelBufferPixelFormatTypeKey = "PixelFormatType"
public let kCVPixelBufferWidthKey = "Width"
public let kCVPixelBufferHeightKey = "Height"
public let kCVPixelBufferIOSurfacePropertiesKey = "IOSurfaceProperties"
nonisolated(unsafe) public let kCVImageBufferYCbCrMatrixKey: CFString = "CVImageBufferYCbCrMatrix"
nonisolated(unsafe) public let kCVImageBufferYCbCrMatrix_ITU_R_709_2: CFString = "ITU_R_709_2"

public enum CVAttachmentMode: UInt32, Sendable { case shouldNotPropagate, shouldPropagate }

public func CVBufferPropagateAttachments(_ source: CVBuffer, _ target: CVBuffer) {
  target.attachments.merge(source.attachments) { _, new in new }
}
public func CVBufferSetAttachment(_ buffer: CVBuffer, _ key: CFString, _ value: CFTypeRef, _ mode: CVAttachmentMode) {
  buffer.attachments[String(describing: key)] = String(describing: value)
}

/// Makes a new one each time; counts them.
public final class CVPixelBufferPool {
  nonisolated(unsafe) public static var made = 0
  let width: Int
  let height: Int
  init(_ width: Int, _ height: Int) { (self.width, self.height) = (width, height) }
}
public func CVPixelBufferPoolCreate(
  _ allocator: CFAllocator?, _ poolAttributes: CFDictionary?, _ attributes: CFDictionary?,
  _ out: UnsafeMutablePointer<CVPixelBufferPool?>
) -> CVReturn {
  let side = { (key: String) in (attributes?.object(forKey: key as NSString) as? NSNumber)?.intValue ?? 0 }
  out.pointee = CVPixelBufferPool(side(kCVPixelBufferWidthKey), side(kCVPixelBufferHeightKey))
  return kCVReturnSuccess
}
public func CVPixelBufferPoolCreatePixelBuffer(
  _ allocator: CFAllocator?, _ pool: CVPixelBufferPool, _ out: UnsafeMutablePointer<CVPixelBuffer?>
) -> CVReturn {
  CVPixelBufferPool.made += 1
  out.pointee = CVBuffer(nv12Width: pool.width, height: pool.height)
  return kCVReturnSuccess
}

public func CVPixelBufferLockBaseAddress(_ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags) -> CVReturn { 0 }
@discardableResult
public func CVPixelBufferUnlockBaseAddress(_ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags) -> CVReturn { 0 }
public func CVPixelBufferGetPixelFormatType(_ buffer: CVPixelBuffer) -> OSType { buffer.format }
public func CVPixelBufferGetWidth(_ buffer: CVPixelBuffer) -> Int { buffer.width }
public func CVPixelBufferGetHeight(_ buffer: CVPixelBuffer) -> Int { buffer.height }
public func CVPixelBufferGetBaseAddress(_ buffer: CVPixelBuffer) -> UnsafeMutableRawPointer? { buffer.addresses[0] }
public func CVPixelBufferGetBytesPerRow(_ buffer: CVPixelBuffer) -> Int { buffer.width }
public func CVPixelBufferGetBaseAddressOfPlane(_ buffer: CVPixelBuffer, _ plane: Int) -> UnsafeMutableRawPointer? {
  buffer.addresses[plane]
}
public func CVPixelBufferGetBytesPerRowOfPlane(_ buffer: CVPixelBuffer, _ plane: Int) -> Int { buffer.width }
public func CVPixelBufferGetHeightOfPlane(_ buffer: CVPixelBuffer, _ plane: Int) -> Int {
  plane == 0 ? buffer.height : buffer.height / 2
}
