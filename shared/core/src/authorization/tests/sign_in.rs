//! How the user has to sign in: `prompt`, `max_age` and the other parameters of OpenID Connect (AUTHZ-33).

use super::*;

#[test]
fn authz_33_oidc_parameters_are_read() {
    assert_eq!(read(&and("nonce", "n &=+")).unwrap().request.nonce.as_deref(), Some("n &=+"));
    assert_eq!(read(&and("login_hint", "maria")).unwrap().login_hint.as_deref(), Some("maria"));
    assert_eq!(read(&and("max_age", "60")).unwrap().max_age, Some(Duration::from_mins(1)));
    for (prompt, expected) in [
        ("none", Prompt::None),
        ("login", Prompt::Login),
        ("select_account", Prompt::Login),
        ("consent login", Prompt::Login),
        ("consent", Prompt::AsNeeded),
        ("create", Prompt::AsNeeded),
    ] {
        assert_eq!(read(&and("prompt", prompt)).unwrap().prompt, expected, "{prompt}");
    }
}

#[test]
fn authz_33_prompt_and_max_age_decide_whether_a_session_will_do() {
    let start = Instant::from_unix(1_800_000_000);
    let session =
        Session::start(Digest::of(b"s").into(), "maria".parse().unwrap(), Credentials::default(), start);
    let at = |second| start + Duration::from_secs(second);
    for (name, value, second, accepted) in [
        ("x", "", 3_000, true),
        ("prompt", "login", 0, false),
        ("prompt", "none", 3_000, true),
        ("max_age", "60", 60, true),
        ("max_age", "60", 61, false),
        ("max_age", "0", 0, true),
        ("max_age", "0", 1, false),
        ("max_age", "18446744073709551615", 3_000, true),
    ] {
        let asked = read(&and(name, value)).unwrap();
        assert_eq!(asked.accepts(&session, at(second)), accepted, "{name}={value} after {second} s");
    }
    // Nobody knows when they signed in: never lately enough.
    let undated = Session { auth_time: None, ..session };
    for (name, value, accepted) in
        [("x", "", true), ("max_age", "60", false), ("max_age", "18446744073709551615", false)]
    {
        assert_eq!(read(&and(name, value)).unwrap().accepts(&undated, start), accepted, "{name}={value}");
    }
}
