//! Development only: simulated clock and links, and the dialogue scripts.
