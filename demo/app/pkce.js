// PKCE (RFC 7636): proof that the app which redeems the code is the app which asked for it.
//
// The app keeps a random verifier to itself and sends only its SHA-256 through the browser's address bar. Whoever steals
// the code from there cannot show the verifier.

/** A random value that nobody can guess: 32 bytes give the 43 characters that RFC 7636 §4.1 asks for at least. */
export function randomValue(bytes = 32) {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** The code_challenge of a verifier, by the method S256 (RFC 7636 §4.2). */
export async function challengeOf(verifier) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

/** Base64 in the alphabet of URLs, without padding (RFC 4648 §5). */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of base64url text. */
export function fromBase64url(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
