//! A small encoder of progressive files, for scripts of scans and coefficients that no real encoder writes.

use proptest::{prelude::*, sample::subsequence};

/// Coefficients in the order of the file, block by block and row by row, those that only fill MCUs included.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) across: usize,
    pub(crate) down: usize,
    pub(crate) blocks: Vec<[i16; 64]>,
}

/// A picture as coefficients, and the scans it is told in.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) components: Vec<Component>,
    pub(crate) scans: Vec<Scan>,
    /// In MCUs; zero is none.
    pub(crate) restart_interval: usize,
}

/// Which components, from which coefficient to which, from which bit to which.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scan {
    pub(crate) components: Vec<usize>,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) high: u32,
    pub(crate) low: u32,
}

/// A Huffman table of five short codes and many of nine bits.
struct Table(Vec<u8>);

const SHORT_CODES: usize = 5;

impl Table {
    fn dc() -> Self {
        Self((0..=11).collect())
    }

    /// All runs, of values of up to `bits`.
    fn ac(bits: u8) -> Self {
        let short = [0x01, 0x00, 0x11, 0x10, 0xf0];
        let all = (0..=15).flat_map(|run| (0..=bits).map(move |bits| run << 4 | bits));
        let others = all.filter(|symbol| !short.contains(symbol));
        Self(short.into_iter().chain(others).collect())
    }

    fn segment(&self, class: u8) -> Vec<u8> {
        let mut counts = [0; 16];
        counts[1..=SHORT_CODES].fill(1);
        counts[8] = (self.0.len() - SHORT_CODES) as u8;
        segment(0xc4, &[&[class << 4], &counts[..], &self.0].concat())
    }

    fn put(&self, output: &mut Output, symbol: u8) {
        let at = self.0.iter().position(|&one| one == symbol).unwrap();
        if at < SHORT_CODES {
            // 00, 010, 0110 and so on: as many ones as codes before it.
            return output.put(((1 << at) - 1) << 1, at as u32 + 2);
        }
        let first = ((1 << SHORT_CODES) - 1) << (9 - 1 - SHORT_CODES);
        output.put((first + at - SHORT_CODES) as u32, 9);
    }
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    pending: Vec<bool>,
}

impl Output {
    fn put(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            self.pending.push(value >> bit & 1 == 1);
            if self.pending.len() == 8 {
                self.put_byte();
            }
        }
    }

    fn put_byte(&mut self) {
        let byte = self
            .pending
            .drain(..)
            .fold(0, |byte, bit| byte << 1 | u8::from(bit));
        self.bytes.push(byte);
        if byte == 0xff {
            self.bytes.push(0);
        }
    }

    /// Fills the last byte with ones.
    fn align(&mut self) {
        while !self.pending.is_empty() {
            self.put(1, 1);
        }
    }
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker], &length[..], payload].concat()
}

impl Told {
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut frame = vec![8];
        frame.extend((self.height as u16).to_be_bytes());
        frame.extend((self.width as u16).to_be_bytes());
        frame.push(self.components.len() as u8);
        for (id, component) in (1..).zip(&self.components) {
            frame.extend([id, (component.across << 4 | component.down) as u8, 0]);
        }
        let mut file = vec![0xff, 0xd8];
        file.extend(segment(0xdb, &[&[0][..], &[3; 64]].concat()));
        file.extend(segment(0xc2, &frame));
        file.extend(segment(0xdd, &(self.restart_interval as u16).to_be_bytes()));
        for scan in &self.scans {
            file.extend(self.encoded_scan(scan));
        }
        file.extend([0xff, 0xd9]);
        file
    }

    fn encoded_scan(&self, scan: &Scan) -> Vec<u8> {
        let (class, table) = match (scan.first, scan.high) {
            (0, _) => (0, Table::dc()),
            (_, 0) => (1, Table::ac(10)),
            _ => (1, Table::ac(1)),
        };
        let mut header = vec![scan.components.len() as u8];
        for &component in &scan.components {
            header.extend([component as u8 + 1, 0]);
        }
        header.extend([
            scan.first as u8,
            scan.last as u8,
            (scan.high << 4 | scan.low) as u8,
        ]);
        let mut writer = Writer {
            scan,
            table: &table,
            output: Output::default(),
            predictions: [0; 3],
            ended: 0,
            waiting: Vec::new(),
        };
        for (number, mcu) in self.mcus(scan).iter().enumerate() {
            if self.restart_interval > 0 && number > 0 && number % self.restart_interval == 0 {
                writer.restart((number / self.restart_interval - 1) as u8 % 8);
            }
            for (component, block) in mcu {
                writer.put_block(*component, block);
            }
        }
        writer.end();
        [
            table.segment(class),
            segment(0xda, &header),
            writer.output.bytes,
        ]
        .concat()
    }

    /// The blocks of each MCU, with their components.
    fn mcus(&self, scan: &Scan) -> Vec<Vec<(usize, [i16; 64])>> {
        let luma = &self.components[0];
        let (h, v) = (luma.across, luma.down);
        let (mcus_across, mcus_down) = (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v));
        let block = |index: usize, row: usize, column: usize| {
            let component = &self.components[index];
            (
                index,
                component.blocks[row * mcus_across * component.across + column],
            )
        };
        if let &[index] = scan.components.as_slice() {
            let component = &self.components[index];
            let columns = (self.width * component.across).div_ceil(8 * h);
            let rows = (self.height * component.down).div_ceil(8 * v);
            let blocks = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            return blocks
                .map(|(row, column)| vec![block(index, row, column)])
                .collect();
        }
        let mcu = |(row, column): (usize, usize)| {
            let mut blocks = Vec::new();
            for &index in &scan.components {
                let (across, down) = (self.components[index].across, self.components[index].down);
                for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
                    blocks.push(block(index, row * down + y, column * across + x));
                }
            }
            blocks
        };
        let mcus = (0..mcus_down).flat_map(|row| (0..mcus_across).map(move |column| (row, column)));
        mcus.map(mcu).collect()
    }
}

