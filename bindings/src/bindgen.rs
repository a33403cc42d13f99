//! Generates the Kotlin, Swift and Python sources from the built library.
//!
//! `cargo run -p countersign-bindings --features cli --bin bindgen -- LIBRARY OUT [--check]`

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Parser;
use uniffi::{GenerateOptions, TargetLanguage, generate};

/// Where each language's sources go, below the folder that is given.
const PLACES: [(TargetLanguage, &str); 3] = [
    (TargetLanguage::Kotlin, "kotlin"),
    (TargetLanguage::Swift, "swift"),
    (TargetLanguage::Python, "python"),
];

/// Generates the sources of the other languages.
#[derive(Parser)]
struct Arguments {
    /// The library, as cargo builds it.
    library: PathBuf,
    /// The folder below which the sources go.
    out: PathBuf,
    /// Only look whether the sources there are those of this library; exits with 1 if not.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(stale) if stale.is_empty() => ExitCode::SUCCESS,
        Ok(stale) => {
            stale.iter().for_each(|path| eprintln!("{} is not what this library gives", path.display()));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Generates, or looks, and returns what is stale.
fn run(arguments: &Arguments) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if !arguments.check {
        write(&arguments.library, &arguments.out)?;
        return Ok(Vec::new());
    }
    let fresh = std::env::temp_dir().join(format!("bindgen-{}", std::process::id()));
    let looked =
        write(&arguments.library, &fresh).and_then(|()| Ok((files(&fresh)?, files(&arguments.out)?)));
    // It is in the system's own folder for such.
    let _ = fs::remove_dir_all(&fresh);
    let (fresh, held) = looked?;
    let differs = |path: &&PathBuf| fresh.get(*path) != held.get(*path);
    Ok(fresh.keys().filter(differs).cloned().collect())
}

fn write(library: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    for (language, place) in PLACES {
        let out = out.join(place);
        fs::create_dir_all(&out)?;
        generate(GenerateOptions {
            languages: vec![language],
            source: library.to_path_buf().try_into()?,
            out_dir: out.try_into()?,
            config_override: None,
            format: false,
            crate_filter: None,
            metadata_no_deps: false,
        })?;
    }
    Ok(())
}

/// Returns the content of every file below a folder, by its path from there.
fn files(folder: &Path) -> io::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                found.insert(name.to_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}
