//! The files of a seed folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::json::Source;

/// What a seed folder holds.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) clients: Option<Source>,
    pub(crate) users: Option<Source>,
    /// In order of their names.
    pub(crate) records: Vec<Source>,
}

/// Opens a seed folder: `clients.json`, `users.json` and `fhir/`, at least one of them.
pub(crate) fn open(folder: &Path) -> Result<Files, Failure> {
    let shown = folder.display();
    if !folder.is_dir() {
        let what = if folder.exists() { "this is a file" } else { "there is none" };
        return Err(Failure::Refused(format!("{shown}: expected a seed folder, and {what}")));
    }
    let clients = optional(&folder.join("clients.json"))?;
    let users = optional(&folder.join("users.json"))?;
    let records = folder.join("fhir");
    if clients.is_none() && users.is_none() && !records.exists() {
        let expected = "expected clients.json, users.json or a folder fhir, and there is none of them";
        return Err(Failure::Refused(format!("{shown}: {expected}")));
    }
    Ok(Files { clients, users, records: if records.exists() { in_folder(&records)? } else { Vec::new() } })
}

/// The NDJSON and JSON files of `fhir`. Others are not loaded, and that is said.
fn in_folder(folder: &Path) -> Result<Vec<Source>, Failure> {
    let unreadable = |error: io::Error| Failure::Refused(format!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    let (wanted, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_wanted(path));
    for other in others.iter().filter(|path| !is_hidden(path)) {
        tracing::warn!(path = %other.display(), "not loaded: neither .ndjson nor .json");
    }
    wanted.iter().map(|path| required(path)).collect()
}

fn is_wanted(path: &Path) -> bool {
    let known = |extension: &std::ffi::OsStr| extension == "ndjson" || extension == "json";
    !is_hidden(path) && path.extension().is_some_and(known) && !path.is_dir()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn required(path: &Path) -> Result<Source, Failure> {
    optional(path)?.ok_or_else(|| Failure::Refused(format!("{}: there is no such file", path.display())))
}

fn optional(path: &Path) -> Result<Option<Source>, Failure> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(Source::new(path.display().to_string(), text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Refused(format!("{}: {error}", path.display()))),
    }
}
