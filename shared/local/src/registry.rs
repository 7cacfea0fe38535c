//! Who is known: clients and users, read by the functions, written by the operator.

use redb::TableDefinition;
use smart_core::client::Client;
use smart_core::client::registration::ID_PREFIX;
use smart_core::id::{ClientId, Username};
use smart_core::ports::{Clients, Enrolments, Registrations, Unavailable, Users};
use smart_core::user::{EXTERNAL_PREFIX, User};

use crate::LocalStore;
use crate::error::Failure;
use crate::tables::{Aggregates, Writing};

pub(crate) const CLIENTS: Aggregates<ClientId, Client> = Aggregates::new("clients");
pub(crate) const USERS: Aggregates<Username, User> = Aggregates::new("users");
pub(crate) const MARKS: TableDefinition<'_, &str, &str> = TableDefinition::new("marks");

const CLIENTS_PORT: &str = "clients";
const USERS_PORT: &str = "users";

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

impl Clients for LocalStore {
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Unavailable> {
        self.engine.read(CLIENTS_PORT, |snapshot| snapshot.get(CLIENTS, id))
    }
}

impl Registrations for LocalStore {
    async fn register_client(&self, client: &Client) -> Result<bool, Unavailable> {
        if !client.client_id.as_str().starts_with(ID_PREFIX) {
            return Err(Unavailable::new(CLIENTS_PORT, "no client that a program registers"));
        }
        let client = client.clone();
        self.engine
            .write(CLIENTS_PORT, move |writing| match writing.get(CLIENTS, &client.client_id)? {
                Some(known) => Ok(known == client),
                None => writing.put(CLIENTS, &client.client_id, &client).map(|()| true),
            })
            .await
    }
}

impl Users for LocalStore {
    async fn user(&self, username: &Username) -> Result<Option<User>, Unavailable> {
        self.engine.read(USERS_PORT, |snapshot| snapshot.get(USERS, username))
    }
}

impl Enrolments for LocalStore {
    async fn enrol(&self, said: &User) -> Result<User, Unavailable> {
        if !said.username.as_str().starts_with(EXTERNAL_PREFIX) {
            return Err(Unavailable::new(USERS_PORT, "no user of an identity provider"));
        }
        let said = said.clone();
        self.engine
            .write(USERS_PORT, move |writing| {
                let known = writing.get(USERS, &said.username)?;
                let user = User::enrolled(known.as_ref(), &said);
                if known.as_ref() != Some(&user) {
                    writing.put(USERS, &user.username, &user)?;
                }
                Ok(user)
            })
            .await
    }
}

/// The operator's side.
impl LocalStore {
    /// All clients, by id.
    pub fn clients(&self) -> Result<Vec<Client>, Unavailable> {
        self.engine.read(CLIENTS_PORT, |snapshot| snapshot.all(CLIENTS))
    }

    /// All users, by name.
    pub fn users(&self) -> Result<Vec<User>, Unavailable> {
        self.engine.read(USERS_PORT, |snapshot| snapshot.all(USERS))
    }

    /// Stores a client as it is given, over another one of its id.
    pub async fn put_client(&self, client: Client) -> Result<Put, Unavailable> {
        self.engine.write(CLIENTS_PORT, move |writing| put_client(writing, &client)).await
    }

    /// Stores a user as it is given, over another one of its name; only the `sub` of the one that was there is kept.
    pub async fn put_user(&self, user: User) -> Result<Put, Unavailable> {
        self.engine.write(USERS_PORT, move |writing| put_user(writing, user)).await
    }

    /// Stores the clients and users of a seed: all of them or, on an error, none. Like [`LocalStore::put_client`] and
    /// [`LocalStore::put_user`], but what the operator disabled stays disabled: seeds are loaded at each start.
    pub async fn seed(&self, clients: Vec<Client>, users: Vec<User>) -> Result<(), Unavailable> {
        self.engine
            .write(CLIENTS_PORT, move |writing| {
                let mut put = Vec::with_capacity(clients.len());
                for client in clients {
                    let known = writing.get(CLIENTS, &client.client_id)?;
                    let disabled = client.disabled || known.is_some_and(|known| known.disabled);
                    put.push(Client { disabled, ..client });
                }
                let mut signed_up = Vec::with_capacity(users.len());
                for user in users {
                    let known = writing.get(USERS, &user.username)?;
                    let disabled = user.disabled || known.is_some_and(|known| known.disabled);
                    signed_up.push(User { disabled, ..user });
                }
                put.iter().try_for_each(|client| put_client(writing, client).map(drop))?;
                signed_up.into_iter().try_for_each(|user| put_user(writing, user).map(drop))
            })
            .await
    }

    /// Disables a client, and says whether there is one of that id.
    pub async fn disable_client(&self, id: &ClientId) -> Result<bool, Unavailable> {
        let id = id.clone();
        self.engine
            .write(CLIENTS_PORT, move |writing| match writing.get(CLIENTS, &id)? {
                Some(client) => put_client(writing, &Client { disabled: true, ..client }).map(|_| true),
                None => Ok(false),
            })
            .await
    }

    /// Disables a user, and says whether there is one of that name.
    pub async fn disable_user(&self, username: &Username) -> Result<bool, Unavailable> {
        let username = username.clone();
        self.engine
            .write(USERS_PORT, move |writing| match writing.get(USERS, &username)? {
                Some(user) => put_user(writing, User { disabled: true, ..user }).map(|_| true),
                None => Ok(false),
            })
            .await
    }

    /// A fact that the operator's program noted about this store, such as which seed was loaded.
    pub fn mark(&self, name: &str) -> Result<Option<String>, Unavailable> {
        self.engine.read("marks", |snapshot| {
            Ok(snapshot.table(MARKS)?.get(name)?.map(|value| value.value().to_owned()))
        })
    }

    /// Notes such a fact.
    pub async fn set_mark(&self, name: &'static str, value: String) -> Result<(), Unavailable> {
        self.engine
            .write("marks", move |writing| {
                writing.change(MARKS)?.insert(name, value.as_str())?;
                Ok(())
            })
            .await
    }
}

fn put_client(writing: &Writing<'_>, client: &Client) -> Result<Put, Failure> {
    let put = match writing.get(CLIENTS, &client.client_id)? {
        Some(known) if known == *client => return Ok(Put::Unchanged),
        Some(_) => Put::Updated,
        None => Put::Created,
    };
    writing.put(CLIENTS, &client.client_id, client)?;
    Ok(put)
}

fn put_user(writing: &Writing<'_>, user: User) -> Result<Put, Failure> {
    let (user, put) = match writing.get(USERS, &user.username)? {
        Some(known) => {
            let user = User::registered(Some(&known), &user);
            if user == known {
                return Ok(Put::Unchanged);
            }
            (user, Put::Updated)
        }
        None => (user, Put::Created),
    };
    writing.put(USERS, &user.username, &user)?;
    Ok(put)
}
