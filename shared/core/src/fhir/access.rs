//! THE decision: which resources leave.
//!
//! It is made three times for a request, each time by the same rules. [`AccessContext::may_read`] and
//! [`AccessContext::may_search`] before anything is looked up, so that a refusal says nothing of what exists
//! (RS-12); [`AccessContext::reach`] to ask the store for no more than can be allowed; and
//! [`AccessContext::decide`] on every resource that leaves, whatever route it took. The last alone protects;
//! the first two save work and keep silence.
//!
//! What a scope opens (SMART 2.2 §"Scopes for requesting FHIR resources"):
//!
//! | level | whose resources | and besides |
//! |---|---|---|
//! | `patient/` | the patient in context's, if the user may (still) see that patient | shared types |
//! | `user/` | those of the patients that the user may see | shared types; what is nobody's, for who may see every patient |
//! | `system/` | everybody's, where no user stands behind the token | everything |
//!
//! * A resource that belongs to several patients is open to who may see all of them.
//! * Who signs in sees the patients listed for them. `"*"` is every patient for a Practitioner alone; a Patient sees
//!   themselves, anybody else nobody ([`patients_of`]).
//! * A resource without any owner (a Group, a Binary whose context is not told) may concern any patient. So
//!   only those see it who may see all.
//! * Shared types are Practitioner, Organization, Location, Medication and the like (COMP-05, SCOPE-25).
//! * Under a constraint only what matches all pairs of one scope is open, and several scopes are a union
//!   (SCOPE-15, SCOPE-19). A scope whose constraint is not understood in full opens nothing (SCOPE-20).
//! * Without a patient in context `patient/` scopes open nothing; without a user, neither do `user/` scopes;
//!   and with one, `system/` scopes do not (RS-18, RS-19).
//! * The scope `fhirUser` opens the user's own resource to be read, and nothing else (OIDC-09).

mod condition;

use std::collections::BTreeSet;

use crate::client::alone::extensions;
use crate::id::{PatientId, ResourceId};
use crate::scope::{Constraint, Interactions, Level, ResourceScope, Scope, Scopes, TypePattern};
use crate::user::{FhirUser, PatientAccess};

use self::condition::{Conditions, Elements};
use super::definitions::Owner;
use super::record::Compartments;
use super::resource::{Belonging, Resource};
use super::resource_type::ResourceType;

/// What a token may do, and on whose behalf.
#[derive(Clone, Debug)]
pub struct AccessContext {
    opened: Vec<Opened>,
    /// Whether `fhirUser` is among the scopes.
    opens_own: bool,
    principal: Principal,
}

/// A scope, and its constraint as it was understood: `None` opens nothing.
#[derive(Clone, Debug)]
struct Opened {
    scope: ResourceScope,
    conditions: Option<Conditions>,
}

#[derive(Clone, Debug)]
enum Principal {
    User { fhir_user: FhirUser, patients: PatientAccess, patient: Option<PatientId> },
    System,
}

/// A FHIR interaction that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// read, vread: the letter `r`.
    Read,
    /// search: the letter `s`.
    Search,
}

/// What [`AccessContext::decide`] decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The resource may leave.
    Allow,
    /// It may not.
    Deny(Denial),
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No scope allows the interaction on the type: 403, `insufficient_scope`.
    NotGranted {
        /// The level of a scope that would allow it.
        level: Level,
        /// The type asked for.
        resource_type: ResourceType,
        /// The interaction asked for.
        interaction: Interaction,
    },
    /// The type is granted, and this one resource is not open: 404, as if it did not exist (X-19, FHIR-23). It is another
    /// patient's, or matches no constraint. Both are told alike, since otherwise a token for vital signs would tell which
    /// laboratory results there are.
    NotOpen,
}

impl Opened {
    fn of(scope: Scope) -> Option<Self> {
        let Scope::Resource(scope) = scope else { return None };
        Some(Self { conditions: Conditions::of(&scope), scope })
    }

