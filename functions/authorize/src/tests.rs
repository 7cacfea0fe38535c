//! The function in process: what each step asks of its ports. What it does over HTTP is held in the workspace's black-box
//! tests.

mod budgets;
mod counting;
mod embedding;
mod external;
