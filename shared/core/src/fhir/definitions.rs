//! What FHIR R4 (4.0.1) says of each resource type that can be stored: whose it is, and where the values of
//! its search parameters are.
//!
//! One row a type. Ownership follows the Patient compartment (R4 `CompartmentDefinition/patient`), but only by
//! the element that says whom the resource is *about*: who performed, asserted, recorded or received
//! something is no owner of it (requirement COMP-02). Beyond the compartment there is `Device.patient`
//! (COMP-03), and what is whose other resources are (COMP-04, COMP-07). `Person`, `Group` and `Schedule` open nobody's data to their members (COMP-06).
//!
//! Shared are the types that describe care in general, and no patient: who and where, drugs, forms, codes
//! (COMP-05).

use Owner::{Follows, Itself, Nobody, Of, Shared};

/// A resource type and its rules.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) owner: Owner,
    pub(super) parameters: &'static [Parameter],
}

/// Where a resource says whose it is; paths as in [`super::path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The patient is the resource.
    Itself,
    /// The Patients among these references.
    Of(&'static str),
    /// Whoever all these references are about: the Patients among them, and those to whom the others belong, which the store knows
    /// (COMP-04, COMP-07).
    Follows(&'static str),
    /// No patient: open to whoever may read anything of the type.
    Shared,
    /// No patient, and not to be shared.
    Nobody,
}

/// A search parameter of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) path: &'static str,
}

/// What a search parameter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// References to a Patient (`where(resolve() is Patient)`, requirement SRCH-19).
    Patient,
    /// References to anything.
    Reference,
    /// Codes with a system: `CodeableConcept`, `Coding`, `Identifier`.
    Token,
    /// Elements of type `code`, whose system is implied and never written.
    Code,
    /// Dates, instants, periods.
    Date,
}

const fn patient(path: &'static str) -> Parameter {
    Parameter { name: "patient", kind: Kind::Patient, path }
}

const fn subject(path: &'static str) -> Parameter {
    reference("subject", path)
}

const fn reference(name: &'static str, path: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Reference, path }
}

const fn token(name: &'static str, path: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Token, path }
}

const fn code_element(name: &'static str, path: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Code, path }
}

const fn date(path: &'static str) -> Parameter {
    Parameter { name: "date", kind: Kind::Date, path }
}

const CATEGORY: Parameter = token("category", "category");
const CODE: Parameter = token("code", "code");
const DATE: Parameter = date("date");
const EFFECTIVE: Parameter = date("effective[x]");
const MEDICATION: Parameter = token("code", "medicationCodeableConcept");
const PATIENT: Parameter = patient("patient");
const PERIOD: Parameter = date("period");
const STATUS: Parameter = code_element("status", "status");
const SUBJECT: Parameter = subject("subject");

const fn row(name: &'static str, owner: Owner, parameters: &'static [Parameter]) -> Definition {
    Definition { name, owner, parameters }
}

/// The row of a type, by its exact name.
pub(super) fn definition(name: &str) -> Option<&'static Definition> {
    let index = DEFINITIONS.binary_search_by(|row| row.name.cmp(name)).ok()?;
    DEFINITIONS.get(index)
}

