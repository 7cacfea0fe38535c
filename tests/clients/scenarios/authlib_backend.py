"""PyPI `authlib`: a service without users (SMART Backend Services), and a resource server that asks about tokens."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

import requests  # noqa: E402
from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign  # noqa: E402
from joserfc.jwk import ECKey, RSAKey  # noqa: E402
from stage import check, finish, same, stage  # noqa: E402

ENDPOINTS = requests.get(f"{stage['fhir']}/.well-known/smart-configuration", timeout=10).json()
PATIENTS = sorted(stage["patients"])


class ShortLived(PrivateKeyJWT):
    """The library's assertions live an hour, and SMART allows five minutes: its own signer takes the lifetime."""

    def sign(self, auth, token_endpoint):
        return private_key_jwt_sign(
            auth.client_secret, client_id=auth.client_id, token_endpoint=token_endpoint,
            header=dict(self.headers), alg=self.alg, expires_in=240)


def service(name, scope):
    """A session of `service-es384` or `service-rs384`. At each endpoint its assertion is made out to that very endpoint."""
    key = stage["keys"][name]
    imported = (ECKey if name.startswith("es") else RSAKey).import_key(key)
    session = OAuth2Session(
        f"service-{name}", imported, scope=scope, token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(ShortLived(headers={"kid": key["kid"]}, alg=name.upper()))
    return session


def read(session, path):
    return session.get(f"{stage['fhir']}/{path}")


def found(session, path):
    bundle = read(session, path).json()
    return sorted(entry["resource"]["id"] for entry in bundle.get("entry", []))


for algorithm in ("es384", "rs384"):

    @check(f"{algorithm}: a token for system/*.rs, the records of all patients, introspection, revocation")
    def _(algorithm=algorithm):
        session = service(algorithm, "system/*.rs")
        token = session.fetch_token(ENDPOINTS["token_endpoint"], grant_type="client_credentials")
        same(sorted(set(token) - {"expires_at"}), ["access_token", "expires_in", "scope", "token_type"])
        same((token["scope"], token["expires_in"] <= 300), ("system/*.rs", True))
        same(found(session, "Patient"), PATIENTS)
        same(read(session, "Patient/bruno").json()["name"][0]["family"], "Keller")

        told = session.introspect_token(ENDPOINTS["introspection_endpoint"], token["access_token"]).json()
        same((told["active"], told["client_id"], told["sub"]), (True, f"service-{algorithm}", f"service-{algorithm}"))
        same(told["scope"], token["scope"])

        same(session.revoke_token(ENDPOINTS["revocation_endpoint"], token["access_token"]).status_code, 200)
        same(read(session, "Patient/bruno").status_code, 401)
        told = session.introspect_token(ENDPOINTS["introspection_endpoint"], token["access_token"]).json()
        same(told, {"active": False})


@check("v1 and granular scopes open just what they say")
def _():
    session = service("es384", "system/Observation.read")
    session.fetch_token(ENDPOINTS["token_endpoint"], grant_type="client_credentials")
    same(session.token["scope"], "system/Observation.read")
    same(read(session, "Patient/bruno").status_code, 403)

    laboratory = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    session = service("rs384", f"system/Observation.rs?category={laboratory}")
    session.fetch_token(ENDPOINTS["token_endpoint"], grant_type="client_credentials")
    same(found(session, "Observation"), ["bruno-glucose-0"])


@check("what was not registered is refused in words")
def _():
    session = service("es384", "patient/*.rs")
    try:
        session.fetch_token(ENDPOINTS["token_endpoint"], grant_type="client_credentials")
    except OAuthError as error:
        same((error.error, "system/" in error.description), ("invalid_scope", True))
    else:
        raise AssertionError("a scope of users was granted without one")


@check("a resource server asks about the tokens of all clients, by its secret and by a token of its own")
def _():
    asked = service("es384", "system/Patient.rs")
    token = asked.fetch_token(ENDPOINTS["token_endpoint"], grant_type="client_credentials")["access_token"]
    client = stage["clients"]["resource-server"]
    server = OAuth2Session(client["client_id"], client["client_secret"], scope="__token.introspect")
    told = server.introspect_token(ENDPOINTS["introspection_endpoint"], token).json()
    same((told["active"], told["client_id"]), (True, "service-es384"))
    server.fetch_token(ENDPOINTS["token_endpoint"], grant_type="client_credentials")
    told = server.post(ENDPOINTS["introspection_endpoint"], data={"token": token}).json()
    same((told["active"], told["client_id"]), (True, "service-es384"))
    # By a token without the scope for it.
    same(asked.post(ENDPOINTS["introspection_endpoint"], data={"token": token}).status_code, 401)


finish()
