//! The files of a data folder, and how they are written: for their owner alone, whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::StoreError;

/// Makes the folder, and those above it, for its owner alone; one that is there stays as it is.
pub(crate) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StoreError::io(folder))
}

/// Makes an empty file for its owner alone, unless there is one; says whether it was made.
pub(crate) fn make_private(path: &Path) -> Result<bool, StoreError> {
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => sync_folder_of(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::io(path)(error)),
    }
}

/// Writes a new file for its owner alone: under another name first, and under its own only once it is whole and on the
/// disk. Never over a file that is there: then it returns `false`.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<bool, StoreError> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let written = || -> io::Result<bool> {
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        // A link, unlike a rename, refuses to replace: of two first runs at once, one makes the file.
        match std::fs::hard_link(&draft, path) {
            Ok(()) => Ok(true),
            Err(_) if path.exists() => Ok(false),
            // Some file systems know no links.
            Err(_) => std::fs::rename(&draft, path).map(|()| true),
        }
    };
    let outcome = written();
    // After a rename there is nothing to remove; a draft that stays behind is no key that anything reads.
    let _ = std::fs::remove_file(&draft);
    let made = outcome.map_err(StoreError::io(path))?;
    sync_folder_of(path)?;
    Ok(made)
}

/// The permission bits of a file, where there are such.
#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> Result<Option<u32>, StoreError> {
    let metadata = std::fs::metadata(path).map_err(StoreError::io(path))?;
    Ok(Some(std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777))
}

/// The permission bits of a file, where there are such.
#[cfg(not(unix))]
pub(crate) fn mode(_: &Path) -> Result<Option<u32>, StoreError> {
    Ok(None)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new name is on the disk only once its folder is.
fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io(folder))?;
    }
    Ok(())
}
