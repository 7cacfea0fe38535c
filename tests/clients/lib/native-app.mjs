// The seed's native client by hand: what it asks for, and what it gets at the token endpoint.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { catchRedirect } from "./loopback.mjs";
import { stage } from "./stage.mjs";

export const SCOPE = "launch/patient openid fhirUser offline_access patient/Patient.rs";
export const discovered = await (await fetch(`${stage.fhir}/.well-known/smart-configuration`)).json();

/** The address of an authorization request, and the code exchange that belongs to it. */
export function authorization(redirectUri, changes = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const url = new URL(discovered.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: "native",
    redirect_uri: redirectUri,
    scope: SCOPE,
    state,
    aud: stage.fhir,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...changes,
  });
  const redeem = (returned) => {
    assert.equal(returned.searchParams.get("state"), state);
    assert.equal(returned.searchParams.get("iss"), stage.base);
    const code = returned.searchParams.get("code");
    return tokens({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier });
  };
  return { url: url.href, redeem };
}

/** What the token endpoint says to a form, with this status. */
export async function tokens(form, status = 200) {
  const body = new URLSearchParams({ client_id: "native", ...form });
  const answer = await fetch(discovered.token_endpoint, { method: "POST", body });
  const said = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(said));
  return said;
}

/** Runs `body` with a native app that listens. */
export async function withApp(body) {
  const app = await catchRedirect();
  try {
    await body(app);
  } finally {
    app.close();
  }
}
