// npm `fhirclient` in a page, as most SMART apps on the web use it: launched, through the server's pages, back, reading, refreshed.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage, photograph, visits } from "../lib/browser.mjs";
import { serveApp } from "../lib/loopback.mjs";
import { approve, choosePatient, consent, offeredPatients, on, openDetails, searchPatients, signIn } from "../lib/pages.mjs";
import { check, observationsOf, scopes, stage } from "../lib/stage.mjs";

const SCOPE = "launch/patient openid fhirUser offline_access patient/Patient.rs patient/Observation.rs";
const { clinician, patient } = stage.users;
const app = await serveApp(stage.clients.browser);

/** The app's own words, once it has finished what it was doing. */
async function appState(page) {
  await page.waitForURL((url) => url.href.startsWith(app.redirectUri));
  await page.waitForFunction(() => !["", "working"].includes(document.getElementById("state").textContent));
  return page.locator("#state").innerText();
}

async function shows(page, { name, observations }) {
  assert.equal(await page.locator("#patient").innerText(), name);
  assert.equal(await page.locator("#observations").innerText(), String(observations));
}

for (const [size, screen] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const look = `${size}-${colorScheme}`;
    await check(`a clinician searches, chooses and consents; the app reads and refreshes (${look})`, () =>
      inPage({ ...screen, colorScheme }, async (page) => {
        await page.goto(app.launch(SCOPE));
        await on.username(page).waitFor();
        await photograph(page, `sign-in-${look}`);
        await signIn(page, { ...clinician, password: "not the password" });
        await photograph(page, `sign-in-refused-${look}`);

        await signIn(page, clinician);
        assert.deepEqual((await offeredPatients(page)).sort(), Object.keys(stage.patients).sort());
        await photograph(page, `choose-patient-${look}`);
        await searchPatients(page, "amina");
        assert.deepEqual((await offeredPatients(page)).sort(), ["amina", "amina-h"]);
        await photograph(page, `choose-patient-search-${look}`);
        await searchPatients(page, "nobody of this name");
        assert.deepEqual(await offeredPatients(page), []);
        await photograph(page, `choose-patient-none-found-${look}`);
        await searchPatients(page, "1957-11-21");
        assert.deepEqual(await offeredPatients(page), ["bruno"]);
        await choosePatient(page, "bruno");

        await on.allow(page).waitFor();
        await photograph(page, `consent-${look}`);
        await openDetails(page);
        await photograph(page, `consent-details-${look}`);
        await consent(page);

        assert.equal(await appState(page), "ready");
        await shows(page, { name: "Bruno Keller", observations: observationsOf("bruno") });
        assert.match(await page.locator("#user").innerText(), /Practitioner\/moreau$/);
        await photograph(page, `app-${look}`);

        await page.locator("#refresh").click();
        assert.equal(await appState(page), "refreshed");
        await shows(page, { name: "Bruno Keller", observations: observationsOf("bruno") });
      }));
  }
}

await check("a patient is not asked to choose, and reads the own record", () =>
  inPage(SIZES.phone, async (page) => {
    await page.goto(app.launch(SCOPE));
    await signIn(page, patient);
    assert.equal(await on.patients(page).count(), 0, "no choice is offered");
    await consent(page);
    assert.equal(await appState(page), "ready");
    await shows(page, { name: "Amina Diallo", observations: observationsOf("amina") });
    assert.match(await page.locator("#user").innerText(), /Patient\/amina$/);
  }));

await check("a denial reaches the app as access_denied, with its state and our iss (AUTHZ)", () =>
  inPage(SIZES.desktop, async (page) => {
    const asking = page.waitForRequest((request) => request.url().includes("code_challenge="));
    await page.goto(app.launch(SCOPE));
    const state = new URL((await asking).url()).searchParams.get("state");
    const seen = visits(page);
    await approve(page, clinician, { patient: "bruno", decision: "deny" });
    assert.match(await appState(page), /^failed: .*access_denied/);
    const returned = seen.find((url) => url.href.startsWith(app.redirectUri));
    assert.equal(returned.searchParams.get("error"), "access_denied");
    assert.equal(returned.searchParams.get("state"), state);
    assert.equal(returned.searchParams.get("iss"), stage.base);
    assert.equal(returned.searchParams.get("code"), null);
  }));

await check("a scope that the user unticks is not granted, and its data is refused", () =>
  inPage(SIZES.desktop, async (page) => {
    await page.goto(app.launch(SCOPE));
    await approve(page, clinician, { patient: "bruno", refuse: ["patient/Observation.rs"] });
    assert.equal(await appState(page), "ready");
    const granted = scopes(await page.locator("#scope").innerText());
    assert.ok(!granted.has("patient/Observation.rs") && granted.has("patient/Patient.rs"), [...granted].join(" "));
    await shows(page, { name: "Bruno Keller", observations: "HTTP 403" });
  }));

await check("a scope that the user narrows to vital signs is granted so, and shows no laboratory results", () =>
  inPage(SIZES.phone, async (page) => {
    const vitalSigns = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";
    await page.goto(app.launch(SCOPE));
    await approve(page, clinician, { patient: "bruno", narrowTo: [vitalSigns] });
    assert.equal(await appState(page), "ready");
    const granted = scopes(await page.locator("#scope").innerText());
    assert.ok(granted.has(vitalSigns) && !granted.has("patient/Observation.rs"), [...granted].join(" "));
    await shows(page, { name: "Bruno Keller", observations: stage.patients.bruno.vitalSigns });
  }));

app.close();
await closeBrowser();
