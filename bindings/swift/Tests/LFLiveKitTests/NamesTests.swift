import LFLiveKit
import XCTest

/// LFLiveKit's public names, table by table: this compiles only while all of them are there.
final class NamesTests: XCTestCase {
  func testValuesOfEnumerations() {
    let values: [(UInt, UInt)] = [
      (LFLiveState.ready.rawValue, 0), (LFLiveState.pending.rawValue, 1), (LFLiveState.start.rawValue, 2),
      (LFLiveState.stop.rawValue, 3), (LFLiveState.error.rawValue, 4), (LFLiveState.refresh.rawValue, 5),
      (LFLiveSocketErrorCode.preView.rawValue, 201), (LFLiveSocketErrorCode.getStreamInfo.rawValue, 202),
      (LFLiveSocketErrorCode.connectSocket.rawValue, 203), (LFLiveSocketErrorCode.verification.rawValue, 204),
      (LFLiveSocketErrorCode.reConnectTimeOut.rawValue, 205), (LFLiveCaptureType.captureAudio.rawValue, 0),
      (LFLiveCaptureType.captureVideo.rawValue, 1), (LFLiveCaptureType.inputAudio.rawValue, 2),
      (LFLiveCaptureType.inputVideo.rawValue, 3), (LFLiveCaptureTypeMask.captureMaskAudio.rawValue, 1),
      (LFLiveCaptureTypeMask.captureMaskVideo.rawValue, 2), (LFLiveCaptureTypeMask.inputMaskAudio.rawValue, 4),
      (LFLiveCaptureTypeMask.inputMaskVideo.rawValue, 8), (LFLiveCaptureTypeMask.captureMaskAll.rawValue, 3),
      (LFLiveCaptureTypeMask.inputMaskAll.rawValue, 12), (LFLiveCaptureTypeMask.captureDefaultMask.rawValue, 3),
      (LFLiveCaptureTypeMask.captureMaskAudioInputVideo.rawValue, 9),
      (LFLiveCaptureTypeMask.captureMaskVideoInputAudio.rawValue, 6), (LFLiveAudioBitRate.rate32Kbps.rawValue, 32000),
      (LFLiveAudioBitRate.rate64Kbps.rawValue, 64000), (LFLiveAudioBitRate.rate96Kbps.rawValue, 96000),
      (LFLiveAudioBitRate.rate128Kbps.rawValue, 128_000), (LFLiveAudioBitRate.default.rawValue, 96000),
      (LFLiveAudioSampleRate.rate16000Hz.rawValue, 16000), (LFLiveAudioSampleRate.rate44100Hz.rawValue, 44100),
      (LFLiveAudioSampleRate.rate48000Hz.rawValue, 48000), (LFLiveAudioSampleRate.default.rawValue, 44100),
      (LFLiveAudioQuality.low.rawValue, 0), (LFLiveAudioQuality.medium.rawValue, 1),
      (LFLiveAudioQuality.high.rawValue, 2), (LFLiveAudioQuality.veryHigh.rawValue, 3),
      (LFLiveAudioQuality.default.rawValue, 2), (LFLiveVideoSessionPreset.preset360x640.rawValue, 0),
      (LFLiveVideoSessionPreset.preset540x960.rawValue, 1), (LFLiveVideoSessionPreset.preset720x1280.rawValue, 2),
      (LFLiveVideoQuality.low1.rawValue, 0), (LFLiveVideoQuality.low2.rawValue, 1),
      (LFLiveVideoQuality.low3.rawValue, 2), (LFLiveVideoQuality.medium1.rawValue, 3),
      (LFLiveVideoQuality.medium2.rawValue, 4), (LFLiveVideoQuality.medium3.rawValue, 5),
      (LFLiveVideoQuality.high1.rawValue, 6), (LFLiveVideoQuality.high2.rawValue, 7),
      (LFLiveVideoQuality.high3.rawValue, 8), (LFLiveVideoQuality.default.rawValue, 1),
    ]
    for (value, wanted) in values { XCTAssertEqual(value, wanted) }
  }

