//! Writes the files into a folder, one each, for whoever wants them as files: `ops/fuzz` begins with them.

use std::{env, fs, io, path::PathBuf};

use hostile::{bombs, damaged, sound};

/// Longer ones only slow a fuzzer down.
const BYTES_MAX: usize = 64 * 1024;
const DAMAGED: usize = 200;

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("write FOLDER"))?;
    fs::create_dir_all(&folder)?;
    let files = sound()
        .into_iter()
        .chain(bombs())
        .chain(damaged(6, DAMAGED));
    for (number, file) in files.enumerate() {
        if file.bytes.len() <= BYTES_MAX {
            fs::write(folder.join(format!("{number:03}")), &file.bytes)?;
        }
    }
    Ok(())
}
