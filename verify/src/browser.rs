//! Somebody at a browser: cookies, redirects, and what is done on each page until the browser is sent to the app.

use http::Method;
use http::header::{COOKIE, SET_COOKIE};
use url::Url;

use crate::http::{Answer, Http, encode};
use crate::outcome::{Step, refused};
use crate::page::{Form, Page};
use crate::seed::User;

/// How many redirects a browser follows.
const MOST_REDIRECTS: usize = 10;
/// How many pages there may be before the browser leaves: sign in, provider, patient, encounter, consent.
const MOST_PAGES: usize = 6;

/// A browser with its cookies, and who sits there.
pub(crate) struct Browser<'s> {
    http: &'s Http,
    user: &'s User,
    cookies: Vec<Cookie>,
    /// Whom the user chooses, where there is a choice.
    pub(crate) patient: String,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// What came of a visit.
pub(crate) enum Shown {
    /// A page.
    Page(Page),
    /// A redirect to another server.
    Left(Url),
}

/// The pages of the user's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    SignIn,
    Patient,
    Encounter,
    Consent,
}

/// How the user came to the app.
pub(crate) struct Way {
    /// Where the browser was sent.
    pub(crate) to: Url,
    /// What the user was asked before.
    pub(crate) asked: Vec<Asked>,
}

impl<'s> Browser<'s> {
    /// One that nobody used before.
    pub(crate) fn new(http: &'s Http, user: &'s User, patient: &str) -> Self {
        Self { http, user, cookies: Vec::new(), patient: patient.to_owned() }
    }

    /// Opens an address.
    pub(crate) async fn open(&mut self, url: &Url) -> Step<Shown> {
        self.visit(Method::GET, url.clone(), String::new()).await
    }

    /// Sends a form.
    pub(crate) async fn send(&mut self, form: &Form, pairs: &[(String, String)]) -> Step<Shown> {
        self.submit(form.posts, &form.action, pairs).await
    }

    /// Sends parameters by a form, POST or GET.
    pub(crate) async fn submit(&mut self, posts: bool, url: &Url, pairs: &[(String, String)]) -> Step<Shown> {
        if posts {
            return self.visit(Method::POST, url.clone(), encode(pairs)).await;
        }
        let mut url = url.clone();
        url.set_query(Some(&encode(pairs)));
        self.visit(Method::GET, url, String::new()).await
    }

    /// Answers each page as it comes, until the browser leaves.
    pub(crate) async fn walk(&mut self, shown: Shown) -> Step<Way> {
        let mut shown = shown;
        let mut asked = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = match shown {
                Shown::Left(to) => return Ok(Way { to, asked }),
                Shown::Page(page) => page,
            };
            let (what, next) = self.answer(&page).await?;
            asked.push(what);
            shown = next;
        }
        refused(format!("after {MOST_PAGES} pages the browser was not sent to the app"))
    }

    /// Does what a page asks for.
    async fn answer(&mut self, page: &Page) -> Step<(Asked, Shown)> {
        if page.form("password").is_some() {
            return Ok((Asked::SignIn, self.sign_in(page).await?));
        }
        if let Some(form) = page.form("encounter") {
            let offered = form.offers("encounter");
            let Some(first) = offered.iter().find(|value| !value.is_empty()) else {
                return refused("the page of encounters offers none");
            };
            let pairs = chosen(form, "encounter", first);
            return Ok((Asked::Encounter, self.send(form, &pairs).await?));
        }
        let picker = page.forms.iter().find(|form| form.offers("patient").contains(&self.patient.as_str()));
        if let Some(form) = picker {
            let pairs = chosen(form, "patient", &self.patient);
            return Ok((Asked::Patient, self.send(form, &pairs).await?));
        }
        if let Some(form) = page.form_pressed_by("decision", "allow") {
            return Ok((Asked::Consent, self.send(form, &form.pressing("decision", "allow")).await?));
        }
        let text: String = page.text.chars().take(200).collect();
        refused(format!("a page {:?} that leads nowhere: {text}", page.heading))
    }

    /// Fills in the sign-in page.
    pub(crate) async fn sign_in(&mut self, page: &Page) -> Step<Shown> {
        let Some(form) = page.form("password") else { return refused("expected a page to sign in") };
        let form = form.clone().fill("username", &self.user.username).fill("password", &self.user.password);
        let shown = self.send(&form, &form.entering()).await?;
        match shown {
            Shown::Page(again) if again.form("password").is_some() => {
                refused(format!("{} cannot sign in: {}", self.user.username, again.heading))
            }
            shown => Ok(shown),
        }
    }

    /// Sends one request with the browser's cookies, and follows nothing.
    pub(crate) async fn ask(&mut self, method: Method, url: &Url, body: String) -> Step<Answer> {
        let posts = method == Method::POST;
        let mut call = self.http.call(method, url).accept("text/html");
        let sent = self.cookies.iter().filter(|cookie| url.path().starts_with(&cookie.path));
        let line: Vec<_> = sent.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        if !line.is_empty() {
            call = call.header(COOKIE, &line.join("; "));
        }
        if posts {
            let form: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            call = call.form(&form);
        }
        let answer = call.send().await?;
        for line in answer.headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().unwrap_or_default());
        }
        Ok(answer)
    }

    async fn visit(&mut self, method: Method, url: Url, body: String) -> Step<Shown> {
        let (mut method, mut url, mut body) = (method, url, body);
        let here = url.origin();
        for _ in 0..MOST_REDIRECTS {
            let answer = self.ask(method, &url, body).await?;
            let Some(location) = answer.location() else {
                if answer.status >= 500 {
                    return answer.unexpected("expected a page");
                }
                return Ok(Shown::Page(Page::read(&url, &answer.body)));
            };
            let Ok(next) = url.join(location) else { return refused("a redirect to no URL") };
            if next.origin() != here {
                return Ok(Shown::Left(next));
            }
            (method, url, body) = (Method::GET, next, String::new());
        }
        refused(format!("more than {MOST_REDIRECTS} redirects"))
    }

    /// Takes a `Set-Cookie`: of its attributes, the path and the end are what a single server needs.
    fn keep(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let mut cookie = Cookie { name: name.to_owned(), value: value.to_owned(), path: "/".to_owned() };
        let mut ends = false;
        for (name, value) in parts.filter_map(|attribute| attribute.split_once('=')) {
            match name.to_ascii_lowercase().as_str() {
                "path" => value.clone_into(&mut cookie.path),
                "max-age" => ends = value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                _ => {}
            }
        }
        self.cookies.retain(|known| known.name != cookie.name);
        if !ends {
            self.http.keep_secret(&cookie.value);
            self.cookies.push(cookie);
        }
    }
}

/// A choice by a button, or by a field and the form's first button.
fn chosen(form: &Form, name: &str, value: &str) -> Vec<(String, String)> {
    let by_field = form.clone().fill(name, value);
    let pairs = by_field.entering();
    let is_in = pairs.iter().any(|(n, v)| n == name && v == value);
    if is_in { pairs } else { form.pressing(name, value) }
}
