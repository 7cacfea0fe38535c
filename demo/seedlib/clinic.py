"""The people and places that give the care."""

from datetime import datetime

from .chart import STAFF_ID, concept, luhn_npi, meta, ref
from .codes import HL7, SNOMED

WHEN = datetime(2022, 1, 3, 9, 0)

# id: (kind, kind display, name, street, town, zip)
ORGANIZATIONS = {
    "casco-harbor-health": ("prov", "Healthcare Provider", "Casco Harbor Health", "200 Quarry Wharf", "Portland", "04101"),
    "casco-family-medicine": ("prov", "Healthcare Provider", "Casco Family Medicine", "31 Alder Square", "Portland", "04103"),
    "casco-medical-center": ("prov", "Healthcare Provider", "Casco Harbor Medical Center", "200 Quarry Wharf", "Portland", "04101"),
    "harbor-laboratory": ("prov", "Healthcare Provider", "Harbor Laboratory", "204 Quarry Wharf", "Portland", "04101"),
    "pine-state": ("pay", "Payer", "Pine State Health Plan", "9 Capitol Terrace", "Augusta", "04330"),
    "public-health-plans": ("pay", "Payer", "Medicare and MaineCare Services", "15 Capitol Terrace", "Augusta", "04330"),
}
# id: (organization, name, type code, type display)
LOCATIONS = {
    "family-medicine": ("casco-family-medicine", "Casco Family Medicine", "FMC", "Family medicine clinic"),
    "pediatrics": ("casco-family-medicine", "Casco Family Medicine, Children's Floor", "PEDC", "Pediatrics clinic"),
    "womens-health": ("casco-medical-center", "Casco Harbor Women's Health", "GYN", "Gynecology clinic"),
    "specialty-clinic": ("casco-medical-center", "Casco Harbor Specialty Clinic", "OF", "Outpatient facility"),
    "hospital": ("casco-medical-center", "Casco Harbor Medical Center", "HOSP", "Hospital"),
}
# id: (given, family, suffix, gender, role SNOMED, role display, specialty NUCC, specialty display, usual place)
STAFF = {
    "okafor-ngozi": (["Ngozi", "Adaeze"], "Okafor", "MD", "female", "446050000", "Primary care provider", "207Q00000X", "Family Medicine Physician", "family-medicine"),
    "lindqvist-erik": (["Erik"], "Lindqvist", "MD", "male", "446050000", "Primary care provider", "207R00000X", "Internal Medicine Physician", "family-medicine"),
    "rahman-tasnim": (["Tasnim"], "Rahman", "MD", "female", "446050000", "Primary care provider", "208000000X", "Pediatrics Physician", "pediatrics"),
    "brennan-maeve": (["Maeve"], "Brennan", "CNM", "female", "309453006", "Registered midwife", "367A00000X", "Advanced Practice Midwife", "womens-health"),
    "castellano-lucia": (["Lucia"], "Castellano", "MD", "female", "11935004", "Obstetrician", "207V00000X", "Obstetrics & Gynecology Physician", "womens-health"),
    "whitfield-james": (["James", "Tobias"], "Whitfield", "MD", "male", "17561000", "Cardiologist", "207RC0000X", "Cardiovascular Disease Physician", "specialty-clinic"),
    "petrov-anna": (["Anna"], "Petrov", "MD", "female", "11911009", "Nephrologist", "207RN0300X", "Nephrology Physician", "specialty-clinic"),
    "haddad-samir": (["Samir"], "Haddad", "MD", "male", "309295000", "Clinical oncologist", "207RX0202X", "Medical Oncology Physician", "specialty-clinic"),
    "goldberg-miriam": (["Miriam"], "Goldberg", "LCSW", "female", "106328005", "Social worker", "1041C0700X", "Clinical Social Worker", "family-medicine"),
    "tran-kim": (["Kim"], "Tran", "PharmD", "female", "46255001", "Pharmacist", "183500000X", "Pharmacist", "family-medicine"),
    "laflamme-denise": (["Denise"], "Laflamme", "RN", "female", "224535009", "Registered nurse", "163W00000X", "Registered Nurse", "family-medicine"),
    "abernathy-paul": (["Paul"], "Abernathy", "MD", "male", "41672002", "Respiratory physician", "207RP1001X", "Pulmonary Disease Physician", "specialty-clinic"),
    "yilmaz-deniz": (["Deniz"], "Yilmaz", "MD", "female", "56397003", "Neurologist", "2084N0400X", "Neurology Physician", "specialty-clinic"),
    "beaulieu-marc": (["Marc"], "Beaulieu", "MD", "male", "22731001", "Orthopedic surgeon", "207X00000X", "Orthopaedic Surgery Physician", "specialty-clinic"),
    "sharma-vikram": (["Vikram"], "Sharma", "MD", "male", "61894003", "Endocrinologist", "207RE0101X", "Endocrinology, Diabetes & Metabolism Physician", "specialty-clinic"),
    "novak-helen": (["Helen"], "Novak", "MD", "female", "71838004", "Gastroenterologist", "207RG0100X", "Gastroenterology Physician", "specialty-clinic"),
    "ostrowski-jan": (["Jan"], "Ostrowski", "MD", "male", "422234006", "Ophthalmologist", "207W00000X", "Ophthalmology Physician", "specialty-clinic"),
    "sato-emi": (["Emi"], "Sato", "MD", "female", "446050000", "Primary care provider", "207Q00000X", "Family Medicine Physician", "family-medicine"),
}


