//! Derivation: from an aggregate key to the keys that outputs pay to (BIP-328, BIP-32, BIP-341).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

use super::key_agg::{KeyAgg, Tweak, TweakFault};
use crate::key::{XOnlyKey, tagged_hash};
use crate::limits::MAX_PATH;

/// Which key below an aggregate key signs: unhardened steps, then what Taproot does to the result.
///
/// Encodes as a CBOR array of the array of steps and the [`Taproot`] part. Decoding checks what
/// [`KeyPath::new`] checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct KeyPath {
    path: Vec<u32>,
    taproot: Taproot,
}

impl KeyPath {
    /// Takes at most [`MAX_PATH`] steps, each below 2³¹.
    ///
    /// # Errors
    ///
    /// [`TweakFault::TooDeep`] or [`TweakFault::Hardened`].
    pub fn new(path: Vec<u32>, taproot: Taproot) -> Result<Self, TweakFault> {
        if path.len() > MAX_PATH {
            return Err(TweakFault::TooDeep { steps: path.len() });
        }
        match path.iter().position(|index| *index >= HARDENED) {
            Some(step) => Err(TweakFault::Hardened { step }),
            None => Ok(Self { path, taproot }),
        }
    }

    /// Returns the steps, from the aggregate key downwards.
    pub fn path(&self) -> &[u32] {
        &self.path
    }

    /// Returns what Taproot does to the key at the end of the path.
    pub fn taproot(&self) -> Taproot {
        self.taproot
    }
}

/// What Taproot does to a key before it signs.
///
/// Encodes as a CBOR array of the variant's number and, for a script tree, its root.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    minicbor::Encode,
    minicbor::Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cbor(flat)]
#[serde(rename_all = "snake_case")]
pub enum Taproot {
    /// Nothing: the key signs as it is, as inside a leaf or in `rawtr()`.
    #[n(0)]
    Untweaked,
    /// The key is an internal key that commits to no script (BIP-86; BIP-341, key path).
    #[n(1)]
    KeySpend,
    /// The key is an internal key that commits to the script tree with this Merkle root (BIP-341).
    #[n(2)]
    ScriptTree(
        #[cbor(n(0), with = "minicbor::bytes")]
        #[serde(with = "hex32")]
        [u8; 32],
    ),
}

impl KeyAgg {
    /// Returns the tweaks that lead from this key, which must be untweaked, to the key at `path`: one plain
    /// tweak a step (BIP-328), then an x-only one for Taproot (BIP-341).
    ///
    /// # Errors
    ///
    /// [`TweakFault::OutOfRange`] or [`TweakFault::Infinite`] for the one step in 2¹²⁷ that leads to no key
    /// (BIP-32).
    pub fn tweaks_for(&self, path: &KeyPath) -> Result<Vec<Tweak>, TweakFault> {
        self.walk(path).map(|(_, tweaks)| tweaks)
    }

    /// Returns the key at `path` below this key, which must be untweaked. The same as applying
    /// [`KeyAgg::tweaks_for`], at half the cost.
    ///
    /// # Errors
    ///
    /// As [`KeyAgg::tweaks_for`].
    pub fn at(&self, path: &KeyPath) -> Result<Self, TweakFault> {
        self.walk(path).map(|(key, _)| key)
    }

    fn walk(&self, path: &KeyPath) -> Result<(Self, Vec<Tweak>), TweakFault> {
        let mut key = self.clone();
        let mut tweaks = Vec::with_capacity(path.path.len() + 1);
        let mut chain_code = CHAIN_CODE;
        for index in &path.path {
            let (tweak, below) = child(key.aggregate().as_bytes(), &chain_code, *index);
            tweaks.push(Tweak::Plain(tweak));
            (key, chain_code) = (key.apply(Tweak::Plain(tweak))?, below);
        }
        let output = match path.taproot {
            Taproot::Untweaked => None,
            Taproot::KeySpend => Some(tap_tweak(&key.x_only(), &[])),
            Taproot::ScriptTree(root) => Some(tap_tweak(&key.x_only(), &root)),
        };
        if let Some(tweak) = output {
            tweaks.push(Tweak::XOnly(tweak));
            key = key.apply(Tweak::XOnly(tweak))?;
        }
        Ok((key, tweaks))
    }
}

