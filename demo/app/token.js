// Step 3: the token endpoint. Code to tokens, and later refresh token to new tokens (RFC 6749 §4.1.3 and §6).
//
// This app is a public client: it has no secret, since anyone can read its source. PKCE takes that place.

import { decode, signatureHolds } from './jwt.js';
import { note, tracedFetch } from './trace.js';

/** The token endpoint said no. `code` is the OAuth error. */
export class TokenError extends Error {
  constructor(code, description) {
    super(description ?? code);
    this.code = code;
  }
}

/** Redeems the code. Returns a session: the tokens and what belongs to them. */
export async function redeem(code, pending) {
  const tokens = await tokenRequest('token', 'Exchanged the code for tokens', pending.configuration, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: pending.redirectUri, // the same as in the authorization request
    client_id: pending.clientId,
    code_verifier: pending.verifier, // the server hashes it and compares
  });
  if (tokens.id_token) await checkIdToken(tokens.id_token, pending);
  const { configuration, clientId, fhirBase, scope } = pending;
  return { configuration, clientId, fhirBase, requested: scope, tokens, expiresAt: expiryOf(tokens) };
}

/** Trades the refresh token for new tokens, and returns the new session. */
export async function refresh(session) {
  const old = session.tokens;
  const tokens = await tokenRequest('refresh', 'Refreshed the tokens', session.configuration, {
    grant_type: 'refresh_token',
    refresh_token: old.refresh_token,
    client_id: session.clientId,
  });
  const rotated = tokens.refresh_token !== undefined && tokens.refresh_token !== old.refresh_token;
  note({ phase: 'refresh', title: rotated ? 'The refresh token was rotated' : 'The refresh token stays the same',
    text: rotated ? 'The old one is spent. Whoever shows it from now on is taken for a thief, and the whole grant ends. '
      + 'So store the new one before you use it.' : null,
    detail: rotated ? { spent: old.refresh_token, current: tokens.refresh_token } : null });
  // An answer to a refresh may leave out what has not changed.
  return { ...session, tokens: { ...old, ...tokens }, expiresAt: expiryOf(tokens) };
}

/** Tells the server that the app needs its tokens no longer (RFC 7009). Ending the refresh token ends the grant. */
export async function revoke(session) {
  const endpoint = session.configuration.revocation_endpoint;
  if (!endpoint) return;
  const { refresh_token: refreshToken, access_token: accessToken } = session.tokens;
  await tracedFetch({ phase: 'end', title: 'Revoked the tokens' }, endpoint, {
    method: 'POST',
    body: new URLSearchParams({ token: refreshToken ?? accessToken, client_id: session.clientId }),
  });
}

async function tokenRequest(phase, title, configuration, parameters) {
  const response = await tracedFetch({ phase, title, keep: (answer) => answer }, configuration.token_endpoint, {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new URLSearchParams(parameters), // sent as application/x-www-form-urlencoded
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new TokenError(answer.error ?? `status ${response.status}`, answer.error_description);
  if (answer.token_type?.toLowerCase() !== 'bearer') throw new TokenError('token_type', 'The token is not a Bearer token.');
  return answer;
}

// `expires_in` counts from the answer. The app goes by its own clock from there, so a wrong clock does no harm.
const expiryOf = (tokens) => Date.now() + (tokens.expires_in ?? 300) * 1000;

// OpenID Connect Core §3.1.3.7: every check is one line, and each has stopped a real attack.
async function checkIdToken(idToken, { configuration, clientId, nonce }) {
  const claims = decode(idToken)?.claims;
  const now = Date.now() / 1000;
  const checks = {
    'signature by a published key': claims && await signatureHolds(idToken, configuration.jwks_uri),
    'iss is the server we asked': claims?.iss === configuration.issuer,
    'aud is this app': [claims?.aud].flat().includes(clientId),
    'nonce is ours': claims?.nonce === nonce,
    'not expired': claims?.exp > now - 60,
  };
  const failed = Object.keys(checks).filter((name) => !checks[name]);
  note({ phase: 'token', title: failed.length ? 'The ID token is not good' : 'Checked the ID token', failed: failed.length > 0,
    checks: Object.keys(checks).filter((name) => checks[name]) });
  if (failed.length) throw new TokenError('id_token', `The ID token did not pass: ${failed.join(', ')}.`);
}