class Clinic:
    """Names for references, and the resources themselves."""

    def __init__(self, store):
        self.organization = {k: v[2] for k, v in ORGANIZATIONS.items()}
        self.location = {k: v[1] for k, v in LOCATIONS.items()}
        self.org_of_place = {k: v[0] for k, v in LOCATIONS.items()}
        self.practitioner = {k: f"{' '.join(v[0])} {v[1]}, {v[2]}" for k, v in STAFF.items()}
        self.team_role = {k: (v[4], v[5]) for k, v in STAFF.items()}
        self.place = {k: v[8] for k, v in STAFF.items()}
        for n, (rid, (code, display, name, street, town, zip_)) in enumerate(ORGANIZATIONS.items()):
            out = {"resourceType": "Organization", "id": rid, "meta": meta(WHEN, "us-core-organization")}
            if code == "prov":
                out["identifier"] = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": luhn_npi(f"98240617{n}")}]
            out |= {"active": True, "type": [concept(HL7 + "organization-type", code, display)], "name": name,
                    "telecom": [{"system": "phone", "value": store.phone(), "use": "work"}, {"system": "email", "value": f"office@{rid}.example.org", "use": "work"}],
                    "address": [{"use": "work", "line": [street], "city": town, "state": "ME", "postalCode": zip_, "country": "US"}]}
            if rid in ("casco-family-medicine", "casco-medical-center", "harbor-laboratory"):
                out["partOf"] = ref("Organization", "casco-harbor-health", "Casco Harbor Health")
            store.add(out)
        for rid, (org, name, code, display) in LOCATIONS.items():
            _, _, _, street, town, zip_ = ORGANIZATIONS[org]
            store.add({"resourceType": "Location", "id": rid, "meta": meta(WHEN, "us-core-location"), "status": "active", "name": name, "mode": "instance",
                       "type": [concept(HL7 + "v3-RoleCode", code, display)], "telecom": [{"system": "phone", "value": store.phone(), "use": "work"}],
                       "address": {"use": "work", "line": [street], "city": town, "state": "ME", "postalCode": zip_, "country": "US"},
                       "managingOrganization": ref("Organization", org, self.organization[org])})
        for n, (rid, (given, family, suffix, gender, role, role_display, nucc, specialty, place)) in enumerate(STAFF.items()):
            org = self.org_of_place[place]
            moment = datetime(2026, 11, 9, 9, 0) if rid == "sato-emi" else WHEN
            phone = store.phone()
            store.add({"resourceType": "Practitioner", "id": rid, "meta": meta(moment, "us-core-practitioner"),
                       "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": luhn_npi(f"9{37150284 + n * 40961:08d}")}, {"system": STAFF_ID, "value": f"C{2041 + n * 7}"}],
                       "active": True, "name": [{"use": "official", "family": family, "given": given, "suffix": [suffix]} | ({"prefix": ["Dr."]} if suffix == "MD" else {})],
                       "telecom": [{"system": "phone", "value": phone, "use": "work"}, {"system": "email", "value": f"{given[0]}.{family}@casco-harbor-health.example.org".lower(), "use": "work"}],
                       "gender": gender, "communication": [concept("urn:ietf:bcp:47", "en", "English")]})
            store.add({"resourceType": "PractitionerRole", "id": f"{rid}-role", "meta": meta(moment, "us-core-practitionerrole"), "active": True,
                       "practitioner": ref("Practitioner", rid, self.practitioner[rid]), "organization": ref("Organization", org, self.organization[org]),
                       "code": [concept(SNOMED, role, role_display)], "specialty": [concept("http://nucc.org/provider-taxonomy", nucc, specialty)],
                       "location": [ref("Location", place, self.location[place])], "telecom": [{"system": "phone", "value": phone, "use": "work"}]})
