//! One table and the calls that are made on it.
//!
//! A write is one call whose condition is its own check. A failed condition brings the item that it met, so that core can say why;
//! every other failure leaves it open whether the write was made ([`Failed::Unknown`]).
//!
//! Whether such a write was made is asked by one read more ([`Table::look`]), which has less time than others: both together fit into a
//! function's (`Timeout` of the template), so that whoever waits is told to come back before the function is stopped.
//!
//! Expressions name attributes as `#name`, which avoids DynamoDB's list of reserved words, and values as `:name`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use smart_core::ports::Unavailable;

use crate::calls::unavailable;
use crate::item::{Attributes, Item, KEY, LARGEST_ITEM, text};
use crate::patience::{Patience, Pauses};
use crate::tables::Index;

/// How many items one `BatchGetItem` may ask for.
pub(crate) const BATCH_READS: usize = 100;
/// How many items one `BatchWriteItem` may write.
pub(crate) const BATCH_WRITES: usize = 25;

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    name: String,
    patience: Patience,
}

/// Why a conditional write did not succeed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The condition did not hold. Nothing was written; this is the item it met, if there was one.
    Condition(Option<Item>),
    /// It may have been written or not.
    Unknown(Unavailable),
}

/// A conditional change of one item.
#[derive(Debug)]
pub(crate) struct Update {
    /// The item's key.
    pub(crate) key: String,
    /// `SET …`, `REMOVE …`
    pub(crate) change: String,
    /// What must hold. That the item exists must follow from it: an update never creates.
    pub(crate) condition: String,
    /// The values of both, by their names with the colon.
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

/// What a put demands of the item that it would replace.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) expression: &'static str,
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

impl Condition {
    /// There is none.
    pub(crate) fn absent() -> Self {
        Self { expression: "attribute_not_exists(#pk)", values: Vec::new() }
    }
}

/// A range of an index, in its order.
#[derive(Debug)]
pub(crate) struct Range<'a> {
    pub(crate) index: &'static str,
    /// Such as `#group = :group AND #at > :after`.
    pub(crate) condition: &'static str,
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
    pub(crate) ascending: bool,
    /// At most so many items.
    pub(crate) limit: Option<usize>,
    /// Where the page before ended.
    pub(crate) from: Option<&'a Attributes>,
}

/// Some items of a range.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// Where there may be more: a page ends at its limit, or at a megabyte.
    pub(crate) next: Option<Attributes>,
}

