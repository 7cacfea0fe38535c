//! What documents say, item by item, and which flow shows whether it is so.
//!
//! The table is the program's claim to be complete. It is read in both directions: an item that is listed and has no flow is a
//! failure, and so is a flow that works though no document lists its item. Some of what a server must do no document can list: it
//! follows from what they do.

mod form;

use self::form::values;
use crate::documents::{Document, Documents};
use crate::flow::Flow;

/// A field and one thing that it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The member of the document.
    pub field: String,
    /// An element of its list, `true`, or its text.
    pub value: String,
}

impl Item {
    /// Whether a document could list it. What it cannot follows from what it does, or must never work.
    pub fn can_be_listed(&self) -> bool {
        !self.value.starts_with('(')
    }
}

/// Any value: an endpoint, an issuer.
const ANY: &str = "";

/// What no document can say stands in brackets, where the value of an item is.
const NO_CHALLENGE: &str = "(no challenge at all)";
const KEYS_AT_JWKS_URI: &str = "(keys at a jwks_uri)";
const PROOF_ONCE: &str = "(a proof serves once)";
const NO_BEARER: &str = "(a bound token is no bearer token)";
const INTROSPECTED: &str = "(cnf is told by introspection)";

/// A field and a value of it, as the tables have them.
type Row = (&'static str, &'static str);

const ANY_PROOF: Row = ("dpop_signing_alg_values_supported", ANY);

/// What follows from what is listed: an item of the table, and all that it follows from.
#[rustfmt::skip]
static FOLLOWING: &[(Row, &[Row])] = &[
    // SMART 2.2 "Registering a client": a URL, rather than the keys themselves.
    (("token_endpoint_auth_methods_supported", KEYS_AT_JWKS_URI), &[("token_endpoint_auth_methods_supported", "private_key_jwt")]),
    // RFC 9449 §11.1, §7.1, §6.2.
    (("dpop_signing_alg_values_supported", PROOF_ONCE), &[ANY_PROOF]),
    (("dpop_signing_alg_values_supported", NO_BEARER), &[ANY_PROOF]),
    (("dpop_signing_alg_values_supported", INTROSPECTED), &[ANY_PROOF, ("introspection_endpoint", ANY)]),
];

