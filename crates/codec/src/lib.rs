//! Octets to SMPP PDUs and back; data coding, user data headers, segmentation, receipts and times.
