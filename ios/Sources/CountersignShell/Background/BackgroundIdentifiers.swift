/// What the app calls its tasks, as its Info.plist permits them.
public struct BackgroundIdentifiers: Equatable, Sendable {
    /// The short moments: `BGAppRefreshTask`.
    public var refresh: String
    /// The longer ones, mostly at night: `BGProcessingTask`.
    public var processing: String
    /// The signing that goes on when the app is left: `BGContinuedProcessingTask`, with anything after it.
    public var signing: String

    /// Names them after the app, such as `org.example.wallet`.
    public init(app: String) {
        refresh = app + ".refresh"
        processing = app + ".processing"
        signing = app + ".signing"
    }
}
