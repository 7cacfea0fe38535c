//! `smart serve`: all four functions on one port of this machine, on an embedded store and a software key.
//!
//! The port is bound and a seed is read before anything is stored, so that what cannot be started leaves nothing behind. The
//! key is made while the seed is loaded; `ready` is said when all of it is there.

mod app;
mod ehr;
mod listen;
mod providers;
mod terminator;
mod welcome;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smart_core::deployment::PublicUrl;
use smart_local::{LocalStore, SoftwareKeys};
use smart_web::arrival::system_clock;
use smart_web::observe::{self, LogFormat, LogOutput};
use tokio::task::spawn_blocking;
use tracing::level_filters::LevelFilter;

use self::app::Options;
use self::listen::{Listeners, Signals};
use self::welcome::Welcome;
use crate::arguments::{DATA, Log, Serve};
use crate::brands;
use crate::failure::Failure;
use crate::output;
use crate::seed::{self, Seed};
use crate::store::{self, Contents};

/// How often what has expired is removed.
const SWEEP: Duration = Duration::from_mins(1);

pub(crate) async fn run(arguments: Serve) -> Result<(), Failure> {
    let format = match arguments.log {
        Log::Pretty => LogFormat::Pretty,
        Log::Json => LogFormat::Json,
    };
    observe::init(format, LevelFilter::INFO, LogOutput::Stderr);
    let listeners = Listeners::bind(arguments.port).await?;
    let url = public_url(arguments.public_url, listeners.port())?;
    let seed = match arguments.seed {
        Some(folder) => {
            let deployment = url.deployment();
            Some(joined(spawn_blocking(move || Seed::read(&folder, deployment)).await)??)
        }
        None => None,
    };

    let ways = providers::read(arguments.login_providers.as_deref(), arguments.local_users, &url)?;
    let given = arguments.brands.map(|file| brands::read(&file, &url)).transpose()?;

    let folder = (!arguments.ephemeral).then(|| arguments.data.unwrap_or_else(|| DATA.into()));
    let store = match &folder {
        Some(folder) => Arc::new(LocalStore::open(folder).await?),
        None => Arc::new(LocalStore::in_memory().await?),
    };
    let keys = {
        let folder = folder.clone();
        spawn_blocking(move || match folder {
            Some(folder) => SoftwareKeys::open(&folder, system_clock),
            None => SoftwareKeys::generate(system_clock),
        })
    };
    let has_demo = fill(&store, seed, &url).await?;
    store::note_public_url(&store, &url).await?;
    let keys = Arc::new(joined(keys.await)??);

    let brands = match given {
        None if has_demo => Some(brands::demo(&url)?),
        given => given,
    };
    let (ehr_origins, registration) = (arguments.ehr_origins, arguments.registration_token_sha256);
    let options = Options { ehr_origins, ways, registration, brands, has_demo };
    let app = app::compose(&store, &keys, &url, options);
    let signals = Signals::listen()?;
    let sweeping = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.sweep_every(SWEEP, system_clock).await })
    };
    announce(&store, &url, folder.as_deref(), has_demo, arguments.log).await?;
    listeners.serve(app, signals).await;
    sweeping.abort();
    tracing::info!("stopped");
    Ok(())
}

fn public_url(given: Option<PublicUrl>, port: u16) -> Result<PublicUrl, Failure> {
    if let Some(url) = given {
        return Ok(url);
    }
    // The port of the scheme is left out, as browsers do.
    let url = if port == 80 { "http://localhost".to_owned() } else { format!("http://localhost:{port}") };
    url.parse().map_err(|error| Failure::Failed(format!("{url}: {error}")))
}

/// Loads the seed that was given or, into a new store on loopback, the demo seed. Says whether the demo is on.
async fn fill(store: &LocalStore, given: Option<Seed>, url: &PublicUrl) -> Result<bool, Failure> {
    let contents = Contents::of(store)?;
    if !url.is_loopback() && matches!(contents, Contents::Demo(_) | Contents::DemoBegun) {
        tracing::warn!(
            "this store has the demo's users, whose passwords are public: serve another one, or disable them"
        );
    }
    if given.is_none() && url.is_loopback() {
        match contents {
            Contents::New | Contents::DemoBegun => {
                load_demo(store, url).await?;
                return Ok(true);
            }
            Contents::Demo(before) => {
                seed::move_demo(store, &before, url).await?;
                return Ok(true);
            }
            Contents::Own => return Ok(false),
        }
    }
    // Noted first: a seed whose loading breaks off is loaded at the next start, and never mixed with the demo's.
    if contents == Contents::New {
        Contents::Own.note(store).await?;
    }
    if let Some(seed) = given {
        seed.load(store, system_clock()).await?;
    }
    Ok(false)
}

async fn load_demo(store: &LocalStore, url: &PublicUrl) -> Result<(), Failure> {
    Contents::DemoBegun.note(store).await?;
    let home = url.clone();
    let seed = joined(spawn_blocking(move || Seed::demo(&home)).await)??;
    seed.load(store, system_clock()).await?;
    Contents::Demo(url.issuer().to_owned()).note(store).await?;
    Ok(())
}

async fn announce(
    store: &LocalStore,
    url: &PublicUrl,
    folder: Option<&Path>,
    has_demo: bool,
    log: Log,
) -> Result<(), Failure> {
    match log {
        Log::Pretty => {
            let welcome = Welcome::gather(store, url, folder, has_demo).await?;
            output::note(format_args!("{}", welcome.page(output::Style::of_stderr())));
        }
        // A page would break the stream of objects.
        Log::Json => tracing::info!(public_url = url.issuer(), demo = has_demo, "ready"),
    }
    output::say(format_args!("ready {}", url.issuer()));
    Ok(())
}

/// What work on another thread came to; it does not panic.
fn joined<T>(outcome: Result<T, tokio::task::JoinError>) -> Result<T, Failure> {
    outcome.map_err(|error| Failure::Failed(format!("cannot start: {error}")))
}

#[cfg(test)]
mod tests {
    use smart_core::ports::Users as _;

    use super::*;

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap()
    }

    #[test]
    fn the_public_url_is_localhost_unless_given() {
        assert_eq!(public_url(None, 8080).unwrap().issuer(), "http://localhost:8080");
        assert_eq!(public_url(None, 80).unwrap().issuer(), "http://localhost");
        assert_eq!(
            public_url(Some(url("https://smart.example")), 80).unwrap().issuer(),
            "https://smart.example"
        );
    }

    #[tokio::test]
    async fn the_demo_is_loaded_into_a_new_store_on_loopback_and_into_no_other() {
        let (here, public) = (url("http://localhost:1"), url("https://smart.example"));
        let clinician = "clinician".parse().unwrap();
        let demo = Contents::Demo("http://localhost:1".to_owned());
        for (before, at, is_on, after) in [
            (Contents::New, &here, true, demo.clone()),
            // Loading it broke off: it is loaded again.
            (Contents::DemoBegun, &here, true, demo),
            (Contents::New, &public, false, Contents::Own),
            (Contents::Own, &here, false, Contents::Own),
            (Contents::DemoBegun, &public, false, Contents::DemoBegun),
        ] {
            let store = LocalStore::in_memory().await.unwrap();
            before.clone().note(&store).await.unwrap();
            assert_eq!(fill(&store, None, at).await.unwrap(), is_on, "{before:?} {at}");
            assert_eq!(store.user(&clinician).await.unwrap().is_some(), is_on);
            assert_eq!(Contents::of(&store).unwrap(), after);
        }
    }
}
