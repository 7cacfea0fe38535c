//! Figures: percentiles, medians, and how they are written.

use std::time::Duration;

/// The value below or at which this many thousandths of them are (nearest rank); zero of none.
pub(crate) fn percentile(sorted: &[Duration], thousandths: usize) -> Duration {
    let rank = (sorted.len() * thousandths).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The median: the lower of the two in the middle, where there are two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// By how much of their median the values differ, in percent.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::MIN, f64::max);
    let smallest = values.iter().copied().fold(f64::MAX, f64::min);
    100.0 * (largest - smallest) / median(values.to_vec())
}

/// In milliseconds, with as many digits as mean something.
pub(crate) fn milliseconds(seconds: f64) -> String {
    let milliseconds = seconds * 1e3;
    match milliseconds {
        0.0..1.0 => format!("{milliseconds:.3}"),
        1.0..10.0 => format!("{milliseconds:.2}"),
        10.0..100.0 => format!("{milliseconds:.1}"),
        _ => format!("{milliseconds:.0}"),
    }
}

/// A whole number, its thousands set apart.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes, as megabytes (a million bytes).
#[expect(clippy::cast_precision_loss, reason = "written with one digit after the point")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let at = |thousandths| percentile(&sorted, thousandths).as_millis();
        assert_eq!([at(0), at(500), at(990), at(1000)], [1, 100, 198, 200]);
        assert_eq!(percentile(&[], 500), Duration::ZERO);
        assert_eq!(percentile(&sorted[..1], 990).as_millis(), 1);
    }

    #[test]
    fn a_median_stands_in_the_middle() {
        assert!((median(vec![3.0, 100.0, 1.0]) - 3.0).abs() < 1e-9);
        assert!((median(vec![4.0, 3.0, 100.0, 1.0]) - 3.0).abs() < 1e-9);
        assert!((spread(&[90.0, 100.0, 120.0]) - 30.0).abs() < 1e-9);
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0.000_085_4, 0.001_234, 0.0123, 0.1236].map(milliseconds),
            ["0.085", "1.23", "12.3", "124"]
        );
        assert_eq!([7.0, 999.6, 121_231.2, 1_234_567.0].map(whole), ["7", "1,000", "121,231", "1,234,567"]);
    }
}
