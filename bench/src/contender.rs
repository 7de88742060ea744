//! Who takes part: the engine, and what people use today.

use std::{env, path::PathBuf, process::Command};

use crate::job::{Format, Job};

/// Where the peers are, and what they need.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Peers {
    /// The folder they were installed into
    #[arg(long)]
    peers: PathBuf,
    /// The folder of the programs that drive them
    #[arg(long)]
    scripts: PathBuf,
    /// The font of the mark
    #[arg(long)]
    font: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Engine,
    Sharp,
    Thumbnail,
    Shrink,
    Pillow,
}

impl Contender {
    pub(crate) const ALL: [Self; 5] = [
        Self::Engine,
        Self::Sharp,
        Self::Thumbnail,
        Self::Shrink,
        Self::Pillow,
    ];
    /// In the order of `Ord`.
    pub(crate) const FIRST: Self = Self::Engine;
    pub(crate) const PEERS: [Self; 4] = [Self::Sharp, Self::Thumbnail, Self::Shrink, Self::Pillow];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Engine => "**engine**",
            Self::Sharp => "sharp",
            Self::Thumbnail => "libvips thumbnail",
            Self::Shrink => "libvips shrink",
            Self::Pillow => "Pillow draft",
        }
    }

    /// AVIF is compared with sharp, whose efforts the goals name; shrinking on load is for JPEG.
    pub(crate) const fn takes_part(self, job: &Job) -> bool {
        match self {
            Self::Engine | Self::Sharp => true,
            Self::Thumbnail | Self::Pillow => !matches!(job.output.format, Format::Avif),
            Self::Shrink => matches!(job.output.format, Format::Jpeg | Format::Webp),
        }
    }

    /// Serves requests with one thread.
    pub(crate) fn command(self, peers: &Peers) -> anyhow::Result<Command> {
        let mut command = match self {
            Self::Engine => {
                let mut command = Command::new(env::current_exe()?);
                command.arg("serve");
                command
            }
            Self::Sharp => peers.node("sharp.js"),
            Self::Thumbnail => peers.python("vips.py")?,
            Self::Shrink => {
                let mut command = peers.python("vips.py")?;
                command.arg("--shrink");
                command
            }
            Self::Pillow => peers.python("pillow.py")?,
        };
        command
            .env("VIPS_CONCURRENCY", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(command)
    }
}

impl Peers {
    fn node(&self, script: &str) -> Command {
        self.command(Command::new(self.peers.join("node")), script)
    }

    fn python(&self, script: &str) -> anyhow::Result<Command> {
        // It looks for its packages beside the folder it is started from, without following a link.
        let python = self.peers.join("bin").canonicalize()?.join("python");
        Ok(self.command(Command::new(python), script))
    }

    fn command(&self, mut command: Command, script: &str) -> Command {
        command
            .arg(self.scripts.join(script))
            .arg(&self.font)
            .current_dir(&self.peers);
        command
    }
}
