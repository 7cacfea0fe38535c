//! FHIR dates as intervals of time (FHIR R4 search, "date").
//!
//! `2019-03` is the whole month, `2019-03-01T10:00Z` the whole minute: a value stands for the interval that its
//! precision leaves open, and searches compare intervals. A time without zone is UTC, the zone of this server
//! (SRCH-22). A period without start or end has no bound there.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp, ToSpan as _};
use serde_json::Value;

use crate::instant::Instant;

/// From the first to the last nanosecond, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// A text that is no FHIR date, dateTime or instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotADate;

impl Interval {
    /// The value of an element of type date, dateTime, instant, Period or Timing; `None` if it has none.
    pub(super) fn of(element: &Value) -> Option<Self> {
        match element {
            Value::String(text) => text.parse().ok(),
            Value::Object(_) if element.get("event").is_some() || element.get("repeat").is_some() => {
                Self::of_timing(element)
            }
            Value::Object(_) => Self::of_period(element),
            _ => None,
        }
    }

    /// The second of an instant.
    pub(super) fn of_instant(instant: Instant) -> Option<Self> {
        let start = Timestamp::from_second(instant.as_unix().try_into().ok()?).ok()?;
        Some(Self { start, end: last_nanosecond(start, 1.second())? })
    }

    fn of_period(period: &Value) -> Option<Self> {
        let bound = |name| match period.get(name) {
            None => Some(None),
            Some(value) => value.as_str()?.parse::<Self>().ok().map(Some),
        };
        let (start, end) = (bound("start")?, bound("end")?);
        if start.is_none() && end.is_none() {
            return None;
        }
        Some(Self {
            start: start.map_or(Timestamp::MIN, |start| start.start),
            end: end.map_or(Timestamp::MAX, |end| end.end),
        })
    }

    /// The outer bounds of a Timing: what happens in between is not compared.
    fn of_timing(timing: &Value) -> Option<Self> {
        let events = timing.get("event").and_then(Value::as_array).into_iter().flatten();
        let bounds = timing.get("repeat").and_then(|repeat| repeat.get("boundsPeriod"));
        events
            .chain(bounds)
            .filter_map(Self::of)
            .reduce(|a, b| Self { start: a.start.min(b.start), end: a.end.max(b.end) })
    }

    /// Whether the other lies inside.
    pub(super) fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether both have a moment in common.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The start as UTC text of fixed width, whose order is that of time; empty without a start.
    pub(super) fn sort_text(&self) -> String {
        let year = |at: Timestamp| Offset::UTC.to_datetime(at).year();
        if self.start == Timestamp::MIN || year(self.start) < 0 {
            return String::new();
        }
        format!("{:.9}", self.start)
    }
}

