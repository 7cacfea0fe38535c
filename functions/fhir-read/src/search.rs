//! Searches of one type, by GET and POST (FHIR R4 search, `http#search`).
//!
//! The store brings resources in the order of the answer, from the patients that the scopes can reach; each one is
//! decided on before it counts. The page's end is told as the position of the last match that is shown, so that a link
//! says nothing of what was passed over, and is followed with the follower's own token (SRCH-08).

use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use smart_core::fhir::access::{AccessContext, Decision, Interaction};
use smart_core::fhir::bundle::{Entry, Searchset};
use smart_core::fhir::record::{Compartments, Direction, Position, Record, RecordQuery};
use smart_core::fhir::resource::Belonging;
use smart_core::fhir::resource_type::ResourceType;
use smart_core::fhir::search::{Reading, Search, SearchError};
use smart_core::instant::Instant;
use smart_core::ports::{PublicKeys, Records};
use smart_core::token::AccessTokenClaims;
use smart_web::{body, form};

use crate::error::FhirError;
use crate::negotiation::Format;
use crate::read::parse;
use crate::response::{Caching, ok};
use crate::trail::{Disclosed, Trail};
use crate::{FhirRead, Store};

/// How long the body of a POST may be.
const MAX_BODY: usize = 64 * 1024;
/// How many bytes of resources a page has at most, beyond its first: an answer of a Lambda may have 6 MB.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// How many resources are looked through for one page.
const MAX_SCANNED: usize = 20_000;
/// How many resources are asked of the store at a time where not each of them will match.
const SCAN: usize = 250;

impl<S: Store, K: PublicKeys> FhirRead<S, K> {
    /// A page of matches.
    pub(crate) async fn search(
        &self,
        resource_type: ResourceType,
        request: &Parts,
        body: Body,
        format: Format,
        now: Instant,
    ) -> Result<Response<Body>, FhirError> {
        let claims = self.authentication.claims(&self.store, request, now).await?;
        let found = self.found(&claims, resource_type, request, body, now).await;
        Trail { claims: &claims, interaction: Interaction::Search, resource_type, id: None }
            .led_to(found.as_ref().map(|(_, page)| &page.disclosed));
        let (search, page) = found?;
        let bundle = self.searchset(&search, page);
        Ok(ok(format, Caching::Never, bundle.to_json(&self.base)))
    }

    async fn found(
        &self,
        claims: &AccessTokenClaims,
        resource_type: ResourceType,
        request: &Parts,
        body: Body,
        now: Instant,
    ) -> Result<(Search, Page), FhirError> {
        let parameters = parameters(request, body).await?;
        let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let reading = Reading { base: &self.base, now, lenient: is_lenient(&request.headers) };
        let search = Search::parse(resource_type, pairs, reading);
        let page = self.granted_page(claims, search.as_ref(), resource_type, now).await?;
        Ok((search?, page))
    }

    /// What is found waits for the grant; a grant that has ended stops the search.
    async fn granted_page(
        &self,
        claims: &AccessTokenClaims,
        search: Result<&Search, &SearchError>,
        resource_type: ResourceType,
        now: Instant,
    ) -> Result<Page, FhirError> {
        let Some(context) = self.authentication.remembered(claims, now) else {
            let context = self.authentication.context(&self.store, claims, now).await?;
            return self.page(search, resource_type, &context).await;
        };
        let found = async { Ok(self.page(search, resource_type, &context).await) };
        tokio::try_join!(self.authentication.confirm(&self.store, claims, now), found)?.1
    }

    /// The scopes are asked first, so that neither what exists nor what was asked makes a difference to who may not look
    /// (RS-12).
    async fn page(
        &self,
        search: Result<&Search, &SearchError>,
        resource_type: ResourceType,
        context: &AccessContext,
    ) -> Result<Page, FhirError> {
        context.may_search(resource_type)?;
        find(&self.store, search.map_err(Clone::clone)?, context).await
    }

    fn searchset(&self, search: &Search, page: Page) -> Searchset {
        let url = |query: String| {
            let separator = if query.is_empty() { "" } else { "?" };
            format!("{}/{}{separator}{query}", self.base, search.resource_type())
        };
        Searchset {
            total: page.total,
            self_url: url(search.self_query()),
            next_url: page.next.map(|position| url(search.next_query(&position))),
            entries: page.entries,
        }
    }
}

/// The matches of a page, and where it ends.
struct Page {
    total: Option<usize>,
    entries: Vec<Entry>,
    next: Option<Position>,
    disclosed: Disclosed,
}

/// Looks for the matches of one page that may leave.
async fn find<S: Records>(store: &S, search: &Search, context: &AccessContext) -> Result<Page, FhirError> {
    let compartments = search.within(context.reach(search.resource_type()));
    let mut pages = Pages::new(store, search, compartments);
    let mut found = Found::default();
    while let Some(records) = pages.next().await? {
        for (position, record) in records {
            let Some((entry, belonging)) = allowed(search, context, record) else { continue };
            if found.is_full(search, &entry) {
                return Ok(found.into_page(None));
            }
            found.push(search, position, entry, belonging);
        }
        if pages.scanned >= MAX_SCANNED && !pages.done {
            // From the last match the search can go on; without one there is no place to name.
            return if found.last.is_none() || search.only_total() {
                Err(FhirError::TooCostly)
            } else {
                Ok(found.into_page(None))
            };
        }
    }
    found.last = None;
    let total = search.after().is_none().then_some(found.disclosed.count());
    Ok(found.into_page(total))
}

