//! An encounter in plain words.

use jiff::civil::Date;

/// `Encounter.class` (v3 `ActEncounterCode`).
pub(crate) fn class(code: &str) -> Option<&'static str> {
    Some(match code {
        "AMB" => "Outpatient visit",
        "EMER" => "Emergency visit",
        "FLD" => "Visit in the field",
        "HH" => "Home visit",
        "IMP" | "ACUTE" | "NONAC" => "Hospital stay",
        "OBSENC" => "Observation in hospital",
        "PRENC" => "Before admission",
        "SS" => "Short stay",
        "VR" => "By phone or video",
        _ => return None,
    })
}

/// `Encounter.status` (FHIR R4).
pub(crate) fn status(code: &str) -> Option<&'static str> {
    Some(match code {
        "planned" => "Planned",
        "arrived" => "Arrived",
        "triaged" => "Waiting",
        "in-progress" => "Going on now",
        "onleave" => "On leave",
        "finished" => "Finished",
        "cancelled" => "Cancelled",
        _ => return None,
    })
}

/// The period, as the record's own clock showed it: one day, or from one to another.
pub(crate) fn when(start: Option<&str>, end: Option<&str>) -> Option<String> {
    let (start, end) = (start.map(day), end.map(day));
    match (start, end) {
        (None, None) => None,
        (Some(start), Some(end)) if start == end => Some(start),
        (Some(start), Some(end)) => Some(format!("{start} to {end}")),
        (Some(start), None) => Some(format!("Since {start}")),
        (None, Some(end)) => Some(format!("Until {end}")),
    }
}

/// `2024-02-29T10:00:00Z` is `29 February 2024`; what is told less exactly, or is no date, stays so.
fn day(text: &str) -> String {
    let date = text.split('T').next().unwrap_or_default();
    let whole = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == "0000-00-00".len());
    match whole(date) {
        Some(date) => date.strftime("%-d %B %Y").to_string(),
        None => match whole(&format!("{date}-01")) {
            Some(month) => month.strftime("%B %Y").to_string(),
            None => date.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_told_by_its_days_as_exactly_as_it_is_known() {
        for (start, end, told) in [
            (Some("2024-02-29T10:00:00Z"), Some("2024-02-29T10:30:00Z"), Some("29 February 2024")),
            (Some("2024-02-29T23:00:00+01:00"), Some("2024-03-02"), Some("29 February 2024 to 2 March 2024")),
            (Some("2024-02"), None, Some("Since February 2024")),
            (None, Some("2024"), Some("Until 2024")),
            (Some("2024-13-01"), None, Some("Since 2024-13-01")),
            (None, None, None),
        ] {
            assert_eq!(when(start, end).as_deref(), told);
        }
    }

    #[test]
    fn what_has_no_plain_word_is_not_told() {
        assert_eq!((class("AMB"), class("XYZ")), (Some("Outpatient visit"), None));
        assert_eq!((status("in-progress"), status("unknown")), (Some("Going on now"), None));
    }
}
