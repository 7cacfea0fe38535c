//! How long an answer may be kept (RFC 9111 §4.2, §5.2.2), for a cache of one server's own: what `Cache-Control` says, less the
//! `Age` that it has already.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// How long from now; `None` if nothing is said.
pub(crate) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut said: Option<u64> = None;
    for directive in directives(headers) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = match name.trim().to_ascii_lowercase().as_str() {
            // To be asked for again each time is not to be kept, since we ask in one way only.
            "no-store" | "no-cache" => 0,
            // What is no number says nothing good: it is not kept.
            "max-age" => value.trim().trim_matches('"').parse().unwrap_or(0),
            _ => continue,
        };
        said = Some(said.map_or(seconds, |before| before.min(seconds)));
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
    said.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

fn directives(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(CACHE_CONTROL).iter().map(|line| line.to_str().unwrap_or("no-store"));
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asym_18_and_19_and_back_16_what_cache_control_says() {
        for (lines, age, seconds) in [
            (&[][..], None, None),
            (&["public"], None, None),
            (&["max-age=60"], None, Some(60)),
            (&["public, max-age=3600, must-revalidate"], None, Some(3600)),
            (&["Max-Age = \"60\""], None, Some(60)),
            (&["public", "max-age=60"], None, Some(60)),
            (&["max-age=60, max-age=5"], None, Some(5)),
            (&["max-age=60"], Some("45"), Some(15)),
            (&["max-age=60"], Some("90"), Some(0)),
            (&["max-age=60"], Some("old"), Some(60)),
            (&["no-store"], None, Some(0)),
            (&["max-age=60, no-cache"], None, Some(0)),
            (&["max-age=60, NO-STORE"], None, Some(0)),
            (&["max-age=-1"], None, Some(0)),
            (&["max-age=soon"], None, Some(0)),
            (&["max-age"], None, Some(0)),
            (&["s-maxage=60"], None, None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CACHE_CONTROL, line.parse().unwrap());
            }
            if let Some(age) = age {
                headers.insert(AGE, age.parse().unwrap());
            }
            assert_eq!(max_age(&headers), seconds.map(Duration::from_secs), "{lines:?} {age:?}");
        }
    }
}
