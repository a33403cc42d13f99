import Recording

/// What a test sees of the views that it draws, and touches in the user's place; each task has the one that it was given.
@MainActor package final class Drawing {
    /// A button, and what stands on it.
    package struct Touchable {
        package let texts: [String]
        package let touch: @MainActor () -> Void
    }

    @TaskLocal static var current: Drawing?

    package private(set) var texts: [String] = []
    package private(set) var images: [String] = []
    package private(set) var buttons: [Touchable] = []
    /// What runs as long as a view is seen.
    package private(set) var tasks: [@Sendable () async -> Void] = []

    /// Draws a view, and all that is in it.
    package init(of view: some View) {
        Drawing.$current.withValue(self) { view.drawn() }
    }

    /// Touches the button on which a text stands; `false` if there is none.
    package func touch(_ text: String) -> Bool {
        guard let button = buttons.first(where: { $0.texts.contains(text) }) else { return false }
        button.touch()
        return true
    }

    static func add(text: String) { current?.texts.append(text) }
    static func add(image: String) { current?.images.append(image) }
    static func add(task: @escaping @Sendable () async -> Void) { current?.tasks.append(task) }

    static func add(button: @escaping @MainActor () -> Void, label: () -> Void) {
        guard let drawing = current else { return }
        let before = drawing.texts.count
        label()
        drawing.buttons.append(Touchable(texts: Array(drawing.texts[before...]), touch: button))
    }
}

extension View {
    /// Draws itself, or what it is made of.
    func drawn() {
        if let primitive = self as? any Primitive { primitive.draw() } else { body.drawn() }
    }
}
