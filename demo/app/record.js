// The left side: the patient's record, each part from one search. A part that the user did not share says so; that is a
// normal answer, not a failure.

import { chartOf } from './chart.js';
import { h, replace } from './dom.js';
import { fromBase64url } from './pkce.js';
import { ageOf, dateText, nameOf, textOf, valueText } from './record-text.js';
import { seriesOf } from './vitals.js';

const SHOWN_AT_FIRST = 6;

// Sorted by date where R4 has a `date` parameter to sort by; the others come as the server has them.
const NEWEST_FIRST = { _count: '100', _sort: '-date' };
const ANY_ORDER = { _count: '100' };

const LISTS = [
  { title: 'Conditions', type: 'Condition', query: ANY_ORDER, date: (r) => r.onsetDateTime ?? r.recordedDate,
    line: (r) => [textOf(r.code), statusOf(r.clinicalStatus)], distinct: true },
  { title: 'Medications', type: 'MedicationRequest', query: ANY_ORDER, date: (r) => r.authoredOn,
    line: (r) => [textOf(r.medicationCodeableConcept), r.status, r.dosageInstruction?.[0]?.text] },
  { title: 'Allergies', type: 'AllergyIntolerance', query: ANY_ORDER, date: (r) => r.recordedDate,
    line: (r) => [textOf(r.code), r.criticality === 'high' ? 'high risk' : null,
      r.reaction?.flatMap(({ manifestation }) => manifestation.map(textOf)).join(', ')] },
  { title: 'Recent lab results', type: 'Observation', query: { ...NEWEST_FIRST, category: 'laboratory' }, date: (r) => r.effectiveDateTime,
    line: (r) => [`${textOf(r.code)}: ${valueText(r)}`, flagOf(r)] },
  { title: 'Visits', type: 'Encounter', query: NEWEST_FIRST, date: (r) => r.period?.start,
    line: (r) => [r.reasonCode?.map(textOf).join(', ') || textOf(r.type?.[0]), null,
      [r.participant?.[0]?.individual?.display, r.location?.[0]?.location?.display].filter(Boolean).join(' · ')] },
  { title: 'Immunizations', type: 'Immunization', query: NEWEST_FIRST, date: (r) => r.occurrenceDateTime,
    line: (r) => [textOf(r.vaccineCode), r.status === 'completed' ? null : r.status] },
  { title: 'Procedures', type: 'Procedure', query: NEWEST_FIRST, date: (r) => r.performedDateTime ?? r.performedPeriod?.start,
    line: (r) => [textOf(r.code), null, r.note?.[0]?.text] },
  { title: 'Notes and documents', type: 'DocumentReference', query: NEWEST_FIRST, date: (r) => r.date,
    line: (r) => [documentButton(r), null, r.author?.[0]?.display] },
];

/** The whole record of a patient, which fills in as the answers come. Returns when all have. */
export async function showRecord(place, fhir, patientId) {
  const header = h('section', { class: 'card patient', 'aria-busy': 'true' }, waiting());
  const chart = h('section', { class: 'card vitals', 'aria-busy': 'true' }, h('h2', null, 'Vital signs and lab trends'), waiting());
  const cards = LISTS.map((list) => h('section', { class: 'card list', 'aria-busy': 'true' }, h('h2', null, list.title), waiting()));
  replace(place, header, chart, h('div', { class: 'lists' }, cards));

  const searches = LISTS.map(({ type, query }) => fhir.search(type, { patient: patientId, ...query }));
  const labs = searches[LISTS.findIndex(({ query }) => query.category === 'laboratory')];
  const vitals = fhir.search('Observation', { patient: patientId, category: 'vital-signs', ...NEWEST_FIRST });
  await Promise.all([
    settle(header, fhir.read('Patient', patientId), fillPatient),
    // The chart shows what there is: an app that may see only the vital signs still has a chart.
    settle(chart, bothOrEither(vitals, labs), fillChart),
    ...LISTS.map((list, i) => settle(cards[i], searches[i], (card, found) => fillList(card, list, found))),
  ]);
}

async function settle(card, answer, fillCard) {
  try {
    fillCard(card, await answer);
  } catch (error) {
    notShared(card, error);
  }
  card.removeAttribute('aria-busy');
  card.querySelector('.waiting')?.remove();
}

async function bothOrEither(vitals, labs) {
  const [first, second] = await Promise.allSettled([vitals, labs]);
  if (first.status === 'rejected' && second.status === 'rejected') throw first.reason;
  return [...(first.value ?? []), ...(second.value ?? [])];
}

