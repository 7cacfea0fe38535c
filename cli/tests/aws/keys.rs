//! A rotation of the signing key: three updates of the stack, none before its time.

use std::path::Path;

use serde_json::Value;
use smart_aws::emulator;

use crate::command::{Said, smart};

fn key(stack: &str, arguments: &[&str]) -> Said {
    smart(Path::new("."), &[&["key"], arguments, &["--aws", stack]].concat())
}

/// Slots and roles, in the order in which they are listed, and the `kid`s.
fn slots(stack: &str) -> (Vec<String>, Vec<String>) {
    let keys: Vec<Value> = serde_json::from_str(&key(stack, &["list", "--json"]).well()).unwrap();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let slots = keys.iter().map(|key| format!("{} {}", text(key, "slot"), text(key, "state"))).collect();
    (slots, keys.iter().map(|key| text(key, "kid")).collect())
}

#[tokio::test]
async fn sec_15_a_rotation_publishes_signs_and_retires_and_waits_in_between() {
    let stack = emulator::stack(&[("PublicUrl", "https://smart.example"), ("Other", "mine")]).await.unwrap();
    let (before, old) = slots(&stack);
    assert_eq!(before, ["A signs"]);

    // A second later, so that the new key is the newer one.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let said = key(&stack, &["rotate"]).well();
    assert!(
        said.starts_with("published: slot B holds a new key\nnext: sign with the key of slot B, from 20"),
        "{said}"
    );
    let (published, kids) = slots(&stack);
    assert_eq!((published, &kids[0]), (vec!["A signs".to_owned(), "B published".to_owned()], &old[0]));
    let new = &kids[1];
    assert_ne!(*new, old[0]);

    let early = key(&stack, &["rotate"]);
    assert_eq!(early.code, 2);
    assert!(early.err.starts_with("smart: too early: next: sign with the key of slot B"), "{early:?}");
    assert_eq!(slots(&stack).0, ["A signs", "B published"], "nothing was changed");

    let said = key(&stack, &["rotate", "--without-waiting"]).well();
    assert!(said.starts_with("signs: the key of slot B\nnext: retire the key of slot A, from 20"), "{said}");
    assert_eq!(
        slots(&stack),
        (vec!["B signs".to_owned(), "A published".to_owned()], vec![new.clone(), old[0].clone()])
    );
    let early = key(&stack, &["rotate"]);
    assert_eq!(early.code, 2);
    assert!(early.err.contains("too early: next: retire the key of slot A"), "{early:?}");

    let said = key(&stack, &["rotate", "--without-waiting"]).well();
    assert!(
        said.starts_with(
            "retired: the key of slot A\nThe rotation is done. The old key is deleted in 30 days"
        ),
        "{said}"
    );
    assert_eq!(slots(&stack), (vec!["B signs".to_owned()], vec![new.clone()]));
    let listed = key(&stack, &["list"]);
    assert!(listed.err.starts_with("next: publish a new key in slot A"), "{listed:?}");

    // Whatever else the stack was given is as it was.
    let client = emulator::sdk().await.unwrap().cloudformation();
    let found = client.describe_stacks().stack_name(&stack).send().await.unwrap().stacks.unwrap();
    let outputs = found[0].outputs();
    assert!(
        outputs
            .iter()
            .any(|output| output.output_key() == Some("Other") && output.output_value() == Some("mine"))
    );
}
