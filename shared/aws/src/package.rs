//! A function's package: what is laid beside its program when it is deployed. It is on the sandbox's own disk, so that reading it asks nobody.

use std::io::ErrorKind;

/// A text in the package; `None` if there is none of this name.
pub(crate) fn file(name: &str) -> Result<Option<String>, String> {
    let path = std::env::current_exe().map_err(|error| error.to_string())?.with_file_name(name);
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
