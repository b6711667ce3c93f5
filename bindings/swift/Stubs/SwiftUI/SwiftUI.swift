// Stands for Apple's module on Linux: the signatures that the sources use. Nothing is drawn.
// swift-format-ignore-file
@_exported import UIKit

@MainActor public protocol View {
  associatedtype Body: View
  @ViewBuilder var body: Body { get }
}
extension Never: View {
  public var body: Never { return fatalError("a primitive view has no body") }
}
/// A view of which nothing is known but that it is one.
public struct Drawn: View {
  public init() {}
  public typealias Body = Never
  public var body: Never { return fatalError("a primitive view has no body") }
}

extension Optional: View where Wrapped: View {
  public var body: Never { return fatalError("a primitive view has no body") }
}

@MainActor public protocol UIViewRepresentable: View where Body == Never {
  associatedtype UIViewType: UIView
  typealias Context = UIViewRepresentableContext<Self>
  func makeUIView(context: Context) -> UIViewType
  func updateUIView(_ view: UIViewType, context: Context)
}
extension UIViewRepresentable {
  public var body: Never { return fatalError("a primitive view has no body") }
}
public struct UIViewRepresentableContext<Representable> {}

@MainActor @resultBuilder public struct ViewBuilder {
  public static func buildBlock<each Content: View>(_ content: repeat each Content) -> Drawn { Drawn() }
  public static func buildOptional<Content: View>(_ content: Content?) -> Content? { content }
  public static func buildEither<Content: View>(first content: Content) -> Drawn { Drawn() }
  public static func buildEither<Content: View>(second content: Content) -> Drawn { Drawn() }
  public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
}

// --- scenes ---

@MainActor public protocol Scene {
  associatedtype Body: Scene
  @SceneBuilder var body: Body { get }
}
extension Never: Scene {}
@MainActor @resultBuilder public struct SceneBuilder {
  public static func buildBlock<Content: Scene>(_ content: Content) -> Content { content }
}
@MainActor public protocol App {
  associatedtype Body: Scene
  @SceneBuilder var body: Body { get }
  init()
}
extension App {
  public static func main() {}
}
public struct WindowGroup<Content: View>: Scene {
  public init(@ViewBuilder content: () -> Content) {}
  public var body: Never { return fatalError("a primitive scene has no body") }
}

// --- state ---

@MainActor @propertyWrapper public struct State<Value> {
  final class Box {
    var value: Value
    init(_ value: Value) { self.value = value }
  }
  let box: Box
  public init(wrappedValue: Value) { box = Box(wrappedValue) }
  public var wrappedValue: Value {
    get { box.value }
    nonmutating set { box.value = newValue }
  }
  public var projectedValue: Binding<Value> { Binding(get: { box.value }, set: { box.value = $0 }) }
}
extension State where Value: ExpressibleByNilLiteral {
  public init() { self.init(wrappedValue: nil) }
}
@MainActor @propertyWrapper @dynamicMemberLookup public struct Binding<Value> {
  let get: () -> Value
  let set: (Value) -> Void
  init(get: @escaping () -> Value, set: @escaping (Value) -> Void) { (self.get, self.set) = (get, set) }
  public var wrappedValue: Value {
    get { get() }
    nonmutating set { set(newValue) }
  }
  public var projectedValue: Binding<Value> { self }
  public subscript<Part>(dynamicMember path: WritableKeyPath<Value, Part>) -> Binding<Part> {
    Binding<Part>(
      get: { get()[keyPath: path] },
      set: { part in
        var whole = get()
        whole[keyPath: path] = part
        set(whole)
      })
  }
}
/// Combine's on a Mac.
public protocol ObservableObject: AnyObject {}
/// Combine's on a Mac.
@propertyWrapper public struct Published<Value> {
  public var wrappedValue: Value
  public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}
@MainActor @propertyWrapper public struct StateObject<Object: ObservableObject> {
  public let wrappedValue: Object
  public init(wrappedValue: @autoclosure @escaping () -> Object) { self.wrappedValue = wrappedValue() }
  public var projectedValue: ObservedObject<Object>.Wrapper { .init(object: wrappedValue) }
}
@MainActor @propertyWrapper public struct ObservedObject<Object: ObservableObject> {
  public var wrappedValue: Object
  public init(wrappedValue: Object) { self.wrappedValue = wrappedValue }
  public var projectedValue: Wrapper { Wrapper(object: wrappedValue) }
  @MainActor @dynamicMemberLookup public struct Wrapper {
    let object: Object
    public subscript<Part>(dynamicMember path: ReferenceWritableKeyPath<Object, Part>) -> Binding<Part> {
      Binding(get: { object[keyPath: path] }, set: { object[keyPath: path] = $0 })
    }
  }
}

// --- views ---

public protocol Primitive: View where Body == Never {}
extension Primitive {
  public var body: Never { return fatalError("a primitive view has no body") }
}
public struct Text: Primitive { public init(_ text: String) {} }
public struct Button: Primitive { public init(_ title: String, action: @escaping @MainActor () -> Void) {} }
public struct Slider: Primitive { public init(value: Binding<Double>, in range: ClosedRange<Double>) {} }
public struct Toggle: Primitive { public init(_ title: String, isOn: Binding<Bool>) {} }
public struct TextField: Primitive { public init(_ title: String, text: Binding<String>) {} }
public struct Picker: Primitive {
  public init<Value: Hashable, Content: View>(
    _ title: String, selection: Binding<Value>, @ViewBuilder content: () -> Content
  ) {}
}
public struct VStack: Primitive { public init<Content: View>(@ViewBuilder content: () -> Content) {} }
public struct List: Primitive { public init<Content: View>(@ViewBuilder content: () -> Content) {} }
public struct Form: Primitive { public init<Content: View>(@ViewBuilder content: () -> Content) {} }
public struct NavigationView: Primitive { public init<Content: View>(@ViewBuilder content: () -> Content) {} }
public struct NavigationLink: Primitive {
  public init<Target: View, Label: View>(destination: Target, @ViewBuilder label: () -> Label) {}
}
public struct ForEach: Primitive {
  public init<Data: RandomAccessCollection, ID: Hashable, Content: View>(
    _ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content
  ) {}
}
extension View {
  public func task(_ action: @escaping @Sendable @MainActor () async -> Void) -> some View { Drawn() }
  public func onDisappear(perform action: (@MainActor () -> Void)? = nil) -> some View { Drawn() }
  public func onChange<Value: Equatable>(of value: Value, perform action: @escaping @MainActor (Value) -> Void) -> some View {
    Drawn()
  }
  public func sheet<Content: View>(
    isPresented: Binding<Bool>, @ViewBuilder content: @escaping @MainActor () -> Content
  ) -> some View { Drawn() }
}
