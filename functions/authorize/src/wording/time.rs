//! Instants in plain words. The pages have no script, so they do not know where the reader is: what is near is said by how far
//! off it is, and what is not, by its day in UTC.

use smart_core::instant::Instant;

use super::period;

const DAY: u64 = 24 * 60 * 60;
const HOUR: u64 = 60 * 60;

/// "24 November 2025".
pub(crate) fn day(then: Instant) -> String {
    let seconds = then.as_unix().try_into().ok();
    match seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
        Some(then) => then.strftime("%-d %B %Y").to_string(),
        None => "the end of time".to_owned(),
    }
}

/// "5 minutes ago", or the day.
pub(crate) fn past(then: Instant, now: Instant) -> String {
    match now.since(then).as_secs() {
        0..60 => "just now".to_owned(),
        ago @ 60..DAY => format!("{} ago", roughly(ago)),
        _ => day(then),
    }
}

/// "for another 5 minutes", or "until 24 November 2025".
pub(crate) fn until(then: Instant, now: Instant) -> String {
    match then.since(now).as_secs() {
        left @ 0..DAY => format!("for another {}", roughly(left)),
        _ => format!("until {}", day(then)),
    }
}

/// The same of an end that nothing puts off.
pub(crate) fn at_most(then: Instant, now: Instant) -> String {
    let near = then.since(now).as_secs() < DAY;
    format!("{} {}", until(then, now), if near { "at most" } else { "at the latest" })
}

/// Whole minutes or, from an hour on, whole hours.
fn roughly(seconds: u64) -> String {
    period(if seconds < HOUR { seconds } else { seconds - seconds % HOUR })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revoke_11_what_is_near_is_told_by_its_distance_and_what_is_not_by_its_day() {
        let now = Instant::from_unix(1_764_000_000); // 2025-11-24T16:00:00Z
        let after = |seconds| Instant::from_unix(now.as_unix() + seconds);
        let before = |seconds| Instant::from_unix(now.as_unix() - seconds);
        for (seconds, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (2 * HOUR + 1_800, "2 hours ago"),
            (DAY - 1, "23 hours ago"),
            (DAY, "23 November 2025"),
            (400 * DAY, "20 October 2024"),
        ] {
            assert_eq!(past(before(seconds), now), words);
        }
        for (seconds, words) in [
            (30, "for another 1 minute"),
            (900, "for another 15 minutes"),
            (11 * HOUR + 60, "for another 11 hours"),
            (14 * DAY, "until 8 December 2025"),
        ] {
            assert_eq!(until(after(seconds), now), words);
        }
        assert_eq!(at_most(after(HOUR), now), "for another 1 hour at most");
        assert_eq!(at_most(after(90 * DAY), now), "until 22 February 2026 at the latest");
        // A clock that went back a little makes nothing negative.
        assert_eq!(past(after(5), now), "just now");
        assert_eq!(day(Instant::NEVER), "the end of time");
    }
}
