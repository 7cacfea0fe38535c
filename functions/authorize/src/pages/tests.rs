//! What holds for every page, and the forms as programs drive them.

mod access;
mod choose_patient;
mod consent;
mod every_page;
mod markup;
mod samples;
mod sign_in;
