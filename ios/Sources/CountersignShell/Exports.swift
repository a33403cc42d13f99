// Whoever imports `CountersignShell` has `Countersign`, too.
@_exported import Countersign
