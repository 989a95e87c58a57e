"""Public corpora over HTTP: resumed, checked against their checksums, unpacked."""
