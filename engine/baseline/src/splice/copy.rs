//! The source's bits as they are, with the new ones between them: its tables have all codes.

use std::ops::Range;

use super::{Unspliced, assembly::Output, codes::Codes, cursor::Cursor, writer::Writer};
use crate::{Unsupported, header::Header, huffman::Class};

/// A file in the making.
#[derive(Debug)]
pub(super) struct Copy<'a> {
    codes: &'a Codes,
    cursor: Cursor<'a>,
    writer: Writer,
}

impl<'a> Copy<'a> {
    /// Begins with `head`, which is all that comes before the picture's data.
    pub(super) fn new(header: &Header<'a>, codes: &'a Codes, head: Vec<u8>) -> Self {
        Self {
            codes,
            cursor: Cursor::new(header.data),
            writer: Writer::after(head, header.data.len()),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }
}

impl Output for Copy<'_> {
    fn restart(&mut self, number: usize) -> Result<(), Unspliced> {
        self.writer.restart(number);
        Ok(self.cursor.pass_marker()?)
    }

    fn source(&mut self, _mcus: usize, bits: &Range<usize>) -> Result<(), Unspliced> {
        self.cursor.pass_to(bits.start)?;
        Ok(self.cursor.copy_to(bits.end, &mut self.writer)?)
    }

    /// The next bits from the source tell where they begin.
    fn leave_out(&mut self, _mcus: usize) -> Result<(), Unspliced> {
        Ok(())
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
