//! A browser of few words: it keeps its cookie and follows nothing.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::COOKIE;
use http::{Request, StatusCode};
use smart_core::id::GrantId;
use smart_core::instant::Instant;
use smart_web::arrival::Arrival;
use tower::ServiceExt as _;

use crate::browser::Browser;
use crate::page_handle::PageHandle;

pub(super) const NOW: Instant = Instant::from_unix(1_764_000_000);

#[derive(Clone)]
pub(super) struct Visitor {
    function: Router,
    pub(super) now: Instant,
    pub(super) cookie: String,
    pub(super) page: String,
    pub(super) policy: String,
    pub(super) location: String,
}

impl Visitor {
    pub(super) fn new(function: Router) -> Self {
        let (cookie, page, policy, location) = Default::default();
        Self { function, now: NOW, cookie, page, policy, location }
    }

    /// Another browser at the same server.
    pub(super) fn other(&self) -> Self {
        Self { now: self.now, ..Self::new(self.function.clone()) }
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    async fn send(&mut self, method: &str, path: &str, form: String) -> StatusCode {
        let path = path.strip_prefix(super::HERE).unwrap_or(path);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(Arrival(self.now))
            .body(Body::from(form));
        let response = self.function.clone().oneshot(request.unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        if let Some(set) = header("set-cookie") {
            set.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        self.location = header("location").unwrap_or_default();
        self.policy = header("content-security-policy").unwrap_or_default();
        let status = head.status;
        let body = to_bytes(body, usize::MAX).await.unwrap();
        self.page = String::from_utf8(body.to_vec()).unwrap();
        status
    }

    pub(super) async fn get(&mut self, path: &str) -> StatusCode {
        self.send("GET", path, String::new()).await
    }

    pub(super) async fn head(&mut self, path: &str) -> StatusCode {
        self.send("HEAD", path, String::new()).await
    }

    /// Sends a form of the page that is shown, with its hidden fields.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> StatusCode {
        let hidden = |name: &'static str| {
            let at = self.page.find(&format!("name=\"{name}\""))?;
            Some((name, self.page[at..].split('"').nth(3)?.to_owned()))
        };
        let hidden = ["request", "to", "form_token"].into_iter().filter_map(hidden);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(hidden).extend_pairs(fields);
        let form = form.finish();
        self.send("POST", path, form).await
    }

    /// Sends the form of the page that asks whether to sign out.
    pub(super) async fn sign_out(&mut self) -> StatusCode {
        let at = self.page.find("name=\"form_token\"").unwrap();
        let token = self.page[at..].split('"').nth(3).unwrap().to_owned();
        self.send("POST", "/auth/sign-out", format!("form_token={token}")).await
    }

    /// Follows a link of the page, by its words.
    pub(super) async fn click(&mut self, words: &str) -> StatusCode {
        let before = self.page.split(&format!("\">{words}</a>")).next().unwrap();
        let href = before.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
        self.get(&href).await
    }

    /// Goes where it is sent, at this server.
    pub(super) async fn follow(&mut self) -> StatusCode {
        let location = self.location.clone();
        self.get(&location).await
    }

    /// The grant that an address names in this browser.
    pub(super) fn grant_of(&self, name: &str) -> GrantId {
        let headers = [(COOKIE, self.cookie.parse().unwrap())].into_iter().collect();
        let browser = Browser::of(&headers, &super::HERE.parse().unwrap()).unwrap();
        PageHandle::named(name, &browser).unwrap().grant_id()
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.cookie.contains("=s.")
    }
}
