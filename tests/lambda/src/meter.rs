//! A counting layer before AWS: it passes each call of a program on, and notes what it was and what it costs. A call that is made again
//! counts again.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::capacity::{self, Units};
use crate::http::{Connection, Request, Response};
use crate::proxy;

/// The partition key of both tables.
const KEY: &str = "pk";

/// A call that was passed on.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service, as `X-Amz-Target` names it.
    pub service: Service,
    /// The operation: `GetItem`.
    pub operation: String,
    /// What DynamoDB bills, if it was DynamoDB and there is a rule for the operation.
    pub units: Option<Units>,
    /// Which items of which tables, if it was DynamoDB.
    pub touched: Vec<Touched>,
}

/// What a call of DynamoDB is about, as a permission may speak of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// The table's name.
    pub table: String,
    /// The index, if one is queried.
    pub index: Option<String>,
    /// The partition keys (`dynamodb:LeadingKeys`): of the table, or of the index.
    pub keys: Vec<String>,
}

/// Who was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// DynamoDB.
    DynamoDb,
    /// The Key Management Service.
    Kms,
    /// Anybody else.
    Other,
}

/// The layer.
pub struct Meter {
    url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Meter {
    /// Listens on a free port of this machine, before the endpoint of this URL (`http://` and host and port).
    pub fn before(endpoint: &str) -> io::Result<Self> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let url = proxy::before(endpoint, move |request, aws| pass(request, aws, &noted))?;
        Ok(Self { url, calls })
    }

    /// What `AWS_ENDPOINT_URL` says.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The calls since the last look.
    pub fn read(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn pass(mut request: Request, aws: &mut Connection, noted: &Mutex<Vec<Call>>) -> io::Result<Response> {
    let (service, operation) = called(&request);
    let mut asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if service == Service::DynamoDb
        && let Some(asked) = asked.as_object_mut()
    {
        asked.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
        // The signature is of the body as it was: an emulator does not look.
        request.body = serde_json::to_vec(asked)?;
    }
    let response = aws.ask(&request)?;
    let answer = serde_json::from_slice(&response.body).unwrap_or_default();
    let units = (service == Service::DynamoDb).then(|| capacity::units(&operation, &asked, &answer));
    let touched = if service == Service::DynamoDb { touched(&asked) } else { Vec::new() };
    let call = Call { service, operation, units: units.flatten(), touched };
    // Before the answer, so that whoever waits for what follows it finds the call.
    noted.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    Ok(response)
}

/// What is asked about, in any of the forms of a request.
fn touched(asked: &Value) -> Vec<Touched> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let key_of = |item: &Value| text(item.get(KEY)?.get("S")?);
    if let Some(batch) = asked.get("RequestItems").and_then(Value::as_object) {
        let of_table = |(table, asked): (&String, &Value)| {
            let keys = asked
                .get("Keys")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(key_of)
                .collect();
            Touched { table: table.clone(), index: None, keys }
        };
        return batch.iter().map(of_table).collect();
    }
    let index = asked.get("IndexName").and_then(text);
    let item = ["Key", "Item"].into_iter().find_map(|name| key_of(asked.get(name)?));
    let key = item.or_else(|| group(asked));
    let table = asked.get("TableName").and_then(text).unwrap_or_default();
    vec![Touched { table, index, keys: key.into_iter().collect() }]
}

/// The group of an index that a query is about: `#group = :group AND …`, of which no other part says what something equals.
fn group(asked: &Value) -> Option<String> {
    let condition = asked.get("KeyConditionExpression")?.as_str()?;
    let (_, value) = condition.split(" AND ").find_map(|part| part.split_once(" = "))?;
    asked.get("ExpressionAttributeValues")?.get(value.trim())?.get("S")?.as_str().map(str::to_owned)
}

/// Service and operation, as the SDK says them: `DynamoDB_20120810.GetItem`, `TrentService.Sign`.
fn called(request: &Request) -> (Service, String) {
    let target = request.header("x-amz-target").unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    let service = match service {
        "DynamoDB_20120810" => Service::DynamoDb,
        "TrentService" => Service::Kms,
        _ => Service::Other,
    };
    (service, operation.to_owned())
}
