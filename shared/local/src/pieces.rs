//! The memory of a store that keeps nothing: in pieces that are taken when they are first written to.
//!
//! The database doubles its file when it is full. In one vector, as redb's own backend has it, that would copy all of it, hold it twice
//! meanwhile, and fill the new half with zeros that take memory before anything is in them.

use std::io;
use std::sync::{PoisonError, RwLock};

use redb::StorageBackend;

/// How large a piece is, in bytes.
const PIECE: usize = 64 << 10;

/// Storage in memory.
#[derive(Debug, Default)]
pub(crate) struct Pieces(RwLock<Content>);

#[derive(Debug, Default)]
struct Content {
    length: u64,
    /// One that was never written to is all zeros.
    pieces: Vec<Option<Box<[u8]>>>,
}

impl StorageBackend for Pieces {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let content = self.0.read().unwrap_or_else(PoisonError::into_inner);
        content.check(offset, out.len())?;
        let mut done = 0;
        for (piece, from, length) in parts(offset, out.len())? {
            let Some(out) = out.get_mut(done..done + length) else { return Err(out_of_range()) };
            match content
                .pieces
                .get(piece)
                .and_then(Option::as_ref)
                .and_then(|piece| piece.get(from..from + length))
            {
                Some(written) => out.copy_from_slice(written),
                None => out.fill(0),
            }
            done += length;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = usize::try_from(length).map_err(|_| out_of_range())?;
        content.pieces.resize_with(bytes.div_ceil(PIECE), || None);
        // What is cut off is zero when it comes back.
        if let Some(Some(last)) = content.pieces.get_mut(bytes / PIECE) {
            last.iter_mut().skip(bytes % PIECE).for_each(|byte| *byte = 0);
        }
        content.length = length;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        content.check(offset, data.len())?;
        let mut rest = data;
        for (piece, from, length) in parts(offset, data.len())? {
            let (data, after) = rest.split_at(length);
            let piece = content.pieces.get_mut(piece).ok_or_else(out_of_range)?;
            let piece = piece.get_or_insert_with(|| vec![0; PIECE].into_boxed_slice());
            piece.get_mut(from..from + length).ok_or_else(out_of_range)?.copy_from_slice(data);
            rest = after;
        }
        Ok(())
    }
}

impl Content {
    fn check(&self, offset: u64, length: usize) -> Result<(), io::Error> {
        let end = u64::try_from(length).ok().and_then(|length| offset.checked_add(length));
        if end.is_some_and(|end| end <= self.length) { Ok(()) } else { Err(out_of_range()) }
    }
}

/// The pieces of a range: which one, from where in it, and how many bytes of it.
fn parts(offset: u64, length: usize) -> Result<impl Iterator<Item = (usize, usize, usize)>, io::Error> {
    let begin = usize::try_from(offset).map_err(|_| out_of_range())?;
    let end = begin.checked_add(length).ok_or_else(out_of_range)?;
    Ok((begin / PIECE..end.div_ceil(PIECE)).map(move |piece| {
        let from = begin.max(piece * PIECE);
        (piece, from - piece * PIECE, end.min((piece + 1) * PIECE) - from)
    }))
}

fn out_of_range() -> io::Error {
    io::ErrorKind::InvalidInput.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: u64 = PIECE as u64;

    fn read(storage: &Pieces, offset: u64, length: usize) -> Vec<u8> {
        let mut out = vec![9; length];
        storage.read(offset, &mut out).unwrap();
        out
    }

    #[test]
    fn what_was_written_is_read_across_pieces_and_the_rest_is_zero() {
        let storage = Pieces::default();
        storage.set_len(5 * P).unwrap();
        assert_eq!(storage.len().unwrap(), 5 * P);
        let data: Vec<u8> = (0..2 * PIECE + 10).map(|i| u8::try_from(i % 251).unwrap() + 1).collect();
        storage.write(P - 5, &data).unwrap();
        assert_eq!(read(&storage, P - 5, data.len()), data);
        assert_eq!(read(&storage, P - 6, 2), [0, 1]);
        assert_eq!(read(&storage, 4 * P, PIECE), vec![0; PIECE]);
        assert_eq!(storage.0.read().unwrap().pieces.iter().filter(|piece| piece.is_some()).count(), 4);
    }

    #[test]
    fn what_was_cut_off_comes_back_as_zeros() {
        let storage = Pieces::default();
        storage.set_len(2 * P).unwrap();
        storage.write(0, &vec![1; 2 * PIECE]).unwrap();
        storage.set_len(10).unwrap();
        storage.set_len(2 * P).unwrap();
        assert_eq!(read(&storage, 9, 2), [1, 0]);
        assert_eq!(read(&storage, P, PIECE), vec![0; PIECE]);
    }

    #[test]
    fn beyond_the_end_there_is_nothing() {
        let storage = Pieces::default();
        storage.set_len(10).unwrap();
        assert!(storage.read(5, &mut [0; 6]).is_err() && storage.write(5, &[0; 6]).is_err());
        assert!(storage.read(u64::MAX, &mut [0]).is_err() && storage.write(10, &[]).is_ok());
    }
}
