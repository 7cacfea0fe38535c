//! What an auditor keeps: each item, its flow, what came of it, and what was exchanged.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::documents::Document;
use crate::flow::Flow;
use crate::http::Exchange;
use crate::judge::{Truth, Verdict, judge};
use crate::outcome::Untrue;
use crate::{Findings, clock};

/// A flow that was run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The flow.
    pub flow: Flow,
    /// What came of it.
    pub outcome: Result<(), Untrue>,
    /// What was asked and answered.
    pub exchanges: Vec<Exchange>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// To be read.
    Markdown,
    /// To be processed.
    Json,
}

/// What was verified, when, and what is true.
#[derive(Clone, Debug)]
pub struct Report {
    started: Timestamp,
    ended: Timestamp,
    fhir_base: String,
    issuer: String,
    software: Option<String>,
    documents: Vec<(Document, String)>,
    /// What is to be said of each item.
    pub verdicts: Vec<Verdict>,
    runs: Vec<Run>,
}

impl Report {
    pub(crate) fn of(findings: &Findings, started: Timestamp, software: Option<String>) -> Self {
        let documents = &findings.documents;
        Self {
            started,
            ended: clock::now(),
            fhir_base: documents.fhir_base.clone(),
            issuer: documents.issuer().to_owned(),
            software,
            documents: Document::ALL
                .into_iter()
                .map(|document| (document, Value::Object(documents.get(document).clone()).to_string()))
                .collect(),
            verdicts: judge(documents, &findings.outcomes),
            runs: findings.runs.clone(),
        }
    }

    /// Whether everything is true that was tried.
    pub fn is_true(&self) -> bool {
        self.that_are(Truth::False).next().is_none()
    }

    /// One line that sums it up.
    pub fn summary(&self) -> String {
        let (listed, unlisted): (Vec<_>, Vec<_>) =
            self.that_are(Truth::True).partition(|verdict| verdict.is_listed);
        let untried = match self.that_are(Truth::Untried).count() {
            0 => String::new(),
            untried => format!("{untried} not tried, "),
        };
        format!(
            "{}: {} items listed and working, {} not listed and refused, {untried}{} false",
            self.fhir_base,
            listed.len(),
            unlisted.len(),
            self.that_are(Truth::False).count(),
        )
    }

    /// A line for each item, the false ones first, and those that were not tried before the true ones.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for truth in [Truth::False, Truth::Untried, Truth::True] {
            for verdict in self.that_are(truth) {
                let kind = match (truth, verdict.is_listed) {
                    (Truth::False, _) => "FALSE",
                    (Truth::Untried, _) => "?    ",
                    (Truth::True, true) => "true ",
                    (Truth::True, false) => "off  ",
                };
                let Verdict { item, why, .. } = verdict;
                let _ = writeln!(text, "{kind}  {} {}: {why}", item.field, item.value);
            }
        }
        let _ = writeln!(text, "{}", self.summary());
        text
    }

    fn that_are(&self, truth: Truth) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(move |verdict| verdict.truth == truth)
    }

    /// The whole report.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Markdown => self.markdown(),
            Format::Json => format!("{:#}\n", self.json()),
        }
    }

    fn markdown(&self) -> String {
        let mut text = String::from("# Capability truth\n\n");
        let outcome = match (self.is_true(), self.that_are(Truth::Untried).count()) {
            (true, 0) => "Everything that is listed works.",
            (true, _) => "Everything that is listed works, but for what was not tried.",
            (false, _) => "NOT everything is true.",
        };
        let _ = writeln!(text, "{outcome}\n");
        for (name, value) in self.facts() {
            let _ = writeln!(text, "- {name}: {value}");
        }
        for (heading, is_listed) in [("Listed", true), ("Not listed, and tried", false)] {
            let _ = writeln!(text, "\n## {heading}\n\n| item | true | flow | why |\n|---|---|---|---|");
            for verdict in self.verdicts.iter().filter(|verdict| verdict.is_listed == is_listed) {
                let cells = [
                    format!("{} `{}`", verdict.item.field, verdict.item.value),
                    match verdict.truth {
                        Truth::True => "yes",
                        Truth::False => "**no**",
                        Truth::Untried => "not tried",
                    }
                    .to_owned(),
                    verdict.flow.as_ref().map(ToString::to_string).unwrap_or_default(),
                    verdict.why.clone(),
                ];
                let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
            }
        }
        text.push_str("\n## What was exchanged\n");
        for run in &self.runs {
            let outcome = run.outcome.as_ref().map_or_else(ToString::to_string, |()| "done".to_owned());
            let _ = writeln!(text, "\n### {}\n\n{}\n", run.flow, outcome.replace('|', "\\|"));
            for exchange in &run.exchanges {
                let Exchange { method, url, parameters, status, digests: [request, answer] } = exchange;
                let parameters = parameters.join(", ");
                let _ = writeln!(text, "- `{method} {url}` ({parameters}) → {status}; {request} → {answer}");
            }
        }
        text
    }

    fn json(&self) -> Value {
        let verdicts: Vec<Value> = self.verdicts.iter().map(of_verdict).collect();
        let runs: Vec<Value> = self.runs.iter().map(of_run).collect();
        let facts: serde_json::Map<String, Value> =
            self.facts().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({ "true": self.is_true(), "about": facts, "items": verdicts, "flows": runs })
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("FHIR base", self.fhir_base.clone()),
            ("issuer", self.issuer.clone()),
            ("server", self.software.clone().unwrap_or_else(|| "does not say".to_owned())),
            ("verified by", concat!("smart-verify ", env!("CARGO_PKG_VERSION")).to_owned()),
            ("started", self.started.to_string()),
            ("ended", self.ended.to_string()),
            ("result", self.summary()),
        ];
        for (document, text) in &self.documents {
            facts.push((document.name(), text.clone()));
        }
        facts
    }
}

fn of_verdict(verdict: &Verdict) -> Value {
    let is_true = match verdict.truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Untried => None,
    };
    json!({
        "field": verdict.item.field, "value": verdict.item.value, "listed": verdict.is_listed,
        "true": is_true, "flow": verdict.flow.as_ref().map(ToString::to_string), "why": verdict.why,
    })
}

fn of_run(run: &Run) -> Value {
    let exchanges: Vec<Value> = run
        .exchanges
        .iter()
        .map(|exchange| {
            json!({
                "method": exchange.method, "url": exchange.url, "parameters": exchange.parameters,
                "status": exchange.status, "digests": exchange.digests,
            })
        })
        .collect();
    let failed = run.outcome.as_ref().err().map(ToString::to_string);
    json!({ "flow": run.flow.to_string(), "failed": failed, "exchanges": exchanges })
}
