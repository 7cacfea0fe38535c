//! Which step of a key rotation comes next, and not before when.
//!
//! A stack has two slots for keys, and its parameter `SigningKeys` names those that hold one: the first signs, both are published.
//!
//! ```text
//!  A ──publish──▶ A,B ──sign──▶ B,A ──retire──▶ B ──publish──▶ B,A ──sign──▶ A,B ──retire──▶ A
//! ```
//!
//! `A,B` stands twice in that circle. Which of the two it is the keys say themselves: the rotation goes towards the newer one.
//! Nothing has to be noted anywhere, and an operator who rotates by hand and one who uses the command do not get in each
//! other's way.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use smart_core::instant::Instant;

/// How long a key is published before it signs: every cache has it then. Ours say five minutes (`Cache-Control` of the key
/// set); apps that keep it longer are few, and an hour is cheap.
pub const PUBLISHED_BEFORE_USE: Duration = Duration::from_hours(1);

/// How long a key that signed is still published: its last access token lives for 15 minutes, and a deployment has replaced
/// the last of the functions that sign with it some minutes after it began.
pub const PUBLISHED_AFTER_USE: Duration = Duration::from_mins(30);

/// A place for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `SigningKeyA`
    A,
    /// `SigningKeyB`
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// The parameter `SigningKeys`: which slots hold a key, the one that signs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// One key, which signs.
    One(Slot),
    /// This one signs, the other is published too.
    Both(Slot),
}

impl Slots {
    /// The slot whose key signs.
    pub fn signing(self) -> Slot {
        match self {
            Self::One(slot) | Self::Both(slot) => slot,
        }
    }
}

impl FromStr for Slots {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "A" => Ok(Self::One(Slot::A)),
            "B" => Ok(Self::One(Slot::B)),
            "A,B" => Ok(Self::Both(Slot::A)),
            "B,A" => Ok(Self::Both(Slot::B)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(slot) => write!(f, "{slot}"),
            Self::Both(first) => write!(f, "{first},{}", first.other()),
        }
    }
}

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new key is made in that slot, and published.
    Publish(Slot),
    /// The key of that slot signs.
    Sign(Slot),
    /// The key of that slot is published no more.
    Retire(Slot),
}

/// The step that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// What it does.
    pub action: Action,
    /// What the parameter says then.
    pub slots: Slots,
    /// When the step before has had its effect everywhere.
    pub not_before: Instant,
}

/// What is known of where a rotation stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The parameter.
    pub slots: Slots,
    /// When the key of slot A was made, if there is one.
    pub a_created_at: Option<Instant>,
    /// The same of slot B.
    pub b_created_at: Option<Instant>,
    /// When the stack was changed last, in whatever way: the key that signs has signed since then at the latest.
    pub changed_at: Instant,
}

impl Standing {
    /// The step that comes next.
    pub fn next(&self) -> NextStep {
        let signing = self.slots.signing();
        let other = signing.other();
        let created = |slot| match slot {
            Slot::A => self.a_created_at,
            Slot::B => self.b_created_at,
        };
        match self.slots {
            Slots::One(_) => NextStep {
                action: Action::Publish(other),
                slots: Slots::Both(signing),
                not_before: Instant::from_unix(0),
            },
            // A key whose age nobody tells is taken for new: it is published longer than it needs to be.
            Slots::Both(_)
                if created(other).unwrap_or(Instant::NEVER) > created(signing).unwrap_or(Instant::NEVER) =>
            {
                NextStep {
                    action: Action::Sign(other),
                    slots: Slots::Both(other),
                    not_before: created(other).unwrap_or(self.changed_at) + PUBLISHED_BEFORE_USE,
                }
            }
            Slots::Both(_) => NextStep {
                action: Action::Retire(other),
                slots: Slots::One(signing),
                not_before: self.changed_at + PUBLISHED_AFTER_USE,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Instant {
        Instant::from_unix(1_800_000_000 + second)
    }

    #[test]
    fn a_rotation_goes_round_in_six_steps_that_publish_sign_and_retire() {
        let mut standing = Standing {
            slots: Slots::One(Slot::A),
            a_created_at: Some(at(0)),
            b_created_at: None,
            changed_at: at(0),
        };
        let mut said = Vec::new();
        for round in 1..=6 {
            let next = standing.next();
            said.push((next.action, next.slots.to_string()));
            assert_eq!(next.slots.to_string().parse(), Ok(next.slots));
            standing.changed_at = at(round * 10_000);
            standing.slots = next.slots;
            match next.action {
                Action::Publish(Slot::A) => standing.a_created_at = Some(standing.changed_at),
                Action::Publish(Slot::B) => standing.b_created_at = Some(standing.changed_at),
                Action::Retire(Slot::A) => standing.a_created_at = None,
                Action::Retire(Slot::B) => standing.b_created_at = None,
                Action::Sign(_) => {}
            }
        }
        let expected = [
            (Action::Publish(Slot::B), "A,B"),
            (Action::Sign(Slot::B), "B,A"),
            (Action::Retire(Slot::A), "B"),
            (Action::Publish(Slot::A), "B,A"),
            (Action::Sign(Slot::A), "A,B"),
            (Action::Retire(Slot::B), "A"),
        ];
        assert_eq!(said, expected.map(|(action, slots)| (action, slots.to_owned())));
    }

    #[test]
    fn a_key_is_published_for_an_hour_before_it_signs_and_half_an_hour_after() {
        let published = Standing {
            slots: Slots::Both(Slot::A),
            a_created_at: Some(at(0)),
            b_created_at: Some(at(50)),
            changed_at: at(60),
        };
        assert_eq!(published.next().not_before, at(50 + 3_600));
        let signs = Standing { slots: Slots::Both(Slot::B), changed_at: at(5_000), ..published };
        assert_eq!(signs.next().not_before, at(5_000 + 1_800));
        let alone = Standing { slots: Slots::One(Slot::B), a_created_at: None, ..signs };
        assert!(alone.next().not_before.has_passed(at(0)), "a new key may come at any time");
    }

    #[test]
    fn other_slots_are_none() {
        for text in ["", "a", "A, B", "A,A", "A,B,A", "C"] {
            assert_eq!(text.parse::<Slots>(), Err(()), "{text}");
        }
    }
}
