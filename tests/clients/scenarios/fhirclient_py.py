"""PyPI `fhirclient`: finds the endpoints in the CapabilityStatement alone, and sends more in a token request than it must."""

import json
import logging
import sys
from pathlib import Path
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from fhirclient.client import FHIRClient  # noqa: E402
from fhirclient.models.bundle import Bundle  # noqa: E402
from fhirclient.models.observation import Observation  # noqa: E402
from forms import Browser  # noqa: E402
from stage import check, finish, same, stage  # noqa: E402

logging.disable(logging.WARNING)  # it warns of every ID token that it does not use
SCOPE = "openid fhirUser offline_access patient/Patient.rs patient/Observation.rs"


def authorized(client_id, user, patient):
    """A client that went through the pages. `prepare` parses our CapabilityStatement strictly, as R4."""
    registered = stage["clients"][client_id]
    client = FHIRClient(settings={
        "app_id": client_id, "app_secret": registered.get("client_secret"), "api_base": stage["fhir"],
        "redirect_uri": registered["redirect_uris"][0], "scope": SCOPE})
    client.prepare()
    url = client.authorize_url
    client.handle_callback(Browser(stage["base"]).approve(url, stage["users"][user], patient))
    return client


def reads(client, patient):
    expected = stage["patients"][patient]
    client._patient = None  # the library keeps what it read once
    same(client.patient.name[0].family, expected["family"])
    same(client.patient.birthDate.isostring, expected["birthDate"])
    found = list(Observation.where({"patient": patient}).perform_resources(client.server))
    same(len(found), expected["observations"])


@check("public client with PKCE: a clinician chooses, the library reads, refreshes and reads again")
def _():
    client = authorized("native", "clinician", "bruno")
    same(client.launch_context["patient"], "bruno")
    reads(client, "bruno")
    before = client.server.auth.access_token, client.server.auth.refresh_token
    same(client.reauthorize(), True)
    after = client.server.auth.access_token, client.server.auth.refresh_token
    same([old == new for old, new in zip(before, after)], [False, False])
    reads(client, "bruno")


@check("public client with PKCE: a patient reads the own record, unasked")
def _():
    client = authorized("native", "patient", None)
    same(client.patient_id, "amina")
    reads(client, "amina")


@check("confidential client: Basic, with client_id in the body as well")
def _():
    client = authorized("secret-basic", "clinician", "amina-h")
    reads(client, "amina-h")
    same(client.reauthorize(), True)
    reads(client, "amina-h")


@check("the Bundle of user-access brands is R4, by the library's strict models")
def _():
    with urlopen(f"{stage['fhir']}/.well-known/smart-configuration") as answer:
        configuration = json.load(answer)
    with urlopen(configuration["user_access_brand_bundle"]) as answer:
        bundle = Bundle(json.load(answer), strict=True)  # raises for an element that is unknown, missing or of another type
    resources = [entry.resource for entry in bundle.entry]
    same(sorted({resource.resource_type for resource in resources}), ["Endpoint", "Organization"])
    (primary,) = [r for r in resources if r.resource_type == "Organization" and configuration["user_access_brand_identifier"] in [i.as_json() for i in r.identifier]]
    same([e.address for e in resources if f"{e.resource_type}/{e.id}" in [known.reference for known in primary.endpoint]], [stage["fhir"]])


finish()
