#if canImport(SwiftUI)
    import Countersign
    import SwiftUI

    /// A participant: one element for a screen reader, and one thing to do.
    public struct ParticipantView: View {
        private let row: ParticipantRow
        private let resources: any ResourcePort
        private let deeds: Deeds

        /// Shows one.
        public init(_ row: ParticipantRow, resources: any ResourcePort, deeds: Deeds) {
            self.row = row
            self.resources = resources
            self.deeds = deeds
        }

        public var body: some View {
            HStack(spacing: 12) {
                Circle().fill(Color(hue: Double(row.avatar.hue) / 360, saturation: 0.5, brightness: 0.5))
                    .frame(width: 40, height: 40)
                    .overlay { Text(verbatim: row.avatar.initials).foregroundStyle(.white) }
                VStack(alignment: .leading) {
                    Text(verbatim: row.name).font(.headline).privacySensitive()
                    HStack {
                        Image(systemName: row.badge.role.symbol)
                        PhraseText(phrase: row.badge.label, resources: resources)
                    }
                    .font(.subheadline)
                    .foregroundStyle(row.badge.role.colour)
                }
                if let action = row.badge.action {
                    Button(action: { deeds.row(row.key, action) }) {
                        PhraseText(phrase: action.label, resources: resources)
                    }
                    .frame(minHeight: 44)
                }
            }
            .accessibilityElement(children: .combine)
        }
    }

    extension RowAction {
        var label: Phrase {
            switch self {
            case .connect: Phrase("row_connect")
            case .cancel: Phrase("row_cancel")
            case .retry: Phrase("row_retry")
            case .invite: Phrase("row_invite")
            case .nudge: Phrase("row_nudge")
            }
        }
    }
#endif
