//! Whole stories of people and their apps.

mod at_the_ehr;
mod clinician;
mod newcomer;
mod parent;
mod patient;
mod second_thoughts;
mod sign_in;
mod two_tabs;
