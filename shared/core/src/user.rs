//! Users: who may sign in, as whom, and for which patients.
//!
//! A user signs in with a password of ours or at an identity provider ([`External`]), never with both. Everything that is
//! decided about a user is decided by this one record, wherever they signed in.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{PatientId, ResourceId, Subject, Username};
use crate::instant::Instant;
use crate::secret::Digest;

/// A user who may sign in at the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// What the user types to sign in.
    pub username: Username,
    /// The OpenID Connect `sub`: made once, kept through updates, never given to another user.
    pub sub: Subject,
    /// The full name, shown on the pages and sent as `name` where the scope `profile` was granted.
    pub name: String,
    /// The resource that stands for the user.
    #[serde(rename = "fhirUser")]
    pub fhir_user: FhirUser,
    /// The patients whose records the user may see, and so delegate.
    pub patients: PatientAccess,
    /// The Argon2id hash of the password; none is nobody's, and fits nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Who the user is at an identity provider, if they sign in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<External>,
    /// By which credentials a sign-in counts.
    #[serde(default, skip_serializing_if = "Credentials::are_first")]
    pub credentials: Credentials,
    /// A disabled user cannot sign in, and the grants of a disabled user open nothing.
    #[serde(default)]
    pub disabled: bool,
}

/// Which credentials of a user, by number: the first ones, and the next after each change. Sessions and grants name those that
/// the user signed in with, and are worth nothing once there are later ones (REFR-24); where a record is remembered, they may be
/// later than those that it names. A number and no instant: who changes a password may have another clock than who signs the user
/// in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credentials(u32);

impl Credentials {
    /// Those that the user had first.
    pub fn are_first(&self) -> bool {
        *self == Self::default()
    }

    /// Those after these.
    #[must_use]
    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Their number, from 0.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl From<u32> for Credentials {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// Who a user is at an identity provider: the only two claims that together name a person (OIDC Core §5.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// The provider's issuer, exactly as it writes it.
    pub issuer: String,
    /// The person's `sub` there.
    pub subject: String,
    /// Whether the record was made of the provider's claims, and is made anew of them at each sign-in. What the operator
    /// registered is the operator's to change.
    #[serde(default)]
    pub by_claims: bool,
    /// Until when that is believed which the claims said last ([`ClaimNames::lifetime`](crate::external::ClaimNames)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched_until: Option<Instant>,
}

/// What the names of users who sign in elsewhere begin with. No store writes such a user for a function under another name.
pub const EXTERNAL_PREFIX: &str = "oidc:";

impl External {
    /// The name that such a user has here. It follows from issuer and subject, so that one read finds the user, nobody else can
    /// have it, and a log that shows it says nothing of the person.
    pub fn username(&self) -> Username {
        // A NUL is in no issuer: no two pairs are the same text.
        let digest = Digest::of(format!("{}\0{}", self.issuer, self.subject).as_bytes());
        Username::from_external(digest)
    }

    /// Whether both name the same person.
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.subject == other.subject
    }
}

impl User {
    /// Whether what the record says of the user still holds at `now`. What a provider's claims made of somebody holds for a while: then
    /// the provider has to say it again, since it may have said so no more for long, and nobody here would know.
    pub fn is_vouched_for(&self, now: Instant) -> bool {
        self.external
            .as_ref()
            .filter(|external| external.by_claims)
            .is_none_or(|external| external.vouched_until.is_some_and(|until| !until.has_passed(now)))
    }

    /// What is stored when the operator registers `new` in the place of `known`: its `sub` stays, and if it proves who it is by
    /// another password or at another account, whatever it signed in to before ends.
    #[must_use]
    pub fn registered(known: Option<&User>, new: &User) -> User {
        let Some(known) = known else { return new.clone() };
        let same_account = match (&known.external, &new.external) {
            (Some(before), Some(now)) => before.is_same_person(now),
            (before, now) => before.is_none() && now.is_none(),
        };
        let unchanged = same_account && known.password == new.password;
        let credentials = if unchanged { known.credentials } else { known.credentials.next() };
        User { sub: known.sub.clone(), credentials, ..new.clone() }
    }

