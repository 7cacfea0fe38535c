//! The letters of a resource scope: which interactions it allows (SMART 2.2 §"Scopes for requesting FHIR
//! resources").

use std::fmt;

/// A subset of `c`, `r`, `u`, `d`, `s`.
///
/// No letter implies another: who may create may not read, who may read may not search.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interactions(u8);

/// Every single interaction with its letter, in the order of writing.
const LETTERS: [(Interactions, char); 5] = [
    (Interactions::CREATE, 'c'),
    (Interactions::READ, 'r'),
    (Interactions::UPDATE, 'u'),
    (Interactions::DELETE, 'd'),
    (Interactions::SEARCH, 's'),
];

/// What the words of SMART 1 mean.
const V1_WORDS: [(Interactions, &str); 3] =
    [(Interactions::READ_SEARCH, "read"), (Interactions::WRITE, "write"), (Interactions::ALL, "*")];

impl Interactions {
    /// Nothing. No scope has it; an intersection of letters may.
    pub const NONE: Self = Self(0);
    /// `c`: create.
    pub const CREATE: Self = Self(1);
    /// `r`: read, vread and the history of an instance.
    pub const READ: Self = Self(1 << 1);
    /// `u`: update (creating by update included) and patch.
    pub const UPDATE: Self = Self(1 << 2);
    /// `d`: delete.
    pub const DELETE: Self = Self(1 << 3);
    /// `s`: search and history, of a type or of the system.
    pub const SEARCH: Self = Self(1 << 4);
    /// `rs`: the `read` of SMART 1.
    pub const READ_SEARCH: Self = Self::READ.union(Self::SEARCH);
    /// `cud`: the `write` of SMART 1.
    pub const WRITE: Self = Self::CREATE.union(Self::UPDATE).union(Self::DELETE);
    /// `cruds`: the `*` of SMART 1.
    pub const ALL: Self = Self::WRITE.union(Self::READ_SEARCH);

    /// What either allows.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both allow.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this allows and the other does not.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether everything the other allows is allowed here.
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether nothing is allowed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The interactions one by one, in the order `cruds`.
    pub fn iter(self) -> impl Iterator<Item = Self> {
        LETTERS.into_iter().map(|(interaction, _)| interaction).filter(move |one| self.contains(*one))
    }

    /// The v1 word that says exactly this: `read`, `write` or `*`.
    pub fn as_v1(self) -> Option<&'static str> {
        V1_WORDS.into_iter().find_map(|(interactions, word)| (interactions == self).then_some(word))
    }

    /// Reads a v1 word.
    pub(super) fn from_v1(word: &str) -> Option<Self> {
        V1_WORDS.into_iter().find_map(|(interactions, known)| (known == word).then_some(interactions))
    }

    /// Reads v2 letters: at least one, each at most once, in the order `cruds`.
    pub(super) fn from_v2(letters: &str) -> Option<Self> {
        let mut rest = LETTERS.into_iter();
        // Each letter is looked for behind the previous one, so a repeated or misplaced letter is not found.
        let read = letters.chars().try_fold(Self::NONE, |sum, letter| {
            rest.find(|(_, known)| *known == letter).map(|(interaction, _)| sum.union(interaction))
        })?;
        (!read.is_empty()).then_some(read)
    }
}

/// The letters in the order `cruds`.
impl fmt::Display for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LETTERS
            .into_iter()
            .filter(|(interaction, _)| self.contains(*interaction))
            .try_for_each(|(_, letter)| write!(f, "{letter}"))
    }
}

impl fmt::Debug for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interactions({self})")
    }
}
