// Stands for Apple's module on Linux: the signatures that the sources use.
// swift-format-ignore-file
import Foundation

public struct NWPath: Equatable, Sendable {
  public enum Status: Sendable { case satisfied, unsatisfied, requiresConnection }
  public struct Interface: Hashable, Sendable { public var name: String }
  public var status: Status
  public var availableInterfaces: [Interface]
}
public final class NWPathMonitor: @unchecked Sendable {
  public init() {}
  public var pathUpdateHandler: (@Sendable (NWPath) -> Void)?
  public func start(queue: DispatchQueue) {}
  public func cancel() {}
}
