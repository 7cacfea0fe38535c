//! Users in files, as `users.json` of a seed and `smart user add` take them:
//! `{ username, password, name, fhirUser, patients: [ids] | "*" }`, each of them given, and nothing else. Who signs in at an identity
//! provider has `external: { issuer, subject }` in the place of `username` and `password`.

use std::collections::{BTreeMap, BTreeSet};

use smart_core::id::Username;
use smart_core::ports::Unavailable;
use smart_core::user::{Credentials, External, FhirUser, PatientAccess, User, new_subject};
use smart_web::random;

use super::Entries;
use super::password::{Hasher, Password};
use crate::json::{Fault, Node, Source};
use crate::parallel;

/// How long a password may be, in bytes: the sign-in page takes no longer one.
const LONGEST_PASSWORD: usize = 1024;

const FIELDS: [&str; 6] = ["username", "password", "name", "fhirUser", "patients", "external"];

/// A user whose password was not hashed yet.
pub(crate) struct NewUser {
    pub(crate) username: Username,
    pub(crate) proof: Proof,
    pub(crate) name: String,
    pub(crate) fhir_user: FhirUser,
    pub(crate) patients: PatientAccess,
}

/// How a user proves who they are.
pub(crate) enum Proof {
    /// With a password of ours.
    Password(Password),
    /// At an identity provider.
    External(External),
}

/// The users of a file.
pub(crate) fn read(source: &Source, entries: Entries) -> Result<Vec<NewUser>, Fault> {
    let mut users = Vec::new();
    let mut known = BTreeMap::new();
    for node in entries.of(source)? {
        let user = one(node)?;
        // Who signs in elsewhere has a name that follows from where.
        let here =
            node.fault(if matches!(user.proof, Proof::External(_)) { "external" } else { "username" }, "");
        if let Some(line) = known.insert(user.username.clone(), here.line) {
            let expected =
                format!("expected another name: {:?} is on line {line} already", user.username.as_str());
            return Err(Fault { expected, ..here });
        }
        users.push(user);
    }
    Ok(users)
}

fn one(node: Node<'_>) -> Result<NewUser, Fault> {
    let properties = node.properties().ok_or_else(|| node.fault("", "expected an object: a user"))?;
    if let Some((unknown, _)) = properties.iter().find(|(name, _)| !FIELDS.contains(&&**name)) {
        return Err(node.fault(unknown, format!("no field of a user: expected {}", FIELDS.join(", "))));
    }
    node.value()?;
    let field = |name: &'static str| {
        let value = properties.iter().find_map(|(known, value)| (known == name).then_some(*value));
        value.ok_or_else(|| node.fault(name, "expected, and it is missing"))
    };
    let text = |name: &'static str| {
        let text = field(name)?.string().ok_or_else(|| node.fault(name, "expected a string"))?;
        if text.is_empty() { Err(node.fault(name, "expected some text")) } else { Ok(text.into_owned()) }
    };
    let external = properties.iter().find_map(|(name, value)| (name == "external").then_some(*value));
    let (username, proof) = if let Some(value) = external {
        let taken =
            ["username", "password"].into_iter().find(|name| properties.iter().any(|(n, _)| n == name));
        if let Some(name) = taken {
            return Err(node.fault(name, "expected none beside external: issuer and subject name the user"));
        }
        let external = elsewhere(node, value)?;
        (external.username(), Proof::External(external))
    } else {
        let username = text("username")?.parse().map_err(|e| node.fault("username", format!("{e}")))?;
        let password = text("password")?;
        if password.len() > LONGEST_PASSWORD {
            return Err(node.fault("password", format!("expected at most {LONGEST_PASSWORD} bytes")));
        }
        (username, Proof::Password(Password::new(password)))
    };
    let name = text("name")?;
    let fhir_user: FhirUser =
        text("fhirUser")?.parse().map_err(|e| node.fault("fhirUser", format!("{e}")))?;
    let patients = patients(node, field("patients")?)?.given_to(&fhir_user);
    let patients = patients.map_err(|error| node.fault("patients", format!("{error}")))?;
    Ok(NewUser { username, proof, name, fhir_user, patients })
}

