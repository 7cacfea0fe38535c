//! The start page in the terminal: where the server is, who can sign in, what to try.

use std::path::Path;

use smart_core::deployment::PublicUrl;
use smart_core::ports::{Patients as _, Unavailable};
use smart_core::user::{PatientAccess, User};
use smart_local::LocalStore;

use crate::json::{Node, Source};
use crate::output::{Style, count, padded, width};

/// How many of a user's patients are named.
const NAMED: usize = 2;

/// What the page tells.
pub(crate) struct Welcome {
    url: PublicUrl,
    data: String,
    /// Name, password, full name and what is seen, of the demo's users; `None` without the demo.
    demo: Option<Vec<[String; 4]>>,
    clients: usize,
    users: usize,
}

impl Welcome {
    /// Asks the store what there is.
    pub(crate) async fn gather(
        store: &LocalStore,
        url: &PublicUrl,
        folder: Option<&Path>,
        has_demo: bool,
    ) -> Result<Self, Unavailable> {
        let data = match folder {
            Some(folder) => folder.display().to_string(),
            None => "in memory: gone when the server stops".to_owned(),
        };
        let users = store.users()?;
        let demo = if has_demo { Some(demo_users(store, &users).await?) } else { None };
        Ok(Self { url: url.clone(), data, demo, clients: store.clients()?.len(), users: users.len() })
    }

    /// The page.
    pub(crate) fn page(&self, style: Style) -> String {
        let mut lines = Vec::new();
        let name = format!("smart-on-lambda {}", env!("CARGO_PKG_VERSION"));
        lines.push(format!("{}  {}", style.strong(&name), style.faint("a SMART App Launch 2.2 server")));
        lines.push(String::new());
        if self.demo.is_some() {
            lines.push(entry(
                style,
                "Open",
                &self.url.endpoint("/"),
                "the demo: launch an app, see what it gets",
            ));
        }
        lines.push(entry(style, "FHIR base", self.url.fhir_base(), "all that an app has to know"));
        lines.push(row("Data", &self.data));
        lines.push(String::new());
        match &self.demo {
            Some(users) => lines.extend(sign_in(style, users)),
            None => lines.push(row("Known", &self.known())),
        }
        lines.push(String::new());
        let discovery = self.url.endpoint("/fhir/.well-known/smart-configuration");
        lines.push(row("Try", &style.bright(&format!("curl {discovery}"))));
        lines.push(row("Stop", "Ctrl-C"));
        let indented = lines.iter().map(|line| format!("  {line}").trim_end().to_owned());
        format!("\n{}\n", indented.collect::<Vec<_>>().join("\n"))
    }

    fn known(&self) -> String {
        let known = format!("{}, {}", count(self.clients, "client"), count(self.users, "user"));
        if self.clients == 0 || self.users == 0 {
            return format!("{known} (add some: smart client add, smart user add, or start with --seed)");
        }
        known
    }
}

fn row(label: &str, text: &str) -> String {
    format!("{}{text}", padded(label, 12))
}

fn entry(style: Style, label: &str, url: &str, what: &str) -> String {
    let gap = " ".repeat(30_usize.saturating_sub(width(url)).max(2));
    row(label, &format!("{}{gap}{}", style.bright(url), style.faint(what)))
}

/// The users in columns, under one label.
fn sign_in(style: Style, users: &[[String; 4]]) -> Vec<String> {
    let widest =
        |column: fn(&[String; 4]) -> &String| users.iter().map(|user| width(column(user))).max().unwrap_or(0);
    let (name, password, who) = (widest(|user| &user[0]), widest(|user| &user[1]), widest(|user| &user[2]));
    let lines = users.iter().enumerate().map(|(i, [username, secret, full_name, sees])| {
        let label = if i == 0 { "Sign in as" } else { "" };
        let credentials = format!("{}  {}", padded(username, name), padded(secret, password));
        let person = style.faint(&format!("{}  {sees}", padded(full_name, who)));
        row(label, &format!("{}   {person}", style.bright(&credentials)))
    });
    lines.collect()
}

