//! What is told while AWS does not answer: of every operation of every port that nothing can be decided, why, and when to come back; in the
//! time that a function has.
//!
//! That no operation is missing here is checked beside the store's contract (`complete`, package smart-tests).

use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use futures_util::future::{FutureExt as _, LocalBoxFuture, join_all};
use serde_json::json;
use smart_aws::config::KeyNames;
use smart_aws::tables::{RECORDS, STATE};
use smart_aws::{Incoming, KmsKeys, KmsPublicKeys, RecordsTable, StateTable, emulator};
use smart_core::fhir::encounter::EncounterQuery;
use smart_core::fhir::record::{Compartments, Direction, PatientQuery, RecordQuery};
use smart_core::grant::{EncounterChoice, RevocationReason};
use smart_core::jose::SigningKey;
use smart_core::ports::{
    Authorizations as _, Clients as _, Enrolments as _, Grants as _, Launches as _, Patients as _,
    PublicKeys as _, Records as _, Redeemed, Redemptions as _, Registrations as _, Replay as _,
    Revocations as _, RevokedTokens as _, Sessions as _, SignIns as _, Signer as _, Stopped, Throttle as _,
    Unavailable, UserGrants as _, Users as _,
};
use smart_core::session::Session;
use smart_core::user::{Credentials, PatientAccess};
use tokio::time::timeout;

use crate::proxy::{Fate, Script, THROTTLE, listen};
use crate::sample::{
    active, app, at, begun, digest, id, issue, launch, owner, right, rotation, self_registered, session,
    sign_in, step, vouched_for,
};

/// A function is stopped after ten seconds by default (`Timeout`, infra/template.yaml), and one is left to say what it was told.
const FUNCTION: Duration = Duration::from_secs(9);

/// All ports, reached by a proxy that does as it is told; and the table behind it.
struct Scene {
    store: StateTable,
    records: RecordsTable,
    keys: KmsKeys,
    /// The key of those.
    signing: SigningKey,
    /// The same, that could not be read at start.
    unread_keys: KmsKeys,
    public: KmsPublicKeys,
    direct: StateTable,
    /// The grant numbered 1.
    redeemed: Redeemed,
    script: Script,
}

async fn scene() -> Scene {
    let sdk = emulator::sdk().await.unwrap();
    let (state, records) = (
        emulator::make(&sdk.dynamodb(), STATE).await.unwrap(),
        emulator::make(&sdk.dynamodb(), RECORDS).await.unwrap(),
    );
    let direct = StateTable::new(sdk.dynamodb(), &state);
    let redeemed = active(&direct, 1, "maria").await;
    let key = emulator::make_key(&sdk.kms(), "RSA_2048".into()).await.unwrap();
    let names = || KeyNames::parse(&key).unwrap();

    let script = Script::default();
    let proxy = listen(sdk.config().endpoint_url().unwrap(), script.clone()).await;
    // The SDK retries less and less while all fails: here each call has all its attempts, and other tests of this process theirs.
    let retries = TokenBucket::builder().capacity(100_000).build();
    let partition = RetryPartition::custom(state.clone()).token_bucket(retries).build();
    let dynamodb = aws_sdk_dynamodb::config::Builder::from(sdk.config()).endpoint_url(&proxy);
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.retry_partition(partition.clone()).build());
    let kms = aws_sdk_kms::config::Builder::from(sdk.config()).endpoint_url(&proxy);
    let kms = aws_sdk_kms::Client::from_conf(kms.retry_partition(partition).build());
    let keys = KmsKeys::load(kms.clone(), &names()).await.unwrap();
    script.always(THROTTLE);
    let unread_keys = KmsKeys::load(kms.clone(), &names()).await.unwrap();
    Scene {
        store: StateTable::new(dynamodb.clone(), &state),
        records: RecordsTable::new(dynamodb, &records),
        signing: keys.access_token_key().await.unwrap(),
        keys,
        unread_keys,
        public: KmsPublicKeys::new(kms, &names()),
        direct,
        redeemed,
        script,
    }
}

fn a_session() -> Session {
    Session::start(session(1), "maria".parse().unwrap(), Credentials::default(), at(0))
}

fn choice() -> EncounterChoice {
    EncounterChoice { session: session(0), patient: "a".parse().unwrap(), encounter: "e".parse().unwrap() }
}

