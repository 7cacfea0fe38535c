//! What somebody does on the pages: signs in, chooses a patient, ticks and unticks, decides.

use crate::harness::page::{Form, Page};
use crate::harness::{Browser, Shown};

/// What a person does on the pages.
#[derive(Clone, Debug)]
pub(crate) struct Choices<'a> {
    pub(crate) user: &'a str,
    patient: Option<&'a str>,
    encounter: Option<&'a str>,
    changes: Vec<(&'a str, bool)>,
    decision: &'a str,
}

impl<'a> Choices<'a> {
    /// This user allows everything.
    pub(crate) fn of(user: &'a str) -> Self {
        Self { user, patient: None, encounter: None, changes: Vec::new(), decision: "allow" }
    }

    /// For this patient, where there is a choice.
    pub(crate) fn patient(mut self, patient: &'a str) -> Self {
        self.patient = Some(patient);
        self
    }

    /// With this encounter, where there is a choice.
    pub(crate) fn encounter(mut self, encounter: &'a str) -> Self {
        self.encounter = Some(encounter);
        self
    }

    /// Without this scope.
    pub(crate) fn untick(mut self, scope: &'a str) -> Self {
        self.changes.push((scope, false));
        self
    }

    /// With this scope in place of a wider one.
    pub(crate) fn tick(mut self, scope: &'a str) -> Self {
        self.changes.push((scope, true));
        self
    }

    pub(crate) fn deny(mut self) -> Self {
        self.decision = "deny";
        self
    }
}

/// Answers each page as it comes, until the browser is sent elsewhere.
pub(crate) async fn walk(browser: &mut Browser, shown: Shown, choices: &Choices<'_>) -> String {
    let mut shown = shown;
    for _ in 0..5 {
        let page = match shown {
            Shown::Left(url) => return url,
            Shown::Page(page) => page,
        };
        assert_eq!(page.status, 200, "{}: {}", page.heading, page.text);
        shown = if page.find_form("password").is_some() {
            browser.sign_in(&page, choices.user).await
        } else if page.find_form("patient").is_some() {
            let patient = choices.patient.unwrap_or_else(|| panic!("nobody said which patient"));
            browser.press(&page, &page.form("patient"), "patient", patient).await
        } else if page.find_form("encounter").is_some() {
            let encounter = choices.encounter.unwrap_or_else(|| panic!("nobody said which encounter"));
            browser.press(&page, &page.form("encounter"), "encounter", encounter).await
        } else {
            decide(browser, &page, choices).await
        };
    }
    shown.left()
}

/// Answers the consent page.
pub(crate) async fn decide(browser: &mut Browser, page: &Page, choices: &Choices<'_>) -> Shown {
    let form = choices
        .changes
        .iter()
        .fold(consent_form(page), |form, (scope, ticked)| form.tick("scope", scope, *ticked));
    browser.press(page, &form, "decision", choices.decision).await
}

/// The form of the consent page; other pages may have a button to deny, too.
#[track_caller]
pub(crate) fn consent_form(page: &Page) -> Form {
    let allows = |form: &&Form| form.buttons.iter().any(|button| button.value == "allow");
    let form = page.forms.iter().find(allows);
    form.unwrap_or_else(|| panic!("no consent on {:?}: {}", page.heading, page.text)).clone()
}
