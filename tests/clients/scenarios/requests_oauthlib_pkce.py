"""PyPI `requests-oauthlib`: the plain public client of many scripts, with PKCE and refresh."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the library refuses http, even on loopback

import requests  # noqa: E402
from forms import Browser  # noqa: E402
from requests_oauthlib import OAuth2Session  # noqa: E402
from stage import check, finish, same, stage  # noqa: E402

SCOPE = ["launch/patient", "openid", "fhirUser", "offline_access", "patient/Patient.rs"]


@check("public client with PKCE: code, read, refresh, read")
def _():
    endpoints = requests.get(f"{stage['fhir']}/.well-known/smart-configuration", timeout=10).json()
    session = OAuth2Session("native", redirect_uri="http://127.0.0.1/callback", scope=SCOPE, pkce="S256")
    url, _ = session.authorization_url(endpoints["authorization_endpoint"], aud=stage["fhir"])
    returned = Browser(stage["base"]).approve(url, stage["users"]["patient"])
    token = session.fetch_token(endpoints["token_endpoint"], authorization_response=returned, include_client_id=True)
    same(token["patient"], "amina")
    same(session.get(f"{stage['fhir']}/Patient/amina").json()["birthDate"], "1984-03-09")

    refreshed = session.refresh_token(endpoints["token_endpoint"], client_id="native")
    same(refreshed["refresh_token"] == token["refresh_token"], False)
    same(session.get(f"{stage['fhir']}/Patient/amina").status_code, 200)


finish()
