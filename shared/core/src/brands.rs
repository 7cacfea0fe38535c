//! User-access brands (SMART 2.2 §"User-access Brands and Endpoints"; BRANDS rows): who stands behind this FHIR API, for apps to
//! show to people who look for their records.
//!
//! What the operator says is a JSON object, read once, at start; all that is wrong is said at once. Of it the Bundle is made
//! that is served, so that what cannot be published is not there to be served. The names are FHIR's own:
//!
//! ```json
//! {
//!   "lastUpdated": "2026-01-31T12:00:00Z",               when something in this file changed last
//!   "endpoint": {                                        this FHIR API; its address is the server's
//!     "contact": ["https://developers.example.org"],     where developers register their apps
//!     "name": "Example Health, FHIR R4", "status": "active"
//!   },
//!   "brand": [{                                          the first is the primary one
//!     "id": "example-health",
//!     "name": "Example Health",
//!     "website": "https://www.example.org",
//!     "identifier": [{ "system": "urn:ietf:rfc:3986", "value": "https://example.org" }],
//!     "type": ["prov"], "alias": ["Example Hospital"], "address": [{ "city": "Portland", "country": "US" }],
//!     "logo": "https://www.example.org/logo.svg", "logoLicense": "https://www.example.org/logo.html",
//!     "portal": [{ "name": "MyExample", "url": "https://my.example.org", "description": "For our patients." }]
//!   }, {
//!     "id": "example-labs", "name": "Example Labs", "website": { "dataAbsentReason": "asked-declined" },
//!     "identifier": [{ "system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893" }],
//!     "partOf": "example-health"
//!   }]
//! }
//! ```

mod bundle;
mod country;
mod parts;
mod read;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

use self::parts::{Address, Category, Identifier, Status, Told, Web, Words};
use crate::deployment::PublicUrl;
use crate::id::ResourceId;

/// Where the Bundle is served. The name is that of SMART's own example.
pub const BRANDS_PATH: &str = "/brands.json";

/// What a file may measure, and what may come of it: an answer of AWS Lambda has 6 MB at most.
const LONGEST_FILE: usize = 1 << 20;
const LONGEST_BUNDLE: usize = 4 << 20;

/// What is published: the Bundle, and by which identifier its primary brand is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAccessBrands {
    bundle: Value,
    identifier: Value,
}

impl UserAccessBrands {
    /// Reads what the operator says about the service at `here`, or says all that is wrong with it: where, and what was expected.
    pub fn read(json: &str, here: &PublicUrl) -> Result<Self, Vec<String>> {
        if json.len() > LONGEST_FILE {
            return Err(vec![format!("expected at most {LONGEST_FILE} bytes")]);
        }
        let file = read::file(json)?;
        let Some(identifier) = file.brands.first().and_then(|primary| primary.identifiers.first()) else {
            return Err(vec!["brand: expected at least one".to_owned()]);
        };
        let published = Self { bundle: file.bundle(here), identifier: identifier.to_json() };
        if published.bundle.to_string().len() > LONGEST_BUNDLE {
            return Err(vec![format!("expected less: the Bundle is longer than {LONGEST_BUNDLE} bytes")]);
        }
        Ok(published)
    }

    /// The Bundle of the profile `user-access-brands-bundle`.
    pub fn bundle(&self) -> &Value {
        &self.bundle
    }

    /// The identifier that the primary brand has, and no other (BRANDS-13).
    pub fn identifier(&self) -> &Value {
        &self.identifier
    }
}

/// What the file says.
#[derive(Clone, Debug)]
struct File {
    last_updated: Timestamp,
    endpoint: Endpoint,
    /// No two with the same id or a common identifier; the first is part of no other.
    brands: Vec<Brand>,
}

/// This FHIR API (profile `user-access-endpoint`).
#[derive(Clone, Debug)]
struct Endpoint {
    name: Option<Words>,
    status: Status,
    /// At least one.
    contacts: Vec<Web>,
}

/// An Organization (profile `user-access-brand`).
#[derive(Clone, Debug)]
struct Brand {
    id: ResourceId,
    last_updated: Option<Timestamp>,
    name: Words,
    website: Told<Web>,
    /// At least one.
    identifiers: Vec<Identifier>,
    categories: Vec<Category>,
    aliases: Vec<Words>,
    addresses: Vec<Address>,
    logo: Option<Web>,
    logo_license: Option<Web>,
    portals: Vec<Portal>,
    /// A brand of this file that is part of none.
    part_of: Option<ResourceId>,
}

/// Where people of a brand sign in. All portals of the file lead to records that this FHIR API has.
#[derive(Clone, Debug)]
struct Portal {
    name: Option<Told<Words>>,
    url: Option<Told<Web>>,
    description: Option<parts::Description>,
    logo: Option<Web>,
    logo_license: Option<Web>,
}
