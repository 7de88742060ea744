//! The file's Huffman tables, and room in them for what a mark needs.

use std::ops::Range;

use super::{
    Unspliced,
    assembly::Output,
    optimal::{Frequencies, shortest},
};
use crate::{
    Unsupported,
    header::Header,
    huffman::{Class, Code, CodeBook},
};

/// The tables that components have, each once.
#[derive(Debug)]
pub(super) struct Codes {
    /// Where each component's tables are, by class.
    places: Vec<[usize; 2]>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    class: Class,
    index: usize,
    book: CodeBook,
    /// Symbols that new blocks have, and the table has not.
    missing: Vec<u8>,
}

/// Notes which symbols are missing.
#[derive(Debug)]
pub(super) struct Tally<'a>(&'a mut Codes);

pub(super) const CODE_BITS_MAX: u32 = 16;

impl Codes {
    pub(super) fn new(header: &Header<'_>) -> Self {
        let mut codes = Self {
            places: Vec::new(),
            tables: Vec::new(),
        };
        for component in &header.components {
            let dc = header.tables.dc(component).code_book();
            let ac = header.tables.ac(component).code_book();
            let dc_place = codes.place(Class::Dc, component.dc_index, dc);
            let ac_place = codes.place(Class::Ac, component.ac_index, ac);
            codes.places.push([dc_place, ac_place]);
        }
        codes
    }

    fn place(&mut self, class: Class, index: usize, book: CodeBook) -> usize {
        let is_it = |table: &Table| table.class == class && table.index == index;
        self.tables.iter().position(is_it).unwrap_or_else(|| {
            self.tables.push(Table {
                class,
                index,
                book,
                missing: Vec::new(),
            });
            self.tables.len() - 1
        })
    }

    /// How many tables there are.
    pub(super) const fn tables(&self) -> usize {
        self.tables.len()
    }

    /// Which of them a component has.
    #[inline]
    pub(super) fn table(&self, component: usize, class: Class) -> usize {
        self.places[component][class as usize]
    }

    #[inline]
    pub(super) fn book(&self, component: usize, class: Class) -> &CodeBook {
        &self.tables[self.table(component, class)].book
    }

    /// Gives each table codes for what was counted of it, and for nothing else.
    pub(super) fn shorten(&mut self, counted: &[Frequencies]) {
        for (table, frequencies) in self.tables.iter_mut().zip(counted) {
            table.book = assigned(&shortest(frequencies));
        }
    }

    /// Gives codes to what is missing. Those of other symbols change, also where a damaged table had two for one: only one is
    /// written.
    pub(super) fn extend(&mut self) -> Result<(), Unsupported> {
        for table in &mut self.tables {
            table.book = match table.missing.first() {
                Some(&symbol) => {
                    extended(&table.book, &table.missing).ok_or(Unsupported::Symbol { symbol })?
                }
                None => assigned(&in_order(&table.book)),
            };
        }
        Ok(())
    }

    /// The content of a segment of Huffman tables.
    pub(super) fn segment(&self) -> Vec<u8> {
        let content = |table: &Table| {
            let class = match table.class {
                Class::Dc => 0,
                Class::Ac => 0x10,
            };
            let symbols = in_order(&table.book);
            let mut counts = [0; CODE_BITS_MAX as usize];
            for (code_bits, _) in &symbols {
                counts[*code_bits as usize - 1] += 1;
            }
            let mut content = vec![class | table.index as u8];
            content.extend(counts);
            content.extend(symbols.iter().map(|(_, symbol)| symbol));
            content
        };
        self.tables.iter().flat_map(content).collect()
    }
}

/// Bits of the code and symbol, from the first code to the last.
fn in_order(book: &CodeBook) -> Vec<(u32, u8)> {
    let codes = (0..=u8::MAX).zip(book);
    let mut codes: Vec<(Code, u8)> = codes
        .filter_map(|(symbol, code)| Some(((*code)?, symbol)))
        .collect();
    codes.sort_by_key(|(code, symbol)| (code.count, code.bits, *symbol));
    let symbols = codes.iter().map(|(code, symbol)| (code.count, *symbol));
    symbols.collect()
}

/// The longest codes go to what is missing. Where there are none left, a rare symbol makes room by taking one itself: that
/// costs a few bits, where tables for the whole picture would cost another reading.
fn extended(book: &CodeBook, missing: &[u8]) -> Option<CodeBook> {
    let mut symbols = in_order(book);
    let taken: usize = symbols.iter().map(|(bits, _)| room(*bits)).sum();
    // A code of nothing but ones is not allowed.
    let wanted = (taken + missing.len() + 1).saturating_sub(room(0));
    if wanted > 0 {
        let makes_room = |(bits, _): &(u32, u8)| room(*bits) > wanted;
        symbols.iter_mut().rfind(|symbol| makes_room(symbol))?.0 = CODE_BITS_MAX;
    }
    symbols.extend(missing.iter().map(|symbol| (CODE_BITS_MAX, *symbol)));
    symbols.sort_by_key(|(bits, _)| *bits);
    Some(assigned(&symbols))
}

/// How many of the longest codes begin with a code of so many bits.
fn room(code_bits: u32) -> usize {
    1 << (CODE_BITS_MAX - code_bits)
}

/// Each code is one more than the last, as ITU-T T.81, annex C, has it.
fn assigned(symbols: &[(u32, u8)]) -> CodeBook {
    let mut book = [None; 256];
    let mut next = 0;
    for (count, symbol) in symbols {
        let bits = (next >> (CODE_BITS_MAX - count)) as u32;
        let count = *count;
        book[usize::from(*symbol)] = Some(Code { bits, count });
        next += room(count);
    }
    book
}

impl<'a> Tally<'a> {
    pub(super) fn new(codes: &'a mut Codes) -> Self {
        Self(codes)
    }
}

impl Output for Tally<'_> {
    fn restart(&mut self, _number: usize) -> Result<(), Unspliced> {
        Ok(())
    }

    fn source(&mut self, _mcus: usize, _bits: &Range<usize>) -> Result<(), Unspliced> {
        Ok(())
    }

    fn leave_out(&mut self, _mcus: usize) -> Result<(), Unspliced> {
        Ok(())
    }

    fn symbol(
        &mut self,
        component: usize,
        class: Class,
        symbol: u8,
        _stored: u32,
    ) -> Result<(), Unsupported> {
        let place = self.0.places[component][class as usize];
        let table = &mut self.0.tables[place];
        if table.book[usize::from(symbol)].is_none() && !table.missing.contains(&symbol) {
            table.missing.push(symbol);
        }
        Ok(())
    }
}
