// Stands for Apple's module on Linux: the signatures that the sources use.
// swift-format-ignore-file
import AVFoundation

public enum RPSampleBufferType: Int, Sendable {
  case video = 1
  case audioApp, audioMic
}
