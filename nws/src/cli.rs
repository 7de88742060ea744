//! The command line.

mod dlq;
mod submit;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::{
    dlq::{Dlq, Drop, Form, Replay},
    submit::Submit,
};
use crate::config::{ConfigError, Flag};

/// Watermarks and optimises photographs: a server, its fleet, and a command.
#[derive(Debug, Parser)]
#[command(name = "nws", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: SettingsFlags,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Below this heading they do not hide what a command is about.
const SETTINGS: &str = "Settings of the process";

/// Settings that every command takes; `nws config` shows all of them.
#[derive(Debug, Args)]
pub(crate) struct SettingsFlags {
    /// Settings file [default: nws.toml, if it is there]
    #[arg(long, global = true, help_heading = SETTINGS, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where HTTP is served [default: 127.0.0.1:3000]
    #[arg(long, global = true, help_heading = SETTINGS, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Folder of the embedded backends [default: ./nws-data]
    #[arg(long, global = true, help_heading = SETTINGS, value_name = "FOLDER")]
    data: Option<String>,
    /// Listen beyond loopback although nobody has to say who they are
    #[arg(long, global = true, help_heading = SETTINGS)]
    insecure_public: bool,
    /// Font files or folders for what the built-in fonts lack, with colons between [default: none]
    #[arg(long, global = true, help_heading = SETTINGS, value_name = "PATHS")]
    fonts: Option<String>,
    /// Any other setting; `nws config` lists them
    #[arg(long, global = true, help_heading = SETTINGS, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole system in one process; each backend is embedded unless its URL is set (default)
    Run,
    /// The ingress of a fleet: uploads, status, images, the page
    Publisher,
    /// A worker of a fleet: takes jobs and makes their results
    Worker,
    /// Watermark files or folders right here, without a server
    Apply(Box<Apply>),
    /// Have a server watermark files or folders: upload, follow, download
    Submit(Box<Submit>),
    /// Read, replay or drop the dead letters: jobs that nobody works on any more
    #[command(subcommand)]
    Dlq(Dlq),
    /// Make a key: for a client of the API, or to sign image links with
    #[command(subcommand)]
    Key(Key),
    /// Ask a running process whether it is well; exit code 0 if it is
    Health {
        /// What to ask [default: `/health` of the address in `listen`]
        #[arg(long)]
        url: Option<String>,
    },
    /// A slot of a worker, which starts it: nobody else has a use for it
    #[command(hide = true)]
    Slot,
    /// Print the effective settings and where each comes from, secrets redacted
    Config,
}

/// What can be made.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// A key for a client: it is shown once, with the line by which the settings know it
    New {
        /// Whose it is: 1 to 64 letters, digits, `-`, `_` and `.`
        #[arg(long)]
        name: String,
        /// What they may do: upload, read, admin (which implies the others), with commas between
        #[arg(long, value_name = "SCOPES")]
        scope: String,
    },
    /// A key that signs image links, as a line for `link_keys`
    Link {
        /// What tells it from the others: 1 to 16 letters and digits
        #[arg(long)]
        id: String,
    },
}

/// `nws apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) photos: Photos,
}

/// Which photos are meant, where their results go, and what is wanted of them.
#[derive(Debug, Args)]
pub(crate) struct Photos {
    /// Photos or folders of photos; - is standard input
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// Folder to write into, a .jpg, .png, .webp or .avif file for a single photo, or - for standard output
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace what an earlier run wrote; a source is never replaced
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) recipe: RecipeFlags,
}

