//! A configurable, misbehaving SMSC with virtual handsets.
