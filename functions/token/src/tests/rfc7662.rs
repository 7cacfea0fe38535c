//! RFC 7662 and SMART 2.2 "Token Introspection" (INTRO rows).

use serde_json::{Value, json};
use smart_core::user::User;

use super::world::{Consent, SCOPE, SECRET, World, anna, only};
use super::{Answer, Ask, NOW, ask, introspect, refresh, revoke};

impl World {
    /// What `rs` is told, which may ask about all tokens.
    async fn told(&self, token: &str, second: u64) -> Answer {
        introspect(token).basic("rs", SECRET).at(second).send(self).await
    }
}

/// The members that an answer of the token endpoint has for the launch context.
fn context_of(answer: &Value) -> Value {
    let other = ["access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"];
    let mut context = answer.clone();
    context.as_object_mut().unwrap().retain(|name, _| !other.contains(&name.as_str()));
    context
}

#[tokio::test]
async fn intro_03_to_07_an_active_access_token_says_what_its_answer_said() {
    let world = World::new().await;
    world.register_resource_server().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().by("web").send(&world).await;
    let (told, id_token) = (world.told(&answer.text("access_token"), 0).await, world.id_token(&answer).await);
    let told = told.active();
    assert_eq!(told["scope"], answer.json["scope"]);
    assert_eq!((&told["client_id"], &told["token_type"]), (&json!("web"), &json!("Bearer")));
    assert_eq!(told["exp"], NOW.as_unix() + 900);
    assert_eq!(told["iat"], NOW.as_unix());
    assert_eq!(told["aud"], "https://smart.example/fhir");
    for claim in ["iss", "sub", "fhirUser"] {
        assert_eq!(told[claim], id_token[claim], "{claim}");
    }
    let context = context_of(&answer.json);
    assert_eq!(context, json!({ "patient": "a", "need_patient_banner": true }));
    for (name, value) in context.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
}

#[tokio::test]
async fn intro_04_a_token_for_less_than_its_grant_says_less() {
    let world = World::new().await;
    world.register_resource_server().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    let less = refresh(&token).with("scope", "patient/Observation.r").by("web").at(1).send(&world).await;
    let told = world.told(&less.text("access_token"), 1).await;
    assert_eq!(told.active()["scope"], "patient/Observation.r");
    // INTRO-13: no ID token was issued.
    assert!(told.json.get("fhirUser").is_none());
    assert_eq!(told.json["patient"], "a");
}

#[tokio::test]
async fn intro_12_a_refresh_token_and_a_token_of_a_client_alone_are_told_of() {
    let world = World::new().await;
    world.register_resource_server().await;
    world.register_backend("system/*.rs").await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().by("web").send(&world).await;
    let told = world.told(&answer.text("refresh_token"), 0).await;
    let told = told.active();
    assert_eq!((&told["client_id"], &told["scope"]), (&json!("web"), &answer.json["scope"]));
    assert_eq!(told["exp"], NOW.as_unix() + 14 * 86_400);
    assert_eq!(told["patient"], "a");
    // It opens no API.
    assert!(told.get("aud").is_none() && told.get("token_type").is_none());

    let alone = world.credentials("system/*.rs").send(&world).await.text("access_token");
    let told = world.told(&alone, 0).await;
    let expected = json!({
        "active": true, "iss": "https://smart.example", "sub": "backend", "client_id": "backend", "scope": "system/*.rs",
        "exp": NOW.as_unix() + 300, "iat": NOW.as_unix(), "aud": "https://smart.example/fhir", "token_type": "Bearer",
    });
    assert_eq!(told.active(), &expected);
}

#[tokio::test]
async fn intro_08_what_is_no_token_of_ours_is_inactive_and_nothing_else() {
    let world = World::new().await;
    world.register_resource_server().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().by("web").send(&world).await;
    let access = answer.text("access_token");
    let unknown = format!("srt_{}", "A".repeat(64));
    let refresh_token = answer.text("refresh_token");
    for token in [
        "invalid_token_value",
        "a.b.c",
        "srt_",
        &unknown,
        &coded.code,
        &answer.text("id_token"),
        &world.assertion("jwt", 0),
        &format!("{}AAAA", &access[..access.len() - 4]),
        &access[1..],
        &format!("{}{}", &refresh_token[..26], "A".repeat(refresh_token.len() - 26)),
        SECRET,
    ] {
        for hint in ["access_token", "refresh_token", "nonsense"] {
            introspect(token)
                .with("token_type_hint", hint)
                .basic("rs", SECRET)
                .send(&world)
                .await
                .is_inactive();
        }
    }
    world.told(&access, 0).await.active();
}