impl FromStr for Interval {
    type Err = NotADate;

    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm[:ss[.fff]][Z|±hh:mm]`.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        let (day, precision) = parse_date(date).ok_or(NotADate)?;
        let (at, precision, offset) = match time {
            None => (day.to_datetime(Time::midnight()), precision, Offset::UTC),
            Some(time) if date.len() == "YYYY-MM-DD".len() => parse_time(day, time).ok_or(NotADate)?,
            Some(_) => return Err(NotADate),
        };
        let start = offset.to_timestamp(at).map_err(|_| NotADate)?;
        // The end of a month is a matter of the calendar at that offset, not of its length in UTC.
        let next = at.checked_add(precision).ok().and_then(|next| offset.to_timestamp(next).ok());
        let end = next.and_then(|next| next.checked_sub(1.nanosecond()).ok()).unwrap_or(Timestamp::MAX);
        Ok(Self { start, end })
    }
}

fn last_nanosecond(start: Timestamp, length: Span) -> Option<Timestamp> {
    start.checked_add(length).ok()?.checked_sub(1.nanosecond()).ok()
}

/// The first day of the date, and how long it lasts.
fn parse_date(text: &str) -> Option<(Date, Span)> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map(|part| digits(part, 2));
    let day = parts.next().map(|part| digits(part, 2));
    let (month, day, precision) = match (month, day, parts.next()) {
        (None, None, None) => (1, 1, 1.year()),
        (Some(month), None, None) => (month?, 1, 1.month()),
        (Some(month), Some(day), None) => (month?, day?, 1.day()),
        _ => return None,
    };
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    (year > 0).then_some((date, precision))
}

/// A time on a day, how long it lasts, and at which offset.
fn parse_time(day: Date, text: &str) -> Option<(DateTime, Span, Offset)> {
    let zone = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at_checked(zone)?;
    let (whole, fraction) = clock.split_once('.').map_or((clock, None), |(whole, part)| (whole, Some(part)));
    let mut parts = whole.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = match parts.next() {
        None => None,
        // A leap second is counted with the second before it.
        Some(part) => Some(digits(part, 2)?).map(|second| if second == 60 { 59 } else { second }),
    };
    let (nanosecond, precision) = match (second, fraction) {
        (None, None) => (0, 1.minute()),
        (Some(_), None) => (0, 1.second()),
        (Some(_), Some(fraction)) => parse_fraction(fraction)?,
        (None, Some(_)) => return None,
    };
    if parts.next().is_some() {
        return None;
    }
    let narrow = |number: u32| i8::try_from(number).ok();
    let time = Time::new(narrow(hour)?, narrow(minute)?, narrow(second.unwrap_or(0))?, nanosecond).ok()?;
    Some((day.to_datetime(time), precision, parse_offset(zone)?))
}

/// Nanoseconds, and the length of the last digit's unit.
fn parse_fraction(text: &str) -> Option<(i32, Span)> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let text = text.get(..text.len().min(9))?;
    let unit = 10_i32.pow(9 - u32::try_from(text.len()).ok()?);
    let nanoseconds = text.parse::<i32>().ok()?.checked_mul(unit)?;
    Some((nanoseconds, i64::from(unit).nanoseconds()))
}

fn parse_offset(text: &str) -> Option<Offset> {
    if text.is_empty() || text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?).ok()
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let well_formed = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn bounds(text: &str) -> (String, String) {
        let interval: Interval = text.parse().unwrap();
        (interval.start.to_string(), interval.end.to_string())
    }

    #[test]
    fn srch_20_a_value_is_the_interval_of_its_precision() {
        for (text, start, end) in [
            ("2019", "2019-01-01T00:00:00Z", "2019-12-31T23:59:59.999999999Z"),
            ("2020-02", "2020-02-01T00:00:00Z", "2020-02-29T23:59:59.999999999Z"),
            ("2019-12-31", "2019-12-31T00:00:00Z", "2019-12-31T23:59:59.999999999Z"),
            ("2019-12-31T23:59", "2019-12-31T23:59:00Z", "2019-12-31T23:59:59.999999999Z"),
            ("2019-12-31T23:59:58Z", "2019-12-31T23:59:58Z", "2019-12-31T23:59:58.999999999Z"),
            ("2019-01-01T00:00:00+02:00", "2018-12-31T22:00:00Z", "2018-12-31T22:00:00.999999999Z"),
            ("2019-01-01T00:00:00.25-05:30", "2019-01-01T05:30:00.25Z", "2019-01-01T05:30:00.259999999Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "2016-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(bounds(text), (start.to_owned(), end.to_owned()), "{text}");
        }
    }

    #[test]
    fn srch_25_what_is_no_date_is_refused() {
        for text in [
            "",
            "23 May",
            "19",
            "2019-1",
            "2019-13",
            "2019-02-29",
            "2019-01-01-",
            "2019-01-01T",
            "2019-01-01T10",
            "2019-01-01T10Z",
            "2019-01T10:00",
            "2019-01-01T25:00Z",
            "2019-01-01T10:60Z",
            "2019-01-01T10:00:61Z",
            "2019-01-01T10:00:00.Z",
            "2019-01-01T10:00.5Z",
            "2019-01-01T10:00:00+2",
            "2019-01-01T10:00:00+15:00",
            "2019-01-01t10:00Z",
            "0000",
            "+2019",
            "2019-01-01T10:00:00:00",
            "２０１９",
            "2019-01-01T10:00Zé",
        ] {
            assert_eq!(text.parse::<Interval>(), Err(NotADate), "{text}");
        }
    }

    #[test]
    fn srch_20_missing_bounds_of_a_period_are_infinite() {
        let open = Interval::of(&json!({"start": "2019-03-01"})).unwrap();
        assert_eq!((open.end, open.sort_text().as_str()), (Timestamp::MAX, "2019-03-01T00:00:00.000000000Z"));
        let begun = Interval::of(&json!({"end": "2019-03-01"})).unwrap();
        assert_eq!((begun.start, begun.sort_text().as_str()), (Timestamp::MIN, ""));
        assert_eq!(Interval::of(&json!({})), None);
        assert_eq!(Interval::of(&json!({"start": "soon"})), None);
    }

    #[test]
    fn the_outer_bounds_of_a_timing_count() {
        let timing =
            json!({"event": ["2019-03-05", "2019-03-01"], "repeat": {"boundsPeriod": {"end": "2019-04"}}});
        let interval = Interval::of(&timing).unwrap();
        assert_eq!(
            (interval.start, interval.end.to_string().as_str()),
            (Timestamp::MIN, "2019-04-30T23:59:59.999999999Z")
        );
        assert_eq!(Interval::of(&json!({"repeat": {"frequency": 1}})), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_none(text in "[-0-9T:.Z+é]{0,30}") {
            if let Ok(interval) = text.parse::<Interval>() {
                prop_assert!(interval.start <= interval.end);
                let _ = interval.sort_text();
            }
        }

        #[test]
        fn sort_texts_are_ordered_as_the_starts_are(
            a in (1_u32..=9999, 1_u32..=12, 1_u32..=28, 0_u32..24, -14_i32..=14),
            b in (1_u32..=9999, 1_u32..=12, 1_u32..=28, 0_u32..24, -14_i32..=14),
        ) {
            let read = |(year, month, day, hour, zone): (u32, u32, u32, u32, i32)| {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:00{zone:+03}:00").parse::<Interval>().unwrap()
            };
            let (a, b) = (read(a), read(b));
            prop_assert_eq!(a.sort_text().cmp(&b.sort_text()), a.start.cmp(&b.start));
        }
    }
}
