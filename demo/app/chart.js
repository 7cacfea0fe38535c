// A line chart in SVG, by hand: axes, lines, the reference range, a cursor that mouse and arrow keys move, and the same
// numbers as a table.

import { h, replace, s } from './dom.js';

const HEIGHT = 260;
const MARGIN = { top: 14, right: 18, bottom: 30, left: 46 };

/** A figure of one series (see vitals.js) that fills its container's width and follows it. */
export function chartOf(series) {
  const readout = h('p', { class: 'readout', 'aria-live': 'polite' });
  const canvas = h('div', { class: 'canvas' });
  const figure = h('figure', { class: 'chart' }, legendOf(series), canvas, readout, tableOf(series));
  let drawn = 0;
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.round(contentRect.width);
    if (width === 0 || width === drawn) return;
    drawn = width;
    replace(canvas, draw(series, width, readout));
  }).observe(canvas);
  return figure;
}

function draw(series, width, readout) {
  const all = series.lines.flatMap(({ points }) => points);
  const times = [...new Set(all.map(({ time }) => time))].sort((a, b) => a - b);
  const ticks = valueTicks([...all.map(({ value }) => value), ...boundsNear(series.range, all)]);
  const x = scale([times[0], times.at(-1)], [MARGIN.left + 6, width - MARGIN.right - 6]);
  const y = scale([ticks[0], ticks.at(-1)], [HEIGHT - MARGIN.bottom, MARGIN.top]);

  const cursor = s('g', { class: 'cursor', visibility: 'hidden' });
  const svg = s('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img', tabindex: 0, 'aria-labelledby': 'chart-title chart-description' },
    s('title', { id: 'chart-title' }, `${series.title} over time`),
    s('desc', { id: 'chart-description' }, describe(series), ' Arrow keys move from value to value; the table below has them all.'),
    rangeBand(series.range, ticks, y, width),
    valueAxis(ticks, y, width),
    timeAxis(times, x, width),
    series.lines.map(({ points }, line) => s('g', { class: `line line-${line}` },
      s('path', { d: points.map(({ time, value }, i) => `${i ? 'L' : 'M'}${x(time).toFixed(1)} ${y(value).toFixed(1)}`).join('') }),
      points.map(({ time, value }) => s('circle', { cx: x(time).toFixed(1), cy: y(value).toFixed(1), r: points.length > 30 ? 2.5 : 3.5 })))),
    cursor);

  let at = times.length - 1;
  const show = (index) => {
    at = Math.max(0, Math.min(times.length - 1, index));
    cursor.setAttribute('visibility', 'visible');
    replace(cursor, s('line', { x1: x(times[at]), x2: x(times[at]), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
      series.lines.flatMap(({ points }, line) => points.filter(({ time }) => time === times[at])
        .map(({ value }) => s('circle', { class: `dot-${line}`, cx: x(times[at]), cy: y(value), r: 6 }))));
    readout.textContent = sentence(series, times[at]);
  };
  const hide = () => { cursor.setAttribute('visibility', 'hidden'); readout.textContent = sentence(series, times.at(-1)); };
  svg.addEventListener('pointermove', (event) => {
    const position = (event.clientX - svg.getBoundingClientRect().left) * (width / svg.getBoundingClientRect().width);
    show(nearest(times.map(x), position));
  });
  svg.addEventListener('pointerleave', hide);
  svg.addEventListener('focus', () => show(at));
  svg.addEventListener('blur', hide);
  svg.addEventListener('keydown', (event) => {
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: times.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    show(target);
  });
  readout.textContent = sentence(series, times.at(-1));
  return svg;
}

// The laboratory's normal range as a band behind the line; a side without a limit reaches the edge.
function rangeBand(range, ticks, y, width) {
  if (!range) return null;
  const clamp = (value) => Math.max(ticks[0], Math.min(ticks.at(-1), value));
  const top = y(clamp(range.high ?? ticks.at(-1)));
  const bottom = y(clamp(range.low ?? ticks[0]));
  if (bottom - top < 1) return null;
  return s('rect', { class: 'band', x: MARGIN.left, width: width - MARGIN.left - MARGIN.right, y: top, height: bottom - top },
    s('title', null, `Reference range ${rangeText(range)}`));
}

function valueAxis(ticks, y, width) {
  return s('g', { class: 'axis' }, ticks.map((tick) => [
    s('line', { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }),
    s('text', { x: MARGIN.left - 8, y: y(tick), dy: '0.32em', 'text-anchor': 'end' }, numberText(tick)),
  ]));
}

function timeAxis(times, x, width) {
  const room = Math.max(2, Math.floor((width - MARGIN.left - MARGIN.right) / 92));
  return s('g', { class: 'axis' }, timeTicks(times[0], times.at(-1), room).map(({ time, text }) =>
    s('text', { x: x(time), y: HEIGHT - MARGIN.bottom + 19, 'text-anchor': 'middle' }, text)));
}

/** A linear map from one interval to another; an interval of one point maps to the middle. */
export function scale([from, to], [start, end]) {
  return (value) => (to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start));
}

