//! What the log says of sign-ins elsewhere, and what it never says (SEC-09).

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::sync::Arc;

use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::idp::query_of;
use super::{A, ASK, Clinic, SECRET};

/// What was written from the beginning on.
fn written(mut file: &File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn sec_09_the_log_says_which_provider_and_why_and_nothing_of_the_person() {
    let file = Arc::new(tempfile::tempfile().unwrap());
    let logging = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(Arc::clone(&file));
    let guard = logging.with_ansi(false).finish().set_default();
    let mut clinic = Clinic::with_a().await;
    let hint = "&login_hint=ines%40hospital.example";
    let mut secrets =
        vec![SECRET.to_owned(), "ines@hospital".to_owned(), "person-".to_owned(), "Moreau".to_owned()];
    // Rightly, as nobody, with a token of another, refused, and with a state of nobody.
    for (subject, issuer, error) in [
        ("person-7", A, ""),
        ("person-of-nobody", A, ""),
        ("person-7", "https://evil.example/person", ""),
        ("person-7", A, "&error=person-said-no&error_description=person-7"),
    ] {
        clinic.visitor = clinic.visitor.other();
        clinic.visitor.get(&format!("{ASK}{hint}")).await;
        clinic.a.claims(move |claims| {
            claims["sub"] = json!(subject);
            claims["iss"] = json!(issuer);
            claims["email"] = json!("ines@hospital.example");
        });
        let (_, asked) = query_of(&clinic.visitor.location);
        secrets.extend(["state", "nonce", "code_challenge"].map(|name| asked[name].clone()));
        let back = clinic.a.signs_in(&clinic.visitor.location);
        secrets.push(query_of(&back).1["code"].clone());
        secrets.push(clinic.visitor.cookie.rsplit('.').next().unwrap().to_owned());
        clinic.visitor.get(&format!("{back}{error}")).await;
        secrets.push(clinic.visitor.cookie.rsplit('.').next().unwrap().to_owned());
    }
    clinic.visitor.other().get("/auth/callback?state=person-x&code=person-y").await;
    drop(guard);
    let log = written(&file);
    for told in [
        "INFO audit: event=\"sign-in\" outcome=\"done\"",
        "WARN audit: event=\"sign-in\" outcome=\"refused\" provider=\"a\"",
        "reason=nobody here has that issuer and subject",
        "reason=the ID token is of another issuer",
        "reason=the provider answered with the error that we do not know",
        "WARN audit: event=\"sign-in\" outcome=\"refused\" provider=\"-\" grant=\"-\" reason=the state is none of this browser",
    ] {
        assert!(log.contains(told), "{told} is not in the log:\n{log}");
    }
    for secret in secrets {
        assert!(secret.len() > 3 && !log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}
