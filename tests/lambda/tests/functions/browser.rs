//! A browser at the pages: it keeps cookies, sends the forms that it is shown, and follows where it is sent on this server.

use scraper::{Html, Selector};
use smart_lambda_tests::event::{Answer, Event};

use super::world::{PUBLIC_URL, Service};

pub(super) struct Browser {
    address: &'static str,
    cookies: Vec<String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self::at("192.0.2.7")
    }
}

impl Browser {
    /// At that address of the network.
    pub(super) fn at(address: &'static str) -> Self {
        Self { address, cookies: Vec::new() }
    }

    /// Goes to an address, and on to where it is sent, as long as that is on this server.
    pub(super) fn go(&mut self, service: &mut Service, address: &str) -> Answer {
        let answer = self.get(service, address);
        self.follow(service, answer)
    }

    /// Sends a form as [`submit`](Self::submit) does, and goes on to where it is sent.
    pub(super) fn send(&mut self, service: &mut Service, page: &Answer, filled: &[(&str, &str)]) -> Answer {
        let answer = self.submit(service, page, filled);
        self.follow(service, answer)
    }

    /// Where an answer leads to, if that is on this server.
    pub(super) fn next(answer: &Answer) -> Option<String> {
        let location = answer.header("location");
        let here = location.starts_with('/') || location.starts_with(PUBLIC_URL);
        here.then(|| location.to_owned())
    }

    /// One request.
    pub(super) fn get(&mut self, service: &mut Service, address: &str) -> Answer {
        let path = address.strip_prefix(PUBLIC_URL).unwrap_or(address);
        self.ask(service, path, Event::get(path))
    }

    /// Sends the form of a page that has the first of these fields, filled in; the first form, if nothing is to be filled in.
    pub(super) fn submit(&mut self, service: &mut Service, page: &Answer, filled: &[(&str, &str)]) -> Answer {
        let html = Html::parse_document(&page.body);
        let asked = filled.first().map(|(name, _)| Selector::parse(&format!("[name={name}]")).unwrap());
        let mut forms =
            html.select(&Selector::parse("form[method=post]").unwrap()).collect::<Vec<_>>().into_iter();
        let form = forms
            .find(|form| asked.as_ref().is_none_or(|asked| form.select(asked).next().is_some()))
            .unwrap_or_else(|| panic!("{}", page.body));
        let inputs = Selector::parse("input[type=hidden], input[type=checkbox][checked]").unwrap();
        let sent = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields: Vec<_> = form
            .select(&inputs)
            .map(|input| sent(input.attr("name").unwrap(), input.attr("value").unwrap()))
            .collect();
        fields.extend(filled.iter().map(|(name, value)| sent(name, value)));
        let action = form.attr("action").unwrap();
        let path = action.strip_prefix(PUBLIC_URL).unwrap_or(action);
        self.ask(service, path, Event::post(path, &fields).header("origin", PUBLIC_URL))
    }

    fn ask(&mut self, service: &mut Service, path: &str, event: Event) -> Answer {
        let event = event.from_address(self.address).cookies(&self.cookies);
        let answer = service.ask(path.split('?').next().unwrap(), &event);
        for cookie in &answer.cookies {
            let name = cookie.split('=').next().unwrap();
            self.cookies.retain(|known| known.split('=').next() != Some(name));
            self.cookies.push(cookie.clone());
        }
        answer
    }

    fn follow(&mut self, service: &mut Service, mut answer: Answer) -> Answer {
        while let Some(next) = Self::next(&answer) {
            answer = self.get(service, &next);
        }
        answer
    }
}
