//! One key as KMS tells of it, and its signatures as JOSE has them.

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_sdk_kms::operation::get_public_key::GetPublicKeyOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use smart_core::jose::{Algorithm, PublicJwk, SigningKey};

use super::{KeyError, der};

/// The most that KMS takes as it is (`Sign`, `Message`).
const LONGEST_RAW: usize = 4096;

/// How long a signature by RSA-2048 is.
const RSA_2048_SIGNATURE: usize = 256;

/// A key: its address, and what is published of it.
pub(super) struct Key {
    pub(super) arn: String,
    pub(super) name: SigningKey,
    pub(super) public: PublicJwk,
}

impl Key {
    pub(super) fn read(name: &str, read: &GetPublicKeyOutput) -> Result<Self, KeyError> {
        let alg = match (read.key_spec(), read.key_usage()) {
            (Some(KeySpec::Rsa2048), Some(KeyUsageType::SignVerify)) => Some(Algorithm::RS256),
            (Some(KeySpec::EccNistP256), Some(KeyUsageType::SignVerify)) => Some(Algorithm::ES256),
            (Some(KeySpec::EccNistP384), Some(KeyUsageType::SignVerify)) => Some(Algorithm::ES384),
            _ => None,
        };
        let public = read.public_key().and_then(|spki| der::public_key(spki.as_ref()));
        let (Some(alg), Some(public), Some(arn)) = (alg, public, read.key_id()) else {
            return Err(unsuitable(name, read));
        };
        if !public.fits(alg) {
            return Err(unsuitable(name, read));
        }
        let public = PublicJwk::new(public, alg);
        Ok(Self { arn: arn.to_owned(), name: SigningKey { kid: public.kid.clone(), alg }, public })
    }

    /// The raw JOSE signature (RFC 7518 §3) of what KMS answered.
    pub(super) fn jose_signature(&self, signed: &[u8]) -> Option<Vec<u8>> {
        match self.name.alg {
            Algorithm::RS256 | Algorithm::RS384 => {
                (signed.len() == RSA_2048_SIGNATURE).then(|| signed.to_vec())
            }
            Algorithm::ES256 => der::jose_signature(signed, 32),
            Algorithm::ES384 => der::jose_signature(signed, 48),
        }
    }
}

/// What KMS is asked to sign with. Only the three of [`Key::read`] come here.
pub(super) fn algorithm(alg: Algorithm) -> SigningAlgorithmSpec {
    match alg {
        Algorithm::RS256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        Algorithm::RS384 => SigningAlgorithmSpec::RsassaPkcs1V15Sha384,
        Algorithm::ES256 => SigningAlgorithmSpec::EcdsaSha256,
        Algorithm::ES384 => SigningAlgorithmSpec::EcdsaSha384,
    }
}

/// What KMS is sent: the input if it fits, else its digest.
pub(super) fn message(alg: Algorithm, input: &[u8]) -> (MessageType, Blob) {
    if input.len() <= LONGEST_RAW {
        return (MessageType::Raw, Blob::new(input));
    }
    let hash = match alg {
        Algorithm::RS256 | Algorithm::ES256 => &SHA256,
        Algorithm::RS384 | Algorithm::ES384 => &SHA384,
    };
    (MessageType::Digest, Blob::new(digest(hash, input).as_ref()))
}

fn unsuitable(name: &str, read: &GetPublicKeyOutput) -> KeyError {
    let spec = read.key_spec().map_or("of an unknown spec", KeySpec::as_str);
    let usage = read.key_usage().map_or("an unknown use", KeyUsageType::as_str);
    KeyError::Unsuitable { name: name.to_owned(), found: format!("{spec} for {usage}") }
}

#[cfg(test)]
mod tests {
    use smart_core::jose::PublicKey;

    use super::*;

    #[test]
    fn kms_takes_4096_bytes_as_they_are_and_a_digest_of_more() {
        assert_eq!(message(Algorithm::RS256, &[0; LONGEST_RAW]).0, MessageType::Raw);
        for (alg, length) in [(Algorithm::RS256, 32), (Algorithm::ES256, 32), (Algorithm::ES384, 48)] {
            let (kind, sent) = message(alg, &[0; LONGEST_RAW + 1]);
            assert_eq!((kind, sent.as_ref().len()), (MessageType::Digest, length));
        }
    }

    #[test]
    fn a_key_of_another_spec_or_use_is_refused_by_name() {
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let spki = {
            use aws_lc_rs::encoding::AsDer as _;
            use aws_lc_rs::signature::KeyPair as _;
            pair.public_key().as_der().unwrap().as_ref().to_vec()
        };
        let read = |spec: KeySpec, usage: KeyUsageType| {
            GetPublicKeyOutput::builder()
                .key_id("arn:aws:kms:eu-central-1:1:key/k")
                .key_spec(spec)
                .key_usage(usage)
                .public_key(Blob::new(spki.clone()))
                .build()
        };
        let key = Key::read("alias/a", &read(KeySpec::Rsa2048, KeyUsageType::SignVerify)).unwrap();
        assert_eq!((key.name.alg, key.name.kid.clone()), (Algorithm::RS256, key.public.kid.clone()));
        for (spec, usage) in [
            (KeySpec::Rsa4096, KeyUsageType::SignVerify),
            (KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt),
            // Says one thing, and holds another.
            (KeySpec::EccNistP256, KeyUsageType::SignVerify),
        ] {
            let refused = Key::read("alias/a", &read(spec.clone(), usage.clone())).err().unwrap().to_string();
            assert!(refused.contains("alias/a") && refused.contains(spec.as_str()), "{refused}");
        }
    }

    #[test]
    fn an_rsa_signature_of_another_length_is_none() {
        let jwk = PublicJwk::new(PublicKey::rsa(&[255; 256], &[1, 0, 1]), Algorithm::RS256);
        let name = SigningKey { kid: jwk.kid.clone(), alg: jwk.alg };
        let key = Key { arn: "arn".to_owned(), name, public: jwk };
        assert!(key.jose_signature(&[1; 256]).is_some());
        assert!(key.jose_signature(&[1; 255]).is_none());
    }
}
