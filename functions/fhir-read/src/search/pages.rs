//! Which resources a search looks at, in which order, and where it can go on.
//!
//! | search | what the store is asked for |
//! |---|---|
//! | by `_id`, or of the reader's own Patients | these resources, a hundred at a time |
//! | of one patient, of a shared type, of everybody | one run, in its order |
//! | of several patients in order of date (`_sort`) | their runs, merged |
//! | of several patients otherwise | one patient's run after the other's |
//!
//! So a page costs about what it shows, however many patients its reader has. Whatever is searched for, a page asks for no more than
//! [`MOST_RUNS`] parts of runs, and one that could not look at everything has a `next` link to go on by.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use smart_core::fhir::record::{Compartments, Direction, Place, Position, Record, RecordQuery};
use smart_core::fhir::resource::Belonging;
use smart_core::fhir::search::Search;
use smart_core::id::{PatientId, ResourceId};
use smart_core::ports::Records;

use crate::error::FhirError;
use crate::read::parse;

/// How many parts of runs a page asks for at most: a second's work, and enough to fill a page from the records of patients of whom there is
/// little.
pub(crate) const MOST_RUNS: usize = 64;
/// How many resources are asked of a run at a time where not each of them will match.
const SCAN: usize = 250;
/// How many are asked of all runs that are merged: each of them is fetched, and not each is shown.
const MERGED: usize = 20 * MOST_RUNS;
/// How many resources are fetched by their ids at once.
const BATCH: usize = 100;

/// The resources that a search must look at, in its order.
pub(super) struct Pages<'a, S> {
    store: &'a S,
    search: &'a Search,
    source: Source,
    /// How many parts of runs were asked for.
    runs: usize,
    /// The place after the last resource of this run that the reader may see.
    seen: Option<Place>,
    /// Whom the search is done with, where it goes from one patient to the next: what is theirs, too, was shown with them.
    passed: BTreeSet<PatientId>,
}

enum Source {
    /// Resources that are known by their ids.
    Named(BTreeSet<ResourceId>),
    /// A run, or several that are merged.
    Run(RecordQuery),
    /// One patient's run after the other's.
    Patients(Series),
    /// Nothing more.
    End,
}

/// The runs of several patients, in the order of their ids.
struct Series {
    query: RecordQuery,
    patient: PatientId,
    /// Whether this run was begun on this page, after another.
    begun_here: bool,
    /// Whether this run was looked through.
    done: bool,
    rest: BTreeSet<PatientId>,
}

/// What comes next.
pub(super) enum Step {
    /// Some resources, or none, each with the place after it.
    Records(Vec<(Place, Record)>),
    /// Everything was looked at.
    End,
    /// This page may ask for no more. The search goes on from there, if that can be told without telling of what its reader may not
    /// see.
    Enough(Option<Place>),
}

impl<'a, S: Records> Pages<'a, S> {
    pub(super) fn new(store: &'a S, search: &'a Search, within: Compartments) -> Result<Self, FhirError> {
        let after = || search.from().and_then(|place| place.after.clone());
        let (mut passed, mut source) = (BTreeSet::new(), Source::End);
        match (search.known_ids(&within), within) {
            (Some(ids), _) => source = Source::Named(ids),
            (None, Compartments::Of(patients)) if patients.len() > 1 && !search.is_sorted() => {
                (passed, source) = Series::begin(search, patients);
            }
            (None, Compartments::Of(patients)) if patients.is_empty() => {}
            (None, Compartments::Of(patients)) if patients.len() > MOST_RUNS => {
                return Err(FhirError::TooCostly);
            }
            (None, within) => source = Source::Run(query(search, within, after())),
        }
        Ok(Self { store, search, source, runs: 0, seen: None, passed })
    }

    /// The next resources, of which so many are `wanted` for the page.
    pub(super) async fn next(&mut self, wanted: usize) -> Result<Step, FhirError> {
        // One more tells whether there is a next page.
        let one_more = wanted.saturating_add(1);
        let all_match = self.search.matches_all_within() && !self.search.only_total();
        let limit = if all_match { one_more } else { SCAN.max(one_more) };
        match std::mem::replace(&mut self.source, Source::End) {
            Source::Named(ids) => self.named(ids, if all_match { one_more.min(BATCH) } else { BATCH }).await,
            Source::Run(query) => self.run(query, limit).await,
            Source::Patients(series) => self.series(series, limit).await,
            Source::End => Ok(Step::End),
        }
    }

    /// The reader may see the resource before this place.
    pub(super) fn saw(&mut self, place: &Place) {
        self.seen = Some(place.clone());
    }

