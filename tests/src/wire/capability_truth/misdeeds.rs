//! What a server must not do: in front of one that does not, as if it did.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::response::Parts;
use serde_json::{Value, json};

use crate::harness::keys::jwt_parts;

/// One misdeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misdeed {
    /// A proof that was seen before at the token endpoint gets what it got then.
    ForgetsProofs,
    /// A token that is bound to a key opens without one.
    TakesBoundForBearer,
    /// Introspection does not say that a token is bound.
    KeepsKeysToItself,
    /// A client that publishes its keys is known by any.
    KnowsAnyKey,
    /// The published keys do not say what they are for.
    KeysForAnything,
    /// Proofs are as if they were not there.
    IgnoresProofs,
}

/// Those that are committed, and the answers that are given again.
#[derive(Default)]
pub(super) struct Misdeeds {
    committed: Mutex<Vec<Misdeed>>,
    /// By proof, or by bound token.
    given: Mutex<HashMap<String, (Parts, Bytes)>>,
}

impl Misdeeds {
    pub(super) fn commit(&self, misdeeds: &[Misdeed]) {
        *self.committed.lock().unwrap() = misdeeds.to_vec();
    }

    fn commits(&self, misdeed: Misdeed) -> bool {
        self.committed.lock().unwrap().contains(&misdeed)
    }

    /// The answer of the server behind, or what a misdeed makes of it.
    pub(super) async fn answer(&self, mut request: Request, next: Next) -> Response {
        if self.commits(Misdeed::IgnoresProofs) {
            request.headers_mut().remove("dpop");
        }
        let [proof, authorization] = [http::HeaderName::from_static("dpop"), AUTHORIZATION]
            .map(|name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned()));
        let path = request.uri().path().to_owned();
        match path.as_str() {
            "/auth/token" => {
                let key = proof.filter(|_| self.commits(Misdeed::ForgetsProofs));
                self.tokens(key, request, next).await
            }
            path if path.starts_with("/fhir/") && self.commits(Misdeed::TakesBoundForBearer) => {
                let authorization = authorization.unwrap_or_default();
                match authorization.split_once(' ') {
                    Some(("DPoP", token)) => self.remembered(token.to_owned(), next.run(request).await).await,
                    Some(("Bearer", token)) if self.has(token) => self.again(token),
                    _ => next.run(request).await,
                }
            }
            "/auth/introspect" if self.commits(Misdeed::KeepsKeysToItself) => {
                changed(next.run(request).await, |told| drop(told.as_object_mut().unwrap().remove("cnf")))
                    .await
            }
            "/.well-known/jwks.json" if self.commits(Misdeed::KeysForAnything) => {
                changed(next.run(request).await, |set| {
                    for key in set["keys"].as_array_mut().unwrap() {
                        key.as_object_mut().unwrap().remove("use");
                    }
                })
                .await
            }
            _ => next.run(request).await,
        }
    }

    async fn tokens(&self, proof: Option<String>, request: Request, next: Next) -> Response {
        if let Some(proof) = proof.as_deref().filter(|proof| self.has(proof)) {
            return self.again(proof);
        }
        let (head, body) = request.into_parts();
        let form = to_bytes(body, usize::MAX).await.unwrap();
        let publishes = form_urlencoded::parse(&form)
            .find(|(name, _)| name == "client_assertion")
            .is_some_and(|(_, assertion)| jwt_parts(&assertion).1["iss"] == "verify-published");
        let answer = next.run(Request::from_parts(head, Body::from(form))).await;
        match proof {
            Some(proof) => self.remembered(proof, answer).await,
            None if publishes && answer.status() != 200 && self.commits(Misdeed::KnowsAnyKey) => {
                let mut answer = changed(answer, |told| told["error"] = json!("invalid_grant")).await;
                *answer.status_mut() = http::StatusCode::BAD_REQUEST;
                answer
            }
            None => answer,
        }
    }

    fn has(&self, key: &str) -> bool {
        self.given.lock().unwrap().contains_key(key)
    }

    fn again(&self, key: &str) -> Response {
        let (head, body) = self.given.lock().unwrap()[key].clone();
        Response::from_parts(head, Body::from(body))
    }

    /// An answer, which is remembered if it is a good one.
    async fn remembered(&self, key: String, answer: Response) -> Response {
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        if head.status == 200 {
            self.given.lock().unwrap().insert(key, (head.clone(), body.clone()));
        }
        Response::from_parts(head, Body::from(body))
    }
}

/// A JSON answer with a change in it; any other as it is.
async fn changed(answer: Response, change: impl FnOnce(&mut Value)) -> Response {
    let (mut head, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(head, Body::from(body));
    };
    change(&mut json);
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(json.to_string()))
}
