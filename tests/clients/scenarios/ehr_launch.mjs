// npm `fhirclient` in a page that an EHR opens: patient and visit come with the token, and nobody is asked for either.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage, photograph } from "../lib/browser.mjs";
import { makeLaunch } from "../lib/ehr.mjs";
import { serveApp } from "../lib/loopback.mjs";
import { consent, leaving, on, signIn } from "../lib/pages.mjs";
import { check, observationsOf, stage } from "../lib/stage.mjs";

const { clinician, patient } = stage.users;
const app = await serveApp(stage.clients.browser);
const CONTEXT = { patient: "bruno", encounter: "bruno-visit", user: "Practitioner/moreau", intent: "review", tenant: "ward-3" };

async function appState(page) {
  await page.waitForURL((url) => url.href.startsWith(app.redirectUri) && url.pathname === "/");
  await page.waitForFunction(() => !["", "working"].includes(document.getElementById("state")?.textContent ?? ""));
  return page.locator("#state").innerText();
}

const told = async (page) => JSON.parse(await page.locator("#context").textContent());

for (const [size, screen] of Object.entries(SIZES)) {
  await check(`the app opens with the patient and visit of the EHR, and has them after a refresh too (${size})`, () =>
    inPage(screen, async (page) => {
      await page.goto(await makeLaunch(CONTEXT));
      await on.username(page).waitFor();
      await signIn(page, clinician);
      assert.equal(await on.patients(page).count(), 0, "nobody is asked for a patient");
      await on.allow(page).waitFor();
      await photograph(page, `ehr-consent-${size}`);
      await consent(page);
      assert.equal(await appState(page), "ready");
      assert.equal(await page.locator("#patient").innerText(), "Bruno Keller");
      assert.equal(await page.locator("#encounter").innerText(), "bruno-visit");
      assert.equal(await page.locator("#observations").innerText(), String(observationsOf("bruno")));
      const first = await told(page);
      assert.deepEqual([first.need_patient_banner, first.intent, first.tenant], [true, "review", "ward-3"]);
      assert.equal((await (await fetch(first.smart_style_url)).json()).color_background, "#f7f8f6");
      await page.locator("#refresh").click();
      assert.equal(await appState(page), "refreshed");
      assert.equal(await page.locator("#encounter").innerText(), "bruno-visit");

      // The next patient: she is signed in, and is not asked again who she is.
      await page.goto(await makeLaunch({ ...CONTEXT, patient: "amina", encounter: undefined }));
      await on.allow(page).waitFor();
      await consent(page);
      assert.equal(await appState(page), "ready");
      assert.equal(await page.locator("#patient").innerText(), "Amina Diallo");
    }));
}

await check("Back and Reload on the way burn nothing; the code does", () =>
  inPage(SIZES.desktop, async (page) => {
    const launch = await makeLaunch(CONTEXT);
    await page.goto(launch);
    await on.username(page).waitFor();
    await page.reload();
    await on.username(page).waitFor();
    await page.goto(launch);
    await on.username(page).waitFor();
    await signIn(page, clinician);
    await on.allow(page).waitFor();
    await page.reload();
    await page.goto(launch);
    await on.allow(page).waitFor();
    await consent(page);
    assert.equal(await appState(page), "ready");
    await page.goto(launch);
    assert.match(await appState(page), /^failed: .*launch was used before/);
  }));

await check("a launch of the clinician is not the patient's, who is told so", () =>
  inPage(SIZES.phone, async (page) => {
    await page.goto(await makeLaunch(CONTEXT));
    await on.username(page).waitFor();
    await signIn(page, patient);
    await page.getByText("started for somebody else").waitFor();
    await photograph(page, "ehr-another-user-phone");
    await signIn(page, clinician);
    await consent(page);
    assert.equal(await appState(page), "ready");
  }));

await check("a patient whom the user may not see is not opened", () =>
  inPage(SIZES.phone, async (page) => {
    await page.goto(await makeLaunch({ patient: "bruno" }));
    await on.username(page).waitFor();
    await signIn(page, patient);
    await page.getByRole("heading", { name: "You may not open this record" }).waitFor();
    await photograph(page, "ehr-out-of-reach-phone");
    await leaving(page, () => on.deny(page).click());
    assert.match(await appState(page), /^failed: .*access_denied/);
  }));

const ENCOUNTER = "launch/encounter openid fhirUser patient/Patient.rs patient/Observation.rs";
for (const [size, screen] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    await check(`a standalone app that asks for a visit has it chosen (${size}, ${colorScheme})`, () =>
      inPage({ ...screen, colorScheme }, async (page) => {
        await page.goto(app.launch(ENCOUNTER));
        await on.username(page).waitFor();
        await signIn(page, clinician);
        await leaving(page, () => on.patient(page, "chiara").click());
        await page.getByRole("heading", { name: "There is no visit to choose" }).waitFor();
        await photograph(page, `no-visits-${size}-${colorScheme}`);
        await leaving(page, () => page.getByRole("link", { name: "Choose another patient" }).click());
        await leaving(page, () => on.patient(page, "bruno").click());
        await page.getByRole("heading", { name: "Choose a visit" }).waitFor();
        await photograph(page, `choose-visit-${size}-${colorScheme}`);
        await leaving(page, () => page.locator('[name="encounter"][value="bruno-visit"]').click());
        await consent(page);
        assert.equal(await appState(page), "ready");
        assert.equal(await page.locator("#encounter").innerText(), "bruno-visit");
      }));
  }
}

app.close();
await closeBrowser();
