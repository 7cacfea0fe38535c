// From Observations to lines on a chart.

import { parseDate, textOf } from './record-text.js';

const LOINC = 'http://loinc.org';
const BLOOD_PRESSURE = '85354-9';
// What a reader looks for first: blood pressure, weight, heart rate, HbA1c. The rest follows by number of values.
const FIRST = [BLOOD_PRESSURE, '29463-7', '8867-4', '4548-4'];
// Two values make a line, three make a story.
const MIN_VALUES = 3;
const MAX_SERIES = 14;

/**
 * Groups Observations by what was measured: [{ key, title, unit, lines: [{ name, points: [{ time, value }] }], range }],
 * each line in the order of time. `range` is the laboratory's latest reference range, { low, high }, or null.
 */
export function seriesOf(observations) {
  const byCode = new Map();
  for (const observation of observations) {
    const code = loincOf(observation.code);
    const time = parseDate(observation.effectiveDateTime ?? observation.effectivePeriod?.start)?.getTime();
    if (!code || time === undefined || observation.status === 'entered-in-error') continue;
    const series = byCode.get(code) ?? { key: code, title: textOf(observation.code), unit: '', lines: new Map(), range: null, latest: 0 };
    byCode.set(code, series);
    for (const { name, quantity } of valuesOf(observation)) {
      if (!series.lines.has(name)) series.lines.set(name, []);
      series.lines.get(name).push({ time, value: quantity.value });
      series.unit = quantity.unit ?? quantity.code ?? '';
    }
    if (time >= series.latest) Object.assign(series, { latest: time, range: rangeOf(observation) });
  }
  return [...byCode.values()].map(sorted).filter(({ lines }) => lines.some(({ points }) => points.length >= MIN_VALUES))
    .sort(byInterest).slice(0, MAX_SERIES);
}

// A blood pressure is one Observation with two components; most others have one value.
function valuesOf(observation) {
  const one = { name: textOf(observation.code), quantity: observation.valueQuantity };
  const parts = (observation.component ?? []).map(({ code, valueQuantity }) =>
    ({ name: textOf(code).replace(/ blood pressure$/i, ''), quantity: valueQuantity }));
  return [one, ...parts].filter(({ quantity }) => typeof quantity?.value === 'number');
}

function sorted(series) {
  const lines = [...series.lines].map(([name, points]) => ({ name, points: points.sort((a, b) => a.time - b.time) }));
  return { ...series, lines };
}

function byInterest(a, b) {
  const rank = ({ key }) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  return rank(a) - rank(b) || b.lines[0].points.length - a.lines[0].points.length || a.title.localeCompare(b.title);
}

const loincOf = (concept) => concept?.coding?.find(({ system }) => system === LOINC)?.code;

function rangeOf({ referenceRange }) {
  const { low, high } = referenceRange?.[0] ?? {};
  return low || high ? { low: low?.value ?? null, high: high?.value ?? null } : null;
}
