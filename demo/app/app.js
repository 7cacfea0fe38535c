// Vitals Viewer, a SMART app: where it begins, and which page to show.
//
//   discovery.js → pkce.js, launch.js → token.js, jwt.js → fhir.js      the four steps, in the order they happen
//   connect.js, record.js, vitals.js, chart.js, panel.js, trace.js      what one sees
//
// All an app needs to know in advance is its own client_id and redirect URI, and the FHIR base URL. A browser app keeps
// its tokens in memory or, as here, in sessionStorage: they end with the tab.

import { connectForm } from './connect.js';
import { discover } from './discovery.js';
import { h, replace } from './dom.js';
import { FhirClient } from './fhir.js';
import { complete, LaunchError, prepare } from './launch.js';
import { grantedScopes, jsonBlock, showSteps, tokenInside, tokenResponse } from './panel.js';
import { nameOf, dateText } from './record-text.js';
import { showRecord } from './record.js';
import { redeem, refresh, revoke } from './token.js';
import { clearTrace, note, onTrace, trace } from './trace.js';

const CLIENT = {
  clientId: 'demo-app',
  redirectUri: `${location.origin}/demo/app/`,
  fhirBase: `${location.origin}/fhir`,
};
// Two patients of the demo data, to try a read of somebody else's record with.
const STRANGERS = ['goldstein-ruth', 'alvarez-maria'];
const SESSION = 'vitals-viewer.session';

const main = document.getElementById('main');
const panel = document.getElementById('panel-session');
const steps = document.getElementById('steps');
let timer; // of the countdown

onTrace(() => showSteps(steps));
showSteps(steps);
start().catch(failed);

/** A page load is one of four things: an answer from the server, a launch by an EHR, a reload, or a beginning. */
async function start() {
  const parameters = new URLSearchParams(location.search);
  // A code has no business in the address bar, the history or a bookmark.
  history.replaceState(null, '', location.pathname);

  if (parameters.has('code') || parameters.has('error')) {
    const { code, pending } = complete(parameters);
    replace(main, h('p', { class: 'card' }, 'Exchanging the code for tokens …'));
    return open(await redeem(code, pending));
  }
  if (parameters.has('iss') && parameters.has('launch')) return launchedByEhr(parameters);
  const stored = sessionStorage.getItem(SESSION);
  if (stored !== null) return open(JSON.parse(stored));
  return begin();
}

async function begin() {
  clearTrace();
  replace(panel);
  const configuration = await discover(CLIENT.fhirBase);
  const home = new URL(configuration.issuer ?? CLIENT.fhirBase).origin;
  if (home !== location.origin) {
    throw new LaunchError('This page has another address.', { hint: `The server calls itself ${home}, and the app’s redirect URI is registered there. Open ${home}/demo/app/ instead.` });
  }
  replace(main, h('header', { class: 'lead' }, h('h1', null, 'Vitals Viewer'),
    h('p', null, 'A small SMART app. All it knows is a FHIR base URL, ', h('code', null, CLIENT.fhirBase),
      ', and its own client_id. The panel shows each request as it is made.')),
  connectForm((scope) => go(configuration, { scope })));
}

// An EHR opens the app with ?iss=…&launch=…. The app hands `launch` back, and learns who the patient is with the token.
async function launchedByEhr(parameters) {
  clearTrace();
  if (parameters.get('iss') !== CLIENT.fhirBase) {
    throw new LaunchError('An unknown server wants to launch this app.', { hint: `iss is ${parameters.get('iss')}; this app is registered with ${CLIENT.fhirBase} only.` });
  }
  const configuration = await discover(CLIENT.fhirBase);
  await go(configuration, { scope: 'launch openid fhirUser patient/*.rs', launch: parameters.get('launch') });
}

async function go(configuration, request) {
  location.assign(await prepare(configuration, { ...CLIENT, ...request }));
}

// Opens the record of the patient in context: the one that the launch named, or that was chosen here.
async function open(session) {
  sessionStorage.setItem(SESSION, JSON.stringify(session));
  showSession(session);
  const fhir = new FhirClient(session.fhirBase, session.tokens.access_token);
  const patient = session.chosen ?? session.tokens.patient;
  if (patient === undefined) return choosePatient(session);
  return showRecord(main, fhir, patient);
}

// Without launch/patient there is no patient in context. An app with user scopes then has its own way to choose one.
async function choosePatient(session) {
  const fhir = new FhirClient(session.fhirBase, session.tokens.access_token);
  const patients = (await fhir.search('Patient', { _count: '100' })).map((patient) => ({ id: patient.id, name: nameOf(patient), born: patient.birthDate }));
  replace(main, h('section', { class: 'card list' }, h('h1', null, 'Whose record?'),
    h('p', { class: 'hint' }, 'GET /fhir/Patient finds the patients that this app’s user may see.'),
    patients.length === 0 && h('p', { class: 'nothing' }, 'There is no patient that this app may see.'),
    h('ul', { class: 'rows' }, patients.sort((a, b) => a.name.localeCompare(b.name)).map(({ id, name, born }) => h('li', null,
      h('button', { type: 'button', class: 'link', onclick: () => open({ ...session, chosen: id }).catch(failed) }, name),
      h('span', { class: 'when' }, dateText(born)))))));
}

