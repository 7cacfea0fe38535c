//! Token introspection (RFC 7662; SMART 2.2 §"Token Introspection"; INTRO rows).
//!
//! Who asks has proved who they are: a client that authenticates may ask about its own tokens, and about all if it is
//! registered so (`smart_introspect`); whoever shows an access token with the scope for it, and the key that it is bound to, may ask about all. Of a token that is
//! good for nothing, or is none, or is not theirs, everybody is told the same.

use http::HeaderMap;
use http::request::Parts;
use smart_core::client::authentication::{Presented as Credentials, PresentedError};
use smart_core::id::ClientId;
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::ports::{PublicKeys, Signer};
use smart_core::scope::Scope;
use smart_core::token::{Introspection, token_of};
use smart_web::authorization;
use smart_web::presented::Presented;

use crate::error::{BearerError, TokenError};
use crate::trail::Trail;
use crate::{INTROSPECT, Store, TokenEndpoint};

/// About whose tokens somebody may ask.
enum May {
    AskAboutAll,
    AskAboutThoseOf(ClientId),
}

impl<S: Store, K: Signer + PublicKeys> TokenEndpoint<S, K> {
    pub(crate) async fn introspect(
        &self,
        head: &Parts,
        form: &Parameters,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<Introspection, TokenError> {
        let token = token_of(form)?;
        let may = self.may_ask(head, form, now, trail).await?;
        let standing = self.stands(token, now).await?.filter(|standing| match &may {
            May::AskAboutAll => true,
            May::AskAboutThoseOf(client) => standing.state.client_id == *client,
        });
        if let Some(grant) = standing.as_ref().and_then(|standing| standing.grant.as_ref()) {
            trail.is_about(grant);
        }
        trail.done(if standing.is_some() { "active" } else { "inactive" });
        Ok(standing.map_or(Introspection::INACTIVE, |standing| standing.state.into()))
    }

    async fn may_ask(
        &self,
        head: &Parts,
        form: &Parameters,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<May, TokenError> {
        let header = authorization::header(&head.headers)?;
        if let Some(presented) = header.and_then(Presented::in_header) {
            // A client that authenticates besides would leave it open who asks (RFC 6749 §2.3).
            if ["client_secret", "client_assertion"].into_iter().any(|name| form.get(name).is_some()) {
                return Err(PresentedError::Several.into());
            }
            self.holder_may_ask(presented, &head.headers, now, trail).await?;
            return Ok(May::AskAboutAll);
        }
        let presented = match Credentials::parse(header, form) {
            Err(PresentedError::Nobody) => return Err(TokenError::Unauthenticated),
            presented => presented?,
        };
        let client = self.identify(presented, INTROSPECT, true, now, trail).await?;
        if !client.is_confidential() {
            return Err(TokenError::Unauthenticated);
        }
        Ok(if client.smart_introspect {
            May::AskAboutAll
        } else {
            May::AskAboutThoseOf(client.client_id.clone())
        })
    }

    /// INTRO-10: the token of a client alone, with the scope, good at this moment; with a proof, if it is bound to a key (DPOP-05).
    async fn holder_may_ask(
        &self,
        presented: Presented<'_>,
        headers: &HeaderMap,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<(), TokenError> {
        let standing = self.access_token_stands(presented.token, now).await?.ok_or(BearerError::Invalid)?;
        let here = self.here.endpoint(INTROSPECT);
        let bound_to = standing.state.cnf.as_ref();
        presented.prove(bound_to, ("POST", &here), headers, &self.store, now).await?;
        trail.comes_from(&standing.state.client_id);
        let has_scope = standing.state.scope.iter().any(|scope| scope.is_extension(Scope::TOKEN_INTROSPECT));
        if standing.grant.is_none() && has_scope { Ok(()) } else { Err(BearerError::Scope.into()) }
    }
}
