// The right side: what just happened. The requests in order, what was granted, and what is inside the tokens.

import { h, replace } from './dom.js';
import { decode } from './jwt.js';
import { shorten, trace } from './trace.js';

const PHASES = {
  discover: 'Discover',
  authorize: 'Authorize',
  token: 'Get tokens',
  read: 'Read the record',
  refresh: 'Refresh',
  outside: 'Beyond the grant',
  end: 'End',
};
const NEXT = { authorize: 'The user signs in and decides', token: 'The code becomes tokens', read: 'The token opens the record' };

// More steps than this in one phase are folded up.
const MANY = 5;

/** Draws the story. Steps of one phase that follow each other stand together; phases to come are announced. */
export function showSteps(place) {
  const groups = [];
  for (const step of trace()) {
    if (groups.at(-1)?.phase !== step.phase) groups.push({ phase: step.phase, steps: [] });
    groups.at(-1).steps.push(step);
  }
  const open = new Set([...place.querySelectorAll('details[open]')].map(({ dataset }) => dataset.key));
  const toCome = Object.keys(NEXT).filter((phase) => !groups.some((group) => group.phase === phase));
  replace(place,
    groups.map(({ phase, steps }, g) => {
      const items = h('ul', { class: 'steps' }, steps.map((step, i) => stepItem(step, `${g}.${i}`, open)));
      const body = steps.length > MANY ? h('details', { class: 'many', 'data-key': `${g}`, open: open.has(`${g}`) }, summaryOf(steps), items) : items;
      return h('li', { class: 'phase' }, h('h3', null, PHASES[phase]), body);
    }),
    toCome.map((phase) => h('li', { class: 'phase to-come' }, h('h3', null, PHASES[phase]), h('p', null, NEXT[phase]))));
}

function summaryOf(steps) {
  const failed = steps.filter((step) => step.failed).length;
  return h('summary', null, `${steps.length} requests`, failed > 0 && [', ', h('span', { class: 'status bad' }, `${failed} refused`)]);
}

function stepItem(step, key, open) {
  const more = [
    step.text && h('p', null, step.text),
    step.method && requestText(step),
    step.detail && jsonBlock(step.detail),
    step.answer && [h('p', { class: 'answer-label' }, 'Answer'), jsonBlock(step.answer)],
  ].filter(Boolean);
  const head = [
    h('span', { class: 'step-title' }, step.title),
    step.method && h('span', { class: 'step-request' }, h('b', null, step.method), ' ', pathOf(step.url)),
    step.status && h('span', { class: step.failed ? 'status bad' : 'status good' }, `${step.status} · ${step.ms} ms`),
    step.checks && h('span', { class: 'checks' }, step.checks.map((check) => h('span', null, `✓ ${check}`))),
  ];
  const className = step.failed ? 'step failed' : 'step';
  if (more.length === 0) return h('li', { class: className }, h('div', { class: 'head' }, head));
  return h('li', { class: className }, h('details', { 'data-key': key, open: open.has(key) },
    h('summary', null, h('div', { class: 'head' }, head)), more));
}

// The request as it goes over the wire, one parameter a line.
function requestText({ method, url, form, bearer }) {
  const { origin, pathname, searchParams } = new URL(url);
  const query = [...searchParams].map(([name, value], i) => `\n  ${i ? '&' : '?'}${name}=${value}`);
  const lines = [`${method} ${origin === location.origin ? pathname : origin + pathname}${query.join('')}`];
  if (bearer) lines.push('Authorization: Bearer …');
  if (form) lines.push('', ...Object.entries(form).map(([name, value], i) => `${i ? '&' : ' '}${name}=${value}`));
  return h('pre', { class: 'code' }, lines.join('\n'));
}

function pathOf(address) {
  const url = new URL(address);
  const query = decodeURIComponent(url.search.replaceAll('+', ' '));
  return `${url.origin === location.origin ? '' : url.origin}${url.pathname}${query.length > 90 ? '?…' : query}`;
}

