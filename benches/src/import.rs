//! `smart import` of ten thousand resources into a new store on the disk.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::figures::{median, megabytes, whole};
use crate::machine::{Cores, on};
use crate::{Outcome, clock};

const COUNT: u32 = 10_000;

/// Imports as often as that, each time into a new store, and tells of it.
pub(crate) fn measure(smart: &Path, folder: &Path, cores: &Cores, runs: u32) -> Outcome<String> {
    let file = folder.join("import.ndjson");
    let bytes = write_corpus(&file)?;
    let mut times = Vec::new();
    for run in 0..runs {
        let data = folder.join(format!("import-{run}"));
        let mut command = Command::new(smart);
        command.arg("import").arg("--data").arg(&data).arg(&file);
        let begun = clock::now();
        let done = on(&cores.all, || command.output())?;
        times.push(begun.elapsed().as_secs_f64());
        let told = String::from_utf8_lossy(&done.stdout);
        if !done.status.success() || !told.contains("refused 0") {
            return Err(format!("{command:?}: {told}{}", String::from_utf8_lossy(&done.stderr)).into());
        }
        std::fs::remove_dir_all(&data)?;
    }
    let seconds = median(times);
    Ok(format!(
        "`smart import` of {} resources ({:.1} MB of NDJSON, the demo's records several times over) into a new store on the disk, from start \
         to exit: **{seconds:.2} s**, {} resources a second (median of {runs}).\n",
        whole(f64::from(COUNT)),
        megabytes(bytes),
        whole(f64::from(COUNT) / seconds)
    ))
}

/// The demo's records, again and again under other ids until they are enough. Returns how many bytes they are.
fn write_corpus(path: &Path) -> Outcome<u64> {
    let lines: Vec<&str> = smart_demo::seed()
        .filter(|(name, _)| name.starts_with("fhir/"))
        .flat_map(|(_, text)| std::str::from_utf8(text).unwrap_or_default().lines())
        .collect();
    let mut file = BufWriter::new(File::create(path)?);
    for (nth, line) in (0..COUNT).zip(lines.iter().cycle()) {
        let mut resource: Value = serde_json::from_str(line)?;
        let copy = nth / u32::try_from(lines.len())?;
        if let Some(Value::String(id)) = resource.get_mut("id") {
            *id = format!("{id}-{copy}");
        }
        refer_to(&mut resource, copy);
        writeln!(file, "{resource}")?;
    }
    file.into_inner()?.sync_all()?;
    Ok(std::fs::metadata(path)?.len())
}

/// Lets references (`Type/id`) name the copy of what they named.
fn refer_to(value: &mut Value, copy: u32) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| refer_to(item, copy)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "reference" && text.contains('/') => {
                        *text = format!("{text}-{copy}");
                    }
                    value => refer_to(value, copy),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn copies_refer_to_copies() {
        let mut value =
            json!({ "subject": { "reference": "Patient/a" }, "x": [{ "reference": "#b" }], "reference": 1 });
        refer_to(&mut value, 2);
        let copied = json!({ "subject": { "reference": "Patient/a-2" }, "x": [{ "reference": "#b" }], "reference": 1 });
        assert_eq!(value, copied);
    }

    #[test]
    fn the_corpus_has_as_many_resources_as_it_says_and_none_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corpus");
        let bytes = write_corpus(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.len() as u64, bytes);
        let addresses: std::collections::HashSet<String> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|resource| format!("{}/{}", resource["resourceType"], resource["id"]))
            .collect();
        assert_eq!(addresses.len(), 10_000);
    }
}
