//! Loads a seed folder of the contract into a deployment's tables, by the writes that the operator's commands make.
//!
//! ```text
//! load_seed PUBLIC_URL TABLE RECORDS_TABLE FOLDER
//! ```
//!
//! A client whose id is `disabled` and a user whose name is `dora` are disabled afterwards, as the seed of the suite `wire`
//! wants it (`tests/src/harness/target.rs`).

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use argon2::{Argon2, PasswordHasher as _};
use serde_json::Value;
use smart_aws::{Incoming, RecordsTable, Sdk, StateTable};
use smart_core::client::metadata;
use smart_core::deployment::PublicUrl;
use smart_core::instant::Instant;
use smart_core::secret::Digest;
use smart_core::user::{Credentials, PasswordHash, User, new_subject};

type Fault = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, table, records, folder] = arguments.as_slice() else {
        return Err("usage: load_seed PUBLIC_URL TABLE RECORDS_TABLE FOLDER".into());
    };
    let (folder, url) = (PathBuf::from(folder), url.parse::<PublicUrl>()?);
    let sdk = Sdk::from_environment().await?;
    let state = StateTable::new(sdk.dynamodb(), table);
    for client in array(&folder.join("clients.json"))? {
        state.put_client(&metadata::parse(&client, url.deployment())?).await?;
    }
    for user in array(&folder.join("users.json"))? {
        state.put_user(&stored(&user)?).await?;
    }
    state.disable_client(&"disabled".parse()?).await?;
    state.disable_user(&"dora".parse()?).await?;
    let records = RecordsTable::new(sdk.dynamodb(), records);
    records.put_resources(resources(&folder.join("fhir"))?, now()?).await?;
    Ok(())
}

fn array(file: &Path) -> Result<Vec<Value>, Fault> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

fn stored(user: &Value) -> Result<User, Fault> {
    let text = |name: &str| user[name].as_str().ok_or_else(|| format!("users.json: no {name}"));
    let hash = Argon2::default().hash_password(text("password")?.as_bytes())?.to_string();
    Ok(User {
        username: text("username")?.parse()?,
        sub: new_subject(*Digest::of(text("username")?.as_bytes()).as_bytes()),
        name: text("name")?.to_owned(),
        fhir_user: text("fhirUser")?.parse()?,
        patients: serde_json::from_value(user["patients"].clone())?,
        password: Some(PasswordHash::from_phc(hash)),
        external: None,
        credentials: Credentials::default(),
        disabled: false,
    })
}

/// The lines of the NDJSON files.
fn resources(folder: &Path) -> Result<Vec<Incoming>, Fault> {
    let mut resources = Vec::new();
    for file in fs::read_dir(folder)? {
        for line in fs::read_to_string(file?.path())?.lines() {
            resources.push(Incoming::parse(line.to_owned().into())?);
        }
    }
    Ok(resources)
}

#[expect(clippy::disallowed_methods, reason = "the import is stamped with the time it is made at")]
fn now() -> Result<Instant, Fault> {
    Ok(Instant::from_unix(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs()))
}
