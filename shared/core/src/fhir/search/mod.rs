//! Searches: which parameters a type has, what their values mean, and which resources they find (FHIR R4
//! search).
//!
//! What is not understood is refused by name: an unknown parameter, since ignoring a filter would widen the
//! answer (with `Prefer: handling=lenient` it is ignored, and the `self` link shows what was used); a modifier
//! always (SRCH-24); `_include`, `_revinclude`, `_has`, chains and the like with them. A parameter without a
//! value is ignored (SRCH-27), and so are the result parameters that this server need not honour. Repeated
//! parameters are AND-ed, values with commas between OR-ed (SRCH-14).

pub(super) mod condition;
mod cursor;
mod date;
mod error;
mod reference;
#[cfg(test)]
mod tests;
pub(crate) mod token;

use std::collections::BTreeSet;

use form_urlencoded::Serializer;

use crate::id::ResourceId;
use crate::instant::Instant;

use self::condition::Condition;
pub use self::cursor::{Cursor, MalformedCursor};
pub use self::error::{Reason, SearchError};
use super::definitions::{Kind, Owner};
use super::record::{Compartments, Direction, Place};
use super::resource::Resource;
use super::resource_type::ResourceType;

/// How many matches a page has where `_count` is not given.
pub const DEFAULT_COUNT: usize = 50;
/// How many matches a page has at most; a larger `_count` is reduced.
pub const MAX_COUNT: usize = 1000;
/// How many parameters a search may have.
pub const MAX_PARAMETERS: usize = 50;
/// How many values its parameters may have in all.
pub const MAX_VALUES: usize = 200;
/// How many resources it may name by `_id`: each of them is fetched.
pub const MAX_IDS: usize = 100;

/// Result parameters (R4 search, "Modifying Search Results") that are accepted and change nothing.
const IGNORED: [&str; 7] =
    ["_contained", "_containedType", "_elements", "_format", "_pretty", "_summary", "_total"];

/// A search of one type, understood in full.
#[derive(Debug)]
pub struct Search {
    resource_type: ResourceType,
    conditions: Vec<Condition>,
    /// What was used, in its order, for the links.
    used: Vec<(String, String)>,
    count: usize,
    count_asked: bool,
    direction: Option<Direction>,
    only_total: bool,
    from: Option<Place>,
}

/// What a search is read with.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The base URL of this server, without a slash at its end: absolute references may begin with it.
    pub base: &'a str,
    /// The instant of the request, which the prefix `ap` counts from.
    pub now: Instant,
    /// Whether unknown parameters are ignored (`Prefer: handling=lenient`).
    pub lenient: bool,
}

