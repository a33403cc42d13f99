//! A vault in a file, under a passphrase. For hosts: phones have better.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `CSgnKeys` |
//! | 4 | format, 1; this and the next three are `u32`, big-endian |
//! | 4, 4, 4 | Argon2id: memory in KiB, passes, lanes |
//! | 16, 24 | salt, nonce |
//! | 80 | XChaCha20-Poly1305 of the transport and the signing secret; all of the above is its associated data |
//! | 32 | SHA-256 of all of the above |
//!
//! The hash proves nothing to an attacker; it lets a damaged file be told from a wrong passphrase.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{KeyPurpose, Secret32, Vault, VaultError};
use crate::entropy::{Entropy, EntropyError};

const MAGIC: [u8; 8] = *b"CSgnKeys";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 64;
const SEALED_BYTES: usize = 64 + 16;
const FILE_BYTES: usize = HEADER_BYTES + SEALED_BYTES + 32;

/// The most work a header may ask for: some 14 times the memory, 8 times the passes and 4 times the lanes written
/// here. Bounds what a hostile file can cost whoever opens it.
const MEMORY_KIB_MAX: u32 = 256 << 10;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 4;

/// Both secrets, read from a file that only its passphrase opens, and held in memory until dropped.
#[derive(Debug)]
pub struct FileVault {
    transport: Secret32,
    signing: Secret32,
}

impl FileVault {
    /// Seals the two secrets under `passphrase` in a new file at `path`, readable by its owner only.
    ///
    /// A crash leaves either no file at `path` or the whole of it, and perhaps a stray `*.new` beside it that
    /// is sealed as well. Takes some tens of milliseconds, on purpose.
    ///
    /// # Errors
    ///
    /// [`VaultError::AlreadyExists`] if there is any file at `path`: it is never overwritten.
    /// [`VaultError::NotFound`] if there is no directory for it.
    /// [`VaultError::Unavailable`] if the system refused to write, or gave no entropy.
    pub fn create(
        path: impl AsRef<Path>,
        passphrase: &[u8],
        transport: Secret32,
        signing: Secret32,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, VaultError> {
        let vault = FileVault { transport, signing };
        let header = Header::new(entropy)?;
        write_new(path.as_ref(), &vault.seal(&header, passphrase)?)?;
        Ok(vault)
    }

    /// Creates a vault of two secrets drawn from `entropy`.
    ///
    /// With a probability of 2^-128 the signing secret is no secp256k1 scalar; the first signature then fails.
    ///
    /// # Errors
    ///
    /// As [`FileVault::create`].
    pub fn create_random(
        path: impl AsRef<Path>,
        passphrase: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<Self, VaultError> {
        let (transport, signing) = (draw(entropy)?, draw(entropy)?);
        FileVault::create(path, passphrase, Secret32::new(&transport), Secret32::new(&signing), entropy)
    }

    /// Opens the vault at `path`. Takes as long as [`FileVault::create`].
    ///
    /// # Errors
    ///
    /// [`VaultError::NotFound`], [`VaultError::Corrupt`], [`VaultError::WrongPassphrase`], or
    /// [`VaultError::Unavailable`] if the system refused to read.
    pub fn open(path: impl AsRef<Path>, passphrase: &[u8]) -> Result<Self, VaultError> {
        let mut bytes = Vec::with_capacity(FILE_BYTES + 1);
        let file = File::open(path).map_err(refused)?;
        file.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
        FileVault::unseal(&bytes, passphrase)
    }

    fn seal(&self, header: &Header, passphrase: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut secrets = Zeroizing::new([0; 64]);
        secrets[..32].copy_from_slice(self.transport.expose());
        secrets[32..].copy_from_slice(self.signing.expose());
        let mut bytes = header.to_bytes().to_vec();
        let payload = Payload { msg: secrets.as_slice(), aad: &bytes };
        let sealed = header
            .cipher(passphrase)?
            .encrypt(&XNonce::from(header.nonce), payload)
            .expect("two secrets are far below the cipher's limit");
        bytes.extend(sealed);
        bytes.extend(Sha256::digest(&bytes));
        Ok(bytes)
    }

    fn unseal(bytes: &[u8], passphrase: &[u8]) -> Result<Self, VaultError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(VaultError::Corrupt("the file is not a vault"));
        }
        if bytes.len() != FILE_BYTES {
            return Err(VaultError::Corrupt("the file has another length"));
        }
        let (content, hash) = bytes.split_at(HEADER_BYTES + SEALED_BYTES);
        if Sha256::digest(content).as_slice() != hash {
            return Err(VaultError::Corrupt("the file is not as it was written"));
        }
        let (header_bytes, sealed) = content.split_at(HEADER_BYTES);
        let header = Header::from_bytes(header_bytes)?;
        let payload = Payload { msg: sealed, aad: header_bytes };
        let secrets = header
            .cipher(passphrase)?
            .decrypt(&XNonce::from(header.nonce), payload)
            .map_err(|_| VaultError::WrongPassphrase)?;
        let secrets = Zeroizing::new(secrets);
        let (transport, signing) = secrets.split_at(32);
        Ok(FileVault { transport: secret(transport), signing: secret(signing) })
    }
}

