//! Launches that EHRs made: each is used up inside the write transaction that sees it free.

use smart_core::id::{GrantId, LaunchId};
use smart_core::instant::Instant;
use smart_core::launch::Launch;
use smart_core::ports::{Launches, Step, Unavailable};

use crate::LocalStore;
use crate::sweep::{self, Expires, Kind};
use crate::tables::Aggregates;

pub(crate) const LAUNCHES: Aggregates<LaunchId, Launch> = Aggregates::new("launches");

const PORT: &str = "launches";

impl Expires for Launch {
    fn gone_at(&self) -> Instant {
        self.kept_until()
    }
}

impl Launches for LocalStore {
    async fn create_launch(&self, launch: &Launch) -> Result<(), Unavailable> {
        let launch = launch.clone();
        let created = self
            .engine
            .write(PORT, move |writing| {
                if let Some(stored) = writing.get(LAUNCHES, &launch.id)? {
                    return Ok(stored.made_by == launch.made_by);
                }
                writing.put(LAUNCHES, &launch.id, &launch)?;
                sweep::enter(writing, launch.gone_at(), Kind::Launch, launch.id.as_str())?;
                Ok(true)
            })
            .await?;
        if created { Ok(()) } else { Err(Unavailable::new(PORT, "there is another launch of this name")) }
    }

    async fn launch(&self, id: &LaunchId) -> Result<Option<Launch>, Unavailable> {
        self.engine.read(PORT, |snapshot| snapshot.get(LAUNCHES, id))
    }

    async fn use_launch(&self, id: &LaunchId, grant: &GrantId, step: Step) -> Result<bool, Unavailable> {
        let (id, grant) = (id.clone(), grant.clone());
        self.engine
            .write(PORT, move |writing| {
                let Some(stored) = writing.get(LAUNCHES, &id)? else { return Ok(false) };
                let Some(used) = stored.clone().use_up(&grant, step.now) else { return Ok(false) };
                if used != stored {
                    writing.put(LAUNCHES, &id, &used)?;
                }
                Ok(true)
            })
            .await
    }
}
