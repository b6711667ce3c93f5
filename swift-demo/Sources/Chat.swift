import Foundation
import OnAir
import SwiftUI

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A room of the server's list.
struct ListedRoom: Hashable, Decodable {
  let key: String
  let title: String
  let viewers: Int
  let live: Bool
}

/// Who has a room open on a server.
enum Directory {
  /// Asks `http://host:port/rooms`.
  static func rooms(of server: String) async throws -> [ListedRoom] {
    guard let url = URL(string: server + "/rooms") else { return [] }
    let body = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Data, any Error>) in
      let task = URLSession.shared.dataTask(with: url) { data, _, error in
        continuation.resume(with: data.map { .success($0) } ?? .failure(error ?? URLError(.badServerResponse)))
      }
      task.resume()
    }
    return try JSONDecoder().decode([ListedRoom].self, from: body)
  }
}

/// The room beside a stream, as a screen shows it.
@MainActor
final class Chat: ObservableObject {
  @Published var lines: [String] = []
  @Published var hearts = 0
  @Published var viewers = 0
  @Published var message = ""
  private let place: Place
  private let isHost: Bool
  private var room: Room?

  init(place: Place, isHost: Bool) {
    (self.place, self.isHost) = (place, isHost)
  }

  /// Until the screen goes: opens the room as its host, or goes into it.
  func follow() async {
    guard let talk = place.talk else { return }
    var options = RoomOptions(.server(talk.server))
    options.name = isHost ? "Host" : "Viewer"
    options.queuesOffline = true
    do {
      let room = try Room(options)
      self.room = room
      let events = room.events
      let isHost = isHost
      let title = place.name
      Task {
        do { _ = isHost ? try await room.create(talk.key, title: title) : try await room.join(talk.key) } catch {
          message = "\(error)"
        }
      }
      for await event in events { show(event) }
    } catch { message = error.description }
  }

  func say(_ text: String) {
    do { try room?.comment(text) } catch { message = error.description }
  }

  func like() {
    do { try room?.like() } catch { message = error.description }
  }

  func leave() {
    Task { [room] in await room?.stop() }
  }

  private func show(_ event: RoomEvent) {
    switch event {
    case .joined(let room): (viewers, hearts, message) = (room.viewers, room.likes, room.title)
    case .said(let said):
      let text = said.gift.map { "gave \($0.count) of gift \($0.gift)" } ?? said.text
      lines = Array((lines + ["\(said.name): \(text)"]).suffix(8))
    case .likes(let count, let total): hearts = total ?? hearts + count
    case .viewers(let count): viewers = count
    case .lost(let error, _): message = error.reason
    case .refused(_, let refusal), .notDelivered(_, let refusal): message = refusal.reason
    case .closed: message = "The room is closed"
    default: break
    }
  }
}

/// Comments, hearts, and a line to say something in.
struct ChatView: View {
  @StateObject private var chat: Chat
  @State private var draft = ""

  init(place: Place, isHost: Bool) {
    _chat = StateObject(wrappedValue: Chat(place: place, isHost: isHost))
  }

  var body: some View {
    VStack {
      Text("\(chat.viewers) watch, \(chat.hearts) hearts")
      ForEach(chat.lines, id: \.self) { Text($0) }
      Text(chat.message)
      TextField("Say something", text: $draft)
      Button("Send") { send() }
      Button("Heart") { chat.like() }
    }
    .task { await chat.follow() }
    .onDisappear { chat.leave() }
  }

  private func send() {
    chat.say(draft)
    draft = ""
  }
}
