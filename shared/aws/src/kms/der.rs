//! The two DER forms that KMS speaks: a public key as `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7; RFC 3279 §2.3; RFC 5480), and an
//! ECDSA signature as a SEQUENCE of two INTEGERs (RFC 3279 §2.2.3), which JOSE writes as two numbers of fixed width (RFC 7518 §3.4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smart_core::jose::{Curve, PublicKey};
use spki::der::Decode as _;
use spki::der::asn1::{AnyRef, UintRef};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// The first byte of a point that is not compressed (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Reads an RSA key, or a point of P-256 or P-384.
pub(super) fn public_key(spki: &[u8]) -> Option<PublicKey> {
    let info = SubjectPublicKeyInfoRef::try_from(spki).ok()?;
    let key = info.subject_public_key.as_bytes()?;
    if info.algorithm.oid == RSA {
        let (modulus, exponent) = two_numbers(key)?;
        return Some(PublicKey::rsa(modulus, exponent));
    }
    if info.algorithm.oid != EC {
        return None;
    }
    let curve = info.algorithm.parameters_oid().ok()?;
    let (crv, width) = match curve {
        P256 => (Curve::P256, 32),
        P384 => (Curve::P384, 48),
        _ => return None,
    };
    let (first, point) = key.split_first()?;
    if *first != UNCOMPRESSED || point.len() != 2 * width {
        return None;
    }
    let (x, y) = point.split_at(width);
    Some(PublicKey::Ec { crv, x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) })
}

/// Two numbers of `width` bytes each, one after the other.
pub(super) fn jose_signature(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let (r, s) = two_numbers(der)?;
    let mut signature = Vec::with_capacity(2 * width);
    for number in [r, s] {
        signature.resize(signature.len() + width.checked_sub(number.len())?, 0);
        signature.extend_from_slice(number);
    }
    Some(signature)
}

/// The two non-negative INTEGERs of a SEQUENCE that holds nothing else: big-endian, without leading zeros.
fn two_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    AnyRef::from_der(der)
        .ok()?
        .sequence(|sequence| -> spki::der::Result<_> {
            Ok((UintRef::decode(sequence)?.as_bytes(), UintRef::decode(sequence)?.as_bytes()))
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P384_SHA384_FIXED, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    };

    use super::*;

    #[test]
    fn rfc7518_3_4_a_signature_is_two_numbers_of_fixed_width() {
        for (signing, fixed, width) in [
            (&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_FIXED, 32),
            (&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_FIXED, 48),
        ] {
            let pair = EcdsaKeyPair::generate(signing).unwrap();
            let key = UnparsedPublicKey::new(fixed, pair.public_key().as_ref().to_vec());
            // Often enough that numbers with leading zeros are among them.
            for i in 0..600_u32 {
                let der = pair.sign(&SystemRandom::new(), &i.to_be_bytes()).unwrap();
                let signature = jose_signature(der.as_ref(), width).unwrap();
                assert_eq!(signature.len(), 2 * width);
                key.verify(&i.to_be_bytes(), &signature).unwrap();
            }
        }
    }

    #[test]
    fn short_numbers_are_padded_and_long_ones_refused() {
        // SEQUENCE { 1, 2 }
        let der = [0x30, 6, 2, 1, 1, 2, 1, 2];
        let signature = jose_signature(&der, 32).unwrap();
        assert_eq!((signature[31], signature[63]), (1, 2));
        assert_eq!(signature.iter().filter(|byte| **byte != 0).count(), 2);
        assert_eq!(jose_signature(&[0x30, 7, 2, 1, 1, 2, 2, 1, 0], 1), None);
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 3, 2, 1, 1],
            &[0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3],
            &[0x30, 6, 2, 1, 1, 2, 1, 2, 0],
            &[0x30, 6, 2, 1, 0x81, 2, 1, 2],
            &[0x31, 6, 2, 1, 1, 2, 1, 2],
            &[0x30, 0x80, 2, 1, 1, 2, 1, 2, 0, 0],
        ] {
            assert_eq!(jose_signature(der, 32), None, "{der:?}");
        }
    }

    #[test]
    fn an_rsa_key_is_read() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = pair.public_key().as_der().unwrap();
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        assert_eq!(public_key(der.as_ref()), Some(PublicKey::rsa(&n, &e)));
    }

    #[test]
    fn points_of_both_curves_are_read_and_others_are_not() {
        for (signing, crv, width) in [
            (&ECDSA_P256_SHA256_ASN1_SIGNING, Curve::P256, 32),
            (&ECDSA_P384_SHA384_ASN1_SIGNING, Curve::P384, 48),
        ] {
            let pair = EcdsaKeyPair::generate(signing).unwrap();
            let der = pair.public_key().as_der().unwrap();
            let point = pair.public_key().as_ref();
            let (x, y) = point[1..].split_at(width);
            let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
            assert_eq!(public_key(der.as_ref()), Some(PublicKey::Ec { crv, x, y }));

            let mut compressed = der.as_ref().to_vec();
            let at = compressed.len() - point.len();
            compressed[at] = 2;
            assert_eq!(public_key(&compressed), None);
        }
        let p521 = EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P521_SHA512_ASN1_SIGNING).unwrap();
        assert_eq!(public_key(p521.public_key().as_der().unwrap().as_ref()), None);
        assert_eq!(public_key(b"no key"), None);
    }
}
