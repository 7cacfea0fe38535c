//! Somebody's browser: it keeps cookies, follows redirects, sends forms, and stops where a redirect leaves the server.
//!
//! It is as strict as browsers are: a cookie whose name says `__Host-` must be what that promises, and a form whose
//! redirects leave what the page's policy allows goes nowhere.

use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{Method, Request};
use url::Url;

use super::Answer;
use super::page::{Form, Page};
use super::target::{Target, encode};
use super::world::users;

/// How many redirects a browser follows.
const MOST_REDIRECTS: usize = 10;

/// A browser, with its cookies.
pub(crate) struct Browser {
    target: Target,
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: String,
}

/// What came of a visit.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are one or two of it at a time")]
pub(crate) enum Shown {
    /// A page of the server.
    Page(Page),
    /// A redirect to somewhere else: the URL, as it stands in `Location`.
    Left(String),
}

impl Shown {
    #[track_caller]
    pub(crate) fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Left(url) => panic!("expected a page, and was sent to {url}"),
        }
    }

    #[track_caller]
    pub(crate) fn left(self) -> String {
        match self {
            Self::Left(url) => url,
            Self::Page(page) => panic!("expected to leave, and was shown {:?}: {}", page.heading, page.text),
        }
    }
}

impl Browser {
    pub(crate) fn new(target: &Target) -> Self {
        Self { target: target.clone(), cookies: Vec::new() }
    }

    /// The cookies that it keeps.
    pub(crate) fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// Puts a cookie there as an attacker with a foothold elsewhere might.
    pub(crate) fn plant(&mut self, cookie: Cookie) {
        self.keep(cookie);
    }

    /// Opens an address.
    pub(crate) async fn open(&mut self, url: &str) -> Shown {
        let url = self.absolute(url);
        self.visit(Method::GET, url, String::new(), None).await
    }

    /// Sends a form that is on no page of the server: an app's own.
    pub(crate) async fn post(&mut self, url: &str, body: String) -> Shown {
        let url = self.absolute(url);
        self.visit(Method::POST, url, body, None).await
    }

    /// Sends a form of a page, with what was filled in.
    pub(crate) async fn send(&mut self, page: &Page, form: &Form, pairs: &[(String, String)]) -> Shown {
        let sent = encode(pairs);
        let mut url = form.action.clone();
        if form.posts {
            self.visit(Method::POST, url, sent, Some(page)).await
        } else {
            url.set_query(Some(&sent));
            self.visit(Method::GET, url, String::new(), Some(page)).await
        }
    }

    /// Presses a button of a form.
    pub(crate) async fn press(&mut self, page: &Page, form: &Form, name: &str, value: &str) -> Shown {
        self.send(page, form, &form.pressing(name, value)).await
    }

    /// Fills in the sign-in page.
    pub(crate) async fn sign_in(&mut self, page: &Page, username: &str) -> Shown {
        self.sign_in_with(page, username, users::password(username)).await
    }

    pub(crate) async fn sign_in_with(&mut self, page: &Page, username: &str, password: &str) -> Shown {
        let form = page.form("password").fill("username", username).fill("password", password);
        self.send(page, &form, &form.entering()).await
    }

    /// Sends one request with the browser's cookies, and follows nothing.
    pub(crate) async fn ask(&mut self, method: Method, url: &Url, body: String) -> Answer {
        let path = url.as_str().strip_prefix(self.target.url().issuer()).expect("an address on the server");
        let mut request = Request::builder().method(&method).uri(path.split('#').next().unwrap_or_default());
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let sent: Vec<_> = self.cookies.iter().filter(|cookie| is_under(url.path(), &cookie.path)).collect();
        if !sent.is_empty() {
            let line: Vec<_> =
                sent.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
            request = request.header(COOKIE, line.join("; "));
        }
        let answer = self.target.send(request.body(body.into()).unwrap()).await;
        for line in answer.headers.get_all(SET_COOKIE) {
            self.set_cookie(line.to_str().unwrap());
        }
        answer
    }

    async fn visit(&mut self, method: Method, url: Url, body: String, from: Option<&Page>) -> Shown {
        let (mut method, mut url, mut body) = (method, url, body);
        for _ in 0..MOST_REDIRECTS {
            if let Some(page) = from {
                assert!(page.lets_forms_go_to(&url), "the policy of {:?} blocks {url}", page.heading);
            }
            let answer = self.ask(method, &url, body).await;
            // 307 and 308 would carry a password on to the next address (AUTHZ-29).
            match answer.status {
                303 => answer.is_kept_nowhere(),
                300..=399 => panic!("{}: redirected with {}", answer.asked, answer.status),
                _ => return Shown::Page(Page::read(url, &answer)),
            };
            let location = answer.location().to_owned();
            let next = url.join(&location).unwrap_or_else(|error| panic!("{location}: {error}"));
            if !self.is_here(&next) {
                if let Some(page) = from {
                    assert!(page.lets_forms_go_to(&next), "the policy of {:?} blocks {next}", page.heading);
                }
                return Shown::Left(location);
            }
            (method, url, body) = (Method::GET, next, String::new());
        }
        panic!("more than {MOST_REDIRECTS} redirects, the last to {url}");
    }

    fn absolute(&self, url: &str) -> Url {
        let here = Url::parse(self.target.url().issuer()).unwrap();
        let url = here.join(url).unwrap();
        assert!(self.is_here(&url), "{url} is elsewhere");
        url
    }

    fn is_here(&self, url: &Url) -> bool {
        Url::parse(self.target.url().issuer()).unwrap().origin() == url.origin()
    }

    /// Takes a `Set-Cookie` as a browser does (RFC 6265bis §5.6); refuses what a browser would drop.
    fn set_cookie(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("name=value");
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            path: String::new(),
            secure: false,
            http_only: false,
            same_site: String::new(),
        };
        let mut ends = false;
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match name.to_ascii_lowercase().as_str() {
                "path" => value.clone_into(&mut cookie.path),
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => value.clone_into(&mut cookie.same_site),
                "max-age" => ends = value.parse::<i64>().unwrap() <= 0,
                other => panic!("an attribute that no test knows: {other}"),
            }
        }
        let https = self.target.url().issuer().starts_with("https:");
        assert!(!cookie.secure || https, "a browser drops {name}: Secure over http");
        assert!(
            !name.starts_with("__Host-") || cookie.secure && cookie.path == "/",
            "a browser drops {name}"
        );
        assert_eq!(https, name.starts_with("__Host-"), "{name}");
        if ends {
            self.cookies.retain(|known| known.name != cookie.name);
        } else {
            self.keep(cookie);
        }
    }

    fn keep(&mut self, cookie: Cookie) {
        self.cookies.retain(|known| known.name != cookie.name || known.path != cookie.path);
        self.cookies.push(cookie);
    }
}

/// Whether a cookie's path covers a request's (RFC 6265 §5.1.4).
fn is_under(path: &str, covers: &str) -> bool {
    path == covers || path.starts_with(&format!("{}/", covers.trim_end_matches('/')))
}
