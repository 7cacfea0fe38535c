//! A client alone gets a token for what it was registered for (RFC 6749 §4.4; SMART 2.2 §"Backend Services"; BACK rows).
//!
//! Nothing is stored of it: the token says all by itself, lives five minutes, and is followed by no refresh token. What it says
//! is compared with the registration again wherever it is shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smart_core::id::Subject;
use smart_core::instant::Instant;
use smart_core::launch::LaunchContext;
use smart_core::ports::Signer;
use smart_core::scope::Scopes;
use smart_core::token::{AccessTokenClaims, CLIENT_ALONE_LIFETIME, TokenAnswer, TokenType};
use smart_web::random;

use crate::error::{TokenError, WiderScope};
use crate::proof::Caller;
use crate::sign::fits_into_token;
use crate::trail::Trail;
use crate::{Store, TokenEndpoint};

impl<S: Store, K: Signer> TokenEndpoint<S, K> {
    pub(crate) async fn grant_alone(
        &self,
        Caller { client, key, .. }: &Caller,
        asked: &Scopes,
        now: Instant,
        trail: &mut Trail,
    ) -> Result<TokenAnswer, TokenError> {
        let scope = client.granted_alone(asked)?;
        // There is no grant that would say the list instead.
        if !fits_into_token(&scope) {
            return Err(WiderScope::TooLong.into());
        }
        let sub = Subject::from(&client.client_id);
        trail.opens(&sub, None, &scope);
        let claims = AccessTokenClaims {
            iss: self.here.issuer().to_owned(),
            aud: self.here.fhir_base().to_owned(),
            sub,
            client_id: client.client_id.clone(),
            exp: now + CLIENT_ALONE_LIFETIME,
            iat: now,
            jti: URL_SAFE_NO_PAD.encode(random::bytes::<16>()?),
            scope: Some(scope.clone()),
            grant: None,
            patient: None,
            cnf: key.clone(),
        };
        let access_token = self.sign_access_token(&claims).await?;
        Ok(TokenAnswer {
            access_token,
            token_type: TokenType::of(key.as_ref()),
            expires_in: CLIENT_ALONE_LIFETIME.as_secs(),
            scope,
            id_token: None,
            refresh_token: None,
            context: LaunchContext::default(),
        })
    }
}
