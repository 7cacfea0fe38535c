//! What nobody should send: thousands of requests that are nearly right, at every route.
//!
//! Whatever comes, the answer is well-formed and says nothing that it should not: no server error, no trace of the
//! program, no secret of the request, nobody else's record, and no redirect to elsewhere.

mod another_browser;
mod attack;
mod launches;
mod raw;
mod scene;
mod verdict;

use bytes::Bytes;
use http::Request;
use proptest::test_runner::{Config, TestRunner};
use smart_web::arrival::system_clock;

use self::attack::attack;
use self::scene::Scene;
use crate::harness::Target;
use crate::harness::target::is_behind_an_api;

/// How many scenes are set up, and how many requests each sees: an authorization that an attack ends is gone for those
/// after it.
const SCENES: u32 = 12;
const ATTACKS: u32 = 300;

/// Bytes of a request line and headers that an HTTP API takes (its quota on AWS); with more, a request never reaches a function.
const API_TAKES: usize = 10_240;

/// No longer than this, on a slow machine.
const SECONDS: u64 = 20;

/// SCOPE-28, FHIR-16, FHIR-22, TOK-23, OIDC-20, SEC-03, SEC-09: thousands of requests, no 5xx, every error well-formed.
#[test]
fn nothing_that_is_sent_breaks_anything() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Target::wire());
    let began = system_clock();
    // What fails is printed in full; it depends on a server's secrets, and no file could bring it back.
    let config =
        Config { cases: ATTACKS, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut scenes = 0;
    while scenes < SCENES && system_clock().since(began).as_secs() < SECONDS {
        let scene = runtime.block_on(Scene::set(&server));
        let mut runner = TestRunner::new(config.clone());
        let outcome = runner.run(&attack(), |attack| {
            let request = attack.on(&scene);
            if is_behind_an_api() && head(&request) > API_TAKES {
                return Ok(());
            }
            let answer = runtime.block_on(server.send(request.clone()));
            verdict::check(&scene, &request, &answer);
            Ok(())
        });
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
        scenes += 1;
    }
    // An emulator of AWS on a busy machine is slow: a sample, then.
    let least = if is_behind_an_api() { 1 } else { 3 };
    assert!(scenes >= least, "too slow to be of use: {scenes} scenes");
}

fn head(request: &Request<Bytes>) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    request.uri().to_string().len() + headers.sum::<usize>()
}