    /// What becomes of the record that is `known` when a provider's claims say `said`: made of them anew, with its `sub`, and
    /// disabled if it was. What the operator registered stays as it is.
    #[must_use]
    pub fn enrolled(known: Option<&User>, said: &User) -> User {
        let Some(known) = known else { return said.clone() };
        match (&known.external, &said.external) {
            (Some(before), Some(now)) if before.by_claims && before.is_same_person(now) => {
                let User { sub, credentials, disabled, .. } = known.clone();
                User { sub, credentials, disabled, ..said.clone() }
            }
            _ => known.clone(),
        }
    }
}

/// Which patients a user may see. An empty set is nobody, never everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatientAccess {
    /// Every patient, now and in future: written `"*"`.
    All,
    /// Just these.
    Only(BTreeSet<PatientId>),
}

impl PatientAccess {
    /// Whether `patient` is among them.
    pub fn includes(&self, patient: &PatientId) -> bool {
        match self {
            Self::All => true,
            Self::Only(patients) => patients.contains(patient),
        }
    }
}

/// `"*"` for somebody who is neither a Practitioner nor a Patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "\"*\" is for a Practitioner, and for a Patient, who then sees themselves: list the patients of a {resource_type}"
)]
pub struct NotEveryone {
    /// Who they are: `RelatedPerson`, `Person`.
    pub resource_type: &'static str,
}

impl PatientAccess {
    /// That it can be given to a user of that resource: every patient is what a clinician sees, never a relative, who has to have
    /// theirs listed.
    ///
    /// # Errors
    /// [`NotEveryone`]
    pub fn given_to(self, user: &FhirUser) -> Result<Self, NotEveryone> {
        match user.resource_type() {
            resource_type @ ("RelatedPerson" | "Person") if self == Self::All => {
                Err(NotEveryone { resource_type })
            }
            _ => Ok(self),
        }
    }
}

impl Serialize for PatientAccess {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("*"),
            Self::Only(patients) => patients.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for PatientAccess {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected \"*\" or an array of patient ids")]
        enum Form {
            Word(String),
            Ids(Vec<String>),
        }
        match Form::deserialize(deserializer)? {
            Form::Word(word) if word == "*" => Ok(Self::All),
            Form::Word(_) => Err(serde::de::Error::custom("expected \"*\" or an array of patient ids")),
            Form::Ids(ids) => ids
                .iter()
                .map(|id| id.parse().map_err(|e| serde::de::Error::custom(format!("patient id {id:?}: {e}"))))
                .collect::<Result<_, _>>()
                .map(Self::Only),
        }
    }
}

/// The resource that stands for a user: `Type/id`, of one of the types that SMART allows (OIDC-05).
///
/// `PractitionerRole` is not among them here, since clients in the field refuse it (X-01).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FhirUser {
    resource_type: &'static str,
    id: ResourceId,
}

/// A text that names no user resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected Patient/ID, Practitioner/ID, RelatedPerson/ID or Person/ID")]
pub struct FhirUserError;

impl FhirUser {
    const TYPES: [&'static str; 4] = ["Patient", "Practitioner", "RelatedPerson", "Person"];

    /// The resource's type.
    pub fn resource_type(&self) -> &'static str {
        self.resource_type
    }

    /// The resource's id.
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

impl FromStr for FhirUser {
    type Err = FhirUserError;

    fn from_str(text: &str) -> Result<Self, FhirUserError> {
        let (kind, id) = text.split_once('/').ok_or(FhirUserError)?;
        let resource_type = Self::TYPES.into_iter().find(|known| *known == kind).ok_or(FhirUserError)?;
        Ok(Self { resource_type, id: id.parse().map_err(|_| FhirUserError)? })
    }
}

impl fmt::Display for FhirUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource_type, self.id)
    }
}

