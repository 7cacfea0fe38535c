// The demo EHR: it shows who is here today, and opens the demo app for one of their visits.
//
// A real EHR makes a launch from its backend: POST /auth/launch with a token of its own. Here the local server does it for this
// page (/demo/ehr/launch), which then only has to open the URL that comes back: the app's launch URL with `iss` and `launch`.

import { h, replace } from './dom.js';
import { ageOf, dateText } from './record-text.js';

const list = document.getElementById('patients');
const work = document.getElementById('work');
const call = document.getElementById('call');

start().catch((error) => replace(list, problem(error)));

async function start() {
  const answer = await fetch('/demo/ehr/patients');
  if (!answer.ok) throw new Error(`The list of patients could not be read (${answer.status}).`);
  const patients = await answer.json();
  replace(list, h('ul', { class: 'ehr-patients' }, patients.map(card)));
}

function card(patient) {
  const choice = h('select', { id: `visit-${patient.id}` },
    patient.encounters.map(({ id, kind, start }) => h('option', { value: id }, [dateText(start), kind].filter(Boolean).join(': '))),
    h('option', { value: '' }, 'No visit, just the record'));
  const said = h('p', { class: 'ehr-said', role: 'status' });
  const open = (where) => () => launch(patient, choice, where).catch((error) => replace(said, error.message));
  return h('li', null,
    h('h3', null, patient.name),
    h('p', { class: 'hint' }, born(patient)),
    h('label', { class: 'field', for: `visit-${patient.id}` }, 'Visit'), choice,
    h('p', { class: 'ehr-buttons' },
      h('button', { type: 'button', class: 'button', onclick: open(embed) }, 'Open here', hidden(` for ${patient.name}`)),
      h('button', { type: 'button', class: 'button', onclick: open(inTab) }, 'Open in a tab', hidden(` for ${patient.name}`))),
    said);
}

const hidden = (text) => h('span', { class: 'visually-hidden' }, text);

function born({ birthDate }) {
  return birthDate ? `Born ${dateText(birthDate)}, ${ageOf(birthDate)}` : 'No birth date on record';
}

async function launch(patient, choice, where) {
  const encounter = choice.value || undefined;
  const place = where.begin?.();
  const context = { patient: patient.id, encounter, need_patient_banner: where.banner };
  const answer = await fetch('/demo/ehr/launch', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(context),
  });
  const made = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    place?.close();
    throw new Error(made.error_description ?? `The launch could not be made (${answer.status}).`);
  }
  const visit = encounter ? choice.selectedOptions[0].textContent : undefined;
  tell(made);
  where.open(made.launch_url, { patient, visit, place });
}

const embed = {
  // The EHR shows the patient around the app, so the app need not.
  banner: false,
  open(url, { patient, visit }) {
    work.classList.add('open');
    replace(work,
      h('h2', { id: 'work-title', tabindex: '-1' }, patient.name),
      h('p', { class: 'hint' }, [born(patient), visit].filter(Boolean).join(' · ')),
      h('iframe', { src: url, title: `Vitals Viewer for ${patient.name}` }),
      h('p', null, h('button', { type: 'button', class: 'button', onclick: close }, 'Close the app')));
    document.getElementById('work-title').focus({ preventScroll: true });
    work.scrollIntoView({ block: 'start' });
  },
};

const inTab = {
  banner: true,
  // Opened at once: browsers block a tab that is opened later than the click.
  begin: () => window.open('', '_blank'),
  open(url, { place }) {
    if (place) place.location.replace(url);
    else location.assign(url);
  },
};

function close() {
  work.classList.remove('open');
  replace(work, h('h2', { id: 'work-title' }, 'No app is open'), h('p', { class: 'hint' }, 'Choose a visit, and open the app again.'));
}

function tell({ request, expires_in, launch_url }) {
  call.hidden = false;
  document.getElementById('call-text').textContent =
    `POST /auth/launch\n${JSON.stringify(request, null, 2)}\n\n201 Created\n${JSON.stringify({ launch: new URL(launch_url).searchParams.get('launch'), expires_in, launch_url }, null, 2)}`;
}

const problem = (error) => h('p', { role: 'alert' }, error.message);
