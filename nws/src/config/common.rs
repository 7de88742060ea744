//! What is set about the process as a whole, and the engine's limits as keys.

use std::{fmt, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::effective::without_passwords;

/// What is set about the process as a whole.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Common {
    /// Where HTTP is served.
    #[serde(deserialize_with = "socket_address")]
    pub(crate) listen: SocketAddr,
    /// The folder of the embedded backends, and of uploads on their way.
    pub(crate) data: PathBuf,
    /// Listen beyond loopback although nobody has to say who they are.
    pub(crate) insecure_public: bool,
    /// Which log lines are written, as `RUST_LOG` has it.
    pub(crate) log: String,
    /// `json`, `text`, or empty: text on a terminal, else JSON.
    pub(crate) log_format: String,
    /// Font files and folders of them, with colons between, besides the fonts inside the binary.
    pub(crate) fonts: String,
    /// What the names of this fleet begin with on a broker and a Redis that it shares with others.
    pub(crate) namespace: String,
    /// RabbitMQ, one URL or several of a cluster separated by commas. Empty: the embedded queue.
    pub(crate) amqp_url: String,
    /// Redis: a server, or some nodes of a cluster separated by commas. Empty: the embedded results.
    pub(crate) redis_url: String,
    /// A Redis of its own for cached results, which may evict. Empty: that of `redis_url`.
    pub(crate) redis_cache_url: String,
    /// S3. Empty: files.
    pub(crate) s3_endpoint: String,
    pub(crate) s3_bucket: String,
    pub(crate) s3_region: String,
    pub(crate) s3_access_key: String,
    pub(crate) s3_secret_key: String,
}

/// The engine's limits as keys.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ImageLimits {
    image_pixels_max: u64,
    image_side_max: u32,
    image_decoded_bytes_max: u64,
    image_frames_max: u32,
    image_animation_pixels_max: u64,
}

/// The standard library's error says that an address is wrong, not what one looks like; a name is a common mistake.
fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        de::Error::custom(format_args!(
            "{text:?} is not an IP:PORT such as 127.0.0.1:3000 or [::1]:3000"
        ))
    })
}

impl Default for Common {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data: PathBuf::from("nws-data"),
            insecure_public: false,
            log: "info".to_owned(),
            log_format: String::new(),
            fonts: String::new(),
            namespace: "nws".to_owned(),
            amqp_url: String::new(),
            redis_url: String::new(),
            redis_cache_url: String::new(),
            s3_endpoint: String::new(),
            s3_bucket: "nws".to_owned(),
            s3_region: "us-east-1".to_owned(),
            s3_access_key: String::new(),
            s3_secret_key: String::new(),
        }
    }
}

/// Without secrets: this is what a log line would show.
impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .field("amqp_url", &without_passwords(&self.amqp_url))
            .field("redis_url", &without_passwords(&self.redis_url))
            .field("redis_cache_url", &without_passwords(&self.redis_cache_url))
            .field("s3_endpoint", &without_passwords(&self.s3_endpoint))
            .finish_non_exhaustive()
    }
}

impl Default for ImageLimits {
    fn default() -> Self {
        let engine::Limits {
            pixels_max,
            side_max,
            decoded_bytes_max,
            frames_max,
            animation_pixels_max,
        } = engine::Limits::default();
        Self {
            image_pixels_max: pixels_max,
            image_side_max: side_max,
            image_decoded_bytes_max: decoded_bytes_max,
            image_frames_max: frames_max,
            image_animation_pixels_max: animation_pixels_max,
        }
    }
}

impl From<ImageLimits> for engine::Limits {
    fn from(limits: ImageLimits) -> Self {
        Self {
            pixels_max: limits.image_pixels_max,
            side_max: limits.image_side_max,
            decoded_bytes_max: limits.image_decoded_bytes_max,
            frames_max: limits.image_frames_max,
            animation_pixels_max: limits.image_animation_pixels_max,
        }
    }
}
