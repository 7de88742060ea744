//! No path, no port, no signal to another process: Landlock.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetError, RulesetStatus,
    Scope,
};

use super::Part;

/// The latest that this was read for. What an older kernel does not know is left out.
const LATEST: ABI = ABI::V7;

/// Allows nothing of all that Landlock can forbid.
pub(super) fn restrict() -> Part {
    match restricted() {
        Ok(RulesetStatus::FullyEnforced) => Part::Holds,
        Ok(RulesetStatus::PartiallyEnforced) => Part::Partly,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Part::Missing,
    }
}

fn restricted() -> Result<RulesetStatus, RulesetError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(LATEST))?
        .handle_access(AccessNet::from_all(LATEST))?
        .scope(Scope::from_all(LATEST))?;
    Ok(rules.create()?.restrict_self()?.ruleset)
}
