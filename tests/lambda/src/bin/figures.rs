//! Times the start of the functions' programs, beside the smallest program there is and beside Node.js, and writes two tables: the figures, and whether they reach their goals.
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

/// A function's own work before its first call, in milliseconds, at most.
const FIRST_CALL: f64 = 5.0;
/// How large a function's program may be, in megabytes.
const SIZE: f64 = 10.0;
/// How many times sooner a function answers first than Node.js does, at least.
const FASTER: f64 = 15.0;

/// How the smallest program there is is called: a floor, and no function.
const FLOOR: &str = "hello";

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

/// What is told of one subject: megabytes and milliseconds.
struct Row {
    name: String,
    /// Of a program of ours.
    size: Option<f64>,
    first_call: Option<Spread>,
    ready: Option<Spread>,
    answered: Option<Spread>,
}

/// Of several runs, in milliseconds.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    least: f64,
}

struct Arguments {
    folder: PathBuf,
    runs: usize,
    node: Option<(PathBuf, PathBuf)>,
}

fn main() -> Outcome<()> {
    let arguments = arguments()?;
    let subjects = subjects(&arguments);
    let rows = subjects.iter().map(|subject| row(subject, arguments.runs)).collect::<Outcome<Vec<_>>>()?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| program | size, MB | first call, ms | ready, ms | first answer, ms |\n|---|--:|--:|--:|--:|"
    )?;
    for Row { name, size, first_call, ready, answered } in &rows {
        let size = size.map(|size| format!("{size:.2}")).unwrap_or_default();
        let [first_call, ready, answered] = [first_call, ready, answered].map(|spread| cell(spread.as_ref()));
        writeln!(out, "| {name} | {size} | {first_call} | {ready} | {answered} |")?;
    }
    writeln!(out, "\n| goal | figure |  |\n|---|--:|--:|")?;
    for (goal, figure, reached) in goals(&rows) {
        writeln!(out, "| {goal} | {figure} | {} |", if reached { "met" } else { "**missed**" })?;
    }
    Ok(())
}

fn row(subject: &Subject, runs: usize) -> Outcome<Row> {
    let mut figures = Figures::default();
    // The first run warms the file cache, and is not counted.
    for run in 0..=runs {
        measure(subject, (run > 0).then_some(&mut figures))?;
    }
    #[expect(clippy::cast_precision_loss, reason = "megabytes with two digits")]
    let size = || Ok::<_, io::Error>(fs::metadata(&subject.program)?.len() as f64 / 1e6);
    Ok(Row {
        name: subject.name.clone(),
        size: subject.arguments.is_empty().then(size).transpose()?,
        first_call: spread(&mut figures.first_call),
        ready: spread(&mut figures.ready),
        answered: spread(&mut figures.answered),
    })
}

/// Each goal, the figure of the function that is furthest from it, and whether it is reached.
fn goals(rows: &[Row]) -> Vec<(String, String, bool)> {
    let functions = || rows.iter().filter(|row| row.size.is_some() && row.name != FLOOR);
    let most = |value: fn(&Row) -> Option<f64>| {
        let values = functions().filter_map(|row| Some((value(row)?, row.name.as_str())));
        values.max_by(|(a, _), (b, _)| a.total_cmp(b))
    };
    let mut goals = Vec::new();
    if let Some((first, name)) = most(|row| Some(row.first_call?.median)) {
        let goal = format!("at most {FIRST_CALL} ms of its own work before the first call");
        goals.push((goal, format!("{first:.2} ms ({name})"), first <= FIRST_CALL));
    }
    if let Some((size, name)) = most(|row| row.size) {
        goals.push((format!("smaller than {SIZE} MB"), format!("{size:.2} MB ({name})"), size < SIZE));
    }
    let node = rows.iter().find(|row| row.size.is_none()).and_then(|row| row.answered);
    if let (Some((slowest, name)), Some(node)) = (most(|row| Some(row.answered?.median)), node) {
        let faster = node.median / slowest;
        let goal = format!("first answer at least {FASTER} times sooner than Node.js");
        goals.push((goal, format!("{faster:.0} times ({name})"), faster >= FASTER));
    }
    goals
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
        (FLOOR, Event::get("/"), false),
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

fn spread(values: &mut [Duration]) -> Option<Spread> {
    values.sort_unstable();
    let milliseconds = |value: &Duration| value.as_secs_f64() * 1e3;
    let (median, least) = (values.get(values.len() / 2)?, values.first()?);
    Some(Spread { median: milliseconds(median), least: milliseconds(least) })
}

/// Median (minimum).
fn cell(spread: Option<&Spread>) -> String {
    spread.map(|Spread { median, least }| format!("{median:.2} ({least:.2})")).unwrap_or_default()
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
