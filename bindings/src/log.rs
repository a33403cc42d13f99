//! Where the log goes, and what never does.

use std::fmt::{self, Write};
use std::sync::{Arc, RwLock};

use once_cell::sync::{Lazy, OnceCell};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::PortFault;
use crate::system_log;

/// From how many letters and digits in a row on a word is taken for a key, a hash, an id or an address.
const LONG: usize = 32;
/// How many of them are shown.
const SHOWN: usize = 6;

/// Where the app wants the log.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// Takes a line. Called from any thread of the library's; it must not block, nor call the library.
    fn log(&self, level: LogLevel, target: String, line: String) -> Result<(), PortFault>;
}

/// How weighty a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// Something is wrong.
    Error,
    /// Something may be.
    Warn,
    /// What happens.
    Info,
    /// What happens, in detail.
    Debug,
    /// Everything.
    Trace,
}

static SINK: Lazy<RwLock<Option<Arc<dyn LogSink>>>> = Lazy::new(RwLock::default);
static BEGUN: OnceCell<()> = OnceCell::new();

/// Lets the log go to `sink` from now on, or to the system's own: logcat, Apple's unified log, elsewhere the standard error output. The level is that of the first call. Of other libraries only
/// warnings are told. Keys, hashes, ids and addresses are cut short, whoever wrote them.
#[uniffi::export]
pub fn start_log(level: LogLevel, sink: Option<Arc<dyn LogSink>>) {
    if let Ok(mut held) = SINK.write() {
        *held = sink;
    }
    BEGUN.get_or_init(|| {
        let ours = LevelFilter::from_level(level.into());
        let targets = Targets::new().with_target("countersign", ours).with_default(LevelFilter::WARN);
        // Where the app has a subscriber of its own that one stays.
        let _ = tracing_subscriber::registry().with(Redacted.with_filter(targets)).try_init();
    });
}

/// Writes lines from which whatever may be secret is cut.
struct Redacted;

impl<S: Subscriber> Layer<S> for Redacted {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let (level, target) = (LogLevel::from(event.metadata().level()), event.metadata().target());
        let line = redact(&line.0);
        let sink = SINK.read().ok().and_then(|sink| sink.clone());
        match sink {
            // A sink that fails cannot be told so.
            Some(sink) => drop(sink.log(level, target.to_owned(), line)),
            None => system_log::write(level, target, &line),
        }
    }
}

/// An event's message and fields, in one line.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A string takes whatever is written to it.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?} "),
            name => write!(self.0, "{name}={value:?} "),
        };
    }
}

/// Cuts every long run of letters and digits short. A zero would end the line for a system that is told in C.
fn redact(line: &str) -> String {
    let line = line.replace('\0', " ");
    let mut out = String::with_capacity(line.len());
    for word in line.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let end = word.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(word.len());
        if end >= LONG {
            out.push_str(&word[..SHOWN]);
            out.push('…');
            out.push_str(&word[end..]);
        } else {
            out.push_str(word);
        }
    }
    out.trim_end().to_owned()
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl From<&Level> for LogLevel {
    fn from(level: &Level) -> Self {
        match *level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            Level::DEBUG => Self::Debug,
            Level::TRACE => Self::Trace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_key_is_cut_short_and_the_rest_is_left() {
        let key = "ab".repeat(32);
        let peer = "12D3KooWER6pwsKbms1BH5jLu2KKWyEi1MmMuQHygcSpoLGt4Fit";
        let line = format!("refused peer={key} at /ip4/192.0.2.7/tcp/4001/p2p/{peer}, in 31 ms");

        assert_eq!(redact(&line), "refused peer=ababab… at /ip4/192.0.2.7/tcp/4001/p2p/12D3Ko…, in 31 ms");
        assert_eq!(redact(&"a".repeat(LONG - 1)), "a".repeat(LONG - 1));
        assert_eq!(redact("a\0b"), "a b");
        assert_eq!(redact("zwölf Wörter über Bäume"), "zwölf Wörter über Bäume");
    }
}