    fn matches(&self, elements: &mut Elements<'_>) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| conditions.match_all(elements))
    }
}

impl Interaction {
    fn letter(self) -> Interactions {
        match self {
            Self::Read => Interactions::READ,
            Self::Search => Interactions::SEARCH,
        }
    }
}

impl AccessContext {
    /// A user's token. `patients` is what the user may see *now*, `patient` the one in context.
    pub fn of_user(
        scopes: Scopes,
        fhir_user: FhirUser,
        patients: &PatientAccess,
        patient: Option<PatientId>,
    ) -> Self {
        let patients = patients_of(&fhir_user, patients);
        let patient = patient.filter(|patient| patients.includes(patient));
        Self::new(scopes, Principal::User { fhir_user, patients, patient })
    }

    /// A token that no user stands behind: only its `system/` scopes count.
    pub fn of_system(scopes: Scopes) -> Self {
        Self::new(scopes, Principal::System)
    }

    /// Understands each constraint, once for all the resources that will be decided on.
    fn new(scopes: Scopes, principal: Principal) -> Self {
        let opens_own = scopes.contains(&Scope::FhirUser);
        let opened = scopes.into_iter().filter_map(Opened::of).collect();
        Self { opened, opens_own, principal }
    }

    /// Whether reading `resource_type/id` can be allowed at all.
    pub fn may_read(&self, resource_type: ResourceType, id: &ResourceId) -> Result<(), Denial> {
        if self.is_own(resource_type, id) { Ok(()) } else { self.may(Interaction::Read, resource_type) }
    }

    /// Whether searching the type can be allowed at all.
    pub fn may_search(&self, resource_type: ResourceType) -> Result<(), Denial> {
        self.may(Interaction::Search, resource_type)
    }

    fn may(&self, interaction: Interaction, resource_type: ResourceType) -> Result<(), Denial> {
        let granted =
            self.levels().any(|level| self.granting(level, interaction, resource_type).next().is_some());
        if granted { Ok(()) } else { Err(self.not_granted(interaction, resource_type)) }
    }

    /// The fewest patients among whose resources a search finds all that can be allowed.
    pub fn reach(&self, resource_type: ResourceType) -> Compartments {
        let shared = resource_type.definition().owner == Owner::Shared;
        let mut patients = BTreeSet::new();
        for level in self.levels() {
            if self.granting(level, Interaction::Search, resource_type).next().is_none() {
                continue;
            }
            match self.patients(level) {
                Reach::All => return Compartments::All,
                _ if shared => return Compartments::All,
                Reach::These(some) => patients.extend(some.iter().cloned()),
                Reach::One(patient) => patients.extend([patient.clone()]),
                Reach::Nobody => {}
            }
        }
        Compartments::Of(patients)
    }

    /// Whether the resource may leave by this interaction.
    pub fn decide(&self, interaction: Interaction, resource: &Resource) -> Decision {
        let resource_type = resource.resource_type();
        if interaction == Interaction::Read && self.is_own(resource_type, resource.id()) {
            return Decision::Allow;
        }
        let (belonging, mut elements) = (resource.belonging(), Elements::new(resource));
        if let Err(refused) = self.may(interaction, resource_type) {
            return Decision::Deny(refused);
        }
        for level in self.levels().filter(|level| self.patients(*level).opens(&belonging)) {
            let mut granting = self.granting(level, interaction, resource_type);
            if granting.any(|opened| opened.matches(&mut elements)) {
                return Decision::Allow;
            }
        }
        Decision::Deny(Denial::NotOpen)
    }

    fn not_granted(&self, interaction: Interaction, resource_type: ResourceType) -> Denial {
        let level = self.levels().next().unwrap_or(Level::User);
        Denial::NotGranted { level, resource_type, interaction }
    }

    /// The levels whose scopes count for this principal.
    fn levels(&self) -> impl Iterator<Item = Level> + use<> {
        let levels: &[Level] = match &self.principal {
            Principal::System => &[Level::System],
            Principal::User { patient: None, .. } => &[Level::User],
            Principal::User { patient: Some(_), .. } => &[Level::Patient, Level::User],
        };
        levels.iter().copied()
    }

