//! A server and all who ask it: browsers that are signed in, an app, and what they ask.

use std::time::Duration;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::app::{self, App, WITH_ID_TOKEN};
use crate::browser::{Browser, PATIENT};
use crate::connection::{Asked, Connection, Site};
use crate::figures::percentile;
use crate::load::{self, Lane, Seen};
use crate::server::Server;
use crate::{Outcome, clock};

/// How many browsers fetch codes at once.
const BROWSERS: usize = 16;

/// How many of them sign in at once: an eleventh attempt would be refused before the first has succeeded.
pub(crate) const SIGN_INS: usize = 8;

/// How long a code lives: no more are fetched than are soon changed.
const CODE_LIFE: Duration = Duration::from_mins(1);

/// More codes than any load changes in a second.
const CODES_A_SECOND: u32 = 4_000;

/// Searches; PATIENT stands for a patient's id.
pub(crate) const PAGE: &str = "Observation?patient=PATIENT&_count=50";
pub(crate) const CATEGORY: &str = "Observation?patient=PATIENT&category=laboratory&_count=50";

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Discovery,
    Keys,
    Exchange(&'static str),
    Refresh(&'static str),
    Read,
    Search(&'static str),
}

/// A server, and who asks it.
pub(crate) struct Place {
    pub(crate) server: Server,
    app: App,
    browsers: Vec<Browser>,
    /// The bearer token of FHIR requests.
    bearer: HeaderValue,
    reads: Vec<Asked>,
}

impl Place {
    /// At a server that was just started: all browsers sign in.
    pub(crate) async fn at(server: Server) -> Outcome<Self> {
        let app = App::discover(Site::of(&server)?).await?;
        let bearer = HeaderValue::from_static("");
        let mut place = Self { server, app, browsers: Vec::new(), bearer, reads: Vec::new() };
        while place.browsers.len() < BROWSERS {
            for _ in 0..SIGN_INS {
                place.browsers.push(Browser::open(&place.app.site).await?);
            }
            place.codes(WITH_ID_TOKEN, place.browsers.len(), CODE_LIFE / 2).await?;
        }
        place.renew().await?;
        Ok(place)
    }

    /// Takes a new access token, and sees that it opens what is asked for.
    pub(crate) async fn renew(&mut self) -> Outcome<()> {
        let (codes, _) = self.codes(WITH_ID_TOKEN, 1, CODE_LIFE / 2).await?;
        let mut connection = Connection::open(self.app.site.address).await?;
        let answer = connection.ask(self.app.exchange(codes.first().ok_or("no code")?)?).await?;
        self.bearer = HeaderValue::from_str(&format!("Bearer {}", app::tokens(&answer)?.access))?;
        for search in [PAGE, CATEGORY] {
            let answer = connection.ask(self.fhir(search)?).await?;
            let bundle = app::json(&answer)?;
            let entries = bundle.get("entry").and_then(Value::as_array).filter(|entries| !entries.is_empty());
            let entries = entries.ok_or_else(|| format!("{search}: found nothing"))?;
            if search == PAGE {
                let ids: Vec<_> =
                    entries.iter().filter_map(|entry| entry.pointer("/resource/id")?.as_str()).collect();
                self.reads =
                    ids.iter().map(|id| self.fhir(&format!("Observation/{id}"))).collect::<Outcome<_>>()?;
            }
        }
        Ok(())
    }

    fn fhir(&self, asked: &str) -> Outcome<Asked> {
        let mut request = self.app.site.get(&format!("/fhir/{}", asked.replace("PATIENT", PATIENT)))?;
        request.headers_mut().insert(AUTHORIZATION, self.bearer.clone());
        Ok(request)
    }

    /// One load. What it took to fetch codes for it is added to `ways`.
    pub(crate) async fn load(
        &mut self,
        kind: Kind,
        connections: usize,
        time: Duration,
        ways: &mut Vec<Seen>,
    ) -> Outcome<Seen> {
        let lanes = match kind {
            Kind::Discovery => {
                repeated(&[self.app.site.get("/fhir/.well-known/smart-configuration")?], connections)
            }
            Kind::Keys => repeated(&[self.app.site.get(&self.app.jwks_uri)?], connections),
            Kind::Read => repeated(&self.reads, connections),
            Kind::Search(search) => repeated(&[self.fhir(search)?], connections),
            Kind::Refresh(scope) => self.chains(scope, connections).await?,
            Kind::Exchange(scope) => {
                let most = usize::try_from(u64::from(CODES_A_SECOND) * time.as_secs().max(1))?;
                let (codes, way) = self.codes(scope, most, time * 2).await?;
                ways.push(way);
                self.shared_out(codes, connections)
            }
        };
        load::run(&self.server, &self.app.site, lanes, time).await
    }

    /// Changes about so many codes for tokens, each for a grant of its own.
    pub(crate) async fn grants(&mut self, count: usize, connections: usize) -> Outcome<()> {
        let (codes, _) = self.codes(WITH_ID_TOKEN, count, CODE_LIFE / 2).await?;
        let lanes = self.shared_out(codes, connections);
        load::run(&self.server, &self.app.site, lanes, CODE_LIFE / 2).await.map(drop)
    }

    fn shared_out(&self, codes: Vec<String>, connections: usize) -> Vec<Lane> {
        let mut shares = vec![Vec::new(); connections];
        for (code, nth) in codes.into_iter().zip((0..connections).cycle()) {
            if let Some(share) = shares.get_mut(nth) {
                share.push(code);
            }
        }
        shares.into_iter().map(|codes| Lane::Codes { app: self.app.clone(), codes }).collect()
    }

    /// A grant for each connection, and so a chain of refresh tokens.
    async fn chains(&mut self, scope: &str, connections: usize) -> Outcome<Vec<Lane>> {
        let (codes, _) = self.codes(scope, connections, CODE_LIFE / 2).await?;
        let mut connection = Connection::open(self.app.site.address).await?;
        let mut lanes = Vec::new();
        for code in codes.iter().take(connections) {
            let answer = connection.ask(self.app.exchange(code)?).await?;
            lanes.push(Lane::Refresh { app: self.app.clone(), token: app::tokens(&answer)?.refresh });
        }
        Ok(lanes)
    }

    /// Codes, by way of the pages: about so many, and no longer than that. And what a way took.
    async fn codes(&mut self, scope: &str, most: usize, time: Duration) -> Outcome<(Vec<String>, Seen)> {
        let share = most.div_ceil(self.browsers.len().max(1));
        let busy_before = self.server.processor_time()?;
        let begun = clock::now();
        let tasks: Vec<_> = self
            .browsers
            .drain(..)
            .map(|mut browser| {
                let (app, scope) = (self.app.clone(), scope.to_owned());
                tokio::spawn(async move {
                    browser.reconnect().await?;
                    let mut found = Vec::new();
                    let mut took = begun.elapsed();
                    while found.len() < share && took < time {
                        let code = app.code(&mut browser, &scope).await?;
                        let ended = begun.elapsed();
                        found.push((code, ended.saturating_sub(took)));
                        took = ended;
                    }
                    Outcome::Ok((browser, found))
                })
            })
            .collect();
        let mut found = Vec::new();
        for task in tasks {
            let (browser, some) = task.await??;
            self.browsers.push(browser);
            found.extend(some);
        }
        let took = begun.elapsed().as_secs_f64();
        let busy = self.server.processor_time()?.saturating_sub(busy_before).as_secs_f64();
        let (codes, mut ways): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        ways.sort_unstable();
        let count = f64::from(u32::try_from(codes.len())?);
        let way = Seen {
            per_second: count / took,
            p50: percentile(&ways, 500).as_secs_f64(),
            p99: percentile(&ways, 990).as_secs_f64(),
            processor: busy / count,
            busy: busy / took,
            answer: 0,
        };
        Ok((codes, way))
    }
}

/// A lane for each connection, each beginning elsewhere.
pub(crate) fn repeated(requests: &[Asked], connections: usize) -> Vec<Lane> {
    (0..connections).map(|next| Lane::Repeat { requests: requests.to_vec(), next }).collect()
}
