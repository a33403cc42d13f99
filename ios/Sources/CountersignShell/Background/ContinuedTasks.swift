import Countersign

/// The tasks that let a signing end, on every system: those before 26 have none.
public enum ContinuedTasks {
    /// Returns them; `nil` where there are none: a signing is let end under an assertion then, or waits for the return.
    @MainActor
    public static func ofSystem(
        identifiers: BackgroundIdentifiers, resources: any ResourcePort, leaving: LeavingCoordinator
    ) -> (any ContinuedTaskPort)? {
        #if canImport(BackgroundTasks) && !os(macOS) && (STUBS || compiler(>=6.2))
            if #available(iOS 26.0, *) {
                return ContinuedSigning(identifiers: identifiers, resources: resources, leaving: leaving)
            }
        #endif
        return nil
    }
}
