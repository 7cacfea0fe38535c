//! RFC 6749, The OAuth 2.0 Authorization Framework: the token endpoint.

use std::time::Duration;

use http::Method;
use serde_json::json;
use smart_core::grant::RevocationReason;
use smart_core::scope::Scopes;

use super::world::{CALLBACK, SCOPE, SECRET, VERIFIER, World, anna, other_verifier};
use super::{Ask, ask, refresh};

#[tokio::test]
async fn rfc6749_5_1_tok_07_to_11_and_13_to_18_the_answer_to_a_code() {
    let world = World::new().await;
    let answer = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    let tokens = answer.tokens();
    let mut members: Vec<_> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "access_token",
            "expires_in",
            "id_token",
            "need_patient_banner",
            "patient",
            "refresh_token",
            "scope",
            "token_type"
        ]
    );
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], json!(900));
    assert_eq!(tokens["scope"], SCOPE);
    assert_eq!(tokens["patient"], "a");
    assert_eq!(tokens["need_patient_banner"], json!(true));
}

#[tokio::test]
async fn refr_19_and_tok_13_what_was_not_granted_is_not_issued() {
    let world = World::new().await;
    let coded = world.consent(anna("web", "launch/patient patient/*.rs")).await;
    let answer = coded.redemption().by("web").send(&world).await;
    let tokens = answer.tokens();
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none(), "{tokens}");
}

#[tokio::test]
async fn tok_01_only_post_with_a_form() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = Ask { method: method.clone(), ..coded.redemption().by("web") }.send(&world).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "POST");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    for media_type in ["application/json", "text/plain", ""] {
        let mut other = coded.redemption().by("web");
        other.headers = vec![("content-type", media_type.to_owned())];
        let answer = other.send(&world).await;
        answer.is_error(400, "invalid_request");
        assert!(answer.description().contains("application/x-www-form-urlencoded"));
    }
    coded.redemption().by("web").send(&world).await.tokens();
}

#[tokio::test]
async fn tok_27_a_preflight_is_answered() {
    let world = World::new().await;
    let preflight = Ask { method: Method::OPTIONS, ..ask(&[]) }
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = preflight.send(&world).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "POST, OPTIONS");
    assert!(answer.header("access-control-allow-headers").contains("Authorization"));
}

#[tokio::test]
async fn tok_02_and_x_20_the_grant_type_is_looked_at_before_the_client() {
    let world = World::new().await;
    for client in ["web", "unknown"] {
        for (grant_type, code) in [
            ("", "invalid_request"),
            ("not_a_grant_type", "unsupported_grant_type"),
            ("password", "unsupported_grant_type"),
            ("urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type"),
            ("Authorization_Code", "unsupported_grant_type"),
        ] {
            let answer = ask(&[("grant_type", grant_type)]).by(client).send(&world).await;
            answer.is_error(400, code);
            assert!(answer.description().contains("grant_type"));
        }
        ask(&[]).by(client).send(&world).await.is_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn tok_03_each_parameter_of_the_flow_is_required_and_named() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    for name in ["code", "redirect_uri", "code_verifier"] {
        for lacking in [coded.redemption().without(name), coded.redemption().with(name, "")] {
            let answer = lacking.by("web").send(&world).await;
            answer.is_error(400, "invalid_request");
            assert_eq!(answer.description(), format!("{name} is missing"));
        }
    }
    coded.redemption().by("web").send(&world).await.tokens();
}

#[tokio::test]
async fn tok_04_a_public_client_says_who_it_is() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().send(&world).await;
    answer.is_error(401, "invalid_client");
    assert!(answer.description().contains("client_id"));
    coded.redemption().by("native").send(&world).await.is_error(400, "invalid_grant");
    // Nobody has lost anything by it.
    coded.redemption().by("web").send(&world).await.tokens();
}

#[tokio::test]
async fn tok_05_a_confidential_client_may_leave_client_id_out_but_not_change_it() {
    let world = World::new().await;
    for named in [None, Some("basic")] {
        let coded = world.consent(anna("basic", SCOPE)).await;
        let request = coded.redemption().basic("basic", SECRET);
        let request = named.map_or(request.clone(), |id| request.by(id));
        request.send(&world).await.tokens();
    }
    let coded = world.consent(anna("basic", SCOPE)).await;
    let other = coded.redemption().basic("basic", SECRET).by("web").send(&world).await;
    other.is_error(401, "invalid_client");
    coded.redemption().basic("basic", SECRET).send(&world).await.tokens();
}