function showSession(session) {
  const { tokens, configuration } = session;
  const result = h('div', { class: 'result', 'aria-live': 'polite' });
  const mayRefresh = tokens.refresh_token !== undefined;
  const maySeeOthers = /(^| )user\/(\*|Patient)\./.test(tokens.scope ?? session.requested);
  replace(panel,
    h('div', { class: 'actions' },
      countdown(session),
      h('button', { type: 'button', class: 'button', disabled: !mayRefresh, title: mayRefresh ? null : 'Ask for offline_access to get a refresh token',
        onclick: () => refresh(session).then(open).catch(failed) }, 'Refresh token'),
      h('button', { type: 'button', class: 'button', onclick: () => readOutside(session, result) }, 'Try a read outside the grant'),
      h('button', { type: 'button', class: 'button', onclick: () => startOver().catch(failed) }, 'Start over'),
      h('a', { class: 'button', href: '/auth/sign-out', onclick: (event) => signOut(event, session) }, 'Sign out'),
      maySeeOthers && h('button', { type: 'button', class: 'button', onclick: () => choosePatient(session).catch(failed) }, 'Other patients'),
      configuration.management_endpoint && h('a', { class: 'button', href: configuration.management_endpoint }, 'Apps with access')),
    result,
    part('What was granted', grantedScopes(session), true),
    part('Token response', tokenResponse(session)),
    part('Inside the access token', [h('p', { class: 'hint' }, 'For the FHIR server. An app need not look inside, and must not rely on it.'), tokenInside(tokens.access_token, 'access token')]),
    part('Inside the ID token', [h('p', { class: 'hint' }, 'For the app: who signed in. Checked before it was used.'), tokenInside(tokens.id_token, 'ID token; ask for openid')]));
}

function part(title, content, open = false) {
  return h('details', { class: 'part', open }, h('summary', null, h('h3', null, title)), content);
}

function countdown({ expiresAt }) {
  const text = h('p', { class: 'countdown', role: 'timer' });
  const tick = () => {
    const seconds = Math.max(0, Math.round((expiresAt - Date.now()) / 1000));
    text.textContent = seconds ? `The access token is good for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` : 'The access token has expired';
    text.classList.toggle('expired', seconds === 0);
  };
  clearInterval(timer);
  timer = setInterval(tick, 1000);
  tick();
  return text;
}

// The server decides on every resource that leaves. Ask for one that the user has not shared, and see what it says.
async function readOutside(session, result) {
  const stranger = STRANGERS.find((id) => id !== (session.chosen ?? session.tokens.patient));
  const fhir = new FhirClient(session.fhirBase, session.tokens.access_token, 'outside');
  try {
    const patient = await fhir.read('Patient', stranger);
    replace(result, h('h3', null, `GET Patient/${stranger} was allowed`),
      h('p', null, `${nameOf(patient)} is within this grant: a user/ scope reaches every patient that the user may see. Launch as a patient to see a refusal.`));
  } catch (error) {
    const why = { 404: 'as if she did not exist: an app learns nothing about other patients, not even their ids', 403: 'the scopes do not reach there',
      401: 'the token is no longer good' }[error.status];
    replace(result, h('h3', null, `GET Patient/${stranger} was refused: ${error.status ?? 'no answer'}`), why && h('p', null, `The server answers ${why}.`),
      error.outcome && jsonBlock(error.outcome));
  }
}

function forget() {
  sessionStorage.removeItem(SESSION);
  clearInterval(timer);
}

function startOver() {
  forget();
  return begin();
}

// Leaving well: the tokens are given back, then the server's own page ends the browser session.
async function signOut(event, session) {
  event.preventDefault();
  const { href } = event.currentTarget;
  await revoke(session).catch(() => {}); // signing out goes on without it: the tokens expire
  forget();
  clearTrace();
  location.assign(href);
}

function failed(error) {
  console.error(error);
  const last = trace().at(-1);
  if (!last?.failed) note({ phase: last?.phase ?? 'discover', title: error.message, failed: true });
  replace(main, h('section', { class: 'card problem', role: 'alert' },
    h('h1', null, error instanceof LaunchError ? error.message : 'That did not work.'),
    h('p', null, error instanceof LaunchError ? error.hint : error.message),
    error.code && h('p', null, 'The server’s word for it: ', h('code', null, error.code)),
    h('button', { type: 'button', class: 'button big', onclick: () => startOver().catch(failed) }, 'Start over')));
}
