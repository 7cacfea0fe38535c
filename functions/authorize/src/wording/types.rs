//! The tables of words: FHIR types and US Core categories.

/// A type, its title and its detail; in the order of the types' names.
///
/// The types of US Core 9.0.0, and others that a patient may well have data of.
pub(super) const WORDS: &[(&str, &str, &str)] = &[
    ("Account", "Billing accounts", "Where charges and payments are recorded."),
    ("AdverseEvent", "Harm or side effects", "What went wrong or could have, such as a bad reaction."),
    ("AllergyIntolerance", "Allergies and intolerances", "Reactions to medicines, food and other things."),
    ("Appointment", "Appointments", "When, where, with whom and why."),
    ("AuditEvent", "Who looked at the record", "The log of who used which data, and when."),
    ("Binary", "Files", "Documents, pictures and other files as they were stored."),
    ("CarePlan", "Care plans", "What is planned for treatment and follow-up."),
    ("CareTeam", "The care team", "The people and organizations involved in care, and their roles."),
    ("Claim", "Insurance claims", "Bills that were sent to an insurer, with diagnoses and services."),
    ("ClinicalImpression", "Clinical assessments", "What a clinician concluded, and why."),
    ("Communication", "Messages", "What was written or said between people about care."),
    ("Condition", "Problems, diagnoses and health concerns", "When each began, and whether it is over."),
    ("Consent", "Privacy choices and consents", "What was agreed to or refused before."),
    ("Coverage", "Health insurance", "The plan, the member number and who is insured."),
    ("Device", "Implants and medical devices", "Such as a pacemaker, with maker and serial number."),
    (
        "DiagnosticReport",
        "Reports of tests and imaging",
        "Laboratory, X-ray and other reports, with their conclusions.",
    ),
    (
        "DocumentReference",
        "Clinical notes and documents",
        "Letters, discharge summaries and visit notes, in full.",
    ),
    ("Encounter", "Visits and hospital stays", "When, where, with whom and why."),
    ("EpisodeOfCare", "Courses of care", "Longer periods of care by one organization, such as a pregnancy."),
    ("ExplanationOfBenefit", "What insurance paid", "Services, costs and what was paid or refused."),
    ("FamilyMemberHistory", "Family health history", "Illnesses of parents, siblings and other relatives."),
    ("Flag", "Alerts", "Warnings to those who give care, such as a risk of falling."),
    ("Goal", "Health goals", "Targets, such as a weight, and when to reach them."),
    ("Group", "Groups of people", "Lists of people, such as those in a program."),
    ("ImagingStudy", "X-rays, scans and other images", "What was imaged, when and how."),
    ("Immunization", "Vaccinations", "Which vaccines were given, and when."),
    ("ImmunizationRecommendation", "Vaccinations that are due", "Which vaccines are advised, and by when."),
    ("List", "Lists", "Collections that were put together, such as current medicines."),
    ("Location", "Places of care", "Names and addresses of clinics, wards and rooms."),
    ("Media", "Photos, videos and recordings", "Such as a photo of a wound."),
    ("Medication", "Medicines in detail", "What the medicines named elsewhere are made of."),
    ("MedicationAdministration", "Medicines given", "Each dose that was given, such as in hospital."),
    ("MedicationDispense", "Medicines handed out", "What a pharmacy handed out, how much and when."),
    ("MedicationRequest", "Prescriptions", "Medicines that were prescribed, with dose and reason."),
    ("MedicationStatement", "Medicines taken", "What is or was taken, with or without a prescription."),
    ("NutritionOrder", "Diet and nutrition", "Diets and supplements that were ordered."),
    (
        "Observation",
        "Test results, vital signs and social history",
        "Laboratory results, blood pressure, weight, smoking, survey answers and more.",
    ),
    ("Organization", "Hospitals, clinics and other organizations", "Names, addresses and phone numbers."),
    (
        "Patient",
        "Name, birth date and contact details",
        "Also sex, address, language, race and ethnicity, where known.",
    ),
    (
        "Person",
        "People known to the server",
        "Names and contact details, and which records belong to one person.",
    ),
    (
        "Practitioner",
        "Doctors, nurses and other clinicians",
        "Their names, qualifications and contact details.",
    ),
    ("PractitionerRole", "Where clinicians work", "Their specialties, clinics and phone numbers."),
    ("Procedure", "Operations and procedures", "What was done, when and why."),
    ("Provenance", "Where information came from", "Who entered or changed data, and when."),
    ("Questionnaire", "Questionnaires", "The questions of forms, without the answers."),
    (
        "QuestionnaireResponse",
        "Answers to questionnaires",
        "Forms that were filled in, such as a screening for depression.",
    ),
    ("RelatedPerson", "Relatives, guardians and contacts", "Who they are, and how to reach them."),
    ("RiskAssessment", "Health risks", "How likely an illness or event is thought to be."),
    ("ServiceRequest", "Referrals and orders", "Tests, treatments and referrals that were ordered."),
    ("Specimen", "Samples taken for tests", "Such as blood or tissue: what, when and from where."),
    ("Task", "Tasks", "What is to be done, by whom and by when."),
    ("VisionPrescription", "Glasses and contact lenses", "Prescriptions for the eyes."),
];

