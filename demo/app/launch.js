// Step 2: send the user to the authorization server, and take them back (SMART 2.2 "App Launch", RFC 6749 §4.1).

import { challengeOf, randomValue } from './pkce.js';
import { note } from './trace.js';

// What must survive the way to the server and back. sessionStorage belongs to this tab and dies with it.
const PENDING = 'vitals-viewer.pending';

/** Why a launch did not end in a code, in words for the user. `code` is the OAuth error, where there is one. */
export class LaunchError extends Error {
  constructor(message, { code = null, hint = null } = {}) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Makes an authorization request, remembers what its answer must match, and returns the address to go to.
 * `launch` is the value that an EHR handed over; a standalone launch has none.
 */
export async function prepare(configuration, { clientId, redirectUri, fhirBase, scope, launch = null }) {
  const verifier = randomValue(); // secret until the token request
  const state = randomValue(16); // ties the answer to this tab
  const nonce = randomValue(16); // ties the ID token to this request

  const url = new URL(configuration.authorization_endpoint);
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    aud: fhirBase, // the FHIR server that the token is for: guards against sending it to another
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
    ...(launch ? { launch } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);

  const pending = { configuration, clientId, redirectUri, fhirBase, scope, state, nonce, verifier };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  note({ phase: 'authorize', title: 'Made a PKCE verifier and kept it', detail: { code_verifier: verifier,
    code_challenge: parameters.code_challenge, state, nonce } });
  note({ phase: 'authorize', title: 'Sent the browser to the authorization endpoint', method: 'GET', url: url.href });
  return url.href;
}

/**
 * Reads the answer from the address that the server sent the browser back to: { code, pending }.
 * Throws a LaunchError if the user or the server said no, or if the answer is not one to our own request.
 */
export function complete(parameters) {
  const stored = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING); // an answer counts once
  if (stored === null) {
    throw new LaunchError('This tab did not ask for that.', { hint: 'The page was opened with an answer from the '
      + 'authorization server, but no launch was under way here. Perhaps it was reloaded or opened from the history.' });
  }
  const pending = JSON.parse(stored);

  // The answer to somebody else's request is not ours to use (RFC 6749 §10.12).
  if (parameters.get('state') !== pending.state) {
    throw new LaunchError('The answer does not belong to the request.', { hint: 'The state does not match. The app '
      + 'does not use the code.' });
  }
  // An answer from another server must not reach our server's token endpoint (RFC 9207). A server that says it always
  // names itself is held to it.
  const promised = pending.configuration.authorization_response_iss_parameter_supported === true;
  const iss = parameters.get('iss');
  if (iss === null ? promised : iss !== pending.configuration.issuer) {
    throw new LaunchError('The answer comes from another server.', { hint: `Expected iss = ${pending.configuration.issuer}.` });
  }
  if (parameters.has('error')) {
    const code = parameters.get('error');
    note({ phase: 'authorize', title: `Came back without a code: ${code}`, failed: true, detail: Object.fromEntries(parameters) });
    throw new LaunchError(READABLE[code] ?? 'The authorization server refused the request.',
      { code, hint: parameters.get('error_description') });
  }
  note({ phase: 'authorize', title: 'Came back with a code', checks: ['state is ours', iss === null ? 'no iss sent' : 'iss is the server we asked'],
    detail: { code: parameters.get('code'), state: parameters.get('state'), iss } });
  return { code: parameters.get('code'), pending };
}

// RFC 6749 §4.1.2.1, in plain words.
const READABLE = {
  access_denied: 'You did not give this app access.',
  invalid_request: 'The server did not understand the request.',
  invalid_scope: 'The server does not grant what was asked for.',
  unauthorized_client: 'This app may not ask in this way.',
  unsupported_response_type: 'The server does not support this kind of request.',
  server_error: 'Something went wrong on the server.',
  temporarily_unavailable: 'The server is busy. Try again in a moment.',
};
