//! A stack without credentials for AWS: one line that says what is missing, and nothing sent to AWS.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::command::{Said, smart_in};

/// `smart client list` on a stack, with these variables and none else of AWS's.
fn listed(folder: &Path, variables: &[(&str, &str)]) -> Said {
    let nowhere = folder.join("nowhere").display().to_string();
    let mut all = vec![
        ("HOME", folder.to_str().unwrap()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_CONFIG_FILE", &nowhere),
        ("AWS_SHARED_CREDENTIALS_FILE", &nowhere),
        // Whatever is asked all the same is asked here, where nobody answers.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ];
    all.extend(variables);
    smart_in(folder, &["client", "list", "--aws", "smart"], "", &all)
}

fn is_refused_in_one_line(said: &Said) {
    assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (2, "", 1), "{said:?}");
}

#[test]
fn no_credentials_are_told_in_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    // On AWS's own machines it would be asked for credentials; on others an address like it is nobody's, or never answers.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    for metadata in [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &silent),
    ] {
        let said = listed(folder.path(), &[metadata]);
        is_refused_in_one_line(&said);
        assert_eq!(
            said.err,
            "smart: AWS: no credentials: sign in (aws sso login) and name the profile in AWS_PROFILE, or set \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"
        );
    }
}

#[test]
fn credentials_that_cannot_be_had_are_told_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, "[profile broken]\ncredential_process = false\n").unwrap();
    let variables = [
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_PROFILE", "broken"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let said = listed(folder.path(), &variables);
    is_refused_in_one_line(&said);
    assert!(said.err.starts_with("smart: AWS: the credentials cannot be had: "), "{said:?}");
}

#[test]
fn with_credentials_it_is_the_connection_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let said =
        listed(folder.path(), &[("AWS_ACCESS_KEY_ID", "an-id"), ("AWS_SECRET_ACCESS_KEY", "a-secret")]);
    assert_eq!((said.code, said.err.lines().count()), (1, 1), "{said:?}");
    assert!(said.err.contains("DescribeStacks: no connection"), "{said:?}");
}
