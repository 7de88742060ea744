//! Compiles the C of this crate against the headers of the libjpeg-turbo that `turbojpeg-sys` built.

use std::env;

fn main() {
    for file in ["failure.h", "decoder.c", "encoder.c"] {
        println!("cargo:rerun-if-changed=src/{file}");
    }
    let include =
        env::var("DEP_TURBOJPEG_INCLUDE").expect("turbojpeg-sys says where its headers are");
    cc::Build::new()
        .files(["src/decoder.c", "src/encoder.c"])
        .includes(include.split(','))
        .warnings_into_errors(true)
        .extra_warnings(true)
        .opt_level(2)
        .compile("turbo_shim");
}
