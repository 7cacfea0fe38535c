//! `smart client`: register, see and disable client apps.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use smart_core::client::keys::ClientKeys;
use smart_core::client::{ApplicationType, Client, ClientAuthentication};
use smart_core::id::ClientId;
use smart_core::ports::Unavailable;
use smart_core::redirect::RegisteredRedirectUri;
use smart_core::secret::Secret;
use smart_local::Put;
use smart_web::arrival::system_clock;
use smart_web::random;

use crate::arguments::{self, Client as Command};
use crate::failure::Failure;
use crate::place::Place;
use crate::seed::{Entries, clients};
use crate::{input, output};

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add { place, json, keep_old_secret, file } => {
            let kept = keep_old_secret.map(|hours| Duration::from_hours(hours.into()));
            add(&place, &file, kept, json).await
        }
        Command::List { place, json } => list(&Place::open(&place).await?, json).await,
        Command::Show { place, json, id } => show(&Place::open(&place).await?, &id, json).await,
        Command::Disable { place, id } => {
            if !Place::open(&place).await?.disable_client(&id).await? {
                return Err(unknown(&id));
            }
            output::say(format_args!("disabled {id}"));
            Ok(())
        }
    }
}

fn unknown(id: &ClientId) -> Failure {
    Failure::Failed(format!("there is no client {:?}", id.as_str()))
}

/// All of a file's clients or, on a fault, none. The secrets that they had are good for `kept` besides.
async fn add(
    place: &arguments::Place,
    file: &Path,
    kept: Option<Duration>,
    as_json: bool,
) -> Result<(), Failure> {
    let source = input::read(file)?;
    let mut metadata = clients::metadata(&source, Entries::ArrayOrOne)?;
    let mut secrets = Vec::with_capacity(metadata.len());
    for (_, value) in &mut metadata {
        secrets.push(make_secret(value)?);
    }
    // What can be told wrong without a store is told before one is made.
    clients::register(&metadata, smart_core::client::metadata::Deployment::Loopback)?;
    let place = Place::open_or_make(place).await?;
    let clients = clients::register(&metadata, place.deployment()?)?;
    for (client, secret) in clients.into_iter().zip(secrets) {
        let id = client.client_id.clone();
        let client = match kept {
            Some(kept) => with_old_secret(&place, client, kept).await?,
            None => client,
        };
        let mut fields = fields(&client);
        let put = place.put_client(client).await?;
        if let Some(secret) = secret {
            fields.insert("client_secret".to_owned(), secret.into());
        }
        if as_json {
            output::say(format_args!("{}", output::json(&fields)?));
            continue;
        }
        let done = match put {
            Put::Created => "registered",
            Put::Updated => "changed",
            Put::Unchanged => "unchanged:",
        };
        output::say(format_args!("{done} {id}\n{}", shown(&fields)));
    }
    Ok(())
}

/// The client, with the secret that it is registered with besides.
async fn with_old_secret(place: &Place, client: Client, kept: Duration) -> Result<Client, Failure> {
    let Some(before) = place.client(&client.client_id).await? else { return Ok(client) };
    let authentication = client.authentication.keeping(&before.authentication, system_clock() + kept);
    Ok(Client { authentication, ..client })
}

/// Gives a symmetric client that has no secret one of 256 bits, in characters that need no escape in a form or URL.
fn make_secret(metadata: &mut Value) -> Result<Option<String>, Unavailable> {
    let Some(fields) = metadata.as_object_mut() else { return Ok(None) };
    let method = fields.get("token_endpoint_auth_method");
    // RFC 7591 §2: `client_secret_basic` where none is named.
    let is_symmetric =
        method.is_none_or(|method| method == "client_secret_basic" || method == "client_secret_post");
    if !is_symmetric || fields.contains_key("client_secret") {
        return Ok(None);
    }
    let secret = Secret::new(random::bytes()?).reveal();
    fields.insert("client_secret".to_owned(), secret.clone().into());
    Ok(Some(secret))
}

async fn list(place: &Place, as_json: bool) -> Result<(), Failure> {
    let clients = place.clients().await?;
    if as_json {
        let clients: Vec<_> = clients.iter().map(fields).collect();
        output::say(format_args!("{}", output::json(&clients)?));
        return Ok(());
    }
    let rows: Vec<_> = clients
        .iter()
        .map(|client| {
            let grants: Vec<_> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
            let state = if client.disabled { "disabled" } else { "" };
            [
                client.client_id.to_string(),
                client.client_name.clone(),
                client.authentication.method().to_owned(),
                grants.join(" "),
                state.to_owned(),
            ]
        })
        .collect();
    output::say(format_args!(
        "{}",
        output::table(["CLIENT_ID", "NAME", "AUTHENTICATION", "GRANTS", ""], &rows)
    ));
    Ok(())
}

async fn show(place: &Place, id: &ClientId, as_json: bool) -> Result<(), Failure> {
    let client = place.client(id).await?.ok_or_else(|| unknown(id))?;
    let fields = fields(&client);
    let shown = if as_json { output::json(&fields)? } else { shown(&fields) };
    output::say(format_args!("{shown}"));
    Ok(())
}

/// Under what name it is shown until when the secret before is good: of our own, and no metadata.
const OLD_SECRET_UNTIL: &str = "old_secret_until";

