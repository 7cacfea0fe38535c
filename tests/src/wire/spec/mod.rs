//! What the documents say, a file for each; the ids are rows of the table of requirements. Which files hold which chapter of SMART App
//! Launch is in docs/chapters.tsv.

mod capability_statement;
mod fhir_rest;
mod fhir_search;
mod oidc_core;
mod oidc_discovery;
mod remembered;
mod rfc6749;
mod rfc6750;
mod rfc7009;
mod rfc7523;
mod rfc7591;
mod rfc7636;
mod rfc7662;
mod rfc8414;
mod rfc9068;
mod rfc9207;
mod rfc9449;
mod rfc9700;
mod smart_app_launch;
mod smart_app_state;
mod smart_backend_services;
mod smart_brands;
mod smart_discovery;
mod smart_launch_ehr;
mod smart_management;
mod smart_scopes;
mod smart_task_launch;