/// First hardened index (BIP-32).
const HARDENED: u32 = 1 << 31;

/// Chain code of every aggregate key's synthetic extended key (BIP-328).
pub(crate) const CHAIN_CODE: [u8; 32] = [
    0x86, 0x80, 0x87, 0xca, 0x02, 0xa6, 0xf9, 0x74, 0xc4, 0x59, 0x89, 0x24, 0xc3, 0x6b, 0x57, 0x76, 0x2d,
    0x32, 0xcb, 0x45, 0x71, 0x71, 0x67, 0xe3, 0x00, 0x62, 0x2c, 0x71, 0x67, 0xe3, 0x89, 0x65,
];

/// Returns the tweak and the chain code of an unhardened child (BIP-32, CKDpub).
fn child(key: &[u8; 33], chain_code: &[u8; 32], index: u32) -> ([u8; 32], [u8; 32]) {
    let mac: [u8; 64] = <Hmac<Sha512> as KeyInit>::new_from_slice(chain_code)
        .expect("HMAC takes a key of any length")
        .chain_update(key)
        .chain_update(index.to_be_bytes())
        .finalize()
        .into_bytes()
        .into();
    let (mut tweak, mut below) = ([0; 32], [0; 32]);
    tweak.copy_from_slice(&mac[..32]);
    below.copy_from_slice(&mac[32..]);
    (tweak, below)
}

/// Returns the tweak by which an internal key commits to the script tree with this Merkle root, or to none
/// when `root` is empty (BIP-341, taproot_tweak_pubkey).
pub(crate) fn tap_tweak(internal: &XOnlyKey, root: &[u8]) -> [u8; 32] {
    tagged_hash("TapTweak", &[internal.as_bytes(), root])
}

impl<C> minicbor::Encode<C> for KeyPath {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.array(2)?.encode(&self.path)?.encode(self.taproot)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for KeyPath {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = decoder.position();
        let malformed = |why: &str| minicbor::decode::Error::message(why).at(at);
        if decoder.array()? != Some(2) {
            return Err(malformed("a key path has two parts"));
        }
        let steps = decoder.array()?.filter(|steps| *steps <= MAX_PATH as u64);
        let steps = steps.ok_or_else(|| malformed("a path too deep, or of no stated depth"))?;
        let path = (0..steps).map(|_| decoder.u32()).collect::<Result<_, _>>()?;
        Self::new(path, decoder.decode()?).map_err(|fault| malformed(&fault.to_string()))
    }
}

/// A path as JSON has it.
#[derive(serde::Deserialize)]
struct Unchecked {
    path: Vec<u32>,
    taproot: Taproot,
}

impl TryFrom<Unchecked> for KeyPath {
    type Error = TweakFault;

    fn try_from(Unchecked { path, taproot }: Unchecked) -> Result<Self, TweakFault> {
        Self::new(path, taproot)
    }
}

