//! The library as other languages have it, and the co-signers that are written in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::programs;

/// The library, and the sources that are generated from it.
pub struct Library {
    /// The file.
    pub file: PathBuf,
    /// The sources, in a folder for each language.
    pub sources: PathBuf,
}

impl Library {
    /// Builds the library, in which the next call can be made to panic, and generates everything from it; once.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be built.
    pub fn built() -> &'static Self {
        static BUILT: OnceLock<Library> = OnceLock::new();
        BUILT.get_or_init(|| {
            let file = programs::library(&["panics"]);
            let sources = file.parent().expect("it lies in a folder").join("bindings");
            assert!(generate(&file, &sources, false), "it generates");
            let beside = sources.join("python").join(file.file_name().expect("a name"));
            // A copy that is loaded may not change: it is put in place as a whole.
            let fresh = sources.join("fresh");
            std::fs::copy(&file, &fresh).expect("room");
            std::fs::rename(&fresh, &beside).expect("the same disk");
            Self { file, sources }
        })
    }

    /// Returns the folder that the library lies in.
    ///
    /// # Panics
    ///
    /// Panics if it lies in none.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.file.parent().expect("it lies in a folder")
    }
}

/// Runs the generator, or with `check` only compares; returns whether it succeeds.
///
/// # Panics
///
/// Panics if it does not run.
pub fn generate(library: &Path, sources: &Path, check: bool) -> bool {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PROGRAM.get_or_init(programs::bindgen));
    command.args([library, sources]).args(check.then_some("--check")).stdin(Stdio::null());
    command.output().expect("it runs").status.success()
}

/// Returns the command that runs a program of `bindings/` in Python; none where there is no Python, with the reason printed.
pub fn python(program: &str) -> Option<Command> {
    if let Err(error) = Command::new("python3").arg("--version").stdin(Stdio::null()).output() {
        println!("skipped: python3 does not run: {error}");
        return None;
    }
    let mut command = Command::new("python3");
    command
        .arg(project().join("tests/bindings").join(program))
        .env("PYTHONPATH", Library::built().sources.join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// Returns the project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(""))
}