/// Every item that has a flow, but for scopes of resources: those are read by their grammar.
#[rustfmt::skip]
static TABLE: &[(&str, &str, Flow)] = &[
    ("issuer", ANY, Flow::Issuer),
    ("jwks_uri", ANY, Flow::Keys),
    ("authorization_endpoint", ANY, Flow::StandaloneLaunch),
    ("token_endpoint", ANY, Flow::StandaloneLaunch),
    ("introspection_endpoint", ANY, Flow::Introspection),
    ("revocation_endpoint", ANY, Flow::Revocation),
    ("management_endpoint", ANY, Flow::Management),
    ("registration_endpoint", ANY, Flow::Registration),
    ("user_access_brand_bundle", ANY, Flow::Brands),
    ("user_access_brand_identifier", ANY, Flow::BrandIdentifier),
    ("userinfo_endpoint", ANY, Flow::UserInfo),
    ("pushed_authorization_request_endpoint", ANY, Flow::PushedRequest),
    ("device_authorization_endpoint", ANY, Flow::DeviceAuthorization),

    ("capabilities", "launch-standalone", Flow::StandaloneLaunch),
    ("capabilities", "launch-ehr", Flow::EhrLaunch),
    ("capabilities", "authorize-post", Flow::AuthorizePost),
    ("capabilities", "client-public", Flow::ClientPublic),
    ("capabilities", "client-confidential-symmetric", Flow::ClientBasic),
    ("capabilities", "client-confidential-asymmetric", Flow::ClientAssertion("ES384")),
    ("capabilities", "sso-openid-connect", Flow::SignOn),
    ("capabilities", "context-banner", Flow::Banner),
    ("capabilities", "context-style", Flow::Style),
    ("capabilities", "context-ehr-patient", Flow::EhrPatient),
    ("capabilities", "context-ehr-encounter", Flow::EhrEncounter),
    ("capabilities", "context-standalone-patient", Flow::StandalonePatient),
    ("capabilities", "context-standalone-encounter", Flow::StandaloneEncounter),
    ("capabilities", "permission-offline", Flow::Offline),
    ("capabilities", "permission-online", Flow::Online),
    ("capabilities", "permission-patient", Flow::PermissionPatient),
    ("capabilities", "permission-user", Flow::PermissionUser),
    ("capabilities", "permission-v1", Flow::PermissionV1),
    ("capabilities", "permission-v2", Flow::PermissionV2),

    ("grant_types_supported", "authorization_code", Flow::StandaloneLaunch),
    ("grant_types_supported", "refresh_token", Flow::Refresh),
    ("grant_types_supported", "client_credentials", Flow::Backend),
    ("grant_types_supported", "implicit", Flow::ResponseType("token")),
    ("grant_types_supported", "password", Flow::PasswordGrant),
    ("grant_types_supported", "urn:ietf:params:oauth:grant-type:jwt-bearer", Flow::JwtBearerGrant),
    ("grant_types_supported", "urn:ietf:params:oauth:grant-type:token-exchange", Flow::TokenExchange),
    ("grant_types_supported", "urn:ietf:params:oauth:grant-type:device_code", Flow::DeviceAuthorization),

    ("response_types_supported", "code", Flow::StandaloneLaunch),
    ("response_types_supported", "token", Flow::ResponseType("token")),
    ("response_types_supported", "id_token", Flow::ResponseType("id_token")),
    ("response_types_supported", "id_token token", Flow::ResponseType("id_token token")),
    ("response_types_supported", "code token", Flow::ResponseType("code token")),
    ("response_types_supported", "code id_token", Flow::ResponseType("code id_token")),
    ("response_types_supported", "code id_token token", Flow::ResponseType("code id_token token")),
    ("response_modes_supported", "query", Flow::StandaloneLaunch),
    ("response_modes_supported", "fragment", Flow::FragmentMode),
    ("response_modes_supported", "form_post", Flow::FormPostMode),

    ("code_challenge_methods_supported", "S256", Flow::Pkce),
    ("code_challenge_methods_supported", "plain", Flow::PlainPkce),
    // No document can say it, so that it must never work (PKCE-02).
    ("code_challenge_methods_supported", NO_CHALLENGE, Flow::NoPkce),

    ("token_endpoint_auth_methods_supported", "none", Flow::ClientPublic),
    ("token_endpoint_auth_methods_supported", "client_secret_basic", Flow::ClientBasic),
    ("token_endpoint_auth_methods_supported", "client_secret_post", Flow::ClientPost),
    ("token_endpoint_auth_methods_supported", "private_key_jwt", Flow::ClientAssertion("ES384")),
    ("token_endpoint_auth_methods_supported", "client_secret_jwt", Flow::ClientSecretJwt("HS256")),
    ("token_endpoint_auth_methods_supported", KEYS_AT_JWKS_URI, Flow::PublishedKeys),
    ("token_endpoint_auth_signing_alg_values_supported", "RS384", Flow::ClientAssertion("RS384")),
    ("token_endpoint_auth_signing_alg_values_supported", "ES384", Flow::ClientAssertion("ES384")),
    ("token_endpoint_auth_signing_alg_values_supported", "RS256", Flow::ClientAssertion("RS256")),
    ("token_endpoint_auth_signing_alg_values_supported", "ES256", Flow::ClientAssertion("ES256")),
    ("token_endpoint_auth_signing_alg_values_supported", "RS512", Flow::ClientAssertion("RS512")),
    ("token_endpoint_auth_signing_alg_values_supported", "PS256", Flow::ClientAssertion("PS256")),
    ("token_endpoint_auth_signing_alg_values_supported", "PS384", Flow::ClientAssertion("PS384")),
    ("token_endpoint_auth_signing_alg_values_supported", "PS512", Flow::ClientAssertion("PS512")),
    ("token_endpoint_auth_signing_alg_values_supported", "HS256", Flow::ClientSecretJwt("HS256")),
    ("token_endpoint_auth_signing_alg_values_supported", "HS384", Flow::ClientSecretJwt("HS384")),
    ("token_endpoint_auth_signing_alg_values_supported", "HS512", Flow::ClientSecretJwt("HS512")),
    ("token_endpoint_auth_signing_alg_values_supported", "none", Flow::UnsignedAssertion),

    ("introspection_endpoint_auth_methods_supported", "client_secret_basic", Flow::IntrospectionBy("client_secret_basic")),
    ("introspection_endpoint_auth_methods_supported", "client_secret_post", Flow::IntrospectionBy("client_secret_post")),
    ("introspection_endpoint_auth_methods_supported", "private_key_jwt", Flow::IntrospectionBy("private_key_jwt")),
    ("introspection_endpoint_auth_methods_supported", "Bearer", Flow::IntrospectionBy("Bearer")),
    ("introspection_endpoint_auth_methods_supported", "DPoP", Flow::IntrospectionBy("DPoP")),
    ("introspection_endpoint_auth_methods_supported", "none", Flow::IntrospectionBy("none")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "RS384", Flow::IntrospectionBy("RS384")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "ES384", Flow::IntrospectionBy("private_key_jwt")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "RS256", Flow::IntrospectionBy("RS256")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "ES256", Flow::IntrospectionBy("ES256")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "RS512", Flow::IntrospectionBy("RS512")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "PS256", Flow::IntrospectionBy("PS256")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "PS384", Flow::IntrospectionBy("PS384")),
    ("introspection_endpoint_auth_signing_alg_values_supported", "PS512", Flow::IntrospectionBy("PS512")),
    ("revocation_endpoint_auth_methods_supported", "client_secret_basic", Flow::RevocationBy("client_secret_basic")),
    ("revocation_endpoint_auth_methods_supported", "client_secret_post", Flow::RevocationBy("client_secret_post")),
    ("revocation_endpoint_auth_methods_supported", "private_key_jwt", Flow::RevocationBy("private_key_jwt")),
    ("revocation_endpoint_auth_methods_supported", "none", Flow::RevocationBy("none")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "RS384", Flow::RevocationBy("RS384")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "ES384", Flow::RevocationBy("private_key_jwt")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "RS256", Flow::RevocationBy("RS256")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "ES256", Flow::RevocationBy("ES256")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "RS512", Flow::RevocationBy("RS512")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "PS256", Flow::RevocationBy("PS256")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "PS384", Flow::RevocationBy("PS384")),
    ("revocation_endpoint_auth_signing_alg_values_supported", "PS512", Flow::RevocationBy("PS512")),

    ("dpop_signing_alg_values_supported", "ES256", Flow::BoundTokens("ES256")),
    ("dpop_signing_alg_values_supported", "ES384", Flow::BoundTokens("ES384")),
    ("dpop_signing_alg_values_supported", "RS256", Flow::BoundTokens("RS256")),
    ("dpop_signing_alg_values_supported", "RS384", Flow::BoundTokens("RS384")),
    ("dpop_signing_alg_values_supported", "RS512", Flow::BoundTokens("RS512")),
    ("dpop_signing_alg_values_supported", "PS256", Flow::BoundTokens("PS256")),
    ("dpop_signing_alg_values_supported", "PS384", Flow::BoundTokens("PS384")),
    ("dpop_signing_alg_values_supported", "PS512", Flow::BoundTokens("PS512")),
    ("dpop_signing_alg_values_supported", "EdDSA", Flow::BoundTokens("EdDSA")),
    ("dpop_signing_alg_values_supported", "HS256", Flow::BoundTokens("HS256")),
    ("dpop_signing_alg_values_supported", "none", Flow::BoundTokens("none")),
    ("dpop_signing_alg_values_supported", PROOF_ONCE, Flow::ProofOnce),
    ("dpop_signing_alg_values_supported", NO_BEARER, Flow::BoundIsNoBearer),
    ("dpop_signing_alg_values_supported", INTROSPECTED, Flow::BoundIntrospection),

    ("subject_types_supported", "public", Flow::SubjectPublic),
    ("subject_types_supported", "pairwise", Flow::SubjectPairwise),
    ("id_token_signing_alg_values_supported", "RS256", Flow::IdTokenSignedBy("RS256")),
    ("id_token_signing_alg_values_supported", "ES256", Flow::IdTokenSignedBy("ES256")),
    ("id_token_signing_alg_values_supported", "ES384", Flow::IdTokenSignedBy("ES384")),
    ("id_token_signing_alg_values_supported", "none", Flow::IdTokenSignedBy("none")),
    ("claims_supported", "iss", Flow::Claim("iss")),
    ("claims_supported", "sub", Flow::Claim("sub")),
    ("claims_supported", "aud", Flow::Claim("aud")),
    ("claims_supported", "exp", Flow::Claim("exp")),
    ("claims_supported", "iat", Flow::Claim("iat")),
    ("claims_supported", "auth_time", Flow::Claim("auth_time")),
    ("claims_supported", "nonce", Flow::Claim("nonce")),
    ("claims_supported", "fhirUser", Flow::Claim("fhirUser")),
    ("claims_supported", "profile", Flow::Claim("profile")),
    ("claims_supported", "name", Flow::Claim("name")),
    ("claims_supported", "email", Flow::Claim("email")),
    ("claims_supported", "at_hash", Flow::Claim("at_hash")),
    ("claims_supported", "acr", Flow::Claim("acr")),
    ("claims_supported", "amr", Flow::Claim("amr")),
    ("claims_supported", "azp", Flow::Claim("azp")),
    ("claims_supported", "sid", Flow::Claim("sid")),
    ("prompt_values_supported", "none", Flow::PromptNone),
    ("prompt_values_supported", "login", Flow::PromptLogin),
    ("prompt_values_supported", "consent", Flow::PromptConsent),
    ("prompt_values_supported", "select_account", Flow::PromptSelectAccount),
    ("claims_parameter_supported", "true", Flow::ClaimsParameter),
    ("request_parameter_supported", "true", Flow::RequestObject),
    ("request_uri_parameter_supported", "true", Flow::RequestUri),
    ("authorization_response_iss_parameter_supported", "true", Flow::IssuerInAnswer),

    ("scopes_supported", "openid", Flow::SignOn),
    ("scopes_supported", "fhirUser", Flow::FhirUser),
    ("scopes_supported", "profile", Flow::Claim("profile")),
    ("scopes_supported", "email", Flow::Claim("email")),
    ("scopes_supported", "launch", Flow::EhrLaunch),
    ("scopes_supported", "launch/patient", Flow::StandalonePatient),
    ("scopes_supported", "launch/encounter", Flow::StandaloneEncounter),
    ("scopes_supported", "offline_access", Flow::Offline),
    ("scopes_supported", "online_access", Flow::Online),
];

