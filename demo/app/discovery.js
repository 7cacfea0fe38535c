// Step 1: ask the FHIR server where its authorization server is.
//
// An app is configured with a FHIR base URL and a client_id, and with nothing else. Every other address comes from the
// document below (SMART 2.2 "Conformance", .well-known/smart-configuration).

import { tracedFetch } from './trace.js';

/** Fetches the SMART configuration of a FHIR server, and refuses one that this app cannot use. */
export async function discover(fhirBase) {
  const response = await tracedFetch(
    { phase: 'discover', title: 'Asked the FHIR server for its SMART configuration', keep: keepOfConfiguration },
    `${fhirBase}/.well-known/smart-configuration`,
    { headers: { Accept: 'application/json' } },
  );
  if (!response.ok) throw new Error(`The FHIR server has no SMART configuration (status ${response.status}).`);
  const configuration = await response.json();

  for (const endpoint of ['authorization_endpoint', 'token_endpoint']) {
    if (typeof configuration[endpoint] !== 'string') throw new Error(`The SMART configuration has no ${endpoint}.`);
  }
  // Without S256 a stolen code would be enough to get a token. SMART requires it of servers; do not go on without.
  if (!configuration.code_challenge_methods_supported?.includes('S256')) {
    throw new Error('The server does not support PKCE with S256.');
  }
  return configuration;
}

// What the side panel shows of the document: the parts that this app uses.
function keepOfConfiguration(configuration) {
  const used = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'revocation_endpoint',
    'management_endpoint', 'code_challenge_methods_supported', 'capabilities'];
  return Object.fromEntries(used.filter((name) => name in configuration).map((name) => [name, configuration[name]]));
}