#[tokio::test]
async fn intro_14_whatever_ends_a_token_is_seen() {
    let world = World::new().await;
    world.register_resource_server().await;
    world.register_backend("system/*.rs").await;
    let both = async |world: &World| {
        let coded = world.consent(anna("web", SCOPE)).await;
        let answer = coded.redemption().by("web").send(world).await;
        (coded, ["access_token", "refresh_token"].map(|token| answer.text(token)))
    };
    // Expiry, to the second.
    let (_, [access, token]) = both(&world).await;
    world.told(&access, 899).await.active();
    world.told(&access, 900).await.is_inactive();
    world.told(&token, 14 * 86_400 - 1).await.active();
    world.told(&token, 14 * 86_400).await.is_inactive();
    // A replacement: the one before is good for its window.
    refresh(&token).by("web").at(10).send(&world).await.tokens();
    assert_eq!(world.told(&token, 39).await.active()["exp"], NOW.as_unix() + 40);
    world.told(&token, 40).await.is_inactive();
    // A revocation.
    let (_, [access, token]) = both(&world).await;
    revoke(&token).by("web").send(&world).await.is_done();
    for token in [&access, &token] {
        world.told(token, 0).await.is_inactive();
    }
    // The user: disabled, another one by the same name, with another password (REFR-24), or without the patient.
    let changes: [fn(&mut User); 4] = [
        |user| user.disabled = true,
        |user| user.sub = "sub-other".parse().unwrap(),
        |user| user.credentials = 1.into(),
        |user| user.patients = only(&["b"]),
    ];
    for change in changes {
        let (_, tokens) = both(&world).await;
        let mut user = world.user("anna").await;
        change(&mut user);
        for known in [Some(user), None] {
            world.store.answer_with_user(known);
            for token in &tokens {
                world.told(token, 0).await.is_inactive();
            }
        }
        world.store.answer_with_user(Some(world.user("anna").await));
        world.told(&tokens[0], 0).await.active();
    }
    // The client: disabled, or without what was granted.
    let (_, [access, token]) = both(&world).await;
    let alone = world.credentials("system/*.rs").send(&world).await.text("access_token");
    world.told(&alone, 299).await.active();
    world.told(&alone, 300).await.is_inactive();
    world.change_client("backend", |client| client.scope = "system/Patient.rs".parse().unwrap()).await;
    assert_eq!(world.told(&alone, 0).await.active()["scope"], "system/Patient.rs");
    world.change_client("backend", |client| client.scope = "system/Patient.r".parse().unwrap()).await;
    world.change_client("backend", |client| client.grant_types.clear()).await;
    world.told(&alone, 0).await.is_inactive();
    world.change_client("web", |client| client.scope = "offline_access openid".parse().unwrap()).await;
    assert_eq!(world.told(&token, 0).await.active()["scope"], "openid offline_access");
    world.change_client("web", |client| client.disabled = true).await;
    for token in [&access, &token] {
        world.told(token, 0).await.is_inactive();
    }
}

#[tokio::test]
async fn intro_14_online_access_ends_with_the_session() {
    use smart_core::ports::SignIns as _;
    let world = World::new().await;
    world.register_resource_server().await;
    let coded = world.consent(anna("web", "online_access patient/*.rs")).await;
    let token = coded.redemption().by("web").send(&world).await.text("refresh_token");
    world.told(&token, 0).await.active();
    world.store.inner.end_session(&coded.session).await.unwrap();
    world.told(&token, 0).await.is_inactive();
}

#[tokio::test]
async fn contract_every_client_that_authenticates_asks_about_its_own_tokens_only() {
    let world = World::new().await;
    let of = async |client: &str| {
        let coded = world.consent(anna(client, SCOPE)).await;
        let exchange = coded.redemption();
        let answer = match client {
            "basic" => exchange.basic("basic", SECRET),
            _ => world.proved(exchange, client),
        };
        let answer = answer.send(&world).await;
        ["access_token", "refresh_token"].map(|token| answer.text(token))
    };
    let (basic, jwt) = (of("basic").await, of("jwt").await);
    for token in &basic {
        introspect(token).basic("basic", SECRET).send(&world).await.active();
        world.proved(introspect(token), "jwt").send(&world).await.is_inactive();
    }
    for token in &jwt {
        introspect(token).basic("basic", SECRET).send(&world).await.is_inactive();
        introspect(token).by("post").with("client_secret", SECRET).send(&world).await.is_inactive();
        world.proved(introspect(token), "jwt").send(&world).await.active();
    }
}

