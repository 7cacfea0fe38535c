"""Where the service is: the issuer, a domain, CloudFront; and that there is one way in."""

import os
import re
import sys
import types
import unittest
from unittest import mock

from template import FUNCTIONS, INFRA, deployed, written

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/c"
DOMAIN = {"DomainName": "auth.example.org", "CertificateArn": CERTIFICATE}


def issuers(stack):
    return {stack[f"{name}Function"]["Environment"]["Variables"]["SMART_PUBLIC_URL"] for name in FUNCTIONS.values()}


class Issuer(unittest.TestCase):
    def test_all_functions_and_the_outputs_agree_on_it(self):
        execute_api = "${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
        for parameters, host in [
            ({}, f"https://{execute_api}"),
            (DOMAIN, "https://auth.example.org"),
            ({"CloudFront": "true", **DOMAIN}, "https://auth.example.org"),
            ({"PublicUrl": "http://localhost:4566", **DOMAIN}, "http://localhost:4566"),
        ]:
            with self.subTest(parameters):
                stack = deployed(**parameters)
                self.assertEqual(issuers(stack), {host})
                self.assertEqual((stack.outputs["Issuer"], stack.outputs["FhirBase"]), (host, f"{host}/fhir"))


class OneWayIn(unittest.TestCase):
    def test_with_a_domain_the_default_endpoint_is_off(self):
        # TOK-29, BACK-14, USC-12, ONC-15: nothing below TLS 1.2 is spoken; the default endpoint speaks nothing else.
        self.assertIs(deployed()["HttpApi"]["DisableExecuteApiEndpoint"], False)
        stack = deployed(**DOMAIN)
        self.assertIs(stack["HttpApi"]["DisableExecuteApiEndpoint"], True)
        (configuration,) = stack["Domain"]["DomainNameConfigurations"]
        self.assertEqual(configuration, {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"})
        self.assertEqual(stack["DomainMapping"]["Stage"], "$default")
        self.assertNotIn("ApiMappingKey", stack["DomainMapping"])  # paths stay as they are
        self.assertEqual(stack.outputs["DomainTarget"], "${Domain.RegionalDomainName}")

    def test_behind_cloudfront_the_default_endpoint_is_its_way_in_and_nobody_elses(self):
        stack = deployed(CloudFront="true", **DOMAIN)
        self.assertIs(stack["HttpApi"]["DisableExecuteApiEndpoint"], False)
        (origin,) = stack["Distribution"]["DistributionConfig"]["Origins"]
        self.assertEqual(origin["DomainName"], "${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}")
        self.assertEqual(origin["CustomOriginConfig"]["OriginSSLProtocols"], ["TLSv1.2"])
        self.assertNotIn("Domain", stack.resources)

    def test_dns_is_written_only_where_it_is_ours(self):
        self.assertNotIn("DomainRecord", deployed(**DOMAIN).resources)
        self.assertIn("DomainRecord", deployed(HostedZoneId="Z1", **DOMAIN).resources)
        front = deployed(HostedZoneId="Z1", CloudFront="true", **DOMAIN)
        self.assertNotIn("DomainRecord", front.resources)
        records = [front["DistributionRecord"], front["DistributionRecordIpv6"]]
        self.assertEqual([record["Type"] for record in records], ["A", "AAAA"])
        self.assertEqual({record["AliasTarget"]["DNSName"] for record in records}, {"${Distribution.DomainName}"})
        self.assertIs(front["Distribution"]["DistributionConfig"]["IPV6Enabled"], True)

    def test_behind_cloudfront_every_route_asks_whether_the_request_came_through_it(self):
        for route in deployed().of_type("AWS::ApiGatewayV2::Route").values():
            self.assertEqual(route["AuthorizationType"], "NONE")
            self.assertNotIn("AuthorizerId", route)
        stack = deployed(CloudFront="true")
        for route in stack.of_type("AWS::ApiGatewayV2::Route").values():
            self.assertEqual((route["AuthorizationType"], route["AuthorizerId"]), ("CUSTOM", "${OriginAuthorizer}"))
        header = stack["Distribution"]["DistributionConfig"]["Origins"][0]["OriginCustomHeaders"][0]
        self.assertEqual(stack["OriginAuthorizer"]["IdentitySource"], [f"$request.header.{header['HeaderName']}"])
        self.assertEqual(header["HeaderValue"], "{{resolve:secretsmanager:${OriginSecret}}}")
        self.assertEqual(stack.statements("OriginPolicy")["Secret"]["Resource"], "${OriginSecret}")

    def test_nothing_of_cloudfront_exists_without_it(self):
        self.assertFalse([name for name in deployed().resources if name.startswith(("Origin", "Distribution", "Viewer"))])

    def test_cloudfronts_word_for_an_address_is_taken_only_behind_it(self):
        for parameters, told in ({}, None), (DOMAIN, None), ({"CloudFront": "true"}, "true"), ({"CloudFront": "true", **DOMAIN}, "true"):
            stack = deployed(**parameters)
            for name in FUNCTIONS.values():
                with self.subTest(parameters, function=name):
                    self.assertEqual(stack[f"{name}Function"]["Environment"]["Variables"].get("SMART_BEHIND_CLOUDFRONT"), told)

    def test_cloudfront_tells_whose_request_it_is_whatever_the_viewer_says(self):
        stack = deployed(CloudFront="true")
        behavior = stack["Distribution"]["DistributionConfig"]["DefaultCacheBehavior"]
        self.assertEqual(behavior["FunctionAssociations"], [{"EventType": "viewer-request", "FunctionARN": "${ViewerAddress.FunctionMetadata.FunctionARN}"}])
        # All headers go on, the one that is set here too; Host alone does not.
        self.assertEqual(behavior["OriginRequestPolicyId"], "b689b0a8-53d0-40ab-baf2-68738e2966ac")
        function = stack["ViewerAddress"]
        self.assertIs(function["AutoPublish"], True)
        header = re.search(r'const VIEWER_ADDRESS: &str = "([a-z-]+)"', (INFRA.parent / "shared/web/src/lambda/event.rs").read_text())[1]
        # Set and not added, on every request: no condition, and no look at what was sent.
        self.assertEqual(function["FunctionCode"].split(), f'''function handler(event) {{ var request = event.request;
            request.headers["{header}"] = {{ value: event.viewer.ip }}; return request; }}'''.split())

    def test_cloudfront_caches_nothing_and_takes_no_plain_http(self):
        stack = deployed(CloudFront="true", WebAclArn="arn:aws:wafv2:us-east-1:000000000000:global/webacl/w/1", **DOMAIN)
        config = stack["Distribution"]["DistributionConfig"]
        behavior = config["DefaultCacheBehavior"]
        self.assertEqual(behavior["ViewerProtocolPolicy"], "https-only")
        self.assertEqual(behavior["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad")
        self.assertEqual(config["Origins"][0]["CustomOriginConfig"]["OriginProtocolPolicy"], "https-only")
        self.assertEqual(config["ViewerCertificate"]["MinimumProtocolVersion"], "TLSv1.2_2021")  # TOK-29, BACK-14
        self.assertEqual(config["Aliases"], ["auth.example.org"])
        self.assertTrue(config["WebACLId"].endswith("/w/1"))
        self.assertNotIn("Logging", config)  # its logs hold query strings


class OriginFunction(unittest.TestCase):
    """The few lines of Python in the template, run."""

    def setUp(self):
        client = mock.Mock()
        client.get_secret_value.return_value = {"SecretString": "s3cr3t"}
        boto3 = types.SimpleNamespace(client=lambda service: client)
        self.namespace = {}
        with mock.patch.dict(sys.modules, boto3=boto3), mock.patch.dict(os.environ, SECRET="arn"):
            exec(written()["Resources"]["OriginFunction"]["Properties"]["Code"]["ZipFile"], self.namespace)
        client.get_secret_value.assert_called_once_with(SecretId="arn")

    def authorized(self, headers):
        return self.namespace["handler"]({"headers": headers}, None)

    def test_only_the_secret_itself_opens(self):
        self.assertEqual(self.authorized({"x-origin-verify": "s3cr3t"}), {"isAuthorized": True})
        for sent in ("", "s3cr3", "s3cr3t ", "S3CR3T", "ä"):
            self.assertEqual(self.authorized({"x-origin-verify": sent}), {"isAuthorized": False}, sent)
        self.assertEqual(self.authorized({}), {"isAuthorized": False})


if __name__ == "__main__":
    unittest.main()
