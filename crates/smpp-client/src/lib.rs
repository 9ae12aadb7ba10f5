//! Persistent SMPP binds on tokio: connect, drive a session, back off, bind again.