/// The resource and whose it is, if it is found and may leave.
fn allowed(search: &Search, context: &AccessContext, record: Record) -> Option<(Entry, Belonging)> {
    let Ok(resource) = parse(&record) else {
        tracing::error!("a stored resource cannot be read");
        return None;
    };
    let leaves =
        search.matches(&resource) && context.decide(Interaction::Search, &resource) == Decision::Allow;
    leaves.then(|| {
        let (resource_type, id) = (resource.resource_type(), resource.id().clone());
        (Entry { resource_type, id, body: record.body }, resource.belonging())
    })
}

/// The matches so far.
#[derive(Default)]
struct Found {
    bytes: usize,
    entries: Vec<Entry>,
    last: Option<Position>,
    disclosed: Disclosed,
}

impl Found {
    /// Whether the page ends before this match.
    fn is_full(&self, search: &Search, entry: &Entry) -> bool {
        let count = self.disclosed.count();
        let too_long = count > 0 && self.bytes + entry.body.len() > MAX_PAGE_BYTES;
        !search.only_total() && (count >= search.count() || too_long)
    }

    fn push(&mut self, search: &Search, position: Position, entry: Entry, belonging: Belonging) {
        self.disclosed.add(belonging);
        self.last = Some(position);
        if !search.only_total() {
            self.bytes += entry.body.len();
            self.entries.push(entry);
        }
    }

    fn into_page(self, total: Option<usize>) -> Page {
        Page { total, entries: self.entries, next: self.last, disclosed: self.disclosed }
    }
}

/// The resources that a search must look at, in its order.
struct Pages<'a, S> {
    store: &'a S,
    search: &'a Search,
    query: RecordQuery,
    scanned: usize,
    done: bool,
}

impl<'a, S: Records> Pages<'a, S> {
    fn new(store: &'a S, search: &'a Search, compartments: Compartments) -> Self {
        let all_match = search.matches_all_within() && !search.only_total();
        let done = matches!(&compartments, Compartments::Of(patients) if patients.is_empty());
        let query = RecordQuery {
            resource_type: search.resource_type().as_str(),
            compartments,
            direction: search.direction(),
            after: search.after().cloned(),
            // One more than the page tells whether there is a next.
            limit: if all_match { search.count() + 1 } else { SCAN.max(search.count() + 1) },
        };
        Self { store, search, query, scanned: 0, done }
    }

    async fn next(&mut self) -> Result<Option<Vec<(Position, Record)>>, FhirError> {
        if self.done {
            return Ok(None);
        }
        if let Some(ids) = self.search.ids() {
            self.done = true;
            return Ok(Some(self.by_id(ids).await?));
        }
        let page = self.store.records(&self.query).await?;
        // Also a page without resources is work: it must end sometime.
        self.scanned += page.records.len().max(1);
        self.done = page.next.is_none();
        self.query.after = page.next;
        Ok(Some(page.records))
    }

    /// Where ids are named, each is looked up by itself.
    async fn by_id(
        &self,
        ids: impl IntoIterator<Item = smart_core::id::ResourceId>,
    ) -> Result<Vec<(Position, Record)>, FhirError> {
        let mut records = Vec::new();
        for id in ids {
            let Some(record) = self.store.record(self.query.resource_type, &id).await? else { continue };
            let date = parse(&record).map(|resource| resource.sort_date()).unwrap_or_default();
            records.push((Position { date, id }, record));
        }
        records.sort_by(|(a, _), (b, _)| self.order(a, b));
        if let Some(after) = &self.query.after {
            records.retain(|(position, _)| self.order(after, position).is_lt());
        }
        Ok(records)
    }

    fn order(&self, a: &Position, b: &Position) -> std::cmp::Ordering {
        match self.query.direction {
            Direction::Ascending => a.cmp(b),
            Direction::Descending => b.cmp(a),
        }
    }
}

/// `Prefer: handling=lenient` (FHIR-17); strict goes without saying.
fn is_lenient(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = preferences.flat_map(|value| value.split([',', ';']));
    preferences.any(|one| one.trim().replace('"', "").eq_ignore_ascii_case("handling=lenient"))
}

/// The parameters of the URL, and for POST those of the body after them (SRCH-01).
async fn parameters(request: &Parts, sent: Body) -> Result<Vec<(String, String)>, FhirError> {
    let mut pairs = decode(request.uri.query().unwrap_or_default().as_bytes())?;
    if request.method == Method::POST {
        let too_long = |long: body::TooLong| FhirError::TooLong { limit: long.limit };
        let body = body::read(sent, MAX_BODY).await.map_err(too_long)?;
        if !body.is_empty() && !body::is_of(&request.headers, form::MEDIA_TYPE) {
            return Err(FhirError::MediaType);
        }
        pairs.extend(decode(&body)?);
    }
    Ok(pairs)
}

/// Pairs in their order, duplicates kept. What is no UTF-8 text is refused: a mangled filter would find something else.
fn decode(encoded: &[u8]) -> Result<Vec<(String, String)>, FhirError> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(encoded).into_owned().collect();
    let mangled = |text: &String| text.contains('\u{fffd}');
    if pairs.iter().any(|(name, value)| mangled(name) || mangled(value)) {
        return Err(FhirError::Encoding);
    }
    Ok(pairs)
}
