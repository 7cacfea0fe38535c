// JSON Web Tokens: three pieces of base64url with dots between them: header, claims, signature (RFC 7519, RFC 7515).

import { fromBase64url } from './pkce.js';
import { tracedFetch } from './trace.js';

/** Header and claims of a token, or null if it is not a JWT. Says nothing about whether they are true. */
export function decode(token) {
  try {
    const [header, claims] = token.split('.').slice(0, 2)
      .map((part) => JSON.parse(new TextDecoder().decode(fromBase64url(part))));
    return header && claims ? { header, claims } : null;
  } catch {
    return null; // an opaque token: fine for an access token, which is for the FHIR server to understand
  }
}

/** Whether the server's published key made the signature. RS256 is what every OpenID provider must support. */
export async function signatureHolds(token, jwksUri) {
  const { header } = decode(token);
  if (header.alg !== 'RS256') return false; // above all not "none"
  const response = await tracedFetch({ phase: 'token', title: 'Fetched the public keys of the server', keep: keyIds }, jwksUri);
  const { keys } = await response.json();
  const jwk = keys.find((key) => key.kid === header.kid && key.kty === 'RSA');
  if (!jwk) return false;
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('jwk', { kty: 'RSA', n: jwk.n, e: jwk.e }, algorithm, false, ['verify']);
  const [head, body, signature] = token.split('.');
  return crypto.subtle.verify(algorithm, key, fromBase64url(signature), new TextEncoder().encode(`${head}.${body}`));
}

const keyIds = ({ keys = [] }) => ({ keys: keys.map(({ kid, kty, alg, use }) => ({ kid, kty, alg, use })) });