  func testNamesOfConfigurations() {
    let audio = LFLiveAudioConfiguration.default()
    XCTAssertEqual([audio.numberOfChannels, audio.bufferLength], [2, 4096])
    XCTAssertEqual([audio.audioSampleRate.rawValue, audio.audioBitrate.rawValue], [44100, 128_000])
    XCTAssertEqual(audio.asc, Data([0x12, 0x10]))
    let video = LFLiveVideoConfiguration.defaultConfiguration(for: .medium3, landscape: true)
    XCTAssertTrue(video.landscape)
    XCTAssertEqual(video.videoSize, CGSize(width: 960, height: 540))
    XCTAssertEqual([video.videoFrameRate, video.videoMinFrameRate, video.videoMaxKeyframeInterval], [30, 15, 60])
    XCTAssertEqual(
      [video.videoBitRate, video.videoMinBitRate, video.videoMaxBitRate], [1_000_000, 500_000, 1_200_000])
    XCTAssertEqual([video.videoSizeRespectingAspectRatio, video.autorotate], [false, false])
    XCTAssertEqual(video.sessionPreset, .preset540x960)
    XCTAssertEqual(video.avSessionPreset, "AVCaptureSessionPresetiFrame960x540")
    XCTAssertGreaterThanOrEqual(video.videoMaxFrameRate, 30)
    let info = LFLiveStreamInfo()
    (info.streamId, info.host, info.port, info.url) = ("id", "host", 1935, "rtmp://host/app/key")
    XCTAssertNil(info.audioConfiguration)
    XCTAssertNil(info.videoConfiguration)
    let debug = LFLiveDebug()
    XCTAssertEqual(
      [
        debug.elapsedMilli, debug.timeStamp, debug.dataFlow, debug.bandwidth, debug.currentBandwidth,
        Double(debug.dropFrame), Double(debug.totalFrame), Double(debug.capturedAudioCount),
        Double(debug.capturedVideoCount), Double(debug.currentCapturedAudioCount),
        Double(debug.currentCapturedVideoCount), Double(debug.unSendCount), Double(debug.videoSize.width),
      ], [Double](repeating: 0, count: 13))
    XCTAssertEqual([debug.streamId, debug.uploadUrl], [nil, nil])
    XCTAssertTrue(debug.isRtmp)
  }

  func testNamesAndDefaultsOfTheSession() async throws {
    try await useEveryNameOfTheSession()
  }
}

@MainActor private func useEveryNameOfTheSession() async throws {
  XCTAssertNil(LFLiveSession(audioConfiguration: nil, videoConfiguration: .default()))
  let session = try XCTUnwrap(
    LFLiveSession(audioConfiguration: .default(), videoConfiguration: .default(), captureType: 12))
  let listener = Listener()
  session.delegate = listener
  XCTAssertEqual(session.state, .ready)
  XCTAssertEqual(session.captureType, 12)
  XCTAssertEqual(
    [
      session.running, session.torch, session.muted, session.adaptiveBitrate, session.showDebugInfo,
      session.saveLocalVideo,
    ],
    [Bool](repeating: false, count: 6))
  XCTAssertEqual([session.beautyFace, session.mirror, session.captureDevicePositionIsFront], [true, true, true])
  XCTAssertEqual([session.beautyLevel, session.brightLevel, session.zoomScale], [0.5, 0.5, 1])
  XCTAssertEqual([session.reconnectInterval, session.reconnectCount], [0, 0])
  #if canImport(UIKit)
    XCTAssertNil(session.warterMarkView)
    XCTAssertNil(session.preView)
    XCTAssertNil(session.currentImage)
  #endif
  XCTAssertNil(session.saveLocalVideoPath)
  XCTAssertNil(session.streamInfo.url)
  session.showDebugInfo = true
  session.running = true
  session.muted = true
  session.pushAudio(Data(count: 4096))
  let info = LFLiveStreamInfo()
  info.url = "not an address"
  session.startLive(nil)
  session.startLive(info)
  while listener.codes.isEmpty { await Task.yield() }
  XCTAssertEqual(listener.codes, [.getStreamInfo])
  XCTAssertNotNil(session.lastError)
  session.stopLive()
}

@MainActor private final class Listener: LFLiveSessionDelegate {
  var codes: [LFLiveSocketErrorCode] = []

  func liveSession(_ session: LFLiveSession?, errorCode: LFLiveSocketErrorCode) { codes.append(errorCode) }
}
