import CountersignBindings

/// Makes phrases of the core's messages: key by key, with names that cannot deceive.
struct Wording: Sendable {
    let resources: any ResourcePort

    /// Returns the phrase of a message; several names become one argument.
    func phrase(_ message: Message) -> Phrase {
        var names: [String] = []
        var counts: [UInt64] = []
        for arg in message.args {
            switch arg {
            case .name(let name): names.append(name)
            case .count(let count): counts.append(count)
            }
        }
        let said: [Phrase.Argument] = names.isEmpty ? [] : [.words(list(names))]
        return Phrase(message.key.resource, said + counts.map { .count($0) }, quantity: counts.first)
    }

    /// Returns names as they stand in a sentence.
    func list(_ names: [String]) -> String {
        let isolated = names.map { PeerName.isolate(named($0)) }
        return isolated.count == 1 ? isolated[0] : resources.list(isolated)
    }

    private func named(_ name: String) -> String {
        let clean = PeerName.clean(name)
        return clean.isEmpty ? Phrase("anonymous").resolved(by: resources) : clean
    }
}
