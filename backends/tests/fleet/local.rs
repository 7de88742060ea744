//! The workers of one process.

use backends::fleet::Local;

use crate::contract::fleet_contract;

fleet_contract!(Local::default());
