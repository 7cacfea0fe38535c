// An EHR of another site embeds the app, and with it the server's pages: only that EHR may, and the cookies work there.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage } from "../lib/browser.mjs";
import { makeLaunch, serveEhr } from "../lib/ehr.mjs";
import { serveApp } from "../lib/loopback.mjs";
import { check, stage } from "../lib/stage.mjs";

const { clinician } = stage.users;
const app = await serveApp(stage.clients.browser);
const ehr = await serveEhr(stage.ehrOrigin);
const CONTEXT = { patient: "bruno", encounter: "bruno-visit", user: "Practitioner/moreau" };

async function openEmbedded(page, context) {
  await page.goto(ehr.page(await makeLaunch(context)));
  return page.frameLocator("iframe");
}

async function allow(frame) {
  await frame.locator('[name="decision"][value="allow"]').click();
  await frame.locator("#state", { hasText: "ready" }).waitFor();
}

await check("the pages work inside the EHR of another site, and the session lasts from launch to launch", () =>
  inPage(SIZES.desktop, async (page) => {
    assert.notEqual(new URL(stage.ehrOrigin).hostname, new URL(stage.base).hostname, "another site");
    const frame = await openEmbedded(page, CONTEXT);
    await frame.locator('[name="username"]').fill(clinician.username);
    await frame.locator('[name="password"]').fill(clinician.password);
    await frame.locator('form:has([name="password"]) button').click();
    await allow(frame);
    assert.equal(await frame.locator("#patient").innerText(), "Bruno Keller");

    const again = await openEmbedded(page, { ...CONTEXT, patient: "amina", encounter: "amina-visit" });
    await allow(again);
    assert.equal(await again.locator("#patient").innerText(), "Amina Diallo");
    assert.equal(await again.locator("#encounter").innerText(), "amina-visit");
    const cookies = (await page.context().cookies()).filter(({ name }) => name === "smart-session");
    assert.deepEqual(cookies.map(({ sameSite, secure, httpOnly }) => [sameSite, secure, httpOnly]), [["None", true, true]]);
  }));

/** A request of the app, put together by hand. */
async function authorizeUrl(launch) {
  const { authorization_endpoint } = await (await fetch(`${stage.fhir}/.well-known/smart-configuration`)).json();
  return `${authorization_endpoint}?${new URLSearchParams({
    response_type: "code", client_id: "browser", redirect_uri: app.redirectUri, scope: "launch patient/Patient.rs", state: "s", aud: stage.fhir,
    launch: new URL(launch).searchParams.get("launch"), code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  })}`;
}

await check("a page names the EHR as the one that may embed it, and a browser holds all others to that", async () => {
  const url = await authorizeUrl(await makeLaunch(CONTEXT));
  const page = await fetch(url);
  assert.ok(page.headers.get("content-security-policy").includes(`frame-ancestors ${stage.ehrOrigin};`));
  assert.equal(page.headers.get("x-frame-options"), null);
  assert.match(page.headers.get("set-cookie"), /SameSite=None; Secure; Partitioned/);
  const other = await serveEhr("http://127.0.0.1:0");
  try {
    const complaint = inPage(SIZES.desktop, async (tab) => {
      const said = tab.waitForEvent("console", { predicate: (message) => /frame-ancestors/.test(message.text()) });
      await tab.goto(other.page(url));
      await said;
      assert.equal(await tab.frameLocator("iframe").locator('[name="username"]').count(), 0);
    });
    await assert.rejects(complaint, /the browser complained/);
  } finally {
    other.close();
  }
});

ehr.close();
app.close();
await closeBrowser();