/// A client under the registered names of its metadata (RFC 7591 §2). Of a secret nothing is known but its digest.
fn fields(client: &Client) -> Map<String, Value> {
    let texts = |texts: Vec<&str>| Value::from(texts);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("client_id", client.client_id.as_str().into());
    put("client_name", client.client_name.as_str().into());
    put(
        "application_type",
        if client.application_type == ApplicationType::Native { "native" } else { "web" }.into(),
    );
    put("token_endpoint_auth_method", client.authentication.method().into());
    put("grant_types", texts(client.grant_types.iter().map(|grant| grant.as_str()).collect()));
    put("redirect_uris", texts(client.redirect_uris.iter().map(RegisteredRedirectUri::as_str).collect()));
    put("scope", client.scope.to_string().into());
    if let Some(previous) = client.authentication.previous_secret() {
        put(OLD_SECRET_UNTIL, previous.until.to_string().into());
    }
    if let ClientAuthentication::PrivateKeyJwt(registered) = &client.authentication {
        if let Some(alg) = registered.algorithms.registered() {
            put("token_endpoint_auth_signing_alg", alg.as_str().into());
        }
        match &registered.keys {
            ClientKeys::Inline(keys) => put("jwks", json!({ "keys": keys })),
            ClientKeys::Uri(uri) => put("jwks_uri", uri.as_str().into()),
        };
    }
    if let Some(uri) = &client.initiate_login_uri {
        put("initiate_login_uri", uri.as_str().into());
    }
    if let Some(uri) = &client.logo_uri {
        put("logo_uri", uri.as_str().into());
    }
    put("dpop_bound_access_tokens", client.dpop_bound_access_tokens.into());
    put("smart_introspect", client.smart_introspect.into());
    put("smart_remember_consent", client.smart_remember_consent.into());
    put("smart_refresh_retry_seconds", client.refresh_retry.length().as_secs().into());
    put("disabled", client.disabled.into());
    fields
}

/// In the order in which one reads it; what is long, item by item.
fn shown(fields: &Map<String, Value>) -> String {
    const ORDER: [&str; 18] = [
        "client_id",
        "client_secret",
        OLD_SECRET_UNTIL,
        "client_name",
        "application_type",
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "jwks",
        "jwks_uri",
        "grant_types",
        "redirect_uris",
        "initiate_login_uri",
        "logo_uri",
        "scope",
        "dpop_bound_access_tokens",
        "smart_introspect",
        "smart_remember_consent",
        "disabled",
    ];
    let mut lines = Vec::new();
    for name in ORDER {
        let Some(value) = fields.get(name) else { continue };
        let texts: Vec<String> = match value {
            Value::Bool(false) => continue,
            Value::String(text) if name == "client_secret" => {
                vec![format!("{text}   (shown this once: keep it)")]
            }
            Value::String(text) if name == "scope" => text.split(' ').map(str::to_owned).collect(),
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
            }
            Value::Object(jwks) => key_names(jwks),
            other => vec![other.to_string()],
        };
        for (i, text) in texts.iter().filter(|text| !text.is_empty()).enumerate() {
            let text = output::printable(text);
            lines.push(format!("  {}  {text}", output::padded(if i == 0 { name } else { "" }, 26)));
        }
    }
    lines.join("\n")
}

fn key_names(jwks: &Map<String, Value>) -> Vec<String> {
    let keys = jwks.get("keys").and_then(Value::as_array).into_iter().flatten();
    let member =
        |key: &Value, name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    keys.map(|key| format!("{} {}", member(key, "kty"), member(key, "kid"))).collect()
}

#[cfg(test)]
mod tests {
    use smart_core::client::metadata::{Deployment, parse};

    use super::*;

    #[test]
    fn sym_04_a_secret_is_made_where_one_is_needed_and_only_there() {
        let keyed = json!({ "client_id": "a", "token_endpoint_auth_method": "private_key_jwt" });
        let public = json!({ "client_id": "a", "token_endpoint_auth_method": "none" });
        let has_one = json!({ "client_id": "a", "client_secret": "Zk3vT1uQ8xYw5bN7rJ2mKd" });
        for mut metadata in [keyed, public, has_one, json!([])] {
            let before = metadata.clone();
            assert_eq!(make_secret(&mut metadata).unwrap(), None);
            assert_eq!(metadata, before);
        }
        let mut needs_one = json!({ "client_id": "a", "grant_types": ["client_credentials"] });
        let secret = make_secret(&mut needs_one).unwrap().unwrap();
        assert_eq!(secret.len(), 43);
        assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{secret}");
        assert_eq!(
            parse(&needs_one, Deployment::Public).unwrap().authentication.method(),
            "client_secret_basic"
        );
    }

    #[test]
    fn what_is_shown_can_be_registered_again() {
        let metadata = json!({
            "client_id": "a", "client_name": "An app", "application_type": "native",
            "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code", "refresh_token"],
            "scope": "launch/patient patient/*.rs", "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "RS256", "jwks_uri": "https://a.example/jwks", "initiate_login_uri": "https://a.example/launch",
            "smart_introspect": true, "smart_remember_consent": true, "dpop_bound_access_tokens": true,
        });
        let client = parse(&metadata, Deployment::Public).unwrap();
        let mut fields = fields(&client);
        assert!(
            shown(&fields).contains("\n                              refresh_token\n"),
            "{}",
            shown(&fields)
        );
        assert_eq!(fields.remove("disabled"), Some(false.into()));
        assert_eq!(parse(&fields.into(), Deployment::Public).unwrap(), client);
    }
}
