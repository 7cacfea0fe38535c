//! The demo router and the embedded seed. The contract (URLs: `/` and `/demo/…`; Seed folder) is what they hold to.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::{Body, to_bytes};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Request, Response, StatusCode};
use tower::ServiceExt as _;

use super::{ASSETS, router, seed};

async fn send(path: &str, header: Option<(http::HeaderName, &str)>) -> Response<Body> {
    let mut request = Request::get(path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn pages_and_modules_have_their_content_types() {
    let table = [
        ("/", "text/html; charset=utf-8"),
        ("/demo/app/", "text/html; charset=utf-8"),
        ("/demo/ehr/", "text/html; charset=utf-8"),
        ("/demo/app/app.js", "text/javascript; charset=utf-8"),
        ("/demo/app/style.css", "text/css; charset=utf-8"),
        ("/demo/app/mark.svg", "image/svg+xml"),
    ];
    for (path, content_type) in table {
        let response = send(path, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[CONTENT_TYPE], content_type, "{path}");
    }
}

#[tokio::test]
async fn every_answer_is_confined_and_revalidated() {
    for asset in ASSETS {
        let response = send(asset.route, None).await;
        let headers = response.headers();
        assert_eq!(
            headers[CONTENT_SECURITY_POLICY],
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
             frame-src 'self'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'"
        );
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[CACHE_CONTROL], "no-cache");

        let etag = headers[ETAG].to_str().unwrap().to_owned();
        let again = send(asset.route, Some((IF_NONE_MATCH, &format!("\"old\", W/{etag}")))).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{}", asset.route);
        assert!(text(again).await.is_empty());
        let changed = send(asset.route, Some((IF_NONE_MATCH, "\"old\""))).await;
        assert_eq!(changed.status(), StatusCode::OK, "{}", asset.route);
    }
}

#[tokio::test]
async fn the_ways_in_end_at_the_registered_redirect_uri() {
    for path in ["/demo", "/demo/", "/demo/app"] {
        let response = send(path, None).await;
        assert!(response.status().is_redirection(), "{path}");
        assert_eq!(response.headers()[LOCATION], "/demo/app/", "{path}");
    }
    let clients = seed().find(|(path, _)| *path == "clients.json").unwrap().1;
    assert!(String::from_utf8_lossy(clients).contains("/demo/app/\""), "the demo client's redirect URI");
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    for path in
        ["/demo/app/none.js", "/demo/app/../seed/users.json", "/demo/seed/users.json", "/demo/app/start.html"]
    {
        assert_eq!(send(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// The policy allows neither, and a browser would drop them silently.
#[test]
fn no_page_has_inline_script_or_style_and_none_makes_markup_from_data() {
    for asset in ASSETS {
        let source = std::str::from_utf8(asset.body).unwrap();
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "<style",
            "style=\"",
            "onclick=\"",
        ] {
            assert!(!source.contains(forbidden), "{}: {forbidden}", asset.route);
        }
        assert!(!source.contains("<script>"), "{}: inline script", asset.route);
    }
}

/// A module that imports what is not served would show an empty page.
#[test]
fn every_import_is_served() {
    let routes: BTreeSet<_> = ASSETS.iter().map(|asset| asset.route).collect();
    let mut imports = 0;
    for asset in ASSETS.iter().filter(|asset| asset.content_type.starts_with("text/javascript")) {
        let source = std::str::from_utf8(asset.body).unwrap();
        for import in source.split("from './").skip(1).filter_map(|rest| rest.split('\'').next()) {
            assert!(
                routes.contains(format!("/demo/app/{import}").as_str()),
                "{} imports {import}",
                asset.route
            );
            imports += 1;
        }
    }
    assert!(imports > 20, "found only {imports} imports");
}

#[test]
fn the_seed_is_the_whole_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seed");
    let on_disk = std::fs::read_dir(root.join("fhir"))
        .unwrap()
        .map(|entry| format!("fhir/{}", entry.unwrap().file_name().display()));
    let expected: BTreeSet<_> = on_disk.chain(["clients.json".to_owned(), "users.json".to_owned()]).collect();
    assert_eq!(seed().map(|(path, _)| path.to_owned()).collect::<BTreeSet<_>>(), expected);
    for (path, bytes) in seed() {
        assert_eq!(bytes, std::fs::read(root.join(path)).unwrap(), "{path}");
    }
}

/// The start page tells visitors how to sign in; the seed has to agree.
#[tokio::test]
async fn the_users_on_the_start_page_are_in_the_seed() {
    let users = seed().find(|(path, _)| *path == "users.json").unwrap().1;
    let users = String::from_utf8_lossy(users);
    let page = text(send("/", None).await).await;
    for user in ["clinician", "patient", "parent"] {
        assert!(
            page.contains(&format!("<code>{user}</code>"))
                && page.contains(&format!("<code>demo-{user}</code>")),
            "{user}"
        );
        assert!(
            users.contains(&format!("\"{user}\"")) && users.contains(&format!("\"demo-{user}\"")),
            "{user}"
        );
    }
}
