// A real OpenID Provider: npm `oidc-provider` with its own pages, and people who sign in with any password.

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { stage } from "./stage.mjs";

// Its advice is for those who run it for real.
console.warn = console.info = () => {};
const { default: Provider } = await import("oidc-provider");

/** Starts a provider at its issuer. `people` may be changed while it runs: what is said of each, by login. */
export async function startProvider(issuer, { secret, people, alg = "RS256" }) {
  const { privateKey } = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const asked = [];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "smart",
        redirect_uris: [`${stage.base}/auth/callback`],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        id_token_signed_response_alg: alg,
        ...(secret ? { client_secret: secret, token_endpoint_auth_method: "client_secret_basic" } : { token_endpoint_auth_method: "none" }),
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: `${alg}-${Date.now()}`, alg, use: "sig" }] },
    cookies: { keys: ["only for tests"] },
    pkce: { required: () => true },
    scopes: ["openid", "smart"],
    claims: { openid: ["sub"], profile: ["name"], smart: ["fhirUser", "smart"] },
    // What it knows of people stands in the ID token itself.
    conformIdTokenClaims: false,
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...people[accountId] }) }),
    features: { devInteractions: { enabled: true } },
  });
  provider.use(async (context, next) => {
    if (context.path === "/auth") asked.push(new URLSearchParams(context.querystring));
    await next();
  });
  const server = provider.listen(Number(new URL(issuer).port), "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { asked, close };
}
