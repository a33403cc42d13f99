//! What nobody outside this crate can do with a secret, because it does not compile.
//!
//! Each item below is two programs that differ in their end: `may` compiles, `never` fails with the error named.
//! Stable compilers check that it fails, nightly ones also that it fails with this error.

/// Tells what cannot be done, and something close by that can.
macro_rules! never {
    ($name:ident, $error:literal, may: $may:literal, never: $never:literal) => {
        #[doc = concat!("```\n", preamble!(), $may, "\n```\n")]
        #[doc = concat!("```compile_fail,", $error, "\n", preamble!(), $never, "\n```\n")]
        struct $name;
    };
}

/// Two signers, one of whom has a nonce.
macro_rules! preamble {
    () => {
        "use countersign_machine::key::{Seed, SigningKey};
        use countersign_machine::session::nonce::{AggregateNonce, SecretNonce};
        use countersign_machine::wallet::key_agg::KeyAgg;

        let seed = Seed::new([1; 32]);
        let key = SigningKey::from_bytes(&[2; 32]).unwrap();
        let other = SigningKey::from_bytes(&[3; 32]).unwrap();
        let agg = KeyAgg::new(&[key.participant(), other.participant()]).unwrap();
        let fresh = |byte, key| {
            SecretNonce::generate(Seed::new([byte; 32]), key, &agg.x_only(), b\"message\", b\"\")
        };
        let (nonce, others) = (fresh(4, &key), fresh(5, &other));
        let sum = AggregateNonce::sum([nonce.public(), others.public()]);
        "
    };
}

never!(SignTwice, "E0382",
    may: "nonce.sign(&key, &agg, &sum, b\"message\").unwrap();
          others.sign(&other, &agg, &sum, b\"message\").unwrap();",
    never: "nonce.sign(&key, &agg, &sum, b\"message\").unwrap();
          nonce.sign(&key, &agg, &sum, b\"message\").unwrap();");

never!(SignWithABorrowedNonce, "E0507",
    may: "let borrowed = &nonce; borrowed.public();",
    never: "let borrowed = &nonce; borrowed.sign(&key, &agg, &sum, b\"message\");");

never!(CloneANonce, "E0599",
    may: "let public = nonce.public().clone();",
    never: "let secret = nonce.clone();");

never!(EncodeANonce, "E0277",
    may: "minicbor::to_vec(key.participant()).unwrap();",
    never: "minicbor::to_vec(nonce).unwrap();");

never!(SerializeANonce, "E0277",
    may: "toml::Value::try_from(key.participant()).unwrap();",
    never: "toml::Value::try_from(nonce).unwrap();");

never!(CompareNonces, "E0369",
    may: "assert!(nonce.public() != others.public());",
    never: "assert!(nonce != others);");

never!(PrintANonce, "E0277",
    may: "format!(\"{nonce:?}\");",
    never: "format!(\"{nonce}\");");

never!(ReadTheScalars, "E0616",
    may: "nonce.public();",
    never: "nonce.scalars;");

never!(DeriveTheLastSignersNonce, "E0624",
    may: "SecretNonce::generate(seed, &key, &agg.x_only(), b\"message\", b\"\");",
    never: "SecretNonce::derive_for_last_signer(&key, &sum, &agg, b\"message\", None);");

never!(ClaimToBeTheLastSigner, "E0603",
    may: "use countersign_machine::session::nonce::PublicNonce;",
    never: "use countersign_machine::session::round::AllOthers;");

never!(CloneASeed, "E0599",
    may: "let spent = seed;",
    never: "let twin = seed.clone();");

never!(SpendASeedTwice, "E0382",
    may: "key.sign(b\"message\", seed);",
    never: "key.sign(b\"message\", seed); key.sign(b\"massage\", seed);");

never!(PrintASeed, "E0277",
    may: "format!(\"{key:?}\");",
    never: "format!(\"{seed:?}\");");

never!(ReadASeed, "E0624",
    may: "key.participant();",
    never: "seed.expose();");

never!(CloneASigningKey, "E0599",
    may: "let public = key.participant().clone();",
    never: "let secret = key.clone();");

never!(EncodeASigningKey, "E0277",
    may: "minicbor::to_vec(key.participant()).unwrap();",
    never: "minicbor::to_vec(key).unwrap();");

never!(SerializeASigningKey, "E0277",
    may: "toml::Value::try_from(key.participant()).unwrap();",
    never: "toml::Value::try_from(key).unwrap();");

never!(CompareSigningKeys, "E0369",
    may: "assert!(key.participant() != other.participant());",
    never: "assert!(key != other);");

never!(PrintASigningKey, "E0277",
    may: "format!(\"{}\", key.participant());",
    never: "format!(\"{key}\");");

never!(ReadASigningKey, "E0616",
    may: "key.participant();",
    never: "key.secret;");

never!(TakeTheScalarOfASigningKey, "E0624",
    may: "key.participant();",
    never: "key.scalar();");
