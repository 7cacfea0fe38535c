//! Searches of one type, by GET and POST (FHIR R4 search, `http#search`).
//!
//! The store brings resources in the order of the answer, from the patients that the scopes can reach ([`pages`]); each one is
//! decided on before it counts. The page's end is told as the place of the last match that is shown, or, where a search ends for
//! having looked at enough, of the last resource that its reader may see: a link says nothing of what was withheld, and is followed
//! with the follower's own token (SRCH-08).

pub(crate) mod pages;

use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use smart_core::fhir::access::{AccessContext, Decision, Interaction};
use smart_core::fhir::bundle::{Entry, Searchset};
use smart_core::fhir::record::{Place, Record};
use smart_core::fhir::resource::{Belonging, Resource};
use smart_core::fhir::resource_type::ResourceType;
use smart_core::fhir::search::{Reading, Search, SearchError};
use smart_core::instant::Instant;
use smart_core::oauth::Parameters;
use smart_core::ports::{PublicKeys, Records};
use smart_core::token::AccessTokenClaims;
use smart_web::{body, form};

use self::pages::{Pages, Step};
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
        let pairs = parameters.iter().flat_map(Parameters::pairs);
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
            next_url: page.next.map(|place| url(search.next_query(&place))),
            entries: page.entries,
        }
    }
}

/// The matches of a page, and where the next one begins.
struct Page {
    total: Option<usize>,
    entries: Vec<Entry>,
    next: Option<Place>,
    disclosed: Disclosed,
}

/// Looks for the matches of one page that may leave.
async fn find<S: Records>(store: &S, search: &Search, context: &AccessContext) -> Result<Page, FhirError> {
    let within = search.within(context.reach(search.resource_type()));
    let mut pages = Pages::new(store, search, within)?;
    let mut found = Found::default();
    loop {
        match pages.next(search.count().saturating_sub(found.disclosed.count())).await? {
            Step::Records(records) => {
                for (place, record) in records {
                    let Some(resource) = open_to(context, &record) else { continue };
                    pages.saw(&place);
                    let belonging = resource.belonging();
                    if !search.matches(&resource) || pages.was_met(&belonging) {
                        continue;
                    }
                    let (resource_type, id) = (resource.resource_type(), resource.id().clone());
                    let entry = Entry { resource_type, id, body: record.body };
                    if found.is_full(search, &entry) {
                        return Ok(found.into_page());
                    }
                    found.push(search, place, entry, belonging);
                }
            }
            Step::End => {
                let total = search.from().is_none().then_some(found.disclosed.count());
                return Ok(Page { total, next: None, ..found.into_page() });
            }
            // A total of what was not looked at would be wrong.
            Step::Enough(place) => match place.filter(|_| !search.only_total()) {
                Some(place) => return Ok(Page { next: Some(place), ..found.into_page() }),
                None => return Err(FhirError::TooCostly),
            },
        }
    }
}

/// The resource, if it may leave.
fn open_to(context: &AccessContext, record: &Record) -> Option<Resource> {
    let Ok(resource) = parse(record) else {
        tracing::error!("a stored resource cannot be read");
        return None;
    };
    (context.decide(Interaction::Search, &resource) == Decision::Allow).then_some(resource)
}

/// The matches so far.
#[derive(Default)]
struct Found {
    bytes: usize,
    entries: Vec<Entry>,
    last: Option<Place>,
    disclosed: Disclosed,
}

impl Found {
    /// Whether the page ends before this match.
    fn is_full(&self, search: &Search, entry: &Entry) -> bool {
        let count = self.disclosed.count();
        let too_long = count > 0 && self.bytes + entry.body.len() > MAX_PAGE_BYTES;
        !search.only_total() && (count >= search.count() || too_long)
    }

    fn push(&mut self, search: &Search, place: Place, entry: Entry, belonging: Belonging) {
        self.disclosed.add(belonging);
        self.last = Some(place);
        if !search.only_total() {
            self.bytes += entry.body.len();
            self.entries.push(entry);
        }
    }

    /// A page that ends after the last match.
    fn into_page(self) -> Page {
        Page { total: None, entries: self.entries, next: self.last, disclosed: self.disclosed }
    }
}

/// `Prefer: handling=lenient` (FHIR-17); strict goes without saying.
fn is_lenient(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = preferences.flat_map(|value| value.split([',', ';']));
    preferences.any(|one| one.trim().replace('"', "").eq_ignore_ascii_case("handling=lenient"))
}

/// The parameters of the URL, and for POST those of the body after them (SRCH-01).
async fn parameters(request: &Parts, sent: Body) -> Result<[Parameters; 2], FhirError> {
    let in_url = Parameters::parse(request.uri.query().unwrap_or_default().as_bytes())?;
    if request.method != Method::POST {
        return Ok([in_url, Parameters::default()]);
    }
    let too_long = |long: body::TooLong| FhirError::TooLong { limit: long.limit };
    let body = body::read(sent, MAX_BODY).await.map_err(too_long)?;
    if !body.is_empty() && !body::is_of(&request.headers, form::MEDIA_TYPE) {
        return Err(FhirError::MediaType);
    }
    Ok([in_url, Parameters::parse(&body)?])
}