fn observations() -> RecordQuery {
    RecordQuery {
        resource_type: "Observation",
        compartments: Compartments::Of(["a", "b"].map(|id| id.parse().unwrap()).into()),
        direction: Direction::Ascending,
        after: None,
        limit: 2,
    }
}

fn patients(text: &str, within: PatientAccess) -> PatientQuery {
    PatientQuery { text: text.to_owned(), within, offset: 0, limit: 2 }
}

fn incoming() -> Incoming {
    let observation = json!({ "resourceType": "Observation", "id": "o", "status": "final" });
    Incoming::parse(observation.to_string().into()).unwrap()
}

/// What an operation told: that it cannot tell, or something else.
trait Told {
    fn unavailable(self) -> Option<Unavailable>;
}

impl<T> Told for Result<T, Unavailable> {
    fn unavailable(self) -> Option<Unavailable> {
        self.err()
    }
}

impl<T> Told for Result<T, Stopped> {
    fn unavailable(self) -> Option<Unavailable> {
        match self {
            Err(Stopped::Unavailable(unavailable)) => Some(unavailable),
            Ok(_) | Err(Stopped::Refused(_)) => None,
        }
    }
}

type Asked<'s> = (&'static str, LocalBoxFuture<'s, Option<Unavailable>>);

fn asked<'s, T: Told + 's>(call: &'static str, answer: impl Future<Output = T> + 's) -> Asked<'s> {
    (call, answer.map(Told::unavailable).boxed_local())
}

macro_rules! ask {
    ($($call:expr;)*) => { vec![$(asked(stringify!($call), async move { $call.await })),*] };
}

/// Every operation that asks something of AWS, of every port and of the operator.
fn operations(scene: &Scene) -> Vec<Asked<'_>> {
    let Scene { store, records, keys, signing, unread_keys, public, redeemed, .. } = scene;
    let by_user = RevocationReason::ByUser;
    ask![
        store.client(&app().client_id);
        store.register_client(&self_registered());
        store.user(&vouched_for().username);
        store.enrol(&vouched_for());
        store.session(&session(1), at(2));
        store.start_session(&a_session());
        store.touch_session(&session(1), at(9), at(2));
        store.end_session(&session(1));
        store.count_attempt(&digest(1), Duration::from_mins(1), at(2));
        store.forget_attempts(&digest(1));
        store.grant(&id(1), at(2));
        store.begin(&begun(2));
        store.sign_in(&id(1), &sign_in(0, "maria", None), step(1, 2));
        store.choose_patient(&id(1), &session(0), &"a".parse().unwrap(), step(2, 2));
        store.choose_encounter(&id(1), &choice(), step(3, 2));
        store.issue_code(&id(1), &issue(0, step(1, 2).op, None), step(4, 2));
        store.deny(&id(1), &session(0), step(5, 2));
        store.own_grants(&owner("maria"), at(2));
        store.revoke_own(&id(1), &owner("maria"), by_user, step(6, 2));
        store.redeem(&id(1), &right(), step(7, 2));
        store.unredeem(&redeemed.grant.id, redeemed.op, step(8, 2));
        store.refresh(&id(1), &rotation(100, 101, "growth-chart"), step(9, 2));
        store.extend_retry(&id(1), &digest(100), at(900), step(10, 2));
        store.revoke(&id(1), by_user, step(11, 2));
        store.revoke_by_client(&id(1), &"growth-chart".parse().unwrap(), step(12, 2));
        store.create_launch(&launch());
        store.launch(&launch().id);
        store.use_launch(&launch().id, &id(1), step(13, 2));
        store.first_use(&digest(1), at(300), step(14, 2));
        store.is_revoked(&digest(1), at(2));
        store.revoke_token(&digest(1), at(300));
        records.patient(&"a".parse().unwrap());
        records.patients(&patients("", PatientAccess::All));
        records.patients(&patients("ada", PatientAccess::All));
        records.patients(&patients("", PatientAccess::Only(["a".parse().unwrap()].into())));
        records.encounter(&"e".parse().unwrap());
        records.encounters(&EncounterQuery { patient: "a".parse().unwrap(), after: None, limit: 2 });
        records.record("Observation", &"o".parse().unwrap());
        records.records_by_id("Observation", &["o".parse().unwrap()]);
        records.records(&observations());
        records.records(&RecordQuery { compartments: Compartments::All, ..observations() });
        keys.sign(signing, b"x");
        unread_keys.access_token_key();
        unread_keys.id_token_key();
        unread_keys.public_keys();
        public.public_keys();
        // The operator's.
        store.active_grants(&"maria".parse().unwrap(), at(2));
        store.all_active_grants(at(2));
        store.put_client(&app());
        store.disable_client(&app().client_id);
        store.clients();
        store.put_user(&vouched_for());
        store.disable_user(&vouched_for().username);
        store.users();
        records.put_resources(vec![incoming()], at(2));
    ]
}

