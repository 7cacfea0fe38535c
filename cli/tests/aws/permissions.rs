//! What an operator may do on AWS's side, as infra/README.md says it: what the commands ask for, no less and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use smart_aws::{StateTable, emulator};
use smart_web::arrival::system_clock;

use crate::command::{Said, smart, smart_in};
use crate::grants::granted;
use crate::tap::{Asked, Tap};

const GUIDE: &str = include_str!("../../../infra/README.md");
/// What the guide calls all commands.
const EVERY: &str = "every one";

/// `action on resource`, by command.
type Permissions = BTreeMap<String, BTreeSet<String>>;

/// The stack under test, and what is asked of it.
struct Operator {
    stack: String,
    tap: Tap,
    /// What the guide calls the tables.
    tables: [(String, &'static str); 2],
    asked: Permissions,
}

impl Operator {
    async fn new() -> Self {
        let stack = emulator::stack(&[("PublicUrl", "https://smart.example")]).await.unwrap();
        let sdk = emulator::sdk().await.unwrap();
        let found =
            sdk.cloudformation().describe_stacks().stack_name(&stack).send().await.unwrap().stacks.unwrap();
        let output = |name: &str| {
            let mut outputs = found[0].outputs().iter();
            let output = outputs.find(|output| output.output_key() == Some(name)).unwrap();
            output.output_value().unwrap().to_owned()
        };
        let tables = [(output("AuthorizationTableName"), "A"), (output("RecordsTableName"), "R")];
        Self { stack, tap: Tap::new(sdk.config().endpoint_url().unwrap()), tables, asked: Permissions::new() }
    }

    /// Runs a command, and puts what it asks for under its name in the guide.
    fn runs(&mut self, name: &str, more: &[&str], input: &str) -> Said {
        let words: Vec<&str> = name.split(' ').filter(|word| !word.chars().all(char::is_uppercase)).collect();
        let arguments = [&words, more, &["--aws", &self.stack]].concat();
        let environment: Vec<(String, String)> =
            std::env::vars().filter(|(name, _)| name.starts_with("AWS_")).collect();
        let mut variables: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        variables.push(("AWS_ENDPOINT_URL", &self.tap.url));
        let said = smart_in(Path::new("."), &arguments, input, &variables);
        let asked: Vec<String> = self.tap.take().iter().flat_map(|asked| self.permissions(asked)).collect();
        self.asked.entry(name.to_owned()).or_default().extend(asked);
        said
    }

    fn permissions(&self, Asked { action, body }: &Asked) -> Vec<String> {
        let on = |table: &str| {
            let (_, name) = self.tables.iter().find(|(known, _)| known == table).unwrap();
            match body.get("IndexName").and_then(Value::as_str) {
                Some(index) => format!("{action} on {name}/{index}"),
                None => format!("{action} on {name}"),
            }
        };
        match action.split_once(':').unwrap().0 {
            "cloudformation" => vec![format!("{action} on S")],
            "kms" => vec![format!("{action} on K")],
            _ => match body.get("RequestItems").and_then(Value::as_object) {
                Some(tables) => tables.keys().map(|table| on(table)).collect(),
                None => vec![on(body["TableName"].as_str().unwrap())],
            },
        }
    }
}

#[tokio::test]
async fn an_operator_may_do_what_the_commands_ask_for_and_no_more() {
    let mut operator = Operator::new().await;
    let state = state(&operator.stack).await;

    let client = r#"{"client_id":"app","client_name":"An app","redirect_uris":["https://app.example/cb"],"scope":"openid"}"#;
    operator.runs("client add", &["-"], client).well();
    operator.runs("client add", &["-"], &client.replace("An app", "The app")).well();
    operator.runs("client add", &["--keep-old-secret", "24", "-"], client).well();
    operator.runs("client list", &[], "").well();
    operator.runs("client show", &["app"], "").well();
    operator.runs("client disable", &["app"], "").well();

    let user =
        r#"{"username":"maria","password":"s3cret","name":"Maria","fhirUser":"Patient/a","patients":["a"]}"#;
    operator.runs("user add", &["-"], user).well();
    operator.runs("user add", &["-"], &user.replace("s3cret", "another")).well();
    operator.runs("user list", &[], "").well();
    operator.runs("user disable", &["maria"], "").well();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("patients.ndjson");
    for (gender, subject) in [("female", "a"), ("other", "b")] {
        let patient = format!(r#"{{"resourceType":"Patient","id":"a","gender":"{gender}"}}"#);
        // It comes to belong to somebody else: what follows it is looked for.
        let observation = format!(
            r#"{{"resourceType":"Observation","id":"o","subject":{{"reference":"Patient/{subject}"}}}}"#
        );
        std::fs::write(&file, format!("{patient}\n{observation}\n")).unwrap();
        operator.runs("import", &[file.to_str().unwrap()], "").well();
    }

    let grant = granted(&state, 1, "maria", "app", system_clock() - Duration::from_mins(2)).await.to_string();
    operator.runs("grant list", &[], "").well();
    operator.runs("grant list", &["--client", "app"], "").well();
    operator.runs("grant list --user NAME", &["maria"], "").well();
    operator.runs("grant revoke", &[&grant], "").well();
    operator.runs("grant revoke", &[&grant], "").well();

    operator.runs("key list", &[], "").well();
    // A second later, so that the new key is the newer one.
    std::thread::sleep(Duration::from_millis(1_100));
    for _ in ["publish", "sign", "retire"] {
        operator.runs("key rotate", &["--without-waiting"], "").well();
    }

    assert_eq!(guide(operator.asked.keys()), operator.asked);
    assert_eq!(operator.asked.keys().map(|name| first_two(name)).collect::<BTreeSet<_>>(), commands());
}

async fn state(stack: &str) -> StateTable {
    let sdk = emulator::sdk().await.unwrap();
    smart_aws::operator::Stack::find(sdk, stack).await.unwrap().state().unwrap()
}

/// The table of the guide; what every command may do is put to each of these.
fn guide<'n>(tried: impl Iterator<Item = &'n String>) -> Permissions {
    let (_, section) = GUIDE.split_once("## What an operator may do").unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let mut permissions = Permissions::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let [commands, actions, resource] =
            row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("{row}")
        };
        for command in commands.split(", ") {
            let actions =
                actions.split(", ").map(|action| format!("{} on {resource}", action.trim_matches('`')));
            permissions.entry(command.trim_matches('`').to_owned()).or_default().extend(actions);
        }
    }
    let every = permissions.remove(EVERY).unwrap();
    for name in tried {
        permissions.entry(name.clone()).or_default().extend(every.clone());
    }
    permissions
}

/// Every command that knows `--aws`, as the program itself tells.
fn commands() -> BTreeSet<String> {
    let listed = |command: &[&str]| -> Vec<String> {
        let help = smart(Path::new("."), &[command, &["--help"]].concat()).well();
        let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let names =
            commands.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    };
    let mut all = BTreeSet::new();
    for command in listed(&[]) {
        let below = listed(&[&command]);
        let names = below.iter().map(|name| format!("{command} {name}"));
        let names: Vec<String> = if below.is_empty() { vec![command.clone()] } else { names.collect() };
        for name in names {
            let words: Vec<&str> = name.split(' ').chain(["--help"]).collect();
            if smart(Path::new("."), &words).well().contains("--aws") {
                all.insert(name);
            }
        }
    }
    all
}

fn first_two(name: &str) -> String {
    name.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