/// Scopes that are tried though nobody lists them: the widest of each level, and those that write.
const UNLISTED_SCOPES: [&str; 6] =
    ["patient/*.rs", "user/*.rs", "system/*.rs", "patient/*.cud", "patient/Observation.c", "user/*.write"];

/// What SMART lets a server leave out and US Core does not, where it works ("US Core Scopes", of version 9): after each level.
#[rustfmt::skip]
const US_CORE_SCOPES: [&str; 33] = [
    "AllergyIntolerance.rs", "CarePlan.rs", "CareTeam.rs", "Condition.rs", "Coverage.rs", "Device.rs", "DiagnosticReport.rs",
    "DocumentReference.rs", "Encounter.rs", "FamilyMemberHistory.rs", "Goal.rs", "Immunization.rs", "MedicationDispense.rs",
    "MedicationRequest.rs", "Observation.rs", "Organization.rs", "Patient.rs", "Practitioner.rs", "PractitionerRole.rs", "Procedure.rs",
    "Provenance.rs", "QuestionnaireResponse.rs", "RelatedPerson.rs", "ServiceRequest.rs", "Specimen.rs",
    "Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis",
    "Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item",
    "Condition.rs?category=http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|social-history",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|survey",
    "Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs",
    "Observation.rs?category=http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh",
];