/// All types, by name.
pub(super) static DEFINITIONS: [Definition; 145] = [
    row("Account", Of("subject"), &[patient("subject"), SUBJECT, STATUS]),
    row("ActivityDefinition", Nobody, &[DATE, STATUS]),
    row("AdverseEvent", Of("subject"), &[SUBJECT, CATEGORY, DATE]),
    row(
        "AllergyIntolerance",
        Of("patient"),
        &[
            PATIENT,
            code_element("category", "category"),
            token("code", "code|reaction.substance"),
            date("recordedDate"),
        ],
    ),
    row("Appointment", Of("participant.actor"), &[patient("participant.actor"), date("start"), STATUS]),
    row("AppointmentResponse", Of("actor"), &[patient("actor")]),
    row("AuditEvent", Of("entity.what"), &[patient("agent.who|entity.what"), date("recorded")]),
    row("Basic", Of("subject"), &[patient("subject"), SUBJECT, CODE]),
    row("Binary", Follows("securityContext"), &[]),
    row("BiologicallyDerivedProduct", Nobody, &[]),
    row("BodyStructure", Of("patient"), &[PATIENT]),
    row("Bundle", Nobody, &[]),
    row("CapabilityStatement", Nobody, &[DATE, STATUS]),
    row("CarePlan", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, PERIOD, STATUS]),
    row("CareTeam", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, PERIOD, STATUS]),
    row("CatalogEntry", Nobody, &[]),
    row("ChargeItem", Of("subject"), &[patient("subject"), SUBJECT, CODE]),
    row("ChargeItemDefinition", Nobody, &[DATE, STATUS]),
    row("Claim", Of("patient"), &[PATIENT, STATUS]),
    row("ClaimResponse", Of("patient"), &[PATIENT, STATUS]),
    row("ClinicalImpression", Of("subject"), &[patient("subject"), SUBJECT, DATE, STATUS]),
    row("CodeSystem", Shared, &[DATE, STATUS]),
    row("Communication", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, STATUS]),
    row("CommunicationRequest", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, STATUS]),
    row("CompartmentDefinition", Nobody, &[code_element("code", "code"), DATE, STATUS]),
    row("Composition", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, DATE, STATUS]),
    row("ConceptMap", Nobody, &[DATE, STATUS]),
    row("Condition", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, CODE]),
    row("Consent", Of("patient"), &[PATIENT, CATEGORY, date("dateTime"), STATUS]),
    row("Contract", Nobody, &[patient("subject"), SUBJECT, STATUS]),
    row("Coverage", Of("beneficiary"), &[patient("beneficiary"), STATUS]),
    row("CoverageEligibilityRequest", Of("patient"), &[PATIENT, STATUS]),
    row("CoverageEligibilityResponse", Of("patient"), &[PATIENT, STATUS]),
    row("DetectedIssue", Of("patient"), &[PATIENT, CODE, STATUS]),
    row("Device", Of("patient"), &[PATIENT, STATUS]),
    row("DeviceDefinition", Nobody, &[]),
    row("DeviceMetric", Nobody, &[code_element("category", "category")]),
    row(
        "DeviceRequest",
        Of("subject"),
        &[patient("subject"), SUBJECT, token("code", "codeCodeableConcept"), STATUS],
    ),
    row("DeviceUseStatement", Of("subject"), &[patient("subject"), SUBJECT]),
    row("DiagnosticReport", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, CODE, EFFECTIVE, STATUS]),
    row("DocumentManifest", Of("subject"), &[patient("subject"), SUBJECT, STATUS]),
    row("DocumentReference", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, DATE, STATUS]),
    row("EffectEvidenceSynthesis", Nobody, &[DATE, STATUS]),
    row("Encounter", Of("subject"), &[patient("subject"), SUBJECT, PERIOD, STATUS]),
    row("Endpoint", Shared, &[STATUS]),
    row("EnrollmentRequest", Of("candidate"), &[patient("candidate"), subject("candidate"), STATUS]),
    row("EnrollmentResponse", Nobody, &[STATUS]),
    row("EpisodeOfCare", Of("patient"), &[PATIENT, PERIOD, STATUS]),
    row("EventDefinition", Nobody, &[DATE, STATUS]),
    row("Evidence", Nobody, &[DATE, STATUS]),
    row("EvidenceVariable", Nobody, &[DATE, STATUS]),
    row("ExampleScenario", Nobody, &[DATE, STATUS]),
    row("ExplanationOfBenefit", Of("patient"), &[PATIENT, STATUS]),
    row("FamilyMemberHistory", Of("patient"), &[PATIENT, token("code", "condition.code"), DATE, STATUS]),
    row("Flag", Of("subject"), &[patient("subject"), SUBJECT, PERIOD]),
    row("Goal", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY]),
    row("GraphDefinition", Nobody, &[DATE, STATUS]),
    row("Group", Nobody, &[CODE]),
    row("GuidanceResponse", Nobody, &[patient("subject"), SUBJECT]),
    row("HealthcareService", Shared, &[]),
    row("ImagingStudy", Of("subject"), &[patient("subject"), SUBJECT, STATUS]),
    row("Immunization", Of("patient"), &[PATIENT, date("occurrence[x]"), STATUS]),
    row("ImmunizationEvaluation", Of("patient"), &[PATIENT, DATE, STATUS]),
    row("ImmunizationRecommendation", Of("patient"), &[PATIENT, DATE]),
    row("ImplementationGuide", Nobody, &[DATE, STATUS]),
    row("InsurancePlan", Nobody, &[STATUS]),
    row("Invoice", Of("subject"), &[patient("subject"), SUBJECT, DATE, STATUS]),
    row("Library", Nobody, &[DATE, STATUS]),
    row("Linkage", Nobody, &[]),
    row("List", Of("subject"), &[patient("subject"), SUBJECT, CODE, DATE, STATUS]),
    row("Location", Shared, &[STATUS]),
    row("Measure", Nobody, &[DATE, STATUS]),
    row("MeasureReport", Of("subject"), &[patient("subject"), SUBJECT, DATE, STATUS]),
    row("Media", Of("subject"), &[patient("subject"), SUBJECT, STATUS]),
    row("Medication", Shared, &[CODE, STATUS]),
    row("MedicationAdministration", Of("subject"), &[patient("subject"), SUBJECT, MEDICATION, STATUS]),
    row("MedicationDispense", Of("subject"), &[patient("subject"), SUBJECT, MEDICATION, STATUS]),
    row("MedicationKnowledge", Shared, &[CODE, STATUS]),
    row(
        "MedicationRequest",
        Of("subject"),
        &[
            patient("subject"),
            SUBJECT,
            CATEGORY,
            MEDICATION,
            date("dosageInstruction.timing.event"),
            // US Core's first search of this type is by patient and intent.
            code_element("intent", "intent"),
            STATUS,
        ],
    ),
    row("MedicationStatement", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, MEDICATION, STATUS]),
    row("MedicinalProduct", Nobody, &[]),
    row("MedicinalProductAuthorization", Nobody, &[SUBJECT, token("status", "status")]),
    row("MedicinalProductContraindication", Nobody, &[SUBJECT]),
    row("MedicinalProductIndication", Nobody, &[SUBJECT]),
    row("MedicinalProductIngredient", Nobody, &[]),
    row("MedicinalProductInteraction", Nobody, &[SUBJECT]),
    row("MedicinalProductManufactured", Nobody, &[]),
    row("MedicinalProductPackaged", Nobody, &[SUBJECT]),
    row("MedicinalProductPharmaceutical", Nobody, &[]),
    row("MedicinalProductUndesirableEffect", Nobody, &[SUBJECT]),
    row("MessageDefinition", Nobody, &[code_element("category", "category"), DATE, STATUS]),
    row("MessageHeader", Nobody, &[code_element("code", "response.code")]),
    row("MolecularSequence", Of("patient"), &[PATIENT]),
    row("NamingSystem", Nobody, &[DATE, STATUS]),
    row("NutritionOrder", Of("patient"), &[PATIENT, STATUS]),
    row("Observation", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, CODE, EFFECTIVE, STATUS]),
    row("ObservationDefinition", Nobody, &[]),
    row("OperationDefinition", Nobody, &[code_element("code", "code"), DATE, STATUS]),
    row("OperationOutcome", Nobody, &[]),
    row("Organization", Shared, &[]),
    row("OrganizationAffiliation", Shared, &[PERIOD]),
    row("Patient", Itself, &[]),
    row("PaymentNotice", Nobody, &[STATUS]),
    row("PaymentReconciliation", Nobody, &[STATUS]),
    row("Person", Nobody, &[patient("link.target")]),
    row("PlanDefinition", Nobody, &[DATE, STATUS]),
    row("Practitioner", Shared, &[]),
    row("PractitionerRole", Shared, &[PERIOD]),
    row(
        "Procedure",
        Of("subject"),
        &[patient("subject"), SUBJECT, CATEGORY, CODE, date("performed[x]"), STATUS],
    ),
    row("Provenance", Follows("target"), &[patient("target"), reference("target", "target")]),
    row("Questionnaire", Shared, &[token("code", "item.code"), DATE, STATUS]),
    row("QuestionnaireResponse", Of("subject"), &[patient("subject"), SUBJECT, STATUS]),
    row("RelatedPerson", Of("patient"), &[PATIENT]),
    row("RequestGroup", Of("subject"), &[patient("subject"), SUBJECT, CODE, STATUS]),
    row("ResearchDefinition", Nobody, &[DATE, STATUS]),
    row("ResearchElementDefinition", Nobody, &[DATE, STATUS]),
    row("ResearchStudy", Nobody, &[CATEGORY, PERIOD, STATUS]),
    row("ResearchSubject", Of("individual"), &[patient("individual"), PERIOD, STATUS]),
    row("RiskAssessment", Of("subject"), &[patient("subject"), SUBJECT, date("occurrenceDateTime")]),
    row("RiskEvidenceSynthesis", Nobody, &[DATE, STATUS]),
    row("Schedule", Nobody, &[date("planningHorizon")]),
    row("SearchParameter", Nobody, &[code_element("code", "code"), DATE, STATUS]),
    row("ServiceRequest", Of("subject"), &[patient("subject"), SUBJECT, CATEGORY, CODE, STATUS]),
    row("Slot", Nobody, &[STATUS]),
    row("Specimen", Of("subject"), &[patient("subject"), SUBJECT, STATUS]),
    row("SpecimenDefinition", Nobody, &[]),
    row("StructureDefinition", Nobody, &[DATE, STATUS]),
    row("StructureMap", Nobody, &[DATE, STATUS]),
    row("Subscription", Nobody, &[STATUS]),
    row("Substance", Shared, &[CATEGORY, token("code", "code|ingredient.substanceCodeableConcept"), STATUS]),
    row("SubstanceNucleicAcid", Nobody, &[]),
    row("SubstancePolymer", Nobody, &[]),
    row("SubstanceProtein", Nobody, &[]),
    row("SubstanceReferenceInformation", Nobody, &[]),
    row("SubstanceSourceMaterial", Nobody, &[]),
    row("SubstanceSpecification", Nobody, &[token("code", "code.code")]),
    row("SupplyDelivery", Of("patient"), &[PATIENT, STATUS]),
    row("SupplyRequest", Of("deliverTo"), &[subject("deliverTo"), CATEGORY, date("authoredOn"), STATUS]),
    row("Task", Of("for"), &[patient("for"), subject("for"), CODE, STATUS]),
    row("TerminologyCapabilities", Nobody, &[DATE, STATUS]),
    row("TestReport", Nobody, &[]),
    row("TestScript", Nobody, &[DATE, STATUS]),
    row("ValueSet", Shared, &[DATE, STATUS]),
    row("VerificationResult", Nobody, &[]),
    row("VisionPrescription", Of("patient"), &[PATIENT, STATUS]),
];
