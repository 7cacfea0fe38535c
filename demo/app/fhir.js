// Step 4: read the record. Plain HTTP with one header, Authorization: Bearer.

import { tracedFetch } from './trace.js';

// A page of a demo needs no more than this, whatever the server has.
const MAX_PAGES = 10;

/** The FHIR server said no. `status` is the HTTP status, `outcome` the OperationOutcome, where there is one. */
export class FhirError extends Error {
  constructor(status, outcome) {
    super(outcome?.issue?.[0]?.diagnostics ?? outcome?.issue?.[0]?.details?.text ?? `The FHIR server answered ${status}.`);
    this.status = status;
    this.outcome = outcome;
  }
}

/** Reads of one FHIR server with one access token. `phase` says where the requests stand in the side panel. */
export class FhirClient {
  constructor(base, accessToken, phase = 'read') {
    this.base = base;
    this.accessToken = accessToken;
    this.phase = phase;
  }

  /** One resource: GET [base]/Patient/123. */
  read(type, id) {
    return this.#get(`${this.base}/${type}/${encodeURIComponent(id)}`, `Read ${type}`);
  }

  /** All matches of a search, page after page: GET [base]/Observation?patient=123&category=vital-signs. */
  async search(type, parameters) {
    const resources = [];
    let url = `${this.base}/${type}?${new URLSearchParams(parameters)}`;
    for (let page = 1; url && page <= MAX_PAGES; page += 1) {
      const bundle = await this.#get(url, page === 1 ? `Searched ${type}` : `Searched ${type}, page ${page}`);
      // A server may add an OperationOutcome with remarks; only matches are results.
      const matches = (bundle.entry ?? []).filter((entry) => (entry.search?.mode ?? 'match') === 'match');
      resources.push(...matches.map((entry) => entry.resource));
      url = this.#next(bundle);
    }
    return resources;
  }

  // The address of the next page is the server's to choose, and opaque. But the token goes to our FHIR server only.
  #next(bundle) {
    const url = bundle.link?.find((link) => link.relation === 'next')?.url;
    return url?.startsWith(`${this.base}/`) ? url : null;
  }

  async #get(url, title) {
    const response = await tracedFetch({ phase: this.phase, title, keep: keepOfAnswer }, url, {
      headers: { Accept: 'application/fhir+json', Authorization: `Bearer ${this.accessToken}` },
    });
    const body = await response.json().catch(() => null);
    if (!response.ok) throw new FhirError(response.status, body);
    return body;
  }
}

// The side panel keeps the shape of an answer; the record itself is on the left.
function keepOfAnswer(resource) {
  if (resource.resourceType === 'OperationOutcome') return resource;
  if (resource.resourceType !== 'Bundle') return { resourceType: resource.resourceType, id: resource.id, '…': '…' };
  return {
    resourceType: 'Bundle',
    type: resource.type,
    total: resource.total,
    link: resource.link?.map(({ relation }) => relation).join(', '),
    entry: `${resource.entry?.length ?? 0} resources`,
  };
}
