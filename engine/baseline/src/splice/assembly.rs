//! The second half: the source's bits and the new ones, one after the other.

use super::{
    Unspliced,
    cursor::Cursor,
    patch::Patch,
    survey::{Content, Piece, Survey},
    writer::Writer,
};
use crate::{
    Unsupported,
    dct::Levels,
    entropy::Predictions,
    header::{Component, Header},
    huffman::CodeBook,
    tables::ZIGZAG,
};

/// A file in the making.
#[derive(Debug)]
pub(super) struct Assembly<'a> {
    components: &'a [Component],
    books: Vec<Books>,
    cursor: Cursor<'a>,
    writer: Writer,
    predictions: Predictions,
    /// MCUs of the patch that have been written.
    drawn: usize,
}

/// A component's codes.
#[derive(Debug)]
struct Books {
    dc: CodeBook,
    ac: CodeBook,
}

/// Sixteen zeros.
const ZEROS: u8 = 0xf0;

const END_OF_BLOCK: u8 = 0;

impl<'a> Assembly<'a> {
    /// Begins with `head`, which is all that comes before the picture's data.
    pub(super) fn new(header: &'a Header<'a>, head: Vec<u8>) -> Self {
        let books = |component| Books {
            dc: header.tables.dc(component).code_book(),
            ac: header.tables.ac(component).code_book(),
        };
        Self {
            components: &header.components,
            books: header.components.iter().map(books).collect(),
            cursor: Cursor::new(header.data),
            writer: Writer::after(head, header.data.len()),
            predictions: Predictions::default(),
            drawn: 0,
        }
    }

    pub(super) fn finish(mut self, survey: &Survey) -> Result<Vec<u8>, Unspliced> {
        for piece in &survey.pieces {
            self.add(piece, survey.patch.as_ref())?;
        }
        Ok(self.writer.finish())
    }

    fn add(&mut self, piece: &Piece, patch: Option<&Patch>) -> Result<(), Unspliced> {
        if let Some(number) = piece.restart {
            self.writer.restart(number);
            self.cursor.pass_marker()?;
            self.predictions = Predictions::default();
        }
        match (&piece.content, patch) {
            (Content::Copied { bits, predictions }, _) => {
                self.cursor.pass_to(bits.start)?;
                self.cursor.copy_to(bits.end, &mut self.writer)?;
                self.predictions = *predictions;
            }
            (Content::After(blocks), _) => self.write_after(blocks)?,
            (Content::Drawn { count }, Some(patch)) => self.write_drawn(*count, patch)?,
            (Content::Drawn { .. }, None) => {}
        }
        Ok(())
    }

    fn write_drawn(&mut self, count: usize, patch: &Patch) -> Result<(), Unsupported> {
        for number in self.drawn..self.drawn + count {
            for (component, levels) in patch.blocks(self.components, number) {
                self.write_block(component, &levels)?;
            }
        }
        self.drawn += count;
        Ok(())
    }

    fn write_after(&mut self, blocks: &[Levels]) -> Result<(), Unsupported> {
        let components = (0..).zip(self.components);
        let indices = components.flat_map(|(index, component)| {
            std::iter::repeat_n(index, component.across * component.down)
        });
        for (component, levels) in indices.zip(blocks) {
            self.write_block(component, levels)?;
        }
        Ok(())
    }

    fn write_block(&mut self, component: usize, levels: &Levels) -> Result<(), Unsupported> {
        let Books { dc, ac } = &self.books[component];
        let level = i32::from(levels[0]);
        // Sixteen bits are what a decoder keeps of the sum; only damaged files have more.
        let difference = level - i32::from(self.predictions[component] as i16);
        self.predictions[component] = level;
        self.writer.put_value(dc, 0, difference)?;
        let mut run = 0;
        for place in &ZIGZAG[1..] {
            let level = i32::from(levels[usize::from(*place)]);
            if level == 0 {
                run += 1;
                continue;
            }
            for _ in 0..run / 16 {
                self.writer.put_symbol(ac, ZEROS)?;
            }
            self.writer.put_value(ac, run % 16, level)?;
            run = 0;
        }
        if run > 0 {
            self.writer.put_symbol(ac, END_OF_BLOCK)?;
        }
        Ok(())
    }
}
