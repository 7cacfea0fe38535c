//! Whatever is sent: no panic, no fault of ours, and a well-formed error that gives nothing away.

use std::sync::OnceLock;

use http::Method;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::world::{CALLBACK, SCOPE, SECRET, VERIFIER, World, anna};
use super::{Answer, Ask};

/// One world for all cases; its code and its refresh token are never redeemed in order.
struct Shared {
    world: World,
    runtime: Runtime,
    function: axum::Router,
    known: Vec<String>,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (world, known) = runtime.block_on(async {
            let world = World::new().await;
            let code = world.consent(anna("web", SCOPE)).await;
            let redeemed = world.consent(anna("web", SCOPE)).await;
            let answer = redeemed.redemption().by("web").send(&world).await;
            let known = vec![
                code.code,
                redeemed.code,
                answer.text("refresh_token"),
                answer.text("access_token"),
                VERIFIER.to_owned(),
                CALLBACK.to_owned(),
                SECRET.to_owned(),
            ];
            (world, known)
        });
        let function = world.function();
        Shared { world, runtime, function, known }
    })
}

fn any_name() -> impl Strategy<Value = String> {
    let ours = "(grant_type|code|redirect_uri|code_verifier|refresh_token|scope|client_id|client_secret|client_assertion|client_assertion_type|token|token_type_hint|resource|aud)";
    prop_oneof![8 => ours, 1 => ".{0,8}"]
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "(authorization_code|refresh_token|client_credentials|password)",
        "(web|native|basic|post|jwt|forgetful|unknown)",
        (0..7_usize).prop_map(|index| shared().known[index].clone()),
        "s(ac|rt|ar)_[A-Za-z0-9_-]{0,66}",
        "(patient|user|system|launch)/(\\*|Observation|patient)(\\.[cruds]{0,5})?(\\?[a-z=|&%]{0,10})?",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "[A-Za-z0-9_-]{0,20}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,20}",
        ".{0,40}",
        "[ -~]{0,200}",
    ]
}

#[track_caller]
fn is_refused(answer: &Answer) {
    assert!((400..500).contains(&answer.status.as_u16()), "{answer:?}");
    answer.is_error(answer.status.as_u16(), answer.json["error"].as_str().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_form_has_a_well_formed_answer(
        grant_type in "(authorization_code|refresh_token|client_credentials|)",
        client in prop::option::of("(web|native|basic|jwt)"),
        pairs in prop::collection::vec((any_name(), any_value()), 0..8),
    ) {
        let mut form = vec![("grant_type".to_owned(), grant_type)];
        form.extend(client.map(|id| ("client_id".to_owned(), id)));
        form.extend(pairs);
        let answer = send(Ask { form, ..super::ask(&[]) });
        // Nothing of what is known fits together but by a wonder: codes and tokens are `web`'s.
        if answer.status == 200 {
            answer.tokens();
        } else {
            is_refused(&answer);
        }
    }

    #[test]
    fn every_question_and_every_revocation_has_a_well_formed_answer(
        path in "(/auth/introspect|/auth/revoke)",
        client in prop::option::of("(web|native|basic|jwt)"),
        secret in prop::option::of(Just(SECRET)),
        token in any_value(),
        authorization in prop::option::of("(Basic |bearer |Negotiate |)[A-Za-z0-9+/=:._-]{0,40}"),
        pairs in prop::collection::vec((any_name(), any_value()), 0..5),
    ) {
        let mut form = vec![("token".to_owned(), token)];
        form.extend(client.map(|id| ("client_id".to_owned(), id)));
        form.extend(secret.map(|secret| ("client_secret".to_owned(), secret.to_owned())));
        form.extend(pairs);
        let mut ask = Ask { form, uri: path, ..super::ask(&[]) };
        ask.headers.extend(authorization.map(|value| ("authorization", value)));
        let answer = send(ask);
        if answer.status == 200 {
            answer.is_well_formed();
        } else {
            is_refused(&answer);
        }
    }

    #[test]
    fn every_header_has_a_well_formed_answer(
        authorization in "(Basic |basic |Bearer |Negotiate |)[A-Za-z0-9+/=:]{0,40}",
        media_type in prop_oneof!["application/x-www-form-urlencoded(; ?charset=[a-zA-Z0-9-]{0,8})?", "[ -~]{0,30}"],
        other in "[ -~]{0,60}",
    ) {
        let mut ask = super::refresh("srt_x").header("authorization", &authorization);
        ask.headers[0].1 = media_type;
        is_refused(&send(ask.header("origin", &other).header("accept", &other).header("x-forwarded-for", &other)));
    }

    #[test]
    fn every_query_and_method_is_answered(
        method in "(GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|TRACE|MKCOL)",
        query in "[A-Za-z0-9_=&%.+-]{0,40}",
    ) {
        let method: Method = method.parse().unwrap();
        let ask = Ask { method: method.clone(), uri: format!("/auth/token?{query}"), ..super::refresh("srt_x") };
        let answer = send(ask.by("web"));
        prop_assert_eq!(answer.header("access-control-allow-origin"), "*");
        match method {
            Method::POST => is_refused(&answer),
            Method::OPTIONS => prop_assert_eq!(answer.status.as_u16(), 204),
            _ => prop_assert_eq!(answer.status.as_u16(), 405),
        }
    }
}

fn send(ask: Ask) -> Answer {
    let Shared { runtime, function, .. } = shared();
    runtime.block_on(ask.send_to(function))
}

#[test]
fn bytes_that_are_no_form_are_refused() {
    let Shared { runtime, world, .. } = shared();
    let endless = "a".repeat(200_000);
    let bodies = [b"grant_type=%FF", b"grant_type=%00", &b"\xff\xfe"[..], endless.as_bytes()];
    for body in bodies {
        let mut request = http::Request::post("/auth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body.to_vec()))
            .unwrap();
        request.extensions_mut().insert(smart_web::arrival::Arrival(super::NOW));
        let response = runtime.block_on(tower::ServiceExt::oneshot(world.function(), request)).unwrap();
        assert_eq!(response.status(), 400);
    }
}