/// A Merkle root as JSON has it: hex.
mod hex32 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    struct Hex<'a>(&'a [u8; 32]);

    impl std::fmt::Display for Hex<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            crate::hex::write(f, self.0)
        }
    }

    pub(super) fn serialize<S: Serializer>(root: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(root))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        crate::hex::parse(&String::deserialize(deserializer)?).map_err(Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::ParticipantKey;

    #[test]
    fn a_step_derives_the_child_that_bip_32_lists() {
        // BIP-32, test vector 2: the public keys and chain codes of m and m/0.
        let parent = "03cbcaa9c98c877a26977d00825c956a238e8dddfbd322cce4f74b0b5bd6ace4a7";
        let chain_code = hex("60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689");

        let parent: ParticipantKey = parent.parse().expect("a key");
        let (tweak, below) = child(parent.as_bytes(), &chain_code, 0);
        let tweak = secp::MaybeScalar::from_slice(&tweak).expect("in range");
        let key = (parent.point() + tweak * secp::G).not_inf().expect("a key");

        let expected = "02fc9e5af0ac8d9b3cecfe2a888e2117ba3d089d8585886c9c826b6b22a98d12ea";
        assert_eq!(ParticipantKey::from(key).to_string(), expected);
        assert_eq!(below, hex("f0909affaa7ee7abe5dd4e100598d4dc53cd709d5a5c2cac40e7412f232f7c9c"));
    }

    #[test]
    fn a_path_leads_to_the_key_that_its_tweaks_make() {
        let wallet = wallet();
        for taproot in [Taproot::Untweaked, Taproot::KeySpend, Taproot::ScriptTree([7; 32])] {
            let path = KeyPath::new(vec![0, 5], taproot).expect("a path");

            let tweaks = wallet.tweaks_for(&path).expect("tweaks");

            assert_eq!(tweaks.len(), if taproot == Taproot::Untweaked { 2 } else { 3 });
            let tweaked = wallet.tweaked(&tweaks).expect("a key");
            assert_eq!(tweaked.aggregate(), wallet.at(&path).expect("a key").aggregate());
            assert_ne!(tweaked.aggregate(), wallet.aggregate());
        }
    }

    #[test]
    fn different_paths_lead_to_different_keys() {
        let roots = [Taproot::Untweaked, Taproot::KeySpend, Taproot::ScriptTree([0; 32])];
        let paths = [vec![], vec![0], vec![1], vec![0, 1], vec![1, 0], vec![HARDENED - 1]];
        let mut keys: Vec<_> = paths
            .iter()
            .flat_map(|path| roots.map(|taproot| KeyPath::new(path.clone(), taproot).expect("a path")))
            .map(|path| wallet().at(&path).expect("a key").aggregate())
            .collect();

        crate::wallet::key_agg::key_sort(&mut keys);
        keys.dedup();

        assert_eq!(keys.len(), paths.len() * roots.len());
    }

    #[test]
    fn a_hardened_or_endless_path_is_refused_wherever_it_comes_in() {
        let hardened = Unchecked { path: vec![0, HARDENED], taproot: Taproot::KeySpend };
        let endless = Unchecked { path: vec![0; MAX_PATH + 1], taproot: Taproot::KeySpend };

        for path in [&hardened, &endless] {
            let bytes = minicbor::to_vec((&path.path, path.taproot)).expect("bytes");
            assert!(minicbor::decode::<KeyPath>(&bytes).is_err());
        }
        assert_eq!(KeyPath::try_from(hardened), Err(TweakFault::Hardened { step: 1 }));
        assert_eq!(KeyPath::try_from(endless), Err(TweakFault::TooDeep { steps: MAX_PATH + 1 }));
    }

    #[test]
    fn a_path_has_these_bytes_for_ever() {
        for (taproot, bytes) in [
            (Taproot::Untweaked, "8282001901f48100".to_owned()),
            (Taproot::KeySpend, "8282001901f48101".to_owned()),
            (Taproot::ScriptTree([0xab; 32]), format!("8282001901f482025820{}", "ab".repeat(32))),
        ] {
            let path = KeyPath::new(vec![0, 500], taproot).expect("a path");

            assert_eq!(hex::encode(minicbor::to_vec(&path).expect("bytes")), bytes);
            let back: KeyPath = minicbor::decode(&hex::decode(bytes).expect("hex")).expect("a path");
            assert_eq!(back, path);
        }
    }

    fn wallet() -> KeyAgg {
        let keys = [1_u8, 2].map(|secret| {
            let secret = crate::key::SigningKey::from_bytes(&[secret; 32]).expect("in range");
            secret.participant()
        });
        KeyAgg::new(&keys).expect("a key")
    }

    fn hex(text: &str) -> [u8; 32] {
        crate::hex::parse(text).expect("hex")
    }
}
