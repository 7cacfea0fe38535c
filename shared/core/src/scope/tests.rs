//! SMART 2.2 §"Scopes and Launch Context": what pure code can prove of it.