#[tokio::test]
async fn tok_06_and_refr_06_a_confidential_client_cannot_act_as_a_public_one() {
    let world = World::new().await;
    for id in ["basic", "post", "jwt"] {
        let coded = world.consent(anna(id, SCOPE)).await;
        coded.redemption().by(id).send(&world).await.is_error(401, "invalid_client");
        assert!(world.grant(&coded.grant).await.active().is_none());
    }
    let coded = world.consent(anna("basic", SCOPE)).await;
    let token = coded.redemption().basic("basic", SECRET).send(&world).await.text("refresh_token");
    refresh(&token).by("basic").send(&world).await.is_error(401, "invalid_client");
    refresh(&token).basic("basic", SECRET).send(&world).await.tokens();
}

#[tokio::test]
async fn refr_06_a_public_client_is_known_by_its_refresh_token_and_a_confidential_one_is_not() {
    let world = World::new().await;
    let token = world
        .consent(anna("web", SCOPE))
        .await
        .redemption()
        .by("web")
        .send(&world)
        .await
        .text("refresh_token");
    let next = refresh(&token).send(&world).await;
    next.tokens();
    refresh(&next.text("refresh_token")).by("web").send(&world).await.tokens();
    for id in ["basic", "post"] {
        let coded = world.consent(anna(id, SCOPE)).await;
        let redemption = match id {
            "basic" => coded.redemption().basic(id, SECRET),
            _ => coded.redemption().by(id).with("client_secret", SECRET),
        };
        let token = redemption.send(&world).await.text("refresh_token");
        refresh(&token).send(&world).await.is_error(401, "invalid_client");
        assert!(world.grant(&coded.grant).await.active().is_some(), "nothing was lost by it");
    }
    // A token that is none has no client.
    for unknown in [format!("srt_{}", "A".repeat(64)), "srt_".to_owned(), "x".to_owned()] {
        let answer = refresh(&unknown).send(&world).await;
        assert!([400, 401].contains(&answer.status.as_u16()), "{answer:?}");
    }
}

#[tokio::test]
async fn tok_24_and_code_03_what_is_no_code_any_more_or_never_was() {
    let world = World::new().await;
    let token = world.consent(anna("web", SCOPE)).await.redemption().by("web").send(&world).await;
    let coded = world.consent(anna("web", SCOPE)).await;
    for bad in [
        "BAD_CODE",
        "sac_",
        "ä",
        &coded.code[..67],
        &coded.code.replacen("sac_", "srt_", 1),
        &token.text("refresh_token"),
        &token.text("access_token"),
        &format!("sac_{}", "A".repeat(64)),
    ] {
        let answer = coded.redemption().with("code", bad).by("web").send(&world).await;
        answer.is_error(400, "invalid_grant");
        assert!(answer.description().contains("code is unknown"));
    }
    coded.redemption().by("web").send(&world).await.tokens();
    coded.redemption().by("web").send(&world).await.is_error(400, "invalid_grant");
}

#[tokio::test]
async fn code_01_a_code_lives_for_a_minute() {
    let world = World::new().await;
    let late = world.consent(anna("web", SCOPE)).await;
    late.redemption().by("web").at(60).send(&world).await.is_error(400, "invalid_grant");
    let early = world.consent(anna("web", SCOPE)).await;
    early.redemption().by("web").at(59).send(&world).await.tokens();
}

#[tokio::test]
async fn code_02_and_08_a_code_is_bound_to_client_redirect_uri_and_challenge() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let redemption = coded.redemption().by("web");
    for (wrong, says) in [
        (redemption.clone().by("native"), "code is unknown"),
        (redemption.clone().with("redirect_uri", "https://app.example/other"), "redirect_uri"),
        (redemption.clone().with("redirect_uri", &format!("{CALLBACK}/")), "redirect_uri"),
        (redemption.clone().with("redirect_uri", "https://APP.example/callback"), "redirect_uri"),
        (redemption.clone().with("code_verifier", &other_verifier()), "code_verifier"),
    ] {
        let answer = wrong.send(&world).await;
        answer.is_error(400, "invalid_grant");
        assert!(answer.description().contains(says), "{}", answer.description());
    }
    redemption.send(&world).await.tokens();
}

#[tokio::test]
async fn code_03_and_04_a_code_that_is_seen_again_revokes_what_was_issued_from_it() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let first = coded.redemption().by("web").send(&world).await;
    let again = coded.redemption().by("web").at(1).send(&world).await;
    again.is_error(400, "invalid_grant");
    assert!(again.description().contains("used before"), "{}", again.description());
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::CodeReplayed));
    let refreshed = refresh(&first.text("refresh_token")).by("web").at(2).send(&world).await;
    refreshed.is_error(400, "invalid_grant");
    assert!(refreshed.description().contains("revoked"), "{}", refreshed.description());
    // Once more is told the same, and changes nothing.
    coded.redemption().by("web").at(3).send(&world).await.is_error(400, "invalid_grant");
}

