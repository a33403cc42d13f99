import CountersignBindings

extension NodeError {
    /// Gives an error of the bindings its type: they throw nothing else, but do not say so.
    init(of error: any Error) {
        self = error as? NodeError ?? .Internal(reason: String(describing: error))
    }
}