#[tokio::test]
async fn intro_09_and_11_who_proves_nothing_is_told_nothing() {
    let world = World::new().await;
    world.register_resource_server().await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let access = coded.redemption().by("web").send(&world).await.text("access_token");
    let plain = || introspect(&access);
    for request in [
        plain(),
        // Public clients prove nothing, not even for their own tokens.
        plain().by("web"),
        plain().by("unknown"),
        plain().by("rs"),
        plain().basic("rs", "wrong"),
        plain().basic("unknown", SECRET),
        plain().by("rs").with("client_secret", SECRET),
        plain().header("authorization", "Basic"),
        plain().header("authorization", "Digest x"),
    ] {
        let answer = request.send(&world).await;
        answer.is_error(401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic realm="));
        assert!(answer.json.get("active").is_none());
    }
    assert_eq!(
        plain().send(&world).await.header("www-authenticate"),
        "Basic realm=\"https://smart.example\", Bearer realm=\"https://smart.example\""
    );
    plain().basic("rs", SECRET).basic("rs", SECRET).send(&world).await.is_error(400, "invalid_request");
    world.change_client("rs", |client| client.disabled = true).await;
    plain().basic("rs", SECRET).send(&world).await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn intro_10_a_token_with_the_scope_asks_about_the_tokens_of_every_client() {
    let world = World::new().await;
    world.register_backend("system/*.rs __token.introspect").await;
    let coded = world.consent(anna("web", SCOPE)).await;
    let answer = coded.redemption().by("web").send(&world).await;
    let access = answer.text("access_token");
    let asker = world.credentials("__token.introspect").send(&world).await.text("access_token");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let told =
            introspect(&access).header("authorization", &format!("{scheme} {asker}")).send(&world).await;
        assert_eq!(told.active()["client_id"], "web");
    }
    // It may ask about itself.
    introspect(&asker).bearer(&asker).send(&world).await.active();
    introspect("x").bearer(&asker).send(&world).await.is_inactive();

    // Without the scope; one that a user granted; one that is none.
    let scopeless = world.credentials("system/*.rs").send(&world).await.text("access_token");
    for (token, error) in [
        (&scopeless, "insufficient_scope"),
        (&access, "insufficient_scope"),
        (&answer.text("refresh_token"), "invalid_token"),
        (&answer.text("id_token"), "invalid_token"),
        (&coded.code, "invalid_token"),
        (&"x".to_owned(), "invalid_token"),
        (&String::new(), "invalid_token"),
    ] {
        let refused = introspect(&access).bearer(token).send(&world).await;
        refused.is_error(401, error);
        let challenge = refused.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm=\"https://smart.example\", error=\""), "{challenge}");
        assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
        assert!(challenge.ends_with("scope=\"__token.introspect\""), "{challenge}");
    }
    // Both a token and a client's proof leave it open who asks.
    for (name, value) in [("client_secret", SECRET), ("client_assertion", "a.b.c")] {
        introspect(&access)
            .bearer(&asker)
            .with(name, value)
            .send(&world)
            .await
            .is_error(400, "invalid_request");
    }
    // It ends as every token does.
    introspect(&access).bearer(&asker).at(299).send(&world).await.active();
    introspect(&access).bearer(&asker).at(300).send(&world).await.is_error(401, "invalid_token");
    world.proved(revoke(&asker), "backend").send(&world).await.is_done();
    introspect(&access).bearer(&asker).send(&world).await.is_error(401, "invalid_token");
    let asker = world.credentials("__token.introspect").send(&world).await.text("access_token");
    world.change_client("backend", |client| client.scope = "system/*.rs".parse().unwrap()).await;
    introspect(&access).bearer(&asker).send(&world).await.is_error(401, "invalid_token");
}

#[tokio::test]
async fn intro_02_the_request_is_one_form_with_one_token() {
    let world = World::new().await;
    world.register_resource_server().await;
    let good = introspect("x").basic("rs", SECRET);
    good.clone().send(&world).await.is_inactive();
    good.clone().without("token").send(&world).await.is_error(400, "invalid_request");
    good.clone().and("token", "y").send(&world).await.is_error(400, "invalid_request");
    for uri in ["/auth/introspect?token=x", "/auth/introspect?client_secret=x"] {
        Ask { uri: uri.to_owned(), ..good.clone() }.send(&world).await.is_error(400, "invalid_request");
    }
    for method in [http::Method::GET, http::Method::HEAD, http::Method::PUT] {
        let answer = Ask { method, ..good.clone() }.send(&world).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    }
    let json =
        Ask { headers: vec![("content-type", "application/json".to_owned())], ..ask(&[("token", "x")]) };
    Ask { uri: "/auth/introspect".to_owned(), ..json }.send(&world).await.is_error(400, "invalid_request");
}

#[tokio::test]
async fn intro_05_the_context_of_a_caregivers_token_is_the_patient_that_they_chose() {
    let world = World::new().await;
    world.register_resource_server().await;
    let coded = world
        .consent(Consent {
            client: "web",
            user: "mother",
            patient: Some("b"),
            scope: SCOPE,
            nonce: None,
            dpop_jkt: None,
        })
        .await;
    let answer = coded.redemption().by("web").send(&world).await;
    let told = world.told(&answer.text("access_token"), 0).await;
    assert_eq!(told.active()["patient"], "b");
    assert_eq!(told.json["fhirUser"], "https://smart.example/fhir/RelatedPerson/m");
    // Who has no patient in context is told of none.
    let coded = world
        .consent(Consent {
            client: "web",
            user: "clinician",
            patient: None,
            scope: "user/*.rs",
            nonce: None,
            dpop_jkt: None,
        })
        .await;
    let answer = coded.redemption().by("web").send(&world).await;
    let told = world.told(&answer.text("access_token"), 0).await;
    assert!(told.active().get("patient").is_none() && told.json.get("need_patient_banner").is_none());
}
