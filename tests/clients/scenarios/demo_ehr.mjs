// The demo EHR at `/demo/ehr/`: it opens the demo app for a visit, in its own place and in a tab.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage, photograph } from "../lib/browser.mjs";
import { consent, on, signIn } from "../lib/pages.mjs";
import { check, stage } from "../lib/stage.mjs";

const clinician = { username: "clinician", password: "demo-clinician" };

async function openEhr(page) {
  await page.goto(`${stage.base}/`);
  await page.getByRole("link", { name: "from the demo EHR" }).click();
  await page.getByRole("heading", { name: "Maria" }).waitFor();
}

for (const [size, screen] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const look = `${size}-${colorScheme}`;
    await check(`the EHR opens the app in its own place, for another patient too (${look})`, () =>
      inPage({ ...screen, colorScheme }, async (page) => {
        await openEhr(page);
        await photograph(page, `demo-ehr-${look}`);
        await page.getByRole("button", { name: "Open here for Maria" }).click();
        const frame = page.frameLocator("iframe");
        await frame.locator('[name="username"]').fill(clinician.username);
        await frame.locator('[name="password"]').fill(clinician.password);
        await photograph(page, `demo-ehr-sign-in-${look}`);
        await frame.locator('form:has([name="password"]) button').click();
        await frame.locator('[name="decision"][value="allow"]').waitFor();
        await photograph(page, `demo-ehr-consent-${look}`);
        await frame.locator('[name="decision"][value="allow"]').click();
        await frame.locator(".card.patient").getByRole("heading", { name: /Maria/ }).waitFor();
        await page.locator("#call summary").click();
        await photograph(page, `demo-ehr-app-${look}`);

        await page.getByRole("button", { name: "Open here for Kwame" }).click();
        await frame.locator('[name="decision"][value="allow"]').click();
        await frame.locator(".card.patient").getByRole("heading", { name: /Kwame/ }).waitFor();
        await page.getByRole("button", { name: "Close the app" }).click();
        await page.getByRole("heading", { name: "No app is open" }).waitFor();
      }));
  }
}

await check("the EHR opens the app in a tab, with the visit that was chosen", () =>
  inPage(SIZES.desktop, async (page) => {
    await openEhr(page);
    const visit = page.locator("#visit-goldstein-ruth");
    const id = await visit.locator("option").nth(1).getAttribute("value");
    await visit.selectOption(id);
    const [tab] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button", { name: "Open in a tab for Ruth" }).click()]);
    await on.username(tab).waitFor();
    await signIn(tab, clinician);
    assert.equal(await on.patients(tab).count(), 0);
    await consent(tab);
    await tab.locator(".card.patient").getByRole("heading", { name: /Ruth/ }).waitFor();
    const session = await tab.evaluate(() => JSON.parse(sessionStorage.getItem("vitals-viewer.session")));
    assert.equal(session.tokens.encounter, id);
    assert.equal(session.tokens.need_patient_banner, true);
  }));

await closeBrowser();
