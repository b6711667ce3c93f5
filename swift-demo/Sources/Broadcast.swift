import Foundation
import OnAir
import SwiftUI

/// What the sliders and switches of the broadcast screen stand at.
struct Controls: Equatable {
  var zoom = 1.0
  var isBeautiful = true
  var beauty = 0.5
  var bright = 0.5
  var tone = 0.5
  var isMirrored = true
  var hasTorch = false
  var isMuted = false
  var hasWatermark = false
}

/// One session and what the screen shows of it.
@MainActor
final class Broadcast: ObservableObject {
  @Published var state = LiveState.ready
  @Published var statistics: LiveStatistics?
  @Published var reasons: [String] = []
  @Published var failure: String?
  @Published var isRecording = false
  @Published var controls = Controls() {
    didSet { apply() }
  }
  let session: LiveSession?
  private let place: Place
  private let folder: URL

  init(place: Place, video: VideoConfiguration, options: LiveOptions = LiveOptions(), folder: URL? = nil) {
    self.place = place
    self.folder = folder ?? FileManager.default.urls(for: .documentDirectory, in: .userDomainMask)[0]
    do {
      let made = try LiveSession(video: video, options: options)
      try made.keepClip(seconds: 30)
      session = made
    } catch {
      session = nil
      failure = error.description
    }
    apply()
  }

  /// Until the screen goes.
  func follow() async {
    guard let session else { return }
    session.running = true
    for await event in session.events { show(event) }
  }

  func start() async {
    failure = nil
    do { try await session?.startLive(to: place.publish) } catch { failure = "\(error)" }
  }

  func stop() async {
    await session?.stopLive()
    if isRecording { await toggleRecording() }
  }

  func toggleRecording() async {
    await told {
      if isRecording {
        // Over, whether or not it ended well.
        isRecording = false
        try await session?.stopRecording()
      } else {
        try session?.startRecording(to: file("mp4"))
        isRecording = true
      }
    }
  }

  /// The next picture as viewers get it, as a file.
  func takePicture() async {
    await told { try await session?.snapshot(.jpeg(quality: 90)).write(to: file("jpg")) }
  }

  /// The last half minute, as a file.
  func saveClip() async {
    await told { try await session?.saveClip(RecordingSettings(file: file("mp4"))) }
  }

  func turn() {
    guard let session else { return }
    session.captureDevicePosition = session.captureDevicePosition == .front ? .back : .front
  }

  func leave() {
    session?.running = false
    Task { [session] in await session?.stopLive() }
  }

  private func apply() {
    guard let session else { return }
    session.zoomScale = controls.zoom
    session.mirror = controls.isMirrored
    session.torch = controls.hasTorch
    session.muted = controls.isMuted
    var beauty = session.look.beauty
    beauty.isOn = controls.isBeautiful
    (beauty.level, beauty.bright, beauty.tone) = (controls.beauty, controls.bright, controls.tone)
    // One look a step, and none for a slider of something else.
    if beauty != session.look.beauty {
      do { try session.changeLook { $0.beauty = beauty } } catch { failure = error.description }
    }
    if controls.hasWatermark != (session.watermark != nil) {
      session.watermark = controls.hasWatermark ? Self.mark : nil
    }
  }

  private func told(_ body: () async throws -> Void) async {
    do { try await body() } catch { failure = "\(error)" }
  }

  private func file(_ kind: String) -> URL {
    folder.appendingPathComponent("OnAir-\(UUID().uuidString).\(kind)")
  }

  private func show(_ event: LiveEvent) {
    switch event {
    case .stateChanged(let state): self.state = state
    case .statistics(let figures): statistics = figures
    case .bitrateChanged(_, _, let bitrate, let reason): note("\(bitrate / 1000) kbit/s: \(reason)")
    case .paceChanged(_, _, let reason), .other(let reason): note(reason)
    case .lost(_, let error, _, let retry):
      note(retry.map { "\(error.reason); again in \(String(format: "%.1f", $0)) s" } ?? error.reason)
    case .encoderFailed(_, let error), .recordingFailed(let error): failure = error.description
    default: break
    }
  }

  private func note(_ reason: String) {
    reasons = Array((reasons + [reason]).suffix(5))
  }

  /// A red dot in the left upper corner.
  private static let mark = Watermark(
    image: Data(base64Encoded: dot) ?? Data(), position: PicturePoint(x: 0.04, y: 0.03), width: 0.12, opacity: 0.8)

  private static let dot =
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAAyElEQVR42s2XsQ3EIAxFMwHbXJExGIFZWMErZBcWucorIOVcGAlFRApH4Lt4TRT0"
    + "n4ID9vbdPxuS3gVeICEJLGSF9RnpO68KOCFqyPkQ1jVuVCB0BrdEwr8CNBB8hXoFjhfDC8dTAZoQfvslWnt+TibcCbjBguspTNcSiAvCC7ElwAsF"
    + "+CrgF4YXfC1AAAGqBRJAINUCDBDgWiADBLIpAfgWwIsQ/hvCDyL4UWziMoJfx/CGxERLZqIpNdGWmxhMTIxmJobTqfwAPMwMBbY8p6EAAAAASUVO"
    + "RK5CYII="
}
