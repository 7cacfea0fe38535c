//! `smart import`: FHIR resources from files into the records, of a data folder or of a stack on AWS.
//!
//! Files are read in turn, their resources parsed on all cores, and written in the order in which they stand, so that of two
//! with one address the later stays. What is refused is told and counted, and keeps nothing else from being loaded.

mod loading;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use self::loading::{Loading, Records, Work};
use crate::arguments::Import;
use crate::failure::Failure;
use crate::json::{Fault, Source};
use crate::place::Place;
use crate::records::document;
use crate::records::lines::Blocks;
use crate::{output, records};

/// How many refusals are told one by one.
const TOLD: usize = 20;

/// A file to be loaded.
struct Opened {
    name: Arc<str>,
    path: PathBuf,
    file: File,
    length: u64,
}

pub(crate) async fn run(arguments: Import) -> Result<(), Failure> {
    let files = arguments.files.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    match Place::open_or_make(&arguments.place).await? {
        Place::Folder(store) => import(&store, files).await,
        #[cfg(feature = "aws")]
        Place::Stack(stack) => import(&stack.records()?, files).await,
    }
}

async fn import<S: Records>(store: &S, files: Vec<Opened>) -> Result<(), Failure> {
    let report = Report::new(files.iter().map(|file| file.length).sum());
    let mut loading = Loading::new(store, report);
    for file in files {
        load(&mut loading, file).await?;
    }
    let (done, report) = loading.finish().await?;
    report.bar.finish_and_clear();
    if report.refused > TOLD {
        output::note(format_args!("… and {} more were refused", report.refused - TOLD));
    }
    output::say(format_args!(
        "loaded {} ({} new, {} changed, {} unchanged), refused {}",
        output::count(done.created + done.updated + done.unchanged, "resource"),
        done.created,
        done.updated,
        done.unchanged,
        report.refused
    ));
    if report.refused > 0 { Err(Failure::Told) } else { Ok(()) }
}

fn open(path: PathBuf) -> Result<Opened, Failure> {
    let refused = |reason: &dyn std::fmt::Display| Failure::Refused(format!("{}: {reason}", path.display()));
    let file = File::open(&path).map_err(|error| refused(&error))?;
    let metadata = file.metadata().map_err(|error| refused(&error))?;
    if metadata.is_dir() {
        return Err(refused(&"expected a file, and this is a folder: name the files in it"));
    }
    Ok(Opened { name: path.display().to_string().into(), length: metadata.len(), file, path })
}

async fn load<S: Records>(loading: &mut Loading<'_, S>, opened: Opened) -> Result<(), Failure> {
    let Opened { name, path, file, length } = opened;
    if records::is_document(&path) {
        return match whole(&path, name) {
            Ok(found) => loading.feed(Work::Found { found, bytes: length }).await,
            Err(fault) => {
                loading.refuse(&fault);
                Ok(())
            }
        };
    }
    let mut blocks = Blocks::new(Arc::clone(&name), file);
    loop {
        match blocks.next() {
            Ok(Some(block)) => loading.feed(Work::Block(block)).await?,
            Ok(None) => return Ok(()),
            Err(error) => {
                let expected = format!("cannot be read from here on: {error}");
                let (line, field) = (blocks.next_line(), String::new());
                loading.refuse(&Fault { file: name, line, field, expected });
                return Ok(());
            }
        }
    }
}

/// The resources of a document, which is read whole.
fn whole(path: &Path, name: Arc<str>) -> Result<Vec<Result<records::Found, Fault>>, Fault> {
    match std::fs::read(path) {
        Ok(text) => document::found(&Source::new(name, text)),
        Err(error) => Err(Source::new(name, Vec::new()).fault(1, "", format!("cannot be read: {error}"))),
    }
}

/// What the operator sees while it goes on, and what was refused.
struct Report {
    bar: ProgressBar,
    refused: usize,
}

impl Report {
    /// The bar is shown on a terminal only.
    fn new(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        let style = ProgressStyle::with_template("{bar:32} {bytes} of {total_bytes}, {msg} {eta} to go");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar, refused: 0 }
    }

    fn refuse(&mut self, fault: &Fault) {
        self.refused += 1;
        if self.refused <= TOLD {
            self.bar.suspend(|| output::note(format_args!("{fault}")));
        }
    }
}
