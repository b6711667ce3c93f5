// Stands for Apple's module on Linux: the signatures that the sources use. There is no microphone here.
// swift-format-ignore-file
import Foundation

public typealias AVAudioFrameCount = UInt32
public typealias AVAudioPacketCount = UInt32
public typealias AVAudioChannelCount = UInt32
public typealias AVAudioNodeBus = Int
public typealias AudioFormatID = UInt32
public let kAudioFormatMPEG4AAC: AudioFormatID = 0x6161_6320

public struct AudioStreamBasicDescription: Sendable {
  public init(
    mSampleRate: Double, mFormatID: AudioFormatID, mFormatFlags: UInt32, mBytesPerPacket: UInt32,
    mFramesPerPacket: UInt32, mBytesPerFrame: UInt32, mChannelsPerFrame: UInt32, mBitsPerChannel: UInt32,
    mReserved: UInt32
  ) {
    (self.mSampleRate, self.mChannelsPerFrame) = (mSampleRate, mChannelsPerFrame)
  }
  public var mSampleRate: Double
  public var mChannelsPerFrame: UInt32
}
public struct AudioStreamPacketDescription: Sendable {
  public var mStartOffset: Int64
  public var mVariableFramesInPacket: UInt32
  public var mDataByteSize: UInt32
}

public enum AVAudioCommonFormat: UInt, Sendable { case otherFormat, pcmFormatFloat32, pcmFormatFloat64, pcmFormatInt16 }

public final class AVAudioFormat: NSObject {
  public let sampleRate: Double
  public let channelCount: AVAudioChannelCount
  public let commonFormat: AVAudioCommonFormat
  public let isInterleaved: Bool
  public init?(
    commonFormat: AVAudioCommonFormat, sampleRate: Double, channels: AVAudioChannelCount, interleaved: Bool
  ) {
    (self.sampleRate, channelCount) = (sampleRate, channels)
    (self.commonFormat, isInterleaved) = (commonFormat, interleaved)
  }
  /// Floats in planes, 48 kHz: what `CMSampleBuffer.floats` are.
  public init(cmAudioFormatDescription description: CMFormatDescription) {
    (sampleRate, channelCount) = (48_000, description.channels)
    (commonFormat, isInterleaved) = (.pcmFormatFloat32, false)
  }
  public init?(streamDescription description: UnsafePointer<AudioStreamBasicDescription>) {
    (sampleRate, channelCount) = (description.pointee.mSampleRate, description.pointee.mChannelsPerFrame)
    (commonFormat, isInterleaved) = (.otherFormat, true)
  }
}

open class AVAudioBuffer: NSObject {
  public let format: AVAudioFormat
  init(_ format: AVAudioFormat) { self.format = format }
}
public final class AVAudioPCMBuffer: AVAudioBuffer {
  private let samples: UnsafeMutablePointer<Int16>
  private let channels: UnsafeMutablePointer<UnsafeMutablePointer<Int16>>
  private let floats: UnsafeMutablePointer<Float>
  private let planes: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  public init?(pcmFormat format: AVAudioFormat, frameCapacity: AVAudioFrameCount) {
    self.frameCapacity = frameCapacity
    let count = max(Int(frameCapacity * format.channelCount), 1)
    samples = .allocate(capacity: count)
    channels = .allocate(capacity: 1)
    channels.pointee = samples
    floats = .allocate(capacity: count)
    planes = .allocate(capacity: max(Int(format.channelCount), 1))
    for plane in 0..<Int(format.channelCount) { planes[plane] = floats + plane * Int(frameCapacity) }
    mutableAudioBufferList = .allocate(capacity: 1)
    super.init(format)
    mutableAudioBufferList.initialize(to: AudioBufferList(floats: floats))
  }
  deinit {
    samples.deallocate()
    channels.deallocate()
    floats.deallocate()
    planes.deallocate()
    mutableAudioBufferList.deallocate()
  }
  public let frameCapacity: AVAudioFrameCount
  public var frameLength: AVAudioFrameCount = 0
  public let mutableAudioBufferList: UnsafeMutablePointer<AudioBufferList>
  public var int16ChannelData: UnsafePointer<UnsafeMutablePointer<Int16>>? {
    format.commonFormat == .pcmFormatInt16 ? UnsafePointer(channels) : nil
  }
  public var floatChannelData: UnsafePointer<UnsafeMutablePointer<Float>>? {
    format.commonFormat == .pcmFormatFloat32 ? UnsafePointer(planes) : nil
  }
}
public final class AVAudioCompressedBuffer: AVAudioBuffer {
  private let bytes: UnsafeMutableRawPointer
  private let descriptions: UnsafeMutablePointer<AudioStreamPacketDescription>
  public init(format: AVAudioFormat, packetCapacity: AVAudioPacketCount, maximumPacketSize: Int) {
    bytes = .allocate(byteCount: maximumPacketSize * Int(packetCapacity), alignment: 16)
    descriptions = .allocate(capacity: Int(packetCapacity))
    super.init(format)
  }
  deinit {
    bytes.deallocate()
    descriptions.deallocate()
  }
  public var data: UnsafeMutableRawPointer { bytes }
  public var byteLength: UInt32 = 0
  public var packetCount: AVAudioPacketCount = 0
  public var packetDescriptions: UnsafeMutablePointer<AudioStreamPacketDescription>? { descriptions }
}

