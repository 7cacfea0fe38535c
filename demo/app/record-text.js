// FHIR data types as words.

/** The words of a CodeableConcept: what the clinician wrote, else what a code system says, else the bare code. */
export function textOf(concept) {
  const coding = concept?.coding?.find(({ display }) => display) ?? concept?.coding?.[0];
  return concept?.text ?? coding?.display ?? coding?.code ?? 'unnamed';
}

/** "Maria Elena Alvarez", from the name that is in use. */
export function nameOf({ name = [] }) {
  const { text, given = [], family } = name.find(({ use }) => use === 'official' || use === 'usual') ?? name[0] ?? {};
  return text ?? ([...given, family].filter(Boolean).join(' ') || 'Unnamed');
}

/** A FHIR date or dateTime as a Date, or null. A bare date is that day here, in whatever time zone one is. */
export function parseDate(text) {
  if (!text) return null;
  const bare = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(text);
  const date = bare ? new Date(Number(bare[1]), Number(bare[2] ?? 1) - 1, Number(bare[3] ?? 1)) : new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A FHIR date as people write it, no more exact than it is. */
export function dateText(text) {
  const date = parseDate(text);
  if (!date) return '';
  if (/^\d{4}$/.test(text)) return text;
  const style = /^\d{4}-\d\d$/.test(text) ? { year: 'numeric', month: 'long' } : { dateStyle: 'medium' };
  return date.toLocaleDateString(undefined, style);
}

/** The age on that day: years, and for small children months. */
export function ageOf(birthDate, now = new Date()) {
  const born = parseDate(birthDate);
  if (!born) return '';
  const months = (now.getFullYear() - born.getFullYear()) * 12 + now.getMonth() - born.getMonth() - (now.getDate() < born.getDate() ? 1 : 0);
  return months < 24 ? `${months} months` : `${Math.floor(months / 12)} years`;
}

/** The value of an Observation as words: "6.2 %", "A positive", "134/84 mmHg". */
export function valueText(observation) {
  const { valueQuantity, valueCodeableConcept, valueString, valueBoolean, valueInteger, component } = observation;
  if (valueQuantity) return `${valueQuantity.comparator ?? ''}${valueQuantity.value} ${valueQuantity.unit ?? valueQuantity.code ?? ''}`.trim();
  if (valueCodeableConcept) return textOf(valueCodeableConcept);
  if (component?.length) {
    const quantities = component.map((part) => part.valueQuantity).filter(Boolean);
    return quantities.length ? `${quantities.map(({ value }) => value).join('/')} ${quantities[0].unit ?? ''}`.trim() : '';
  }
  return String(valueString ?? valueInteger ?? valueBoolean ?? '');
}
