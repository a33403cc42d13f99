//! The figures: how much there is of everything, what was refused and why.

use libp2p::metrics::{Metrics, Recorder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::rendezvous::Answered;

/// A counter for each value of one label or two.
type Labelled<const N: usize> = Family<[(&'static str, String); N], Counter>;

/// What is counted. None of it names a phone.
pub(crate) struct Figures {
    libp2p: Metrics,
    pub(crate) connections: Gauge,
    pub(crate) reservations: Gauge,
    pub(crate) circuits: Gauge,
    pub(crate) registrations: Gauge,
    refused: Labelled<2>,
    circuits_ended: Labelled<1>,
    answered: Labelled<2>,
}

impl Figures {
    /// Makes them part of `registry`, which is what is shown.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let figures = Self {
            libp2p: Metrics::new(registry),
            connections: Gauge::default(),
            reservations: Gauge::default(),
            circuits: Gauge::default(),
            registrations: Gauge::default(),
            refused: Labelled::default(),
            circuits_ended: Labelled::default(),
            answered: Labelled::default(),
        };
        let ours = registry.sub_registry_with_prefix("countersign_relay");
        ours.register("connections", "Connections that stand", figures.connections.clone());
        ours.register("reservations", "Phones that hold a reservation", figures.reservations.clone());
        ours.register("circuits", "Circuits that are open", figures.circuits.clone());
        ours.register("registrations", "Registrations at the meeting point", figures.registrations.clone());
        ours.register("refused", "What was refused, and why", figures.refused.clone());
        ours.register("circuits_ended", "Circuits that ended, and why", figures.circuits_ended.clone());
        ours.register(
            "answered",
            "What the meeting point was asked, and how that ended",
            figures.answered.clone(),
        );
        figures
    }

    /// Counts one of libp2p's events.
    pub(crate) fn record<E>(&self, event: &E)
    where
        Metrics: Recorder<E>,
    {
        self.libp2p.record(event);
    }

    pub(crate) fn refused(&self, what: &str, why: &str) {
        self.refused.get_or_create(&[("what", what.into()), ("why", why.into())]).inc();
    }

    pub(crate) fn circuit_ended(&self, why: &str) {
        self.circuits_ended.get_or_create(&[("why", why.into())]).inc();
    }

    pub(crate) fn answered(&self, answered: Answered) {
        self.answered.get_or_create(&[("what", answered.what.into()), ("how", answered.how.into())]).inc();
    }
}
