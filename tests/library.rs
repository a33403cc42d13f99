//! The library as other languages have it, and the co-signers that are written in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::foreign::words;
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

/// Builds the package in Kotlin and runs its tests, once; returns what came of it, or nothing where there is no Maven, with the reason
/// printed.
pub fn kotlin() -> Option<&'static Output> {
    static RUN: OnceLock<Option<Output>> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let _alone = alone();
        runs("mvn").then(|| {
            let library = Library::built();
            let snippets = project().join("target/snippets/kotlin");
            std::fs::create_dir_all(&snippets).expect("room");
            let code = code_of("docs/embedding-android.md", "kotlin");
            std::fs::write(snippets.join("EmbeddingAndroid.kt"), code).expect("room");
            Command::new("mvn")
                .args(["--batch-mode", "--quiet", "--file"])
                .arg(project().join("android/pom.xml"))
                .arg(format!("-Dcountersign.bindings={}", library.sources.display()))
                .arg(format!("-Dcountersign.library={}", library.folder().display()))
                .arg("test")
                .stdin(Stdio::null())
                .output()
                .expect("it runs")
        })
    });
    run.as_ref()
}

/// Waits for one's turn: the packages' tests wait for things to happen, and two at once would keep each other waiting.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the code in this language on a page.
fn code_of(page: &str, language: &str) -> String {
    let page = std::fs::read_to_string(project().join(page)).expect("a page");
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// As [`kotlin`], in Swift.
pub fn swift() -> Option<&'static Output> {
    static RUN: OnceLock<Option<Output>> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let _alone = alone();
        let toolchain = project().join("ios/toolchain.sh");
        let found = Command::new(toolchain).args(["swift", "--version"]).stdin(Stdio::null()).output();
        let found = found.expect("a shell runs");
        if !found.status.success() {
            println!("skipped: {}", words(&found));
            return None;
        }
        let library = Library::built();
        let mut tests = Command::new(project().join("ios/test.sh"));
        tests.arg(library.sources.join("swift")).arg(library.folder());
        Some(tests.stdin(Stdio::null()).output().expect("it runs"))
    });
    run.as_ref()
}

/// A co-signer in another language: a program that is told in lines of JSON what to do.
#[derive(Clone, Copy, Debug)]
pub enum CoSigner {
    /// In Kotlin, on a JVM.
    Kotlin,
    /// In Swift.
    Swift,
    /// In Python.
    Python,
}

impl CoSigner {
    /// Returns the command that starts the one with this number, whose journal is in this folder; none where the language is missing,
    /// with the reason printed.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be built.
    pub fn command(self, folder: &Path, number: usize) -> Option<Command> {
        let mut command = match self {
            Self::Kotlin => kotlin_program("CoSignerProgramKt", Library::built().folder())?,
            Self::Swift => swift_program("CoSignerProgram", Library::built().folder())?,
            Self::Python => python("cosigner.py")?,
        };
        command.arg(folder).arg(number.to_string());
        Some(command)
    }
}

/// Returns the command that runs a program of the package in Kotlin with the library in this folder; none where there is no Maven, with
/// the reason printed.
///
/// # Panics
///
/// Panics if it cannot be built.
pub fn kotlin_program(main_class: &str, library: &Path) -> Option<Command> {
    let built = kotlin()?;
    let folder = project().join("target/maven/session");
    let others =
        std::fs::read_to_string(folder.join("classpath.txt")).unwrap_or_else(|_| panic!("{}", words(built)));
    let own = ["test-classes", "classes"].map(|classes| folder.join(classes).display().to_string());
    let mut command = Command::new("java");
    command
        .arg("-cp")
        .arg(format!("{}:{}", own.join(":"), others.trim()))
        .arg(format!("-Djna.library.path={}", library.display()))
        .arg(format!("org.countersign.session.live.{main_class}"));
    Some(command)
}

/// Returns the command that runs a program of the package in Swift with the library in this folder; none where there is no Swift, with
/// the reason printed.
///
/// # Panics
///
/// Panics if it cannot be built.
pub fn swift_program(name: &str, library: &Path) -> Option<Command> {
    let built = swift()?;
    let program = project().join("target/swift/debug").join(name);
    assert!(program.exists(), "{}", words(built));
    let mut command = Command::new(project().join("ios/toolchain.sh"));
    command.arg(program).env("LD_LIBRARY_PATH", library);
    Some(command)
}

/// Returns the command that runs the benchmark in Swift, optimised, with the library in this folder; none where there is no Swift, with the
/// reason printed.
pub fn swift_bench(library: &Path) -> Option<Command> {
    swift()?;
    let mut command = Command::new(project().join("ios/bench.sh"));
    command.arg(Library::built().sources.join("swift")).arg(library);
    Some(command)
}

/// Returns the command that runs a program of `bindings/` in Python; none where there is no Python, with the reason printed.
pub fn python(program: &str) -> Option<Command> {
    if !runs("python3") {
        return None;
    }
    let mut command = Command::new("python3");
    command
        .arg(project().join("tests/bindings").join(program))
        .env("PYTHONPATH", Library::built().sources.join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// Returns whether a program is there, or says that it is not.
fn runs(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    if let Err(error) = &run {
        println!("skipped: {program} does not run: {error}");
    }
    run.is_ok()
}

/// Returns the project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(""))
}
