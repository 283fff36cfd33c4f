"""Row content, parameter checks and other helpers that the rest builds on."""
