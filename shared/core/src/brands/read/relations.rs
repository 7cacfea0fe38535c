//! What brands are to one another: each known by an id and identifiers of its own (BRANDS-13), and in a hierarchy of two levels,
//! which is what the profile allows of `partOf` (BRANDS-17).

use std::collections::HashMap;

use jiff::Timestamp;

use crate::brands::Brand;

/// What is wrong, and where.
pub(super) fn faults(brands: &[Brand], last_updated: Option<Timestamp>) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut by_id: HashMap<&str, &Brand> = HashMap::new();
    let mut by_identifier = HashMap::new();
    for (i, brand) in brands.iter().enumerate() {
        if by_id.insert(brand.id.as_str(), brand).is_some() {
            faults.push((format!("brand[{i}].id"), "expected another one: it is taken".to_owned()));
        }
        for identifier in &brand.identifiers {
            if let Some(other) = by_identifier.insert(identifier, i) {
                let expected = format!("expected others: one is brand[{other}]'s already");
                faults.push((format!("brand[{i}].identifier"), expected));
            }
        }
        if brand.last_updated.zip(last_updated).is_some_and(|(own, file)| own > file) {
            let expected = "expected no later instant than the file's own".to_owned();
            faults.push((format!("brand[{i}].lastUpdated"), expected));
        }
    }
    for (i, brand) in brands.iter().enumerate() {
        let Some(parent) = &brand.part_of else { continue };
        let expected = match by_id.get(parent.as_str()) {
            _ if i == 0 => "expected none: the first brand is the primary one",
            None => "expected the id of another brand",
            Some(parent) if parent.part_of.is_some() => "expected a brand that is itself part of none",
            Some(_) => continue,
        };
        faults.push((format!("brand[{i}].partOf"), expected.to_owned()));
    }
    faults
}
