import CountersignBindings

extension Phase {
    var label: Phrase {
        switch self {
        case .requested: Phrase("phase_requested")
        case .unlocking: Phrase("phase_unlocking")
        case .nonces: Phrase("phase_nonces")
        case .partials: Phrase("phase_partials")
        case .ended: Phrase("phase_ended")
        }
    }
}

extension NextAction {
    var label: Phrase {
        switch self {
        case .answer: Phrase("next_answer")
        case .unlock: Phrase("next_unlock")
        case .open: Phrase("next_open")
        case .setClock: Phrase("next_set_clock")
        case .connect: Phrase("next_connect")
        case .agreeToExtension: Phrase("next_agree_to_extension")
        case .wait: Phrase("next_wait")
        }
    }
}

extension Blocker {
    var label: Phrase {
        switch self {
        case .approval: Phrase("blocked_approval")
        case .key: Phrase("blocked_key")
        case .background: Phrase("blocked_background")
        case .clock: Phrase("blocked_clock")
        case .company: Phrase("blocked_company")
        case .pause: Phrase("blocked_pause")
        case .nonces: Phrase("blocked_nonces")
        case .partials: Phrase("blocked_partials")
        }
    }
}

extension RequestState {
    var label: Phrase {
        switch self {
        case .pending: Phrase("request_pending")
        case .approved: Phrase("request_approved")
        case .rejected: Phrase("request_rejected")
        case .expired: Phrase("request_expired")
        case .cancelled: Phrase("request_cancelled")
        case .superseded: Phrase("request_superseded")
        }
    }
}