#[tokio::test]
async fn code_04_a_replay_is_refused_whatever_the_second_write_says() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    coded.redemption().by("web").send(&world).await.tokens();
    world.store.break_down("revoke");
    coded.redemption().by("web").send(&world).await.is_error(400, "invalid_grant");
    assert!(world.grant(&coded.grant).await.active().is_some());
    world.store.mend();
    coded.redemption().by("web").send(&world).await.is_error(400, "invalid_grant");
    assert_eq!(world.revocation(&coded.grant).await, Some(RevocationReason::CodeReplayed));
}

#[tokio::test]
async fn tok_25_and_31_one_answer_for_every_client_that_did_not_prove_it() {
    let world = World::new().await;
    world.change_client("post", |client| client.disabled = true).await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    let mut told = Vec::new();
    for (id, secret) in [
        ("BAD_CLIENT_ID", SECRET),
        ("basic", "another-secret-of-enough-bits"),
        ("basic", ""),
        ("post", SECRET),
        ("post", "another-secret-of-enough-bits"),
    ] {
        let answer = coded.redemption().basic(id, secret).send(&world).await;
        answer.is_error(401, "invalid_client");
        told.push(answer.json);
    }
    let in_the_form = coded.redemption().by("post").with("client_secret", SECRET).send(&world).await;
    in_the_form.is_error(401, "invalid_client");
    told.push(in_the_form.json);
    told.push(coded.redemption().by("unknown").send(&world).await.json);
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    coded.redemption().basic("basic", SECRET).send(&world).await.tokens();
}

#[tokio::test]
async fn tok_26_one_way_to_authenticate_and_each_parameter_once() {
    let world = World::new().await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    let good = coded.redemption().basic("basic", SECRET);
    let assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (wrong, says) in [
        (good.clone().with("client_secret", SECRET), "more than one way"),
        (good.clone().with("client_assertion_type", assertion), "more than one way"),
        (good.clone().basic("basic", SECRET), "more than one way"),
        (good.clone().and("code", &coded.code), "code is given more than once"),
        (good.clone().and("grant_type", "authorization_code"), "grant_type is given more than once"),
        (good.clone().and("x", "1").and("x", "1"), "x is given more than once"),
    ] {
        let answer = wrong.send(&world).await;
        answer.is_error(400, "invalid_request");
        assert!(answer.description().contains(says), "{}", answer.description());
    }
    good.send(&world).await.tokens();
}

#[tokio::test]
async fn tok_26_nothing_is_read_from_the_url() {
    let world = World::new().await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    let good = coded.redemption().basic("basic", SECRET);
    for name in [
        "client_secret",
        "client_assertion",
        "code",
        "code_verifier",
        "refresh_token",
        "client_id",
        "grant_type",
        "scope",
    ] {
        let uri = format!("/auth/token?tracking=1&{name}=x");
        let answer = Ask { uri, ..good.clone() }.send(&world).await;
        answer.is_error(400, "invalid_request");
        assert!(answer.description().starts_with(&format!("{name} stands in the URL")));
    }
    let mangled = Ask { uri: "/auth/token?code=%FF".to_owned(), ..good.clone() };
    mangled.send(&world).await.is_error(400, "invalid_request");
    Ask { uri: "/auth/token?tracking=1".to_owned(), ..good }.send(&world).await.tokens();
}

#[tokio::test]
async fn tok_30_a_client_uses_the_grant_types_that_it_registered() {
    let world = World::new().await;
    world.register(json!({
        "client_id": "backend", "token_endpoint_auth_method": "client_secret_basic", "client_secret": SECRET,
        "grant_types": ["client_credentials"], "redirect_uris": [],
    })).await;
    let token = format!("srt_{}", "A".repeat(64));
    refresh(&token).by("forgetful").send(&world).await.is_error(400, "unauthorized_client");
    let credentials = ask(&[("grant_type", "client_credentials"), ("scope", "system/*.rs")]);
    credentials.clone().by("web").send(&world).await.is_error(400, "unauthorized_client");
    credentials.clone().basic("basic", SECRET).send(&world).await.is_error(400, "unauthorized_client");
    credentials.clone().basic("backend", SECRET).send(&world).await.is_error(400, "invalid_scope");
    credentials.basic("backend", "wrong").send(&world).await.is_error(401, "invalid_client");
    // A grant type that was taken away is refused before the code is looked at.
    let coded = world.consent(anna("web", SCOPE)).await;
    world.change_client("web", |client| client.grant_types.clear()).await;
    coded.redemption().by("web").send(&world).await.is_error(400, "unauthorized_client");
    assert!(world.grant(&coded.grant).await.active().is_none());
}

