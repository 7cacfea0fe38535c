//! Tables, a key, an app and a user of each test's own; and the programs that know them.

use std::path::PathBuf;
use std::process::Command;

use argon2::{Argon2, PasswordHasher as _};
use serde_json::{Value, json};
use sha2::Digest as _;
use smart_aws::{Incoming, RecordsTable, Sdk, StateTable, emulator, tables};
use smart_core::client::metadata::{self, Deployment};
use smart_core::instant::Instant;
use smart_core::secret::Digest;
use smart_core::user::{Credentials, PasswordHash, User, new_subject};
use smart_lambda_tests::event::{Answer, Event};
use smart_lambda_tests::faults::Faults;
use smart_lambda_tests::function::Function;
use smart_lambda_tests::meter::Meter;

pub(crate) const PUBLIC_URL: &str = "https://smart.example";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
pub(crate) const PASSWORD: &str = "tests only: correct horse";

pub(crate) const SECRET: &str = "tests-only-Zk3vT1uQ8xYw5bN7";

/// The functions, with the variables that each needs.
pub(crate) const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("discovery", &["SMART_PUBLIC_URL", "SMART_SIGNING_KEYS"]),
    ("authorize", &["SMART_PUBLIC_URL", "SMART_TABLE", "SMART_RECORDS_TABLE", "SMART_SIGNING_KEYS"]),
    ("token", &["SMART_PUBLIC_URL", "SMART_TABLE", "SMART_SIGNING_KEYS"]),
    ("fhir-read", &["SMART_PUBLIC_URL", "SMART_TABLE", "SMART_RECORDS_TABLE", "SMART_SIGNING_KEYS"]),
];

/// What a program must bear to register a client, where that is allowed.
pub(crate) const INITIAL_ACCESS_TOKEN: &str = "tests-only-6uJ2pQ9sVbN4xTgY0hLw";

/// A variable that is told where there is one.
const REGISTRATION: &str = "SMART_REGISTRATION_TOKEN_SHA256";

/// A deployment.
pub(crate) struct World {
    sdk: Sdk,
    signing_key: String,
    environment: Vec<(String, String)>,
}

impl World {
    /// With the app `app`, the client `resource-server`, the user `anna` and her one patient `a`, who is herself.
    pub(crate) async fn new() -> Self {
        let (world, state, records) = Self::empty().await;
        populate(&state, &records).await;
        world
    }

    /// With nothing in its tables.
    pub(crate) async fn empty() -> (Self, StateTable, RecordsTable) {
        let sdk = emulator::sdk().await.unwrap();
        let table = emulator::make(&sdk.dynamodb(), tables::STATE).await.unwrap();
        let records = emulator::make(&sdk.dynamodb(), tables::RECORDS).await.unwrap();
        let stores = (StateTable::new(sdk.dynamodb(), &table), RecordsTable::new(sdk.dynamodb(), &records));
        let signing_key = signing_key(&sdk, "RSA_2048").await;
        let mut environment = aws();
        environment.extend([
            ("SMART_PUBLIC_URL".to_owned(), PUBLIC_URL.to_owned()),
            ("SMART_TABLE".to_owned(), table),
            ("SMART_RECORDS_TABLE".to_owned(), records),
            ("SMART_SIGNING_KEYS".to_owned(), signing_key.clone()),
        ]);
        (Self { sdk, signing_key, environment }, stores.0, stores.1)
    }

    /// Somebody switches the signing key off.
    pub(crate) async fn disable_the_key(&self) {
        self.sdk.kms().disable_key().key_id(&self.signing_key).send().await.unwrap();
    }

    /// And on again.
    pub(crate) async fn enable_the_key(&self) {
        self.sdk.kms().enable_key().key_id(&self.signing_key).send().await.unwrap();
    }

    /// Somebody deletes the signing key, which KMS makes them wait for.
    pub(crate) async fn delete_the_key(&self) {
        let deletion = self.sdk.kms().schedule_key_deletion().key_id(&self.signing_key);
        deletion.pending_window_in_days(7).send().await.unwrap();
    }

    /// The same, with a meter between its functions and AWS.
    pub(crate) fn metered(mut self) -> (Self, Meter) {
        let endpoint = self.environment.iter_mut().find(|(name, _)| name == "AWS_ENDPOINT_URL").unwrap();
        let meter = Meter::before(&endpoint.1).unwrap();
        meter.url().clone_into(&mut endpoint.1);
        (self, meter)
    }

    /// The same, with keys that something may befall, and a new key before its own; says its id.
    pub(crate) async fn with_a_first_key(mut self) -> (Self, Faults, String) {
        let (_, endpoint) = self.environment.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL").unwrap();
        let faults = Faults::before(endpoint).unwrap();
        let first = signing_key(&self.sdk, "RSA_2048").await;
        self.environment.push(("AWS_ENDPOINT_URL_KMS".to_owned(), faults.url().to_owned()));
        let (_, keys) = self.environment.iter_mut().find(|(name, _)| name == "SMART_SIGNING_KEYS").unwrap();
        *keys = format!("{first},{keys}");
        (self, faults, first)
    }

    /// The same, where programs may register clients.
    pub(crate) fn with_registration(mut self) -> Self {
        let digest = hex::encode(sha2::Sha256::digest(INITIAL_ACCESS_TOKEN));
        self.environment.push((REGISTRATION.to_owned(), digest));
        self
    }

