// swift-tools-version: 6.0
// SwiftPM reads only the root of a repository; the sources are in bindings/swift.
//
// On a Mac the core comes as OnAirCore.xcframework: the one that scripts/xcframework made in target/packages, else the
// one of the release named in bindings/swift/release.json. On Linux the core is the library that cargo built, in
// target/debug or in $ONAIR_LIBRARY_DIR, and Apple's frameworks are stubs, so that the sources for phones are compiled
// and tested against fakes; ONAIR_STUBS=no leaves those out.
import Foundation
import PackageDescription

let root = Context.packageDirectory
let swift = "bindings/swift"
var targets: [Target] = []
var apple: [Target.Dependency] = []

#if os(Linux)
  let library = Context.environment["ONAIR_LIBRARY_DIR"] ?? "\(root)/target/debug"
  // What stands for Apple's frameworks, with what each of them is built on.
  let stubs: [(String, [String])] = [
    ("CoreVideo", []), ("CoreMedia", ["CoreVideo"]), ("UIKit", []), ("VideoToolbox", ["CoreMedia", "UIKit"]),
    ("AVFoundation", ["CoreMedia", "UIKit"]), ("SwiftUI", ["UIKit"]), ("AVKit", ["AVFoundation", "SwiftUI"]),
    ("ReplayKit", ["AVFoundation"]), ("Network", []),
  ]
  if Context.environment["ONAIR_STUBS"] != "no" {
    for (name, bases) in stubs {
      targets.append(
        .target(
          name: name, dependencies: bases.map { .target(name: $0) }, path: "\(swift)/Stubs/\(name)",
          swiftSettings: [.swiftLanguageMode(.v5)]))
    }
    apple = stubs.map { .target(name: $0.0) }
    // An app of Xcode's on a Mac.
    targets.append(.executableTarget(name: "OnAirDemo", dependencies: ["OnAir"] + apple, path: "swift-demo/Sources"))
    targets.append(.testTarget(name: "OnAirDemoTests", dependencies: ["OnAirDemo", "OnAir"], path: "swift-demo/Tests"))
  }
  targets.append(
    .target(
      name: "OnAirCore", path: "\(swift)/Sources/OnAirCore",
      linkerSettings: [
        .unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library]),
        .linkedLibrary("onair_ffi"),
      ]))
#else
  targets.append(core())
#endif

targets += [
  .target(
    name: "OnAirC", dependencies: ["OnAirCore"], path: "\(swift)/Sources/OnAirC"),
  .target(
    name: "OnAirFFI", dependencies: ["OnAirCore"], path: "\(swift)/Sources/OnAirFFI",
    // Where the core asks who may be trusted.
    linkerSettings: ["Security", "CoreFoundation"].map {
      .linkedFramework($0, .when(platforms: [.iOS, .macOS]))
    }),
  .target(
    name: "OnAir", dependencies: ["OnAirC", "OnAirFFI"] + apple, path: "\(swift)/Sources/OnAir",
    resources: [.copy("PrivacyInfo.xcprivacy")]),
  .target(
    name: "LFLiveKit", dependencies: ["OnAir"] + apple, path: "\(swift)/Sources/LFLiveKit"),
  .testTarget(
    name: "LFLiveKitTests", dependencies: ["LFLiveKit"], path: "\(swift)/Tests/LFLiveKitTests"),
  .testTarget(
    name: "OnAirTests", dependencies: ["OnAir"], path: "\(swift)/Tests/OnAirTests"),
]

let package = Package(
  name: "OnAir",
  platforms: [.iOS(.v15), .macOS(.v12)],
  products: [
    .library(name: "OnAir", targets: ["OnAir"]),
    .library(name: "LFLiveKit", targets: ["LFLiveKit"]),
  ],
  targets: targets,
  swiftLanguageModes: [.v6]
)

#if !os(Linux)
  /// What a release says of its binary.
  struct Release: Decodable {
    let url: String
    let checksum: String
  }

  func core() -> Target {
    let local = "target/packages/OnAirCore.xcframework"
    if FileManager.default.fileExists(atPath: "\(root)/\(local)") {
      return .binaryTarget(name: "OnAirCore", path: local)
    }
    let file = "\(root)/\(swift)/release.json"
    guard let data = FileManager.default.contents(atPath: file),
      let release = try? JSONDecoder().decode(Release.self, from: data)
    else { fatalError("no OnAirCore.xcframework: run scripts/xcframework, or take a released version") }
    return .binaryTarget(name: "OnAirCore", url: release.url, checksum: release.checksum)
  }
#endif
