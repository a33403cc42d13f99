//! What a process leaves in its memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::scalar;

/// In the subject's environment: the folder for its memory.
const FOLDER: &str = "COUNTERSIGN_MEMORY_FOLDER";

/// A number that must not be found.
pub(crate) struct Secret {
    what: &'static str,
    value: [u8; 32],
}

impl Secret {
    pub(crate) fn new(what: &'static str, value: [u8; 32]) -> Self {
        Self { what, value }
    }

    /// Returns the secret as arithmetic has it, its negation too, since curve libraries make points even.
    ///
    /// Big-endian as it is kept, little-endian as libsecp256k1's four limbs lie in memory, and as SHA-256 reads
    /// it: words of four bytes, each reversed.
    fn forms(&self) -> Vec<(String, [u8; 32])> {
        let negated = (-scalar(&self.value)).to_bytes().into();
        let mut forms = Vec::new();
        for (sign, value) in [("", self.value), ("negated ", negated)] {
            let (mut limbs, mut words) = (value, value);
            limbs.reverse();
            words.chunks_exact_mut(4).for_each(<[u8]>::reverse);
            for (order, bytes) in [("big-endian", value), ("limbs", limbs), ("hash words", words)] {
                forms.push((format!("{} ({sign}{order})", self.what), bytes));
            }
        }
        forms
    }
}

/// What the subject has left.
pub(crate) struct Remains {
    facts: BTreeMap<String, Vec<u8>>,
    folder: TempDir,
}

impl Remains {
    /// Runs the test of this name in a second process, where this function calls `subject` with a folder and
    /// returns `None`.
    pub(crate) fn of(test: &str, subject: fn(&Path)) -> Option<Self> {
        if let Some(folder) = std::env::var_os(FOLDER) {
            subject(folder.as_ref());
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program)
            .args(["--exact", test, "--nocapture"])
            .env(FOLDER, folder.path())
            .output()
            .expect("this program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let facts = fs::read_to_string(folder.path().join("facts")).expect("facts");
        let facts = facts.lines().map(|line| {
            let (name, value) = line.split_once(": ").expect("a name and a value");
            (name.to_owned(), hex::decode(value).expect("hex"))
        });
        let facts = facts.collect();
        Some(Self { facts, folder })
    }

    /// Returns something public that the subject has told.
    pub(crate) fn fact(&self, name: &str) -> Vec<u8> {
        self.facts.get(name).unwrap_or_else(|| panic!("the subject does not say: {name}")).clone()
    }

    /// Asserts that at this stage every secret lay in memory once, as it is kept, and nowhere else.
    pub(crate) fn assert_held(&self, stage: &str, secrets: &[Secret]) {
        let found = Memory::read(self.folder.path(), stage).find(secrets);
        for (number, secret) in secrets.iter().enumerate() {
            let places: Vec<&str> =
                found.iter().filter(|piece| piece.secret == number).map(|piece| &piece.place[..]).collect();
            let is_whole = places.len() == 4 && places.iter().all(|place| place.contains("(big-endian)"));
            assert!(is_whole, "{}, {stage}, lies here:\n{}", secret.what, places.join("\n"));
        }
    }

    /// Asserts that at this stage no secret lay in memory any more.
    pub(crate) fn assert_gone(&self, stage: &str, secrets: &[Secret]) {
        assert!(!secrets.is_empty());
        let memory = Memory::read(self.folder.path(), stage);
        let found: Vec<String> = memory.find(secrets).into_iter().map(|piece| piece.place).collect();
        assert!(found.is_empty(), "{} pieces lie around, {stage}:\n{}", found.len(), found.join("\n"));
        println!("{stage}: {} bytes of memory hold none of {} secrets", memory.bytes(), secrets.len());
    }
}

/// The writable memory of a process.
struct Memory(Vec<Region>);

struct Region {
    /// Its address and what it is for, as the system says.
    name: String,
    bytes: Vec<u8>,
}

impl Memory {
    fn read(folder: &Path, stage: &str) -> Self {
        let regions = fs::read_dir(folder.join(stage)).expect("a folder").map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("text");
            Region { name, bytes: fs::read(entry.path()).expect("a region") }
        });
        Self(regions.collect())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|region| region.bytes.len()).sum()
    }

    /// Finds every piece of eight bytes of any secret.
    fn find(&self, secrets: &[Secret]) -> Vec<Piece> {
        let mut pieces = BTreeMap::new();
        let mut starts = vec![false; 1 << 16];
        for (secret, forms) in secrets.iter().map(Secret::forms).enumerate() {
            for (form, bytes) in forms {
                for (number, piece) in bytes.chunks_exact(8).enumerate() {
                    starts[start(piece)] = true;
                    pieces.insert(piece.to_vec(), (secret, format!("piece {number} of {form}")));
                }
            }
        }
        let mut found = Vec::new();
        for region in &self.0 {
            for (at, window) in region.bytes.windows(8).enumerate() {
                if starts[start(window)]
                    && let Some((secret, piece)) = pieces.get(window)
                {
                    let place = format!("{piece} in {} at {at:#x}", region.name);
                    found.push(Piece { secret: *secret, place });
                }
            }
        }
        found
    }
}

/// A piece of a secret, found.
struct Piece {
    /// Its index among those looked for.
    secret: usize,
    /// What it is and where it lies.
    place: String,
}

/// Returns the number that the first two bytes make: most places in memory need no closer look.
fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}
