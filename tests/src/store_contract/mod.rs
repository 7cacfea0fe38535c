//! What every adapter of a port must do, whatever it stands on: one function a rule, each given a fresh store.
//!
//! [`store_contract!`] makes a test of each for one adapter of the authorization state, [`records_contract!`] for one of the
//! resources, [`keys_contract!`] for what signs. The rules know of no sweep and no clock: the instants are theirs. A port that no rule
//! asks anything of is found by `complete`.

pub(crate) mod attempts;
mod complete;
pub(crate) mod encounters;
pub(crate) mod enrolments;
pub(crate) mod grants;
pub(crate) mod launches;
pub(crate) mod own_grants;
pub(crate) mod pages;
pub(crate) mod picker;
pub(crate) mod records;
pub(crate) mod redemptions;
pub(crate) mod registrations;
pub(crate) mod registry;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod signatures;
pub(crate) mod uses;

use std::future::Future;
use std::sync::Arc;

use smart_core::instant::Instant;
use smart_core::ports::{
    Authorizations, Enrolments, Launches, Redemptions, Registrations, Replay, Revocations, SignIns, Step,
    Throttle, UserGrants,
};
use smart_core::secret::{Digest, Op};
use tokio::sync::Barrier;

use self::registry::Registry;

/// The ports of the authorization state, and what the operator does there.
pub(crate) trait Store:
    Authorizations
    + Enrolments
    + Launches
    + Redemptions
    + Registry
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
        + Registry
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

/// Makes a module `$name` with a test for each rule of the authorization state, over stores that `$make` makes: an expression of
/// type `impl Future<Output = (Arc<impl Store>, impl Drop)>`; the second value is kept as long as the test runs.
macro_rules! store_contract {
    ($name:ident, $make:expr) => {
        $crate::store_contract::rules! {
            $name, $make;
            attempts: attempts_are_counted_one_by_one, a_window_ends_by_itself, a_success_forgets_the_attempts;
            registry: clients_are_put_listed_and_disabled, a_client_is_read_as_it_was_registered,
                oidc_a_users_sub_survives_every_update, refr_24_another_password_makes_other_credentials,
                a_user_is_read_as_they_were_stored,
                of_several_operators_at_once_one_makes_the_user_and_its_sub_stays,
                a_user_of_too_many_patients_is_refused_by_size_and_never_cut;
            enrolments: whom_a_provider_vouches_for_is_a_user, at_many_sign_ins_at_once_there_is_one_new_user,
                no_other_user_is_written;
            uses: one_use_is_the_first, a_retry_is_the_same_use, a_use_is_remembered_until_it_expires;
            launches: a_launch_is_made_once, one_grant_uses_a_launch, a_launch_stays_with_its_grant,
                a_forgotten_launch_is_nobodys;
            sessions: a_session_ends_without_being_removed, touching_never_wakes_a_session, an_ended_session_stays_ended,
                refr_24_a_session_names_the_credentials_that_it_was_begun_with;
            grants: a_grant_goes_from_the_request_to_the_code, a_grant_never_begins_over_another,
                a_step_at_the_wrong_stage_is_refused, another_session_is_refused,
                an_expired_grant_is_absent_without_being_removed, an_absent_grant_is_refused_and_never_made,
                a_consent_to_what_has_changed_is_refused, a_denied_grant_is_revoked,
                a_repeated_step_is_the_same_step, one_consent_issues_the_code;
            own_grants: a_user_sees_their_own_active_grants, a_user_ends_their_own_grants_and_no_others,
                a_list_of_grants_may_be_long, fifty_who_end_it_at_once_end_it_once;
            redemptions: one_redemption_wins, a_race_with_its_revocations_ends_revoked,
                a_repeated_redemption_is_the_same_one, a_used_code_is_a_replay_by_its_own_client_alone,
                what_does_not_fit_leaves_the_code_good,
                an_expired_code_is_absent_without_being_removed, a_redemption_is_taken_back_once,
                a_redemption_is_not_taken_back_after_anything_else, a_refresh_rotates_and_slides,
                parallel_refreshes_share_one_successor, a_refresh_may_be_repeated_for_a_moment,
                a_token_whose_successor_was_used_is_a_replay, a_refresh_needs_an_active_grant,
                another_client_refreshes_nothing, a_refresh_token_expires_and_ends,
                a_retry_window_can_be_extended, a_revoked_grant_refuses_everything,
                what_is_absent_is_not_revoked, a_client_revokes_its_own_grant_and_no_other,
                a_revocation_and_refreshes_at_once_end_revoked;
            registrations: a_new_client_is_registered, no_client_is_registered_over_another, no_operators_client_is_written;
            revocations: a_revoked_token_is_revoked_until_it_expires, revoking_again_is_no_error,
                many_revocations_at_once_are_one;
        }
    };
}

/// The same for the resources: `$make` makes an `Arc<impl Resources>`.
macro_rules! records_contract {
    ($name:ident, $make:expr) => {
        $crate::store_contract::rules! {
            $name, $make;
            records: srch_12_several_are_found_by_their_ids_at_once, fhir_20_versions_follow_the_content, the_first_last_updated_is_kept_as_given,
                the_same_resource_twice_in_one_import_leaves_one_entry,
                a_patient_whose_id_begins_another_one_gets_only_their_own_and_types_do_not_mix,
                comp_07_a_resource_of_several_patients_is_found_by_each_and_comes_once,
                comp_04_and_07_what_follows_others_is_whose_they_are,
                comp_04_what_follows_something_unknown_is_nobodys_until_it_comes,
                comp_04_and_07_what_follows_a_resource_that_changes_hands_is_nobodys_at_once,
                what_is_too_large_is_refused_by_size_and_never_cut;
            pages: of_very_large_resources_none_is_missing,
                a_page_goes_on_where_another_ended_though_its_last_resource_moved, a_large_import_is_written_whole;
            picker: the_picker_shows_pages_in_order_of_the_folded_name, the_picker_shows_only_who_may_be_seen,
                a_patient_is_shown_with_what_tells_them_apart,
                a_patient_who_is_renamed_is_found_by_the_new_name_alone, many_patients_are_found_by_a_few_letters;
            encounters: an_encounter_says_whose_it_is_and_when,
                a_patients_encounters_come_newest_first_and_nobody_elses;
            @each_case pages: pages_have_no_gaps_and_no_duplicates;
        }
    };
}

/// The same for what signs: `$make` makes an `Arc<impl Keys>`.
macro_rules! keys_contract {
    ($name:ident, $make:expr) => {
        $crate::store_contract::rules! {
            $name, $make;
            signatures: sec_15_what_the_key_signs_verifies_with_what_is_published,
                the_key_that_signs_is_published_first, id_tokens_are_signed_with_rs256,
                what_no_key_is_named_signs_nothing, fifty_at_once_each_get_their_own_signature;
        }
    };
}

/// A test of each rule. One of `@each_case` is given what makes stores, and makes one for each of its cases.
macro_rules! rules {
    ($name:ident, $make:expr; $($file:ident: $($rule:ident),*;)* $(@each_case $cases:ident: $case:ident;)?) => {
        mod $name {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $rule() {
                    let (store, _kept) = $make.await;
                    $crate::store_contract::$file::$rule(store).await;
                }
            )*)*
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    $crate::store_contract::$cases::$case(async || $make.await).await;
                }
            )?
        }
    };
}

pub(crate) use {keys_contract, records_contract, rules, store_contract};
