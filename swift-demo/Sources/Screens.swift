import AVKit
import OnAir
import SwiftUI

/// Where one can go.
struct PlacesScreen: View {
  @ObservedObject var store: Store

  var body: some View {
    NavigationView {
      List {
        ForEach(store.places, id: \.self) { place in
          NavigationLink(destination: BroadcastScreen(place: place, video: store.video)) {
            Text("Broadcast to \(place.name)")
          }
          NavigationLink(destination: AudienceScreen(place: place)) { Text("Watch \(place.name)") }
        }
        NavigationLink(destination: RoomsScreen()) { Text("Who is live") }
        NavigationLink(destination: SettingsScreen(store: store)) { Text("Settings") }
      }
    }
  }
}

/// The platform's player, with chat and hearts below it.
struct AudienceScreen: View {
  let place: Place
  @State private var player: AVPlayer?

  var body: some View {
    VStack {
      VideoPlayer(player: player)
      Text(place.name)
      ChatView(place: place, isHost: false)
    }
    .task {
      guard let url = URL(string: place.watch) else { return }
      player = AVPlayer(url: url)
      player?.play()
    }
    .onDisappear { player?.pause() }
  }
}

/// The rooms of a server.
struct RoomsScreen: View {
  @State private var server = "http://"
  @State private var rooms: [ListedRoom] = []
  @State private var message = ""

  var body: some View {
    List {
      TextField("http://host:8080", text: $server)
      Button("Look") { Task { await look() } }
      Text(message)
      ForEach(rooms, id: \.self) { room in
        NavigationLink(destination: AudienceScreen(place: place(of: room))) {
          Text("\(room.title.isEmpty ? room.key : room.title), \(room.viewers) watch")
        }
      }
    }
  }

  private func place(of room: ListedRoom) -> Place {
    Place(name: room.title, publish: "", watch: "\(server)/live/\(room.key)/index.m3u8")
  }

  private func look() async {
    do {
      rooms = try await Directory.rooms(of: server)
      message = rooms.isEmpty ? "Nobody has a room open" : ""
    } catch { message = "\(error)" }
  }
}

/// A new place, typed or scanned, and how the picture is made.
struct SettingsScreen: View {
  @ObservedObject var store: Store
  @State private var name = ""
  @State private var publish = ""
  @State private var watch = ""
  @State private var isScanning = false
  @State private var verdict = ""

  var body: some View {
    Form {
      TextField("Name", text: $name)
      TextField("rtmp://host/app/key", text: $publish)
      TextField("http://host/hls/key.m3u8", text: $watch)
      Button("Scan a code") { isScanning = true }
      Button("Try the address") { Task { await look() } }
      Text(verdict)
      Button("Keep") { store.save(Place(name: name, publish: publish, watch: watch)) }
      Toggle("Landscape", isOn: $store.isLandscape)
      Picker("Quality", selection: $store.quality) {
        ForEach(VideoConfiguration.Quality.allCases, id: \.self) { Text("\($0)") }
      }
    }
    .sheet(isPresented: $isScanning) {
      ScannerView { text in
        isScanning = false
        fill(from: text)
      }
    }
  }

  private func fill(from text: String) {
    if text.hasPrefix("rtmp") { publish = text } else { watch = text }
  }

  private func look() async {
    do { verdict = try await Preflight.look(at: publish).verdict } catch { verdict = "\(error)" }
  }
}
