//! The JSON API: reads views of the store, sends commands to the engine.
