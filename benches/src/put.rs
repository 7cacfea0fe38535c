//! Figures that another program measured, put into the document.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::{Outcome, report};

/// Where to put them.
#[derive(Debug, clap::Args)]
pub(crate) struct Put {
    /// The name between the document's markers
    name: String,
    /// The document
    #[arg(long)]
    document: PathBuf,
}

pub(crate) fn run(arguments: &Put) -> Outcome<()> {
    let mut table = String::new();
    io::stdin().read_to_string(&mut table)?;
    put(&arguments.document, &arguments.name, &table)
}

/// Whoever failed printed nothing: that must not become the figures.
fn put(document: &Path, name: &str, table: &str) -> Outcome<()> {
    if !table.starts_with('|') {
        return Err(format!("{name}: expected a table").into());
    }
    let before = fs::read_to_string(document)?;
    Ok(fs::write(document, report::with_figures(&before, name, table)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_figures_have_their_place_in_the_document() {
        let folder = std::env::temp_dir().join(format!("smart-bench-put-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let document = folder.join("benchmarks.md");
        let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/benchmarks.md");
        fs::copy(published, &document).unwrap();
        put(&document, "functions", "| program |\n|---|\n| of a test |\n").unwrap();
        let after = fs::read_to_string(&document).unwrap();
        assert!(
            after.contains("<!-- figures: functions -->\n| program |\n|---|\n| of a test |\n<!-- end -->")
        );
        assert!(put(&document, "functions", "").is_err());
        assert!(put(&document, "nothing", "| a |").is_err());
        assert_eq!(fs::read_to_string(&document).unwrap(), after);
        fs::remove_dir_all(&folder).unwrap();
    }
}