/// The flow of an item; `None` if this program knows none.
pub(crate) fn flow_of(field: &str, value: &str) -> Option<Flow> {
    let row = TABLE.iter().find(|(f, v, _)| *f == field && (*v == value || *v == ANY));
    match row {
        Some((.., flow)) => Some(flow.clone()),
        None if field == "scopes_supported" && is_resource_scope(value) => {
            Some(Flow::ResourceScope(value.to_owned()))
        }
        None => None,
    }
}

fn is_resource_scope(scope: &str) -> bool {
    ["patient/", "user/", "system/"].iter().any(|level| scope.starts_with(level))
}

/// Every item that has a flow, whether it is listed or not.
pub(crate) fn known() -> impl Iterator<Item = (Item, Flow)> {
    let rows = TABLE.iter().map(|(field, value, flow)| (item(field, value), flow.clone()));
    let of_us_core = ["patient", "user", "system"]
        .into_iter()
        .flat_map(|level| US_CORE_SCOPES.map(|scope| format!("{level}/{scope}")));
    let scopes = UNLISTED_SCOPES.iter().map(|scope| (*scope).to_owned()).chain(of_us_core);
    let scopes = scopes.map(|scope| (item("scopes_supported", &scope), Flow::ResourceScope(scope)));
    rows.chain(scopes)
}