/// A type, a category of it as `system|code`, its title and its detail (US Core 9.0.0, "SMART on FHIR
/// obligations and capabilities").
pub(super) const CATEGORIES: &[(&str, &str, &str, &str)] = &[
    (
        "Condition",
        "http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item",
        "The problem list",
        "What is treated or watched over a longer time.",
    ),
    (
        "Condition",
        "http://terminology.hl7.org/CodeSystem/condition-category|encounter-diagnosis",
        "Diagnoses made at visits",
        "What was found at a visit or during a hospital stay.",
    ),
    (
        "Condition",
        "http://hl7.org/fhir/us/core/CodeSystem/condition-category|health-concern",
        "Health concerns",
        "Worries about health that may not be an illness.",
    ),
    (
        "Observation",
        "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs",
        "Vital signs, such as blood pressure and weight",
        "Also pulse, temperature, height and oxygen in the blood.",
    ),
    (
        "Observation",
        "http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        "Laboratory results",
        "Results of blood, urine and other tests.",
    ),
    (
        "Observation",
        "http://terminology.hl7.org/CodeSystem/observation-category|social-history",
        "Social history, such as smoking",
        "Also alcohol, work, pregnancy and how people live.",
    ),
    (
        "Observation",
        "http://hl7.org/fhir/us/core/CodeSystem/us-core-category|sdoh",
        "Social needs: housing, food, transport",
        "Living conditions that affect health.",
    ),
    (
        "Observation",
        "http://terminology.hl7.org/CodeSystem/observation-category|survey",
        "Survey answers",
        "Answers and scores of questionnaires, such as on mood or pain.",
    ),
    (
        "DocumentReference",
        "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category|clinical-note",
        "Clinical notes",
        "What clinicians wrote about visits, hospital stays and treatments, in full.",
    ),
];

/// The kind of a wildcard.
pub(super) const EVERY_KIND: &str = "Everything";

/// The kind of what has no other.
pub(super) const OTHER_KIND: &str = "Other data";

/// The kinds of data in the order of reading, and the types of each.
pub(super) const KINDS: &[(&str, &[&str])] = &[
    ("The person and their insurance", &["Consent", "Coverage", "Patient", "Person", "RelatedPerson"]),
    (
        "Health problems and history",
        &[
            "AdverseEvent",
            "AllergyIntolerance",
            "ClinicalImpression",
            "Condition",
            "DetectedIssue",
            "FamilyMemberHistory",
            "Flag",
            "RiskAssessment",
        ],
    ),
    (
        "Test results and measurements",
        &["DiagnosticReport", "ImagingStudy", "Media", "MolecularSequence", "Observation", "Specimen"],
    ),
    (
        "Medicines and vaccinations",
        &[
            "Immunization",
            "ImmunizationEvaluation",
            "ImmunizationRecommendation",
            "Medication",
            "MedicationAdministration",
            "MedicationDispense",
            "MedicationRequest",
            "MedicationStatement",
        ],
    ),
    (
        "Visits, treatments and plans",
        &[
            "Appointment",
            "AppointmentResponse",
            "CarePlan",
            "CareTeam",
            "Device",
            "DeviceRequest",
            "DeviceUseStatement",
            "Encounter",
            "EpisodeOfCare",
            "Goal",
            "NutritionOrder",
            "Procedure",
            "ServiceRequest",
            "Task",
            "VisionPrescription",
        ],
    ),
    (
        "Notes, documents and forms",
        &[
            "Binary",
            "Communication",
            "CommunicationRequest",
            "Composition",
            "DocumentManifest",
            "DocumentReference",
            "Questionnaire",
            "QuestionnaireResponse",
        ],
    ),
    (
        "Clinicians and places of care",
        &["HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"],
    ),
    (
        "Bills and records of use",
        &[
            "Account",
            "AuditEvent",
            "ChargeItem",
            "Claim",
            "ClaimResponse",
            "ExplanationOfBenefit",
            "Invoice",
            "Provenance",
        ],
    ),
];
