import Foundation
import OnAir

#if canImport(CoreVideo)
  import CoreVideo
#endif
#if canImport(UIKit)
  import UIKit
#endif

/// LFLiveKit's callbacks, on the main thread. In Swift all are optional by default bodies.
#if canImport(ObjectiveC)
  @objc
#endif
@MainActor
public protocol LFLiveSessionDelegate: AnyObject {
  #if canImport(ObjectiveC)
    @objc optional func liveSession(_ session: LFLiveSession?, liveStateDidChange state: LFLiveState)
    @objc optional func liveSession(_ session: LFLiveSession?, debugInfo: LFLiveDebug?)
    @objc optional func liveSession(_ session: LFLiveSession?, errorCode: LFLiveSocketErrorCode)
  #else
    func liveSession(_ session: LFLiveSession?, liveStateDidChange state: LFLiveState)
    func liveSession(_ session: LFLiveSession?, debugInfo: LFLiveDebug?)
    func liveSession(_ session: LFLiveSession?, errorCode: LFLiveSocketErrorCode)
  #endif
}

#if !canImport(ObjectiveC)
  extension LFLiveSessionDelegate {
    public func liveSession(_ session: LFLiveSession?, liveStateDidChange state: LFLiveState) {}
    public func liveSession(_ session: LFLiveSession?, debugInfo: LFLiveDebug?) {}
    public func liveSession(_ session: LFLiveSession?, errorCode: LFLiveSocketErrorCode) {}
  }
#endif

/// LFLiveKit's session on top of OnAir's. For the main thread, as it was; ``session`` is the whole of OnAir.
#if canImport(ObjectiveC)
  @objc(LFLiveSession)@objcMembers
#endif
@MainActor
public final class LFLiveSession: NSObject {
  public weak var delegate: (any LFLiveSessionDelegate)?
  public private(set) var state = LFLiveState.ready
  public let captureType: UInt
  public private(set) var streamInfo = LFLiveStreamInfo()
  public var showDebugInfo = false
  /// Seconds between attempts; 0 for OnAir's own way. Counts until the session is first used, as ``adaptiveBitrate``.
  public var reconnectInterval: UInt = 0
  /// Attempts before it gives up; 0 for as many as fit into ten minutes.
  public var reconnectCount: UInt = 0
  /// Off as in LFLiveKit; OnAir's own session has it on.
  public var adaptiveBitrate = false
  /// Whether what is streamed is written to ``saveLocalVideoPath`` too; while it is streamed, from now on.
  public var saveLocalVideo = false {
    didSet { if saveLocalVideo != oldValue, isStreaming || !saveLocalVideo { record() } }
  }
  /// A file that does not exist yet: MP4, or FLV by its name.
  public var saveLocalVideoPath: URL?
  /// What LFLiveKit's codes cannot say.
  public private(set) var lastError: String?

  private let audio: LFLiveAudioConfiguration?
  private let video: LFLiveVideoConfiguration?
  private var wishes = Wishes()
  private var made: LiveSession?
  private var starting: Task<Void, Never>?

  public convenience init?(
    audioConfiguration: LFLiveAudioConfiguration?, videoConfiguration: LFLiveVideoConfiguration?
  ) {
    self.init(audioConfiguration: audioConfiguration, videoConfiguration: videoConfiguration, captureType: 3)
  }

  /// Nil when a kind is asked for that has no configuration. `captureType` is an ``LFLiveCaptureTypeMask``.
  public init?(
    audioConfiguration: LFLiveAudioConfiguration?, videoConfiguration: LFLiveVideoConfiguration?, captureType: UInt
  ) {
    let wantsAudio = captureType & 0b0101 != 0
    let wantsVideo = captureType & 0b1010 != 0
    guard wantsAudio || wantsVideo, !wantsAudio || audioConfiguration != nil, !wantsVideo || videoConfiguration != nil
    else { return nil }
    self.captureType = captureType
    audio = wantsAudio ? audioConfiguration : nil
    video = wantsVideo ? videoConfiguration : nil
    super.init()
  }

  // MARK: LFLiveKit's methods

  public func startLive(_ streamInfo: LFLiveStreamInfo?) {
    guard let streamInfo, let url = streamInfo.url, starting == nil, let session else { return }
    (streamInfo.audioConfiguration, streamInfo.videoConfiguration) = (audio, video)
    self.streamInfo = streamInfo
    // A start that is refused since one goes on leaves its file alone.
    let isFirst = !isStreaming
    // From the first picture on.
    if saveLocalVideo, isFirst { record() }
    starting = Task { [weak self] in
      do { try await session.startLive(to: url) } catch {
        // Nothing came: no file stays.
        if isFirst { _ = try? await session.stopRecording() }
        self?.tell(error)
      }
      self?.starting = nil
    }
  }