/// What the documents list, and where something is not of the form that the field must have.
pub(crate) fn listed(documents: &Documents) -> (Vec<Item>, Vec<(Item, String)>) {
    let (mut items, mut malformed) = (Vec::new(), Vec::new());
    for document in Document::ALL {
        for (field, value) in documents.get(document) {
            match values(field, value) {
                Ok(values) => items.extend(values.iter().map(|value| item(field, value))),
                Err(why) => malformed.push((item(field, &value.to_string()), why)),
            }
        }
    }
    // OpenID Connect Discovery §3: who does not say that it is off, says that it is on.
    if !documents.get(Document::OpenId).contains_key("request_uri_parameter_supported") {
        items.push(item("request_uri_parameter_supported", "true"));
    }
    items.extend(following(&items));
    items.sort();
    items.dedup();
    (items, malformed)
}

/// What follows from these.
fn following(listed: &[Item]) -> Vec<Item> {
    let is_listed = |(field, value): &Row| {
        let known = item(field, value);
        listed.iter().any(|listed| is_same(&known, listed))
    };
    let holding = FOLLOWING.iter().filter(|(_, from)| from.iter().all(is_listed));
    holding.map(|((field, value), _)| item(field, value)).collect()
}

/// The item of the table that covers this one: endpoints are one item, wherever they are.
pub(crate) fn is_same(known: &Item, listed: &Item) -> bool {
    known.field == listed.field && (known.value == listed.value || known.value == ANY)
}

fn item(field: &str, value: &str) -> Item {
    Item { field: field.to_owned(), value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn scopes_of_resources_have_a_flow_by_their_form_and_what_is_made_up_has_none() {
        let scope = "patient/Observation.rs?category=a|b";
        assert_eq!(flow_of("scopes_supported", scope), Some(Flow::ResourceScope(scope.to_owned())));
        for (field, value) in
            [("scopes_supported", "made-up"), ("capabilities", "smart-app-state"), ("made_up", "x")]
        {
            assert_eq!(flow_of(field, value), None, "{field} {value}");
        }
    }

    #[test]
    fn what_no_document_can_say_follows_from_what_they_say_or_must_never_work() {
        let unsayable: Vec<Item> =
            known().map(|(item, _)| item).filter(|item| !item.can_be_listed()).collect();
        let mut all: Vec<Item> = FOLLOWING.iter().map(|((field, value), _)| item(field, value)).collect();
        all.push(item("code_challenge_methods_supported", NO_CHALLENGE));
        all.sort();
        assert_eq!(unsayable.iter().collect::<BTreeSet<_>>(), all.iter().collect::<BTreeSet<_>>());

        let dpop = item("dpop_signing_alg_values_supported", "ES256");
        let introspection = item("introspection_endpoint", "https://smart.example/auth/introspect");
        let values =
            |listed: &[Item]| following(listed).into_iter().map(|item| item.value).collect::<Vec<_>>();
        assert_eq!(values(std::slice::from_ref(&introspection)), [""; 0]);
        assert_eq!(values(std::slice::from_ref(&dpop)), [PROOF_ONCE, NO_BEARER]);
        assert_eq!(values(&[dpop, introspection]), [PROOF_ONCE, NO_BEARER, INTROSPECTED]);
        let none = item("token_endpoint_auth_methods_supported", "none");
        assert_eq!(values(&[none]), [""; 0]);
        let key = item("token_endpoint_auth_methods_supported", "private_key_jwt");
        assert_eq!(values(&[key]), [KEYS_AT_JWKS_URI]);
    }

    #[test]
    fn every_row_is_found_by_its_own_name() {
        for (item, flow) in known() {
            assert_eq!(flow_of(&item.field, &item.value), Some(flow), "{item:?}");
        }
    }
}
