// The server's pages by themselves: without JavaScript, by keyboard alone, and where they must say no.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage, photograph } from "../lib/browser.mjs";
import { SCOPE, authorization, discovered, withApp } from "../lib/native-app.mjs";
import { approve, choosePatient, consent, leaving, offeredPatients, on, openDetails, searchPatients, signIn } from "../lib/pages.mjs";
import { check, readFhir, stage } from "../lib/stage.mjs";

const { clinician, newcomer, patient } = stage.users;

await check("without JavaScript: sign in, search, choose, consent, and the code is good", () =>
  withApp((app) =>
    inPage({ ...SIZES.phone, javaScriptEnabled: false }, async (page) => {
      const { url, redeem } = authorization(app.redirectUri);
      await page.goto(url);
      await signIn(page, clinician);
      await searchPatients(page, "haddad");
      assert.deepEqual(await offeredPatients(page), ["amina-h"]);
      await choosePatient(page, "amina-h");
      await consent(page);
      const token = await redeem(await app.caught);
      assert.equal(token.patient, "amina-h");
      const { name } = await readFhir("Patient/amina-h", token.access_token);
      assert.equal(name[0].family, "Haddad");
    })));

await check("by keyboard alone: Tab, type, Enter, with a focus that can be seen", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      const { url, redeem } = authorization(app.redirectUri);
      await page.goto(url);
      await tabTo(page, '[name="username"]');
      await page.keyboard.type(clinician.username);
      await tabTo(page, '[name="password"]');
      await page.keyboard.type(clinician.password);
      await page.keyboard.press("Enter");

      await on.search(page).waitFor();
      await tabTo(page, '[name="q"]');
      await page.keyboard.type("chiara");
      await page.keyboard.press("Enter");
      await on.patient(page, "bruno").waitFor({ state: "detached" });
      const type = await tabTo(page, '[name="patient"]');
      if (type === "radio") await page.keyboard.press("Space");
      await page.keyboard.press("Enter");

      await on.allow(page).waitFor();
      await tabTo(page, '[name="decision"][value="allow"]');
      await page.keyboard.press("Enter");
      assert.equal((await redeem(await app.caught)).patient, "chiara");
    })));

await check("a wrong password and an unknown name get the same answer: 401 and the form again", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      const answers = [];
      page.on("response", (response) => response.request().method() === "POST" && answers.push(response.status()));
      const said = [];
      for (const username of [patient.username, "no-such-person"]) {
        await page.goto(authorization(app.redirectUri).url);
        await signIn(page, { username, password: "not the password" });
        said.push((await page.locator("main, body").first().innerText()).replaceAll(username, "…"));
        assert.equal(await on.password(page).inputValue(), "", "the password is not sent back");
      }
      assert.deepEqual(answers, [401, 401]);
      assert.equal(said[0], said[1]);
    })));

await check("a redirect URI that is not registered is shown, never followed", async () => {
  for (const [size, screen] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      await inPage({ ...screen, colorScheme }, async (page) => {
        const answer = await page.goto(authorization("http://127.0.0.1:9/elsewhere").url);
        assert.equal(answer.status(), 400);
        assert.equal(new URL(page.url()).origin, stage.base);
        await photograph(page, `error-${size}-${colorScheme}`);
        await openDetails(page);
        assert.match(await page.locator("body").innerText(), /redirect_uri/);
        await photograph(page, `error-details-${size}-${colorScheme}`);
      });
    }
  }
});

await check("a user without patients gets a page that says so", () =>
  withApp((app) =>
    inPage(SIZES.phone, async (page) => {
      await page.goto(authorization(app.redirectUri).url);
      await signIn(page, newcomer);
      assert.equal(await on.patients(page).count(), 0);
      assert.match(await page.locator("main, body").first().innerText(), /patient/i);
      await photograph(page, "no-patients-phone-light");
    })));

await check("a faulty request that may be redirected goes back to the app with what to mend", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      await page.goto(authorization(app.redirectUri, { aud: "https://elsewhere.example/fhir" }).url);
      const returned = await app.caught;
      assert.equal(returned.searchParams.get("error"), "invalid_request");
      assert.match(returned.searchParams.get("error_description"), /aud/);
    })));

