"""What is told besides digests: notices to the alerts' channel, the heartbeat of runs, and the line that counts for each."""
