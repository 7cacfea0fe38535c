//! The operator's file, from JSON to what cannot be wrong; every fault with its path (`brand[1].portal[0].url`).

mod object;
mod relations;

use std::str::FromStr;

use jiff::Timestamp;

use self::object::Object;
use super::parts::{Address, Identifier, IdentifierSystem, Status, Told, Web, Words};
use super::{Brand, Endpoint, File, Portal};
use crate::fhir::json::parse_object;

/// Reads the file; if nothing is wrong, at least one brand is there.
pub(super) fn file(json: &str) -> Result<File, Vec<String>> {
    let members = parse_object(json.as_bytes(), |_| true).map_err(|error| {
        vec![format!("expected a JSON object, no name in it twice; line {}", error.line())]
    })?;
    let mut faults = Vec::new();
    let read = whole(&mut Object::root(&members, &mut faults));
    match read {
        Some(file) if faults.is_empty() => Ok(file),
        _ => Err(faults),
    }
}

fn whole(file: &mut Object<'_>) -> Option<File> {
    file.only(&["lastUpdated", "endpoint", "brand"]);
    let last_updated = file.required("lastUpdated").map(|LastUpdated(at)| at);
    let endpoint = file.object("endpoint", endpoint);
    if !file.says("brand") {
        file.fault("brand", "expected an array of at least one");
    }
    let brands: Option<Vec<Brand>> = file.objects("brand", brand).into_iter().collect();
    // Whether one is missing can be told when all could be read.
    for (place, expected) in brands.iter().flat_map(|brands| relations::faults(brands, last_updated)) {
        file.fault(place, expected);
    }
    Some(File { last_updated: last_updated?, endpoint: endpoint?, brands: brands? })
}

fn endpoint(object: &mut Object<'_>) -> Option<Endpoint> {
    object.only(&["name", "status", "contact"]);
    let name = object.optional("name");
    let status = object.optional("status").unwrap_or(Status("active"));
    let contacts = object.list("contact");
    if !object.says("contact") {
        object.fault("contact", "expected at least one URL of a page for developers");
        return None;
    }
    Some(Endpoint { name, status, contacts })
}

fn brand(object: &mut Object<'_>) -> Option<Brand> {
    object.only(&[
        "id",
        "lastUpdated",
        "name",
        "website",
        "identifier",
        "type",
        "alias",
        "address",
        "logo",
        "logoLicense",
        "portal",
        "partOf",
    ]);
    let id = object.required("id");
    let last_updated = object.optional("lastUpdated").map(|LastUpdated(at)| at);
    let name = object.required("name");
    if !object.says("website") {
        object.fault("website", "expected a URL, or { \"dataAbsentReason\": \"asked-declined\" }");
    }
    let website = object.told::<Web>("website");
    let mut identifiers: Vec<Identifier> =
        object.objects("identifier", identifier).into_iter().flatten().collect();
    match &website {
        Some(Told::Given(website)) if !object.says("identifier") => identifiers.push(website.identifier()),
        Some(Told::Absent(_)) if !object.says("identifier") => {
            object.fault("identifier", "expected at least one, since there is no website to make it of");
        }
        _ => {}
    }
    let categories = object.list("type");
    let aliases = object.list("alias");
    let addresses = object.objects("address", address).into_iter().flatten().collect();
    let (logo, logo_license) = (object.optional("logo"), object.optional("logoLicense"));
    let portals = object.objects("portal", portal).into_iter().flatten().collect();
    let part_of = object.optional("partOf");
    Some(Brand {
        id: id?,
        last_updated,
        name: name?,
        website: website?,
        identifiers,
        categories,
        aliases,
        addresses,
        logo,
        logo_license,
        portals,
        part_of,
    })
}

fn identifier(object: &mut Object<'_>) -> Option<Identifier> {
    object.only(&["system", "value"]);
    let (system, value) = (object.required::<IdentifierSystem>("system"), object.required::<Words>("value"));
    Identifier::new(&system?, &value?).map_err(|expected| object.fault("value", expected)).ok()
}

fn address(object: &mut Object<'_>) -> Option<Address> {
    const MEMBERS: [&str; 5] = ["line", "city", "state", "postalCode", "country"];
    object.only(&MEMBERS);
    if !MEMBERS.iter().any(|name| object.says(name)) {
        object.fault("country", "expected, or another part of an address");
        return None;
    }
    Some(Address {
        line: object.list("line"),
        city: object.optional("city"),
        state: object.optional("state"),
        postal_code: object.optional("postalCode"),
        country: object.optional("country"),
    })
}

fn portal(object: &mut Object<'_>) -> Option<Portal> {
    object.only(&["name", "url", "description", "logo", "logoLicense"]);
    let (name, url) = (object.told("name"), object.told("url"));
    let description = object.optional("description");
    let (logo, logo_license) = (object.optional("logo"), object.optional("logoLicense"));
    if !object.says("name") && !object.says("url") {
        object.fault("name", "expected, or a url");
        return None;
    }
    Some(Portal { name, url, description, logo, logo_license })
}

/// An instant of this era, which FHIR's `instant` can say.
struct LastUpdated(Timestamp);

impl FromStr for LastUpdated {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at: Option<Timestamp> = text.parse().ok();
        at.filter(|at| at.as_second() >= 0)
            .map(Self)
            .ok_or("expected an instant such as 2026-01-31T12:00:00Z")
    }
}
