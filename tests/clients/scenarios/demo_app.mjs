// What a newcomer does first: opens `/`, launches the demo app, signs in as a demo user, and looks around.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage, photograph } from "../lib/browser.mjs";
import { choosePatient, consent, leaving, offeredPatients, on, openDetails, searchPatients, signIn } from "../lib/pages.mjs";
import { check, stage } from "../lib/stage.mjs";

const clinician = { username: "clinician", password: "demo-clinician" };
const patient = { username: "patient", password: "demo-patient" };
const parent = { username: "parent", password: "demo-parent" };

const button = (page, name) => page.getByRole("button", { name, exact: true });

/** From the start page to the server's sign-in page, asking for what this preset asks for. */
async function launch(page, preset = "Patient app") {
  await page.goto(`${stage.base}/`);
  await page.getByRole("link", { name: "Launch the demo app" }).click();
  await page.getByText(preset, { exact: true }).click();
  await button(page, "Connect").click();
}

/** The app with the record of this patient, once every part has its answer. */
async function recordOf(page, name) {
  await page.waitForURL(`${stage.base}/demo/app/`);
  await page.locator(".card.patient").getByRole("heading", { name: new RegExp(name) }).waitFor();
  await page.waitForFunction(() => !document.querySelector("[aria-busy]"));
}

/** The title of the card (a part of the record) and whether the app was let in. */
const parts = (page) =>
  page.locator(".card.list").evaluateAll((cards) =>
    Object.fromEntries(cards.map((card) => [card.querySelector("h2").textContent, !card.querySelector(".not-shared")])));

for (const [size, screen] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const look = `${size}-${colorScheme}`;
    await check(`a clinician launches the demo app, sees a chart, refreshes, and signs out (${look})`, () =>
      inPage({ ...screen, colorScheme }, async (page) => {
        await page.goto(`${stage.base}/`);
        await photograph(page, `demo-start-${look}`);
        await page.getByRole("link", { name: "Launch the demo app" }).click();
        await button(page, "Connect").waitFor();
        await photograph(page, `demo-connect-${look}`);
        await button(page, "Connect").click();

        await signIn(page, clinician);
        await photograph(page, `demo-choose-patient-${look}`);
        await searchPatients(page, "alvarez");
        await choosePatient(page, "alvarez-maria");
        await on.allow(page).waitFor();
        await photograph(page, `demo-consent-${look}`);
        await consent(page);

        await recordOf(page, "Maria");
        assert.ok(await page.locator(".vitals svg path").count(), "the chart has a line");
        assert.ok(Object.values(await parts(page)).every(Boolean), "every part of the record is there");
        await photograph(page, `demo-app-${look}`);

        await button(page, "Refresh token").click();
        await page.getByText("The refresh token was rotated").waitFor();
        await recordOf(page, "Maria");
        await button(page, "Try a read outside the grant").click();
        await page.getByRole("heading", { name: /was refused: 40[34]/ }).waitFor();
        await openDetails(page);
        await photograph(page, `demo-app-details-${look}`);

        await leaving(page, () => page.getByRole("link", { name: "Sign out", exact: true }).click());
        await photograph(page, `sign-out-${look}`);
        await leaving(page, () => page.locator('main form[action$="/auth/sign-out"] button').click());
        await photograph(page, `signed-out-${look}`);
        await launch(page);
        await on.password(page).waitFor(); // nobody is signed in any more
      }));
  }
}

await check("an app that asks for vital signs alone gets a chart, and no more", () =>
  inPage(SIZES.desktop, async (page) => {
    await launch(page, "Only vital signs");
    await signIn(page, patient);
    await consent(page);
    await recordOf(page, "Maria");
    assert.ok(await page.locator(".vitals svg path").count(), "the chart has a line");
    const shared = await parts(page);
    assert.deepEqual([shared.Conditions, shared.Medications, shared.Visits], [false, false, false]);
    await photograph(page, "demo-app-vital-signs-desktop-light");
  }));

await check("scopes in the style of SMART v1 open the same record", () =>
  inPage(SIZES.desktop, async (page) => {
    await launch(page, "Old style");
    await signIn(page, patient);
    await consent(page);
    await recordOf(page, "Maria");
    assert.ok(Object.values(await parts(page)).every(Boolean), "every part of the record is there");
    assert.ok(await button(page, "Refresh token").isDisabled(), "offline_access was not asked for");
  }));

await check("a parent chooses between her children, and sees nobody else", () =>
  inPage(SIZES.phone, async (page) => {
    await launch(page);
    await signIn(page, parent);
    assert.deepEqual((await offeredPatients(page)).sort(), ["osei-abena", "osei-kwame"]);
    await searchPatients(page, "alvarez");
    assert.deepEqual(await offeredPatients(page), []);
    await searchPatients(page, "kwame");
    await choosePatient(page, "osei-kwame");
    await consent(page);
    await recordOf(page, "Kwame");
  }));

await check("a denial is told in plain words", () =>
  inPage(SIZES.phone, async (page) => {
    await launch(page);
    await signIn(page, patient);
    await consent(page, { decision: "deny" });
    await page.getByRole("heading", { name: "You did not give this app access." }).waitFor();
    await photograph(page, "demo-denied-phone-light");
  }));

await closeBrowser();