/** The scopes that were asked for, and what became of each. */
export function grantedScopes({ requested, tokens }) {
  const asked = requested.split(' ').filter(Boolean);
  // RFC 6749 §5.1: `scope` may be left out when it is what was asked for.
  const granted = (tokens.scope ?? requested).split(' ').filter(Boolean);
  const item = (scope, mark, className, word) => h('li', { class: className }, h('span', { 'aria-hidden': 'true' }, mark),
    h('span', { class: 'visually-hidden' }, `${word}: `), h(className === 'refused' ? 's' : 'code', null, breakable(scope)));
  return [
    h('ul', { class: 'scopes' },
      asked.map((scope) => (granted.includes(scope) ? item(scope, '✓', 'granted', 'granted') : item(scope, '✕', 'refused', 'not granted'))),
      granted.filter((scope) => !asked.includes(scope)).map((scope) => item(scope, '+', 'granted', 'granted instead'))),
    h('p', { class: 'hint' }, granted.length < asked.length ? 'Less was granted than asked for. That is normal: the user decides, and an app works with what it got.'
      : 'Read the granted scopes from the token response, never from the request: the user may have unticked some.'),
  ];
}

/** The token response with its secrets shortened, and a switch that shows them. */
export function tokenResponse({ tokens }) {
  const secret = ['access_token', 'refresh_token', 'id_token'];
  const short = Object.fromEntries(Object.entries(tokens).map(([name, value]) => [name, secret.includes(name) ? shorten(value) : value]));
  const block = h('div', null, jsonBlock(short));
  const toggle = h('input', { type: 'checkbox', onchange: () => replace(block, jsonBlock(toggle.checked ? tokens : short)) });
  return [block, h('label', { class: 'check' }, toggle, ' Show the tokens in full')];
}

// What a claim says, for those who meet it for the first time.
const CLAIMS = {
  iss: 'who issued it',
  aud: 'whom it is for',
  sub: 'the user, by a stable id',
  exp: 'not good after',
  iat: 'issued at',
  nbf: 'not good before',
  jti: 'its own id',
  client_id: 'the app that holds it',
  scope: 'what it allows',
  patient: 'the patient in context',
  fhirUser: 'the user as a FHIR resource',
  nonce: 'ties it to our request',
  auth_time: 'when the user signed in',
  azp: 'the app it was issued to',
  name: 'the user’s name',
  alg: 'signature algorithm',
  kid: 'which key signed it',
  typ: 'kind of token',
};

/** What is inside a token: header and claims as a table with a word on each. */
export function tokenInside(token, what) {
  const inside = token && decode(token);
  if (!inside) return h('p', { class: 'hint' }, token ? 'This token is opaque to apps.' : `There is no ${what}.`);
  const rows = (object) => Object.entries(object).map(([name, value]) => h('tr', null,
    h('th', { scope: 'row' }, h('code', null, name), CLAIMS[name] && h('small', null, CLAIMS[name])), h('td', null, claimText(name, value))));
  return h('table', { class: 'claims' },
    h('tbody', null, h('tr', { class: 'part' }, h('th', { colspan: 2, scope: 'colgroup' }, 'Header')), rows(inside.header)),
    h('tbody', null, h('tr', { class: 'part' }, h('th', { colspan: 2, scope: 'colgroup' }, 'Claims')), rows(inside.claims)));
}

function claimText(name, value) {
  if (['exp', 'iat', 'nbf', 'auth_time'].includes(name)) return [String(value), h('small', null, new Date(value * 1000).toLocaleTimeString())];
  return breakable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** JSON with coloured names: one span a name, the rest text. */
export function jsonBlock(value) {
  const pieces = JSON.stringify(value, null, 2).split(/^(\s*"(?:[^"\\]|\\.)*")(?=:)/m);
  return h('pre', { class: 'code json' }, pieces.map((piece, i) => (i % 2 ? h('span', { class: 'name' }, piece) : piece)));
}

// Lets long scopes and addresses break after their separators.
function breakable(text) {
  return text.split(/(?<=[/?&=|.:])/).flatMap((piece, i) => (i ? [document.createElement('wbr'), piece] : [piece]));
}
