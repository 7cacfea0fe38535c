//! `smart user`: add, see and disable users.

use serde_json::{Value, json};
use smart_core::id::PatientId;
use smart_core::ports::Unavailable;
use smart_core::secret::Secret;
use smart_core::user::{PatientAccess, User};
use smart_local::Put;
use smart_web::random;

use crate::arguments::{AddUser, User as Command};
use crate::failure::Failure;
use crate::json::Source;
use crate::place::Place;
use crate::seed::Entries;
use crate::seed::password::Password;
use crate::seed::users::{self, NewUser, Proof};
use crate::{input, output};

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add(arguments).await,
        Command::List { place, json } => list(&Place::open(&place).await?, json).await,
        Command::Disable { place, username } => {
            if !Place::open(&place).await?.disable_user(&username).await? {
                return Err(Failure::Failed(format!("there is no user {:?}", username.as_str())));
            }
            output::say(format_args!("disabled {username}"));
            Ok(())
        }
    }
}

async fn add(mut arguments: AddUser) -> Result<(), Failure> {
    let (new, made) = match arguments.file.take() {
        Some(file) => (users::read(&input::read(&file)?, Entries::ArrayOrOne)?, None),
        None => by_flags(&mut arguments)?,
    };
    let place = Place::open_or_make(&arguments.place).await?;
    let known = place.users().await?;
    for user in users::enlisted(new, &known)? {
        let (name, who) = (user.username.clone(), user.fhir_user.clone());
        let before = known.iter().find(|known| known.username == name);
        let has_others =
            before.is_some_and(|known| User::registered(Some(known), &user).credentials != known.credentials);
        let done = match place.put_user(user).await? {
            Put::Created => "added",
            Put::Updated => "changed",
            Put::Unchanged => "unchanged:",
        };
        output::say(format_args!("{done} {name} ({who})"));
        if has_others {
            output::say(format_args!(
                "  signed out: what was begun with the password or account before has ended"
            ));
        }
    }
    if let Some(password) = made {
        output::say(format_args!("  password  {password}   (shown this once: keep it)"));
    }
    Ok(())
}

/// One user by flags, and the password if it was made here.
fn by_flags(arguments: &mut AddUser) -> Result<(Vec<NewUser>, Option<String>), Failure> {
    let (Some(username), Some(name), Some(fhir_user), Some(patients)) = (
        arguments.username.take(),
        arguments.name.take().filter(|name| !name.is_empty()),
        arguments.fhir_user.take(),
        arguments.patients.take(),
    ) else {
        return Err(Failure::Refused("expected --username, --name, --fhir-user and --patients".to_owned()));
    };
    let patients = allowed(&patients)?.given_to(&fhir_user);
    let patients = patients.map_err(|error| Failure::Refused(format!("--patients: {error}")))?;
    let (password, made) = if let Some(file) = arguments.password_file.take() {
        (first_line(&input::read(&file)?)?, None)
    } else {
        let made = Secret::new(random::bytes()?).reveal();
        (made.clone(), Some(made))
    };
    let proof = Proof::Password(Password::new(password));
    Ok((vec![NewUser { username, proof, name, fhir_user, patients }], made))
}

fn first_line(source: &Source) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(&source.text);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(source.fault(1, "", "expected a password on the first line").into()),
    }
}

fn allowed(patients: &str) -> Result<PatientAccess, Failure> {
    if patients == "*" {
        return Ok(PatientAccess::All);
    }
    let ids = patients.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids = ids.map(|id| id.parse().map_err(|e| Failure::Refused(format!("--patients: {id:?}: {e}"))));
    ids.collect::<Result<_, _>>().map(PatientAccess::Only)
}

async fn list(place: &Place, as_json: bool) -> Result<(), Failure> {
    let users = place.users().await?;
    if as_json {
        let users = users.iter().map(fields).collect::<Result<Vec<_>, _>>()?;
        output::say(format_args!("{}", output::json(&users)?));
        return Ok(());
    }
    let rows: Vec<_> = users
        .iter()
        .map(|user| {
            let state = if user.disabled { "disabled" } else { "" };
            [
                user.username.to_string(),
                user.name.clone(),
                user.fhir_user.to_string(),
                patients(&user.patients),
                state.to_owned(),
            ]
        })
        .collect();
    output::say(format_args!("{}", output::table(["USERNAME", "NAME", "FHIRUSER", "PATIENTS", ""], &rows)));
    Ok(())
}

/// Some of the patients' ids.
fn patients(access: &PatientAccess) -> String {
    const SHOWN: usize = 4;
    match access {
        PatientAccess::All => "all".to_owned(),
        PatientAccess::Only(ids) if ids.is_empty() => "none".to_owned(),
        PatientAccess::Only(ids) => {
            let shown: Vec<_> = ids.iter().take(SHOWN).map(PatientId::as_str).collect();
            let more = ids.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", shown.join(", "))
        }
    }
}

/// A user in the form of users.json, without the password; with the `sub` that apps know.
fn fields(user: &User) -> Result<Value, Unavailable> {
    let text = |error: serde_json::Error| Unavailable::new("output", error.to_string());
    Ok(json!({
        "username": user.username.as_str(),
        "name": user.name,
        "fhirUser": user.fhir_user.to_string(),
        "patients": serde_json::to_value(&user.patients).map_err(text)?,
        "external": user.external.as_ref().map(|who| json!({ "issuer": who.issuer, "subject": who.subject })),
        "sub": user.sub.as_str(),
        "disabled": user.disabled,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patients_by_flag() {
        assert_eq!(allowed("*").unwrap(), PatientAccess::All);
        assert_eq!(allowed("").unwrap(), PatientAccess::Only([].into()));
        let two = PatientAccess::Only(["a".parse().unwrap(), "b".parse().unwrap()].into());
        assert_eq!(allowed("a, b").unwrap(), two);
        assert_eq!(
            allowed("a/b").unwrap_err().to_string(),
            "--patients: \"a/b\": expected 1 to 64 letters, digits, '-' or '.'"
        );
    }

    #[test]
    fn a_long_list_of_patients_is_cut() {
        let ids = |n: usize| PatientAccess::Only((0..n).map(|i| format!("p{i}").parse().unwrap()).collect());
        assert_eq!(patients(&ids(0)), "none");
        assert_eq!(patients(&ids(4)), "p0, p1, p2, p3");
        assert_eq!(patients(&ids(7)), "p0, p1, p2, p3 and 3 more");
    }
}
