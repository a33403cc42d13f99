//! Pieces of evidence, changed.

use minicbor::data::Type;

use super::*;

/// How many changed pieces are judged.
const PIECES: usize = 12_000;

#[test]
fn no_changed_piece_of_evidence_speaks_against_another() {
    let cases = cases();
    let pieces: Vec<(Vec<u8>, Verdict)> =
        cases.iter().map(|case| (case.evidence(VICTIM).remove(0), case.verdict())).collect();
    let liar = cases[0].verdict().participant;
    let spare = spare_parts(&cases);
    let mut row = Row(7);
    let mut believed = 0;

    for number in 0..PIECES {
        let (bytes, verdict) = &pieces[number % pieces.len()];
        let (changed, same_parts) = match row.below(6) {
            0 | 1 => (flip(bytes, &mut row), true),
            2 => (bytes[..row.below(bytes.len())].to_vec(), true),
            3 => ([bytes.as_slice(), &vec![row.below(256) as u8; 1 + row.below(9)]].concat(), true),
            4 => (encode_otherwise(bytes, &mut row), true),
            _ => (swap(bytes, &spare, &mut row), false),
        };
        if changed == *bytes {
            continue;
        }
        match verify_evidence(&changed) {
            Err(_) => {}
            Ok(found) if same_parts => panic!("{found:?} from {verdict:?}, changed in place"),
            Ok(found) => {
                assert_eq!(found.participant, liar, "{found:?}");
                assert_eq!(found.slot, Slot(LIAR as u8));
                believed += 1;
            }
        }
    }

    println!("{believed} of {PIECES} were true all the same");
    assert!(believed < PIECES / 20);
}

#[test]
fn every_truncated_piece_of_evidence_is_malformed() {
    for case in cases() {
        let bytes = case.evidence(VICTIM).remove(0);
        for length in 0..bytes.len() {
            assert_eq!(verify_evidence(&bytes[..length]), Err(EvidenceFault::Malformed), "{length} bytes");
        }
    }
}

#[test]
fn the_two_words_of_an_equivocation_have_one_order() {
    let case = Case::by_lie(|word| word.equivocate(1), Offence::Equivocation);
    let parts = Parts::of(&case.evidence(VICTIM)[0]);
    let mut turned = parts.clone();
    turned.proof.swap(1, 2);

    assert_eq!(verify_evidence(&parts.to_bytes()), Ok(case.verdict()));
    assert_eq!(verify_evidence(&turned.to_bytes()), Err(EvidenceFault::Innocent));
    let twice = Parts {
        proof: vec![parts.proof[0].clone(), parts.proof[1].clone(), parts.proof[1].clone()],
        ..parts
    };
    assert_eq!(verify_evidence(&twice.to_bytes()), Err(EvidenceFault::Innocent));
}

/// A row of numbers that one seed determines (splitmix64).
pub(crate) struct Row(pub(crate) u64);

impl Row {
    /// Returns the next number below `bound`, which must not be 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// A piece of evidence, each part as its bytes: version, keys, card, and the proof's own parts.
#[derive(Clone)]
struct Parts {
    head: Vec<Vec<u8>>,
    proof: Vec<Vec<u8>>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let mut decoder = minicbor::Decoder::new(bytes);
        let part = |decoder: &mut minicbor::Decoder<'_>| {
            let start = decoder.position();
            decoder.skip().expect("a part");
            bytes[start..decoder.position()].to_vec()
        };
        decoder.array().expect("an array");
        let head = (0..3).map(|_| part(&mut decoder)).collect();
        let count = decoder.array().expect("a proof").expect("its length");
        let proof = (0..count).map(|_| part(&mut decoder)).collect();
        Self { head, proof }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let length = |count: usize| vec![0x80 + count as u8];
        [length(4), self.head.concat(), length(self.proof.len()), self.proof.concat()].concat()
    }
}

/// Returns every part of every piece, by its place, and honest words and cards where such go.
fn spare_parts(cases: &[Case]) -> Vec<Parts> {
    let mut spare: Vec<Parts> = cases.iter().map(|case| Parts::of(&case.evidence(VICTIM)[0])).collect();
    let bytes = |bytes: &[u8]| {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        encoder.bytes(bytes).expect("writing to memory does not fail");
        encoder.into_writer()
    };
    let others = [World::new(2, 3, Topology::Mesh), World::new(1, 4, Topology::Mesh)];
    for world in cases.iter().map(|case| &case.world).chain(&others) {
        let said: Vec<Envelope> = world.sent.iter().filter_map(Flight::envelope).collect();
        let node = world.phones[0].node.as_ref().expect("alive");
        let keys = node.wallet(world.wallet).expect("known").keys().to_vec();
        for phone in &world.phones {
            let first = spare[0].clone();
            let head = vec![
                first.head[0].clone(),
                minicbor::to_vec(&keys).expect("writing to memory does not fail"),
                bytes(phone.card().as_bytes()),
            ];
            spare.push(Parts { head, ..first });
        }
        for pair in said.windows(2) {
            let proof = vec![vec![2], bytes(pair[0].bytes()), bytes(pair[1].bytes())];
            spare.push(Parts { proof, ..spare[0].clone() });
        }
    }
    spare
}

/// Puts a part of another piece, or of an honest phone's words, in the place of one of its own.
fn swap(bytes: &[u8], spare: &[Parts], row: &mut Row) -> Vec<u8> {
    let mut parts = Parts::of(bytes);
    for _ in 0..=row.below(2) {
        let other = &spare[row.below(spare.len())];
        match row.below(4) {
            0 => {
                let at = row.below(3);
                parts.head[at] = other.head[at].clone();
            }
            1 => parts.proof = other.proof.clone(),
            2 => parts.proof[0] = vec![row.below(5) as u8],
            _ => {
                let at = row.below(parts.proof.len());
                parts.proof[at] = other.proof[row.below(other.proof.len())].clone();
            }
        }
    }
    parts.to_bytes()
}

/// Flips one to four bits.
fn flip(bytes: &[u8], row: &mut Row) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=row.below(4) {
        let at = row.below(changed.len());
        changed[at] ^= 1 << row.below(8);
    }
    changed
}

/// Encodes one of the parts, or the whole, in a longer form of the same meaning.
fn encode_otherwise(bytes: &[u8], row: &mut Row) -> Vec<u8> {
    let mut parts = Parts::of(bytes);
    let whole = |head: u8| [&[head], &bytes[1..], &[0xff]].concat();
    match row.below(4) {
        0 => whole(0x9f),
        1 => [&[0x98, 4], &bytes[1..]].concat(),
        2 => {
            parts.head[0] = vec![0x18, 1];
            parts.to_bytes()
        }
        _ => {
            let all = 1..parts.proof.len();
            let at = all.start + row.below(all.len());
            parts.proof[at] = longer(&parts.proof[at]);
            parts.to_bytes()
        }
    }
}

/// Gives a byte string or an array a longer head.
fn longer(part: &[u8]) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(part);
    let is_bytes = decoder.datatype().is_ok_and(|kind| kind == Type::Bytes);
    let (major, length, body) = if is_bytes {
        let held = decoder.bytes().expect("bytes").len();
        (0x40, held, &part[part.len() - held..])
    } else {
        (0x80, decoder.array().expect("an array").expect("its length") as usize, &part[1..])
    };
    [&[major + 27], (length as u64).to_be_bytes().as_slice(), body].concat()
}
