//! An AWS that refuses an operation, or says nothing to it, until it is mended.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::json;

use crate::http::{Request, Response};
use crate::proxy;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is refused with this code.
    Refuse(&'static str),
    /// It is taken, and nothing comes of it.
    Silence,
}

/// Which calls something happens to: of an operation (`GetPublicKey`), with this text in what is sent.
type Befallen = (&'static str, String, Fate);

/// The layer.
pub struct Faults {
    url: String,
    befallen: Arc<Mutex<Option<Befallen>>>,
}

impl Faults {
    /// Stands before the endpoint of this URL. Nothing is wrong yet.
    pub fn before(endpoint: &str) -> io::Result<Self> {
        let befallen = Arc::new(Mutex::new(None));
        let now = Arc::clone(&befallen);
        let url = proxy::before(endpoint, move |request, aws| {
            let fate = fate_of(&request, held(&now).as_ref());
            match fate {
                None => aws.ask(&request),
                Some(Fate::Refuse(code)) => Ok(refusal(code)),
                Some(Fate::Silence) => loop {
                    thread::park();
                },
            }
        })?;
        Ok(Self { url, befallen })
    }

    /// What `AWS_ENDPOINT_URL` says.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on this happens to the operation, wherever `text` stands in what is sent.
    pub fn befall(&self, operation: &'static str, text: &str, fate: Fate) {
        *held(&self.befallen) = Some((operation, text.to_owned(), fate));
    }

    /// All is well again.
    pub fn mend(&self) {
        *held(&self.befallen) = None;
    }
}

fn held(befallen: &Mutex<Option<Befallen>>) -> MutexGuard<'_, Option<Befallen>> {
    befallen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fate_of(request: &Request, befallen: Option<&Befallen>) -> Option<Fate> {
    let (operation, text, fate) = befallen?;
    let target = request.header("x-amz-target")?;
    let is_it = target.rsplit('.').next() == Some(*operation)
        && String::from_utf8_lossy(&request.body).contains(text.as_str());
    is_it.then_some(*fate)
}

fn refusal(code: &str) -> Response {
    Response {
        status: "400 Bad Request".to_owned(),
        headers: vec![("content-type".to_owned(), "application/x-amz-json-1.1".to_owned())],
        body: json!({ "__type": code, "message": "refused on purpose" }).to_string().into_bytes(),
    }
}