/// Writes one scan.
struct Writer<'a> {
    scan: &'a Scan,
    table: &'a Table,
    output: Output,
    predictions: [i32; 3],
    /// Blocks that have ended, and the bits of their coefficients that follow when that is said.
    ended: u32,
    waiting: Vec<bool>,
}

impl Writer<'_> {
    fn put_block(&mut self, component: usize, block: &[i16; 64]) {
        match (self.scan.first, self.scan.high) {
            (0, 0) => self.put_difference(component, block[0]),
            (0, _) => self.output.put((block[0] >> self.scan.low & 1) as u32, 1),
            (_, 0) => self.put_first(block),
            _ => self.put_finer(block),
        }
    }

    fn put_difference(&mut self, component: usize, level: i16) {
        let level = i32::from(level >> self.scan.low);
        let difference = level - self.predictions[component];
        self.predictions[component] = level;
        self.put_value(0, difference);
    }

    fn put_value(&mut self, run: u8, value: i32) {
        let bits = 32 - value.unsigned_abs().leading_zeros();
        self.table.put(&mut self.output, run << 4 | bits as u8);
        let stored = if value < 0 { value - 1 } else { value };
        self.output.put(stored as u32 & ((1 << bits) - 1), bits);
    }

    fn put_first(&mut self, block: &[i16; 64]) {
        let mut run = 0;
        for &value in &block[self.scan.first..=self.scan.last] {
            let magnitude = i32::from(value.abs() >> self.scan.low);
            if magnitude == 0 {
                run += 1;
                continue;
            }
            self.put_ended();
            while run > 15 {
                self.table.put(&mut self.output, 0xf0);
                run -= 16;
            }
            self.put_value(run, magnitude * i32::from(value.signum()));
            run = 0;
        }
        if run > 0 {
            self.note_ended(Vec::new());
        }
    }

    fn put_finer(&mut self, block: &[i16; 64]) {
        let band = &block[self.scan.first..=self.scan.last];
        let magnitude = |value: &i16| value.abs() >> self.scan.low;
        let last_new = band.iter().rposition(|value| magnitude(value) == 1);
        let (mut run, mut bits) = (0, Vec::new());
        for (at, value) in band.iter().enumerate() {
            let magnitude = magnitude(value);
            if magnitude == 0 {
                run += 1;
                continue;
            }
            while run > 15 && last_new.is_some_and(|last| at <= last) {
                self.put_ended();
                self.table.put(&mut self.output, 0xf0);
                run -= 16;
                self.put_bits(&mut bits);
            }
            if magnitude > 1 {
                bits.push(magnitude & 1 == 1);
                continue;
            }
            self.put_ended();
            self.table.put(&mut self.output, run << 4 | 1);
            self.output.put(u32::from(*value > 0), 1);
            self.put_bits(&mut bits);
            run = 0;
        }
        if run > 0 || !bits.is_empty() {
            self.note_ended(bits);
        }
    }

    fn put_bits(&mut self, bits: &mut Vec<bool>) {
        for bit in bits.drain(..) {
            self.output.put(bit.into(), 1);
        }
    }

    fn note_ended(&mut self, bits: Vec<bool>) {
        self.ended += 1;
        self.waiting.extend(bits);
        if self.ended == 0x7fff {
            self.put_ended();
        }
    }

    fn put_ended(&mut self) {
        if self.ended == 0 {
            return;
        }
        let bits = self.ended.ilog2();
        self.table.put(&mut self.output, (bits << 4) as u8);
        self.output.put(self.ended & ((1 << bits) - 1), bits);
        self.ended = 0;
        let mut waiting = std::mem::take(&mut self.waiting);
        self.put_bits(&mut waiting);
    }

    fn restart(&mut self, number: u8) {
        self.end();
        self.output.bytes.extend([0xff, 0xd0 | number]);
        self.predictions = [0; 3];
    }

    fn end(&mut self) {
        self.put_ended();
        self.output.align();
    }
}

