// The local ends of redirects: a listener that catches one, and a web server for the app in the browser.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { stage } from "./stage.mjs";

const APP = new URL("../app/", import.meta.url);
const FILES = {
  "/": () => readFileSync(new URL("index.html", APP)),
  "/launch.html": () => readFileSync(new URL("launch.html", APP)),
  "/fhir-client.js": () => readFileSync(stage.fhirclient),
};

/** Listens as a native app does; port 0 picks a free one. `caught` resolves to the URL of the first redirect. */
export async function catchRedirect(port = 0) {
  let caught;
  const url = new Promise((resolve) => (caught = resolve));
  const server = createServer((request, answer) => {
    const address = new URL(request.url, `http://127.0.0.1:${server.address().port}`);
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.end("<!doctype html><title>Done</title><p>You may close this window.");
    if (address.pathname === "/callback") caught(address);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return { redirectUri: `http://127.0.0.1:${server.address().port}/callback`, caught: url, close: () => close(server) };
}

/** Serves the app at the very redirect URI that its client registered. */
export async function serveApp({ client_id, redirect_uris: [redirectUri] }) {
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url, redirectUri);
    const file = FILES[pathname];
    answer.setHeader("content-type", pathname.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8");
    answer.writeHead(file ? 200 : 404).end(file?.());
  }).listen(new URL(redirectUri).port, "127.0.0.1");
  await once(server, "listening");
  const launch = (scope) => {
    const url = new URL("launch.html", redirectUri);
    url.search = new URLSearchParams({ fhir: stage.fhir, client: client_id, scope });
    return url.href;
  };
  return { redirectUri, launch, close: () => close(server) };
}

function close(server) {
  server.closeAllConnections();
  server.close();
}
