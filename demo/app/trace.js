// The story of what happened, for the side panel. A real app needs nothing of this: where other modules say
// tracedFetch(step, url, options), read fetch(url, options).

const STORED = 'vitals-viewer.trace';
const SECRETS = ['access_token', 'refresh_token', 'id_token', 'code', 'code_verifier', 'token', 'spent', 'current'];

let steps = JSON.parse(sessionStorage.getItem(STORED) ?? '[]');
const listeners = new Set();

/** All steps so far, oldest first. */
export const trace = () => steps;

/** Calls back after each new step. */
export const onTrace = (listener) => listeners.add(listener);

/** Forgets the story. */
export function clearTrace() {
  steps = [];
  changed();
}

/** Adds a step that is not a request of the app's own. Secrets in `detail` and `url` are shortened before they are kept. */
export function note(step) {
  steps.push({ ...step, url: step.url && shortenUrl(step.url), detail: step.detail && shortenAll(step.detail) });
  changed();
}

/**
 * fetch() that adds a step with the method, the address, the form that was sent, the status and the time it took.
 * `step.keep` picks what to show of the JSON answer.
 */
export async function tracedFetch({ phase, title, keep }, url, options = {}) {
  const form = options.body instanceof URLSearchParams ? shortenAll(Object.fromEntries(options.body)) : null;
  const step = { phase, title, method: options.method ?? 'GET', url: shortenUrl(url), form, bearer: 'Authorization' in (options.headers ?? {}) };
  const started = performance.now();
  try {
    const response = await fetch(url, { cache: 'no-store', ...options });
    step.ms = Math.round(performance.now() - started);
    step.status = response.status;
    step.failed = !response.ok;
    const answer = await response.clone().json().catch(() => null);
    if (answer) step.answer = shortenAll(response.ok ? (keep ?? (() => null))(answer) : answer);
    return response;
  } catch (cause) {
    step.failed = true;
    throw new Error('The server cannot be reached.', { cause });
  } finally {
    steps.push(step);
    changed();
  }
}

/** A secret as one may show it: enough to tell two apart, too little to use. */
export function shorten(secret) {
  return secret.length <= 16 ? '…' : `${secret.slice(0, 8)}…${secret.slice(-4)}`;
}

function shortenAll(object) {
  if (object === null || typeof object !== 'object') return object;
  return Object.fromEntries(Object.entries(object).map(([name, value]) =>
    [name, SECRETS.includes(name) && typeof value === 'string' ? shorten(value) : value]));
}

function shortenUrl(address) {
  const url = new URL(address, location.href);
  for (const name of SECRETS) if (url.searchParams.has(name)) url.searchParams.set(name, shorten(url.searchParams.get(name)));
  return url.href;
}

function changed() {
  sessionStorage.setItem(STORED, JSON.stringify(steps));
  for (const listener of listeners) listener();
}
