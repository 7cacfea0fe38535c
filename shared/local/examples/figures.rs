//! Measures the store on the disk of the working folder: `cargo run --release -p smart-local --example figures`.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a program that measures"
)]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded")]

use std::sync::Arc;
use std::time::Instant as Clock;

use bytes::Bytes;
use smart_core::fhir::record::{Compartments, Direction};
use smart_core::fhir::record::{PatientQuery, RecordQuery};
use smart_core::instant::Instant;
use smart_core::ports::{Patients as _, Records as _, Replay as _, Step};
use smart_core::secret::{Digest, Op};
use smart_core::user::PatientAccess;
use smart_local::{Incoming, LocalStore, SoftwareKey};

const NOW: Instant = Instant::from_unix(1_800_000_000);

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let begun = Clock::now();
    let store = Arc::new(LocalStore::open(folder.path()).await.unwrap());
    println!("make a store:          {:>8.1?}", begun.elapsed());
    let begun = Clock::now();
    SoftwareKey::load_or_create(&LocalStore::key_file_in(folder.path())).unwrap();
    println!("make a key:            {:>8.1?}", begun.elapsed());

    for writers in [1, 8, 64, 256] {
        println!("{writers:>3} writers:           {:>8.0} writes/s", writes(&store, writers, 4_000).await);
    }

    for (name, count) in [("a seed of 4,000", 4_000), ("10,000 resources", 10_000)] {
        import("memory", name, &LocalStore::in_memory().await.unwrap(), count).await;
        import("disk", name, &store, count).await;
    }
    import("disk, again", "10,000 resources", &store, 10_000).await;
    reads(&store).await;

    drop(store);
    let begun = Clock::now();
    let store = LocalStore::open(folder.path()).await.unwrap();
    println!("open again:            {:>8.1?}", begun.elapsed());
    drop(store);
}

/// First uses a second, by so many writers that each wait for their answer.
async fn writes(store: &Arc<LocalStore>, writers: u32, total: u32) -> f64 {
    let begun = Clock::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for i in 0..total / writers {
                    let name = Digest::of(format!("{writers} {writer} {i}").as_bytes());
                    let step = Step { now: NOW, op: Op::new(*name.as_bytes()) };
                    assert!(store.first_use(&name, Instant::NEVER, step).await.unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    f64::from(total) / begun.elapsed().as_secs_f64()
}

/// About a kilobyte each, for a tenth as many patients.
async fn import(place: &str, name: &str, store: &LocalStore, count: usize) {
    let text = "synthetic ".repeat(70);
    let texts: Vec<Bytes> = (0..count)
        .map(|i| {
            let (patient, day) = (i / 10, i % 28 + 1);
            Bytes::from(if i % 10 == 0 {
                format!(r#"{{"resourceType":"Patient","id":"p{patient}","name":[{{"family":"Name{patient}","given":["Ada"]}}],"birthDate":"1980-01-{day:02}","text":"{text}"}}"#)
            } else {
                format!(r#"{{"resourceType":"Observation","id":"o{i}","status":"final","subject":{{"reference":"Patient/p{patient}"}},"effectiveDateTime":"2026-01-{day:02}","text":"{text}"}}"#)
            })
        })
        .collect();
    let megabytes = texts.iter().map(Bytes::len).sum::<usize>() as f64 / 1e6;
    let begun = Clock::now();
    let incoming: Vec<_> = texts.into_iter().map(|text| Incoming::parse(text).unwrap()).collect();
    let parsed = begun.elapsed();
    let done = store.put_resources(incoming, NOW).await.unwrap();
    println!(
        "{name} ({megabytes:.1} MB) to {place}: {:.0?}, of it reading {parsed:.0?}; {done:?}",
        begun.elapsed()
    );
}

async fn reads(store: &LocalStore) {
    let begun = Clock::now();
    for i in 0..10_000 {
        let id = format!("o{}", i % 1_000 * 10 + 1).parse().unwrap();
        assert!(store.record("Observation", &id).await.unwrap().is_some());
    }
    println!("read a resource:       {:>8.1?}", begun.elapsed() / 10_000);
    let query = RecordQuery {
        resource_type: "Observation",
        compartments: Compartments::Of(["p7".parse().unwrap(), "p8".parse().unwrap()].into()),
        direction: Direction::Descending,
        after: None,
        limit: 20,
    };
    let begun = Clock::now();
    for _ in 0..1_000 {
        assert_eq!(store.records(&query).await.unwrap().records.len(), 18);
    }
    println!("search of 18:          {:>8.1?}", begun.elapsed() / 1_000);
    let many: Vec<_> = (0..10_000)
        .map(|i| {
            format!(
                r#"{{"resourceType":"Patient","id":"q{i}","name":[{{"family":"Fam{i}","given":["Bo"]}}]}}"#
            )
        })
        .map(|text| Incoming::parse(text.into()).unwrap())
        .collect();
    store.put_resources(many, NOW).await.unwrap();
    let query = PatientQuery { text: "zz".to_owned(), within: PatientAccess::All, offset: 0, limit: 20 };
    let begun = Clock::now();
    for _ in 0..20 {
        assert!(store.patients(&query).await.unwrap().patients.is_empty());
    }
    println!("search 11,000 patients:{:>8.1?}", begun.elapsed() / 20);
}
