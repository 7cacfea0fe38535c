//! Times the start of the functions' programs, beside the smallest program there is and beside Node.js, and writes a table.
//!
//! ```text
//! figures FOLDER [--runs N] [--node NODE HANDLER]
//! ```
//!
//! `FOLDER` has the programs `hello`, `discovery`, `authorize`, `token` and `fhir-read`. All have the same AWS, which answers at once on this
//! machine. Columns:
//!
//! | column | from the start of the process to … |
//! |---|---|
//! | first call | the first byte of its TLS handshake with AWS: its own work, with Amazon's roots as in production |
//! | ready | its first question for an event; until then a function has read its keys and opened its connections |
//! | first answer | the answer to its first event |

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use smart_lambda_tests::endpoint::{Endpoint, first_hello};
use smart_lambda_tests::event::Event;
use smart_lambda_tests::function::Function;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is measured.
struct Subject {
    name: String,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    event: Event,
    /// Whether it calls AWS before it is ready.
    calls: bool,
}

/// The figures of one subject, a value for each run.
#[derive(Default)]
struct Figures {
    first_call: Vec<Duration>,
    ready: Vec<Duration>,
    answered: Vec<Duration>,
}

struct Arguments {
    folder: PathBuf,
    runs: usize,
    node: Option<(PathBuf, PathBuf)>,
}

fn main() -> Outcome<()> {
    let arguments = arguments()?;
    let subjects = subjects(&arguments);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| program | size, MB | first call, ms | ready, ms | first answer, ms |\n|---|--:|--:|--:|--:|"
    )?;
    for subject in &subjects {
        let mut figures = Figures::default();
        // The first run warms the file cache, and is not counted.
        for run in 0..=arguments.runs {
            measure(subject, (run > 0).then_some(&mut figures))?;
        }
        let size = if subject.arguments.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "megabytes with two digits")]
            let megabytes = fs::metadata(&subject.program)?.len() as f64 / 1e6;
            format!("{megabytes:.2}")
        } else {
            String::new()
        };
        let cells =
            [&mut figures.first_call, &mut figures.ready, &mut figures.answered].map(|values| cell(values));
        writeln!(out, "| {} | {size} | {} |", subject.name, cells.join(" | "))?;
    }
    Ok(())
}

fn measure(subject: &Subject, figures: Option<&mut Figures>) -> Outcome<()> {
    let aws = Endpoint::start()?;
    let mut function = start(subject, &[("AWS_ENDPOINT_URL", aws.url())])?;
    let ready = function.ready()?;
    let answered = function.ask(&subject.event)?.since_start;
    drop(function);
    let first_call = if subject.calls { Some(first_call(subject)?) } else { None };
    if let Some(figures) = figures {
        figures.ready.push(ready);
        figures.answered.push(answered);
        figures.first_call.extend(first_call);
    }
    Ok(())
}

/// The endpoint stands in the configuration file, so that the roots are those of production.
fn first_call(subject: &Subject) -> Outcome<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let file = env::temp_dir().join(format!("smart-figures-{}", std::process::id()));
    fs::write(&file, format!("[default]\nendpoint_url = https://{}\n", listener.local_addr()?))?;
    let function = start(subject, &[("AWS_CONFIG_FILE", file.display().to_string())])?;
    let first = first_hello(&listener, function.started());
    fs::remove_file(&file)?;
    Ok(first?)
}

fn start(subject: &Subject, more: &[(&str, String)]) -> io::Result<Function> {
    let mut command = Command::new(&subject.program);
    command.args(&subject.arguments);
    let environment = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "figures"),
        ("AWS_SECRET_ACCESS_KEY", "figures"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("SMART_PUBLIC_URL", "https://smart.example"),
        ("SMART_TABLE", "state"),
        ("SMART_RECORDS_TABLE", "records"),
        ("SMART_SIGNING_KEYS", "alias/signing"),
    ];
    let environment = environment.map(|(name, value)| (name, value.to_owned()));
    Function::start(command, environment.into_iter().chain(more.iter().cloned()))
}

fn subjects(arguments: &Arguments) -> Vec<Subject> {
    let token = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "none")];
    let functions = [
        ("hello", Event::get("/"), false),
        ("discovery", Event::get("/fhir/.well-known/smart-configuration"), true),
        ("authorize", Event::get("/auth/authorize?response_type=code&client_id=app"), true),
        ("token", Event::post("/auth/token", &token), true),
        ("fhir-read", Event::get("/fhir/Patient/a").header("authorization", "Bearer none"), true),
    ];
    let mut subjects: Vec<Subject> = functions
        .into_iter()
        .map(|(name, event, calls)| Subject {
            name: name.to_owned(),
            program: arguments.folder.join(name),
            arguments: Vec::new(),
            event,
            calls,
        })
        .collect();
    subjects.extend(arguments.node.as_ref().map(|(node, handler)| Subject {
        name: "Node.js, the SDK's two clients and jose".to_owned(),
        program: node.clone(),
        arguments: vec![handler.clone()],
        event: Event::get("/"),
        calls: false,
    }));
    subjects
}

/// Median and minimum in milliseconds.
fn cell(values: &mut [Duration]) -> String {
    values.sort_unstable();
    let milliseconds = |value: &Duration| format!("{:.2}", value.as_secs_f64() * 1e3);
    match (values.get(values.len() / 2), values.first()) {
        (Some(median), Some(least)) => format!("{} ({})", milliseconds(median), milliseconds(least)),
        _ => String::new(),
    }
}

fn arguments() -> Outcome<Arguments> {
    let usage = "figures FOLDER [--runs N] [--node NODE HANDLER]";
    let mut given = env::args_os().skip(1);
    let mut arguments = Arguments { folder: given.next().ok_or(usage)?.into(), runs: 20, node: None };
    while let Some(option) = given.next() {
        let mut value = || given.next().map(PathBuf::from).ok_or(usage);
        match option.to_str() {
            Some("--runs") => arguments.runs = value()?.to_str().ok_or(usage)?.parse()?,
            Some("--node") => arguments.node = Some((value()?, value()?)),
            _ => return Err(usage.into()),
        }
    }
    if !Path::new(&arguments.folder).is_dir() {
        return Err(format!("{}: no such folder", arguments.folder.display()).into());
    }
    Ok(arguments)
}