impl Vault for FileVault {
    fn transport_secret(&self) -> Result<Secret32, VaultError> {
        Ok(Secret32::new(self.transport.expose()))
    }

    /// Gives the secret at once: whoever knew the passphrase has agreed to every use.
    fn signing_secret(&self, _why: KeyPurpose) -> BoxFuture<'_, Result<Secret32, VaultError>> {
        ready(Ok(Secret32::new(self.signing.expose()))).boxed()
    }
}

/// How the secrets are sealed.
#[derive(Debug)]
struct Header {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
    nonce: [u8; 24],
}

impl Header {
    fn new(entropy: &mut dyn Entropy) -> Result<Self, VaultError> {
        let (salt, nonce) = (draw(entropy)?, draw(entropy)?);
        Ok(Header {
            memory_kib: Params::DEFAULT_M_COST,
            passes: Params::DEFAULT_T_COST,
            lanes: Params::DEFAULT_P_COST,
            salt: first(&*salt),
            nonce: first(&*nonce),
        })
    }

    fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let numbers = [FORMAT, self.memory_kib, self.passes, self.lanes].map(u32::to_be_bytes);
        let parts = [&MAGIC[..], numbers.as_flattened(), &self.salt, &self.nonce];
        parts.concat().try_into().expect("the parts of a header have its length")
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let number = |at: usize| u32::from_be_bytes(first(&bytes[at..]));
        if number(8) != FORMAT {
            return Err(VaultError::Corrupt("the vault has an unknown format"));
        }
        let header = Header {
            memory_kib: number(12),
            passes: number(16),
            lanes: number(20),
            salt: first(&bytes[24..]),
            nonce: first(&bytes[40..]),
        };
        let excessive =
            header.memory_kib > MEMORY_KIB_MAX || header.passes > PASSES_MAX || header.lanes > LANES_MAX;
        if excessive { Err(VaultError::Corrupt("the vault asks for too much work")) } else { Ok(header) }
    }

    /// Derives the key with Argon2id, wiping all it worked on.
    fn cipher(&self, passphrase: &[u8]) -> Result<XChaCha20Poly1305, VaultError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| VaultError::Corrupt("the vault asks for too little work"))?;
        let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase, &self.salt, &mut *key, memory.as_mut_slice())
            .map_err(|error| VaultError::Unavailable(error.to_string()))?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }
}

/// Writes a file that appears whole or not at all, and only where none is.
///
/// Linking instead of renaming: a rename would replace a file that appeared meanwhile.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    if path.symlink_metadata().is_ok() {
        return Err(VaultError::AlreadyExists);
    }
    let temporary = beside(path, bytes);
    let written = write_synced(&temporary, bytes).and_then(|()| fs::hard_link(&temporary, path));
    // Left behind, it would do no harm: it is sealed as well.
    fs::remove_file(&temporary).ok();
    written.and_then(|()| sync_directory(path)).map_err(refused)
}

