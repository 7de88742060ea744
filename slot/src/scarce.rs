//! Memory that is not enough, told by the allocation that fails: `scarce.c` has the other half.

use std::{
    ffi::{c_char, c_int},
    os::fd::{AsRawFd as _, BorrowedFd},
};

#[expect(unsafe_code, reason = "it is in C, where every allocator is called")]
unsafe extern "C" {
    fn slot_scarce_speak(fd: c_int, word: *const c_char, length: usize);
}

/// From now on, the first allocation that fails says `last_word` on `channel` and ends the process.
pub(crate) fn speak(channel: BorrowedFd<'static>, last_word: &'static str) {
    #[expect(unsafe_code, reason = "the other half is in C")]
    // SAFETY: both arguments live for ever, and no other thread is there yet that could read them half set.
    unsafe {
        slot_scarce_speak(
            channel.as_raw_fd(),
            last_word.as_ptr().cast(),
            last_word.len(),
        );
    }
}