  /// Camera and preview stay, as in LFLiveKit.
  public func stopLive() {
    guard let session = made else { return }
    Task {
      await session.stopLive()
      await completeRecording()
    }
  }

  #if canImport(CoreVideo)
    public func pushVideo(_ pixelBuffer: CVPixelBuffer?) {
      guard captureType & 8 != 0, let pixelBuffer else { return }
      try? made?.pushVideo(pixelBuffer)
    }
  #endif

  /// Interleaved 16-bit samples at the configured rate.
  public func pushAudio(_ audioData: Data?) {
    guard captureType & 4 != 0, let audioData, let session = made, let audio = session.audio else { return }
    let now = CaptureTime.seconds(ProcessInfo.processInfo.systemUptime)
    audioData.withUnsafeBytes { bytes in
      try? session.pushAudio(
        bytes.bindMemory(to: Int16.self), sampleRate: audio.sampleRate, channels: audio.channels, at: now)
    }
  }

  // MARK: OnAir

  /// OnAir's session, for what LFLiveKit had no name for; nil when the configurations do not fit.
  #if canImport(ObjectiveC)
    @nonobjc
  #endif
  public var session: LiveSession? {
    if let made { return made }
    var options = LiveOptions()
    options.allowsPlaintext = true  // LFLiveKit knew nothing else.
    options.adaptiveBitrate = adaptiveBitrate ? .lag : .off
    options.reconnect.interval = reconnectInterval == 0 ? nil : Double(reconnectInterval)
    options.reconnect.count = reconnectCount == 0 ? nil : Int(reconnectCount)
    do {
      let session = try LiveSession(audio: audio?.onAir, video: video?.onAir, options: options)
      session.delegate = self
      made = session
      apply()
      return session
    } catch {
      tell(error)
      return nil
    }
  }

  /// Not what is only previewed.
  private var isStreaming: Bool {
    guard starting == nil, let made else { return starting != nil }
    return [.pending, .live, .reconnecting].contains(made.state)
  }

  private func record() {
    guard let session = made else { return }
    guard saveLocalVideo else {
      Task { await completeRecording() }
      return
    }
    guard let file = saveLocalVideoPath else { return }
    do { try session.startRecording(to: file) } catch { tell(error) }
  }

  private func completeRecording() async {
    do { try await made?.stopRecording() } catch { tell(error) }
  }

  private func tell(_ error: any Error) {
    guard let error = error as? LiveError else { return }
    lastError = error.description
    let code: LFLiveSocketErrorCode =
      switch error.code {
      case 202, 200, 215: .getStreamInfo
      case 204, 206, 213, 214: .verification
      case 205: .reConnectTimeOut
      case 207, 209, 210: .preView
      default: .connectSocket
      }
    #if canImport(ObjectiveC)
      delegate?.liveSession?(self, errorCode: code)
    #else
      delegate?.liveSession(self, errorCode: code)
    #endif
  }
}

extension LFLiveSession: LiveSessionDelegate {
  public func liveSession(_ session: LiveSession, liveStateDidChange state: LiveState) {
    self.state =
      switch state {
      case .ready: .ready
      case .pending: .pending
      case .live: .start
      case .reconnecting: .refresh
      case .stopped: .stop
      case .failed: .error
      }
    #if canImport(ObjectiveC)
      delegate?.liveSession?(self, liveStateDidChange: self.state)
    #else
      delegate?.liveSession(self, liveStateDidChange: self.state)
    #endif
  }

  public func liveSession(_ session: LiveSession, debugInfo all: LiveStatistics) {
    guard showDebugInfo else { return }
    let debug = LFLiveDebug()
    debug.streamId = streamInfo.streamId
    debug.uploadUrl = streamInfo.url
    debug.videoSize = video?.videoSize ?? .zero
    debug.elapsedMilli = 1000
    debug.timeStamp = all.elapsed * 1000
    debug.dataFlow = Double(all.bytesSent)
    debug.bandwidth = Double(all.bitrate) / 8
    debug.currentBandwidth = Double(all.bitrate) / 8
    debug.dropFrame = all.framesDropped + all.audioFramesDropped
    debug.totalFrame = all.framesSent + all.audioFramesSent
    debug.capturedAudioCount = all.audioFramesEncoded
    debug.capturedVideoCount = all.framesEncoded
    debug.currentCapturedVideoCount = Int(all.fps.rounded())
    debug.unSendCount = all.queueUnits
    #if canImport(ObjectiveC)
      delegate?.liveSession?(self, debugInfo: debug)
    #else
      delegate?.liveSession(self, debugInfo: debug)
    #endif
  }

  public func liveSession(_ session: LiveSession, error: LiveError) { tell(error) }
}