/// A name nobody else uses: it ends in the first bytes of the file's own hash.
fn beside(path: &Path, bytes: &[u8]) -> PathBuf {
    let mut name = OsString::from(path);
    let mut suffix = String::new();
    for byte in &bytes[FILE_BYTES - 32..FILE_BYTES - 24] {
        write!(suffix, "{byte:02x}").expect("a string takes all");
    }
    name.push(format!(".{suffix}.new"));
    PathBuf::from(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn refused(error: io::Error) -> VaultError {
    if error.kind() == io::ErrorKind::NotFound {
        VaultError::NotFound
    } else if error.kind() == io::ErrorKind::AlreadyExists {
        VaultError::AlreadyExists
    } else {
        VaultError::Unavailable(error.to_string())
    }
}

fn draw(entropy: &mut dyn Entropy) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(&mut bytes).map_err(|error: EntropyError| VaultError::Unavailable(error.to_string()))?;
    Ok(bytes)
}

fn secret(bytes: &[u8]) -> Secret32 {
    Secret32::new(bytes.first_chunk().expect("the file's length was checked"))
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("the file's length was checked")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    use tempfile::TempDir;

    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};

    #[test]
    fn a_created_vault_opens_with_its_passphrase_and_gives_the_same_secrets() {
        let place = Place::new();
        let created = place.create();
        let opened = FileVault::open(place.file(), b"correct horse").expect("the passphrase is right");
        for vault in [created, opened] {
            assert_eq!(vault.transport_secret().expect("it needs no user").expose(), &[1; 32]);
            let signing =
                vault.signing_secret(KeyPurpose::Sign).now_or_never().expect("a file answers at once");
            assert_eq!(signing.expect("the passphrase was given").expose(), &[2; 32]);
        }
    }

    #[test]
    fn the_file_is_for_its_owner_only_shows_no_secret_and_has_nothing_beside_it() {
        let place = Place::new();
        place.create();
        let bytes = fs::read(place.file()).expect("it was created");
        assert_eq!(bytes.len(), FILE_BYTES);
        assert!(!bytes.windows(8).any(|window| window == [1; 8] || window == [2; 8]));
        assert_eq!(fs::metadata(place.file()).expect("it was created").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(place.directory.path()).expect("the directory is ours").count(), 1);
    }

    #[test]
    fn a_random_vault_has_two_different_secrets_and_no_two_vaults_have_the_same() {
        let (one, two) = (Place::new(), Place::new());
        let one = FileVault::create_random(one.file(), b"", &mut SystemEntropy).expect("there is room");
        let two = FileVault::create_random(two.file(), b"", &mut SystemEntropy).expect("there is room");
        assert_ne!(one.transport.expose(), one.signing.expose());
        assert_ne!(one.transport.expose(), two.transport.expose());
        assert_ne!(one.signing.expose(), two.signing.expose());
    }

    #[test]
    fn another_passphrase_is_wrong() {
        let place = Place::new();
        place.create();
        for passphrase in [&b""[..], b"correct hors", b"correct horse ", b"Correct horse"] {
            assert_eq!(FileVault::open(place.file(), passphrase).err(), Some(VaultError::WrongPassphrase));
        }
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let place = Place::new();
        fs::write(place.file(), b"precious").expect("the directory is ours");
        let created = FileVault::create_random(place.file(), b"", &mut SystemEntropy);
        assert_eq!(created.err(), Some(VaultError::AlreadyExists));
        assert_eq!(write_new(&place.file(), &[0; FILE_BYTES]), Err(VaultError::AlreadyExists));
        assert_eq!(fs::read(place.file()).expect("it is still there"), b"precious");
        assert_eq!(fs::read_dir(place.directory.path()).expect("the directory is ours").count(), 1);
    }

    #[test]
    fn a_missing_file_is_not_found() {
        assert_eq!(FileVault::open(Place::new().file(), b"").err(), Some(VaultError::NotFound));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_told_from_a_wrong_passphrase() {
        let good = sealed(&header());
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(FileVault::unseal(&bad, b"p"), Err(VaultError::Corrupt(_))), "bit {bit}");
        }
    }

    #[test]
    fn a_change_that_mends_the_hash_does_not_open_either() {
        let good = sealed(&header());
        for at in 0..HEADER_BYTES + SEALED_BYTES {
            let mut bad = good.clone();
            bad[at] ^= 1;
            mend(&mut bad);
            assert!(FileVault::unseal(&bad, b"p").is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_cut_an_extended_and_a_foreign_file_are_not_vaults() {
        let good = sealed(&header());
        for length in 0..good.len() {
            assert!(matches!(FileVault::unseal(&good[..length], b"p"), Err(VaultError::Corrupt(_))));
        }
        let place = Place::new();
        for bytes in [[&good[..], &[0]].concat(), vec![0; FILE_BYTES], good.repeat(10_000)] {
            fs::write(place.file(), bytes).expect("the directory is ours");
            assert!(matches!(FileVault::open(place.file(), b"p"), Err(VaultError::Corrupt(_))));
        }
    }

    #[test]
    fn a_hostile_header_cannot_ask_for_gigabytes_or_hours() {
        let started = Instant::now();
        for (memory_kib, passes, lanes) in [
            (u32::MAX, 1, 1),
            (MEMORY_KIB_MAX + 1, 1, 1),
            (64, u32::MAX, 1),
            (u32::MAX, 1, 0x00ff_ffff),
            (64, 1, LANES_MAX + 1),
            (0, 1, 1),
            (64, 0, 1),
            (64, 1, 0),
        ] {
            let mut bytes = sealed(&header());
            bytes[..HEADER_BYTES]
                .copy_from_slice(&Header { memory_kib, passes, lanes, ..header() }.to_bytes());
            mend(&mut bytes);
            assert!(matches!(FileVault::unseal(&bytes, b"p"), Err(VaultError::Corrupt(_))));
        }
        assert!(started.elapsed().as_secs() < 5);
    }

    #[test]
    fn the_file_stays_as_it_was() {
        assert_eq!(
            hex::encode(Sha256::digest(sealed(&header()))),
            "d3ffe8f4552e7122827397fe9492d6a35d24bdf95fdc8991ff2206aaa3a5cbfe"
        );
        assert_eq!(
            FileVault::unseal(&sealed(&header()), b"p").expect("it is sound").signing.expose(),
            &[2; 32]
        );
    }

    struct Place {
        directory: TempDir,
    }

    impl Place {
        fn new() -> Self {
            Place { directory: TempDir::new().expect("there is a temporary directory") }
        }

        fn file(&self) -> PathBuf {
            self.directory.path().join("vault")
        }

        fn create(&self) -> FileVault {
            let (transport, signing) = (Secret32::new(&[1; 32]), Secret32::new(&[2; 32]));
            FileVault::create(
                self.file(),
                b"correct horse",
                transport,
                signing,
                &mut SeededEntropy::new([0; 32]),
            )
            .expect("there is room")
        }
    }

    /// The least work there is, for tests that open often.
    fn header() -> Header {
        Header { memory_kib: 8, passes: 1, lanes: 1, salt: [3; 16], nonce: [4; 24] }
    }

    fn sealed(header: &Header) -> Vec<u8> {
        let vault = FileVault { transport: Secret32::new(&[1; 32]), signing: Secret32::new(&[2; 32]) };
        vault.seal(header, b"p").expect("the work is within bounds")
    }

    fn mend(bytes: &mut [u8]) {
        let hash = Sha256::digest(&bytes[..FILE_BYTES - 32]);
        bytes[FILE_BYTES - 32..].copy_from_slice(&hash);
    }
}