impl Table {
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), patience: Patience::Request }
    }

    /// The same, for an operator's program.
    #[cfg(feature = "operator")]
    pub(crate) fn patiently(self) -> Self {
        Self { patience: Patience::Operator, ..self }
    }

    /// The item of that key; `consistent` sees every write that was answered.
    pub(crate) async fn get(
        &self,
        port: &'static str,
        key: &str,
        consistent: bool,
    ) -> Result<Option<Item>, Unavailable> {
        let call =
            self.client.get_item().table_name(&self.name).key(KEY, text(key)).consistent_read(consistent);
        let found = call.send().await.map_err(|error| unavailable(port, "GetItem", &error))?;
        Ok(found.item.map(Item::from))
    }

    /// The item of that key, consistently, after a write of it whose outcome is unknown.
    pub(crate) async fn look(&self, port: &'static str, key: &str) -> Result<Option<Item>, Unavailable> {
        let call = self.client.get_item().table_name(&self.name).key(KEY, text(key)).consistent_read(true);
        let call = call.customize().config_override(crate::sdk::brief());
        let found = call.send().await.map_err(|error| unavailable(port, "GetItem", &error))?;
        Ok(found.item.map(Item::from))
    }

    /// Stores an item over another one of its key, if that meets the condition. One that is too large is not sent.
    pub(crate) async fn put(
        &self,
        port: &'static str,
        item: Item,
        condition: Option<Condition>,
    ) -> Result<(), Failed> {
        let size = item.size();
        if size > LARGEST_ITEM {
            let told = format!("PutItem: an item of {size} bytes, and DynamoDB holds {LARGEST_ITEM}");
            return Err(Failed::Unknown(Unavailable::new(port, told)));
        }
        let mut call = self.client.put_item().table_name(&self.name).set_item(Some(item.into_attributes()));
        if let Some(Condition { expression, values }) = condition {
            call = call
                .condition_expression(expression)
                .set_expression_attribute_names(some(names([expression])))
                .set_expression_attribute_values(some(named(values)))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        }
        call.send().await.map(drop).map_err(|error| failed_put(port, &error))
    }

    /// The same, and whether the item is there: also where the one that is met, or found after a lost answer, is `ours`, written by
    /// another attempt of this very write.
    pub(crate) async fn put_once(
        &self,
        port: &'static str,
        item: Item,
        condition: Condition,
        ours: impl Fn(&Item) -> bool,
    ) -> Result<bool, Unavailable> {
        let key = item.text(KEY).map_err(|error| error.at(port))?.to_owned();
        match self.put(port, item, Some(condition)).await {
            Ok(()) => Ok(true),
            Err(Failed::Condition(met)) => Ok(met.is_some_and(|met| ours(&met))),
            Err(Failed::Unknown(unavailable)) => match self.look(port, &key).await {
                Ok(Some(found)) if ours(&found) => Ok(true),
                _ => Err(unavailable),
            },
        }
    }

    /// Changes an item that meets the condition, and returns it as it stands then.
    pub(crate) async fn update(&self, port: &'static str, update: Update) -> Result<Item, Failed> {
        let Update { key, change, condition, values } = update;
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .key(KEY, text(key))
            .set_expression_attribute_names(some(names([change.as_str(), condition.as_str()])))
            .set_expression_attribute_values(some(named(values)))
            .update_expression(change)
            .condition_expression(condition)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let updated = call.send().await.map_err(|error| failed_update(port, &error))?;
        Ok(updated.attributes.unwrap_or_default().into())
    }

    /// Removes the item of that key, if there is one.
    pub(crate) async fn delete(&self, port: &'static str, key: &str) -> Result<(), Unavailable> {
        let call = self.client.delete_item().table_name(&self.name).key(KEY, text(key));
        call.send().await.map(drop).map_err(|error| unavailable(port, "DeleteItem", &error))
    }

    /// A page of an index.
    pub(crate) async fn query(&self, port: &'static str, range: Range<'_>) -> Result<Page, Unavailable> {
        let call = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(range.index)
            .key_condition_expression(range.condition)
            .set_expression_attribute_names(some(names([range.condition])))
            .set_expression_attribute_values(some(named(range.values)))
            .scan_index_forward(range.ascending)
            .set_limit(range.limit.map(|limit| limit.try_into().unwrap_or(i32::MAX)))
            .set_exclusive_start_key(range.from.cloned());
        let found = call.send().await.map_err(|error| unavailable(port, "Query", &error))?;
        let items = found.items.unwrap_or_default().into_iter().map(Item::from).collect();
        Ok(Page { items, next: found.last_evaluated_key.filter(|key| !key.is_empty()) })
    }

    /// The keys of all that is in the groups of an index whose names begin so. Reads the whole index.
    pub(crate) async fn scan_keys(
        &self,
        port: &'static str,
        index: Index,
        begins: &str,
    ) -> Result<Vec<String>, Unavailable> {
        let mut keys = Vec::new();
        let mut from = None;
        loop {
            let call = self
                .client
                .scan()
                .table_name(&self.name)
                .index_name(index.name)
                .filter_expression("begins_with(#group, :begins)")
                .expression_attribute_names("#group", index.hash)
                .expression_attribute_values(":begins", text(begins))
                .set_exclusive_start_key(from);
            let found = call.send().await.map_err(|error| unavailable(port, "Scan", &error))?;
            for item in found.items.unwrap_or_default() {
                keys.push(Item::from(item).text(KEY).map_err(|error| error.at(port))?.to_owned());
            }
            from = found.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return Ok(keys);
            }
        }
    }

    /// The items of those keys that there are, in no order; each key once. With `only` (such as `#pk, #version`), only these
    /// attributes of them.
    pub(crate) async fn get_all(
        &self,
        port: &'static str,
        keys: &[String],
        consistent: bool,
        only: Option<&'static str>,
    ) -> Result<Vec<Item>, Unavailable> {
        let mut items = Vec::with_capacity(keys.len());
        let mut pauses = Pauses::of(self.patience);
        for keys in keys.chunks(BATCH_READS) {
            let keys = keys.iter().map(|key| Attributes::from([(KEY.to_owned(), text(key))])).collect();
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(consistent)
                .set_projection_expression(only.map(str::to_owned))
                .set_expression_attribute_names(only.map(|only| names([only])))
                .build();
            let wanted = wanted.map_err(|_| Unavailable::new(port, "BatchGetItem: no keys"))?;
            let mut wanted = Some(HashMap::from([(self.name.clone(), wanted)]));
            while let Some(asked) = wanted.take() {
                let call = self.client.batch_get_item().set_request_items(Some(asked));
                let found = call.send().await.map_err(|error| unavailable(port, "BatchGetItem", &error))?;
                items.extend(
                    found.responses.into_iter().flatten().flat_map(|(_, items)| items).map(Item::from),
                );
                wanted = found.unprocessed_keys.filter(|left| !left.is_empty());
                if wanted.is_some() {
                    pauses.pause(port, "BatchGetItem").await?;
                }
            }
            pauses.batch_is_done();
        }
        Ok(items)
    }

    /// Puts and deletes items, at most [`BATCH_WRITES`], each of another key: all of them, or an error after some. To be made again
    /// they need no condition.
    pub(crate) async fn write_all(
        &self,
        port: &'static str,
        writes: Vec<WriteRequest>,
    ) -> Result<(), Unavailable> {
        let mut writes = Some(HashMap::from([(self.name.clone(), writes)]))
            .filter(|all| all.values().any(|w| !w.is_empty()));
        // Only an operator writes in batches.
        let mut pauses = Pauses::of(Patience::Operator);
        while let Some(left) = writes.take() {
            let call = self.client.batch_write_item().set_request_items(Some(left));
            // Megabytes over the operator's line take their time.
            let call = call.customize().config_override(crate::sdk::patient());
            let written = call.send().await.map_err(|error| unavailable(port, "BatchWriteItem", &error))?;
            writes = written.unprocessed_items.filter(|left| !left.is_empty());
            if writes.is_some() {
                pauses.pause(port, "BatchWriteItem").await?;
            }
        }
        Ok(())
    }
}

