//! GSM 03.38, UCS-2, septets, message parts, and the folding of text as citizens type it.
