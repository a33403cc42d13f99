//! As much CDDL (RFC 8610) as PROTOCOL.md uses: rules, choices, arrays, ranges, sizes and embedded CBOR.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::RangeInclusive;

use minicbor::Decoder;

/// Rules by name.
pub(super) struct Grammar(BTreeMap<String, Vec<Type>>);

enum Type {
    Bool,
    Rule(String),
    Number(RangeInclusive<u64>),
    Text(RangeInclusive<u64>),
    Bytes(RangeInclusive<u64>, Option<String>),
    Array(Vec<(RangeInclusive<u64>, Type)>),
}

impl Grammar {
    pub(super) fn parse(text: &str) -> Self {
        let text: String =
            text.lines().map(|line| line.split(';').next().unwrap_or("").to_owned() + " ").collect();
        let spaced = ["[", "]", "(", ")", ",", "=", "..", " / "]
            .iter()
            .fold(text, |text, mark| text.replace(mark, &format!(" {mark} ")));
        let words: Vec<&str> = spaced.split_whitespace().filter(|word| !word.ends_with(':')).collect();
        let mut rules = BTreeMap::new();
        let starts: Vec<usize> = (1..words.len()).filter(|at| words[*at] == "=").map(|at| at - 1).collect();
        for (nth, start) in starts.iter().enumerate() {
            let end = starts.get(nth + 1).copied().unwrap_or(words.len());
            let mut rest = words[start + 2..end].iter().copied().peekable();
            let mut choices = vec![one(&mut rest)];
            while rest.next_if_eq(&"/").is_some() {
                choices.push(one(&mut rest));
            }
            assert_eq!(rest.next(), None, "in rule {}", words[*start]);
            assert!(rules.insert(words[*start].to_owned(), choices).is_none(), "{} twice", words[*start]);
        }
        Self(rules)
    }

    pub(super) fn check(&self, rule: &str, bytes: &[u8]) {
        assert!(self.fits(rule, bytes), "no {rule}: {}", hex::encode(bytes));
    }

    pub(super) fn fits(&self, rule: &str, bytes: &[u8]) -> bool {
        let mut decoder = Decoder::new(bytes);
        self.rule(rule, &mut decoder).is_some() && decoder.position() == bytes.len()
    }

    fn rule(&self, name: &str, decoder: &mut Decoder<'_>) -> Option<()> {
        let choices = self.0.get(name).unwrap_or_else(|| panic!("no rule {name}"));
        choices.iter().find_map(|choice| {
            let mut ahead = decoder.clone();
            self.one(choice, &mut ahead)?;
            *decoder = ahead;
            Some(())
        })
    }

    fn one(&self, kind: &Type, decoder: &mut Decoder<'_>) -> Option<()> {
        let within = |range: &RangeInclusive<u64>, number: u64| range.contains(&number).then_some(());
        match kind {
            Type::Rule(name) => self.rule(name, decoder),
            Type::Number(range) => within(range, decoder.u64().ok()?),
            Type::Bool => decoder.bool().ok().map(drop),
            Type::Text(range) => within(range, decoder.str().ok()?.len() as u64),
            Type::Bytes(range, rule) => {
                let bytes = decoder.bytes().ok()?;
                within(range, bytes.len() as u64)?;
                rule.as_ref().is_none_or(|rule| self.fits(rule, bytes)).then_some(())
            }
            Type::Array(parts) => {
                let mut left = decoder.array().ok()??;
                for (times, part) in parts {
                    let count = left.min(*times.end());
                    within(times, count)?;
                    (0..count).try_for_each(|_| self.one(part, decoder))?;
                    left -= count;
                }
                (left == 0).then_some(())
            }
        }
    }
}

fn one<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>) -> Type {
    match words.next().expect("a type") {
        "[" => Type::Array(parts(words)),
        "uint" => Type::Number(0..=u64::MAX),
        "bool" => Type::Bool,
        "tstr" => Type::Text(size(words)),
        "bstr" => {
            let size = size(words);
            let rule = words.next_if_eq(&".cbor").map(|_| words.next().expect("a rule").to_owned());
            Type::Bytes(size, rule)
        }
        word => match word.parse() {
            Ok(first) => Type::Number(first..=up_to(words).unwrap_or(first)),
            Err(_) => Type::Rule(word.to_owned()),
        },
    }
}

/// Reads an array's parts, each with how often it may occur: `0*8 rule`, `* rule` or `rule`.
fn parts<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>) -> Vec<(RangeInclusive<u64>, Type)> {
    let mut parts = Vec::new();
    loop {
        let times = words.next_if(|word| word.contains('*')).map_or(1..=1, |times| {
            let (least, most) = times.split_once('*').expect("a star");
            least.parse().unwrap_or(0)..=most.parse().unwrap_or(u64::MAX)
        });
        parts.push((times, one(words)));
        match words.next() {
            Some(",") => {}
            Some("]") => return parts,
            other => panic!("{other:?} in an array"),
        }
    }
}

fn size<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>) -> RangeInclusive<u64> {
    if words.next_if_eq(&".size").is_none() {
        return 0..=u64::MAX;
    }
    let open = words.next_if_eq(&"(").is_some();
    let first = words.next().and_then(|word| word.parse().ok()).expect("a size");
    let last = up_to(words).unwrap_or(first);
    if open {
        assert_eq!(words.next(), Some(")"));
    }
    first..=last
}

fn up_to<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>) -> Option<u64> {
    words.next_if_eq(&"..").map(|_| words.next().and_then(|word| word.parse().ok()).expect("a bound"))
}