impl fmt::Debug for FhirUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FhirUser {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FhirUser {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An Argon2id hash in PHC string form (RFC 9106). Redacted in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Takes a PHC string, as made by an Argon2id implementation.
    pub fn from_phc(phc: impl Into<Box<str>>) -> Self {
        Self(phc.into())
    }

    /// The PHC string.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A fresh `sub` from random bytes.
pub fn new_subject(random: [u8; 32]) -> Subject {
    Digest::of(&random).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidc_05_a_fhir_user_is_one_of_four_types() {
        for good in ["Patient/a", "Practitioner/p1", "RelatedPerson/r-1", "Person/x.y"] {
            assert_eq!(good.parse::<FhirUser>().unwrap().to_string(), good);
        }
        for bad in
            ["PractitionerRole/a", "patient/a", "Patient/", "Patient", "Patient/a/b", "https://x/Patient/a"]
        {
            assert!(bad.parse::<FhirUser>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_list_of_patients_is_nobody() {
        let nobody: PatientAccess = serde_json::from_str("[]").unwrap();
        assert!(!nobody.includes(&"a".parse().unwrap()));
        let all: PatientAccess = serde_json::from_str("\"*\"").unwrap();
        assert!(all.includes(&"a".parse().unwrap()));
        for bad in ["\"all\"", "null", "{}", "[1]", "[\"a/b\"]", "\"\""] {
            assert!(serde_json::from_str::<PatientAccess>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rs_18_every_patient_is_given_to_no_relative() {
        for (user, given) in
            [("Practitioner/p", true), ("Patient/a", true), ("RelatedPerson/r", false), ("Person/x", false)]
        {
            let user = user.parse().unwrap();
            assert_eq!(PatientAccess::All.given_to(&user).is_ok(), given, "{user}");
            let some = PatientAccess::Only(["a".parse().unwrap()].into());
            assert_eq!(some.clone().given_to(&user), Ok(some), "{user}");
        }
    }

    fn external(issuer: &str, subject: &str, by_claims: bool) -> User {
        let vouched_until = by_claims.then_some(Instant::from_unix(1_000));
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        let external = External { issuer, subject, by_claims, vouched_until };
        User {
            username: external.username(),
            sub: new_subject([1; 32]),
            name: "Maria".to_owned(),
            fhir_user: "Patient/maria".parse().unwrap(),
            patients: PatientAccess::All,
            password: None,
            external: Some(external),
            credentials: Credentials::default(),
            disabled: false,
        }
    }

    #[test]
    fn oidc_core_5_7_issuer_and_subject_together_name_a_person() {
        let name = |issuer, subject| external(issuer, subject, false).username;
        assert_eq!(name("https://idp.example", "7"), name("https://idp.example", "7"));
        assert_ne!(name("https://idp.example", "7"), name("https://idp.example", "8"));
        assert_ne!(name("https://idp.example", "7"), name("https://idp.example.evil", "7"));
        assert_ne!(name("https://idp.example/a", "b"), name("https://idp.example/", "ab"));
        assert!(name("https://idp.example", "7").as_str().starts_with(EXTERNAL_PREFIX));
    }

    #[test]
    fn claims_change_what_they_made_and_nothing_else() {
        let before = external("https://idp.example", "7", true);
        let said = User {
            sub: new_subject([2; 32]),
            name: "Maria B.".to_owned(),
            patients: PatientAccess::Only(BTreeSet::new()),
            ..before.clone()
        };
        assert_eq!(User::enrolled(None, &said), said);
        let later = Some(Instant::from_unix(2_000));
        let anew = before.external.clone().map(|external| External { vouched_until: later, ..external });
        let said = User { external: anew, ..said };
        let after = User::enrolled(Some(&before), &said);
        assert_eq!((after.name.as_str(), &after.patients), ("Maria B.", &said.patients));
        assert_eq!(after.external.unwrap().vouched_until, later);
        assert_eq!(after.sub, before.sub, "a sub is kept");
        let disabled = User { disabled: true, ..before.clone() };
        assert!(User::enrolled(Some(&disabled), &said).disabled, "who is disabled stays so");
        let operators = external("https://idp.example", "7", false);
        assert_eq!(User::enrolled(Some(&operators), &said), operators);
        let local = User { external: None, ..before.clone() };
        assert_eq!(User::enrolled(Some(&local), &said), local);
        let other = external("https://idp.example", "8", true);
        assert_eq!(User::enrolled(Some(&other), &said), other, "a record of somebody else is not taken over");
    }

    #[test]
    fn refr_24_what_claims_said_holds_for_a_while_and_what_the_operator_registered_for_good() {
        let at = Instant::from_unix;
        let by_claims = external("https://idp.example", "7", true);
        assert!(by_claims.is_vouched_for(at(999)) && !by_claims.is_vouched_for(at(1_000)));
        for registered in [
            external("https://idp.example", "7", false),
            User {
                external: None,
                password: Some(PasswordHash::from_phc("$argon2id$")),
                ..by_claims.clone()
            },
        ] {
            assert!(registered.is_vouched_for(Instant::NEVER));
        }
        // As an earlier version stored it: nobody knows when the provider vouched.
        let mut stored = serde_json::to_value(&by_claims).unwrap();
        stored["external"].as_object_mut().unwrap().remove("vouched_until");
        let undated: User = serde_json::from_value(stored).unwrap();
        assert!(!undated.is_vouched_for(at(0)));
    }

    #[test]
    fn refr_24_another_password_or_account_makes_other_credentials_and_nothing_else_does() {
        let local = User {
            username: "maria".parse().unwrap(),
            password: Some(PasswordHash::from_phc("$argon2id$1")),
            external: None,
            ..external("https://idp.example", "7", false)
        };
        let other_password = User { password: Some(PasswordHash::from_phc("$argon2id$2")), ..local.clone() };
        let elsewhere = external("https://idp.example", "7", false);
        let other_account = external("https://idp.example", "8", false);
        let by_claims = external("https://idp.example", "7", true);
        let renamed = |user: &User| User {
            name: "M.".to_owned(),
            sub: new_subject([9; 32]),
            patients: PatientAccess::Only(BTreeSet::new()),
            disabled: true,
            ..user.clone()
        };
        assert_eq!(User::registered(None, &local), local);
        for (known, new, is_changed) in [
            (&local, &local, false),
            (&local, &renamed(&local), false),
            (&local, &other_password, true),
            (&local, &elsewhere, true),
            (&elsewhere, &local, true),
            (&elsewhere, &renamed(&elsewhere), false),
            (&elsewhere, &by_claims, false),
            (&elsewhere, &other_account, true),
        ] {
            let stored = User::registered(Some(known), new);
            assert_eq!(stored.credentials != known.credentials, is_changed, "{known:?} {new:?}");
            assert_eq!(
                stored,
                User { sub: known.sub.clone(), credentials: stored.credentials, ..new.clone() }
            );
            // They never come again, whoever registers what.
            let later = User::registered(Some(&User::registered(Some(&stored), &other_account)), known);
            assert!(later.credentials.number() > known.credentials.number(), "{known:?} {new:?}");
        }
        // A sign-in at the provider changes none.
        let known = User { credentials: Credentials(3), ..by_claims.clone() };
        assert_eq!(User::enrolled(Some(&known), &by_claims).credentials, Credentials(3));
    }

    #[test]
    fn a_user_without_a_word_of_either_is_read_as_before() {
        let user: User = serde_json::from_str(
            r#"{"username":"m","sub":"s","name":"M","fhirUser":"Patient/m","patients":[],"password":"$argon2id$"}"#,
        )
        .unwrap();
        assert_eq!((&user.external, user.password.is_some()), (&None, true));
        assert!(user.credentials.are_first());
        assert!(serde_json::to_value(&user).unwrap().get("credentials").is_none());
    }

    #[test]
    fn debug_shows_no_password_hash() {
        assert_eq!(format!("{:?}", PasswordHash::from_phc("$argon2id$…")), "PasswordHash(…)");
    }
}
