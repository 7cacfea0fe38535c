// Sign-in at real identity providers, of another site, in a browser.

import assert from "node:assert/strict";
import { SIZES, closeBrowser, inPage, photograph } from "../lib/browser.mjs";
import { startProvider } from "../lib/identity-provider.mjs";
import { SCOPE, authorization, tokens, withApp } from "../lib/native-app.mjs";
import { approve, choosePatient, consent, leaving, offeredPatients, on, signIn } from "../lib/pages.mjs";
import { check, readFhir, stage } from "../lib/stage.mjs";

const hospital = await startProvider(stage.issuers.hospital, { secret: stage.secret, people: {} });
const people = { jun: { name: "Dr. Jun Abe", fhirUser: "Practitioner/abe", smart: { patients: ["bruno", "chiara"] } }, nobody: { name: "No Body" } };
const practice = await startProvider(stage.issuers.practice, { people, alg: "ES256" });
let asleep;

const claimsOf = ({ id_token }) => JSON.parse(Buffer.from(id_token.split(".")[1], "base64url").toString());

const choose = (page, provider) => leaving(page, () => page.locator(`[name="provider"][value="${provider}"]`).click());

/** The provider's own pages: who signs in, and that they let the server know it. */
async function atProvider(page, login, issuer) {
  await page.locator('[name="login"]').waitFor();
  assert.equal(new URL(page.url()).origin, issuer);
  await page.locator('[name="login"]').fill(login);
  await page.locator('[name="password"]').fill("any");
  await leaving(page, () => page.locator("button.login-submit").click());
  await leaving(page, () => page.locator("button.login-submit").click());
}

await check("who is registered signs in at the hospital, without JavaScript, and the app gets who they are", () =>
  withApp((app) =>
    inPage({ ...SIZES.phone, javaScriptEnabled: false }, async (page) => {
      const { url, redeem } = authorization(app.redirectUri, { scope: `${SCOPE} profile` });
      await page.goto(url);
      await photograph(page, "choose-provider-phone-light");
      await choose(page, "hospital");
      await atProvider(page, "moreau@hospital", stage.issuers.hospital);
      assert.equal((await offeredPatients(page)).length, 4);
      await choosePatient(page, "amina");
      await consent(page);
      const token = await redeem(await app.caught);
      assert.equal(token.patient, "amina");
      const { fhirUser, name, sub } = claimsOf(token);
      assert.equal(fhirUser, `${stage.fhir}/Practitioner/moreau`);
      assert.equal(name, "Dr. Ines Moreau");
      assert.ok(!sub.includes("moreau"), "what the provider calls the person is no app's business");
      await readFhir("Patient/amina", token.access_token);
    })));

let before;

await check("who comes with claims sees whom the claims name, and no other", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      const { url, redeem } = authorization(app.redirectUri, { login_hint: "jun" });
      await page.goto(url);
      await photograph(page, "choose-provider-desktop-light");
      await choose(page, "practice");
      assert.equal(await page.locator('[name="login"]').inputValue(), "jun", "the hint is passed on");
      await atProvider(page, "jun", stage.issuers.practice);
      assert.deepEqual((await offeredPatients(page)).sort(), ["bruno", "chiara"]);
      await choosePatient(page, "bruno");
      await consent(page);
      before = await redeem(await app.caught);
      assert.equal(claimsOf(before).fhirUser, `${stage.fhir}/Practitioner/abe`);
      await readFhir("Patient/amina", before.access_token, 403, 404);
    })));

await check("a session is a session: the provider is not asked again, but where the app wants a new sign-in", () =>
  inPage(SIZES.desktop, async (page) => {
    const visit = async (changes, body) => withApp(async (app) => {
      const { url, redeem } = authorization(app.redirectUri, changes);
      await page.goto(url);
      await body();
      await choosePatient(page, "amina");
      await consent(page);
      return claimsOf(await redeem(await app.caught));
    });
    const atHospital = async () => {
      await choose(page, "hospital");
      await atProvider(page, "moreau@hospital", stage.issuers.hospital);
    };
    await visit({}, atHospital);
    const times = hospital.asked.length;
    await visit({}, () => on.search(page).waitFor());
    assert.equal(hospital.asked.length, times);
    // The provider has a session, too, and must not go by it.
    await visit({ prompt: "login" }, async () => {
      await choose(page, "hospital");
      await page.locator('[name="login"]').fill("moreau@hospital");
      await page.locator('[name="password"]').fill("any");
      await leaving(page, () => page.locator("button.login-submit").click());
    });
    assert.equal(hospital.asked.at(-1).get("prompt"), "login");
    await visit({ max_age: "3600" }, () => on.search(page).waitFor());
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await visit({ max_age: "1" }, async () => {
      await choose(page, "hospital");
      await page.locator('[name="login"]').fill("moreau@hospital");
      await page.locator('[name="password"]').fill("any");
      await leaving(page, () => page.locator("button.login-submit").click());
    });
    assert.equal(hospital.asked.at(-1).get("max_age"), "1");
  }));

