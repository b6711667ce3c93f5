import Foundation
import OnAir
import SwiftUI

/// A place to broadcast to or to watch.
struct Place: Identifiable, Hashable, Codable {
  var id = UUID()
  var name: String
  /// `rtmp[s]://host/app/key`; holds the stream key.
  var publish: String
  /// `http://host/…/index.m3u8`.
  var watch: String

  /// Where comments and hearts are: the server of `watch`, and the stream's name as the room's.
  var talk: (server: String, key: String)? {
    guard let url = URL(string: watch), let host = url.host else { return nil }
    let scheme = url.scheme == "https" ? "wss" : "ws"
    let parts = url.pathComponents.filter { $0 != "/" }
    guard let key = parts.last == "index.m3u8" ? parts.dropLast().last : parts.last else { return nil }
    return ("\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")", key.replacingOccurrences(of: ".m3u8", with: ""))
  }
}

/// What the app remembers.
@MainActor
final class Store: ObservableObject {
  @Published var places: [Place]
  @Published var quality = VideoConfiguration.Quality.medium3
  @Published var isLandscape = false

  init() {
    let saved = UserDefaults.standard.data(forKey: Self.key)
    places = saved.flatMap { try? JSONDecoder().decode([Place].self, from: $0) } ?? []
  }

  func save(_ place: Place) {
    places.removeAll { $0.id == place.id }
    places.append(place)
    UserDefaults.standard.set(try? JSONEncoder().encode(places), forKey: Self.key)
  }

  var video: VideoConfiguration {
    VideoConfiguration(quality: quality, orientation: isLandscape ? .landscape : .portrait)
  }

  private static let key = "places"
}

/// One session and what the screen shows of it.
@MainActor
final class Broadcast: ObservableObject {
  @Published var state = LiveState.ready
  @Published var statistics: LiveStatistics?
  @Published var reasons: [String] = []
  @Published var failure: String?
  @Published var isRecording = false
  let session: LiveSession?
  private let place: Place

  init(place: Place, video: VideoConfiguration) {
    self.place = place
    do {
      session = try LiveSession(video: video)
    } catch {
      session = nil
      failure = error.description
    }
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
    isRecording = false
  }

  func toggleRecording() async {
    do {
      if isRecording {
        try await session?.stopRecording()
      } else {
        let name = "OnAir-\(Int(Date().timeIntervalSince1970)).flv"
        let folder = FileManager.default.urls(for: .documentDirectory, in: .userDomainMask)[0]
        try session?.startRecording(to: folder.appendingPathComponent(name))
      }
      isRecording.toggle()
    } catch { failure = "\(error)" }
  }

  func leave() {
    session?.running = false
    Task { [session] in await session?.stopLive() }
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
}
