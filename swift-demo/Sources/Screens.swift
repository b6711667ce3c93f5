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
        NavigationLink(destination: SettingsScreen(store: store)) { Text("Settings") }
      }
    }
  }
}

/// The platform's player. Chat and hearts have their place below it.
struct AudienceScreen: View {
  let place: Place
  @State private var player: AVPlayer?

  var body: some View {
    VStack {
      VideoPlayer(player: player)
      Text(place.name)
    }
    .task {
      guard let url = URL(string: place.watch) else { return }
      player = AVPlayer(url: url)
      player?.play()
    }
    .onDisappear { player?.pause() }
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
