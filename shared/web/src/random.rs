//! Where random bytes come from: the operating system's generator, here and nowhere else (SEC-17).

use smart_core::ports::Unavailable;

/// `N` fresh random bytes.
///
/// # Errors
/// A system without randomness has no safe answer: whoever asked makes no secret, and the request fails (503).
#[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
pub fn bytes<const N: usize>() -> Result<[u8; N], Unavailable> {
    let mut bytes = [0; N];
    // What stands in the buffer after a failure is not looked at.
    getrandom::fill(&mut bytes).map_err(|error| Unavailable::new("random", error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn sec_17_every_draw_is_another() {
        let drawn: HashSet<[u8; 16]> = (0..1000).map(|_| bytes().unwrap()).collect();
        assert_eq!(drawn.len(), 1000);
    }

    #[test]
    fn sec_17_every_byte_is_drawn() {
        let mut seen = [0_u8; 32];
        for _ in 0..64 {
            let drawn: [u8; 32] = bytes().unwrap();
            seen.iter_mut().zip(drawn).for_each(|(seen, drawn)| *seen |= drawn);
        }
        // A bit that was zero 64 times is not random: it happens to one of these 256 bits once in 2^56 runs.
        assert_eq!(seen, [0xff; 32]);
    }
}
