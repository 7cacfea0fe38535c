//! What an EHR, or somebody with its token, might send to make a launch: nearly right, over and over.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::harness::{Ehr, Target};

const NAMES: [&str; 14] = [
    "client_id",
    "patient",
    "encounter",
    "fhirContext",
    "user",
    "intent",
    "need_patient_banner",
    "smart_style_url",
    "tenant",
    "reference",
    "__proto__",
    "launch",
    "",
    "\u{0}",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![
            "web",
            "maria",
            "maria-visit",
            "Patient/maria",
            "javascript:alert(1)",
            "https://x.example/",
            "\r\nx: y"
        ])
        .prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(vec!["reference", "canonical", "identifier", "type", "role", "x"]), inner), 0..4)
                .prop_map(|members| members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()),
        ]
    })
}

/// A launch that is said well, with some members that are not.
fn body() -> impl Strategy<Value = String> {
    let members = vec((select(&NAMES[..]), value()), 0..4).prop_map(|members| {
        let mut body = json!({ "client_id": "web", "patient": "maria", "tenant": "t" });
        for (name, value) in members {
            body[name] = value;
        }
        body.to_string()
    });
    prop_oneof![8 => members, 1 => value().prop_map(|value| value.to_string()), 1 => ".{0,60}"]
}

/// Whatever is sent, a launch is made of what was understood in full, or what is wrong is said.
#[test]
fn ctx_18_nothing_that_an_ehr_sends_breaks_anything() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Target::wire());
    let ehr = runtime.block_on(Ehr::of(&server));
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    });
    let outcome = runner.run(&body(), |body| {
        let answer = runtime.block_on(ehr.raw(body.clone()).send());
        prop_assert!([201, 400].contains(&answer.status), "{}: {} {}", body, answer.status, answer.text());
        answer.is_kept_nowhere();
        let told = answer.json();
        if answer.status == 400 {
            prop_assert_eq!(&told["error"], "invalid_request");
            let description = told["error_description"].as_str().unwrap();
            prop_assert!(!description.is_empty() && description.len() < 400, "{}", description);
        } else {
            let said: Value = serde_json::from_str(&body).unwrap();
            prop_assert!(
                said.as_object().unwrap().keys().all(|name| NAMES[..9].contains(&name.as_str())),
                "{}",
                body
            );
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