await check("apps with access: sign in without an app, see, end, without JavaScript and at phone width", () =>
  withApp((app) =>
    inPage({ ...SIZES.phone, javaScriptEnabled: false }, async (page) => {
      const { url, redeem } = authorization(app.redirectUri, { scope: `${SCOPE} patient/Observation.rs patient/Condition.rs` });
      await page.goto(url);
      await approve(page, patient);
      const token = await redeem(await app.caught);
      const again = await page.context().browser().newContext({ ...SIZES.phone, locale: "en-GB", javaScriptEnabled: false });
      const phone = await again.newPage();
      await phone.goto(discovered.management_endpoint);
      await photograph(phone, "access-sign-in-phone-light");
      await signIn(phone, patient);
      await phone.locator("form", { has: phone.locator('[name="grant"]') }).first().waitFor();
      await photograph(phone, "access-phone-light");
      await leaving(phone, () => phone.locator('[name="decision"][value="revoke"]').first().click());
      assert.match(await phone.locator("[role=status]").innerText(), /ended/);
      await photograph(phone, "access-ended-phone-light");
      await again.close();
      const answer = await fetch(`${stage.fhir}/Patient/${token.patient}`, { headers: { authorization: `Bearer ${token.access_token}` } });
      assert.equal(answer.status, 401, "what was ended opens nothing");
    })));

await check("apps with access: light and dark, phone and desktop; what an app asks for again is told from what is new", () =>
  withApp((app) =>
    withApp((second) =>
      inPage(SIZES.desktop, async (page) => {
        const one = authorization(app.redirectUri, { scope: "launch/patient offline_access patient/Observation.rs" });
        await page.goto(one.url);
        await approve(page, clinician, { patient: "amina-h" });
        await one.redeem(await app.caught);
        await page.goto(authorization(second.redirectUri, { scope: `${SCOPE} patient/Observation.rs patient/MedicationRequest.rs patient/Encounter.rs` }).url);
        await choosePatient(page, "amina-h");
        await on.allow(page).waitFor();
        await wellFormed(page, "consent again");
        for (const [size, { viewport }] of Object.entries(SIZES)) {
          for (const colorScheme of ["light", "dark"]) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await photograph(page, `consent-again-${size}-${colorScheme}`);
          }
        }
        await page.goto(discovered.management_endpoint);
        await wellFormed(page, "apps with access");
        for (const [size, { viewport }] of Object.entries(SIZES)) {
          for (const colorScheme of ["light", "dark"]) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            await photograph(page, `access-${size}-${colorScheme}`);
          }
        }
        await tabTo(page, '[name="decision"][value="revoke"]');
        await leaving(page, () => page.keyboard.press("Enter"));
        assert.match(await page.locator("[role=status]").innerText(), /ended/);
      }))));

await check("each page has one heading, a title, a language, and a label on every field", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      await page.goto(authorization(app.redirectUri).url);
      await wellFormed(page, "sign in");
      await signIn(page, clinician);
      await wellFormed(page, "choose a patient");
      await choosePatient(page, "amina");
      await wellFormed(page, "consent");
    })));

await check("the pages cannot be framed, cached or leak where they were", () =>
  withApp(async (app) => {
    const { headers } = await fetch(authorization(app.redirectUri).url);
    assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.match(headers.get("cache-control") ?? "", /no-store/);
    assert.match(headers.get("referrer-policy") ?? "", /no-referrer|same-origin|strict-origin/);
  }));

await check("two authorizations at once in one browser do not mix", () =>
  withApp((first) =>
    withApp((second) =>
      inPage(SIZES.desktop, async (page) => {
        const one = authorization(first.redirectUri);
        const two = authorization(second.redirectUri);
        const other = await page.context().newPage();
        await page.goto(one.url);
        await other.goto(two.url);
        await approve(page, clinician, { patient: "bruno" });
        await other.goto(two.url);
        await choosePatient(other, "chiara");
        await consent(other);
        assert.equal((await one.redeem(await first.caught)).patient, "bruno");
        assert.equal((await two.redeem(await second.caught)).patient, "chiara");
      }))));

/** Presses Tab until this has the focus, which must be visible; returns the element's type. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 40; presses += 1) {
    const found = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (!element?.matches(wanted)) return null;
      const ring = (candidate) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(candidate);
        return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      };
      return { type: element.type, visible: [element, element.closest("label")].some((candidate) => candidate && ring(candidate)) };
    }, selector);
    if (found) {
      assert.ok(found.visible, `the focus on ${selector} can be seen`);
      return found.type;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`40 presses of Tab do not reach ${selector}`);
}

async function wellFormed(page, name) {
  const faults = await page.evaluate(() => {
    const found = [];
    if (!document.documentElement.lang) found.push("no language");
    if (!document.title) found.push("no title");
    if (document.querySelectorAll("h1").length !== 1) found.push("not exactly one h1");
    for (const field of document.querySelectorAll("input:not([type=hidden])")) {
      if (!field.labels?.length && !field.ariaLabel) found.push(`no label: ${field.name}`);
    }
    for (const target of document.querySelectorAll("button, input[type=text], input[type=password], input[type=search]")) {
      const { height } = target.getBoundingClientRect();
      if (height > 0 && height < 44) found.push(`${target.name || target.textContent.trim()} is ${height} px high`);
    }
    return found;
  });
  assert.deepEqual(faults, [], name);
}

await closeBrowser();
