// The user's hands on the server's pages: sign in, choose a patient, consent. Only field names are relied on, never looks.

import assert from "node:assert/strict";

const field = (page, name) => page.locator(`[name="${name}"]`);
const formWith = (page, name) => page.locator("form").filter({ has: field(page, name) });

/** The buttons, boxes and fields of the pages, by what they are for. */
export const on = {
  username: (page) => field(page, "username"),
  password: (page) => field(page, "password"),
  search: (page) => field(page, "q"),
  patients: (page) => field(page, "patient"),
  patient: (page, id) => page.locator(`[name="patient"][value="${id}"]`),
  scope: (page, scope) => page.locator(`[name="scope"][value="${scope}"]`),
  allow: (page) => page.locator('[name="decision"][value="allow"]'),
  deny: (page) => page.locator('[name="decision"][value="deny"]'),
};

export async function signIn(page, { username, password }) {
  await on.username(page).fill(username);
  await on.password(page).fill(password);
  await leaving(page, () => formWith(page, "password").locator("button, input[type=submit]").first().click());
}

/** Searches with the Enter key, as people do. */
export async function searchPatients(page, text) {
  await on.search(page).fill(text);
  await leaving(page, () => on.search(page).press("Enter"));
}

/** The ids that the page offers. */
export async function offeredPatients(page) {
  await on.search(page).waitFor();
  return on.patients(page).evaluateAll((choices) => choices.map((choice) => choice.value));
}

/** A choice is a button that carries the id, or a box beside a button. */
export async function choosePatient(page, id) {
  const choice = on.patient(page, id);
  await choice.waitFor({ state: "attached" });
  const type = await choice.evaluate((element) => element.type);
  if (type === "radio") await choice.check({ force: true });
  const button = type === "submit" ? choice : formWith(page, "patient").filter({ has: choice }).locator("button").first();
  await leaving(page, () => button.click());
}

/** Opens whatever the page keeps folded. */
export async function openDetails(page) {
  const folded = page.locator("details:not([open]) > summary:visible");
  while (await folded.count()) await folded.first().click();
}

/** Unticks what is refused, ticks what is narrowed to, then allows or denies. */
export async function consent(page, { refuse = [], narrowTo = [], decision = "allow" } = {}) {
  await on.allow(page).waitFor();
  for (const scope of refuse) {
    assert.ok(await on.scope(page, scope).isChecked(), `${scope} is ticked when the page opens`);
    await on.scope(page, scope).setChecked(false, { force: true });
  }
  if (narrowTo.length) await openDetails(page);
  for (const scope of narrowTo) await on.scope(page, scope).setChecked(true, { force: true });
  await leaving(page, () => on[decision](page).click());
}

/** From the sign-in page to the app, without a stop. */
export async function approve(page, user, { patient, ...choices } = {}) {
  await signIn(page, user);
  if (patient) await choosePatient(page, patient);
  await consent(page, choices);
}

/** Does something that leads to another page, and waits for that page. */
export async function leaving(page, action) {
  await Promise.all([page.waitForEvent("framenavigated"), action()]);
  await page.waitForLoadState();
}
