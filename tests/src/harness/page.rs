//! A page as a browser has it: its forms, buttons and links, and its policy.
//!
//! What every page of the server must be, is checked on each that is seen (AUTHZ-27, AUTHZ-28, AUTHZ-30, AUTHZ-31): no
//! test can forget it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use scraper::{ElementRef, Html, Selector};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::Answer;

/// A page that is shown.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) title: String,
    pub(crate) heading: String,
    /// All its text, white space folded.
    pub(crate) text: String,
    pub(crate) forms: Vec<Form>,
    /// Where its links lead.
    pub(crate) links: Vec<Link>,
    /// The sources of `form-action` in its policy.
    form_action: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) text: String,
    pub(crate) url: Url,
}

/// A form, with what is filled in.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: Url,
    pub(crate) posts: bool,
    fields: Vec<Field>,
    pub(crate) buttons: Vec<Button>,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    value: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Hidden,
    Checkbox { ticked: bool },
}

#[derive(Clone, Debug)]
pub(crate) struct Button {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) text: String,
}

impl Page {
    /// Reads the page at `url`.
    pub(crate) fn read(url: Url, answer: &Answer) -> Self {
        let policy = check_headers(answer);
        let html = Html::parse_document(std::str::from_utf8(&answer.body).expect("UTF-8"));
        check_markup(&html, policy);
        let one = |selector: &str| {
            let mut found = all(&html, selector);
            let first = found.next().unwrap_or_else(|| panic!("{url}: no {selector}"));
            assert!(found.next().is_none(), "{url}: several {selector}");
            text_of(first)
        };
        let links = all(&html, "a[href]").map(|link| Link {
            text: text_of(link),
            url: url.join(link.attr("href").unwrap_or_default()).unwrap(),
        });
        let form_action = directive(policy, "form-action").split(' ').map(str::to_owned).collect();
        Self {
            status: answer.status,
            title: one("title"),
            heading: one("h1"),
            text: one("body"),
            forms: all(&html, "form").map(|form| Form::read(&url, form)).collect(),
            links: links.collect(),
            form_action,
            url,
        }
    }

    /// The form with a field or button of this name.
    #[track_caller]
    pub(crate) fn form(&self, name: &str) -> Form {
        self.find_form(name)
            .unwrap_or_else(|| panic!("no form with {name} on {:?}: {}", self.heading, self.text))
    }

    pub(crate) fn find_form(&self, name: &str) -> Option<Form> {
        self.forms.iter().find(|form| form.has(name)).cloned()
    }

    /// Whether the browser lets a form of this page go to, or be redirected to, `url` (CSP 3 `form-action`).
    pub(crate) fn lets_forms_go_to(&self, url: &Url) -> bool {
        let origin = |url: &Url| {
            (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
        };
        self.form_action.iter().any(|source| match source.as_str() {
            "'self'" => origin(url) == origin(&self.url),
            scheme if scheme.ends_with(':') => url.scheme() == scheme.trim_end_matches(':'),
            source => Url::parse(source).is_ok_and(|source| origin(&source) == origin(url)),
        })
    }
}

impl Form {
    fn read(page: &Url, form: ElementRef<'_>) -> Self {
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        for element in form.select(&selector("input, textarea, select, button")) {
            let attribute = |name: &str| element.attr(name).unwrap_or_default().to_owned();
            if element.attr("disabled").is_some() {
                continue;
            }
            let (name, value) = (attribute("name"), attribute("value"));
            match (element.value().name(), element.attr("type").unwrap_or("text")) {
                ("button", "submit" | "text") => buttons.push(Button { name, value, text: text_of(element) }),
                ("input", "checkbox") => {
                    let kind = Kind::Checkbox { ticked: element.attr("checked").is_some() };
                    fields.push(Field { name, value, kind });
                }
                ("input", "hidden") => fields.push(Field { name, value, kind: Kind::Hidden }),
                ("input", "text" | "password" | "search") => {
                    fields.push(Field { name, value, kind: Kind::Text });
                }
                (element, kind) => panic!("this browser does not know <{element} type={kind}>"),
            }
        }
        let action = page.join(form.attr("action").expect("an action")).unwrap();
        let posts = form.attr("method").unwrap_or("get").eq_ignore_ascii_case("post");
        Self { action, posts, fields, buttons }
    }

    /// Whether it has a field or button of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
            || self.buttons.iter().any(|button| button.name == name)
    }