impl Search {
    /// Reads the parameters of a search, decoded, in their order.
    pub fn parse<'p>(
        resource_type: ResourceType,
        parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
        reading: Reading<'_>,
    ) -> Result<Self, SearchError> {
        let mut search = Self {
            resource_type,
            conditions: Vec::new(),
            used: Vec::new(),
            count: DEFAULT_COUNT,
            count_asked: false,
            direction: None,
            only_total: false,
            from: None,
        };
        let mut values = 0;
        for (index, (name, value)) in parameters.into_iter().enumerate() {
            values += value.split(',').count();
            if index >= MAX_PARAMETERS || values > MAX_VALUES {
                return Err(SearchError::new(name, Reason::TooMany));
            }
            if !value.is_empty() {
                search.add(name, value, reading)?;
            }
        }
        match search.ids() {
            Some(ids) if ids.len() > MAX_IDS => Err(SearchError::new("_id", Reason::TooManyIds)),
            _ => Ok(search),
        }
    }

    fn add(&mut self, name: &str, value: &str, reading: Reading<'_>) -> Result<(), SearchError> {
        let refused = |reason| Err(SearchError::new(name, reason));
        match name {
            "_count" if self.count_asked => return refused(Reason::Repeated),
            "_count" => self.limit(value).map_err(|reason| SearchError::new(name, reason))?,
            "_sort" => return self.sort(value, reading.lenient),
            "_summary" if value == "count" => self.only_total = true,
            "_cursor" if self.from.is_some() => return refused(Reason::Repeated),
            "_cursor" => match value.parse::<Cursor>() {
                Ok(cursor) => self.from = Some(cursor.0),
                Err(MalformedCursor) => {
                    return refused(Reason::Value("the `next` link of a search, as it was given"));
                }
            },
            _ if IGNORED.contains(&name) => {}
            _ => return self.filter(name, value, reading),
        }
        Ok(())
    }

    fn limit(&mut self, value: &str) -> Result<(), Reason> {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Err(Reason::Value("a whole number, 0 or more"));
        }
        // A number too large for the machine is larger than the most that is given.
        let count = value.parse::<usize>().unwrap_or(MAX_COUNT);
        self.only_total |= count == 0;
        self.count = count.clamp(1, MAX_COUNT);
        self.count_asked = true;
        Ok(())
    }

    fn sort(&mut self, value: &str, lenient: bool) -> Result<(), SearchError> {
        let direction = match value {
            "date" => Some(Direction::Ascending),
            "-date" => Some(Direction::Descending),
            _ => None,
        };
        let has_date =
            self.resource_type.definition().parameters.iter().any(|known| known.kind == Kind::Date);
        match direction.filter(|_| has_date) {
            Some(_) if self.direction.is_some() => Err(SearchError::new("_sort", Reason::Repeated)),
            Some(direction) => {
                self.direction = Some(direction);
                self.used.push(("_sort".to_owned(), value.to_owned()));
                Ok(())
            }
            None if lenient => Ok(()),
            None if has_date => Err(SearchError::new("_sort", Reason::Value("date or -date"))),
            None => Err(SearchError::new("_sort", Reason::Unsortable(self.resource_type))),
        }
    }

    fn filter(&mut self, name: &str, value: &str, reading: Reading<'_>) -> Result<(), SearchError> {
        match Condition::parse(self.resource_type, name, value, reading) {
            Ok(condition) => {
                self.conditions.push(condition);
                self.used.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
            Err(Reason::Unsupported(_)) if reading.lenient => Ok(()),
            Err(reason) => Err(SearchError::new(name, reason)),
        }
    }

    /// The type that is searched.
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// At most so many matches on a page (`_count`), at least 1.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether only the number of matches is asked for (`_count=0`, `_summary=count`; SRCH-10).
    pub fn only_total(&self) -> bool {
        self.only_total
    }

    /// The order of the matches: by clinical date where `_sort=date` or `-date` asks, and otherwise too.
    pub fn direction(&self) -> Direction {
        self.direction.unwrap_or(Direction::Ascending)
    }

    /// Whether an order is asked for (`_sort`), and not just any.
    pub fn is_sorted(&self) -> bool {
        self.direction.is_some()
    }

    /// Where the page before this one ended; `None` for the first.
    pub fn from(&self) -> Option<&Place> {
        self.from.as_ref()
    }

    /// Whether every resource of the type that is [within](Self::within) the reach of the search matches: it asks for nothing else
    /// than whose they are.
    pub fn matches_all_within(&self) -> bool {
        let asks_whose = |condition: &Condition| match self.resource_type.definition().owner {
            Owner::Of(owner) => condition.patients_at(owner).is_some(),
            _ => false,
        };
        self.conditions.iter().all(asks_whose)
    }

    /// Whether a resource of the type is found.
    pub fn matches(&self, resource: &Resource) -> bool {
        resource.resource_type() == self.resource_type
            && self.conditions.iter().all(|condition| condition.matches(resource))
    }

    /// The only resources of these patients that can match, where they are known by their ids: `_id` is given, or the Patients
    /// themselves are searched. In the order of the answer, from where this page begins, unless they are ordered by date.
    pub fn known_ids(&self, within: &Compartments) -> Option<BTreeSet<ResourceId>> {
        let themselves = match (self.resource_type.definition().owner, within) {
            (Owner::Itself, Compartments::Of(patients)) => Some(patients),
            _ => None,
        };
        let mut ids = match (self.ids(), themselves) {
            (Some(ids), None) => return Some(ids),
            (Some(ids), Some(patients)) => ids.intersection(patients).cloned().collect(),
            (None, themselves) => themselves?.clone(),
        };
        if let Some(after) = self.from.as_ref().and_then(|place| place.after.as_ref()) {
            ids = ids.split_off(&after.id);
            ids.remove(&after.id);
        }
        Some(ids)
    }

    /// The only ids that can match, where `_id` is given.
    fn ids(&self) -> Option<BTreeSet<ResourceId>> {
        let mut lists = self.conditions.iter().filter_map(|condition| match condition {
            Condition::Id(ids) => Some(ids),
            _ => None,
        });
        let first: BTreeSet<_> = lists.next()?.iter().cloned().collect();
        Some(lists.fold(first, |ids, list| ids.into_iter().filter(|id| list.contains(id)).collect()))
    }

    /// Of these patients those whose resources can match: where a parameter names patients by the very
    /// element that says whose a resource is, only theirs.
    pub fn within(&self, reach: Compartments) -> Compartments {
        let Owner::Of(owner) = self.resource_type.definition().owner else {
            return reach;
        };
        self.conditions.iter().filter_map(|condition| condition.patients_at(owner)).fold(
            reach,
            |reach, named| {
                Compartments::Of(match reach {
                    Compartments::All => named,
                    Compartments::Of(patients) => patients.intersection(&named).cloned().collect(),
                })
            },
        )
    }

    /// The query of this very page: the parameters that were used, and no others (SRCH-03).
    pub fn self_query(&self) -> String {
        self.query(self.from.as_ref())
    }

    /// The query of the page that begins at a place.
    pub fn next_query(&self, place: &Place) -> String {
        self.query(Some(place))
    }

    fn query(&self, from: Option<&Place>) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.used.iter().map(|(name, value)| (name, value)));
        if self.only_total {
            query.append_pair("_summary", "count");
        } else if self.count_asked {
            query.append_pair("_count", &self.count.to_string());
        }
        if let Some(place) = from {
            query.append_pair("_cursor", &Cursor(place.clone()).to_string());
        }
        query.finish()
    }
}

/// A search parameter, as the capability statement tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchParameter {
    /// Its name.
    pub name: &'static str,
    /// `token`, `reference` or `date`.
    pub kind: &'static str,
}

/// The parameters that searches of a type can use to filter.
pub fn parameters(resource_type: ResourceType) -> Vec<SearchParameter> {
    let common = [
        SearchParameter { name: "_id", kind: "token" },
        SearchParameter { name: "_lastUpdated", kind: "date" },
    ];
    let own = resource_type.definition().parameters.iter().map(|known| SearchParameter {
        name: known.name,
        kind: match known.kind {
            Kind::Patient | Kind::Reference => "reference",
            Kind::Token | Kind::Code => "token",
            Kind::Date => "date",
        },
    });
    common.into_iter().chain(own).collect()
}
