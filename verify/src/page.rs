//! A page as a browser has it: its forms, and the buttons that send them.

use scraper::{ElementRef, Html, Selector};
use url::Url;

/// A page that is shown.
pub(crate) struct Page {
    pub(crate) heading: String,
    /// All its text, white space folded.
    pub(crate) text: String,
    pub(crate) forms: Vec<Form>,
}

/// A form, with what is filled in.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) action: Url,
    pub(crate) posts: bool,
    fields: Vec<Field>,
    buttons: Vec<(String, String)>,
}

#[derive(Clone)]
struct Field {
    name: String,
    value: String,
    is_sent: bool,
    is_choice: bool,
}

impl Page {
    /// Reads the page at `url`.
    pub(crate) fn read(url: &Url, body: &[u8]) -> Self {
        let html = Html::parse_document(&String::from_utf8_lossy(body));
        Self {
            heading: all(&html, "h1").first().copied().map(text_of).unwrap_or_default(),
            text: all(&html, "body").first().copied().map(text_of).unwrap_or_default(),
            forms: all(&html, "form").into_iter().map(|form| Form::read(url, form)).collect(),
        }
    }

    /// The form with a field or button of this name.
    pub(crate) fn form(&self, name: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.has(name))
    }

    /// The form that a button with this name and value sends.
    pub(crate) fn form_pressed_by(&self, name: &str, value: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.buttons.iter().any(|(n, v)| n == name && v == value))
    }
}

impl Form {
    fn read(page: &Url, form: ElementRef<'_>) -> Self {
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        for element in all_in(form, "input, textarea, select, button") {
            let attribute = |name: &str| element.attr(name).unwrap_or_default().to_owned();
            let (name, value) = (attribute("name"), attribute("value"));
            if element.attr("disabled").is_some() {
                continue;
            }
            match (element.value().name(), element.attr("type").unwrap_or("text")) {
                ("button", "submit" | "text") | ("input", "submit") => buttons.push((name, value)),
                ("button", _) | ("input", "button" | "reset") => {}
                ("input", "checkbox" | "radio") => {
                    let is_sent = element.attr("checked").is_some();
                    fields.push(Field { name, value, is_sent, is_choice: true });
                }
                _ => fields.push(Field { name, value, is_sent: true, is_choice: false }),
            }
        }
        let action = element_url(page, form).unwrap_or_else(|| page.clone());
        let posts = form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        Self { action, posts, fields, buttons }
    }

    /// Whether it has a field or button of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
            || self.buttons.iter().any(|(button, _)| button == name)
    }

    /// Writes into a field, or chooses a value among several, as a user does.
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            if field.is_choice {
                field.is_sent = field.value == value;
            } else {
                value.clone_into(&mut field.value);
            }
        }
        self
    }

    /// The values that a field of this name, or a button, offers.
    pub(crate) fn offers(&self, name: &str) -> Vec<&str> {
        let fields = self.fields.iter().filter(|field| field.name == name).map(|field| field.value.as_str());
        let buttons = self.buttons.iter().filter(|(button, _)| button == name);
        fields.chain(buttons.map(|(_, value)| value.as_str())).collect()
    }

    /// What is sent when the button with this name and value is pressed.
    pub(crate) fn pressing(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let mut pairs = self.filled_in();
        pairs.push((name.to_owned(), value.to_owned()));
        pairs
    }

    /// What is sent when Enter is pressed in a text field: the first button counts as pressed.
    pub(crate) fn entering(&self) -> Vec<(String, String)> {
        let mut pairs = self.filled_in();
        pairs.extend(self.buttons.first().filter(|(name, _)| !name.is_empty()).cloned());
        pairs
    }

    fn filled_in(&self) -> Vec<(String, String)> {
        let sent = self.fields.iter().filter(|field| field.is_sent && !field.name.is_empty());
        sent.map(|field| (field.name.clone(), field.value.clone())).collect()
    }
}

fn element_url(page: &Url, form: ElementRef<'_>) -> Option<Url> {
    page.join(form.attr("action")?).ok()
}

fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    all_in(html.root_element(), selector)
}

fn all_in<'a>(element: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector).map(|selector| element.select(&selector).collect()).unwrap_or_default()
}

fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &[u8] = br#"<!doctype html><html lang="en"><body><h1>Choose</h1>
        <form method="post" action="/auth/choose"><button disabled hidden></button>
        <input type="hidden" name="form_token" value="t"><input name="username">
        <input type="checkbox" name="scope" value="a" checked><input type="checkbox" name="scope" value="b">
        <input type="radio" name="encounter" value="e1"><input type="radio" name="encounter" value="e2">
        <button name="decision" value="deny">Deny</button><button name="decision" value="allow">Allow</button></form>
        <form action="?q"><input type="search" name="q"><button>Search</button></form></body></html>"#;

    fn page() -> Page {
        Page::read(&Url::parse("https://smart.example/auth/page").unwrap(), HTML)
    }

    #[test]
    fn a_form_is_sent_as_a_browser_sends_it() {
        let page = page();
        let form = page.form_pressed_by("decision", "allow").unwrap();
        assert_eq!((form.action.as_str(), form.posts), ("https://smart.example/auth/choose", true));
        let sent =
            form.clone().fill("username", "maria").fill("encounter", "e2").pressing("decision", "allow");
        let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            sent,
            [
                ("form_token", "t"),
                ("username", "maria"),
                ("scope", "a"),
                ("encounter", "e2"),
                ("decision", "allow")
            ]
        );
        // Enter presses the first button that is not disabled.
        assert!(form.entering().contains(&("decision".to_owned(), "deny".to_owned())));
    }

    #[test]
    fn forms_are_told_apart_by_what_they_have() {
        let page = page();
        assert_eq!(page.heading, "Choose");
        assert_eq!(page.form("q").unwrap().action.as_str(), "https://smart.example/auth/page?q");
        assert_eq!(page.form("encounter").unwrap().offers("encounter"), ["e1", "e2"]);
        assert!(page.form("password").is_none() && page.form_pressed_by("decision", "maybe").is_none());
    }
}