fn failed_put<R>(port: &'static str, error: &SdkError<PutItemError, R>) -> Failed {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(refused)) => {
            Failed::Condition(met(refused.item()))
        }
        _ => Failed::Unknown(unavailable(port, "PutItem", error)),
    }
}

fn failed_update<R>(port: &'static str, error: &SdkError<UpdateItemError, R>) -> Failed {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
            Failed::Condition(met(refused.item()))
        }
        _ => Failed::Unknown(unavailable(port, "UpdateItem", error)),
    }
}

/// The item that a condition met, if there was one.
fn met(item: Option<&Attributes>) -> Option<Item> {
    item.filter(|item| !item.is_empty()).cloned().map(Item::from)
}

/// The attributes that expressions name: `#stage` is `stage`.
fn names<'e>(expressions: impl IntoIterator<Item = &'e str>) -> HashMap<String, String> {
    let tokens = expressions.into_iter().flat_map(|expression| tokens(expression, '#'));
    tokens.map(|token| (token.to_owned(), token.trim_start_matches('#').to_owned())).collect()
}

fn named(values: Vec<(&'static str, AttributeValue)>) -> Attributes {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// DynamoDB refuses an empty map of names or values.
fn some<T>(map: HashMap<String, T>) -> Option<HashMap<String, T>> {
    Some(map).filter(|map| !map.is_empty())
}

/// The words of an expression that begin with `mark`.
pub(crate) fn tokens(expression: &str, mark: char) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | ':')));
    words.filter(move |word| word.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_says_which_names_and_values_it_needs() {
        let expression = "attribute_exists(#pk) AND (#stage = :known OR NOT #a_b<:now)";
        assert_eq!(tokens(expression, '#').collect::<Vec<_>>(), ["#pk", "#stage", "#a_b"]);
        assert_eq!(tokens(expression, ':').collect::<Vec<_>>(), [":known", ":now"]);
        assert_eq!(names([expression, "#pk"])["#stage"], "stage");
        assert_eq!(names([expression, "#pk"]).len(), 3);
    }
}