public enum AVAudioConverterInputStatus: Int, Sendable { case haveData, noDataNow, endOfStream }
public enum AVAudioConverterOutputStatus: Int, Sendable { case haveData, inputRanDry, endOfStream, error }
public typealias AVAudioConverterInputBlock = @Sendable (
  AVAudioPacketCount, UnsafeMutablePointer<AVAudioConverterInputStatus>
) -> AVAudioBuffer?

/// Takes what it is given; answers with packets of `answer`'s bytes, one for 1,024 samples.
public final class AVAudioConverter: NSObject {
  nonisolated(unsafe) public static var answer: [UInt8] = []
  nonisolated(unsafe) public static var made: [AVAudioConverter] = []
  /// Of an encoder to AAC: the first channel's samples that it was given.
  public private(set) var heard: [Int16] = []
  private let channels: Int
  public var bitRate = 0
  public var maximumOutputPacketSize: Int { 1536 }
  private var samples = 0
  public init?(from: AVAudioFormat, to: AVAudioFormat) {
    channels = Int(from.channelCount)
    super.init()
    Self.made.append(self)
  }
  public func reset() { samples = 0 }
  public func convert(to output: AVAudioPCMBuffer, from input: AVAudioPCMBuffer) throws {
    output.frameLength = input.frameLength
  }
  public func convert(
    to output: AVAudioBuffer, error: AutoreleasingPointer?, withInputFrom block: @escaping AVAudioConverterInputBlock
  ) -> AVAudioConverterOutputStatus {
    var status = AVAudioConverterInputStatus.haveData
    while samples < 1024 {
      guard let given = block(1024, &status) as? AVAudioPCMBuffer, status == .haveData else { return .inputRanDry }
      samples += Int(given.frameLength)
      if let data = given.int16ChannelData?.pointee, output is AVAudioCompressedBuffer {
        heard += (0..<Int(given.frameLength)).map { data[$0 * channels] }
      }
    }
    samples -= 1024
    guard let output = output as? AVAudioCompressedBuffer else { return .haveData }
    output.data.copyMemory(from: Self.answer, byteCount: Self.answer.count)
    output.byteLength = UInt32(Self.answer.count)
    output.packetCount = 1
    output.packetDescriptions?.pointee = AudioStreamPacketDescription(
      mStartOffset: 0, mVariableFramesInPacket: 0, mDataByteSize: output.byteLength)
    return .haveData
  }
}
/// AutoreleasingUnsafeMutablePointer<NSError?>, which only Apple's compilers have.
public typealias AutoreleasingPointer = UnsafeMutablePointer<NSError?>

public final class AVAudioTime: NSObject {
  public var isHostTimeValid: Bool { true }
  public var hostTime: UInt64 { 0 }
  public static func seconds(forHostTime time: UInt64) -> Double { 0 }
}
public typealias AVAudioNodeTapBlock = @Sendable (AVAudioPCMBuffer, AVAudioTime) -> Void
open class AVAudioNode: NSObject {
  public func installTap(
    onBus bus: AVAudioNodeBus, bufferSize: AVAudioFrameCount, format: AVAudioFormat?,
    block: @escaping AVAudioNodeTapBlock
  ) {}
  public func removeTap(onBus bus: AVAudioNodeBus) {}
  public func outputFormat(forBus bus: AVAudioNodeBus) -> AVAudioFormat {
    AVAudioFormat(commonFormat: .pcmFormatFloat32, sampleRate: 48000, channels: 1, interleaved: false)!
  }
}
public final class AVAudioInputNode: AVAudioNode {}
public final class AVAudioEngine: NSObject {
  public let inputNode = AVAudioInputNode()
  public func prepare() {}
  public func start() throws {}
  public func stop() {}
}

public final class AVAudioSession: NSObject {
  public struct Category: Hashable, Sendable { public static let playAndRecord = Self() }
  public struct Mode: Hashable, Sendable { public static let videoRecording = Self() }
  public struct CategoryOptions: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let allowBluetooth = Self(rawValue: 4), defaultToSpeaker = Self(rawValue: 8)
    public static let mixWithOthers = Self(rawValue: 1)
  }
  public enum InterruptionType: UInt, Sendable { case ended, began }
  public static func sharedInstance() -> AVAudioSession { AVAudioSession() }
  public func setCategory(_ category: Category, mode: Mode, options: CategoryOptions) throws {}
  public func setActive(_ active: Bool) throws {}
  public var isInputGainSettable: Bool { false }
  public func setInputGain(_ gain: Float) throws {}
  public static let interruptionNotification = Notification.Name("interruption")
  public static let routeChangeNotification = Notification.Name("routeChange")
  public static let mediaServicesWereResetNotification = Notification.Name("mediaServicesWereReset")
}
public let AVAudioSessionInterruptionTypeKey = "AVAudioSessionInterruptionTypeKey"
