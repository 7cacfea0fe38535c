//! Date values: a prefix and a date (FHIR R4 search, "date" and "Prefixes").

use jiff::{SignedDuration, Timestamp};

use crate::fhir::date::Interval;
use crate::instant::Instant;

/// What a date value must look like.
pub(super) const EXPECTED: &str = "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][Z|±hh:mm], with eq, ne, gt, lt, ge, le, sa, eb, ap or nothing before it";

/// One value of a date parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateValue {
    prefix: Prefix,
    interval: Interval,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    StartsAfter,
    EndsBefore,
    Approximately,
}

impl DateValue {
    /// Reads one value; `now` is what `ap` counts from.
    pub(super) fn parse(text: &str, now: Instant) -> Option<Self> {
        let named = text.get(..2).and_then(Prefix::of);
        let (prefix, date) = match named {
            Some(prefix) => (prefix, text.get(2..)?),
            None => (Prefix::Equal, text),
        };
        // A `+` that was not percent-encoded arrives as a space: the offset is plain to see.
        let date = date.replace(' ', "+");
        let interval: Interval = date.parse().ok()?;
        let interval = if prefix == Prefix::Approximately { widened(interval, now)? } else { interval };
        Some(Self { prefix, interval })
    }

    /// Whether an element with this value is found.
    pub(super) fn matches(&self, target: &Interval) -> bool {
        let range = &self.interval;
        let above = target.end > range.end;
        let below = target.start < range.start;
        match self.prefix {
            Prefix::Equal => range.contains(target),
            Prefix::NotEqual => !range.contains(target),
            Prefix::Greater => above,
            Prefix::Less => below,
            Prefix::GreaterOrEqual => above || range.contains(target),
            Prefix::LessOrEqual => below || range.contains(target),
            Prefix::StartsAfter => target.start > range.end,
            Prefix::EndsBefore => target.end < range.start,
            Prefix::Approximately => range.overlaps(target),
        }
    }
}

impl Prefix {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "gt" => Self::Greater,
            "lt" => Self::Less,
            "ge" => Self::GreaterOrEqual,
            "le" => Self::LessOrEqual,
            "sa" => Self::StartsAfter,
            "eb" => Self::EndsBefore,
            "ap" => Self::Approximately,
            _ => return None,
        })
    }
}

/// A tenth of the time between the value and now, to either side: what R4 recommends for `ap`.
fn widened(interval: Interval, now: Instant) -> Option<Interval> {
    let now = Interval::of_instant(now)?.start;
    let gap = now.duration_since(interval.start).abs();
    let tenth: SignedDuration = gap.checked_div(10)?;
    Some(Interval {
        start: interval.start.checked_sub(tenth).unwrap_or(Timestamp::MIN),
        end: interval.end.checked_add(tenth).unwrap_or(Timestamp::MAX),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(value: &str, target: &Value) -> bool {
        let now = Instant::from_unix(1_764_000_000); // 2025-11-24
        DateValue::parse(value, now).unwrap().matches(&Interval::of(target).unwrap())
    }

    #[test]
    fn srch_20_the_truth_table_of_prefixes() {
        let day = json!("2013-03-14");
        let period = json!({"start": "2013-03-10", "end": "2013-03-20"});
        let ongoing = json!({"start": "2013-03-10"});
        for (value, on_day, on_period, on_ongoing) in [
            ("2013-03-14", true, false, false),
            ("eq2013-03", true, true, false),
            ("2013", true, true, false),
            ("ne2013-03-14", false, true, true),
            ("ne2013-03", false, false, true),
            ("gt2013-03-14", false, true, true),
            ("gt2013-03-20", false, false, true),
            ("lt2013-03-14", false, true, true),
            ("lt2013-03-10", false, false, false),
            ("ge2013-03-14", true, true, true),
            ("ge2013-03-21", false, false, true),
            ("le2013-03-14", true, true, true),
            ("le2013-03-09", false, false, false),
            ("sa2013-03-09", true, true, true),
            ("sa2013-03-10", true, false, false),
            ("eb2013-03-21", true, true, false),
            ("eb2013-03-20", true, false, false),
            ("ap2013-03-14", true, true, true),
            ("ap2025-01-01", false, false, true),
        ] {
            for (target, expected) in [(&day, on_day), (&period, on_period), (&ongoing, on_ongoing)] {
                assert_eq!(found(value, target), expected, "{value} on {target}");
            }
        }
    }

    #[test]
    fn srch_21_and_22_seconds_and_offsets_are_compared_in_utc() {
        let instant = json!("2019-05-01T23:30:00-05:00");
        for (value, expected) in [
            ("2019-05-02", true),
            ("2019-05-01", false),
            ("2019-05-02T04:30:00Z", true),
            ("2019-05-02T06:30:00+02:00", true),
            ("2019-05-02T06:30:00 02:00", true),
            ("gt2019-05-02T04:30:00Z", false),
            ("ge2019-05-02T04:30:00Z", true),
            ("lt2019-05-02T04:30:01Z", true),
        ] {
            assert_eq!(found(value, &instant), expected, "{value}");
        }
    }

    #[test]
    fn srch_25_malformed_dates_are_refused() {
        for text in ["23 May", "", "eq", "xx2019", "GE2019", "2019-5", "ge 2019", "é", "2019-01-01T10"] {
            assert_eq!(DateValue::parse(text, Instant::from_unix(0)), None, "{text}");
        }
    }
}
