// Elements without markup strings. Whatever comes from a server enters the page through here, as text: a name such
// as "<img onerror=…>" is then just an odd name.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an HTML element: h('a', { href: '/', onclick: go }, 'Home').
 * Attributes that are null, undefined or false are left out; functions become listeners; children that are null,
 * undefined or false are left out, arrays are flattened, all else becomes text.
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG, which lives in a namespace of its own. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/** Puts new children in the place of the old ones. */
export function replace(element, ...children) {
  element.replaceChildren(...nodes(children));
}

const nodes = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
