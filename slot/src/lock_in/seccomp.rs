//! A handful of system calls: what a codec's allocator asks for, the channel, and the end.
//!
//! Everything else ends the process at once, and its host sees by which signal.

use std::{collections::BTreeMap, env::consts::ARCH};

use libc::{
    MAP_ANONYMOUS, PROT_EXEC, SIGABRT, STDERR_FILENO, STDIN_FILENO, SYS_brk, SYS_clock_gettime,
    SYS_exit, SYS_exit_group, SYS_futex, SYS_getpid, SYS_getrandom, SYS_gettid, SYS_madvise,
    SYS_mmap, SYS_mprotect, SYS_mremap, SYS_munmap, SYS_recvfrom, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sched_yield, SYS_sendto, SYS_sigaltstack,
    SYS_sysinfo, SYS_tgkill, SYS_write, SYS_writev,
};
use rustix::process::getpid;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

const ABORT: u64 = SIGABRT as u64;

/// System calls that harm nobody, whatever their arguments are.
const HARMLESS: [i64; 17] = [
    // memory
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    // glibc's qsort asks how much there is before it takes some to sort in
    SYS_sysinfo,
    // the standard library: locks, hash tables, stacks, time where the kernel does not lend its clock
    SYS_futex,
    SYS_sched_yield,
    SYS_getrandom,
    SYS_clock_gettime,
    SYS_sigaltstack,
    // the end, sudden or not: an abort is a signal that a process sends to itself
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_getpid,
    SYS_gettid,
    SYS_exit,
    SYS_exit_group,
];

/// Allows what is needed, for ever.
///
/// # Errors
/// When the kernel knows no filters.
pub(super) fn restrict() -> Result<(), Error> {
    let killed = SeccompAction::KillProcess;
    let filter = SeccompFilter::new(allowed()?, killed, SeccompAction::Allow, ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)
}

fn allowed() -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
    let (channel, words) = (STDIN_FILENO as u64, STDERR_FILENO as u64);
    let guarded = [
        // memory of its own, never a file's, and never such that it can be run
        (
            SYS_mmap,
            rule(&[has(3, MAP_ANONYMOUS, MAP_ANONYMOUS)?, has(2, PROT_EXEC, 0)?])?,
        ),
        (SYS_mprotect, rule(&[has(2, PROT_EXEC, 0)?])?),
        (SYS_recvfrom, rule(&[is(0, channel)?])?),
        (SYS_sendto, rule(&[is(0, channel)?])?),
        (SYS_write, rule(&[is(0, words)?])?),
        (SYS_writev, rule(&[is(0, words)?])?),
        // an abort, and no other signal: one that killed itself would look as if the system had
        (SYS_tgkill, rule(&[is(0, own_pid())?, is(2, ABORT)?])?),
    ];
    let harmless = HARMLESS.map(|call| (call, Vec::new()));
    let guarded = guarded.map(|(call, rule)| (call, vec![rule]));
    Ok(harmless.into_iter().chain(guarded).collect())
}

fn own_pid() -> u64 {
    getpid().as_raw_nonzero().get().unsigned_abs().into()
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, Error> {
    Ok(SeccompRule::new(conditions.to_vec())?)
}

/// Whether the argument is `value`.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, Error> {
    let (length, equals) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
    Ok(SeccompCondition::new(argument, length, equals, value)?)
}

/// Whether the argument has, of the bits in `mask`, those of `bits` and no others.
fn has(argument: u8, mask: i32, bits: i32) -> Result<SeccompCondition, Error> {
    let masked = SeccompCmpOp::MaskedEq(mask.unsigned_abs().into());
    let (length, bits) = (SeccompCmpArgLen::Dword, bits.unsigned_abs().into());
    Ok(SeccompCondition::new(argument, length, masked, bits)?)
}
