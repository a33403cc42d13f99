// Whoever imports `Countersign` has the types of the bindings, too.
@_exported import CountersignBindings
