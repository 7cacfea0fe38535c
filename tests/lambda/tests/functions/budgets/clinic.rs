//! A clinic to count in. Its patients, their encounters and one patient's observations are the demo seed's, so that what is read is as large
//! as in a record that somebody wrote.

use argon2::{Argon2, PasswordHasher as _};
use serde_json::{Value, json};
use smart_aws::{Incoming, RecordsTable, StateTable};
use smart_core::client::metadata::{self, Deployment};
use smart_core::instant::Instant;
use smart_core::secret::Digest;
use smart_core::user::{Credentials, PasswordHash, User, new_subject};
use smart_lambda_tests::meter::Meter;

use super::super::client_key::ClientKey;
use super::super::world::{PASSWORD, REDIRECT_URI, SECRET, World};

/// A patient with more observations than a page of a search has, and with encounters; signs in as `harold`, too.
pub(super) const PATIENT: &str = "washington-harold";

pub(super) struct Clinic {
    pub(super) world: World,
    /// What its functions' calls go through.
    pub(super) meter: Meter,
    /// The key of the client `backend`.
    pub(super) key: ClientKey,
}

impl Clinic {
    pub(super) async fn new() -> Self {
        let (world, state, records) = World::empty().await;
        let key = ClientKey::es384();
        register(&state, &key).await;
        import(&records).await;
        let (world, meter) = world.with_registration().metered();
        Self { world, meter, key }
    }
}

async fn register(state: &StateTable, key: &ClientKey) {
    let app = |client_id: &str, remembered: bool| {
        json!({
            "client_id": client_id, "client_name": "Growth Chart", "token_endpoint_auth_method": "none",
            "redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code", "refresh_token"],
            "initiate_login_uri": "https://app.example/launch", "smart_remember_consent": remembered,
            "scope": "launch launch/patient launch/encounter openid fhirUser offline_access online_access patient/*.rs user/*.rs",
        })
    };
    let mut confidential = app("confidential", false);
    confidential["token_endpoint_auth_method"] = json!("private_key_jwt");
    confidential["jwks"] = json!({ "keys": [key.jwk()] });
    let alone = |client_id: &str, scope: &str| {
        json!({
            "client_id": client_id, "client_secret": SECRET, "grant_types": ["client_credentials"],
            "smart_introspect": true, "scope": scope,
        })
    };
    for client in [
        app("app", false),
        app("trusted", true),
        confidential,
        alone("ehr", "__launch.create"),
        alone("resource-server", "__token.introspect"),
        json!({
            "client_id": "backend", "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
            "grant_types": ["client_credentials"], "scope": "system/*.rs",
        }),
    ] {
        state.put_client(&metadata::parse(&client, Deployment::Public).unwrap()).await.unwrap();
    }
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let user = |username: &str, fhir_user: &str, patients: Value| User {
        username: username.parse().unwrap(),
        sub: new_subject(*Digest::of(username.as_bytes()).as_bytes()),
        name: "Dr. Ines Moreau".to_owned(),
        fhir_user: fhir_user.parse().unwrap(),
        patients: serde_json::from_value(patients).unwrap(),
        password: Some(PasswordHash::from_phc(hash.clone())),
        external: None,
        credentials: Credentials::default(),
        disabled: false,
    };
    for user in [
        user("ines", "Practitioner/moreau-ines", json!("*")),
        user("harold", &format!("Patient/{PATIENT}"), json!([PATIENT])),
        // Who has given no other access.
        user("linh", "Patient/nguyen-linh", json!(["nguyen-linh"])),
        user("rosa", "RelatedPerson/rosa", json!([PATIENT, "nguyen-linh"])),
    ] {
        state.put_user(&user).await.unwrap();
    }
}

async fn import(records: &RecordsTable) {
    let subject = format!("Patient/{PATIENT}");
    let wanted = |resource: &Value| match resource["resourceType"].as_str() {
        Some("Patient" | "Encounter") => true,
        Some("Observation") => resource["subject"]["reference"] == subject,
        _ => false,
    };
    let files = smart_demo::seed().filter(|(path, _)| path.starts_with("fhir/"));
    let lines = files.flat_map(|(_, file)| std::str::from_utf8(file).unwrap().lines());
    let resources = lines.filter(|line| wanted(&serde_json::from_str(line).unwrap()));
    let resources = resources.map(|line| Incoming::parse(line.to_owned().into()).unwrap());
    records.put_resources(resources.collect(), Instant::from_unix(1_764_000_000)).await.unwrap();
}
