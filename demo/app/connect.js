// The form that chooses what to ask for.

import { h, replace } from './dom.js';

const VITAL_SIGNS = 'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs';

const PRESETS = [
  { name: 'Patient app', about: 'One patient’s whole record, and staying connected', scopes: 'launch/patient openid fhirUser offline_access patient/*.rs' },
  { name: 'Only vital signs', about: 'SMART v2: a scope can be as narrow as a search', scopes: `launch/patient openid fhirUser patient/Patient.rs ${VITAL_SIGNS}` },
  { name: 'Old style', about: 'SMART v1 scopes, as many apps still send', scopes: 'launch/patient openid fhirUser patient/*.read' },
  { name: 'Clinician', about: 'Whatever the signed-in user may see', scopes: 'openid fhirUser user/*.rs launch/patient' },
];

const SCOPES = [
  ['launch/patient', 'have a patient chosen before the app opens'],
  ['openid', 'an ID token: who signed in'],
  ['fhirUser', '… and which FHIR resource that person is'],
  ['offline_access', 'a refresh token: stay connected'],
  ['patient/*.rs', 'read and search all of that patient’s record'],
  ['patient/Patient.rs', 'only the patient’s name, birth date, …'],
  [VITAL_SIGNS, 'only observations that are vital signs'],
  ['patient/*.read', 'patient/*.rs as SMART v1 wrote it'],
  ['user/*.rs', 'everything that the user may see'],
];

/** The form. `connect(scope)` is called with what is ticked. */
export function connectForm(connect) {
  const boxes = SCOPES.map(([scope]) => h('input', { type: 'checkbox', value: scope, onchange: changed }));
  const others = h('input', { type: 'text', name: 'others', autocomplete: 'off', spellcheck: 'false', placeholder: 'patient/Immunization.rs …', oninput: changed });
  const radios = PRESETS.map((preset, i) => h('input', { type: 'radio', name: 'preset', checked: i === 0, onchange: () => choose(preset) }));
  const sent = h('code', { class: 'scope-value' });
  const button = h('button', { class: 'button big' }, 'Connect');

  const scope = () => [...boxes.filter(({ checked }) => checked).map(({ value }) => value), ...others.value.split(/\s+/)].filter(Boolean).join(' ');
  function choose({ scopes }) {
    const chosen = scopes.split(' ');
    for (const box of boxes) box.checked = chosen.includes(box.value);
    others.value = '';
    show();
  }
  function changed() {
    for (const [i, radio] of radios.entries()) radio.checked = sameScopes(PRESETS[i].scopes, scope());
    show();
  }
  function show() {
    replace(sent, scope() || 'nothing yet');
    button.disabled = scope() === '';
  }
  choose(PRESETS[0]);

  return h('form', { class: 'card connect', onsubmit: (event) => { event.preventDefault(); button.disabled = true; connect(scope()); } },
    h('h2', null, 'What should the app ask for?'),
    h('fieldset', { class: 'presets' }, h('legend', { class: 'visually-hidden' }, 'Presets'),
      PRESETS.map(({ name, about }, i) => h('label', null, radios[i], h('span', null, h('strong', null, name), h('small', null, about))))),
    h('details', { class: 'choose' }, h('summary', null, 'Choose the scopes yourself'),
      h('fieldset', { class: 'boxes' }, h('legend', { class: 'visually-hidden' }, 'Scopes'),
        SCOPES.map(([name, about], i) => h('label', { class: 'check' }, boxes[i], h('span', null, h('code', null, name), h('small', null, about))))),
      h('label', { class: 'field' }, 'Others, with spaces between', others)),
    h('p', { class: 'sends' }, h('small', null, 'scope ='), ' ', sent),
    button,
    h('p', { class: 'hint' }, 'Sign in as ', h('b', null, 'patient'), ' / ', h('b', null, 'demo-patient'), ', or as one of the other ',
      h('a', { href: '/#users' }, 'demo users'), '. On the consent page you may untick what you like, and see what the app makes of it.'));
}

const sameScopes = (one, other) => [...new Set(one.split(' '))].sort().join(' ') === [...new Set(other.split(' '))].sort().join(' ');