/// `external`: the issuer of a provider, as it writes it, and the user's `sub` there.
fn elsewhere(user: Node<'_>, value: Node<'_>) -> Result<External, Fault> {
    let fault = |name: &str, expected: &str| user.fault(&format!("external{name}"), expected);
    let expected = "expected an object: issuer and subject, and nothing else";
    let properties = value.properties().ok_or_else(|| fault("", expected))?;
    if properties.iter().any(|(name, _)| name != "issuer" && name != "subject") {
        return Err(fault("", expected));
    }
    let text = |name: &str| {
        let value = properties.iter().find_map(|(known, value)| (known == name).then_some(*value));
        let text = value.and_then(Node::string).filter(|text| !text.is_empty());
        text.map(std::borrow::Cow::into_owned)
            .ok_or_else(|| fault("", &format!("expected {name}: some text")))
    };
    Ok(External { issuer: text("issuer")?, subject: text("subject")?, by_claims: false, vouched_until: None })
}

fn patients(user: Node<'_>, value: Node<'_>) -> Result<PatientAccess, Fault> {
    if value.string().as_deref() == Some("*") {
        return Ok(PatientAccess::All);
    }
    let expected = "expected \"*\" or an array of patient ids";
    let items = value.items().ok_or_else(|| user.fault("patients", expected))?;
    let ids = items.into_iter().enumerate().map(|(i, item)| {
        let fault = |expected: String| user.fault(&format!("patients[{i}]"), expected);
        let id = item.string().ok_or_else(|| fault("expected a patient's id".to_owned()))?;
        id.parse().map_err(|error| fault(format!("{error}")))
    });
    Ok(PatientAccess::Only(ids.collect::<Result<BTreeSet<_>, _>>()?))
}