    /// The value of the one field of this name.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> &str {
        let mut found = self.fields.iter().filter(|field| field.name == name);
        let field = found.next().unwrap_or_else(|| panic!("no field {name}"));
        assert!(found.next().is_none(), "several fields {name}");
        &field.value
    }

    /// The values of the checkboxes of a name, and whether each is ticked.
    pub(crate) fn checkboxes(&self, name: &str) -> Vec<(&str, bool)> {
        let fields = self.fields.iter().filter(|field| field.name == name);
        fields
            .filter_map(|field| match field.kind {
                Kind::Checkbox { ticked } => Some((field.value.as_str(), ticked)),
                _ => None,
            })
            .collect()
    }

    /// Writes into a field, as a user does.
    #[track_caller]
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|field| field.name == name && field.kind == Kind::Text);
        value.clone_into(&mut field.unwrap_or_else(|| panic!("no field {name} to write into")).value);
        self
    }

    /// Ticks or unticks a checkbox, as a user does.
    #[track_caller]
    pub(crate) fn tick(mut self, name: &str, value: &str, ticked: bool) -> Self {
        let mut boxes = self.fields.iter_mut().filter(|field| field.name == name && field.value == value);
        let field = boxes.find(|field| matches!(field.kind, Kind::Checkbox { .. }));
        field.unwrap_or_else(|| panic!("no checkbox {name}={value}")).kind = Kind::Checkbox { ticked };
        self
    }

    /// Changes what no user could: a hidden field.
    #[track_caller]
    pub(crate) fn forge(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|field| field.name == name);
        value.clone_into(&mut field.unwrap_or_else(|| panic!("no field {name}")).value);
        self
    }

    /// Leaves a field out, as no browser does.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|field| field.name != name);
        self
    }

    /// What is sent when the button with this name and value is pressed.
    #[track_caller]
    pub(crate) fn pressing(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let pressed = self.buttons.iter().any(|button| button.name == name && button.value == value);
        let offered: Vec<_> = self.buttons.iter().map(|button| (&button.name, &button.value)).collect();
        assert!(pressed, "no button {name}={value} among {offered:?}");
        let mut pairs = self.filled_in();
        if !name.is_empty() {
            pairs.push((name.to_owned(), value.to_owned()));
        }
        pairs
    }

    /// What is sent when Enter is pressed in a text field: the first button counts as pressed.
    pub(crate) fn entering(&self) -> Vec<(String, String)> {
        let first = self.buttons.first().expect("a button");
        self.pressing(&first.name, &first.value)
    }

    fn filled_in(&self) -> Vec<(String, String)> {
        let sent = self
            .fields
            .iter()
            .filter(|field| !field.name.is_empty() && field.kind != Kind::Checkbox { ticked: false });
        sent.map(|field| (field.name.clone(), field.value.clone())).collect()
    }
}

/// The headers of a page; returns its policy.
fn check_headers(answer: &Answer) -> &str {
    let asked = &answer.asked;
    assert_eq!(answer.header(CONTENT_TYPE), "text/html; charset=utf-8", "{asked}: {}", answer.text());
    answer.is_kept_nowhere();
    assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{asked}");
    assert_eq!(answer.header(X_FRAME_OPTIONS), "DENY", "{asked}");
    assert_eq!(answer.header(REFERRER_POLICY), "no-referrer", "{asked}");
    assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN), "", "{asked}");
    let policy = answer.header(CONTENT_SECURITY_POLICY);
    for (name, value) in [("default-src", "'none'"), ("frame-ancestors", "'none'"), ("base-uri", "'none'")] {
        assert_eq!(directive(policy, name), value, "{asked}: {policy}");
    }
    assert!(directive(policy, "form-action").starts_with("'self'"), "{asked}: {policy}");
    policy
}

/// The markup: a language, labels, nothing from elsewhere, no script, and just the style that the policy allows.
fn check_markup(html: &Html, policy: &str) {
    assert_eq!(html.root_element().attr("lang"), Some("en"));
    for forbidden in
        ["script", "[onclick]", "[onsubmit]", "[style]", "[src]", "link", "iframe", "base", "object"]
    {
        assert!(all(html, forbidden).next().is_none(), "{forbidden} on a page");
    }
    let styles: Vec<String> = all(html, "style").map(|style| style.text().collect()).collect();
    let [style] = styles.as_slice() else { panic!("{} styles", styles.len()) };
    let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(style)));
    assert_eq!(directive(policy, "style-src"), hash, "the policy does not allow the page's own style");
    for field in all(html, "input[type=text], input[type=password], input[type=search], input:not([type])") {
        let id = field.attr("id").expect("a field that a label can name");
        assert!(all(html, &format!("label[for={id}]")).next().is_some(), "no label for {id}");
    }
    for form in all(html, "form[method=post]") {
        let token = form.select(&selector("input[type=hidden][name=form_token]")).next();
        assert!(token.and_then(|token| token.attr("value")).is_some_and(|token| token.len() >= 43));
    }
}

fn directive<'p>(policy: &'p str, name: &str) -> &'p str {
    let directives = policy.split(';').map(str::trim);
    directives
        .filter_map(|one| one.split_once(' '))
        .find(|(known, _)| *known == name)
        .map_or("", |(_, value)| value)
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn all<'a>(html: &'a Html, text: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let found: Vec<_> = html.select(&selector(text)).collect();
    found.into_iter()
}

fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
