"""The API: the Routers' own paths, sent whole to the functions."""

import re
import unittest

import source_code as code
from template import FUNCTIONS, deployed, written


def route_key(path):
    """axum's `/fhir/{*path}` is the API's `/fhir/{path+}`."""
    return "ANY " + re.sub(r"\{\*(\w+)\}", r"{\1+}", path)


class Routes(unittest.TestCase):
    def test_the_routes_are_those_of_the_routers(self):
        stack = deployed()
        integrations = stack.of_type("AWS::ApiGatewayV2::Integration")
        found = {}
        for route in stack.of_type("AWS::ApiGatewayV2::Route").values():
            integration = re.fullmatch(r"integrations/\$\{(\w+)\}", route["Target"])[1]
            found.setdefault(integrations[integration]["IntegrationUri"], set()).add(route["RouteKey"])
        for function, name in FUNCTIONS.items():
            with self.subTest(function):
                paths = code.routes_of(function)
                self.assertTrue(paths)
                self.assertEqual(found.pop(f"${{{name}Function.Arn}}"), {route_key(path) for path in paths})
        self.assertEqual(found, {})

    def test_the_registration_endpoint_has_a_route_where_it_is_turned_on(self):
        routes = [deployed(**parameters).of_type("AWS::ApiGatewayV2::Route") for parameters in ({}, {"RegistrationTokenSha256": "ab" * 32})]
        more = [route for name, route in routes[1].items() if name not in routes[0]]
        self.assertEqual([route["RouteKey"] for route in more], [route_key(path) for path in code.optional_routes_of("token")])
        self.assertEqual([route["Target"] for route in more], ["integrations/${TokenIntegration}"])

    def test_no_route_stands_twice(self):
        keys = [route["RouteKey"] for route in deployed(RegistrationTokenSha256="ab" * 32).of_type("AWS::ApiGatewayV2::Route").values()]
        self.assertEqual(len(keys), len(set(keys)))

    def test_integrations_are_explicit_and_pass_requests_on_as_they_came(self):
        for name, integration in deployed().of_type("AWS::ApiGatewayV2::Integration").items():
            with self.subTest(name):
                self.assertEqual(integration["IntegrationType"], "AWS_PROXY")
                self.assertEqual(integration["PayloadFormatVersion"], "2.0")
                self.assertEqual(set(integration), {"ApiId", "IntegrationType", "IntegrationUri", "PayloadFormatVersion"})
        functions = [r for r in written()["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
        self.assertEqual(len(functions), 4)
        self.assertFalse([f for f in functions if "Events" in f["Properties"]])

    def test_the_functions_answer_cors_and_the_api_does_not(self):
        (api,) = deployed().of_type("AWS::ApiGatewayV2::Api").values()
        self.assertEqual(api["ProtocolType"], "HTTP")
        self.assertNotIn("CorsConfiguration", api)

    def test_the_api_may_call_each_function_and_nobody_else_may(self):
        stack = deployed()
        permissions = stack.of_type("AWS::Lambda::Permission")
        self.assertEqual({p["FunctionName"] for p in permissions.values()}, {f"${{{n}Function}}" for n in FUNCTIONS.values()})
        for permission in permissions.values():
            self.assertEqual(permission["Principal"], "apigateway.amazonaws.com")
            self.assertRegex(permission["SourceArn"], r":\$\{HttpApi\}/\$default/\*$")

    def test_the_stage_deploys_by_itself_and_is_throttled(self):
        (stage,) = deployed(ThrottlingRate="7", ThrottlingBurst="9").of_type("AWS::ApiGatewayV2::Stage").values()
        self.assertEqual((stage["StageName"], stage["AutoDeploy"]), ("$default", True))
        settings = stage["DefaultRouteSettings"]
        self.assertEqual((settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]), ("7", "9"))
        self.assertNotIn("DetailedMetricsEnabled", settings)  # paid for by route, and asked for by nobody


class Functions(unittest.TestCase):
    def test_programs_of_ours_on_the_tested_platform(self):
        stack = deployed()
        for name in FUNCTIONS.values():
            function = stack[f"{name}Function"]
            self.assertEqual((function["Runtime"], function["Handler"]), ("provided.al2023", "bootstrap"))
            self.assertEqual(function["Architectures"], ["x86_64"])
            self.assertEqual(function["TracingConfig"], {"Mode": "Active"})
            self.assertNotIn("ReservedConcurrentExecutions", function)
            self.assertEqual(written()["Resources"][f"{name}Function"]["Metadata"], {"BuildMethod": "makefile"})

    def test_size_and_limits_are_parameters(self):
        stack = deployed(Architecture="arm64", MemorySize="256", AuthorizeMemorySize="2048", Timeout="12", ReservedConcurrency="3", Tracing="PassThrough")
        for name in FUNCTIONS.values():
            function = stack[f"{name}Function"]
            self.assertEqual(function["Architectures"], ["arm64"])
            self.assertEqual(function["MemorySize"], "2048" if name == "Authorize" else "256")
            self.assertEqual((function["Timeout"], function["ReservedConcurrentExecutions"]), ("12", "3"))
            self.assertEqual(function["TracingConfig"], {"Mode": "PassThrough"})


if __name__ == "__main__":
    unittest.main()