/// The recipe's fields, checked by the same rules as a form's.
#[derive(Debug, Args)]
pub(crate) struct RecipeFlags {
    /// The mark; {year} {date} {filename} {width} {height} {exif.date} {exif.artist} {exif.copyright} are replaced
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    wm_text: Option<String>,
    /// top-left, top, top-right, left, center, right, bottom-left, bottom, bottom-right, auto (the calmest of these) or
    /// tile
    #[arg(long, value_name = "PLACE")]
    wm_position: Option<String>,
    /// Height of a capital letter in percent of √(width·height), 0.5 to 25
    #[arg(long, value_name = "PERCENT")]
    wm_size: Option<String>,
    /// 0 to 1, or auto
    #[arg(long, value_name = "OPACITY")]
    wm_opacity: Option<String>,
    /// #rrggbb, or auto
    #[arg(long, value_name = "COLOR")]
    wm_color: Option<String>,
    /// Degrees clockwise
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true)]
    wm_rotate: Option<String>,
    /// Room between tiles in percent of √(width·height), 0 to 100
    #[arg(long, value_name = "PERCENT")]
    wm_spacing: Option<String>,
    /// Side on which several lines are even: left, center, right, or auto
    #[arg(long, value_name = "SIDE")]
    wm_align: Option<String>,
    /// PNG or WebP file that is drawn too; it stands above the text, or alone where no --wm-text is given
    #[arg(long, value_name = "FILE")]
    wm_logo: Option<PathBuf>,
    /// Height of the logo in percent of √(width·height), 0.5 to 100
    #[arg(long, value_name = "PERCENT")]
    wm_logo_size: Option<String>,
    /// jpeg, webp, avif or png [default: the source's, of a server JPEG]
    #[arg(long, value_name = "FORMAT")]
    wm_format: Option<String>,
    /// Width of the box to fit into, in pixels
    #[arg(long, value_name = "PIXELS")]
    width: Option<String>,
    /// Height of the box to fit into, in pixels
    #[arg(long, value_name = "PIXELS")]
    height: Option<String>,
    /// 1 to 100, auto, or keep: as the source was written, where both are JPEG
    #[arg(long, value_name = "QUALITY")]
    quality: Option<String>,
    /// small, or fast: half the time and a few percent more bytes of WebP and AVIF [default: small]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Line for the metadata, with the variables of --wm-text [default: the photo's own]
    #[arg(long, value_name = "TEXT")]
    copyright: Option<String>,
    /// Write JPEG coarse first, for slow lines
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    progressive: Option<String>,
    /// The most bytes a result may have: quality falls until it has no more
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<String>,
}

impl SettingsFlags {
    /// The named settings file.
    pub(crate) fn file(&self) -> Option<&std::path::Path> {
        self.config.as_deref()
    }

    /// The flags that are settings.
    ///
    /// # Errors
    /// When a `--set` is not `KEY=VALUE`.
    pub(crate) fn overrides(&self) -> Result<Vec<Flag>, ConfigError> {
        let set = self.set.iter().map(|flag| Flag::set(flag));
        let mut overrides = set.collect::<Result<Vec<_>, _>>()?;
        let own = [
            ("--listen", "listen", self.listen.as_deref()),
            ("--data", "data", self.data.as_deref()),
            ("--fonts", "fonts", self.fonts.as_deref()),
            (
                "--insecure-public",
                "insecure_public",
                self.insecure_public.then_some("true"),
            ),
        ];
        let given = own
            .into_iter()
            .filter_map(|(name, key, value)| Some(Flag::new(name, key, value?)));
        overrides.extend(given);
        Ok(overrides)
    }
}

impl RecipeFlags {
    /// The format that was named, if it is one.
    pub(crate) fn format(&self) -> Option<schemas::OutputFormat> {
        self.wm_format.as_deref()?.parse().ok()
    }

    /// The file of the logo.
    pub(crate) fn logo(&self) -> Option<&std::path::Path> {
        self.wm_logo.as_deref()
    }

    /// The request that the flags make, but for the logo.
    ///
    /// # Errors
    /// When a value is out of range.
    pub(crate) fn request(&self) -> Result<schemas::Request, schemas::FieldError> {
        let mut request = schemas::Request::default();
        for (field, value) in self.fields() {
            request.set(field, value)?;
        }
        Ok(request)
    }

    /// The fields that are given, but for the logo, as a form has them.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("wm_text", &self.wm_text),
            ("wm_position", &self.wm_position),
            ("wm_size", &self.wm_size),
            ("wm_opacity", &self.wm_opacity),
            ("wm_color", &self.wm_color),
            ("wm_rotate", &self.wm_rotate),
            ("wm_spacing", &self.wm_spacing),
            ("wm_align", &self.wm_align),
            ("wm_logo_size", &self.wm_logo_size),
            ("wm_format", &self.wm_format),
            ("width", &self.width),
            ("height", &self.height),
            ("quality", &self.quality),
            ("profile", &self.profile),
            ("copyright", &self.copyright),
            ("progressive", &self.progressive),
            ("max_bytes", &self.max_bytes),
        ];
        let given = fields.into_iter();
        given.filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_field_of_the_recipe_is_a_flag() {
        let command = Cli::command();
        for name in ["apply", "submit"] {
            let command = command.find_subcommand(name).unwrap();
            let flags: Vec<_> = command.get_arguments().collect();
            for field in schemas::recipe::FIELDS {
                let flag = field.replace('_', "-");
                let is_there = flags.iter().any(|it| it.get_long() == Some(&flag));
                assert!(is_there, "nws {name} --{flag}");
            }
        }
    }
}