// A limit of the reference range belongs into the picture if it is near: no further from the values than they span.
function boundsNear(range, points) {
  const values = points.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return [range?.low, range?.high].filter((bound) => typeof bound === 'number' && bound > low - (high - low) && bound < high + (high - low));
}

/** Round numbers that enclose all values, about five of them. A chart of weights need not begin at zero. */
export function valueTicks(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rough = Math.max((high - low) / 4, Math.abs(high) / 50, 1e-3);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= rough);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  // Rounded, or 0.1 + 0.2 would be written on the axis in full.
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** At most `room` dates: first days of years if the time is long, else of months, else the ends. */
function timeTicks(from, to, room) {
  const candidates = (months) => {
    const start = new Date(from);
    const ticks = [];
    for (let year = start.getFullYear(), month = 0; ; month += months) {
      const time = new Date(year, month, 1).getTime();
      if (time > to) return ticks;
      if (time >= from) ticks.push(time);
      if (ticks.length > 60) return ticks;
    }
  };
  for (const months of [1, 2, 3, 6, 12, 24, 60, 120]) {
    const ticks = candidates(months);
    if (ticks.length > room) continue;
    if (ticks.length < 2) break;
    const style = months >= 12 ? { year: 'numeric' } : { month: 'short', year: 'numeric' };
    return ticks.map((time) => ({ time, text: new Date(time).toLocaleDateString(undefined, style) }));
  }
  const ends = from === to ? [from] : [from, to];
  return ends.map((time) => ({ time, text: new Date(time).toLocaleDateString(undefined, { month: 'short', year: 'numeric' }) }));
}

function legendOf({ lines, unit, range }) {
  return h('ul', { class: 'legend' },
    lines.map(({ name, points }, line) => h('li', null, h('span', { class: `swatch swatch-${line}`, 'aria-hidden': 'true' }), `${name} `,
      h('strong', null, numberText(points.at(-1).value)), ` ${unit}`)),
    range && h('li', null, h('span', { class: 'swatch swatch-band', 'aria-hidden': 'true' }), `Reference range ${rangeText(range)}`));
}

function tableOf({ title, unit, lines }) {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(({ time }) => time)))].sort((a, b) => b - a);
  const valueAt = ({ points }, time) => points.find((point) => point.time === time)?.value;
  return h('details', { class: 'as-table' }, h('summary', null, 'The same as a table'),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}, all values` }, h('table', null,
      h('caption', null, `${title}${unit ? `, ${unit}` : ''}`),
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Date'), lines.map(({ name }) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, times.map((time) => h('tr', null, h('th', { scope: 'row' }, dayText(time)),
        lines.map((line) => h('td', null, numberText(valueAt(line, time))))))))));
}

function sentence({ lines, unit }, time) {
  const values = lines.map(({ name, points }) => [name, points.find((point) => point.time === time)?.value])
    .filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${numberText(value)}`);
  return `${dayText(time)}: ${values.join(', ')} ${unit}`;
}

function describe({ lines, unit }) {
  return lines.map(({ name, points }) => `${name}: ${points.length} values from ${dayText(points[0].time)} to ${dayText(points.at(-1).time)}, `
    + `first ${numberText(points[0].value)}, last ${numberText(points.at(-1).value)} ${unit}.`).join(' ');
}

function nearest(positions, position) {
  return positions.reduce((best, candidate, i) => (Math.abs(candidate - position) < Math.abs(positions[best] - position) ? i : best), 0);
}

const rangeText = ({ low, high }) => (low === null ? `up to ${numberText(high)}` : high === null ? `from ${numberText(low)}` : `${numberText(low)} to ${numberText(high)}`);
const numberText = (value) => value?.toLocaleString(undefined, { maximumFractionDigits: 2 }) ?? '';
const dayText = (time) => new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });
