"""What several test modules share: small models, saved runs, servers, and broken disks."""