    /// Whether a resource was met before, with another of its patients.
    pub(super) fn was_met(&self, belonging: &Belonging) -> bool {
        matches!(belonging, Belonging::Patients(patients) if !patients.is_disjoint(&self.passed))
    }

    /// Some of the resources that are known by their ids. Those of a search by `_id` are fewer than are fetched at once, so that they can
    /// be put in order; Patients, who have no date, are in order already.
    async fn named(&mut self, mut ids: BTreeSet<ResourceId>, limit: usize) -> Result<Step, FhirError> {
        if ids.is_empty() {
            return Ok(Step::End);
        }
        if self.runs >= MOST_RUNS {
            return Ok(Step::Enough(self.seen.take()));
        }
        let batch: Vec<_> = std::iter::from_fn(|| ids.pop_first()).take(limit).collect();
        self.runs += 1;
        let found = self.store.records_by_id(self.search.resource_type().as_str(), &batch).await?;
        let position = |(id, record): (ResourceId, Record)| {
            let date = parse(&record).map(|resource| resource.sort_date()).unwrap_or_default();
            (Position { date, id }, record)
        };
        let mut records: Vec<_> = found.into_iter().map(position).collect();
        let order = |a: &Position, b: &Position| match self.search.direction() {
            Direction::Ascending => a.cmp(b),
            Direction::Descending => b.cmp(a),
        };
        records.sort_by(|(a, _), (b, _)| order(a, b));
        if let Some(after) = self.search.from().and_then(|place| place.after.as_ref()) {
            records.retain(|(position, _)| order(after, position) == Ordering::Less);
        }
        self.source = Source::Named(ids);
        Ok(Step::Records(placed(None, records)))
    }

    /// What comes next in a run, or in several that are merged.
    async fn run(&mut self, mut query: RecordQuery, limit: usize) -> Result<Step, FhirError> {
        let parts = match &query.compartments {
            Compartments::All => 1,
            Compartments::Of(patients) => patients.len().max(1),
        };
        if self.runs + parts > MOST_RUNS {
            return Ok(Step::Enough(self.seen.take()));
        }
        query.limit = if parts > 1 { limit.min(MERGED / parts) } else { limit };
        self.runs += parts;
        let page = self.store.records(&query).await?;
        if page.next.is_some() {
            query.after = page.next;
            self.source = Source::Run(query);
        }
        Ok(Step::Records(placed(None, page.records)))
    }

    /// What comes next in one patient's run, or in the next one's.
    async fn series(&mut self, mut series: Series, limit: usize) -> Result<Step, FhirError> {
        if series.done {
            let Some(next) = series.rest.pop_first() else { return Ok(Step::End) };
            self.passed.insert(std::mem::replace(&mut series.patient, next));
            self.seen = None;
            let within = Compartments::Of(BTreeSet::from([series.patient.clone()]));
            series =
                Series { query: query(self.search, within, None), begun_here: true, done: false, ..series };
        }
        if self.runs >= MOST_RUNS {
            let beginning = Place { patient: Some(series.patient), after: None };
            return Ok(Step::Enough(self.seen.take().or(series.begun_here.then_some(beginning))));
        }
        series.query.limit = limit;
        self.runs += 1;
        let page = self.store.records(&series.query).await?;
        series.done = page.next.is_none();
        series.query.after = page.next;
        let records = placed(Some(&series.patient), page.records);
        self.source = Source::Patients(series);
        Ok(Step::Records(records))
    }
}

impl Series {
    /// The runs of these patients, from where the page begins; and those with whom the search is done.
    fn begin(search: &Search, mut patients: BTreeSet<PatientId>) -> (BTreeSet<PatientId>, Source) {
        let place = search.from().cloned().unwrap_or_default();
        let mut rest = match &place.patient {
            Some(patient) => patients.split_off(patient),
            None => std::mem::take(&mut patients),
        };
        let Some(patient) = rest.pop_first() else { return (patients, Source::End) };
        let after = place.after.filter(|_| place.patient.as_ref() == Some(&patient));
        let within = Compartments::Of(BTreeSet::from([patient.clone()]));
        let query = query(search, within, after);
        (patients, Source::Patients(Self { query, patient, begun_here: false, done: false, rest }))
    }
}

fn query(search: &Search, compartments: Compartments, after: Option<Position>) -> RecordQuery {
    let (resource_type, direction) = (search.resource_type().as_str(), search.direction());
    RecordQuery { resource_type, compartments, direction, after, limit: 1 }
}

/// Each record with the place after it.
fn placed(patient: Option<&PatientId>, records: Vec<(Position, Record)>) -> Vec<(Place, Record)> {
    let place = |position| Place { patient: patient.cloned(), after: Some(position) };
    records.into_iter().map(|(position, record)| (place(position), record)).collect()
}
