//! Tables of an OpenType file, and the file of them.

/// A table in the making. Its numbers are big-endian.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Vec<u8>);

impl Table {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend(bytes);
        self
    }

    pub(crate) fn u16s<const N: usize>(&mut self, values: [u16; N]) -> &mut Self {
        values
            .iter()
            .for_each(|value| self.0.extend(value.to_be_bytes()));
        self
    }

    pub(crate) fn i16s<const N: usize>(&mut self, values: [i16; N]) -> &mut Self {
        values
            .iter()
            .for_each(|value| self.0.extend(value.to_be_bytes()));
        self
    }

    pub(crate) fn u32s<const N: usize>(&mut self, values: [u32; N]) -> &mut Self {
        values
            .iter()
            .for_each(|value| self.0.extend(value.to_be_bytes()));
        self
    }

    /// The lower three bytes.
    pub(crate) fn u24(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes()[1..])
    }
}

/// A table's name.
pub(crate) fn tag(name: &str) -> [u8; 4] {
    let bytes = name.as_bytes().try_into();
    bytes.expect("a table's name has four letters")
}

/// A file of `tables`. Checksums are left out: nobody who draws looks at them.
pub(crate) fn file(mut tables: Vec<([u8; 4], Table)>) -> Vec<u8> {
    tables.sort_by_key(|(tag, _)| *tag);
    let mut file = Table::new();
    file.u32s([0x0001_0000]);
    file.u16s([tables.len() as u16, 0, 0, 0]);
    let mut offset = file.len() + 16 * tables.len();
    for (tag, table) in &tables {
        file.bytes(tag).u32s([0, offset as u32, table.len() as u32]);
        offset += table.len().next_multiple_of(4);
    }
    for (_, table) in &tables {
        file.bytes(&table.0);
        file.0.resize(file.len().next_multiple_of(4), 0);
    }
    file.0
}
