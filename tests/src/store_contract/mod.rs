//! What every adapter of the authorization store must do, whatever it stands on: one function a rule, each given a fresh
//! store.
//!
//! [`store_contract!`] makes a test of each for one adapter. The rules know of no sweep and no
//! clock: the instants are theirs.

pub(crate) mod attempts;
pub(crate) mod enrolments;
pub(crate) mod grants;
pub(crate) mod launches;
pub(crate) mod own_grants;
pub(crate) mod redemptions;
pub(crate) mod registrations;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod uses;

use std::future::Future;
use std::sync::Arc;

use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations, Clients, Enrolments, Launches, Redemptions, Registrations, Replay, Revocations, SignIns,
    Step, Throttle, UserGrants,
};
use smart_core::secret::{Digest, Op};
use tokio::sync::Barrier;

/// The ports of the authorization store.
pub(crate) trait Store:
    Authorizations
    + Enrolments
    + Launches
    + Redemptions
    + Clients
    + Registrations
    + Replay
    + Revocations
    + SignIns
    + Throttle
    + UserGrants
    + 'static
{
}

impl<S> Store for S where
    S: Authorizations
        + Enrolments
        + Launches
        + Redemptions
        + Clients
        + Registrations
        + Replay
        + Revocations
        + SignIns
        + Throttle
        + UserGrants
        + 'static
{
}

/// An instant: so many seconds after the rules' own beginning.
pub(crate) fn at(second: u64) -> Instant {
    Instant::from_unix(1_800_000_000 + second)
}

/// 32 bytes that differ for each `n`.
pub(crate) fn bytes(n: u64) -> [u8; 32] {
    *Digest::of(&n.to_be_bytes()).as_bytes()
}

/// A digest that differs for each `n`.
pub(crate) fn digest(n: u64) -> Digest {
    Digest::of(&bytes(n))
}

/// A write of its own name at an instant.
pub(crate) fn step(n: u64, second: u64) -> Step {
    Step { now: at(second), op: Op::new(bytes(n)) }
}

/// Runs `n` tasks that begin together, and returns what each found.
pub(crate) async fn together<T, F>(n: u64, task: impl Fn(u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(usize::try_from(n).unwrap()));
    let tasks: Vec<_> = (0..n)
        .map(|i| {
            let (barrier, task) = (Arc::clone(&barrier), task(i));
            tokio::spawn(async move {
                barrier.wait().await;
                task.await
            })
        })
        .collect();
    let mut found = Vec::new();
    for task in tasks {
        found.push(task.await.unwrap());
    }
    found
}

/// Makes a module `$name` with a test for each rule, over stores that `$make` makes: an expression of type
/// `impl Future<Output = (Arc<impl Store>, impl Drop)>`; the second value is kept as long as the test runs.
macro_rules! store_contract {
    ($name:ident, $make:expr) => {
        mod $name {
            $crate::store_contract::store_contract!(@rules $make;
                attempts: attempts_are_counted_one_by_one, a_window_ends_by_itself, a_success_forgets_the_attempts;
                enrolments: whom_a_provider_vouches_for_is_a_user, at_many_sign_ins_at_once_there_is_one_new_user,
                    no_other_user_is_written;
                uses: one_use_is_the_first, a_retry_is_the_same_use, a_use_is_remembered_until_it_expires;
                launches: a_launch_is_made_once, one_grant_uses_a_launch, a_launch_stays_with_its_grant,
                    a_forgotten_launch_is_nobodys;
                sessions: a_session_ends_without_being_removed, touching_never_wakes_a_session, an_ended_session_stays_ended;
                grants: a_grant_goes_from_the_request_to_the_code, a_grant_never_begins_over_another,
                    a_step_at_the_wrong_stage_is_refused, another_session_is_refused,
                    an_expired_grant_is_absent_without_being_removed, an_absent_grant_is_refused_and_never_made,
                    a_consent_to_what_has_changed_is_refused, a_denied_grant_is_revoked,
                    a_repeated_step_is_the_same_step, one_consent_issues_the_code;
                own_grants: a_user_sees_their_own_active_grants, a_user_ends_their_own_grants_and_no_others,
                    fifty_who_end_it_at_once_end_it_once;
                redemptions: one_redemption_wins, a_race_with_its_revocations_ends_revoked,
                    a_repeated_redemption_is_the_same_one, what_does_not_fit_leaves_the_code_good,
                    an_expired_code_is_absent_without_being_removed, a_redemption_is_taken_back_once,
                    a_redemption_is_not_taken_back_after_anything_else, a_refresh_rotates_and_slides,
                    parallel_refreshes_share_one_successor, a_refresh_may_be_repeated_for_a_moment,
                    a_token_whose_successor_was_used_is_a_replay, a_refresh_needs_an_active_grant,
                    another_client_refreshes_nothing, a_refresh_token_expires_and_ends,
                    a_retry_window_can_be_extended, a_revoked_grant_refuses_everything,
                    what_is_absent_is_not_revoked, a_client_revokes_its_own_grant_and_no_other,
                    a_revocation_and_refreshes_at_once_end_revoked;
                registrations: a_new_client_is_registered, no_client_is_registered_over_another,
                    no_operators_client_is_written;
                revocations: a_revoked_token_is_revoked_until_it_expires, revoking_again_is_no_error,
                    many_revocations_at_once_are_one;
            );
        }
    };
    (@rules $make:expr; $($file:ident: $($rule:ident),*;)*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (store, _kept) = $make.await;
                $crate::store_contract::$file::$rule(store).await;
            }
        )*)*
    };
}

pub(crate) use store_contract;