function notShared(card, error) {
  const refused = error.status === 403 || error.status === 404;
  const sentence = refused ? 'Not shared with this app.'
    : error.status === 401 ? 'The access token is no longer good. Refresh it, or start over.' : 'This could not be loaded.';
  card.classList.add('quiet');
  card.append(h('p', { class: 'not-shared' }, lock(), h('span', null, h('strong', null, sentence), h('small', null, `The server says: ${error.message}.`.replace(/\.\.$/, '.')))));
}

function fillPatient(card, patient) {
  const name = nameOf(patient);
  const initials = name.split(' ').filter((_, i, words) => i === 0 || i === words.length - 1).map((word) => word[0]).join('');
  const number = patient.identifier?.find(({ type }) => type?.coding?.some(({ code }) => code === 'MR')) ?? patient.identifier?.[0];
  replace(card, h('span', { class: 'avatar', 'aria-hidden': 'true' }, initials), h('div', null,
    h('h1', null, name),
    h('dl', { class: 'facts' },
      fact('Born', dateText(patient.birthDate)), fact('Age', ageOf(patient.birthDate)), fact('Gender', patient.gender),
      fact(number?.type?.text ?? 'Identifier', number?.value))));
}

const fact = (name, value) => value && h('div', null, h('dt', null, name), h('dd', null, value));

function fillChart(card, observations) {
  const all = seriesOf(observations);
  if (all.length === 0) {
    card.append(nothing());
    return;
  }
  const figure = h('div', null);
  const choose = (series) => replace(figure, h('h3', { class: 'visually-hidden' }, series.title), chartOf(series));
  card.append(h('fieldset', { class: 'chips' }, h('legend', { class: 'visually-hidden' }, 'What to show'),
    all.map((series, i) => h('label', null,
      h('input', { type: 'radio', name: 'series', checked: i === 0, onchange: () => choose(series) }), h('span', null, series.title)))), figure);
  choose(all[0]);
}

function fillList(card, { line, date, distinct }, found) {
  let rows = found.map((resource) => ({ date: date(resource) ?? '', line: line(resource) })).sort((a, b) => b.date.localeCompare(a.date));
  // The same problem is often recorded at each visit: show it once, as it was last.
  if (distinct) rows = rows.filter(({ line: [text] }, i) => rows.findIndex((other) => other.line[0] === text) === i);
  card.querySelector('h2').append(' ', h('span', { class: 'count' }, String(rows.length)));
  if (rows.length === 0) {
    card.append(nothing());
    return;
  }
  const items = rows.map(({ date: when, line: [text, tag, more] }) => h('li', null,
    h('span', { class: 'what' }, text, tag && [' ', h('span', { class: `tag tag-${tag.replaceAll(' ', '-')}` }, tag)]),
    h('span', { class: 'when' }, dateText(when)), more && h('small', null, more)));
  card.append(h('ul', { class: 'rows' }, items.slice(0, SHOWN_AT_FIRST)));
  if (items.length > SHOWN_AT_FIRST) {
    card.append(h('details', { class: 'more' }, h('summary', null, `${items.length - SHOWN_AT_FIRST} more`),
      h('ul', { class: 'rows' }, items.slice(SHOWN_AT_FIRST))));
  }
}

function documentButton(reference) {
  const attachment = reference.content?.[0]?.attachment ?? {};
  const title = attachment.title ?? textOf(reference.type);
  if (!attachment.data || !attachment.contentType?.startsWith('text/plain')) return title;
  return h('button', { type: 'button', class: 'link', onclick: () => readDocument(title, attachment.data) }, title);
}

function readDocument(title, data) {
  const text = new TextDecoder().decode(fromBase64url(data)); // FHIR base64 has the other alphabet and padding; atob takes both
  const dialog = h('dialog', { class: 'document', 'aria-label': title, onclose: () => dialog.remove(),
    onclick: (event) => { if (event.target === dialog) dialog.close(); } },
  h('article', null, h('h2', null, title), h('pre', { tabindex: 0 }, text),
    h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Close')));
  document.body.append(dialog);
  dialog.showModal();
}

const statusOf = (status) => status?.coding?.[0]?.code ?? null;

function flagOf({ interpretation }) {
  const code = interpretation?.[0]?.coding?.[0]?.code;
  return { H: 'high', HH: 'very high', L: 'low', LL: 'very low', A: 'abnormal' }[code] ?? null;
}

const waiting = () => h('p', { class: 'waiting' }, 'Loading …');
const nothing = () => h('p', { class: 'nothing' }, 'Nothing here that this app may see.');
const lock = () => h('span', { class: 'lock', 'aria-hidden': 'true' });
