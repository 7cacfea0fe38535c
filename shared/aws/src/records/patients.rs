//! The patient picker: who there is, by name.
//!
//! Of Patients it sees no resource, just the cards that the import made of Patients: permissions can be given by key
//! (`patient#…`) and by group (`patients`, `word#…`). Encounters are read as they are: no other type's items have their key
//! (`Encounter/…`) and their groups (`of#PATIENT/Encounter`).
//!
//! Among some patients, their cards are fetched and looked through. Among all, the longest word that is asked for leads to the cards that have a
//! word beginning like it, and those are looked through for the other words; without words, the page comes from the list of all by
//! name. A search that finds more than [`MOST_FOUND`] shows the first of them: nobody leafs through more, one types another letter.

use std::collections::HashMap;

use smart_core::fhir::encounter::{EncounterPage, EncounterQuery, EncounterSummary};
use smart_core::fhir::record::{PatientPage, PatientQuery, PatientSummary};
use smart_core::id::{EncounterId, PatientId};
use smart_core::ports::{Patients, Records as _, Unavailable};
use smart_core::user::PatientAccess;

use super::RecordsTable;
use super::words::{asked, cut, fold, matches};
use crate::item::{Attributes, Item, Unreadable, text};
use crate::table::Range;
use crate::tables::GROUPS;

const PORT: &str = "patients";

/// The group of all patients, by name.
pub(super) const ALL: &str = "patients";

/// How many cards one search looks through.
const MOST_FOUND: usize = 5_000;

/// How many identifiers a card shows.
const MOST_IDENTIFIERS: usize = 20;

/// The longest name, in bytes, that is put in order.
const LONGEST_NAME: usize = 400;

/// A patient as the picker knows them.
struct Card {
    summary: PatientSummary,
    words: Vec<String>,
}

pub(super) fn key(id: &PatientId) -> String {
    format!("patient#{id}")
}

/// The group of the words that begin with the same letter.
pub(super) fn group_of(word: &str) -> String {
    let letter = word.chars().next().map(String::from).unwrap_or_default();
    format!("word#{letter}")
}

/// What a card shows of a patient.
pub(super) fn shown(patient: &PatientSummary) -> PatientSummary {
    let identifiers = patient.identifiers.iter().take(MOST_IDENTIFIERS).cloned().collect();
    PatientSummary { identifiers, ..patient.clone() }
}

/// By name, then by id; a tab comes before whatever a name is made of.
pub(super) fn at_name(patient: &PatientSummary) -> String {
    format!("{}\t{}", cut(&fold(&patient.name), LONGEST_NAME), patient.id)
}

pub(super) fn at_word(word: &str, patient: &PatientSummary) -> String {
    format!("{word}\t{}", at_name(patient))
}

fn card_of(item: &Item) -> Result<Card, Unreadable> {
    Ok(Card { summary: item.json("summary")?, words: item.texts("words")? })
}

impl Patients for RecordsTable {
    async fn patient(&self, id: &PatientId) -> Result<Option<PatientSummary>, Unavailable> {
        let item = self.table.get(PORT, &key(id), false).await?;
        let card = item.as_ref().map(card_of).transpose().map_err(|error| error.at(PORT))?;
        Ok(card.map(|card| card.summary))
    }

    async fn patients(&self, query: &PatientQuery) -> Result<PatientPage, Unavailable> {
        let asked = asked(&query.text);
        let wanted = query.offset.saturating_add(query.limit);
        let cards = match (&query.within, asked.iter().max_by_key(|word| word.chars().count())) {
            (PatientAccess::Only(patients), _) => self.cards(patients).await?,
            (PatientAccess::All, None) => {
                let cards = self.found(ALL, "", wanted.saturating_add(1)).await?;
                return Ok(page(cards, query));
            }
            (PatientAccess::All, Some(word)) => self.found(&group_of(word), word, MOST_FOUND).await?,
        };
        // One who has two such words is found twice.
        let mut found: HashMap<PatientId, Card> = HashMap::new();
        for card in cards.into_iter().filter(|card| matches(&card.words, &asked)) {
            found.insert(card.summary.id.clone(), card);
        }
        let mut found: Vec<Card> = found.into_values().collect();
        found.sort_by_cached_key(|card| (fold(&card.summary.name), card.summary.id.clone()));
        Ok(page(found, query))
    }

    async fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterSummary>, Unavailable> {
        let record = self.record("Encounter", id).await?;
        Ok(record.and_then(|record| EncounterSummary::of(&record.body)))
    }

    async fn encounters(&self, query: &EncounterQuery) -> Result<EncounterPage, Unavailable> {
        Ok(query.page(self.records(&query.records()).await?))
    }
}

/// The page of those who were found, in order.
fn page(found: Vec<Card>, query: &PatientQuery) -> PatientPage {
    let more = found.len() > query.offset.saturating_add(query.limit);
    let patients = found.into_iter().skip(query.offset).take(query.limit).map(|card| card.summary);
    PatientPage { patients: patients.collect(), more }
}

impl RecordsTable {
    /// The cards of these patients.
    async fn cards<'p>(
        &self,
        patients: impl IntoIterator<Item = &'p PatientId>,
    ) -> Result<Vec<Card>, Unavailable> {
        let keys: Vec<String> = patients.into_iter().map(key).collect();
        let items = self.table.get_all(PORT, &keys, false, None).await?;
        items.iter().map(card_of).collect::<Result<_, _>>().map_err(|error| error.at(PORT))
    }

    /// The first cards of a group that begin with `prefix`, at most so many.
    async fn found(&self, group: &str, prefix: &str, most: usize) -> Result<Vec<Card>, Unavailable> {
        let mut cards = Vec::new();
        let mut from: Option<Attributes> = None;
        while cards.len() < most {
            let mut values = vec![(":group", text(group))];
            let mut condition = "#group = :group";
            if !prefix.is_empty() {
                values.push((":prefix", text(prefix)));
                condition = "#group = :group AND begins_with(#at, :prefix)";
            }
            let limit = Some(most.saturating_sub(cards.len()));
            let range =
                Range { index: GROUPS.name, condition, values, ascending: true, limit, from: from.as_ref() };
            let page = self.table.query(PORT, range).await?;
            for item in &page.items {
                cards.push(card_of(item).map_err(|error| error.at(PORT))?);
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        Ok(cards)
    }
}
