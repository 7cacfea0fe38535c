//! Work on many things at once, on the cores that there are.

use std::panic::resume_unwind;
use std::thread;

/// Does `work` on shares of the items, on as many threads as there are cores, of which each gets at least `least` items;
/// the answers come in the order of the items.
pub(crate) fn shared<T: Send, U: Send>(
    items: Vec<T>,
    least: usize,
    work: impl Fn(Vec<T>) -> Vec<U> + Sync,
) -> Vec<U> {
    let share = items.len().div_ceil(cores()).max(least).max(1);
    let mut items = items.into_iter();
    let work = &work;
    thread::scope(|scope| {
        let mut threads = Vec::new();
        loop {
            let some: Vec<T> = items.by_ref().take(share).collect();
            if some.is_empty() {
                break;
            }
            threads.push(scope.spawn(move || work(some)));
        }
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// How many threads can run at once.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    #[test]
    fn answers_come_in_order() {
        for length in [0, 1, 2, 3, 7, 100] {
            for least in [0, 1, 5, 1000] {
                let answers =
                    super::shared((0..length).collect(), least, |some| some.iter().map(|n| n * 2).collect());
                assert_eq!(answers, (0..length).map(|n| n * 2).collect::<Vec<_>>());
            }
        }
    }
}
