//! SMPP sessions in both roles as values: no socket and no clock.
