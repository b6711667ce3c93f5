import OnAir
import SwiftUI

/// Preview, controls, and what happens.
struct BroadcastScreen: View {
  @StateObject private var broadcast: Broadcast
  @State private var zoom = 1.0
  @State private var beauty = 0.5
  @State private var bright = 0.5
  @State private var isMirrored = true
  @State private var hasTorch = false
  @State private var isMuted = false

  private let place: Place

  init(place: Place, video: VideoConfiguration) {
    self.place = place
    _broadcast = StateObject(wrappedValue: Broadcast(place: place, video: video))
  }

  var body: some View {
    VStack {
      if let session = broadcast.session {
        LivePreview(session)
      }
      Figures(broadcast: broadcast)
      // A stream that runs before its room is made keeps its name as the room's.
      if broadcast.state == .live {
        ChatView(place: place, isHost: true)
      }
      controls
      Button(isOn ? "Stop" : "Go live") { Task { isOn ? await broadcast.stop() : await broadcast.start() } }
      Button(broadcast.isRecording ? "End the recording" : "Record") { Task { await broadcast.toggleRecording() } }
    }
    .task { await broadcast.follow() }
    .onDisappear { broadcast.leave() }
  }

  private var isOn: Bool { [.pending, .live, .reconnecting].contains(broadcast.state) }

  private var controls: some View {
    VStack {
      Slider(value: $zoom, in: 1...5)
      Slider(value: $beauty, in: 0...1)
      Slider(value: $bright, in: 0...1)
      Toggle("Mirror", isOn: $isMirrored)
      Toggle("Torch", isOn: $hasTorch)
      Toggle("Mute", isOn: $isMuted)
      Button("Other camera") { turn() }
    }
    .onChange(of: zoom) { broadcast.session?.zoomScale = $0 }
    .onChange(of: beauty) { broadcast.session?.beautyLevel = $0 }
    .onChange(of: bright) { broadcast.session?.brightLevel = $0 }
    .onChange(of: isMirrored) { broadcast.session?.mirror = $0 }
    .onChange(of: hasTorch) { broadcast.session?.torch = $0 }
    .onChange(of: isMuted) { broadcast.session?.muted = $0 }
  }

  private func turn() {
    guard let session = broadcast.session else { return }
    session.captureDevicePosition = session.captureDevicePosition == .front ? .back : .front
  }
}

/// The session in numbers, and in its own words why they changed.
struct Figures: View {
  @ObservedObject var broadcast: Broadcast

  var body: some View {
    VStack {
      Text("\(broadcast.state)")
      if let figures = broadcast.statistics {
        Text("\(figures.bitrate / 1000) of \(figures.targetBitrate / 1000) kbit/s, \(Int(figures.fps.rounded())) fps")
        Text(
          "\(Int(figures.queueAge * 1000)) ms wait, \(figures.framesDropped) dropped, \(figures.reconnects) reconnects")
      }
      ForEach(broadcast.reasons, id: \.self) { Text($0) }
      if let failure = broadcast.failure {
        Text(failure)
      }
    }
  }
}
