//! What is not published: where it stands, and what was expected. Each value is what somebody who may write the file, or who fills a
//! form that it is made of, could try.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn faults(file: &Value) -> Vec<String> {
    read(file).expect_err("faults")
}

#[track_caller]
fn refuses(pointer: &str, values: &[Value], fault: &str) {
    for value in values {
        assert_eq!(faults(&with(most(), pointer, value.clone())), [fault], "{value}");
    }
}

/// BRANDS-09: of developers' pages; here of all links.
#[test]
fn brands_09_links_are_https_and_lead_where_they_seem_to() {
    let long = format!("https://example.org/{}", "x".repeat(2000));
    let hostile = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "http://example.org",
        "http://localhost:8080",
        "ftp://example.org",
        "file:///etc/passwd",
        "//example.org",
        "example.org",
        "https:example.org",
        "https:/example.org",
        "https:\\\\example.org",
        "https://",
        "https://example.org@evil.example",
        "https://user:password@example.org",
        "https://example.org\\@evil.example",
        " https://example.org",
        "https://example.org\u{0}",
        "https://exa\tmple.org",
        "https://example.org/\r\nSet-Cookie: a=b",
        "https://exa mple.org",
        "",
        long.as_str(),
    ];
    let hostile = hostile.map(Value::from);
    for pointer in [
        "/endpoint/contact/0",
        "/brand/0/website",
        "/brand/0/logo",
        "/brand/0/logoLicense",
        "/brand/0/portal/0/url",
        "/brand/0/portal/0/logo",
        "/brand/0/portal/0/logoLicense",
    ] {
        let path = path_of(pointer);
        refuses(pointer, &hostile, &format!("{path}: expected a URL: https://HOST, and a path perhaps"));
    }
}

/// `/brand/0/portal/1/url` is `brand[0].portal[1].url`.
fn path_of(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    parts.fold(String::new(), |path, part| match part.parse::<usize>() {
        Ok(i) => format!("{path}[{i}]"),
        Err(_) if path.is_empty() => part.to_owned(),
        Err(_) => format!("{path}.{part}"),
    })
}

#[test]
fn names_are_one_line_that_hides_nothing() {
    let long = "x".repeat(201);
    let hostile = [
        "",
        " ",
        " Example",
        "Example ",
        "Exa\nmple",
        "Exa\u{0}mple",
        "Exa\u{1b}[31mmple",
        "Exa\u{7f}mple",
        "Exa\u{85}mple",
        "\u{202e}elpmaxE",
        "Example\u{2066}",
        long.as_str(),
    ];
    let hostile = hostile.map(Value::from);
    for pointer in [
        "/endpoint/name",
        "/brand/0/name",
        "/brand/0/alias/1",
        "/brand/0/identifier/1/value",
        "/brand/0/address/0/line/1",
        "/brand/0/address/0/city",
        "/brand/0/address/0/state",
        "/brand/0/address/0/postalCode",
        "/brand/0/portal/0/name",
    ] {
        let fault = "expected 1 to 200 characters in one line, without spaces around them";
        refuses(pointer, &hostile, &format!("{}: {fault}", path_of(pointer)));
    }
}

#[test]
fn a_description_becomes_no_tag_and_no_link() {
    let long = "x".repeat(2001);
    let hostile = [
        "<script>alert(1)</script>",
        "<javascript:alert(1)>",
        "[click](javascript:alert(1))",
        "![](https://evil.example/pixel.png)",
        "[a]: javascript:alert(1)",
        "a\u{0}b",
        "a\r\nb",
        "a\u{202e}b",
        "\n",
        long.as_str(),
    ];
    let fault =
        "brand[0].portal[0].description: expected 1 to 2000 characters of plain text, without <, [ and ]";
    refuses("/brand/0/portal/0/description", &hostile.map(Value::from), fault);
}

/// BRANDS-10
#[test]
fn brands_10_identifiers_are_a_system_and_a_value_that_fits_it() {
    let hostile = [
        "javascript:alert(1)",
        "npi",
        "",
        "ftp://example.org",
        "http://exa mple.org",
        "urn:\u{e9}",
        "data:,x",
    ];
    let fault = "brand[0].identifier[0].system: expected a URI, such as http://hl7.org/fhir/sid/us-npi";
    refuses("/brand/0/identifier/0/system", &hostile.map(Value::from), fault);
    let hostile = ["javascript:alert(1)", "http://example.org", "example.org", "data:,x"];
    let fault = "brand[0].identifier[0].value: expected https://HOST or urn:…, as the system says";
    refuses("/brand/0/identifier/0/value", &hostile.map(Value::from), fault);
    let oid = with(most(), "/brand/0/identifier/0/value", "urn:oid:2.999.1".into());
    assert!(read(&oid).is_ok());
    assert_eq!(
        faults(&without(without(most(), "/brand/0/identifier/0/system"), "/brand/0/identifier/1/value")),
        [
            "brand[0].identifier[0].system: expected, and it is missing",
            "brand[0].identifier[1].value: expected, and it is missing"
        ]
    );
    assert_eq!(
        faults(&without(most(), "/brand/1/identifier")),
        ["brand[1].identifier: expected at least one, since there is no website to make it of"]
    );
}

/// BRANDS-13: otherwise several Organizations could be the primary brand.
#[test]
fn brands_13_no_two_brands_are_known_by_the_same() {
    let taken = json!([{ "system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893" }]);
    assert_eq!(
        faults(&with(most(), "/brand/1/identifier", taken)),
        ["brand[1].identifier: expected others: one is brand[0]'s already"]
    );
    // Made of the website.
    let file = without(most(), "/brand/0/identifier");
    assert_eq!(
        faults(&with(file, "/brand/2/website", "https://example.org/labs".into())),
        ["brand[2].identifier: expected others: one is brand[0]'s already"]
    );
    assert_eq!(
        faults(&with(most(), "/brand/2/id", "clinic".into())),
        ["brand[2].id: expected another one: it is taken"]
    );
    // The same value of another system is another identifier.
    let other = json!([{ "system": "https://registry.example.org/clinics", "value": "1234567893" }]);
    assert!(read(&with(most(), "/brand/1/identifier", other)).is_ok());
}

/// BRANDS-11
#[test]
fn brands_11_no_other_reason_for_an_absence() {
    let hostile = ["unknown", "asked", "masked", "not-asked", "ASKED-DECLINED", ""].map(Value::from);
    for pointer in ["/brand/1/website", "/brand/0/portal/1/name", "/brand/0/portal/1/url"] {
        let fault =
            format!("{}.dataAbsentReason: expected asked-declined or asked-unknown", path_of(pointer));
        refuses(&format!("{pointer}/dataAbsentReason"), &hostile, &fault);
    }
    assert_eq!(
        faults(&with(most(), "/brand/0/name", json!({ "dataAbsentReason": "asked-declined" }))),
        ["brand[0].name: expected a text"]
    );
}

/// BRANDS-07: the binding is required. BRANDS-16
#[test]
fn brands_07_and_16_codes_are_those_of_the_value_sets() {
    let fault = "brand[0].type[0]: expected one of prov, ins, laboratory, imaging, pharmacy, health-information-network, \
                 health-data-aggregator";
    refuses("/brand/0/type/0", &["clinical", "dept", "PROV", ""].map(Value::from), fault);
    let fault = "brand[0].address[0].country: expected two letters of ISO 3166-1, such as US or GB";
    refuses("/brand/0/address/0/country", &["USA", "us", "UK", "United States", ""].map(Value::from), fault);
    let fault = "endpoint.status: expected one of active, suspended, error, off, test";
    refuses("/endpoint/status", &["entered-in-error", "Active", ""].map(Value::from), fault);
}

/// BRANDS-06, BRANDS-17
#[test]
fn brands_17_a_hierarchy_has_two_levels_and_the_primary_brand_is_on_the_first() {
    let part_of =
        |i: usize, parent: &str| faults(&with(most(), &format!("/brand/{i}/partOf"), parent.into()));
    assert_eq!(part_of(1, "nowhere"), ["brand[1].partOf: expected the id of another brand"]);
    assert_eq!(part_of(2, "clinic"), ["brand[2].partOf: expected a brand that is itself part of none"]);
    assert_eq!(part_of(1, "clinic"), ["brand[1].partOf: expected a brand that is itself part of none"]);
    let primary = part_of(0, "labs");
    assert_eq!(primary[0], "brand[0].partOf: expected none: the first brand is the primary one");
    assert_eq!(part_of(1, "../labs"), ["brand[1].partOf: expected 1 to 64 letters, digits, '-' or '.'"]);
}