/// The users as they are stored, their passwords hashed. Whose password is the one that is `known` already keeps its hash,
/// so that loading a seed again changes nothing. Takes some tens of milliseconds a user and core, and 19 MiB a core: a
/// few users are not worth more than one.
pub(crate) fn enlisted(users: Vec<NewUser>, known: &[User]) -> Result<Vec<User>, Unavailable> {
    let enlist = |hasher: &mut Hasher, user: NewUser| {
        let before = known.iter().find(|known| known.username == user.username);
        let (password, external) = match user.proof {
            Proof::Password(password) => {
                let kept = before.and_then(|user| user.password.as_ref());
                (Some(hasher.hash(&password, kept)?), None)
            }
            Proof::External(external) => (None, Some(external)),
        };
        Ok(User {
            username: user.username,
            sub: new_subject(random::bytes()?),
            name: user.name,
            fhir_user: user.fhir_user,
            patients: user.patients,
            password,
            external,
            credentials: Credentials::default(),
            disabled: false,
        })
    };
    let enlisted = parallel::shared(users, 8, |some| {
        let mut hasher = Hasher::new();
        some.into_iter().map(|user| enlist(&mut hasher, user)).collect()
    });
    enlisted.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("username", "\"maria\""),
        ("password", "\"s3cret\""),
        ("name", "\"Maria Alvarez\""),
        ("fhirUser", "\"Patient/a\""),
        ("patients", "[\"a\"]"),
    ];

    /// A user a line, one field a line, with one field changed, or left out.
    fn with(field: &str, value: Option<&str>) -> String {
        let known = GOOD.iter().any(|(name, _)| *name == field);
        let fields =
            GOOD.iter().map(|(name, good)| (*name, if *name == field { value } else { Some(*good) }));
        let more = (!known).then_some((field, value));
        let lines: Vec<_> =
            fields.chain(more).filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?))).collect();
        format!("[{{\n{}\n}}]", lines.join(",\n"))
    }

    fn told(text: &str) -> String {
        let source = Source::new("users.json", text.to_owned());
        read(&source, Entries::Array).err().map(|fault| fault.to_string()).unwrap_or_default()
    }

    /// OIDC-08: among them, a user without a FHIR resource.
    #[test]
    fn each_fault_is_on_its_line() {
        for (field, value, expected) in [
            ("username", None, "1: username: expected, and it is missing"),
            ("username", Some("1"), "2: username: expected a string"),
            (
                "username",
                Some("\" a\""),
                "2: username: expected 1 to 128 characters, without control characters or surrounding spaces",
            ),
            ("password", Some("\"\""), "3: password: expected some text"),
            (
                "password",
                Some(&format!("\"{}\"", "x".repeat(1025))),
                "3: password: expected at most 1024 bytes",
            ),
            ("password", None, "1: password: expected, and it is missing"),
            ("name", Some("null"), "4: name: expected a string"),
            ("fhirUser", None, "1: fhirUser: expected, and it is missing"),
            (
                "fhirUser",
                Some("\"Device/a\""),
                "5: fhirUser: expected Patient/ID, Practitioner/ID, RelatedPerson/ID or Person/ID",
            ),
            ("patients", Some("\"all\""), "6: patients: expected \"*\" or an array of patient ids"),
            (
                "patients",
                Some("[\n\"a\",\n\"a/b\"]"),
                "8: patients[1]: expected 1 to 64 letters, digits, '-' or '.'",
            ),
            ("patients", Some("[1]"), "6: patients[0]: expected a patient's id"),
            (
                "role",
                Some("\"nurse\""),
                "7: role: no field of a user: expected username, password, name, fhirUser, patients, external",
            ),
        ] {
            assert_eq!(told(&with(field, value)), format!("users.json:{expected}"));
        }
        assert_eq!(told("{}"), "users.json:1: expected an array");
        assert_eq!(told("[\n7]"), "users.json:2: expected an object: a user");
        let good = with("username", Some("\"maria\""));
        assert_eq!(told(&good), "");
        let twice = format!("[{},{}]", &good[1..good.len() - 1], &good[1..good.len() - 1]);
        assert_eq!(
            told(&twice),
            "users.json:8: username: expected another name: \"maria\" is on line 2 already"
        );
    }

    #[test]
    fn rs_18_a_relative_is_given_no_list_of_everybody() {
        let told = |fhir_user: &str| {
            let user = format!(
                r#"[{{"username": "m", "password": "p", "name": "M", "fhirUser": "{fhir_user}", "patients": "*"}}]"#
            );
            read(&Source::new("f", user), Entries::Array).err().map(|fault| fault.to_string())
        };
        assert_eq!(told("Practitioner/p"), None);
        assert_eq!(
            told("RelatedPerson/r").unwrap(),
            "f:1: patients: \"*\" is for a Practitioner, and for a Patient, who then sees themselves: list the patients of a \
             RelatedPerson"
        );
    }

    #[test]
    fn a_user_of_a_provider_is_named_by_issuer_and_subject() {
        let user = |head: &str| {
            format!("[{{{head}, \"name\": \"M\", \"fhirUser\": \"Patient/a\", \"patients\": []}}]")
        };
        let good = user(r#""external": {"issuer": "https://idp.example", "subject": "7"}"#);
        let source = Source::new("f", good.clone());
        let users = read(&source, Entries::Array).unwrap();
        let Proof::External(external) = &users[0].proof else { panic!("no password") };
        assert_eq!((external.issuer.as_str(), external.subject.as_str()), ("https://idp.example", "7"));
        assert_eq!(users[0].username, external.username());
        let stored = enlisted(users, &[]).unwrap();
        assert!(stored[0].password.is_none() && stored[0].external.is_some());
        for (head, expected) in [
            (
                r#""username": "m", "external": {"issuer": "i", "subject": "s"}"#,
                "1: username: expected none beside external",
            ),
            (
                r#""password": "p", "external": {"issuer": "i", "subject": "s"}"#,
                "1: password: expected none beside external",
            ),
            (r#""external": "7""#, "1: external: expected an object"),
            (r#""external": {"issuer": "i"}"#, "1: external: expected subject: some text"),
            (r#""external": {"issuer": "", "subject": "s"}"#, "1: external: expected issuer: some text"),
            (
                r#""external": {"issuer": "i", "subject": "s", "by_claims": true}"#,
                "1: external: expected an object",
            ),
        ] {
            let told = told(&user(head));
            assert!(told.starts_with(&format!("users.json:{expected}")), "{told}");
        }
        let twice = format!("[{},{}]", &good[1..good.len() - 1], &good[1..good.len() - 1]);
        assert!(
            told(&twice).starts_with("users.json:1: external: expected another name"),
            "{}",
            told(&twice)
        );
    }

    #[test]
    fn patients_are_some_or_none_or_all() {
        for (text, expected) in [
            ("\"*\"", PatientAccess::All),
            ("[]", PatientAccess::Only(BTreeSet::new())),
            ("[\"b\",\"a\"]", PatientAccess::Only(["a".parse().unwrap(), "b".parse().unwrap()].into())),
        ] {
            let source = Source::new("f", with("patients", Some(text)));
            assert_eq!(read(&source, Entries::Array).unwrap()[0].patients, expected);
        }
    }
}
