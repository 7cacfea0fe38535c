//! What the suites stand on: a server, somebody at a browser, and an app.
//!
//! | file | is |
//! |---|---|
//! | `world` | who and what there is: clients, users, records, as a seed folder has them |
//! | `keys` | the private keys of the clients, and the JWTs that are made with them |
//! | `publisher` | a client's web server, which publishes its keys |
//! | `app` | the four functions as one application, with a clock that a test can move |
//! | `ehr` | an EHR: it makes launches |
//! | `target` | where requests go: into the application, or over TCP |
//! | `answer` | what comes back, and what must be true of it whatever was asked |
//! | `browser`, `page` | a browser: cookies, redirects, forms, and the policy of a page |
//! | `smart_app` | a SMART app, from discovery to data, every parameter of which can be changed |

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod ehr;
pub(crate) mod keys;
pub(crate) mod page;
pub(crate) mod publisher;
pub(crate) mod smart_app;
pub(crate) mod target;
pub(crate) mod world;

pub(crate) use self::answer::Answer;
pub(crate) use self::app::App;
pub(crate) use self::browser::{Browser, Shown};
pub(crate) use self::ehr::Ehr;
pub(crate) use self::smart_app::{Choices, SmartApp, Tokens};
pub(crate) use self::target::Target;
