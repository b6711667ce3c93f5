import Foundation
internal import OnAirFFI

/// One broadcast at a time: started, stopped, started again. Every call may come from any thread and none waits for the
/// network but those that are `async`.
///
///     let session = try LiveSession(video: .medium3)
///     try await session.startLive(to: "rtmps://live.example.com/app/key")
public final class LiveSession: Sendable {
  /// What it was made for.
  public let audio: AudioConfiguration?
  /// What it was made for.
  public let video: VideoConfiguration?
  /// What it was made with.
  public let options: LiveOptions
  /// Told of everything on the main actor.
  @MainActor public weak var delegate: (any LiveSessionDelegate)?

  let core: OnAirFFI.LiveSession
  let handle: CoreHandle
  let hub = EventHub()
  let encoders: DeviceEncoders
  let stage = Stage()

  /// A session of these tracks; nil leaves one out.
  public init(
    audio: AudioConfiguration? = .default, video: VideoConfiguration? = .default,
    options: LiveOptions = LiveOptions()
  ) throws(LiveError) {
    self.audio = audio
    self.video = video
    self.options = options
    let made = try OnAir.core { try OnAirFFI.LiveSession(options: options.core(audio: audio, video: video)) }
    core = made
    handle = CoreHandle(number: made.nativeHandle())
    encoders = Self.encoders(for: handle, audio, video, options, tell: hub)
    Task.detached(priority: .userInitiated) { [core, hub, encoders] in
      while let event = await core.nextEvent() {
        let event = LiveEvent(event)
        encoders.obey(event)
        hub.publish(event)
      }
      hub.finish()
    }
    let events = hub.events().stream
    Task { @MainActor [weak self] in
      for await event in events {
        guard let self else { return }
        self.delegate?.deliver(event, of: self)
      }
    }
  }

  deinit {
    // The task above lets the core go, and with it whatever still runs.
    core.cancelEvents()
  }

  // MARK: On and off the air

  /// Goes live; returns when the server takes media. Frames may be pushed meanwhile. A task that is cancelled stops the
  /// session.
  ///
  /// - Throws: ``LiveError`` when it does not come to that, `CancellationError` when the task was cancelled.
  public func startLive(to url: String) async throws {
    try await startLive(to: [Destination(url: url)])
  }

  /// Goes live at one to eight places with one encode; returns when the first takes media.
  ///
  /// - Throws: ``LiveError`` when it does not come to that, `CancellationError` when the task was cancelled.
  public func startLive(to destinations: [Destination], sharedBitrate: Destination.SharedBitrate = .first) async throws
  {
    try Task.checkCancellation()
    // Before the start, so that no state is missed.
    let states = hub.states()
    try OnAir.core { try core.start(to: destinations.map(\.core), sharedBitrate: sharedBitrate.core) }
    try await withTaskCancellationHandler {
      // What a stream says may still be of a broadcast before; the core knows better.
      while await states.next() != nil {
        switch state {
        case .live, .reconnecting: return
        case .failed: throw core.lastError().map(LiveError.init) ?? .ended
        case .stopped, .ready:
          try Task.checkCancellation()
          throw LiveError.ended
        case .pending: continue
        }
      }
      throw LiveError.ended
    } onCancel: {
      Task.detached { [core] in await Self.waiting { core.stop() } }
    }
  }

  /// Ends the broadcast; returns within 300 ms in every state.
  public func stopLive() async {
    await Self.waiting { [core] in core.stop() }
  }

  /// Takes no more pushes, waits until everything accepted was sent or so many seconds have passed, then stops. True
  /// when everything was sent.
  @discardableResult
  public func finishLive(within seconds: Double = 5) async -> Bool {
    await Self.waiting { [core] in core.finish(deadlineMs: milliseconds(seconds)) }
  }

  /// Where the session stands.
  public var state: LiveState { LiveState(core.state()) }

  /// What ended the last broadcast, when it was an error.
  public var lastError: LiveError? { core.lastError().map(LiveError.init) }

  /// The present state, then each new one. Every call makes a stream of its own, which ends with the session and does
  /// not keep it. However slow its consumer is, the newest state gets there.
  public var states: AsyncStream<LiveState> { hub.states().stream }

  /// Everything that happens from now on. Every call makes a stream of its own, which ends with the session and does not
  /// keep it. A slow consumer loses old statistics and details first, states last.
  public var events: AsyncStream<LiveEvent> { hub.events().stream }

  /// Runs what blocks for a while on a thread that may.
  static func waiting<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async { continuation.resume(returning: body()) }
    }
  }
}

extension LiveSession {
  /// The encoders of this side, for what is pushed raw.
  private static func encoders(
    for handle: CoreHandle, _ audio: AudioConfiguration?, _ video: VideoConfiguration?, _ options: LiveOptions,
    tell hub: EventHub
  ) -> DeviceEncoders {
    #if canImport(VideoToolbox) && canImport(AVFoundation)
      guard DeviceEncoders.areUsed(options.encoder) else {
        return DeviceEncoders(video: nil, audio: nil, handle: handle)
      }
      let pictures = options.videoSource == .raw ? video : nil
      let sound = options.audioSource == .raw ? audio : nil
      return DeviceEncoders(
        video: pictures.map { video in
          VideoToolboxEncoder(video: video, codec: options.videoCodec, handle: handle) {
            hub.publish(.encoderFailed(.video, $0))
          }
        },
        audio: sound.map { audio in
          AACEncoder(audio: audio, handle: handle) { hub.publish(.encoderFailed(.audio, $0)) }
        },
        handle: handle)
    #else
      return DeviceEncoders()
    #endif
  }
}

extension LiveError {
  /// A start that somebody else stopped.
  static let ended = LiveError(
    code: 208, reason: "start: the session was stopped before it was live", advice: "start it again to go live")
}
