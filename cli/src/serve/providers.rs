//! `--login-providers FILE`: the identity providers of the local server, and their secrets, which the file names and does not hold.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use smart_authorize::{ClientSecret, SignInWays};
use smart_core::deployment::PublicUrl;
use smart_core::external::{SecretPlace, SignInSettings, Web};
use smart_outbound::{Outbound, Reach};

use crate::failure::Failure;

/// The ways to sign in: with passwords alone, if there is no file. All that is wrong with the file is said at once.
pub(crate) fn read(
    file: Option<&Path>,
    local_users: Option<bool>,
    url: &PublicUrl,
) -> Result<SignInWays, Failure> {
    let Some(file) = file else { return Ok(SignInWays::local()) };
    let refused =
        |faults: Vec<String>| Failure::Refused(format!("{}: {}", file.display(), faults.join("; ")));
    let text = fs::read_to_string(file).map_err(|error| refused(vec![error.to_string()]))?;
    let settings = SignInSettings::read(
        Some(&text),
        local_users.map(|local| if local { "true" } else { "false" }),
        url.deployment(),
        |place| !matches!(place, SecretPlace::SecretsManager(_)),
        "env:NAME or file:PATH",
    );
    let settings = settings.map_err(|faults| {
        let told = |(setting, fault)| if setting == 0 { fault } else { format!("--local-users: {fault}") };
        refused(faults.into_iter().map(told).collect())
    })?;
    let mut faults = Vec::new();
    let mut providers = Vec::new();
    for provider in settings.providers {
        match provider.authentication.secret().map(secret).transpose() {
            Ok(secret) => providers.push((provider, secret)),
            Err(fault) => faults.push(format!("the secret of {}: {fault}", provider.id)),
        }
    }
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    let web: Arc<dyn Web> = Arc::new(Outbound::new(url.deployment(), Reach::Anywhere));
    Ok(SignInWays::new(providers, settings.local_users, &web, url))
}

/// A secret from where it is; why not, without what stands there.
fn secret(place: &SecretPlace) -> Result<ClientSecret, String> {
    let (text, place) = match place {
        SecretPlace::Environment(name) => (variable(name), format!("env:{name}")),
        SecretPlace::File(path) => {
            let text = fs::read_to_string(path).map_err(|error| format!("file:{path}: {error}"))?;
            (text.lines().next().map(str::to_owned), format!("file:{path}"))
        }
        SecretPlace::SecretsManager(name) => (None, format!("secretsmanager:{name}")),
    };
    let text = text.filter(|text| !text.is_empty());
    text.map(ClientSecret::new).ok_or_else(|| format!("{place}: expected the secret, and there is none"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a secret that the operator keeps in the environment, once, at start"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str, local_users: Option<bool>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("idp.json");
        fs::write(&file, json.replace("FOLDER", &folder.path().display().to_string())).unwrap();
        fs::write(folder.path().join("secret"), "s3cret\nand more").unwrap();
        let url = "http://localhost:8080".parse().unwrap();
        let read = read(Some(&file), local_users, &url);
        let told = read.err().map(|failure| failure.to_string()).unwrap_or_default();
        told.replace(&folder.path().display().to_string(), "FOLDER")
    }

    #[test]
    fn all_that_is_wrong_with_the_file_is_said_at_once_and_no_secret_is() {
        let provider = |rest: &str| {
            format!(r#"[{{"id":"op","name":"Op","issuer":"http://localhost:9","client_id":"c"{rest}}}]"#)
        };
        assert_eq!(told(&provider(""), None), "");
        assert_eq!(told(&provider(r#","client_secret":"file:FOLDER/secret""#), Some(true)), "");
        for (json, expected) in [
            (
                provider(r#","client_secret":"s3cret","scope":"email""#),
                "idp.json: [0].client_secret: expected env:NAME or file:PATH",
            ),
            (provider(r#","client_secret":"s3cret","scope":"email""#), "; [0].scope: expected openid"),
            (provider(r#","client_secret":"secretsmanager:x""#), "expected env:NAME or file:PATH"),
            (
                provider(r#","client_secret":"env:SMART_TEST_NO_SUCH""#),
                "the secret of op: env:SMART_TEST_NO_SUCH: expected the secret",
            ),
            (
                provider(r#","client_secret":"file:/nowhere""#),
                "the secret of op: file:/nowhere: No such file",
            ),
            ("[".to_owned(), "expected a JSON array"),
        ] {
            let told = told(&json, None);
            assert!(told.contains(expected), "{told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
        assert!(told("[]", Some(false)).contains("--local-users: expected true"));
        let missing = read(Some(Path::new("/nowhere.json")), None, &"http://localhost".parse().unwrap());
        assert!(missing.err().unwrap().to_string().starts_with("/nowhere.json: No such file"));
    }
}
