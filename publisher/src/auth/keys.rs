//! API keys: 256 random bits each, of which the settings know the SHA-256.
//!
//! A password needs a slow hash because people choose it from what can be guessed. Nobody guesses 256 random bits, so a fast
//! hash is as safe, and an attacker cannot make us compute a slow one for each request.

use std::{collections::HashSet, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use schemas::Digest;
use subtle::ConstantTimeEq as _;

use super::caller::{Caller, Scopes};

/// What every key begins with, so that a search for lost secrets finds it.
pub(super) const KEY_PREFIX: &str = "nws_";

const KEY_BYTES: usize = 32;

/// Characters of a name. It goes into logs and records.
const NAME_CHARS_MAX: usize = 64;

/// Keys of one fleet. 1000: all are compared for each request, which takes 20 µs then.
const KEYS_MAX: usize = 1000;

/// The keys that are let in.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<Entry>);

/// A key as the settings know it: `name:scopes:sha256`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    scopes: Scopes,
    digest: Digest,
}

/// A key that was made just now. It is shown once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey(String);

/// A line that is no key's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It has other parts.
    #[error("{0:?} is not NAME:SCOPES:SHA256; `nws key new` makes such a line")]
    Parts(String),
    /// Its name cannot be one.
    #[error("{0:?} is no name: 1 to {NAME_CHARS_MAX} letters, digits, `-`, `_` and `.`")]
    Name(String),
    /// It names a scope that there is not.
    #[error("the key {name}: {problem}")]
    Scopes {
        /// Whose it is.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Its digest is none.
    #[error("the key {0}: its third part is no SHA-256, which has 64 lower-case hex digits")]
    Digest(String),
    /// A line of a file is none.
    #[error("line {line}: {problem}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Box<Self>,
    },
    /// Two lines are of one key.
    #[error("the key {0} is the same as another")]
    Twice(String),
    /// There are too many.
    #[error("{0} keys, the limit is {KEYS_MAX}")]
    TooMany(usize),
}

impl Keys {
    /// Reads entries with white space between them. A `#` begins a comment to the end of its line.
    pub(super) fn parse(text: &str) -> Result<Self, EntryError> {
        let entries = text.lines().flat_map(entries);
        Self::of(entries.collect::<Result<_, _>>()?)
    }

    /// The same of a file, where a mistake has a line.
    pub(super) fn parse_lines(text: &str) -> Result<Self, EntryError> {
        let lines = text.lines().zip(1..);
        let at = |line, problem| {
            let problem = Box::new(problem);
            EntryError::Line { line, problem }
        };
        let (mut read, mut lines_read) = (Vec::new(), Vec::new());
        for (text, line) in lines {
            for entry in entries(text) {
                read.push(entry.map_err(|problem| at(line, problem))?);
                lines_read.push(line);
            }
        }
        match twice(&read) {
            Some(place) => {
                let twice = EntryError::Twice(read[place].name.clone());
                Err(at(lines_read[place], twice))
            }
            None => Self::of(read),
        }
    }

    /// These and those.
    pub(super) fn and(self, mut more: Self) -> Result<Self, EntryError> {
        more.0.extend(self.0);
        Self::of(more.0)
    }

    fn of(entries: Vec<Entry>) -> Result<Self, EntryError> {
        if entries.len() > KEYS_MAX {
            return Err(EntryError::TooMany(entries.len()));
        }
        match twice(&entries) {
            Some(place) => Err(EntryError::Twice(entries[place].name.clone())),
            None => Ok(Self(entries)),
        }
    }

    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }

    /// Whose key this is. All are compared, each to its end, so that the time taken tells nothing.
    pub(super) fn caller(&self, key: &str) -> Option<Caller> {
        let digest = Digest::of(key.as_bytes());
        let mut found = None;
        for entry in &self.0 {
            if entry.digest.as_bytes().ct_eq(digest.as_bytes()).into() {
                found = Some(entry);
            }
        }
        found.map(|entry| Caller::with_key(&entry.name, entry.scopes))
    }
}

