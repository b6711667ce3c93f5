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