    fn granting(
        &self,
        level: Level,
        interaction: Interaction,
        resource_type: ResourceType,
    ) -> impl Iterator<Item = &Opened> {
        let grants =
            move |scope: &ResourceScope| scope.grants(level, resource_type.as_str(), interaction.letter());
        self.opened.iter().filter(move |opened| grants(&opened.scope))
    }

    /// Whose resources the scopes of a level can open.
    fn patients(&self, level: Level) -> Reach<'_> {
        match (&self.principal, level) {
            (Principal::System, Level::System)
            | (Principal::User { patients: PatientAccess::All, .. }, Level::User) => Reach::All,
            (Principal::User { patients: PatientAccess::Only(patients), .. }, Level::User) => {
                Reach::These(patients)
            }
            (Principal::User { patient: Some(patient), .. }, Level::Patient) => Reach::One(patient),
            _ => Reach::Nobody,
        }
    }

    fn is_own(&self, resource_type: ResourceType, id: &ResourceId) -> bool {
        match &self.principal {
            Principal::User { fhir_user, .. } => {
                self.opens_own && fhir_user.resource_type() == resource_type.as_str() && fhir_user.id() == id
            }
            Principal::System => false,
        }
    }
}

/// The patients whom a user may see, as it is meant: only a Practitioner sees every patient by `"*"`. A Patient with it sees
/// themselves; a `RelatedPerson` or a `Person` nobody, since whom they care for must be listed.
pub fn patients_of(fhir_user: &FhirUser, patients: &PatientAccess) -> PatientAccess {
    match (patients, fhir_user.resource_type()) {
        (PatientAccess::Only(_), _) | (PatientAccess::All, "Practitioner") => patients.clone(),
        (PatientAccess::All, "Patient") => PatientAccess::Only(BTreeSet::from([fhir_user.id().clone()])),
        (PatientAccess::All, _) => PatientAccess::Only(BTreeSet::new()),
    }
}

/// The patients of a level.
#[derive(Clone, Copy)]
enum Reach<'a> {
    All,
    These(&'a BTreeSet<PatientId>),
    One(&'a PatientId),
    Nobody,
}

impl Reach<'_> {
    fn includes(self, patient: &PatientId) -> bool {
        match self {
            Self::All => true,
            Self::These(patients) => patients.contains(patient),
            Self::One(one) => one == patient,
            Self::Nobody => false,
        }
    }

    fn opens(self, belonging: &Belonging) -> bool {
        match belonging {
            Belonging::Shared => !matches!(self, Self::Nobody),
            Belonging::Nobody => matches!(self, Self::All),
            Belonging::Patients(owners) => {
                !owners.is_empty() && owners.iter().all(|patient| self.includes(patient))
            }
        }
    }
}

/// What this server can honour at all of what a user grants: reading and searching, for the patient in context and for a user.
pub fn supported() -> Scopes {
    [Level::Patient, Level::User].into_iter().map(read_and_search).collect()
}

/// What it can honour without a user: reading and searching, and the extensions that are for clients alone.
pub fn supported_alone() -> Scopes {
    [read_and_search(Level::System)].into_iter().chain(extensions()).collect()
}

fn read_and_search(level: Level) -> Scope {
    Scope::from(ResourceScope {
        level,
        resource_type: TypePattern::Any,
        interactions: Interactions::READ_SEARCH,
        constraint: Constraint::default(),
        syntax: crate::scope::Syntax::V2,
    })
}

/// Whether the decision can honour a scope exactly as it is written: the type exists, and each pair of its
/// constraint is `_id`, or a token parameter (`category`, `code`, `status`) of that type, without modifier or
/// chain, with values that can be read. What is not enforceable must not be granted (SCOPE-20).
pub fn enforceable(scope: &ResourceScope) -> bool {
    Conditions::of(scope).is_some()
}

#[cfg(test)]
mod tests;
