import OnAir
import SwiftUI

/// Preview, controls, and what happens.
struct BroadcastScreen: View {
  @StateObject private var broadcast: Broadcast
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
      files
    }
    .task { await broadcast.follow() }
    .onDisappear { broadcast.leave() }
  }

  private var isOn: Bool { [.pending, .live, .reconnecting].contains(broadcast.state) }

  private var controls: some View {
    VStack {
      Slider(value: $broadcast.controls.zoom, in: 1...5)
      Toggle("Beauty", isOn: $broadcast.controls.isBeautiful)
      Slider(value: $broadcast.controls.beauty, in: 0...1)
      Slider(value: $broadcast.controls.bright, in: 0...1)
      Slider(value: $broadcast.controls.tone, in: 0...1)
      Toggle("Mirror", isOn: $broadcast.controls.isMirrored)
      Toggle("Watermark", isOn: $broadcast.controls.hasWatermark)
      Toggle("Torch", isOn: $broadcast.controls.hasTorch)
      Toggle("Mute", isOn: $broadcast.controls.isMuted)
      Button("Other camera") { broadcast.turn() }
    }
  }

  private var files: some View {
    VStack {
      Button(broadcast.isRecording ? "End the recording" : "Record") { Task { await broadcast.toggleRecording() } }
      Button("Take a picture") { Task { await broadcast.takePicture() } }
      Button("Keep the last half minute") { Task { await broadcast.saveClip() } }
    }
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
