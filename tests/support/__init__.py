"""What several test folders share: samples, a desk with real flows, databases, servers, the command line."""