await check("what claims no longer give at the next sign-in is gone at the refresh after it", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      const refreshed = await tokens({ grant_type: "refresh_token", refresh_token: before.refresh_token });
      people.jun.smart = { patients: ["chiara"] };
      const { url, redeem } = authorization(app.redirectUri);
      await page.goto(url);
      await choose(page, "practice");
      await atProvider(page, "jun", stage.issuers.practice);
      await consent(page);
      assert.equal((await redeem(await app.caught)).patient, "chiara");
      const refused = await tokens({ grant_type: "refresh_token", refresh_token: refreshed.refresh_token }, 400);
      assert.equal(refused.error, "invalid_grant");
    })));

await check("a password of ours is one of the ways, and its page a strict one", () =>
  withApp((app) =>
    inPage(SIZES.phone, async (page) => {
      const { url, redeem } = authorization(app.redirectUri);
      await page.goto(url);
      await choose(page, "local");
      await approve(page, stage.users.clinician, { patient: "amina" });
      assert.equal((await redeem(await app.caught)).patient, "amina");
    })));

await check("who is nobody here gets a page that says so, and may try again as somebody else", () =>
  withApp((app) =>
    inPage(SIZES.phone, async (page) => {
      const answers = [];
      page.on("response", (response) => response.url().includes("/auth/callback") && answers.push(response.status()));
      for (const [provider, login] of [["hospital", "stranger"], ["practice", "nobody"]]) {
        await page.context().clearCookies();
        await page.goto(authorization(app.redirectUri).url);
        await choose(page, provider);
        await atProvider(page, login, stage.issuers[provider]);
        assert.match(await page.locator("h1").innerText(), /no account for you here/);
      }
      assert.deepEqual(answers, [403, 403]);
      await photograph(page, "no-account-phone-light");
      await leaving(page, () => page.getByRole("link", { name: "Sign in with another account" }).click());
      await page.locator('[name="login"]').waitFor(); // although it knows who is there
      await page.goBack(); // to an answer that was used
      await leaving(page, () => page.getByRole("link", { name: "Try again" }).click());
      await choose(page, "local");
      await signIn(page, stage.users.patient);
      await on.allow(page).waitFor();
    })));

await check("who does not want to sign in comes back to a page, and the app is told nothing", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (page) => {
      await page.goto(authorization(app.redirectUri).url);
      await choose(page, "hospital");
      await leaving(page, () => page.getByRole("link", { name: /cancel/i }).click());
      assert.match(await page.locator("h1").innerText(), /You did not sign in/);
      assert.equal(new URL(page.url()).origin, stage.base);
    })));

await check("who signs out here is asked at the provider again", () =>
  withApp((app) =>
    inPage(SIZES.phone, async (page) => {
      const { url } = authorization(app.redirectUri);
      await page.goto(url);
      await choose(page, "hospital");
      await atProvider(page, "moreau@hospital", stage.issuers.hospital);
      await page.goto(`${stage.base}/auth/sign-out`);
      await leaving(page, () => page.locator("main form button").click());
      await page.goto(url);
      await choose(page, "hospital");
      await page.locator('[name="login"]').waitFor();
      assert.equal(new URL(page.url()).origin, stage.issuers.hospital);
    })));

await check("a provider that is down has a page, and the next try works", () =>
  withApp((app) =>
    inPage(SIZES.phone, async (page) => {
      await page.goto(authorization(app.redirectUri).url);
      await choose(page, "asleep");
      assert.match(await page.locator("h1").innerText(), /Sleepy account does not answer/);
      await photograph(page, "provider-down-phone-light");
      asleep = await startProvider(stage.issuers.asleep, { people: {} });
      await new Promise((resolve) => setTimeout(resolve, 10_500));
      await leaving(page, () => page.getByRole("link", { name: "Try again" }).click());
      await choose(page, "asleep");
      await page.locator('[name="login"]').waitFor();
      assert.equal(new URL(page.url()).origin, stage.issuers.asleep);
    })));

await check("where one browser came back, no other one is signed in, nor the same one twice", () =>
  withApp((app) =>
    inPage(SIZES.desktop, async (attacker) => {
      let back;
      attacker.on("request", (request) => request.url().includes("/auth/callback?") && (back = request.url()));
      await attacker.goto(authorization(app.redirectUri).url);
      await choose(attacker, "hospital");
      await atProvider(attacker, "moreau@hospital", stage.issuers.hospital);
      assert.ok(back.includes("code=") && back.includes("iss="));
      await inPage(SIZES.desktop, async (victim) => {
        await victim.goto(authorization(app.redirectUri).url);
        const answer = await victim.goto(back);
        assert.equal(answer.status(), 403);
        assert.match(await victim.locator("h1").innerText(), /did not begin in this browser/);
      });
      await on.search(attacker).waitFor();
      assert.equal((await attacker.goto(back)).status(), 403);
    })));

hospital.close();
practice.close();
asleep?.close();
await closeBrowser();
