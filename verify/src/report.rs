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
    documents: Vec<(Document, Value)>,
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
                .map(|document| (document, Value::Object(documents.get(document).clone())))
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
        let untried: Vec<String> = self
            .that_are(Truth::Untried)
            .map(|Verdict { item, .. }| format!("{} {}", item.field, item.value))
            .collect();
        let untried = match untried.len() {
            0 => String::new(),
            many => format!("{many} not tried [{}], ", untried.join("; ")),
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
                let _ = writeln!(text, "| {} |", cells.map(|text| cell(&text)).join(" | "));
            }
        }
        text.push_str("\n## The documents\n");
        for (document, said) in &self.documents {
            let _ = writeln!(text, "\n### {}\n\n```json\n{said:#}\n```", document.name());
        }
        text.push_str("\n## What was exchanged\n");
        for run in &self.runs {
            let outcome = run.outcome.as_ref().map_or_else(ToString::to_string, |()| "done".to_owned());
            let _ = writeln!(text, "\n### {}\n\n{}\n", run.flow, cell(&outcome));
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
        let documents: serde_json::Map<String, Value> = self
            .documents
            .iter()
            .map(|(document, said)| (document.name().to_owned(), said.clone()))
            .collect();
        json!({ "true": self.is_true(), "about": facts, "documents": documents, "items": verdicts, "flows": runs })
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("FHIR base", self.fhir_base.clone()),
            ("issuer", self.issuer.clone()),
            ("server", self.software.clone().unwrap_or_else(|| "does not say".to_owned())),
            ("verified by", concat!("smart-verify ", env!("CARGO_PKG_VERSION")).to_owned()),
            ("started", self.started.to_string()),
            ("ended", self.ended.to_string()),
            ("result", self.summary()),
        ]
    }
}

/// A text in one cell of a table, or one line.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_server_says_stays_in_its_cell() {
        assert_eq!(cell("400 a | b\nand\r\n\r\n  more"), "400 a \\| b and more");
    }

    #[test]
    fn what_was_not_tried_is_named_in_the_line_that_sums_up() {
        let verdict = |value: &str, truth| Verdict {
            item: crate::Item { field: "capabilities".to_owned(), value: value.to_owned() },
            is_listed: true,
            flow: Some(Flow::ClientAssertion("ES384")),
            truth,
            why: "because\nof this".to_owned(),
        };
        let now = clock::now();
        let report = Report {
            started: now,
            ended: now,
            fhir_base: "https://x.example/fhir".to_owned(),
            issuer: "https://x.example".to_owned(),
            software: None,
            documents: vec![(Document::Smart, json!({ "capabilities": ["a"] }))],
            verdicts: vec![verdict("a", Truth::True), verdict("b", Truth::Untried)],
            runs: Vec::new(),
        };
        assert_eq!(
            report.summary(),
            "https://x.example/fhir: 1 items listed and working, 0 not listed and refused, 1 not tried [capabilities b], 0 false"
        );
        let markdown = report.write(Format::Markdown);
        assert!(
            markdown.contains("| capabilities `b` | not tried | ClientAssertion ES384 | because of this |")
        );
        assert!(markdown.contains("### smart-configuration\n\n```json\n{\n"), "{markdown}");
    }
}
