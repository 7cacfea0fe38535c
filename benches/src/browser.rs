//! A user's browser: keeps the cookie, sends the forms of the pages as it finds them, and ends where the app gets its code.

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use scraper::{ElementRef, Html, Selector};

use crate::Outcome;
use crate::connection::{Asked, Connection, Site};

/// The demo's clinician, who sees all patients, and the patient who is chosen.
const USERNAME: &str = "clinician";
const PASSWORD: &str = "demo-clinician";
pub(crate) const PATIENT: &str = "alvarez-maria";

/// How many requests a way to a code takes at most.
const MOST_STEPS: usize = 12;

/// A browser on a connection of its own.
pub(crate) struct Browser {
    site: Site,
    connection: Connection,
    cookie: Option<HeaderValue>,
}

impl Browser {
    pub(crate) async fn open(site: &Site) -> Outcome<Self> {
        let connection = Connection::open(site.address).await?;
        Ok(Self { site: site.clone(), connection, cookie: None })
    }

    /// Takes a new connection: the server ends one that is idle for long.
    pub(crate) async fn reconnect(&mut self) -> Outcome<()> {
        self.connection = Connection::open(self.site.address).await?;
        Ok(())
    }

    /// Goes from an authorization request through the pages to the app: its redirect URI, with what stands behind it. The
    /// first time that means to sign in.
    pub(crate) async fn visit(&mut self, authorize: &str, redirect_uri: &str) -> Outcome<String> {
        let mut asked = self.site.get(authorize)?;
        for _ in 0..MOST_STEPS {
            asked = match self.ask(asked).await? {
                Shown::Redirect(to) if to.starts_with(redirect_uri) => return Ok(to),
                Shown::Redirect(to) => self.site.get(&to)?,
                Shown::Page(html) => {
                    let form = Form::on(&html)?;
                    let pairs: Vec<_> =
                        form.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    self.site.post(&form.action, &pairs)?
                }
            };
        }
        Err(format!("no code after {MOST_STEPS} requests").into())
    }

    async fn ask(&mut self, mut asked: Asked) -> Outcome<Shown> {
        if let Some(cookie) = &self.cookie {
            asked.headers_mut().insert(COOKIE, cookie.clone());
        }
        let told = format!("{} {}", asked.method(), asked.uri().path());
        let answer = self.connection.ask(asked).await?;
        if let Some(line) = answer.headers.get(SET_COOKIE) {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            self.cookie = Some(HeaderValue::from_str(pair)?);
        }
        match answer.status {
            StatusCode::SEE_OTHER => {
                let to = answer.headers.get(LOCATION).ok_or("a redirect to nowhere")?;
                Ok(Shown::Redirect(to.to_str()?.to_owned()))
            }
            StatusCode::OK => Ok(Shown::Page(String::from_utf8(answer.body.into())?)),
            status => Err(format!("{told}: {status}").into()),
        }
    }
}

enum Shown {
    Redirect(String),
    Page(String),
}

/// The form of a page, filled in.
struct Form {
    action: String,
    pairs: Vec<(String, String)>,
}

impl Form {
    /// The form that leads on: the one that asks for a password, a patient or a decision.
    fn on(html: &str) -> Outcome<Self> {
        let html = Html::parse_document(html);
        let mut forms =
            html.select(&selector("form[method=post]")?).map(Self::filled).collect::<Outcome<Vec<_>>>()?;
        forms.retain(|(leads_on, _)| *leads_on);
        let (_, form) = forms.pop().ok_or("a page without a form that leads on")?;
        Ok(form)
    }

    /// Fills a form in, and says whether it leads on. Hidden fields are sent back as found, and boxes as they are ticked.
    fn filled(form: ElementRef<'_>) -> Outcome<(bool, Self)> {
        let mut pairs = Vec::new();
        let mut leads_on = false;
        for element in form.select(&selector("input[name], button[name]")?) {
            let attribute = |name| element.attr(name).unwrap_or_default();
            let value = match (attribute("name"), attribute("type")) {
                ("username", _) => USERNAME,
                ("password", _) => PASSWORD,
                ("patient", _) => PATIENT,
                // A denial stands there too, but only on the page of a consent.
                ("decision", _) => "allow",
                (_, "hidden") => attribute("value"),
                (_, "checkbox") if element.attr("checked").is_some() => attribute("value"),
                _ => continue,
            };
            let pair = (attribute("name").to_owned(), value.to_owned());
            leads_on |= matches!(attribute("name"), "password" | "patient")
                || (attribute("name"), attribute("value")) == ("decision", "allow");
            // Each patient is a button of the same name.
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let action = form.attr("action").ok_or("a form without an action")?.to_owned();
        Ok((leads_on, Self { action, pairs }))
    }
}

fn selector(text: &str) -> Outcome<Selector> {
    Selector::parse(text).map_err(|error| format!("{text}: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_leads_on_is_filled_in_with_its_hidden_fields_as_found() {
        let form = Form::on(
            r#"<form method="post" action="/cancel"><input type="hidden" name="t" value="0">
               <button name="decision" value="deny">Cancel</button></form>
               <form method="get" action="/auth/patient"><input name="q"></form>
               <form method="post" action="/auth/patient"><input type="hidden" name="t" value="a&amp;b">
               <button name="patient" value="x">X</button><button name="patient" value="y">Y</button></form>
               <form method="post" action="/sign-out"><input type="hidden" name="t" value="1"></form>"#,
        );
        let form = form.unwrap();
        assert_eq!(form.action, "/auth/patient");
        assert_eq!(
            form.pairs,
            [("t", "a&b"), ("patient", PATIENT)].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn boxes_are_sent_as_they_are_ticked() {
        let form = Form::on(
            r#"<form method="post" action="/auth/consent"><input type="checkbox" name="scope" value="a" checked>
               <input type="checkbox" name="scope" value="b"><button name="decision" value="deny">Deny</button>
               <button name="decision" value="allow">Allow</button></form>"#,
        );
        let sent = [("scope", "a"), ("decision", "allow")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(form.unwrap().pairs, sent);
        assert!(Form::on("<p>no form</p>").is_err());
    }
}
