//! The words between host and guest: one JSON text a message, over a pair of sockets that keep messages apart.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use engine::{Limits, Rendered};
use rustix::{
    cmsg_space,
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv, recvmsg, send, sendmsg,
        socketpair,
    },
};
use schemas::{Contrast, Digest, OutputFormat, Recipe, Step, Written};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{lock_in::Sandbox, memory::Layout};

/// The longest message: a recipe with as many fonts as it may name has 24 KiB.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// The text beside a file.
const A_FILE: &[u8] = b"a file";

/// What a host says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// The first words: what there is to know before the lock-in.
    Begin(Setting),
    /// The original, and the logo, are in memory.
    Work(Work),
    /// Whatever it is at, it is not wanted any more.
    Stop,
}

/// What a guest has to know once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setting {
    /// Where its bytes are.
    pub(crate) layout: Layout,
    /// The lengths of the font files that it was handed.
    pub(crate) fonts: Vec<usize>,
    /// What the engine takes on.
    #[serde(with = "LimitsForm")]
    pub(crate) limits: Limits,
    /// What it may take of memory besides what it has at its start.
    pub(crate) memory_bytes_max: u64,
    /// Whether it is locked in.
    pub(crate) is_locked_in: bool,
}

/// What is to be made of the bytes in memory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) original_bytes: usize,
    pub(crate) logo: Option<(usize, Digest)>,
    pub(crate) recipe: Recipe,
}

/// What a guest says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    /// It is locked in, and waits for work.
    Ready(Sandbox),
    /// It did not come so far.
    NotReady(String),
    /// A step begins.
    Step(Step),
    /// The result is in memory.
    Done(Done),
    Refused {
        code: String,
        message: String,
    },
    /// There is a result, and it does not fit into the memory.
    TooLong {
        size_bytes: u64,
    },
    /// It was told to stop, and has.
    Stopped,
    /// The last word: an allocation failed.
    OutOfMemory,
}

/// [`Word::OutOfMemory`], written where nothing can be written any more.
pub(crate) const OUT_OF_MEMORY: &str = "\"OutOfMemory\"";

/// A result without its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) size_bytes: usize,
    format: OutputFormat,
    width: u32,
    height: u32,
    frames: u32,
    written: Written,
    contrast: Option<Contrast>,
}

/// The engine's limits as they are written here.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits")]
struct LimitsForm {
    pixels_max: u64,
    side_max: u32,
    decoded_bytes_max: u64,
    frames_max: u32,
    animation_pixels_max: u64,
}

/// One end of a channel.
#[derive(Debug)]
pub(crate) struct Channel<F>(F);

/// What came over a channel, if anything.
#[derive(Debug)]
pub(crate) enum Heard<T> {
    Said(T),
    /// Nothing, for as long as was waited.
    Nothing,
    /// The other end is gone.
    Gone,
}

/// Two ends.
///
/// # Errors
/// When the system has no more sockets.
pub(crate) fn pair() -> io::Result<(Channel<OwnedFd>, OwnedFd)> {
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    Ok((Channel(ours), theirs))
}

impl Channel<BorrowedFd<'static>> {
    /// The end that a guest finds as its standard input.
    pub(crate) const fn of_guest() -> Self {
        Self(rustix::stdio::stdin())
    }
}

impl<F: AsFd> Channel<F> {
    /// Says `what`, without a wait: who does not listen has a buffer full of it.
    ///
    /// # Errors
    /// When it is too long, when nobody listens, or not fast enough.
    pub(crate) fn say<T: Serialize>(&self, what: &T) -> io::Result<()> {
        let text = serde_json::to_vec(what)?;
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(too_long(text.len()));
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        send(&self.0, &text, flags)?;
        Ok(())
    }

    /// Hands `file` over.
    ///
    /// # Errors
    /// As [`Self::say`].
    pub(crate) fn hand(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let files = [file];
        beside.push(SendAncillaryMessage::ScmRights(&files));
        let text = [IoSlice::new(A_FILE)]; // nothing goes without a text
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        sendmsg(&self.0, &text, &mut beside, flags)?;
        Ok(())
    }