/// Any picture, told in any scans that add up.
pub(crate) fn told() -> impl Strategy<Value = Told> {
    let size = (1..150_usize, 1..60_usize);
    let factors = prop::sample::select(vec![
        vec![(1, 1)],
        vec![(1, 1), (1, 1), (1, 1)],
        vec![(2, 1), (1, 1), (1, 1)],
        vec![(2, 2), (1, 1), (1, 1)],
        vec![(4, 1), (1, 1), (1, 1)],
    ]);
    (size, factors, any::<u32>(), 0..40_usize).prop_flat_map(
        |((width, height), factors, seed, restart_interval)| {
            let restart_interval = restart_interval.saturating_sub(20);
            scans(factors.len()).prop_map(move |scans| Told {
                width,
                height,
                components: components((width, height), &factors, seed),
                scans,
                restart_interval,
            })
        },
    )
}

fn components(
    (width, height): (usize, usize),
    factors: &[(usize, usize)],
    seed: u32,
) -> Vec<Component> {
    let mut state = seed;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let density = random(60) + 1;
    let (h, v) = factors[0];
    let mcus = width.div_ceil(8 * h) * height.div_ceil(8 * v);
    let mut block = || {
        let is_empty = random(3) == 0;
        let mut block = [0; 64];
        for value in &mut block {
            if !is_empty && random(60) < density {
                let bits = random(8);
                let magnitude = (random(1 << bits) + 1) as i16;
                *value = if random(2) == 0 {
                    magnitude
                } else {
                    -magnitude
                };
            }
        }
        block
    };
    let component = |&(across, down): &(usize, usize)| Component {
        across,
        down,
        blocks: (0..mcus * across * down).map(|_| block()).collect(),
    };
    factors.iter().map(component).collect()
}

/// All scans of each component in an order that is allowed, the components in any.
fn scans(components: usize) -> impl Strategy<Value = Vec<Scan>> {
    let levels = (any::<bool>(), 0..3_u32).prop_map(move |(are_together, low)| {
        let all: Vec<_> = (0..components).collect();
        let one_by_one = all.chunks(if are_together { components } else { 1 });
        let parts: Vec<_> = one_by_one.map(<[usize]>::to_vec).collect();
        in_steps(low, |high, low| {
            let scan = |components: &Vec<usize>| Scan {
                components: components.clone(),
                first: 0,
                last: 0,
                high,
                low,
            };
            parts.iter().map(scan).collect()
        })
    });
    let bands = prop::collection::vec(bands(), components).prop_map(|bands| {
        let of_component = bands.into_iter().enumerate();
        let named = of_component.map(|(component, mut scans)| {
            scans
                .iter_mut()
                .for_each(|scan| scan.components = vec![component]);
            scans
        });
        named.collect::<Vec<_>>()
    });
    (levels, bands, any::<bool>()).prop_map(|(levels, bands, is_level_last)| {
        let (first, finer): (Vec<_>, Vec<_>) = levels.into_iter().partition(|scan| scan.high == 0);
        let longest = bands.iter().map(Vec::len).max().unwrap_or(0);
        let in_turns = (0..longest).flat_map(|at| bands.iter().filter_map(move |b| b.get(at)));
        let bands: Vec<_> = in_turns.cloned().collect();
        match is_level_last {
            true => [first, bands, finer].concat(),
            false => [first, finer, bands].concat(),
        }
    })
}

/// The scans of a component's AC coefficients: at each step the band is cut in other places.
fn bands() -> impl Strategy<Value = Vec<Scan>> {
    let cuts = || subsequence((2..=63).collect::<Vec<usize>>(), 0..4);
    (0..4_u32, prop::collection::vec(cuts(), 4)).prop_map(|(low, cuts)| {
        in_steps(low, |high, low| {
            let firsts = [&[1], cuts[low as usize].as_slice()].concat();
            let ends = firsts.iter().skip(1).copied().chain([64]);
            let scan = |(&first, end): (&usize, usize)| Scan {
                components: Vec::new(),
                first,
                last: end - 1,
                high,
                low,
            };
            firsts.iter().zip(ends).map(scan).collect()
        })
    })
}

fn in_steps(low: u32, scans: impl Fn(u32, u32) -> Vec<Scan>) -> Vec<Scan> {
    let finer = (0..low).rev().flat_map(|low| scans(low + 1, low));
    let first = scans(0, low);
    first.into_iter().chain(finer).collect()
}
