//! HTTP/2 frame by frame, for what no client of a library would send.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{PATIENCE, client::NAME};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// A connection.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.write_all(&[PREFACE, &SETTINGS].concat()).await.unwrap();
        Self(tcp)
    }

    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        let frame = [&head, payload].concat();
        self.0.write_all(&frame).await.unwrap();
    }

    /// The head of an upload that says nothing of its form, so that it is refused before its body is read.
    pub(crate) async fn begin_upload(&mut self, stream: u32) {
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        // By the static table: POST, http; then an authority and a path.
        let head = [
            vec![0x83, 0x86],
            [vec![0x01], text(NAME)].concat(),
            [vec![0x04], text("/upload")].concat(),
        ];
        let head = head.concat();
        self.send(HEADERS, END_HEADERS, stream, &head).await;
    }

    pub(crate) async fn next(&mut self) -> Frame {
        let mut head = [0; 9];
        self.read(&mut head).await;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.read(&mut payload).await;
        Frame {
            kind,
            flags,
            stream: u32::from_be_bytes(stream),
            payload,
        }
    }

    /// All that had been said by when a question is answered.
    pub(crate) async fn said(&mut self) -> Vec<Frame> {
        self.send(PING, 0, 0, &[7; 8]).await;
        let mut said = Vec::new();
        loop {
            let frame = self.next().await;
            if frame.kind == GOAWAY {
                panic!("the connection is over: {frame:?}");
            }
            if (frame.kind, frame.flags) == (PING, ACK) {
                return said;
            }
            said.push(frame);
        }
    }

    async fn read(&mut self, bytes: &mut [u8]) {
        let read = timeout(PATIENCE, self.0.read_exact(bytes)).await;
        read.expect("it comes").unwrap();
    }
}