/// Asks everything while all calls have one fate, and says what each operation told, which is that it cannot tell.
async fn told(scene: &Scene, fate: Fate) -> Vec<(&'static str, Unavailable)> {
    scene.script.always(fate);
    let (calls, answers): (Vec<_>, Vec<_>) = operations(scene).into_iter().unzip();
    let answers = timeout(FUNCTION, join_all(answers)).await.expect("an answer within a function's time");
    let told: Vec<_> = calls
        .into_iter()
        .zip(answers)
        .map(|(call, told)| (call, told.unwrap_or_else(|| panic!("{call} told something"))))
        .collect();
    assert!(told.iter().all(|(_, told)| told.retry_after > Duration::ZERO));
    // What was read at start needs nobody.
    let published = scene.keys.public_keys().await.unwrap();
    assert_eq!(published[0].kid, scene.signing.kid);
    assert_eq!(scene.keys.access_token_key().await.unwrap(), scene.signing);
    assert_eq!(scene.keys.id_token_key().await.unwrap(), scene.signing);
    told
}

/// The grant is as it was, and nothing was made.
async fn nothing_was_written(scene: &Scene) {
    let Scene { direct, redeemed, .. } = scene;
    assert_eq!(direct.grant(&id(1), at(3)).await.unwrap().as_ref(), Some(&redeemed.grant));
    assert_eq!(direct.grant(&id(2), at(3)).await.unwrap(), None);
    assert_eq!(direct.session(&session(1), at(2)).await.unwrap(), None);
    assert_eq!(direct.launch(&launch().id).await.unwrap(), None);
    assert!(direct.clients().await.unwrap().is_empty() && direct.users().await.unwrap().is_empty());
    assert!(!direct.is_revoked(&digest(1), at(3)).await.unwrap());
    assert!(direct.first_use(&digest(1), at(300), step(90, 3)).await.unwrap());
    assert_eq!(direct.count_attempt(&digest(1), Duration::from_mins(1), at(3)).await.unwrap().count, 1);
}

#[tokio::test]
async fn an_outage_is_unavailable_for_every_operation_of_every_port() {
    let scene = scene().await;
    for (call, told) in told(&scene, Fate::LoseCall).await {
        assert!(told.reason.contains("no connection"), "{call}: {told}");
    }
    nothing_was_written(&scene).await;
}

#[tokio::test]
async fn throttling_is_unavailable_for_every_operation_of_every_port_and_says_when_to_come_back() {
    let scene = scene().await;
    for (call, told) in told(&scene, THROTTLE).await {
        assert!(told.reason.contains("ThrottlingException"), "{call}: {told}");
        assert_eq!(told.retry_after, Duration::from_secs(2), "{call}: {told}");
    }
    nothing_was_written(&scene).await;
}

#[tokio::test]
async fn silence_is_unavailable_for_every_operation_of_every_port_before_the_function_is_stopped() {
    let scene = scene().await;
    for (call, told) in told(&scene, Fate::Silence).await {
        assert!(told.reason.contains("no answer in time"), "{call}: {told}");
    }
    nothing_was_written(&scene).await;
}

#[tokio::test]
async fn one_silent_connection_costs_an_attempt_and_no_answer() {
    let scene = scene().await;
    scene.script.set(&[Fate::Silence]);
    assert_eq!(scene.store.grant(&id(1), at(3)).await.unwrap().as_ref(), Some(&scene.redeemed.grant));
    assert_eq!(scene.script.called(), ["GetItem", "GetItem"]);
    scene.script.set(&[Fate::Silence]);
    scene.keys.sign(&scene.signing, b"x").await.unwrap();
    assert_eq!(scene.script.called(), ["Sign", "Sign"]);
}