    /// The file that is handed over next, however long it takes; `None` when the other end is gone.
    ///
    /// # Errors
    /// When the system has no room for another file.
    pub(crate) fn take(&self) -> io::Result<Option<OwnedFd>> {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let mut text = [0; A_FILE.len()];
        let text = &mut [IoSliceMut::new(&mut text)];
        recvmsg(&self.0, text, &mut beside, RecvFlags::CMSG_CLOEXEC)?;
        Ok(beside.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut files) => files.next(),
            _ => None,
        }))
    }

    /// The next message, however long it takes; `None` when the other end is gone.
    ///
    /// # Errors
    /// When it is no such message.
    pub(crate) fn hear<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        match self.receive(RecvFlags::empty())? {
            Heard::Said(what) => Ok(Some(what)),
            Heard::Nothing | Heard::Gone => Ok(None),
        }
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    /// When it is no such message.
    pub(crate) fn hear_now<T: DeserializeOwned>(&self) -> io::Result<Heard<T>> {
        self.receive(RecvFlags::DONTWAIT)
    }

    /// The next message, if it comes within `patience`.
    ///
    /// # Errors
    /// When it is no such message.
    pub(crate) fn hear_within<T: DeserializeOwned>(
        &self,
        patience: Duration,
    ) -> io::Result<Heard<T>> {
        let timeout = Timespec::try_from(patience).ok();
        let mut ready = [PollFd::new(&self.0, PollFlags::IN)];
        match poll(&mut ready, timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => Ok(Heard::Nothing),
            Ok(_) => self.hear_now(),
            Err(error) => Err(error.into()),
        }
    }

    fn receive<T: DeserializeOwned>(&self, flags: RecvFlags) -> io::Result<Heard<T>> {
        let mut text = vec![0; MESSAGE_BYTES_MAX];
        let received = loop {
            // With TRUNC the length is the message's own, also where it is longer than what is taken of it.
            match recv(&self.0, text.as_mut_slice(), flags | RecvFlags::TRUNC) {
                Err(Errno::INTR) => {}
                received => break received,
            }
        };
        match received {
            // It reads like an end, but is one only where nobody is left.
            Ok((_, 0)) if !self.is_hung_up()? => Err(io::Error::other("message is empty")),
            Ok((_, 0)) | Err(Errno::CONNRESET) => Ok(Heard::Gone),
            Ok((_, length)) => match text.get(..length) {
                Some(text) => Ok(Heard::Said(serde_json::from_slice(text)?)),
                None => Err(too_long(length)),
            },
            Err(Errno::AGAIN) => Ok(Heard::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    fn is_hung_up(&self) -> io::Result<bool> {
        let mut end = [PollFd::new(&self.0, PollFlags::empty())];
        poll(&mut end, Some(&Timespec::default()))?;
        Ok(end[0].revents().contains(PollFlags::HUP))
    }
}

impl Done {
    pub(crate) fn of(rendered: &Rendered) -> Self {
        Self {
            size_bytes: rendered.bytes.len(),
            format: rendered.format,
            width: rendered.width,
            height: rendered.height,
            frames: rendered.frames,
            written: rendered.written,
            contrast: rendered.contrast,
        }
    }

    pub(crate) fn with(self, bytes: Vec<u8>) -> Rendered {
        Rendered {
            bytes,
            format: self.format,
            width: self.width,
            height: self.height,
            frames: self.frames,
            written: self.written,
            contrast: self.contrast,
        }
    }
}

fn too_long(length: usize) -> io::Error {
    io::Error::other(format!(
        "message has {length} bytes, the limit is {MESSAGE_BYTES_MAX}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_understood() {
        let word: Word = serde_json::from_str(OUT_OF_MEMORY).unwrap();
        assert!(matches!(word, Word::OutOfMemory));
    }

    #[test]
    fn a_message_that_is_too_long_is_not_cut_but_refused() {
        let (ours, theirs) = pair().unwrap();
        let long = vec![b' '; MESSAGE_BYTES_MAX + 1];
        send(&theirs, &long, SendFlags::empty()).unwrap();
        ours.hear_now::<Word>().unwrap_err();
    }

    #[test]
    fn who_is_gone_is_told_from_who_is_silent() {
        let (ours, theirs) = pair().unwrap();
        let tick = Duration::from_millis(1);
        assert!(matches!(
            ours.hear_within::<Word>(tick).unwrap(),
            Heard::Nothing
        ));
        drop(theirs);
        assert!(matches!(
            ours.hear_within::<Word>(tick).unwrap(),
            Heard::Gone
        ));
    }

    #[test]
    fn who_says_nothing_in_so_many_words_is_told_from_who_is_gone() {
        let (ours, theirs) = pair().unwrap();
        send(&theirs, b"", SendFlags::empty()).unwrap();
        ours.hear_now::<Word>().unwrap_err();
        send(&theirs, b"", SendFlags::empty()).unwrap();
        drop(theirs);
        assert!(matches!(ours.hear_now::<Word>().unwrap(), Heard::Gone));
    }

    #[test]
    fn nobody_is_waited_for_who_does_not_listen() {
        let (ours, _theirs) = pair().unwrap();
        let failed = (0..100_000).find_map(|_| ours.say(&Order::Stop).err());
        assert_eq!(failed.unwrap().kind(), io::ErrorKind::WouldBlock);
    }
}
