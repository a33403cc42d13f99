//! The system's own log: logcat on Android, the unified log on Apple's systems, the standard error output elsewhere.

use crate::log::LogLevel;

#[cfg(target_os = "android")]
pub(crate) fn write(level: LogLevel, target: &str, line: &str) {
    use once_cell::sync::Lazy;
    use tracing::Dispatch;
    use tracing_subscriber::layer::SubscriberExt;

    static LOGCAT: Lazy<Option<Dispatch>> = Lazy::new(|| {
        let layer = tracing_android::layer("Countersign").ok()?;
        Some(Dispatch::new(tracing_subscriber::registry().with(layer)))
    });
    if let Some(logcat) = &*LOGCAT {
        hand_on::tell(logcat, level, target, line);
    }
}

#[cfg(target_vendor = "apple")]
pub(crate) fn write(level: LogLevel, target: &str, line: &str) {
    use once_cell::sync::Lazy;
    use oslog::{Level, OsLog};

    static UNIFIED: Lazy<OsLog> = Lazy::new(|| OsLog::new("org.countersign", "core"));
    let level = match level {
        LogLevel::Error => Level::Fault,
        LogLevel::Warn => Level::Error,
        LogLevel::Info => Level::Default,
        LogLevel::Debug => Level::Info,
        LogLevel::Trace => Level::Debug,
    };
    UNIFIED.with_level(level, &format!("{target}: {line}"));
}

#[cfg(not(any(target_os = "android", target_vendor = "apple")))]
pub(crate) fn write(level: LogLevel, target: &str, line: &str) {
    eprintln!("{level:?} {target} {line}");
}

/// Hands a line that is fit to be read to another subscriber. Not by `tracing`'s macros: they lead to whoever hears them in this thread, which
/// is just where the line comes from.
#[cfg(any(target_os = "android", test))]
mod hand_on {
    use tracing::callsite::{Callsite, Identifier};
    use tracing::field::{FieldSet, Value};
    use tracing::metadata::Kind;
    use tracing::subscriber::Interest;
    use tracing::{Dispatch, Event, Level, Metadata};

    use crate::log::LogLevel;

    struct Site(usize);

    static SITES: [Site; 5] = [Site(0), Site(1), Site(2), Site(3), Site(4)];
    static LINES: [Metadata<'static>; 5] = [
        line(Level::ERROR, &SITES[0]),
        line(Level::WARN, &SITES[1]),
        line(Level::INFO, &SITES[2]),
        line(Level::DEBUG, &SITES[3]),
        line(Level::TRACE, &SITES[4]),
    ];

    const fn line(level: Level, site: &'static Site) -> Metadata<'static> {
        let fields = FieldSet::new(&["message"], Identifier(site));
        Metadata::new("line", "countersign", level, None, None, None, fields, Kind::EVENT)
    }

    impl Callsite for Site {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'static> {
            &LINES[self.0]
        }
    }

    pub(super) fn tell(to: &Dispatch, level: LogLevel, target: &str, line: &str) {
        let metadata = &LINES[level as usize];
        let message = format_args!("{target}: {line}");
        for field in metadata.fields() {
            let value: &dyn Value = &message;
            to.event(&Event::new(metadata, &metadata.fields().value_set(&[(&field, Some(value))])));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing::Dispatch;
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Layer, Registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Held(Arc<Mutex<Vec<u8>>>);

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Hands every event on from within its own handling, as the layer that cuts secrets does.
    struct HandOn(Dispatch);

    impl<S: tracing::Subscriber> Layer<S> for HandOn {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            let metadata = event.metadata();
            hand_on::tell(&self.0, LogLevel::from(metadata.level()), metadata.target(), "cut");
        }
    }

    #[test]
    fn what_the_first_subscriber_hands_on_comes_to_the_second_once_from_any_thread() {
        let held = Held::default();
        let writer = held.clone();
        let system = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let first = Dispatch::new(Registry::default().with(HandOn(Dispatch::new(system))));

        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    tracing::dispatcher::with_default(&first, || {
                        tracing::error!("a secret");
                        tracing::trace!("another");
                    });
                });
            }
        });

        let text = String::from_utf8(held.0.lock().expect("nobody panics").clone()).expect("text");
        let lines = |level: &str| text.lines().filter(|line| line.contains(level)).count();
        assert_eq!((lines("ERROR"), lines("TRACE"), text.lines().count()), (4, 4, 8), "{text}");
        assert!(text.lines().all(|line| line.ends_with(": cut")), "{text}");
    }
}
