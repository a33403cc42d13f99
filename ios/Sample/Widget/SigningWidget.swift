import ActivityKit
import CountersignShell
import Foundation
import SwiftUI
import WidgetKit

/// What is being signed, on the locked screen and in the island: the system draws the countdown, also with the app gone.
@main
struct SigningWidget: Widget {
    private let resources = BundleResources()

    var body: some WidgetConfiguration {
        ActivityConfiguration(for: SigningAttributes.self) { context in
            HStack {
                Text(verbatim: title)
                Spacer()
                progress(context.state)
                countdown(context.state)
            }
            .padding()
        } dynamicIsland: { context in
            DynamicIsland {
                DynamicIslandExpandedRegion(.leading) { Text(verbatim: title) }
                DynamicIslandExpandedRegion(.trailing) { countdown(context.state) }
                DynamicIslandExpandedRegion(.bottom) { progress(context.state) }
            } compactLeading: {
                Image(systemName: "signature")
            } compactTrailing: {
                countdown(context.state)
            } minimal: {
                Image(systemName: "signature")
            }
        }
    }

    private var title: String { Phrase("live_title").resolved(by: resources) }

    private func progress(_ state: SigningAttributes.ContentState) -> some View {
        ProgressView(value: Double(state.done), total: Double(max(1, state.steps)))
    }

    private func countdown(_ state: SigningAttributes.ContentState) -> some View {
        Text(timerInterval: Date.now...max(Date.now, state.endsAt), countsDown: true).monospacedDigit()
    }
}
