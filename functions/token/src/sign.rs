//! What the tokens say, and that both are signed at once (RFC 9068 §2, OpenID Connect Core §2, §12.2; TOK-19 to TOK-22,
//! OIDC rows).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use smart_core::dpop::Confirmation;
use smart_core::grant::{Active, Grant, Granted, Owner, Refreshed};
use smart_core::id::{ClientId, GrantId};
use smart_core::instant::Instant;
use smart_core::jose::{self, SigningKey};
use smart_core::ports::{Redeemed, Signer, Unavailable};
use smart_core::scope::{Scope, Scopes};
use smart_core::secret::RefreshToken;
use smart_core::token::{
    ACCESS_LIFETIME, AccessTokenClaims, IdTokenClaims, LONGEST_SCOPE, TokenAnswer, TokenType,
};
use smart_web::random;

use crate::trail::Trail;
use crate::{Store, TokenEndpoint};

/// What tokens are issued for: made of a step that a store has made, and of nothing else.
pub(crate) struct Issue<'g> {
    grant: &'g GrantId,
    client_id: &'g ClientId,
    owner: Owner,
    /// What these tokens are for.
    granted: Granted,
    /// Whether that is all that the grant opens.
    is_whole: bool,
    refresh_token: Option<RefreshToken>,
    /// What the access token is bound to.
    key: Option<Confirmation>,
}

/// Whether a list of scopes is short enough to stand in a token (TOK-22).
pub(crate) fn fits_into_token(scopes: &Scopes) -> bool {
    scopes.to_string().len() <= LONGEST_SCOPE
}

impl<'g> Issue<'g> {
    /// For a code: all that was granted, and the refresh token if one was.
    pub(crate) fn redeemed(
        redeemed: &'g Redeemed,
        refresh_token: RefreshToken,
        key: Option<Confirmation>,
    ) -> Option<Self> {
        let Active { owner, granted, refresh, .. } = redeemed.grant.active()?;
        let refresh_token = refresh.is_some().then_some(refresh_token);
        Some(Self::of(&redeemed.grant, owner.clone(), granted.clone(), true, refresh_token, key))
    }

    /// For a refresh token: `scopes` of what was granted, in the same context, and the same successor each time.
    pub(crate) fn refreshed(
        refreshed: &'g Refreshed,
        owner: Owner,
        scopes: Scopes,
        successor: RefreshToken,
        key: Option<Confirmation>,
    ) -> Option<Self> {
        let Active { granted, .. } = refreshed.grant.active()?;
        let is_whole = granted.scopes.is_within(&scopes);
        let name = granted.name.clone().filter(|_| scopes.contains(&Scope::Profile));
        // The nonce is that of the authorization request: it answers the code alone (OIDC-18).
        let granted = Granted { scopes, context: granted.context.clone(), name, nonce: None };
        Some(Self::of(&refreshed.grant, owner, granted, is_whole, Some(successor), key))
    }

    fn of(
        grant: &'g Grant,
        owner: Owner,
        granted: Granted,
        is_whole: bool,
        refresh_token: Option<RefreshToken>,
        key: Option<Confirmation>,
    ) -> Self {
        let Grant { id, client_id, .. } = grant;
        Self { grant: id, client_id, owner, granted, is_whole, refresh_token, key }
    }
}

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    /// Signs the tokens, both at once, and puts the answer together.
    pub(crate) async fn issue(
        &self,
        issue: Issue<'_>,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, Unavailable> {
        trail.opens(&issue.owner.sub, issue.granted.context.patient.as_ref(), &issue.granted.scopes);
        let access = self.access_token_claims(&issue, now)?;
        let (issuer, fhir_base) = (self.here.issuer(), self.here.fhir_base());
        let id = IdTokenClaims::of(&issue.owner, &issue.granted, issue.client_id, issuer, fhir_base, now);
        let (access_token, id_token) =
            tokio::try_join!(self.sign_access_token(&access), self.sign_id_token(id.as_ref()),)?;
        Ok(TokenAnswer {
            access_token,
            token_type: TokenType::of(issue.key.as_ref()),
            expires_in: ACCESS_LIFETIME.as_secs(),
            scope: issue.granted.scopes,
            id_token,
            refresh_token: issue.refresh_token.map(|token| token.reveal()),
            context: issue.granted.context,
        })
    }

    fn access_token_claims(&self, issue: &Issue<'_>, now: Instant) -> Result<AccessTokenClaims, Unavailable> {
        let Issue { grant, client_id, owner, granted, is_whole, key, .. } = issue;
        // Left out, a list means all that the grant opens: one that is less than that stands in the token, whatever
        // its length.
        let is_said = !is_whole || fits_into_token(&granted.scopes);
        Ok(AccessTokenClaims {
            iss: self.here.issuer().to_owned(),
            aud: self.here.fhir_base().to_owned(),
            sub: owner.sub.clone(),
            client_id: (*client_id).clone(),
            exp: now + ACCESS_LIFETIME,
            iat: now,
            jti: URL_SAFE_NO_PAD.encode(random::bytes::<16>()?),
            scope: is_said.then(|| granted.scopes.clone()),
            grant: Some((*grant).clone()),
            patient: granted.context.patient.clone(),
            cnf: key.clone(),
        })
    }

    pub(crate) async fn sign_access_token(&self, claims: &AccessTokenClaims) -> Result<String, Unavailable> {
        self.sign(AccessTokenClaims::TYP, &self.signer.access_token_key().await?, claims).await
    }

    async fn sign_id_token(&self, claims: Option<&IdTokenClaims>) -> Result<Option<String>, Unavailable> {
        let Some(claims) = claims else { return Ok(None) };
        self.sign(IdTokenClaims::TYP, &self.signer.id_token_key().await?, claims).await.map(Some)
    }

    async fn sign(
        &self,
        typ: &str,
        key: &SigningKey,
        claims: &(impl Serialize + Sync),
    ) -> Result<String, Unavailable> {
        let input = jose::signing_input(typ, key, claims);
        let signature = self.signer.sign(key, input.as_bytes()).await?;
        Ok(jose::compact(&input, &signature))
    }
}
