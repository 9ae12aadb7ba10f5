//! The straight line: receive, decide, settle, dispatch, confirm, conclude; one owner, one turn.
