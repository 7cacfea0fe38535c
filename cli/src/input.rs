//! Files that the operator names, `-` being standard input.

use std::io::Read as _;
use std::path::Path;

use crate::failure::Failure;
use crate::json::Source;

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> Result<Source, Failure> {
    if path == Path::new("-") {
        let mut text = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut text);
        read.map_err(|error| Failure::Refused(format!("standard input: {error}")))?;
        return Ok(Source::new("standard input", text));
    }
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => Err(Failure::Refused(format!("{name}: {error}"))),
    }
}
