// npm `openid-client`: an app that registers itself with an initial access token (RFC 7591), and goes all the way with what it got.

import assert from "node:assert/strict";
import * as oidc from "openid-client";
import { SIZES, closeBrowser, inPage } from "../lib/browser.mjs";
import { catchRedirect } from "../lib/loopback.mjs";
import { approve } from "../lib/pages.mjs";
import { check, readFhir, stage } from "../lib/stage.mjs";

const SCOPE = "openid fhirUser launch/patient patient/Patient.rs";
const METADATA = { client_name: "Registers itself", token_endpoint_auth_method: "client_secret_post", scope: SCOPE };

const register = (metadata, initialAccessToken) =>
  oidc.dynamicClientRegistration(new URL(stage.base), metadata, undefined, { initialAccessToken, execute: [oidc.allowInsecureRequests] });

await check("registers, is authorized, reads", async () => {
  const app = await catchRedirect();
  try {
    const config = await register({ ...METADATA, redirect_uris: [app.redirectUri] }, stage.initialAccessToken);
    const { client_id, client_name } = config.clientMetadata();
    assert.match(client_id, /^dyn-/);
    assert.equal(client_name, METADATA.client_name);
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const expectedState = oidc.randomState();
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: app.redirectUri,
      scope: SCOPE,
      aud: stage.fhir,
      state: expectedState,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    await inPage(SIZES.desktop, async (page) => {
      await page.goto(url.href);
      await approve(page, stage.users.clinician, { patient: "amina" });
    });
    const tokens = await oidc.authorizationCodeGrant(config, await app.caught, { pkceCodeVerifier, expectedState, idTokenExpected: true });
    assert.equal(tokens.claims().aud, client_id);
    await readFhir("Patient/amina", tokens.access_token);
  } finally {
    app.close();
  }
});

await check("without the token nobody registers, and with it nobody gets what is an operator's to give", async () => {
  const app = { ...METADATA, redirect_uris: ["https://app.example/callback"] };
  for (const token of [undefined, "guessed"]) {
    await assert.rejects(register(app, token), (error) => error.response?.status === 401 || error.cause?.status === 401);
  }
  for (const more of [{ scope: "system/*.rs" }, { grant_types: ["client_credentials"] }]) {
    await assert.rejects(register({ ...app, ...more }, stage.initialAccessToken), { error: "invalid_client_metadata" });
  }
  await assert.rejects(register({ ...app, redirect_uris: ["http://app.example/callback"] }, stage.initialAccessToken), { error: "invalid_redirect_uri" });
});

await closeBrowser();
