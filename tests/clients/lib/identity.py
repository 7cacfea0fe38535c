"""What the server is told of identity providers, which the scenario starts itself: real ones, on ports that are fixed beforehand."""

import json
import secrets

import seed


def write(folder, stage):
    """Writes the file of providers, their secret, and a user who is registered under issuer and subject; returns what the scenario needs."""
    ports = seed.free_ports(["hospital", "practice", "asleep"])
    # Another host than the server's, so that coming back from there is a navigation from another site.
    issuers = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    secret = secrets.token_urlsafe(32)
    secret_file = folder / "hospital-secret"
    secret_file.write_text(secret + "\n")
    claims = {"fhirUser": "fhirUser", "patients": "/smart/patients"}
    providers = folder / "providers.json"
    seed.write_json(providers, [
        {"id": "hospital", "name": "Hospital account", "issuer": issuers["hospital"], "client_id": "smart",
         "client_secret": f"file:{secret_file}"},
        {"id": "practice", "name": "Practice account", "issuer": issuers["practice"], "client_id": "smart",
         "scope": "openid profile smart", "claims": claims},
        {"id": "asleep", "name": "Sleepy account", "issuer": issuers["asleep"], "client_id": "smart"},
    ])
    users_file = folder / "users.json"
    users = json.loads(users_file.read_text())
    registered = {"external": {"issuer": issuers["hospital"], "subject": "moreau@hospital"}, "name": "Dr. Ines Moreau",
                  "fhirUser": "Practitioner/moreau", "patients": "*"}
    seed.write_json(users_file, [*users, registered])
    arguments = ["--login-providers", str(providers), "--local-users", "true"]
    return arguments, stage | {"issuers": issuers, "secret": secret}