impl NewKey {
    /// A key of `random`, which nobody can guess.
    pub fn new(random: [u8; KEY_BYTES]) -> Self {
        Self(format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The line by which the settings know it.
    ///
    /// # Errors
    /// When `name` cannot be one.
    pub fn entry(&self, name: &str, scopes: Scopes) -> Result<Entry, EntryError> {
        Ok(Entry {
            name: checked(name)?,
            scopes,
            digest: Digest::of(self.0.as_bytes()),
        })
    }

    /// The key itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey([redacted])")
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let parts: Vec<_> = text.split(':').collect();
        let &[name, scopes, digest] = &parts[..] else {
            return Err(EntryError::Parts(shown(text)));
        };
        let name = checked(name)?;
        Ok(Self {
            scopes: scopes.parse().map_err(|problem| EntryError::Scopes {
                name: name.clone(),
                problem: format!("{problem}"),
            })?,
            digest: digest
                .parse()
                .map_err(|_| EntryError::Digest(name.clone()))?,
            name,
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.scopes, self.digest)
    }
}

/// The place of the first key that is the same as one before it.
fn twice(entries: &[Entry]) -> Option<usize> {
    let mut seen = HashSet::new();
    entries.iter().position(|entry| !seen.insert(entry.digest))
}

fn entries(line: &str) -> impl Iterator<Item = Result<Entry, EntryError>> {
    let entries = line.split('#').next().unwrap_or_default();
    entries.split_whitespace().map(str::parse)
}

fn checked(name: &str) -> Result<String, EntryError> {
    let is_name_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_name_char) {
        return Ok(name.to_owned());
    }
    Err(EntryError::Name(shown(name)))
}

/// As much as finds the place. A key itself, put where its line belongs, must not get into a log.
fn shown(text: &str) -> String {
    if text.contains(KEY_PREFIX) {
        return "[redacted]".to_owned();
    }
    text.chars().take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> NewKey {
        NewKey::new([seed; KEY_BYTES])
    }

    fn entry(seed: u8, name: &str) -> String {
        let entry = key(seed).entry(name, "upload".parse().unwrap());
        entry.unwrap().to_string()
    }

    #[test]
    fn a_key_opens_for_its_name_and_another_for_nobody() {
        let text = format!("# ours\n{} # old\n  {}\n", entry(1, "web"), entry(2, "web"));
        let keys = Keys::parse(&text).unwrap();
        for seed in [1, 2] {
            let caller = keys.caller(key(seed).reveal()).unwrap();
            assert_eq!(caller.name(), Some("key:web"));
        }
        assert_eq!(keys.caller(key(3).reveal()), None);
        assert_eq!(keys.caller(""), None);
    }

    #[test]
    fn a_key_is_recognised_and_has_all_its_bits() {
        let revealed = key(0xff).reveal().to_owned();
        assert_eq!(revealed, format!("nws_{}8", "_".repeat(42)));
        assert!(!format!("{:?}", key(1)).contains(&key(1).reveal()[4..]));
    }

    #[test]
    fn a_line_that_is_no_keys_says_what_is_wrong() {
        for (line, problem) in [
            ("web:upload".to_owned(), "NAME:SCOPES:SHA256"),
            (format!("web:uplaod:{}", Digest::of(b"")), "\"uplaod\""),
            ("web:upload:abc".to_owned(), "64 lower-case hex digits"),
            (format!("a/b:upload:{}", Digest::of(b"")), "\"a/b\""),
            (key(1).reveal().to_owned(), "[redacted]"),
            (format!("{} {}", entry(1, "a"), entry(1, "b")), "the same"),
        ] {
            let error = Keys::parse(&line).unwrap_err().to_string();
            assert!(error.contains(problem), "{line}: {error}");
        }
    }
}