// MARK: LFLiveKit's properties

extension LFLiveSession {
  /// What is set before there is a session.
  struct Wishes {
    var running = false
    var muted = false
    var front = true
    var mirror = true
    var torch = false
    var zoom = 1.0
    var beautyFace = true
    var beautyLevel = 0.5
    var brightLevel = 0.5
    var preView: AnyObject?
    /// What was put into it.
    var shown: AnyObject?
    var mark: AnyObject?
  }

  public var running: Bool {
    get { wishes.running }
    set {
      wishes.running = newValue
      // What the app pushes needs no camera.
      if newValue, captureType & 3 != 0 { _ = session }
      apply()
    }
  }

  public var muted: Bool {
    get { wishes.muted }
    set { set(\.muted, newValue) }
  }

  /// True for the front camera: AVCaptureDevicePosition in LFLiveKit.
  public var captureDevicePositionIsFront: Bool {
    get { wishes.front }
    set { set(\.front, newValue) }
  }

  public var mirror: Bool {
    get { wishes.mirror }
    set { set(\.mirror, newValue) }
  }

  public var torch: Bool {
    get { wishes.torch }
    set { set(\.torch, newValue) }
  }

  public var zoomScale: Double {
    get { wishes.zoom }
    set { set(\.zoom, newValue) }
  }

  /// LFLiveKit's filter for faces, on what the camera sees.
  public var beautyFace: Bool {
    get { wishes.beautyFace }
    set { set(\.beautyFace, newValue) }
  }

  /// From 0 to 1; what is beyond is cut off.
  public var beautyLevel: Double {
    get { wishes.beautyLevel }
    set { set(\.beautyLevel, newValue) }
  }

  /// From 0 to 1, 0.5 as it is; what is beyond is cut off.
  public var brightLevel: Double {
    get { wishes.brightLevel }
    set { set(\.brightLevel, newValue) }
  }

  private func set<Value>(_ path: WritableKeyPath<Wishes, Value>, _ value: Value) {
    wishes[keyPath: path] = value
    apply()
  }

  private func apply() {
    guard let session = made else { return }
    session.muted = wishes.muted
    // What the app pushes goes out as it is.
    var beauty = session.look.beauty
    beauty.isOn = wishes.beautyFace && captureType & 2 != 0
    (beauty.level, beauty.bright) = (wishes.beautyLevel.cut, wishes.brightLevel.cut)
    // A look is a step of its own: one, and only when it is another.
    if beauty != session.look.beauty {
      do { try session.changeLook { $0.beauty = beauty } } catch { tell(error) }
    }
    #if canImport(AVFoundation) && canImport(UIKit)
      session.captureDevicePosition = wishes.front ? .front : .back
      session.mirror = wishes.mirror
      session.torch = wishes.torch
      session.zoomScale = wishes.zoom
      session.running = wishes.running && captureType & 3 != 0
    #endif
  }
}

extension Double {
  /// From 0 to 1; what is no number is the least.
  fileprivate var cut: Double { self > 0 ? min(self, 1) : 0 }
}

#if canImport(UIKit) && canImport(AVFoundation)
  extension LFLiveSession {
    /// The view that the preview is put into.
    public var preView: UIView? {
      get { wishes.preView as? UIView }
      set {
        wishes.preView = newValue
        (wishes.shown as? UIView)?.removeFromSuperview()
        guard let newValue, let session else { return }
        let preview = LivePreviewView()
        wishes.shown = preview
        preview.frame = newValue.bounds
        preview.session = session
        newValue.insertSubview(preview, at: 0)
      }
    }

    /// A view over the picture: its frame in pixels of the picture, its alpha how opaque it is. Drawn when it is set.
    /// LFLiveKit's spelling.
    public var warterMarkView: UIView? {
      get { wishes.mark as? UIView }
      set {
        wishes.mark = newValue
        applyMark()
      }
    }

    private func applyMark() {
      guard let session, let size = video?.videoSize, size.width > 0, size.height > 0 else { return }
      do { try session.setWatermark(warterMarkView.map { watermark($0, on: size) }) } catch { tell(error) }
    }

    private func watermark(_ view: UIView, on size: CGSize) -> Watermark {
      let image = UIGraphicsImageRenderer(size: view.frame.size).pngData { view.layer.render(in: $0.cgContext) }
      let corner = PicturePoint(x: view.frame.origin.x / size.width, y: view.frame.origin.y / size.height)
      return Watermark(
        image: image, position: corner, width: view.frame.size.width / size.width, opacity: Double(view.alpha))
    }

    /// The camera's newest picture as viewers get it, with beauty and ``warterMarkView``.
    public var currentImage: UIImage? { made?.currentImage.map { UIImage(cgImage: $0) } }
  }
#endif
