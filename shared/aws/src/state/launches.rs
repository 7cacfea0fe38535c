//! Launches that EHRs made: one item each, used up by one conditional update.
//!
//! | attribute | |
//! |---|---|
//! | `client_id`, `situation`, `follow_until`, `made_by` | as the EHR made it; `made_by` is the name of that write |
//! | `used_by` | the grant that used it up |
//! | `expires_at` | when it is forgotten: an authorization that followed it in time may take until then |

use smart_core::id::{GrantId, LaunchId};
use smart_core::launch::Launch;
use smart_core::ports::{Launches, Step, Unavailable};
use smart_core::secret::{Digest, Op};

use super::StateTable;
use crate::item::{Item, Unreadable, instant, json, text};
use crate::table::{Condition, Failed, Update};

const PORT: &str = "launches";

fn key(id: &LaunchId) -> String {
    format!("launch#{id}")
}

fn item_of(launch: &Launch) -> Item {
    Item::new(key(&launch.id))
        .with("client_id", text(launch.client_id.as_str()))
        .with("situation", json(&launch.situation))
        .with("follow_until", instant(launch.expires_at))
        .with("made_by", text(launch.made_by.as_digest().to_string()))
        .with_some("used_by", launch.used_by.as_ref().map(|grant| text(grant.as_str())))
        .with("expires_at", instant(launch.kept_until()))
}

fn launch_of(id: &LaunchId, item: &Item) -> Result<Launch, Unreadable> {
    Ok(Launch {
        id: id.clone(),
        client_id: item.parsed("client_id")?,
        situation: item.json("situation")?,
        expires_at: item.instant("follow_until")?,
        used_by: item.optional("used_by", Item::parsed)?,
        made_by: made_by(item)?,
    })
}

fn made_by(item: &Item) -> Result<Op, Unreadable> {
    item.parsed("made_by").map(|digest: Digest| Op::new(*digest.as_bytes()))
}

/// Where core's [`Launch::use_up`] would use it up.
fn use_up(id: &LaunchId, grant: &GrantId, step: Step) -> Update {
    Update {
        key: key(id),
        change: "SET #used_by = :grant".to_owned(),
        condition: "#expires_at > :now AND (attribute_not_exists(#used_by) OR #used_by = :grant)".to_owned(),
        values: vec![(":now", instant(step.now)), (":grant", text(grant.as_str()))],
    }
}

impl Launches for StateTable {
    async fn create_launch(&self, launch: &Launch) -> Result<(), Unavailable> {
        let is_ours = |item: &Item| made_by(item) == Ok(launch.made_by);
        if self.table.put_once(PORT, item_of(launch), Condition::absent(), is_ours).await? {
            Ok(())
        } else {
            Err(Unavailable::new(PORT, "there is another launch of this name"))
        }
    }

    async fn launch(&self, id: &LaunchId) -> Result<Option<Launch>, Unavailable> {
        let item = self.table.get(PORT, &key(id), true).await?;
        item.map(|item| launch_of(id, &item)).transpose().map_err(|error| error.at(PORT))
    }

    /// A lost answer needs no name of the write: whoever asks again is the same grant, which may use it up again.
    async fn use_launch(&self, id: &LaunchId, grant: &GrantId, step: Step) -> Result<bool, Unavailable> {
        match self.table.update(PORT, use_up(id, grant, step)).await {
            Ok(_) => Ok(true),
            Err(Failed::Condition(_)) => Ok(false),
            Err(Failed::Unknown(unavailable)) => match self.table.look(PORT, &key(id)).await {
                Ok(Some(item)) if item.parsed("used_by").as_ref() == Ok(grant) => Ok(true),
                _ => Err(unavailable),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use smart_core::instant::Instant;
    use smart_core::launch::{LaunchContext, Situation};
    use smart_core::secret::LaunchHandle;

    use super::*;

    #[test]
    fn a_launch_is_read_as_it_was_stored_and_used_by_an_expression_that_holds() {
        let context =
            LaunchContext { patient: "a".parse().ok(), tenant: Some("t".to_owned()), ..Default::default() };
        let situation = Situation { user: "Practitioner/p1".parse().ok(), context };
        let at = Instant::from_unix(1_800_000_000);
        let made =
            Launch::new(&LaunchHandle::new([1; 32]), "app".parse().unwrap(), situation, Op::new([2; 32]), at);
        let grant: GrantId = Digest::of(b"grant").into();
        for launch in [made.clone(), made.clone().use_up(&grant, at).unwrap()] {
            assert_eq!(launch_of(&launch.id, &item_of(&launch)).unwrap(), launch);
        }
        super::super::check_expression(&use_up(&made.id, &grant, Step { now: at, op: Op::new([3; 32]) }));
    }
}
