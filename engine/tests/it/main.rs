//! The engine from outside: files in, files out.

mod hostile;
mod marks;
mod metadata;
mod render;
mod support;
