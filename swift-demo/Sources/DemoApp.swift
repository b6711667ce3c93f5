import SwiftUI

@main
struct DemoApp: App {
  @StateObject private var store = Store()

  var body: some Scene {
    WindowGroup { PlacesScreen(store: store) }
  }
}
