//! The source's symbols in other codes: when a mark needs some that its tables have not.
//!
//! Files that were made for the web often have codes for what is in them and nothing more. Their coefficients stay as they
//! are, which is what matters, but all their bits change.

use std::ops::Range;

use super::{Unspliced, assembly::Output, codes::Codes, writer::Writer};
use crate::{
    Unsupported, channel::Channel, cpu::Kernels, header::Header, huffman::Class, scan::Scan,
};

/// A file in the making.
#[derive(Debug)]
pub(super) struct Translation<'a> {
    codes: &'a Codes,
    scan: Scan<'a>,
    writer: Writer,
}

impl<'a> Translation<'a> {
    /// Begins with `head`, which is all that comes before the picture's data.
    pub(super) fn new(
        header: &'a Header<'a>,
        channels: &[Channel],
        codes: &'a Codes,
        head: Vec<u8>,
    ) -> Self {
        Self {
            codes,
            scan: Scan::new(Kernels::detect(), header, channels),
            writer: Writer::after(head, header.data.len()),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }
}

impl Output for Translation<'_> {
    /// The scan passes the source's marker with the MCU behind it.
    fn restart(&mut self, number: usize) -> Result<(), Unspliced> {
        self.writer.restart(number);
        Ok(())
    }

    fn source(&mut self, mcus: usize, _bits: &Range<usize>) -> Result<(), Unspliced> {
        let Self {
            codes,
            scan,
            writer,
        } = self;
        let mut written = Ok(());
        scan.symbols(mcus, &mut |component, class, symbol, stored| {
            let book = codes.book(component, class);
            if let Err(refused) = writer.put_symbol(book, symbol, stored) {
                written = Err(refused);
            }
        })?;
        Ok(written?)
    }

    fn leave_out(&mut self, mcus: usize) -> Result<(), Unspliced> {
        Ok(self.scan.skip(mcus)?)
    }

    fn symbol(
        &mut self,
        component: usize,
        class: Class,
        symbol: u8,
        stored: u32,
    ) -> Result<(), Unsupported> {
        let book = self.codes.book(component, class);
        self.writer.put_symbol(book, symbol, stored)
    }
}
