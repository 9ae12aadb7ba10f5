//! One pure decider for each kind of citizen service, and the rendering of every text.