/// Those users of the demo who are still there and may sign in. Their passwords stand in the seed, which is public.
async fn demo_users(store: &LocalStore, users: &[User]) -> Result<Vec<[String; 4]>, Unavailable> {
    let text = smart_demo::seed().find_map(|(name, text)| (name == "users.json").then_some(text));
    let source = Source::new("users.json", text.unwrap_or_default());
    let entries = source.root().ok().and_then(Node::items).unwrap_or_default();
    let mut told = Vec::new();
    for entry in entries {
        let text = |name| entry.property(name).and_then(Node::string).unwrap_or_default().into_owned();
        let (username, password) = (text("username"), text("password"));
        let known = users.iter().find(|user| user.username.as_str() == username && !user.disabled);
        if let Some(user) = known {
            told.push([username, password, user.name.clone(), sees(store, user).await?]);
        }
    }
    Ok(told)
}

/// Whose records a user sees, in some words.
async fn sees(store: &LocalStore, user: &User) -> Result<String, Unavailable> {
    let PatientAccess::Only(patients) = &user.patients else { return Ok("sees every patient".to_owned()) };
    let is_own = |id| user.fhir_user.resource_type() == "Patient" && user.fhir_user.id() == id;
    if patients.len() == 1 && patients.iter().all(is_own) {
        return Ok("sees her or his own record".to_owned());
    }
    if patients.is_empty() {
        return Ok("sees no patient".to_owned());
    }
    if patients.len() > NAMED {
        return Ok(format!("sees {}", count(patients.len(), "patient")));
    }
    let mut names = Vec::new();
    for id in patients {
        names.push(store.patient(id).await?.map_or_else(|| id.to_string(), |patient| patient.name));
    }
    Ok(format!("sees {}", names.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use smart_core::instant::Instant;

    const URL: &str = "http://localhost:8080";

    #[tokio::test]
    async fn the_page_of_the_demo() {
        let store = LocalStore::in_memory().await.unwrap();
        let url = URL.parse().unwrap();
        Seed::demo(&url).unwrap().load(&store, Instant::from_unix(1_764_000_000)).await.unwrap();
        let welcome = Welcome::gather(&store, &url, Some(Path::new("./.smart")), true).await.unwrap();
        let expected = format!(
            "
  smart-on-lambda {}  a SMART App Launch 2.2 server

  Open        http://localhost:8080/        the demo: launch an app, see what it gets
  FHIR base   http://localhost:8080/fhir    all that an app has to know
  Data        ./.smart

  Sign in as  clinician  demo-clinician   Dr. Ngozi Okafor  sees every patient
              patient    demo-patient     Maria Alvarez     sees her or his own record
              parent     demo-parent      Efua Osei         sees Abena Grace Osei and Kwame Nathaniel Osei
              newcomer   demo-newcomer    Dr. Emi Sato      sees no patient

  Try         curl http://localhost:8080/fhir/.well-known/smart-configuration
  Stop        Ctrl-C
",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(welcome.page(Style::plain()), expected);
        store.disable_user(&"parent".parse().unwrap()).await.unwrap();
        let welcome = Welcome::gather(&store, &url, None, true).await.unwrap();
        assert!(!welcome.page(Style::plain()).contains("demo-parent"));
    }

    #[tokio::test]
    async fn without_the_demo_nothing_of_it_is_told() {
        let store = LocalStore::in_memory().await.unwrap();
        let welcome =
            Welcome::gather(&store, &"https://smart.example".parse().unwrap(), None, false).await.unwrap();
        let page = welcome.page(Style::plain());
        assert!(!page.contains("demo") && !page.contains("Sign in"), "{page}");
        assert!(page.contains("Known       0 clients, 0 users (add some:"), "{page}");
    }
}
