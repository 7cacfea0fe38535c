// An EHR: its backend makes launches with a token of its own, and its front end may embed the app.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { stage } from "./stage.mjs";

/** Asks for a token as backend services do, and for a launch with it. Returns the URL to open. */
export async function makeLaunch(context) {
  const configuration = await (await fetch(`${stage.fhir}/.well-known/smart-configuration`)).json();
  assert.ok(configuration.capabilities.includes("launch-ehr"));
  const { client_id, client_secret } = stage.clients.ehr;
  const token = await fetch(configuration.token_endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "__launch.create" }),
  });
  assert.equal(token.status, 200);
  const { access_token } = await token.json();
  const made = await fetch(`${stage.base}/auth/launch`, {
    method: "POST",
    headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
    body: JSON.stringify({ client_id: "browser", ...context }),
  });
  const told = await made.json();
  assert.equal(made.status, 201, JSON.stringify(told));
  return told.launch_url;
}

/** Serves a page at `origin` (port 0 picks a free one) that embeds whatever `?app=` names. */
export async function serveEhr(origin) {
  const server = createServer((request, answer) => {
    const app = new URL(request.url, origin).searchParams.get("app") ?? "about:blank";
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.end(`<!doctype html><title>EHR</title><h1>EHR</h1><iframe title="app" width="380" height="700" src="${app.replaceAll("&", "&amp;")}"></iframe>`);
  }).listen(new URL(origin).port, "127.0.0.1");
  await once(server, "listening");
  const here = `http://127.0.0.1:${server.address().port}`;
  return {
    page: (app) => `${here}/?${new URLSearchParams({ app })}`,
    close: () => { server.closeAllConnections(); server.close(); },
  };
}
