//! What each step asked, as the meter saw it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use smart_lambda_tests::capacity::Units;
use smart_lambda_tests::event::Answer;
use smart_lambda_tests::meter;

use super::super::world::{FUNCTIONS, Service};
use super::clinic::Clinic;

/// What one request asks of AWS.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The function that was asked.
    function: &'static str,
    /// How often each operation of DynamoDB was called …
    dynamodb: BTreeMap<String, usize>,
    /// … and each of KMS.
    kms: BTreeMap<String, usize>,
    /// What DynamoDB bills for it.
    units: Units,
}

impl Asked {
    /// The calls of DynamoDB and of KMS.
    pub(super) fn calls(&self) -> (usize, usize) {
        (self.dynamodb.values().sum(), self.kms.values().sum())
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "function": self.function, "dynamodb": self.dynamodb, "kms": self.kms,
            "read_units": self.units.reads, "write_units": self.units.writes,
        })
    }
}

/// What was asked.
#[derive(Default)]
pub(super) struct Ledger {
    /// The steps that were taken, by name.
    pub(super) steps: BTreeMap<&'static str, Asked>,
    /// Every call of a step or a start, by the function that made it.
    pub(super) calls: Vec<(&'static str, meter::Call)>,
}

/// Four functions that have just started, and the ledger that their steps go into.
pub(super) struct Counting<'a> {
    pub(super) clinic: &'a Clinic,
    service: Service,
    ledger: &'a mut Ledger,
}

impl<'a> Counting<'a> {
    pub(super) fn start(clinic: &'a Clinic, ledger: &'a mut Ledger) -> Self {
        // One after the other, so that each call is its own.
        let [discovery, authorize, token, fhir_read] = FUNCTIONS.map(|(name, _)| {
            let mut function = clinic.world.start(name);
            function.ready().unwrap();
            ledger.calls.extend(clinic.meter.read().into_iter().map(|call| (name, call)));
            function
        });
        let service = Service { discovery, authorize, token, fhir_read, last: None };
        Self { clinic, service, ledger }
    }

    /// Something that is not counted: it leads to what is, or fills what the functions remember.
    pub(super) fn aside<T>(&mut self, ask: impl FnOnce(&mut Service) -> T) -> T {
        let told = ask(&mut self.service);
        // It may be several requests: whose call it is, is told of steps alone.
        self.clinic.meter.read();
        told
    }

    /// One request, which is answered with this status.
    pub(super) fn step(
        &mut self,
        name: &'static str,
        status: u16,
        ask: impl FnOnce(&mut Service) -> Answer,
    ) -> Answer {
        let answer = ask(&mut self.service);
        assert_eq!(answer.status, status, "{name}: {} {}", answer.header("location"), answer.body);
        let calls = self.clinic.meter.read();
        let function = self.service.last.unwrap();
        let metrics = self
            .service
            .function(function)
            .logged(|line| line["_aws"].is_object() && line["id"] == answer.id)
            .expect("a line of metrics");
        assert_eq!(metrics["RemoteCalls"], calls.len(), "{name}: the program counts otherwise: {calls:?}");
        let mut asked =
            Asked { function, dynamodb: BTreeMap::new(), kms: BTreeMap::new(), units: Units::default() };
        for call in calls {
            let of_service = match call.service {
                meter::Service::DynamoDb => {
                    asked.units =
                        asked.units + call.units.unwrap_or_else(|| panic!("{name}: no price of {call:?}"));
                    &mut asked.dynamodb
                }
                meter::Service::Kms => &mut asked.kms,
                meter::Service::Other => panic!("{name}: {call:?}"),
            };
            *of_service.entry(call.operation.clone()).or_default() += 1;
            self.ledger.calls.push((function, call));
        }
        assert!(self.ledger.steps.insert(name, asked).is_none(), "two steps are called {name}");
        answer
    }
}
