//! How refresh tokens slide and end, and how long one may be repeated (SMART 2.2 §"Refresh access token"; RFC 9700 §4.14).

use std::time::Duration;

use smart_core::client::RetryWindow;
use smart_core::grant::RevocationReason;

use super::{DAY, HOUR, MINUTE, OFFLINE, SECOND, Server, just_before};

/// Apps that can keep a secret, or are installed on a device.
const LASTING: [&str; 5] = ["native", "basic", "post", "es384", "rs384"];

/// ONC-09, ONC-06: a native app's, too, for a new half year each time.
#[tokio::test]
async fn refr_21_and_22_offline_access_lasts_180_days_from_each_use_to_the_next() {
    let server = Server::new().await;
    for client in LASTING {
        let app = server.app(client).await;
        let mut tokens = app.marias(OFFLINE).await;
        for days in [179, 179, 179, 1] {
            server.after(days * DAY);
            tokens = app.refreshed(&tokens).await;
            app.reads(&tokens).await;
        }
        server.after(just_before(180 * DAY));
        tokens = app.refreshed(&tokens).await;
        app.reads(&tokens).await;
        server.after(180 * DAY);
        app.is_not_refreshed(&tokens).await;
        app.reads_nothing(&tokens).await;
        // It has ended, and was revoked by nobody.
        assert_eq!(server.grant(&tokens).await, None, "{client}");
    }
}

#[tokio::test]
async fn sec_11_a_browser_apps_refresh_token_ends_after_two_weeks_without_use() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut tokens = app.marias(OFFLINE).await;
    server.after(just_before(14 * DAY));
    tokens = app.refreshed(&tokens).await;
    app.reads(&tokens).await;
    server.after(14 * DAY);
    app.is_not_refreshed(&tokens).await;
    app.reads_nothing(&tokens).await;
}

#[tokio::test]
async fn x_10_and_sec_11_a_browser_apps_refresh_tokens_end_after_ninety_days_however_often_they_are_used() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let mut tokens = app.marias(OFFLINE).await;
    for _ in 0..6 {
        server.after(13 * DAY);
        tokens = app.refreshed(&tokens).await;
    }
    server.after(just_before(12 * DAY));
    let repeated = tokens.clone();
    tokens = app.refreshed(&tokens).await;
    app.reads(&tokens).await;
    server.after(SECOND);
    app.is_not_refreshed(&tokens).await;
    // Nor is there a way around it by the token before, whose window is open.
    app.is_not_refreshed(&repeated).await;
    server.after(HOUR);
    app.reads_nothing(&tokens).await;
}

/// The window of a client, and the answer of a refresh at the end of it.
async fn repeats_within(client: &'static str, window: Duration, registered: Option<u64>) {
    let server = Server::new().await;
    if let Some(seconds) = registered {
        let window = RetryWindow::from_seconds(seconds).unwrap();
        server.change_client(client, |client| client.refresh_retry = window).await;
    }
    let app = server.app(client).await;
    let first = app.marias(OFFLINE).await;
    server.after(HOUR);
    let second = app.refreshed(&first).await;
    let mut waited = Duration::ZERO;
    for at in [Duration::ZERO, SECOND, window / 2, just_before(window)] {
        server.after(at.saturating_sub(waited));
        waited = waited.max(at);
        let again = app.refreshed(&first).await;
        // The same successor, and an access token of its own.
        assert_eq!(again.refresh_token, second.refresh_token);
        assert_ne!(again.access_token, second.access_token);
        app.reads(&again).await;
    }
    server.after(SECOND);
    let told = app.is_not_refreshed(&first).await;
    assert!(told.contains("revoked"), "{told}");
    assert_eq!(server.revocation(&first).await, Some(RevocationReason::RefreshReplayed));
    app.reads_nothing(&second).await;
    app.is_not_refreshed(&second).await;
}

#[tokio::test]
async fn refr_16_a_lost_answer_can_be_asked_for_again_for_thirty_seconds() {
    for client in ["web", "basic", "es384"] {
        repeats_within(client, 30 * SECOND, None).await;
    }
}

#[tokio::test]
async fn refr_16_or_for_as_long_as_the_client_registered_up_to_ten_minutes() {
    repeats_within("web", 600 * SECOND, Some(600)).await;
    repeats_within("native", 2 * SECOND, Some(2)).await;
    assert!(RetryWindow::from_seconds(601).is_none());
}

#[tokio::test]
async fn refr_16_a_client_without_a_window_can_repeat_nothing() {
    let server = Server::new().await;
    server.change_client("web", |client| client.refresh_retry = RetryWindow::from_seconds(0).unwrap()).await;
    let app = server.app("web").await;
    let first = app.marias(OFFLINE).await;
    let second = app.refreshed(&first).await;
    app.is_not_refreshed(&first).await;
    app.reads_nothing(&second).await;
}

/// Whoever has used the successor has received it: nothing was lost.
#[tokio::test]
async fn refr_15_and_16_the_window_closes_as_soon_as_the_successor_is_used() {
    let server = Server::new().await;
    let app = server.app("web").await;
    let first = app.marias(OFFLINE).await;
    let second = app.refreshed(&first).await;
    let third = app.refreshed(&second).await;
    app.reads(&third).await;
    app.is_not_refreshed(&first).await;
    assert_eq!(server.revocation(&first).await, Some(RevocationReason::RefreshReplayed));
    for tokens in [&first, &second, &third] {
        app.reads_nothing(tokens).await;
        app.is_not_refreshed(tokens).await;
    }
}

#[tokio::test]
async fn refr_15_an_old_token_ends_the_whole_family_at_once_whenever_it_is_seen() {
    for wait in [31 * SECOND, 14 * MINUTE, 179 * DAY] {
        let server = Server::new().await;
        let app = server.app("native").await;
        let mut family = vec![app.marias(OFFLINE).await];
        for _ in 0..3 {
            server.after(31 * SECOND);
            family.push(app.refreshed(family.last().unwrap()).await);
        }
        server.after(wait);
        let newest = app.refreshed(family.last().unwrap()).await;
        app.reads(&newest).await;
        app.is_not_refreshed(&family[1]).await;
        assert_eq!(server.revocation(&newest).await, Some(RevocationReason::RefreshReplayed));
        app.reads_nothing(&newest).await;
        for tokens in family.iter().chain([&newest]) {
            app.is_not_refreshed(tokens).await;
            app.reads_nothing(tokens).await;
        }
    }
}

/// A token whose window is open is as good as its successor, for as long as that would be.
#[tokio::test]
async fn refr_16_a_repeat_does_not_prolong_anything() {
    let server = Server::new().await;
    server
        .change_client("web", |client| client.refresh_retry = RetryWindow::from_seconds(600).unwrap())
        .await;
    let app = server.app("web").await;
    let first = app.marias(OFFLINE).await;
    let second = app.refreshed(&first).await;
    server.after(9 * MINUTE);
    app.refreshed(&first).await;
    // Two weeks from the refresh, not from its repeat.
    server.after(13 * DAY + 23 * HOUR + 51 * MINUTE);
    app.is_not_refreshed(&second).await;
}
