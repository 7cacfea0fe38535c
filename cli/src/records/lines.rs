//! One resource a line (NDJSON): large files are read in blocks of whole lines, so that they never sit in memory.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;

use super::Found;
use crate::json::newlines;

/// How much is read at once: enough to keep a core busy for some milliseconds.
const BLOCK: usize = 1 << 20;

/// No line may be longer, or one broken file would fill the memory.
const LONGEST_LINE: usize = 64 << 20;

/// Whole lines of a file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    file: Arc<str>,
    first_line: usize,
    text: Bytes,
}

impl Block {
    /// A whole file that is in memory.
    pub(crate) fn whole(file: Arc<str>, text: Bytes) -> Self {
        Self { file, first_line: 1, text }
    }

    /// The resources; empty lines are passed over.
    pub(crate) fn found(&self) -> Vec<Found> {
        let mut found = Vec::new();
        let mut offset = 0;
        for (i, line) in self.text.split(|byte| *byte == b'\n').enumerate() {
            let text = self.text.slice(offset..offset + line.len());
            offset += line.len() + 1;
            if !line.trim_ascii().is_empty() {
                found.push(Found {
                    file: Arc::clone(&self.file),
                    line: self.first_line + i,
                    entry: None,
                    text,
                });
            }
        }
        found
    }

    /// How many bytes it is.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
}

/// A file that is read block by block.
pub(crate) struct Blocks<R> {
    file: Arc<str>,
    reader: R,
    next_line: usize,
    /// The beginning of a line whose end was not read yet.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(file: Arc<str>, reader: R) -> Self {
        Self { file, reader, next_line: 1, rest: Vec::new(), ended: false }
    }

    /// The line that comes next.
    pub(crate) fn next_line(&self) -> usize {
        self.next_line
    }

    /// The next lines; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Block>> {
        let mut text = std::mem::take(&mut self.rest);
        let mut searched = 0;
        while !self.ended {
            let read = self.reader.by_ref().take(BLOCK as u64).read_to_end(&mut text)?;
            self.ended = read < BLOCK;
            // A new block ends with its last whole line; the file, where it ends.
            let new = text.get(searched..).unwrap_or_default();
            let whole = new.iter().rposition(|byte| *byte == b'\n').map(|at| searched + at + 1);
            if let Some(whole) = whole.filter(|_| !self.ended) {
                self.rest = text.split_off(whole);
                break;
            }
            searched = text.len();
            if !self.ended && text.len() >= LONGEST_LINE {
                return Err(io::Error::other("this line is longer than 64 MiB"));
            }
        }
        if text.is_empty() {
            return Ok(None);
        }
        let first_line = self.next_line;
        self.next_line += newlines(&text);
        Ok(Some(Block { file: Arc::clone(&self.file), first_line, text: text.into() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(usize, Vec<u8>)> {
        let mut blocks = Blocks::new("f".into(), text);
        let mut lines = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            assert!(block.len() <= BLOCK + 2 * LONG);
            lines.extend(block.found().into_iter().map(|found| (found.line, found.text.to_vec())));
        }
        lines
    }

    const LONG: usize = 700_000;

    #[test]
    fn every_line_comes_once_with_its_number() {
        let mut text = Vec::new();
        let mut expected = Vec::new();
        for n in 1..=40_usize {
            // Some lines are empty, some as long as a block.
            let line = match n % 4 {
                0 => Vec::new(),
                1 => vec![b'a'; LONG],
                _ => format!("line {n}").into_bytes(),
            };
            if !line.is_empty() {
                expected.push((n, line.clone()));
            }
            text.extend(line);
            text.push(b'\n');
        }
        assert_eq!(read(&text), expected);
        // The last line need not end.
        text.extend(b"last");
        expected.push((41, b"last".to_vec()));
        assert_eq!(read(&text), expected);
        assert_eq!(Block::whole("f".into(), text.into()).found().len(), expected.len());
    }

    #[test]
    fn a_line_as_long_as_some_blocks_is_one_line() {
        let mut text = vec![b'x'; 3 * BLOCK];
        text.extend(b"\nb\r\n");
        let mut blocks = Blocks::new("f".into(), &text[..]);
        let mut lengths = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            lengths.extend(block.found().iter().map(|found| (found.line, found.text.len())));
        }
        assert_eq!(lengths, [(1, 3 * BLOCK), (2, 2)]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut blocks = Blocks::new("f".into(), io::repeat(b'x'));
        assert!(blocks.next().unwrap_err().to_string().contains("64 MiB"));
        assert_eq!(blocks.next_line(), 1);
    }

    #[test]
    fn an_empty_file_has_no_lines() {
        assert!(read(b"").is_empty());
        assert!(read(b"\n \n\r\n").is_empty());
    }
}
