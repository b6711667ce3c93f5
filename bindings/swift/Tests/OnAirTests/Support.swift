import Foundation
import OnAir

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// With the core's own encoders, which take memory: the device's want pixel buffers.
let desk = {
  var options = LiveOptions()
  options.encoder = .core
  return options
}()

/// A port of this machine that takes connections and never says a word.
final class SilentServer: Sendable {
  let port: Int
  private let socket: Int32

  init() {
    (socket, port) = listen()
  }

  deinit { close(socket) }

  var url: String { "rtmp://127.0.0.1:\(port)/live/key" }
}

/// An address where nobody listens.
func refusedURL() -> String {
  let (socket, port) = listen()
  close(socket)
  return "rtmp://127.0.0.1:\(port)/live/key"
}

private func listen() -> (Int32, Int) {
  #if canImport(Glibc)
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  #else
    let socket = Darwin.socket(AF_INET, SOCK_STREAM, 0)
  #endif
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      precondition(bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0, "no port")
    }
  }
  #if canImport(Glibc)
    precondition(Glibc.listen(socket, 64) == 0, "a bound socket listens")
  #else
    precondition(Darwin.listen(socket, 64) == 0, "a bound socket listens")
  #endif
  return (socket, Int(UInt16(bigEndian: address.sin_port)))
}

/// A moving picture in NV12.
struct Pattern {
  let width: Int
  let height: Int
  private var bytes: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    bytes = [UInt8](repeating: 128, count: width * height * 3 / 2)
  }

  /// Draws picture `number`: a slope that moves, and a bar that moves faster.
  mutating func draw(_ number: Int) {
    let (width, height) = (width, height)
    bytes.withUnsafeMutableBufferPointer { bytes in
      for row in 0..<height {
        let base = row * width
        for column in 0..<width { bytes[base + column] = UInt8(16 + (row + column + 2 * number) % 200) }
        let bar = (number * 5) % (width - 8)
        for column in bar..<bar + 8 { bytes[base + column] = 235 }
      }
    }
  }

  func push(to session: LiveSession, at time: CaptureTime) throws(LiveError) {
    let (width, height) = (width, height)
    let result = bytes.withUnsafeBytes { bytes in
      let luma = UnsafeRawBufferPointer(rebasing: bytes[..<(width * height)])
      let chroma = UnsafeRawBufferPointer(rebasing: bytes[(width * height)...])
      let frame = VideoFrame.nv12(
        width: width, height: height, y: Plane(luma, bytesPerRow: width), uv: Plane(chroma, bytesPerRow: width))
      return Result { () throws(LiveError) in try session.pushVideo(frame, at: time) }
    }
    try result.get()
  }
}

/// A tone of 440 Hz in stereo.
struct Tone {
  let sampleRate: Int
  private var phase = 0.0

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
  }

  mutating func samples(_ count: Int) -> [Int16] {
    var samples: [Int16] = []
    samples.reserveCapacity(count * 2)
    for _ in 0..<count {
      let value = Int16(8000 * sin(phase))
      samples += [value, value]
      phase += 2 * .pi * 440 / Double(sampleRate)
    }
    return samples
  }

  func push(_ samples: [Int16], to session: LiveSession, at time: CaptureTime) throws(LiveError) {
    let result = samples.withUnsafeBufferPointer { samples in
      Result { () throws(LiveError) in
        try session.pushAudio(samples, sampleRate: sampleRate, channels: 2, at: time)
      }
    }
    try result.get()
  }
}

/// Pushes so many seconds of pattern and tone, as fast as a camera would.
func show(_ session: LiveSession, seconds: Int) async throws {
  guard let video = session.video, let audio = session.audio else { return }
  var pattern = Pattern(width: video.width, height: video.height)
  var tone = Tone(sampleRate: audio.sampleRate)
  let began = ContinuousClock.now
  var samplesPushed = 0
  for number in 0..<seconds * video.fps {
    let micros = number * 1_000_000 / video.fps
    try await Task.sleep(until: began + .microseconds(micros))
    pattern.draw(number)
    try pattern.push(to: session, at: CaptureTime(microseconds: Int64(micros)))
    while samplesPushed * 1_000_000 / audio.sampleRate <= micros {
      let time = CaptureTime(microseconds: Int64(samplesPushed * 1_000_000 / audio.sampleRate))
      try tone.push(tone.samples(1024), to: session, at: time)
      samplesPushed += 1024
    }
  }
}