    /// The same, with its tables elsewhere.
    pub(crate) fn with_tables_at(mut self, url: &str) -> Self {
        self.environment.push(("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), url.to_owned()));
        self
    }

    /// The names of its tables, and what they hold.
    pub(crate) fn tables(&self) -> [(&str, &'static str); 2] {
        [("SMART_TABLE", "state"), ("SMART_RECORDS_TABLE", "records")].map(|(variable, holds)| {
            let (_, name) = self.environment.iter().find(|(name, _)| name == variable).unwrap();
            (name.as_str(), holds)
        })
    }

    /// A function, told what it needs and nothing else.
    pub(crate) fn start(&self, name: &str) -> Function {
        self.start_as(name, program(name))
    }

    /// The same, by a program of the caller's.
    pub(crate) fn start_as(&self, name: &str, program: Command) -> Function {
        let (_, needs) = FUNCTIONS.iter().find(|(known, _)| *known == name).unwrap();
        let told = self
            .environment
            .iter()
            .filter(|(n, _)| n.starts_with("AWS_") || n == REGISTRATION || needs.contains(&n.as_str()));
        Function::start(program, told.cloned()).unwrap()
    }

    /// All four.
    pub(crate) fn service(&self) -> Service {
        let [discovery, authorize, token, fhir_read] = FUNCTIONS.map(|(name, _)| self.start(name));
        Service { discovery, authorize, token, fhir_read, last: None }
    }
}

/// What points the SDK to the emulator.
pub(crate) fn aws() -> Vec<(String, String)> {
    #[expect(clippy::disallowed_methods, reason = "tests/emulator/run says where the emulator is")]
    let variable = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
    let names = ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    names.into_iter().filter_map(variable).collect()
}

/// A function's program, from where Cargo puts it, or from the folder that `SMART_BOOTSTRAPS` names.
pub(crate) fn program(name: &str) -> Command {
    let folder = std::env::var_os("SMART_BOOTSTRAPS").map(PathBuf::from);
    // This test is target/PROFILE/deps/functions-….
    let built = || std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let program = folder.unwrap_or_else(built).join(name);
    assert!(program.is_file(), "{}: build the functions first (tests/lambda/run does)", program.display());
    Command::new(program)
}

/// The service behind its HTTP API.
pub(crate) struct Service {
    pub(crate) discovery: Function,
    pub(crate) authorize: Function,
    pub(crate) token: Function,
    pub(crate) fhir_read: Function,
    /// The name of the function that was asked last.
    pub(crate) last: Option<&'static str>,
}

impl Service {
    /// Asks the function that the template routes this path to.
    pub(crate) fn ask(&mut self, path: &str, event: &Event) -> Answer {
        let name = match path {
            "/auth/token" | "/auth/introspect" | "/auth/revoke" | "/auth/register" => "token",
            path if path.contains("/.well-known/") => "discovery",
            path if path.starts_with("/fhir") => "fhir-read",
            _ => "authorize",
        };
        self.last = Some(name);
        self.function(name).ask(event).unwrap()
    }

    pub(crate) fn function(&mut self, name: &str) -> &mut Function {
        match name {
            "discovery" => &mut self.discovery,
            "authorize" => &mut self.authorize,
            "token" => &mut self.token,
            "fhir-read" => &mut self.fhir_read,
            other => panic!("no function {other}"),
        }
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.ask(target.split('?').next().unwrap(), &Event::get(target))
    }
}

pub(crate) async fn signing_key(sdk: &Sdk, spec: &str) -> String {
    let made = sdk.kms().create_key().key_spec(spec.into()).key_usage("SIGN_VERIFY".into()).send().await;
    made.unwrap().key_metadata.unwrap().key_id
}

async fn populate(state: &StateTable, records: &RecordsTable) {
    let client = json!({
        "client_id": "app", "client_name": "Growth Chart", "token_endpoint_auth_method": "none",
        "redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid fhirUser launch/patient offline_access patient/*.rs",
    });
    state.put_client(&metadata::parse(&client, Deployment::Public).unwrap()).await.unwrap();
    let server = json!({
        "client_id": "resource-server", "client_secret": SECRET, "grant_types": ["client_credentials"],
        "scope": "__token.introspect", "smart_introspect": true,
    });
    state.put_client(&metadata::parse(&server, Deployment::Public).unwrap()).await.unwrap();
    let hash = Argon2::default().hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    let user = User {
        username: "anna".parse().unwrap(),
        sub: new_subject(*Digest::of(b"anna").as_bytes()),
        name: "Anna".to_owned(),
        fhir_user: "Patient/a".parse().unwrap(),
        patients: serde_json::from_value(json!(["a"])).unwrap(),
        password: Some(PasswordHash::from_phc(hash)),
        external: None,
        credentials: Credentials::default(),
        disabled: false,
    };
    state.put_user(&user).await.unwrap();
    let patient = |id: &str| {
        let resource: Value =
            json!({ "resourceType": "Patient", "id": id, "name": [{ "family": "Berg", "given": ["Anna"] }] });
        Incoming::parse(resource.to_string().into()).unwrap()
    };
    let imported =
        records.put_resources(vec![patient("a"), patient("b")], Instant::from_unix(1_764_000_000)).await;
    assert_eq!(imported.unwrap().created, 2);
}
