//! The people who may sign in.
//!
//! | user | is |
//! |---|---|
//! | `clara` | a clinician who may see everybody |
//! | `maria` | a patient |
//! | `paul` | a parent of two, Lena and Tom |
//! | `nora` | a newcomer without any patient |
//! | `dora` | disabled |
//! | `fred` | somebody who often forgets his password |
//! | `lotte` | somebody at whose password others guess: no other test signs her in |

use std::sync::OnceLock;

use argon2::{Argon2, PasswordHasher as _};
use serde_json::{Value, json};
use smart_core::secret::Digest;
use smart_core::user::{Credentials, PasswordHash, User, new_subject};

/// The password of everybody but Fred, and his.
pub(crate) const PASSWORD: &str = "tests only: pass \u{fc}ber & <b>";
pub(crate) const FREDS_PASSWORD: &str = "tests only: what was it again?";

/// What somebody types.
pub(crate) fn password(username: &str) -> &'static str {
    if username == "fred" { FREDS_PASSWORD } else { PASSWORD }
}

/// As `users.json` has them.
pub(crate) fn all() -> Vec<Value> {
    let user = |username: &str, name: &str, fhir_user: &str, patients: Value| {
        json!({
            "username": username, "password": password(username), "name": name, "fhirUser": fhir_user,
            "patients": patients,
        })
    };
    vec![
        user("clara", "Dr. Clara Hall", "Practitioner/clara", json!("*")),
        user("maria", "Maria Álvarez", "Patient/maria", json!(["maria"])),
        user("paul", "Paul Berg", "RelatedPerson/paul", json!(["lena", "tom"])),
        user("nora", "Nora Newcomer", "Practitioner/nora", json!([])),
        user("dora", "Dora Gone", "Practitioner/dora", json!("*")),
        user("fred", "Fred Holm", "Patient/fred", json!(["fred"])),
        user("lotte", "Lotte Lund", "Patient/fred", json!(["fred"])),
    ]
}

/// As they are stored. The two passwords are hashed once a process, with the parameters of a real server.
pub(super) fn hashed() -> Vec<User> {
    static HASHES: OnceLock<[PasswordHash; 2]> = OnceLock::new();
    let [everybodys, freds] = HASHES.get_or_init(|| {
        std::thread::scope(|scope| {
            let freds = scope.spawn(|| hash(FREDS_PASSWORD));
            [hash(PASSWORD), freds.join().unwrap()]
        })
    });
    let hash_of = |user: &Value| if user["username"] == "fred" { freds } else { everybodys };
    all().iter().map(|user| with_hash(user, hash_of(user).clone())).collect()
}

/// A user of another seed, as it is stored.
pub(super) fn stored(user: &Value) -> User {
    with_hash(user, hash(user["password"].as_str().unwrap()))
}

fn hash(password: &str) -> PasswordHash {
    PasswordHash::from_phc(Argon2::default().hash_password(password.as_bytes()).unwrap().to_string())
}

fn with_hash(user: &Value, password: PasswordHash) -> User {
    let text = |name: &str| user[name].as_str().unwrap();
    let username = text("username");
    User {
        username: username.parse().unwrap(),
        sub: new_subject(*Digest::of(username.as_bytes()).as_bytes()),
        name: text("name").to_owned(),
        fhir_user: text("fhirUser").parse().unwrap(),
        patients: serde_json::from_value(user["patients"].clone()).unwrap(),
        password: Some(password),
        external: None,
        credentials: Credentials::default(),
        disabled: false,
    }
}
