//! Who asks, and what they may do.

use std::{fmt, str::FromStr, sync::Arc};

use backends::results::Owner;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Send photos, and take their jobs back.
    Upload,
    /// See where jobs stand, and what came of them.
    Read,
    /// All that, and what operators do: the dead letters, other people's jobs.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Upload, Self::Read, Self::Admin];

    /// The word itself, the same in a key's line and in a token's `scope`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// Some scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

/// A list of scopes that names something else, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope, upload, read and admin are, with commas between them")]
pub struct UnknownScope(String);

impl Scopes {
    /// Everything.
    pub(crate) const ALL: Self = Self(Scope::Upload.bit() | Scope::Read.bit() | Scope::Admin.bit());

    /// Nothing.
    pub(crate) const NONE: Self = Self(0);

    /// Whether `scope` is among them. Who may do everything may do each.
    pub(crate) const fn hold(self, scope: Scope) -> bool {
        self.0 & (scope.bit() | Scope::Admin.bit()) != 0
    }

    /// Those of a token's `scope` claim, with spaces between them. A token may be good elsewhere too, so words of others are
    /// passed over.
    pub(super) fn of_claim(claim: &str) -> Self {
        let named = claim.split(' ').filter_map(Scope::named);
        Self(named.fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// What an operator wrote: a word that is none is a slip, and must not pass as less than was meant.
impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(list: &str) -> Result<Self, UnknownScope> {
        list.split(',').try_fold(Self::NONE, |scopes, word| {
            let scope = Scope::named(word).ok_or_else(|| UnknownScope(word.to_owned()))?;
            Ok(Self(scopes.0 | scope.bit()))
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = Scope::ALL.into_iter().filter(|it| self.0 & it.bit() != 0);
        let words: Vec<_> = held.map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

/// Who asks. It is in every request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    name: Option<Arc<str>>,
    scopes: Scopes,
}

impl Caller {
    /// Somebody who does not have to say who they are, with what they may do all the same.
    pub(crate) const fn anonymous(scopes: Scopes) -> Self {
        Self { name: None, scopes }
    }

    /// Who holds the API key of that name.
    pub(super) fn with_key(name: &str, scopes: Scopes) -> Self {
        Self::named("key", name, scopes)
    }

    /// Whom a token speaks of.
    pub(super) fn with_token(subject: &str, scopes: Scopes) -> Self {
        Self::named("token", subject, scopes)
    }

    /// A name says where it comes from: a token's subject may be called as a key is, and is somebody else.
    fn named(kind: &str, name: &str, scopes: Scopes) -> Self {
        Self {
            name: Some(format!("{kind}:{name}").into()),
            scopes,
        }
    }

    /// What tells this caller from others, in logs and limits; `None` for one who did not say.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) const fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// Whose jobs this caller's uploads become.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.name().map(Owner::new)
    }

    /// Whose jobs this caller may take back, and whose originals it may read: its own, or (`None`) everybody's.
    pub(crate) fn owner_unless_admin(&self) -> Option<Owner> {
        self.owner().filter(|_| !self.scopes.hold(Scope::Admin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_implies_the_others_and_they_imply_nothing() {
        let held = |list: &str| Scope::ALL.map(|scope| list.parse::<Scopes>().unwrap().hold(scope));
        assert_eq!(held("admin"), [true, true, true]);
        assert_eq!(held("upload"), [true, false, false]);
        assert_eq!(held("upload,read"), [true, true, false]);
        assert_eq!(Scope::ALL.map(|scope| Scopes::NONE.hold(scope)), [false; 3]);
    }

    #[test]
    fn a_slip_in_a_list_is_told_and_a_word_of_others_in_a_token_is_not() {
        let error = "upload,raed".parse::<Scopes>().unwrap_err();
        assert!(error.to_string().contains("\"raed\""), "{error}");
        assert!("".parse::<Scopes>().is_err());
        let claim = Scopes::of_claim("openid read profile upload_all");
        assert_eq!(claim, "read".parse().unwrap());
    }

    #[test]
    fn a_token_is_not_the_key_of_the_same_name() {
        let (key, token) = (
            Caller::with_key("web", Scopes::NONE),
            Caller::with_token("web", Scopes::NONE),
        );
        assert_ne!(key.owner(), token.owner());
    }

    #[test]
    fn everybodys_jobs_are_taken_back_by_admins_and_where_nobody_says_who_they_are() {
        let key = |scopes: &str| Caller::with_key("web", scopes.parse().unwrap());
        assert!(key("upload").owner_unless_admin().is_some());
        assert!(key("admin").owner_unless_admin().is_none());
        assert!(
            Caller::anonymous(Scopes::ALL)
                .owner_unless_admin()
                .is_none()
        );
    }
}
