"""Writes the seed folder of the client scenarios: few patients, and one client for each way to be a client."""

import json
import secrets
import socket
import subprocess
from pathlib import Path

GRANTS = ["authorization_code", "refresh_token"]
SCOPE = "launch launch/patient launch/encounter openid fhirUser profile offline_access online_access patient/*.rs user/*.rs patient/*.read"

PATIENTS = [
    # id, family, given, gender, birth date, vital signs, laboratory results; two share a name, so that searching has a point
    ("amina", "Diallo", "Amina", "female", "1984-03-09", 3, 0),
    ("bruno", "Keller", "Bruno", "male", "1957-11-21", 2, 1),
    ("amina-h", "Haddad", "Amina", "female", "2001-07-30", 1, 0),
    ("chiara", "Rossi", "Chiara", "female", "1972-01-15", 0, 0),
]


def write(folder, node):
    """Makes the folder and returns what the scenarios must know of it."""
    (folder / "fhir").mkdir(parents=True)
    keys = made_keys(node)
    ports = free_ports(["app", "ehr", "basic", "post", "es384", "rs384"])
    client_list = clients(ports, keys)
    users = [
        {"username": "clinician", "password": "a-long-walk-home", "name": "Dr. Ines Moreau",
         "fhirUser": "Practitioner/moreau", "patients": "*"},
        {"username": "patient", "password": "tea-with-the-cat", "name": "Amina Diallo",
         "fhirUser": "Patient/amina", "patients": ["amina"]},
        {"username": "newcomer", "password": "first-day-at-work", "name": "Dr. Jun Abe",
         "fhirUser": "Practitioner/abe", "patients": []},
    ]
    write_json(folder / "clients.json", client_list)
    write_json(folder / "users.json", users)
    write_records(folder / "fhir")
    return {
        "ehrOrigin": f"http://127.0.0.1:{ports['ehr']}",
        "clients": {client["client_id"]: client for client in client_list},
        "users": {user["username"]: user for user in users},
        "keys": {name: pair["private"] for name, pair in keys.items()},
        "patients": {
            patient_id: {"family": family, "birthDate": birth_date, "vitalSigns": vitals, "observations": vitals + results}
            for patient_id, family, _, _, birth_date, vitals, results in PATIENTS},
    }


def clients(ports, keys):
    def client(client_id, name, **metadata):
        return {"client_id": client_id, "client_name": name, "grant_types": GRANTS, "response_types": ["code"],
                "token_endpoint_auth_method": "none", "scope": SCOPE, **metadata}

    def web(name):
        return {"application_type": "web", "redirect_uris": [f"http://127.0.0.1:{ports[name]}/callback"]}

    native = {"application_type": "native", "redirect_uris": ["http://127.0.0.1/callback"]}
    return [
        client("browser", "Chart in a browser", application_type="web", redirect_uris=[f"http://127.0.0.1:{ports['app']}/"],
               initiate_login_uri=f"http://127.0.0.1:{ports['app']}/launch.html"),
        {"client_id": "ehr", "client_name": "The EHR", "grant_types": ["client_credentials"], "scope": "__launch.create",
         "token_endpoint_auth_method": "client_secret_basic", "client_secret": secrets.token_urlsafe(32)},
        client("native", "Chart on a phone", **native),
        client("secret-basic", "Chart on a server", token_endpoint_auth_method="client_secret_basic",
               client_secret=secrets.token_urlsafe(32), **web("basic")),
        client("secret-post", "Chart on an old server", token_endpoint_auth_method="client_secret_post",
               client_secret=secrets.token_urlsafe(32), **web("post")),
        client("key-es384", "Chart with an elliptic key", token_endpoint_auth_method="private_key_jwt",
               jwks={"keys": [keys["es384"]["public"]]}, **web("es384")),
        client("key-rs384", "Chart with an RSA key", token_endpoint_auth_method="private_key_jwt",
               jwks={"keys": [keys["rs384"]["public"]]}, **web("rs384")),
        *(service(f"service-{name}", token_endpoint_auth_method="private_key_jwt", scope="system/*.rs",
                  jwks={"keys": [keys[name]["public"]]}) for name in ("es384", "rs384")),
        service("resource-server", client_secret=secrets.token_urlsafe(32), scope="__token.introspect", smart_introspect=True),
    ]


def service(client_id, **metadata):
    """A client without users."""
    return {"client_id": client_id, "grant_types": ["client_credentials"], **metadata}


def write_records(folder):
    write_ndjson(folder / "Patient.ndjson", [
        {"resourceType": "Patient", "id": patient_id, "gender": gender, "birthDate": birth_date, "active": True,
         "identifier": [{"system": "urn:example:mrn", "value": f"MRN-{number:04}"}],
         "name": [{"use": "official", "family": family, "given": [given]}]}
        for number, (patient_id, family, given, gender, birth_date, *_) in enumerate(PATIENTS, start=1)])
    write_ndjson(folder / "Encounter.ndjson", [
        {"resourceType": "Encounter", "id": f"{patient_id}-visit", "status": "finished", "subject": {"reference": f"Patient/{patient_id}"},
         "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}, "type": [{"text": "Check-up"}],
         "period": {"start": "2026-01-12T09:00:00Z", "end": "2026-01-12T09:40:00Z"}}
        for patient_id in ("amina", "bruno")])
    write_ndjson(folder / "Practitioner.ndjson", [
        {"resourceType": "Practitioner", "id": practitioner_id, "name": [{"family": family, "given": [given], "prefix": ["Dr."]}]}
        for practitioner_id, family, given in [("moreau", "Moreau", "Ines"), ("abe", "Abe", "Jun")]])
    write_ndjson(folder / "Observation.ndjson", [
        observation(patient_id, kind, number)
        for patient_id, *_, vitals, results in PATIENTS
        for kind, count in (("pulse", vitals), ("glucose", results))
        for number in range(count)])


def observation(patient_id, kind, number):
    category, code, display, value, unit = {
        "pulse": ("vital-signs", "8867-4", "Heart rate", 64, "/min"),
        "glucose": ("laboratory", "2339-0", "Glucose [Mass/volume] in Blood", 92, "mg/dL"),
    }[kind]
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation", "id": f"{patient_id}-{kind}-{number}", "status": "final",
        "category": [{"coding": [{"system": system, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
        "subject": {"reference": f"Patient/{patient_id}"}, "effectiveDateTime": f"2026-0{number + 1}-12T09:30:00Z",
        "valueQuantity": {"value": value + number, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


def made_keys(node):
    """A fresh key pair for each algorithm, as JWKs: no private key is ever committed."""
    script = Path(__file__).parent / "make-keys.mjs"
    return json.loads(subprocess.run([node, script], check=True, capture_output=True, text=True).stdout)


def free_ports(names):
    """Ports for the redirect URIs of web clients, which match exactly and so must be known before the seed is written."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: bound.getsockname()[1] for name, bound in zip(names, sockets)}
    for bound in sockets:
        bound.close()
    return ports


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_ndjson(path, resources):
    path.write_text("".join(json.dumps(resource) + "\n" for resource in resources))
