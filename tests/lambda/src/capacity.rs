//! What a call costs in DynamoDB's units.
//!
//! What a write took is taken from `ConsumedCapacity`: the emulator (`MiniStack`) goes by the sizes of the item before and after it, and counts
//! each index that changes. Of reads it does not: to it each is one of 4 kB, however much was read. So reads are
//! reckoned here, from the very items that were answered; and so is a write whose condition failed, which costs as much as one that was made and
//! of which no answer says a unit.
//!
//! Rules: [item sizes](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html), [reads and
//! writes](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Bytes of a read unit, read consistently; half a unit otherwise.
const READ: usize = 4096;
/// Bytes of a write unit.
const WRITE: usize = 1024;

/// Units of both kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Of reading.
    pub reads: f64,
    /// Of writing, indexes included.
    pub writes: f64,
}

impl Units {
    fn reading(reads: f64) -> Self {
        Self { reads, ..Self::default() }
    }

    fn writing(writes: f64) -> Self {
        Self { writes, ..Self::default() }
    }
}

impl std::ops::Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { reads: self.reads + other.reads, writes: self.writes + other.writes }
    }
}

/// The units of a call, by its request and its answer. Nothing where no rule stands here.
pub(crate) fn units(operation: &str, asked: &Value, answer: &Value) -> Option<Units> {
    match operation {
        "GetItem" => Some(Units::reading(read(size(&answer["Item"]), consistent(asked)))),
        // An index answers all that it holds of an item, and never consistently.
        "Query" if asked["ProjectionExpression"].is_null() => {
            Some(Units::reading(read(items(&answer["Items"]).map(size).sum(), false)))
        }
        "BatchGetItem" => {
            let mut reads = 0.0;
            for (table, wanted) in asked["RequestItems"].as_object()? {
                if !wanted["ProjectionExpression"].is_null() {
                    return None;
                }
                let found: Vec<usize> = items(answer["Responses"].get(table)?).map(size).collect();
                // Each item is a read of its own, and one that is not there too.
                let absent = items(&wanted["Keys"]).count().checked_sub(found.len())?;
                let sizes = found.into_iter().chain(std::iter::repeat_n(0, absent));
                reads += sizes.map(|size| read(size, consistent(wanted))).sum::<f64>();
            }
            Some(Units::reading(reads))
        }
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            let writes = match answer.pointer("/ConsumedCapacity/CapacityUnits").and_then(Value::as_f64) {
                Some(units) => units,
                None if is_refused(answer) => started(size(&answer["Item"]).max(size(&asked["Item"])), WRITE),
                None => return None,
            };
            Some(Units::writing(writes))
        }
        _ => None,
    }
}

/// Whether a condition did not hold.
fn is_refused(answer: &Value) -> bool {
    answer["__type"].as_str().is_some_and(|name| name.ends_with("ConditionalCheckFailedException"))
}

fn consistent(asked: &Value) -> bool {
    asked["ConsistentRead"] == true
}

fn read(size: usize, consistent: bool) -> f64 {
    let units = started(size, READ);
    if consistent { units } else { units / 2.0 }
}

/// How many units of `unit` bytes are begun; what is not there costs one.
#[expect(clippy::cast_precision_loss, reason = "a page has at most a megabyte")]
fn started(size: usize, unit: usize) -> f64 {
    size.div_ceil(unit).max(1) as f64
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The size of an item in bytes: of the names of its attributes and of their values.
fn size(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len(),
        "N" => size_of_number(text),
        "B" => STANDARD.decode(text).unwrap_or_default().len(),
        "SS" => items(value).filter_map(Value::as_str).map(str::len).sum(),
        "L" => 3 + items(value).map(|element| 1 + size_of_value(element)).sum::<usize>(),
        "M" => {
            let pairs = value.as_object().into_iter().flatten();
            3 + pairs.map(|(name, value)| 1 + name.len() + size_of_value(value)).sum::<usize>()
        }
        // BOOL and NULL.
        _ => 1,
    }
}

/// A byte for every two significant digits, and one.
fn size_of_number(text: &str) -> usize {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    1 + digits.trim_matches('0').len().div_ceil(2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_its_names_and_its_values() {
        let item = json!({
            "pk": { "S": "grant#\u{e9}" }, "at": { "N": "1764000000" }, "body": { "B": "AAAA" }, "is": { "BOOL": true },
            "words": { "L": [{ "S": "a" }, { "S": "bc" }] }, "empty": { "M": {} }, "tags": { "SS": ["x", "yz"] },
        });
        let expected = (2 + 8) + (2 + 1 + 2) + (4 + 3) + (2 + 1) + (5 + 3 + 2 + 3) + (5 + 3) + (4 + 3);
        assert_eq!(size(&item), expected);
        assert_eq!((size_of_number("0"), size_of_number("-120.5")), (1, 3));
    }

    fn item(bytes: usize) -> Value {
        json!({ "b": { "S": "x".repeat(bytes - 1) } })
    }

    #[test]
    fn a_read_is_billed_by_its_size_and_by_its_consistency() {
        for (bytes, consistent, expected) in
            [(4096, true, 1.0), (4096, false, 0.5), (4097, true, 2.0), (4097, false, 1.0)]
        {
            let asked = json!({ "ConsistentRead": consistent });
            let answer = json!({ "Item": item(bytes) });
            assert_eq!(units("GetItem", &asked, &answer), Some(Units::reading(expected)), "{bytes}");
        }
        // What is not there is a read all the same.
        assert_eq!(units("GetItem", &json!({}), &json!({})), Some(Units::reading(0.5)));
    }

    #[test]
    fn a_query_is_billed_by_the_sum_of_what_it_reads_and_a_batch_item_by_item() {
        let page = json!({ "Items": [item(3000), item(3000)] });
        assert_eq!(units("Query", &json!({}), &page), Some(Units::reading(1.0)));
        assert_eq!(units("Query", &json!({}), &json!({ "Items": [] })), Some(Units::reading(0.5)));
        let wanted = json!({ "RequestItems": { "t": { "Keys": [{}, {}, {}], "ConsistentRead": true } } });
        let found = json!({ "Responses": { "t": [item(3000), item(5000)] } });
        assert_eq!(units("BatchGetItem", &wanted, &found), Some(Units::reading(1.0 + 2.0 + 1.0)));
    }

    #[test]
    fn a_refused_write_is_billed_by_the_larger_item() {
        let refused = json!({ "__type": "ConditionalCheckFailedException", "Item": item(1500) });
        for (bytes, expected) in [(100, 2.0), (2500, 3.0)] {
            assert_eq!(
                units("PutItem", &json!({ "Item": item(bytes) }), &refused),
                Some(Units::writing(expected))
            );
        }
        let made = json!({ "ConsumedCapacity": { "CapacityUnits": 2.0 } });
        assert_eq!(units("UpdateItem", &json!({}), &made), Some(Units::writing(2.0)));
    }

    #[test]
    fn what_has_no_rule_has_no_price() {
        for (operation, asked) in [
            ("Scan", json!({})),
            ("TransactWriteItems", json!({})),
            ("Query", json!({ "ProjectionExpression": "#pk" })),
            (
                "BatchGetItem",
                json!({ "RequestItems": { "t": { "Keys": [], "ProjectionExpression": "#pk" } } }),
            ),
            ("PutItem", json!({})),
        ] {
            assert_eq!(
                units(operation, &asked, &json!({ "__type": "ThrottlingException" })),
                None,
                "{operation}"
            );
        }
    }
}
