// npm `openid-client`, the certified relying party: discovery, strict ID tokens, and each way for a client to authenticate.

import assert from "node:assert/strict";
import * as oidc from "openid-client";
import { SIZES, closeBrowser, inPage } from "../lib/browser.mjs";
import { catchRedirect } from "../lib/loopback.mjs";
import { approve } from "../lib/pages.mjs";
import { check, readFhir, scopes, stage } from "../lib/stage.mjs";

const SCOPE = "openid fhirUser profile launch/patient patient/Patient.rs offline_access";
const { clinician } = stage.users;

const importKey = ({ alg, key_ops, ...jwk }, algorithm) => crypto.subtle.importKey("jwk", { ...jwk, alg }, algorithm, false, ["sign"]);
const es384 = await importKey(stage.keys.es384, { name: "ECDSA", namedCurve: "P-384" });
const rs384 = await importKey(stage.keys.rs384, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" });
const secretOf = (id) => stage.clients[id].client_secret;

const WAYS = {
  native: oidc.None(),
  "secret-basic": oidc.ClientSecretBasic(secretOf("secret-basic")),
  "secret-post": oidc.ClientSecretPost(secretOf("secret-post")),
  "key-es384": oidc.PrivateKeyJwt({ key: es384, kid: stage.keys.es384.kid }),
  "key-rs384": oidc.PrivateKeyJwt({ key: rs384, kid: stage.keys.rs384.kid }),
};

/** Finds the server by its issuer, as any relying party does. */
const discover = (clientId, authentication) =>
  oidc.discovery(new URL(stage.base), clientId, {}, authentication, { execute: [oidc.allowInsecureRequests] });

/** Through the pages to the redirect that carries the code, and what the library shall check it against. */
async function authorize(config, clientId, more = {}) {
  const registered = new URL(stage.clients[clientId].redirect_uris[0]);
  const app = await catchRedirect(Number(registered.port));
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: app.redirectUri,
    scope: SCOPE,
    aud: stage.fhir,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    ...more,
  });
  try {
    await inPage(SIZES.desktop, async (page) => {
      await page.goto(url.href);
      await approve(page, clinician, { patient: "amina" });
    });
    return { returned: await app.caught, checks };
  } finally {
    app.close();
  }
}

/** The library checks state, iss and nonce, and the ID token's signature and claims. */
const redeem = (config, { returned, checks }) => oidc.authorizationCodeGrant(config, returned, checks);

for (const [clientId, authentication] of Object.entries(WAYS)) {
  await check(`${clientId}: code, ID token, read, refresh, read (${stage.clients[clientId].token_endpoint_auth_method})`, async () => {
    const config = await discover(clientId, authentication);
    const first = await redeem(config, await authorize(config, clientId));
    assert.equal(first.patient, "amina");
    assert.deepEqual(scopes(first.scope), scopes(SCOPE));
    assert.match(first.claims().fhirUser, /\/fhir\/Practitioner\/moreau$/);
    await readFhir("Patient/amina", first.access_token);
    await readFhir("Patient/bruno", first.access_token, 403, 404);

    const second = await oidc.refreshTokenGrant(config, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token, "the refresh token rotates");
    assert.equal(second.claims().sub, first.claims().sub);
    assert.equal(second.claims().aud, clientId);
    assert.equal(second.patient, "amina");
    await readFhir("Patient/amina", second.access_token);

    const narrowed = await oidc.refreshTokenGrant(config, second.refresh_token, { scope: "launch/patient patient/Patient.rs" });
    assert.deepEqual(scopes(narrowed.scope), new Set(["launch/patient", "patient/Patient.rs"]));
  });
}

await check("native: tokens that are bound to a key (DPoP)", async () => {
  const config = await discover("native", WAYS.native);
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  const { returned, checks } = await authorize(config, "native", { dpop_jkt: await DPoP.calculateThumbprint() });
  const read = async (tokens, path) => {
    const answer = await oidc.fetchProtectedResource(config, tokens.access_token, new URL(`${stage.fhir}/${path}`), "GET", undefined, undefined, { DPoP });
    return answer.status;
  };
  const first = await oidc.authorizationCodeGrant(config, returned, checks, undefined, { DPoP });
  assert.equal(first.token_type, "dpop");
  assert.equal(await read(first, "Patient/amina"), 200);
  assert.equal(await read(first, "Patient?_id=amina"), 200);
  await readFhir("Patient/amina", first.access_token, 401); // as a bearer token

  const thief = { DPoP: oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256")) };
  await assert.rejects(oidc.refreshTokenGrant(config, first.refresh_token), { error: "invalid_grant" });
  await assert.rejects(oidc.refreshTokenGrant(config, first.refresh_token, undefined, thief), { error: "invalid_grant" });
  const second = await oidc.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP });
  assert.equal(await read(second, "Patient/amina"), 200);
});

await check("a wrong secret is invalid_client", async () => {
  const config = await discover("secret-basic", oidc.ClientSecretBasic("not-the-secret-not-the-secret-not-the-secret"));
  const authorized = await authorize(config, "secret-basic");
  const error = await redeem(config, authorized).then(() => assert.fail("tokens were issued"), (error) => error);
  // The library hands over the challenge that came with the 401 (RFC 6749 §5.2), and leaves the body unread.
  assert.match(error.response.headers.get("www-authenticate"), /^Basic /);
  assert.equal((await error.response.json()).error, "invalid_client");
});

await check("a code that was used is invalid_grant, and takes its access token along", async () => {
  const config = await discover("native", WAYS.native);
  const authorized = await authorize(config, "native");
  const { access_token } = await redeem(config, authorized);
  await readFhir("Patient/amina", access_token);
  await assert.rejects(redeem(config, authorized), { error: "invalid_grant" });
  await readFhir("Patient/amina", access_token, 401);
});

await check("a refresh token that was used and whose successor was used is invalid_grant, and takes its grant along", async () => {
  const config = await discover("native", WAYS.native);
  const first = await redeem(config, await authorize(config, "native"));
  const second = await oidc.refreshTokenGrant(config, first.refresh_token);
  const third = await oidc.refreshTokenGrant(config, second.refresh_token);
  await assert.rejects(oidc.refreshTokenGrant(config, first.refresh_token), { error: "invalid_grant" });
  await readFhir("Patient/amina", third.access_token, 401);
});

await closeBrowser();
