// What `run` tells a scenario (the server, its users, clients and patients), and how a scenario reports its checks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

export const stage = JSON.parse(readFileSync(process.argv[2], "utf8"));

/** Runs one named check and prints one line; the process exits 1 when any check failed. */
export async function check(name, body) {
  const started = performance.now();
  try {
    await body();
    console.log(`  ok      ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`  FAILED  ${name}: ${reason(error)}`);
  }
}

/** An OAuth library hides the server's words in `cause` or in members of its own: all of them are wanted. */
function reason(error) {
  const where = error.stack?.split("\n").find((line) => line.includes("/scenarios/"))?.trim() ?? "";
  const server = [error.error, error.error_description].filter(Boolean).join(": ");
  const cause = error.cause ? `\n          because ${error.cause.message ?? JSON.stringify(error.cause)}` : "";
  return stripVTControlCharacters(`${error.message} ${server}\n          ${where}${cause}`);
}

/** The set of scopes in a space-delimited `scope` value. */
export const scopes = (text) => new Set(text.split(" "));

/** Reads JSON with a bearer token; the answer must have one of these statuses. */
export async function readFhir(path, accessToken, ...statuses) {
  const answer = await fetch(`${stage.fhir}/${path}`, {
    headers: { accept: "application/fhir+json", authorization: `Bearer ${accessToken}` },
  });
  assert.ok((statuses.length ? statuses : [200]).includes(answer.status), `GET ${path}: ${answer.status}`);
  return answer.json();
}

/** How many Observations the seed holds for a patient. */
export const observationsOf = (patient) => stage.patients[patient].observations;
