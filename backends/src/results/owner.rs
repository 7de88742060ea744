//! Whose a job is. An id is made of content alone, so two clients may upload the same job: then it is nobody's alone.

use std::fmt;

use super::Outcome;

/// What stands for "several" where an owner is written down, in `redis/*.lua` too. No name is spelled so: each says first
/// where it comes from.
const SEVERAL: &str = "*";

/// Who uploaded a job, by the name that tells them from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(String);

/// Whose a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// Nobody said that it is theirs.
    #[default]
    Unclaimed,
    /// It is one client's alone.
    One(Owner),
    /// Several clients wait for it.
    Several,
}

impl Owner {
    /// Somebody of that name.
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ownership {
    /// Whose the job is once `by` has uploaded it too, `anew` where it begins a life with that. One whom nobody named changes
    /// nothing: an operator who starts a job again does not take it from who uploaded it. A job that was underway before
    /// anybody named themselves is somebody else's too, whoever that is; so is one that a worker had in hand before it was
    /// recorded, and such a life does not begin with its upload.
    #[must_use]
    pub fn after(self, by: Option<&Owner>, anew: bool) -> Self {
        match (by, self) {
            (None, before) => before,
            (Some(by), _) if anew => Self::One(by.clone()),
            (Some(by), Self::One(owner)) if owner == *by => Self::One(owner),
            (Some(_), _) => Self::Several,
        }
    }

    /// Whether `by` may take the job back: its one owner, or (`None`) somebody who may do so with each.
    pub fn lets(&self, by: Option<&Owner>) -> bool {
        match (by, self) {
            (None, _) => true,
            (Some(by), Self::One(owner)) => owner == by,
            (Some(_), Self::Unclaimed | Self::Several) => false,
        }
    }

    /// What is said to one whom it does not let.
    pub(super) fn refusal(&self) -> Outcome {
        match self {
            Self::Several => Outcome::Shared,
            Self::Unclaimed | Self::One(_) => Outcome::NotYours,
        }
    }

    /// Whether `by` uploading it too would change whose it is.
    pub fn is_changed_by(&self, by: Option<&Owner>) -> bool {
        self.clone().after(by, false) != *self
    }

    /// As it is written down, if there is anything to write.
    pub(super) fn written(&self) -> Option<&str> {
        match self {
            Self::Unclaimed => None,
            Self::One(owner) => Some(owner.as_str()),
            Self::Several => Some(SEVERAL),
        }
    }

    /// As [`Self::written`] wrote it.
    pub(super) fn read(written: Option<&str>) -> Self {
        match written {
            None | Some("") => Self::Unclaimed,
            Some(SEVERAL) => Self::Several,
            Some(name) => Self::One(Owner::new(name)),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_uploaded_is_neithers_alone_until_it_starts_anew() {
        let (ada, bob) = (Owner::new("key:ada"), Owner::new("key:bob"));
        let adas = Ownership::default().after(Some(&ada), true);
        assert!(adas.lets(Some(&ada)) && !adas.lets(Some(&bob)) && adas.lets(None));
        assert!(!adas.is_changed_by(Some(&ada)) && !adas.is_changed_by(None));
        assert!(adas.is_changed_by(Some(&bob)));
        let both = adas.after(Some(&bob), false);
        assert!(!both.lets(Some(&ada)) && !both.lets(Some(&bob)) && both.lets(None));
        assert!(!both.is_changed_by(Some(&ada)));
        assert_eq!(
            both.clone().after(None, true),
            both,
            "replayed by an operator"
        );
        assert!(both.after(Some(&bob), true).lets(Some(&bob)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let one = Ownership::One(Owner::new("key:ada"));
        for ownership in [Ownership::Unclaimed, one, Ownership::Several] {
            assert_eq!(Ownership::read(ownership.written()), ownership);
        }
    }
}