/// BRANDS-01, BRANDS-02
#[test]
fn brands_01_and_02_instants_are_instants_and_the_file_is_as_young_as_its_brands() {
    let hostile = [
        "",
        "yesterday",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-02-30T12:00:00Z",
        "-000001-01-01T00:00:00Z",
    ];
    let fault = "lastUpdated: expected an instant such as 2026-01-31T12:00:00Z";
    refuses("/lastUpdated", &hostile.map(Value::from), fault);
    let fault = "brand[0].lastUpdated: expected no later instant than the file's own";
    refuses("/brand/0/lastUpdated", &["2026-01-31T11:00:01Z".into()], fault);
}

#[test]
fn brands_12_all_that_is_wrong_is_said_at_once_with_its_place() {
    let file = json!({
        "lastUpdated": 1, "brands": [],
        "endpoint": { "contact": [7], "adress": "https://smart.example/fhir" },
        "brand": [
            { "id": "a/b", "name": "x", "website": null, "portal": [{ "description": "x" }, []], "colour\u{1b}": "red" },
            "health",
            { "id": "c", "address": [{}, { "line": "1 Main Street" }], "alias": "x" },
        ],
    });
    insta::assert_snapshot!(faults(&file).join("\n"), @r#"
    brands: expected only lastUpdated, endpoint, brand
    lastUpdated: expected a text
    endpoint.adress: expected only name, status, contact
    endpoint.contact[0]: expected a text
    brand[0].colour\u{1b}: expected only id, lastUpdated, name, website, identifier, type, alias, address, logo, logoLicense, portal, partOf
    brand[0].id: expected 1 to 64 letters, digits, '-' or '.'
    brand[0].website: expected a text
    brand[0].portal[0].name: expected, or a url
    brand[0].portal[1]: expected an object
    brand[1]: expected an object
    brand[2].name: expected, and it is missing
    brand[2].website: expected a URL, or { "dataAbsentReason": "asked-declined" }
    brand[2].alias: expected an array
    brand[2].address[0].country: expected, or another part of an address
    brand[2].address[1].line: expected an array
    "#);
    insta::assert_snapshot!(faults(&json!({ "brand": [] })).join("\n"), @r"
    lastUpdated: expected, and it is missing
    endpoint: expected, and it is missing
    brand: expected an array of at least one
    ");
}

#[test]
fn what_is_no_json_object_or_says_something_twice_is_refused() {
    let read = |text: &str| UserAccessBrands::read(text, &here()).unwrap_err();
    for text in ["", "[]", "{", "{}{}", "{\n\"a\":1,\"a\":2}", &"[".repeat(100_000)] {
        assert!(read(text)[0].starts_with("expected a JSON object, no name in it twice; line "), "{text}");
    }
    let twice = least().to_string().replacen("\"name\"", "\"name\":\"Another\",\"name\"", 1);
    assert!(read(&twice)[0].contains("twice"));
}

#[test]
fn neither_the_file_nor_what_comes_of_it_is_huge() {
    let huge = format!("{}{}", " ".repeat(LONGEST_FILE), least());
    assert_eq!(
        UserAccessBrands::read(&huge, &here()),
        Err(vec!["expected at most 1048576 bytes".to_owned()])
    );
    // A portal is short in the file and long in the Bundle.
    let portals: Vec<Value> = (0..40_000).map(|_| json!({ "name": "x" })).collect();
    let file = with(least(), "/brand/0/portal", portals.into());
    assert!(file.to_string().len() < LONGEST_FILE);
    assert_eq!(faults(&file), ["expected less: the Bundle is longer than 4194304 bytes"]);
}

proptest! {
    #[test]
    fn whatever_a_member_is_the_file_is_refused_or_the_profiles_hold(
        pointer in prop::sample::select(vec![
            "/brand/0/name", "/brand/0/website", "/brand/0/alias/0", "/brand/0/portal/0/url", "/brand/0/portal/0/description",
            "/brand/0/identifier/0/system", "/brand/0/identifier/0/value", "/brand/1/partOf", "/endpoint/contact/0",
            "/lastUpdated", "/brand/0/id",
        ]),
        text in prop_oneof![".{0,40}", "https://[a-z./@:?#\\\\ ]{0,30}", "\\PC{0,20}"],
    ) {
        if let Ok(brands) = read(&with(most(), pointer, text.into())) {
            profiles::hold(brands.bundle());
        }
    }
}