#[tokio::test]
async fn sym_01_to_03_secrets_are_read_as_they_were_registered() {
    let world = World::new().await;
    let special = "s%3A + :secret/of?enough-bits";
    let encoded: String = form_urlencoded::byte_serialize(special.as_bytes()).collect();
    for (id, method) in [("b:c", "client_secret_basic"), ("d", "client_secret_post")] {
        let metadata =
            json!({ "client_id": id, "token_endpoint_auth_method": method, "client_secret": special });
        world.register(metadata).await;
    }
    let coded = world.consent(anna("b:c", SCOPE)).await;
    // As it is, `%3A` and `+` would mean something else.
    coded.redemption().basic("b%3Ac", special).send(&world).await.is_error(401, "invalid_client");
    coded.redemption().basic("b%3Ac", &encoded).send(&world).await.tokens();
    let coded = world.consent(anna("d", SCOPE)).await;
    coded.redemption().by("d").with("client_secret", special).send(&world).await.tokens();
    // The other place is refused, and the right one named.
    let coded = world.consent(anna("basic", SCOPE)).await;
    let misplaced = coded.redemption().by("basic").with("client_secret", SECRET).send(&world).await;
    misplaced.is_error(401, "invalid_client");
    assert!(misplaced.description().contains("client_secret_basic"));
    let coded = world.consent(anna("post", SCOPE)).await;
    coded.redemption().basic("post", SECRET).send(&world).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn sym_01_what_is_no_basic_authentication() {
    let world = World::new().await;
    let coded = world.consent(anna("basic", SCOPE)).await;
    for header in ["Basic", "Basic ", "Basic ====", "Basic YWJj", "Bearer YTpi", "Basic ä", "\u{e4}"] {
        let answer = coded.redemption().header("authorization", header).send(&world).await;
        answer.is_error(401, "invalid_client");
    }
    // The scheme's name has no case (RFC 9110 §11.1).
    let mut request = coded.redemption().basic("basic", SECRET);
    request.headers.last_mut().unwrap().1 = request.headers.last().unwrap().1.replacen("Basic", "bASIC", 1);
    request.send(&world).await.tokens();
}

#[tokio::test]
async fn a_client_that_was_disabled_gets_no_code_redeemed_within_a_minute_and_no_refresh_at_once() {
    let world = World::new().await;
    let function = world.function();
    let (first, second) = (world.consent(anna("web", SCOPE)).await, world.consent(anna("web", SCOPE)).await);
    let tokens = first.redemption().by("web").send_to(&function).await;
    world.change_client("web", |client| client.disabled = true).await;
    let refreshed = refresh(&tokens.text("refresh_token")).by("web").at(1).send_to(&function).await;
    refreshed.is_error(401, "invalid_client");
    // The record is remembered for a minute where the user has just signed in.
    second.redemption().by("web").at(59).send_to(&function).await.tokens();
    let later = ask(&[
        ("grant_type", "authorization_code"),
        ("code", &second.code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]);
    later.by("web").at(60).send_to(&function).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn rfc8707_2_2_a_token_for_another_server_is_not_to_be_had() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let redemption = coded.redemption().by("web");
    let elsewhere = redemption.clone().with("resource", "https://other.example/fhir").send(&world).await;
    elsewhere.is_error(400, "invalid_target");
    assert!(elsewhere.description().contains("https://smart.example/fhir"));
    redemption.with("resource", "https://smart.example/fhir").send(&world).await.tokens();
}

#[tokio::test]
async fn a_store_that_cannot_answer_is_503_with_a_time_to_come_back() {
    let world = World::new().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    for operation in ["client", "redeem"] {
        world.store.break_down(operation);
        let answer = coded.redemption().by("web").send(&world).await;
        answer.is_error(503, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.description().contains("on purpose"));
        world.store.mend();
    }
    let tokens = coded.redemption().by("web").send(&world).await;
    for operation in ["client", "refresh"] {
        world.store.break_down(operation);
        let answer = refresh(&tokens.text("refresh_token")).by("web").send(&world).await;
        answer.is_error(503, "temporarily_unavailable");
        world.store.mend();
    }
    refresh(&tokens.text("refresh_token")).by("web").send(&world).await.tokens();
}

#[tokio::test]
async fn a_grant_is_stored_as_long_as_its_tokens_can_live() {
    let world = World::new().await;
    let coded = world.consent(anna("web", "launch/patient patient/*.rs")).await;
    let answer = coded.redemption().by("web").at(30).send(&world).await;
    let grant = world.grant(&coded.grant).await;
    assert_eq!(grant.expires_at, super::NOW + Duration::from_secs(30 + 900));
    assert_eq!(
        answer.json["scope"].as_str().map(Scopes::parse),
        Some(Ok(grant.active().unwrap().granted.scopes.clone()))
    );
}
