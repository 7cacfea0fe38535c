//! Who is known: clients and users, read by the functions, written by the operator.
//!
//! What is registered is one JSON text, as core writes it. A write replaces just what was read before it: two operators at
//! once do not undo one another.

use serde::Serialize;
use serde::de::DeserializeOwned;
use smart_core::client::Client;
use smart_core::client::registration::ID_PREFIX;
use smart_core::id::{ClientId, Username};
use smart_core::ports::{Clients, Enrolments, Registrations, Unavailable, Users};
use smart_core::user::User;

use super::StateTable;
use crate::item::{Item, json};
use crate::table::{Condition, Failed};
use crate::tables::LISTS;

const CLIENTS: Kind = Kind { port: "clients", prefix: "client#", list: "clients" };
const USERS: Kind = Kind { port: "users", prefix: "user#", list: "users" };

/// What the keys of users begin with who sign in at an identity provider: all of the users that the functions may write.
const EXTERNAL_USERS: &str = "user#oidc:";

/// How often a write is tried anew when another one came first.
const TRIES: usize = 5;

/// What putting something did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// There was none of that name.
    Created,
    /// It was another one.
    Updated,
    /// It was the same; nothing was written.
    Unchanged,
}

/// A kind of what is registered.
#[derive(Clone, Copy)]
struct Kind {
    port: &'static str,
    prefix: &'static str,
    /// The list that names them all.
    list: &'static str,
}

impl Clients for StateTable {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable> {
        self.registered(CLIENTS, id.as_str()).await
    }
}

impl Registrations for StateTable {
    async fn register_client(&self, client: &Client) -> Result<bool, Unavailable> {
        let key = format!("{}{}", CLIENTS.prefix, client.client_id);
        if !client.client_id.as_str().starts_with(ID_PREFIX) {
            return Err(Unavailable::new(CLIENTS.port, "no client that a program registers"));
        }
        let item = CLIENTS.item(&key, client);
        // Our own write, if its answer was lost: what is there is what was to be.
        let is_ours = |met: &Item| CLIENTS.read::<Client>(met).is_ok_and(|stored| stored == *client);
        self.table.put_once(CLIENTS.port, item, Condition::absent(), is_ours).await
    }
}

impl Users for StateTable {
    async fn user(&self, username: &Username) -> Result<Option<User>, Unavailable> {
        self.registered(USERS, username.as_str()).await
    }
}

impl Enrolments for StateTable {
    async fn enrol(&self, said: &User) -> Result<User, Unavailable> {
        let name = said.username.as_str();
        if !format!("{}{name}", USERS.prefix).starts_with(EXTERNAL_USERS) {
            return Err(Unavailable::new(USERS.port, "no user of an identity provider"));
        }
        let enrolled = |known: Option<&User>| Some(User::enrolled(known, said));
        let made = self.rewrite(USERS, name, enrolled).await?;
        made.map(|(_, user)| user).ok_or_else(|| Unavailable::new(USERS.port, "nothing to store"))
    }
}

/// The operator's side.
impl StateTable {
    /// All clients, by id.
    pub async fn clients(&self) -> Result<Vec<Client>, Unavailable> {
        self.all(CLIENTS).await
    }

    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<User>, Unavailable> {
        self.all(USERS).await
    }

    /// Stores a client as it is given, over another one of its id.
    pub async fn put_client(&self, client: &Client) -> Result<Put, Unavailable> {
        self.register(CLIENTS, client.client_id.as_str(), |_| Some(client.clone())).await
    }

    /// Stores a user over another one of its name: see [`User::registered`].
    pub async fn put_user(&self, user: &User) -> Result<Put, Unavailable> {
        self.register(USERS, user.username.as_str(), |known| Some(User::registered(known, user))).await
    }

    /// Disables a client, and says whether there is one of that id.
    pub async fn disable_client(&self, id: &ClientId) -> Result<bool, Unavailable> {
        let disabled = |known: Option<&Client>| Some(Client { disabled: true, ..known?.clone() });
        self.rewrite(CLIENTS, id.as_str(), disabled).await.map(|put| put.is_some())
    }

    /// Disables a user, and says whether there is one of that name.
    pub async fn disable_user(&self, username: &Username) -> Result<bool, Unavailable> {
        let disabled = |known: Option<&User>| Some(User { disabled: true, ..known?.clone() });
        self.rewrite(USERS, username.as_str(), disabled).await.map(|put| put.is_some())
    }

    async fn registered<T: DeserializeOwned>(
        &self,
        kind: Kind,
        name: &str,
    ) -> Result<Option<T>, Unavailable> {
        let item = self.table.get(kind.port, &format!("{}{name}", kind.prefix), true).await?;
        item.map(|item| kind.read(&item)).transpose()
    }

    async fn all<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<T>, Unavailable> {
        let items = self.list(kind.port, kind.list, None).await?;
        items.iter().map(|item| kind.read(item)).collect()
    }

    async fn register<T>(
        &self,
        kind: Kind,
        name: &str,
        make: impl Fn(Option<&T>) -> Option<T>,
    ) -> Result<Put, Unavailable>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        let outcome = self.rewrite(kind, name, make).await?;
        outcome.map(|(put, _)| put).ok_or_else(|| Unavailable::new(kind.port, "nothing to store"))
    }

    /// Replaces what is registered by what `make` makes of it, and returns that; `None` if it makes nothing.
    async fn rewrite<T>(
        &self,
        kind: Kind,
        name: &str,
        make: impl Fn(Option<&T>) -> Option<T>,
    ) -> Result<Option<(Put, T)>, Unavailable>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        let key = format!("{}{name}", kind.prefix);
        for _ in 0..TRIES {
            let item = self.table.get(kind.port, &key, true).await?;
            let known: Option<T> = item.as_ref().map(|item| kind.read(item)).transpose()?;
            let Some(wanted) = make(known.as_ref()) else { return Ok(None) };
            if known.as_ref() == Some(&wanted) {
                return Ok(Some((Put::Unchanged, wanted)));
            }
            let (put, condition) = match &item {
                None => (Put::Created, Condition::absent()),
                Some(item) => (Put::Updated, kind.unchanged(item)?),
            };
            match self.table.put(kind.port, kind.item(&key, &wanted), Some(condition)).await {
                Ok(()) => return Ok(Some((put, wanted))),
                // Our own write whose answer was lost, or another operator's: read anew.
                Err(Failed::Condition(_)) => {}
                Err(Failed::Unknown(unavailable)) => return Err(unavailable),
            }
        }
        Err(Unavailable::new(kind.port, "it is being changed by others all the time"))
    }
}

impl Kind {
    fn item(self, key: &str, registered: &impl Serialize) -> Item {
        Item::new(key).with("body", json(registered)).with(LISTS.hash, crate::item::text(self.list))
    }

    fn read<T: DeserializeOwned>(self, item: &Item) -> Result<T, Unavailable> {
        item.json("body").map_err(|error| error.at(self.port))
    }

    /// That the item is still what was read.
    fn unchanged(self, item: &Item) -> Result<Condition, Unavailable> {
        let body = item.text("body").map_err(|error| error.at(self.port))?;
        Ok(Condition { expression: "#body = :body", values: vec![(":body", crate::item::text(body))] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_that_functions_may_write_are_those_of_providers() {
        assert_eq!(format!("{}{}", USERS.prefix, smart_core::user::EXTERNAL_PREFIX), EXTERNAL_USERS);
    }
}
